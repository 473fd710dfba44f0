"""test_ab.py - two sides in turn, planned extents, pairs and the base"""

import csv
import os
import stat
import subprocess
from pathlib import Path
from typing import Any, Dict, List

import pytest

import results

ROOT = Path(__file__).resolve().parents[2]
BATON = os.environ.get("BATON", str(ROOT / "build" / "baton"))
FUTEX = "switch/futex/pingpong/same-cpu"
PIPE = "switch/pipe/pingpong/same-cpu"
SHORT = [f"--filter={FUTEX}", "--invocations=6", "--rounds=1"]
NOBODY = ["setpriv", "--reuid=65534", "--clear-groups", "--no-new-privs", "--inh-caps=-all",
          "--bounding-set=-all"]


def baton(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([BATON, *arguments], capture_output=True, text=True, timeout=120,
                          check=False, **options)


def rows(path: Path) -> List[Dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def starts(side: Path) -> List[str]:
    return [row["started_utc"] for row in rows(side / "rounds.csv")]


def wrapper(path: Path, log: Path) -> Path:
    """A binary that writes down what MARK is and becomes the program."""
    path.write_text(f'#!/bin/sh\necho "mark=$MARK" >>"{log}"\nexec "{BATON}" "$@"\n',
                    encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return path


def test_sides_take_turns_with_the_same_work(tmp_path: Path) -> None:
    log = tmp_path / "log"
    binary = wrapper(tmp_path / "other", log)
    ended = baton("ab", *SHORT, "--seed=1", f"--out={tmp_path / 'ab'}", "--", "--",
                  "MARK=here", f"--binary={binary}", f"--before=echo before >>{log}")
    assert ended.returncode == 0, ended.stderr
    sides = [results.read_run(tmp_path / "ab" / side) for side in "ab"]
    assert [run.fact("run", "ab_side") for run in sides] == ["A", "B"]
    assert sides[0].fact("run", "ab_id") == sides[1].fact("run", "ab_id") != "NA"
    assert "MARK=here" in sides[1].fact("run", "ab_setting")
    assert sides[0].fact("run", "ab_setting") == "as it is"
    assert sides[0].fact("build", "compiler") != "NA" == sides[1].fact("build", "compiler")
    digests = [run.fact("build", "binary_sha256") for run in sides]
    assert digests[0] != digests[1] and "NA" not in digests
    # A calibration and six invocations of B, each after its command, and none of A's.
    assert log.read_text(encoding="utf-8").splitlines() == ["before", "mark=here"] * 7
    work = [[(sample.invocation, sample.order, sample.mechanism, sample.params, sample.cpus)
             for sample in run.samples] for run in sides]
    assert work[0] == work[1]
    # Invocation i of one next to invocation i of the other, in either order.
    pairs = list(zip(*(starts(tmp_path / "ab" / side) for side in "ab")))
    assert len(pairs) == 6
    for before, after in zip(pairs, pairs[1:]):
        assert max(before) < min(after)
    assert {a < b for a, b in pairs} == {True, False}


def test_the_same_twice_tells_the_floor_and_later_runs_know_it(tmp_path: Path) -> None:
    assert baton("run", *SHORT[:1], "--invocations=1", "--rounds=1",
                 f"--out={tmp_path / 'before'}").returncode == 0
    assert results.read_run(tmp_path / "before").fact("machine", "aa_floor") == "NA"
    ended = baton("ab", *SHORT, f"--out={tmp_path / 'aa'}", "--", "--")
    assert ended.returncode == 0, ended.stderr
    assert "A is B" in ended.stdout and "intervals do not hold 1" in ended.stdout
    assert baton("run", *SHORT[:1], "--invocations=1", "--rounds=1",
                 f"--out={tmp_path / 'after'}").returncode == 0
    run = results.read_run(tmp_path / "after")
    assert 0 < float(run.fact("machine", "aa_floor")) and run.fact("machine", "aa_utc")[-1] == "Z"
    assert baton("ab", *SHORT, f"--out={tmp_path / 'ab'}", "--", "--", "X=1").returncode == 0
    assert results.read_run(tmp_path / "ab" / "a").fact("machine", "aa_floor") == run.fact(
        "machine", "aa_floor")
    assert baton("ab", f"--filter={FUTEX}", "--quick", f"--out={tmp_path / 'quick'}",
                 "--", "--").returncode == 0
    assert (tmp_path / "aa-floor").read_text().split()[1] == run.fact("machine", "aa_utc")
    (tmp_path / "aa-floor").write_text("0.01 2026-01-01T00:00:00.000Z another CPU\n")
    assert baton("run", *SHORT[:1], "--invocations=1", "--rounds=1",
                 f"--out={tmp_path / 'moved'}").returncode == 0
    assert results.read_run(tmp_path / "moved").fact("machine", "aa_floor") == "NA"


def test_ab_as_csv(tmp_path: Path) -> None:
    ended = baton("ab", *SHORT, "--format=csv", f"--out={tmp_path / 'ab'}", "--", "--", "X=1")
    assert ended.returncode == 0, ended.stderr
    row, = csv.DictReader(ended.stdout.splitlines())
    assert row["pairs"] == "6" and row["verdict"] in ("faster", "slower", "cannot tell")
    low, ratio, high = (float(row[key]) for key in ("ratio_low", "ratio", "ratio_high"))
    assert low <= ratio <= high and float(row["median_a"]) > 0


def test_a_command_that_fails_ends_the_comparison(tmp_path: Path) -> None:
    ended = baton("ab", *SHORT, f"--out={tmp_path / 'ab'}", "--", "--", "--before=exit 7")
    assert ended.returncode == 3
    assert "--before=exit 7 ended with exit code 7" in ended.stderr
    for side in "ab":
        assert results.read_run(tmp_path / "ab" / side).fact("run", "end") == "incomplete"


def test_a_binary_that_is_no_baton_ends_the_comparison(tmp_path: Path) -> None:
    ended = baton("ab", *SHORT, f"--out={tmp_path / 'ab'}", "--", "--", "--binary=/bin/false")
    assert ended.returncode == 1
    assert "calibration ended early (exit code 1)" in ended.stderr
    assert "invocation 1 " not in ended.stderr


def test_what_did_not_run_is_said_for_each_side(tmp_path: Path) -> None:
    ended = baton("ab", f"--filter={FUTEX}|floor/line-cas/pingpong/same-cpu", "--invocations=6",
                  "--rounds=1", f"--out={tmp_path / 'ab'}", "--", "--", "X=1")
    assert ended.returncode == 0, ended.stderr
    assert "A: floor/line-cas/pingpong/same-cpu: skipped, needs two CPUs" in ended.stdout
    ended = baton("ab", "--filter=floor/line-cas/pingpong/same-cpu", "--invocations=6",
                  "--rounds=1", f"--out={tmp_path / 'none'}", "--", "--", "X=1")
    assert ended.returncode == 77 and "no cell has a ratio" in ended.stdout


def test_a_worker_that_says_done_and_stays_is_ended(tmp_path: Path) -> None:
    binary = tmp_path / "stays"
    binary.write_text('#!/bin/bash\nprintf d >&"$3"\nexec sleep 100\n', encoding="utf-8")
    binary.chmod(0o755)
    ended = baton("ab", *SHORT, f"--out={tmp_path / 'ab'}", "--", "--", f"--binary={binary}")
    assert ended.returncode == 1 and "ended early (killed by signal 9)" in ended.stderr


def test_flags_of_google_benchmark_in_the_environment_change_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "BENCHMARK_REPETITIONS": "3", "BENCHMARK_FILTER": "zzz"}
    ended = baton("run", *SHORT, f"--out={tmp_path / 'run'}", env=environment)
    assert ended.returncode == 0, ended.stderr
    samples = results.read_run(tmp_path / "run").samples
    assert len(samples) == 6 * 3  # the base twice, the spike-in once


def test_one_cell_that_is_its_own_base(tmp_path: Path) -> None:
    ended = baton("run", "--filter=^floor/clock/repeat/same-cpu$",
                  "--base=floor/clock/repeat/same-cpu", "--invocations=6", "--rounds=1",
                  f"--out={tmp_path / 'run'}")
    assert ended.returncode == 0, ended.stderr
    assert "base" in ended.stdout and "spike-in" not in ended.stdout
    assert results.read_run(tmp_path / "run").fact("run", "clock_offset_low_ns") == "NA"


def test_a_policy_reaches_the_measuring_threads(tmp_path: Path) -> None:
    ended = baton("ab", *SHORT, f"--out={tmp_path / 'ab'}", "--", "--", "--sched=batch")
    assert ended.returncode == 0, ended.stderr
    assert [results.read_run(tmp_path / "ab" / side).fact("run", "sched")
            for side in "ab"] == ["other", "batch"]


def test_fifo_without_the_right_is_exit_5(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give rights up here")
    tmp_path.chmod(0o777)
    ended = subprocess.run([*NOBODY, BATON, "run", *SHORT, "--sched=fifo",
                            f"--out={tmp_path / 'run'}"], capture_output=True, text=True,
                           timeout=60, check=False)
    assert ended.returncode == 5 and "--sched=fifo" in ended.stderr, ended.stderr
    assert not (tmp_path / "run").exists()


def test_a_pair_alternates_two_cells(tmp_path: Path) -> None:
    ended = baton("run", f"--pair={FUTEX},{PIPE}", "--invocations=6", "--rounds=1",
                  f"--out={tmp_path / 'run'}")
    assert ended.returncode == 0, ended.stderr
    assert f"{PIPE} takes " in ended.stdout and f"times as long as {FUTEX} (± " in ended.stdout
    run = results.read_run(tmp_path / "run")
    assert run.fact("run", "pair") == f"{FUTEX},{PIPE}" and run.fact("run", "base") == FUTEX
    blocks: Dict[Any, List[str]] = {}
    for sample in run.samples:
        blocks.setdefault((sample.invocation, sample.block), []).append(
            sample.mechanism if sample.params == "NA" else "spike")
    assert len(blocks) == 6 * 8
    orders = {tuple(block) for block in blocks.values()}
    assert orders == {("spike", "futex", "pipe"), ("pipe", "futex", "spike")}


def test_another_base_has_its_own_spike(tmp_path: Path) -> None:
    ended = baton("run", f"--filter={FUTEX}$", f"--base={PIPE}", "--invocations=6", "--rounds=1",
                  f"--out={tmp_path / 'run'}")
    assert ended.returncode == 0, ended.stderr
    assert f"base: {PIPE}" in ended.stdout and "% put in" in ended.stdout
    run = results.read_run(tmp_path / "run")
    doses = {sample.mechanism for sample in run.samples if "dose_pct=3" in sample.params}
    assert doses == {"pipe"} and run.fact("run", "base") == PIPE


def test_a_base_that_takes_no_dose_has_no_spike(tmp_path: Path) -> None:
    ended = baton("run", f"--filter={FUTEX}$", "--base=floor/syscall/repeat/same-cpu",
                  "--invocations=6", "--rounds=1", f"--out={tmp_path / 'run'}")
    assert ended.returncode == 0, ended.stderr
    assert "spike-in" not in ended.stdout


def test_a_budget_buys_invocations(tmp_path: Path) -> None:
    ended = baton("run", "--filter=floor/add-chain", "--budget=4", f"--out={tmp_path / 'run'}")
    assert ended.returncode == 0, ended.stderr
    run = results.read_run(tmp_path / "run")
    invocations, rounds = (int(run.fact("run", key)) for key in ("invocations", "rounds"))
    assert 10 <= invocations <= 30 and 1 <= rounds <= 8
    assert len({sample.invocation for sample in run.samples}) == invocations


def test_a_precision_is_planned_by_a_pilot(tmp_path: Path) -> None:
    ended = baton("run", "--filter=floor/add-chain", "--rounds=1", "--precision=50",
                  f"--out={tmp_path / 'run'}")
    assert ended.returncode == 0, ended.stderr
    assert "a pilot of 6 invocations" in ended.stderr
    pilot, run = (results.read_run(tmp_path / name) for name in ("run/pilot", "run"))
    assert pilot.fact("run", "invocations") == "6" and pilot.fact("run", "end") == "complete"
    assert 10 <= int(run.fact("run", "invocations")) <= 30
    assert len({sample.invocation for sample in run.samples}) == int(
        run.fact("run", "invocations"))


def test_the_lead_in_is_what_was_asked_for(tmp_path: Path) -> None:
    ended = baton("run", "--filter=floor/add-chain", "--invocations=1", "--rounds=1",
                  "--lead-in=8", f"--out={tmp_path / 'run'}")
    assert ended.returncode == 0, ended.stderr
    run = results.read_run(tmp_path / "run")
    assert run.fact("run", "lead_in_ns") == "8000000"
    leads = [sample.lead_in_ns for sample in run.samples if sample.mechanism == "add-chain"]
    assert leads and all(lead is not None and lead > 4_000_000 for lead in leads)
