"""test_paired.py - ratios to the base of the own block, and a known dose seen again"""

import random
from dataclasses import replace
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import pytest

from paired import paired, spike
from results import Run, cell_of, read_run
from synthetic import FACTS, Row, Spec, window_row, write_files

BASE = Spec("switch", "futex", "pingpong", "same-cpu", 1000.0)
PIPE = Spec("switch", "pipe", "pingpong", "same-cpu", 1500.0)
LOCK = Spec("lock", "mutex", "guard", "same-cpu", 1e6, metric="acquisitions", unit="1/s")
DOSED = replace(BASE, mechanism="futex-spiked", dose_ns=30.0)
NAME = "switch/futex/pingpong/same-cpu"
Window = Tuple[Spec, float]


def write_blocks(folder: Path, invocations: Sequence[Sequence[Sequence[Window]]],
                 base: Optional[str] = NAME) -> Run:
    """A run of one round per invocation, of these blocks of windows in their order."""
    rows: List[Row] = []
    for invocation, blocks in enumerate(invocations):
        order = 0
        for number, block in enumerate(blocks):
            for spec, value in block:
                row = window_row(spec, folder.name, invocation, 0, order, value)
                rows.append({**row, "block": number})
                order += 1
    return read_run(write_files(folder, rows, {**FACTS, ("run", "base"): base}))


def ratios(run: Run, mechanism: str = "pipe") -> Tuple[float, ...]:
    (row,) = [row for cell, row in paired(run).items() if cell.mechanism == mechanism]
    return row.ratios


def test_the_base_is_interpolated_at_the_windows_position(tmp_path: Path) -> None:
    block = [(BASE, 1000.0), (LOCK, 1e6), (LOCK, 1e6), (PIPE, 1300.0), (BASE, 1400.0)]
    run = write_blocks(tmp_path / "run", [[block]])
    assert ratios(run) == pytest.approx([1.0])


def test_the_nearest_windows_of_the_base_are_taken_and_no_other_blocks(tmp_path: Path) -> None:
    blocks = [[(BASE, 10.0), (BASE, 100.0), (PIPE, 300.0), (BASE, 200.0), (BASE, 9e9)],
              [(BASE, 5e6), (BASE, 5e6)]]
    assert ratios(write_blocks(tmp_path / "run", [blocks])) == pytest.approx([2.0])


@pytest.mark.parametrize("block", [[(BASE, 100.0), (PIPE, 150.0)], [(PIPE, 150.0), (BASE, 100.0)],
                                   [(PIPE, 150.0), (BASE, 100.0), (BASE, 7.0)]])
def test_on_one_side_only_the_nearest_stands_alone(tmp_path: Path, block: List[Window]) -> None:
    assert ratios(write_blocks(tmp_path / "run", [[block]])) == pytest.approx([1.5])


def test_rates_become_times(tmp_path: Path) -> None:
    run = write_blocks(tmp_path / "run", [[[(BASE, 1000.0), (LOCK, 2e6)]]])
    assert ratios(run, "mutex") == pytest.approx([0.5])
    memory = replace(PIPE, metric="memory", unit="B")
    assert paired(write_blocks(tmp_path / "other", [[[(BASE, 1000.0), (memory, 9.0)]]])) == {}


def test_a_base_that_is_a_rate_is_a_time_too(tmp_path: Path) -> None:
    block = [(LOCK, 1e6), (PIPE, 3000.0), (LOCK, 0.5e6)]
    run = write_blocks(tmp_path / "run", [[block]], base="lock/mutex/guard/same-cpu")
    assert ratios(run) == pytest.approx([2.0])


def test_windows_outside_the_band_are_left_out_on_both_sides(tmp_path: Path) -> None:
    base = replace(BASE, status=lambda invocation, round_: "flagged:SWITCHES+LOAD")
    pipe = replace(PIPE, status=lambda invocation, round_: "flagged:SWITCHES")
    loaded = replace(PIPE, status=lambda invocation, round_: "flagged:LOAD+STEAL")
    run = write_blocks(tmp_path / "run", [
        [[(BASE, 100.0), (pipe, 9e6), (PIPE, 200.0), (base, 9e6)],
         [(base, 9e6), (PIPE, 150.0)], [(BASE, 100.0), (loaded, 210.0)]],
        [[(base, 9e6), (PIPE, 150.0)]]])
    (row,) = paired(run).values()
    assert row.ratios == pytest.approx([2.05])
    assert (row.invocations, row.windows, row.left_out) == ((0,), 5, 3)


