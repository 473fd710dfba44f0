"""test_floors.py - what the hour does to two runs of one binary: by hand, and on the kept runs"""

import math
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Sequence

import pytest

import floors
from comparison import BAND, Comparison, compare
from results import Cell, Run, read_run, summarise
from stats import Interval
from synthetic import Spec, write_run
from test_comparison import CELL, row, summary

ROOT = Path(__file__).resolve().parents[2]
KEPT = sorted((ROOT / "results" / "reference").glob("*-runs"))
XEON = {("machine", "cpu_vendor"): "GenuineIntel", ("machine", "cpu_family"): "6",
        ("machine", "cpu_model_number"): "207", ("machine", "cpu_stepping"): "8",
        ("machine", "cpu_midr"): "NA", ("machine", "cpus"): "2",
        ("build", "binary_sha256"): "abc"}
PIPE = Spec("switch", "pipe", "pingpong", "l3", 3500.0)


def at(ratio: float, place: str = "l3") -> Comparison:
    found = row(ratio * 0.99, ratio, ratio * 1.01)
    return Comparison(CELL._replace(place=place), found.base, found.other, ratio,
                      Interval(ratio * 0.99, ratio * 1.01), 0.01, 0.01)


def test_the_floor_is_that_of_a_typical_cell() -> None:
    """Three cells, whose ratios are apart by 2, 4 and 9 %, in either direction."""
    rows: List[Comparison] = []
    for place, apart in (("smt", 1.02), ("l2", 1.04), ("l3", 1.09)):
        rows += [at(apart, place), at(1 / apart, place)]
    assert floors.floor_of(rows) == pytest.approx(0.04)
    assert floors.floor_of([at(1.0), at(1.0), at(1.0), at(math.exp(0.2))]) == pytest.approx(
        math.exp(0.1) - 1)


def test_coverage_with_and_without_the_floor() -> None:
    off = row(1.01, 1.03, 1.05)
    assert not floors.covers(off)
    assert not floors.covers(off, 0.01) and floors.covers(off, 0.02)
    assert floors.covers(row(0.98, 1.01, 1.04))
    assert floors.covers(row(0.95, 0.97, 0.99), 0.03) and not floors.covers(row(0.95, 0.97, 0.99))


def test_rates_are_slowed_downwards() -> None:
    slow = floors.slowed(summary([100.0, 200.0]), 1.25)
    rate = floors.slowed(summary([100.0, 200.0], "acquisitions"), 1.25)
    assert (slow.values, rate.values) == ((125.0, 250.0), (80.0, 160.0))


def sides(shift: float, spread: float, count: int = 12) -> List[Any]:
    rng = random.Random(5)
    cells = [CELL._replace(place=f"p{n}") for n in range(20)]

    def draw(factor: float) -> Dict[Cell, Any]:
        return {cell: summary([factor * math.exp(rng.gauss(0, spread)) for _ in range(count)])
                for cell in cells}

    return [(draw(1.0), draw(1 + shift))]


def test_a_shift_is_found_where_the_spread_allows() -> None:
    assert floors.shifted(sides(0, 0.01), 0.15, BAND) == 1.0
    assert floors.shifted(sides(0, 0.01), 0.15, 0.20) == 0.0
    assert floors.shifted(sides(0, 0.5), 0.15, BAND) < 0.2


def test_little_is_called_where_nothing_differs() -> None:
    (base, other), = sides(0, 0.05)
    assert floors.called(compare(base, other), BAND) == 0.0
    (base, other), = sides(0.3, 0.02)
    assert floors.called(compare(base, other), BAND) == 1.0


def runs(folder: Path, count: int = 3) -> List[Run]:
    return [read_run(write_run(folder / str(n), [PIPE], seed=n, invocations=6, rounds=1,
                               facts={**XEON, ("run", "started_utc"): f"2026-11-2{n}T00:00:00Z"}))
            for n in range(count)]


def test_a_floor_is_kept_by_cpu_and_replaced(tmp_path: Path) -> None:
    path, found = tmp_path / "floors.csv", runs(tmp_path / "runs")
    assert floors.read_floors(path) == {}
    held = floors.hold(found)
    assert (held.runs, held.invocations, held.rows) == (3, 6, 6)
    floors.keep(held, found, path)
    floors.keep(held, found, path)
    ((kept, floor),) = floors.read_floors(path).items()
    assert kept == floors.identity(found[0]) and floor == pytest.approx(held.floor, abs=1e-4)
    assert path.read_text(encoding="utf-8").count("2026-11-20T00:00:00Z,2026-11-22T00:00:00Z") == 1


def test_the_band_is_the_wider_one(tmp_path: Path) -> None:
    a, b = runs(tmp_path, 2)
    assert floors.band_of(a, b, {}) == BAND
    assert floors.band_of(a, b, {floors.identity(a): 0.01}) == BAND
    assert floors.band_of(a, b, {floors.identity(a): 0.07}) == 0.07


def floors_script(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, str(ROOT / "scripts" / "floors.py"), *arguments],
                          capture_output=True, text=True, check=False)


def test_other_machines_and_binaries_are_refused(tmp_path: Path) -> None:
    runs(tmp_path, 2)
    assert floors_script(str(tmp_path)).returncode == 0
    write_run(tmp_path / "9", [PIPE], invocations=6, rounds=1,
              facts={**XEON, ("build", "binary_sha256"): "def"})
    done = floors_script(str(tmp_path))
    assert done.returncode == 3 and "another binary" in done.stderr
    assert floors_script(str(tmp_path / "none")).returncode == 3


def kept_runs(folder: Path) -> Sequence[Run]:
    return [read_run(path.parent) for path in sorted(folder.glob("*/samples.csv"))]


@pytest.mark.parametrize("folder", KEPT, ids=[path.name for path in KEPT])
def test_the_kept_runs_say_what_the_docs_say(folder: Path) -> None:
    """Faster or slower in at most 7 % of the rows, with the band that compare.py takes."""
    found = kept_runs(folder)
    held = floors.hold(found)
    assert len(found) >= 10 and held.invocations >= 20
    assert held.called_with_floor <= 0.07
    assert held.found_with_floor >= 0.8
    assert floors.read_floors()[floors.identity(found[0])] == pytest.approx(held.floor, abs=1e-3)


def test_runs_are_kept() -> None:
    assert KEPT, "results/reference/*-runs: ten runs of one binary at different times"
    assert all(summarise(recorded) for recorded in kept_runs(KEPT[0]))
