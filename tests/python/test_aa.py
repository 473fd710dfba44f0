"""test_aa.py - identical binaries are called different as often as the level says, and no more"""

import csv
import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Dict, List

import pytest

import aa
import comparison
from results import read_run, summarise
from synthetic import Spec, write_ab, write_run

ROOT = Path(__file__).resolve().parents[2]
KEPT = sorted((ROOT / "results" / "reference").glob("*-aa"))
PIPE = Spec("switch", "pipe", "pingpong", "l3", 3500.0)
LOCK = Spec("lock", "mutex", "greedy-polite", "l3", 6e6, metric="acquisitions", unit="1/s")
CELLS = [replace(PIPE, mechanism=f"cell-{number}") for number in range(9)] + [LOCK]


def run_script(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, str(ROOT / "scripts" / "aa.py"), *arguments],
                          cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)


def counts(*arguments: str, cwd: Path) -> Dict[str, Dict[str, str]]:
    done = run_script("--format=csv", *arguments, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return {row["way"]: row for row in csv.DictReader(io.StringIO(done.stdout))}


def folders(*names: str) -> List[str]:
    return [f"{name}/{side}" for name in names for side in "ab"]


@pytest.fixture
def drifting(tmp_path: Path) -> Path:
    for number in range(4):
        write_ab(tmp_path / f"aa{number}", CELLS, seed=number)
    return tmp_path


def test_pairs_cover_on_a_machine_that_drifts_and_windows_do_not(drifting: Path) -> None:
    rows = counts(*folders("aa0", "aa1", "aa2", "aa3"), cwd=drifting)
    assert {way: int(row["comparisons"]) for way, row in rows.items()} == {
        "paired": 2000, "as-recorded": 40, "two-runs": 40, "windows": 480}
    assert 0.93 <= float(rows["paired"]["share"]) <= 0.97
    assert float(rows["windows"]["share"]) < 0.8
    for row in rows.values():
        assert float(row["share"]) == pytest.approx(int(row["covered"]) / int(row["comparisons"]),
                                                    rel=1e-5)


def test_the_seed_draws_the_sides(drifting: Path) -> None:
    first, again, other = (counts(*folders("aa0"), f"--seed={seed}", cwd=drifting)
                           for seed in (1, 1, 2))
    assert first == again != other
    assert first["as-recorded"] == other["as-recorded"]


def test_a_difference_is_seen_by_the_sides_as_recorded(tmp_path: Path) -> None:
    write_ab(tmp_path / "ab", CELLS, factor=3.0)
    rows = counts(*folders("ab"), cwd=tmp_path)
    assert rows["as-recorded"]["covered"] == "0"
    # Drawn sides, and halves that both hold A and B, cannot see it: they ask another question.
    assert float(rows["paired"]["share"]) > 0.93
    assert float(rows["two-runs"]["share"]) == 1


def test_the_intervals_are_those_of_compare(tmp_path: Path) -> None:
    folder = write_ab(tmp_path / "aa", [PIPE])
    a, b = read_run(folder / "a"), read_run(folder / "b")
    (pairs,) = aa.pairs_by_cell(a, b).values()
    (apart,) = comparison.compare(summarise(a), summarise(b))
    (row,) = comparison.compare(summarise(a), summarise(b), in_pairs=True)
    assert row.interval and apart.interval != row.interval
    assert aa.in_pairs(pairs, None) == pytest.approx(row.interval)


def test_every_stretch_of_twelve_is_taken(tmp_path: Path) -> None:
    write_ab(tmp_path / "aa", CELLS, pairs=15)
    rows = counts(*folders("aa"), "--comparisons=1", cwd=tmp_path)
    assert {way: row["comparisons"] for way, row in rows.items()} == {
        "paired": "40", "as-recorded": "40", "two-runs": "40", "windows": "150"}


def test_processes_with_too_few_windows_are_no_comparison(tmp_path: Path) -> None:
    write_ab(tmp_path / "aa", CELLS, rounds=2)
    rows = counts(*folders("aa"), cwd=tmp_path)
    assert (rows["windows"]["comparisons"], rows["windows"]["share"]) == ("0", "NA")
    assert rows["paired"]["comparisons"] == "2000"


def test_the_table_names_the_ways(drifting: Path) -> None:
    text = run_script(*folders("aa0"), cwd=drifting).stdout
    for words in ("way of comparing", "baton ab: pairs of invocations", "sides as recorded",
                  "two runs, one after the other", "windows of two processes",
                  "From 10 cells with 12 pairs of invocations or more, seed 1"):
        assert words in text


def one_line(done: "subprocess.CompletedProcess[str]", code: int) -> str:
    assert done.returncode == code
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("aa.py: ")
    return done.stderr


def test_bad_usage_is_one_line_and_exit_2(drifting: Path) -> None:
    for line, word in (("aa0/a", "1 folders"), ("aa0/a none", "no such folder"),
                       ("aa0/a aa0/b --comparisons=0", "--comparisons=0"),
                       ("aa0/a aa0/b --sed=1", "--sed"), ("", "RUN")):
        assert word in one_line(run_script(*line.split(), cwd=drifting), 2)


def test_what_is_no_aa_is_exit_3(drifting: Path) -> None:
    words = "not the two sides of one baton ab"
    assert words in one_line(run_script("aa0/a", "aa1/b", cwd=drifting), 3)
    write_run(drifting / "run", [PIPE])
    assert words in one_line(run_script("run", "run", cwd=drifting), 3)
    path = drifting / "aa0" / "b" / "context.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",ab_setting,baton run,",
                                                             ",ab_setting,MALLOC_=1,"),
                    encoding="utf-8")
    assert "'MALLOC_=1'" in one_line(run_script("aa0/a", "aa0/b", cwd=drifting), 3)


def test_too_few_pairs_are_exit_4(tmp_path: Path) -> None:
    write_ab(tmp_path / "aa", CELLS, pairs=11)
    assert "the most are 11" in one_line(run_script(*folders("aa"), cwd=tmp_path), 4)


def test_an_aa_run_is_kept() -> None:
    assert KEPT, "results/reference/*-aa: record one with make aa"


@pytest.mark.parametrize("folder", KEPT, ids=str)
def test_pairs_cover_on_the_kept_runs(folder: Path) -> None:
    paired = counts(*folders(str(folder)), cwd=ROOT)["paired"]
    assert int(paired["comparisons"]) >= 200
    assert 0.93 <= float(paired["share"]) <= 0.97