def test_failed_windows_have_no_ratio(tmp_path: Path) -> None:
    failed = replace(PIPE, status=lambda invocation, round_: "timeout")
    run = write_blocks(tmp_path / "run", [[[(BASE, 100.0), (failed, 1.0), (PIPE, 200.0)]]])
    assert ratios(run) == pytest.approx([2.0])


def test_one_median_per_invocation(tmp_path: Path) -> None:
    def invocation(*values: float) -> List[List[Window]]:
        return [[(BASE, 100.0), (PIPE, value)] for value in values]

    run = write_blocks(tmp_path / "run", [invocation(110.0, 130.0, 900.0), invocation(120.0)])
    (row,) = paired(run).values()
    assert row.ratios == pytest.approx([1.3, 1.2])
    assert row.interval is None and not row.unsettled


def test_the_ratio_survives_a_machine_that_changes(tmp_path: Path) -> None:
    rng = random.Random(7)
    invocations = []
    for _ in range(12):
        state = rng.choice([1000.0, 1300.0])
        invocations.append([[(BASE, state), (PIPE, 1.25 * state * rng.gauss(1, 0.01)),
                             (BASE, state * rng.gauss(1, 0.01))]])
    (row,) = paired(write_blocks(tmp_path / "run", invocations)).values()
    assert row.interval and not row.interval.excludes(1.25)
    assert row.width is not None and row.width < 0.025
    assert (row.unsettled, row.needed) == (False, 0)


def test_wide_ratios_are_unsettled_from_a_fortieth(tmp_path: Path) -> None:
    invocations = [[[(BASE, 1000.0), (PIPE, 1000.0 + 10 * at)]] for at in range(12)]
    (row,) = paired(write_blocks(tmp_path / "run", invocations)).values()
    assert row.width == pytest.approx(0.0476, abs=0.0002)
    # 12 * (0.0476 / 0.025)^2 = 43.4
    assert (row.unsettled, row.needed) == (True, 32)


def test_a_fixed_pair_bears_its_cpus(tmp_path: Path) -> None:
    fixed = replace(BASE, cpus="1-1", params="awake=1")
    run = write_blocks(tmp_path / "run", [[[(fixed, 100.0), (PIPE, 150.0)]]],
                       base=f"{NAME}/awake=1/1-1")
    assert ratios(run) == pytest.approx([1.5])


@pytest.mark.parametrize("base", [None, "NA", "switch/futex/pingpong/l3", NAME + "/awake=1"])
def test_without_a_base_there_is_no_paired_view(tmp_path: Path, base: Optional[str]) -> None:
    run = write_blocks(tmp_path / "run", [[[(BASE, 100.0), (PIPE, 150.0)]]], base=base)
    assert paired(run) == {} and spike(run) == {}


def test_the_kept_run_has_a_paired_view() -> None:
    reference = Path(__file__).resolve().parents[2] / "results" / "reference"
    run = read_run(reference / "20261123T080300Z-amd-epyc-genoa-2vcpu")
    rows = paired(run)
    assert len(rows) == len({cell_of(sample) for sample in run.samples if sample.ran}) - 1
    assert all(len(row.ratios) == 12 for row in rows.values())


def test_the_dose_is_seen_again(tmp_path: Path) -> None:
    rng = random.Random(3)
    invocations = []
    for _ in range(12):
        state = rng.choice([1000.0, 1300.0])
        invocations.append([[(BASE, state * rng.gauss(1, 0.002)),
                             (replace(DOSED, dose_ns=0.03 * state),
                              1.03 * state * rng.gauss(1, 0.002)),
                             (PIPE, 2 * state)] for _ in range(8)])
    ((cell, seen),) = spike(write_blocks(tmp_path / "run", invocations)).items()
    assert cell.mechanism == "futex-spiked" == seen.cell.mechanism
    assert seen.put_in == pytest.approx(0.03, abs=0.0005)
    assert seen.seen == pytest.approx(0.03, abs=0.002)
    assert seen.interval and not seen.interval.excludes(0.03) and seen.interval.low > 0.02


def test_a_dose_elsewhere_than_the_base_says_nothing(tmp_path: Path) -> None:
    dosed = replace(DOSED, place="l3")
    run = write_blocks(tmp_path / "run", [[[(BASE, 1000.0), (dosed, 31000.0)]]])
    assert spike(run) == {} and len(paired(run)) == 1
