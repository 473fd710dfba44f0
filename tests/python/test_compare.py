"""test_compare.py - rows matched, directions, means, exit codes, and the table as people see it

The golden file is made anew by: BATON_GOLDEN=write pytest tests/python/test_compare.py
"""

import csv
import io
import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Sequence

import pytest

import compare
import comparison
import results
import stats
from results import read_run, summarise
from synthetic import SAMPLES, Spec, scaled, two_cpu_guest, write_ab, write_run

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(__file__).resolve().parent / "data"
PIPE = Spec("switch", "pipe", "pingpong", "l3", 3500.0)
LOCK = Spec("lock", "mutex", "greedy-polite", "l3", 6e6, params="hold_ns=3", metric="acquisitions",
            unit="1/s")


def run_script(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, str(ROOT / "scripts" / "compare.py"), *arguments],
                          cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)


def rows_of(tmp_path: Path, base: Sequence[Spec], other: Sequence[Spec]) -> List[Dict[str, str]]:
    """The comparison's CSV of two runs that differ in specs and seed."""
    write_run(tmp_path / "a", base, seed=1)
    write_run(tmp_path / "b", other, seed=2)
    done = run_script("a", "b", "--format=csv", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_matches_by_place_and_never_by_cpu(tmp_path: Path) -> None:
    moved = [replace(PIPE, cpus="6-7"), replace(PIPE, place="smt", cpus="0-1")]
    rows = rows_of(tmp_path, [replace(PIPE, cpus="0-1")], moved)
    assert [(row["place"], row["invocations_a"], row["invocations_b"]) for row in rows] == [
        ("l3", "12", "12"), ("smt", "0", "12")]
    assert rows[0]["verdict"] in ("same", "cannot tell") and rows[1]["verdict"] == "NA"


@pytest.mark.parametrize("change", [{"family": "handoff"}, {"mechanism": "futex"}, {"threads": 3},
                                    {"workload": "ring"}, {"place": "smt"}, {"params": "awake=1"}])
def test_every_part_of_the_cell_matters(tmp_path: Path, change: Dict[str, Any]) -> None:
    both = replace(PIPE, mechanism="eventfd")
    moved = Spec(**{**vars(PIPE), **change})
    rows = rows_of(tmp_path, [PIPE, both], [moved, both])
    assert sorted(row["ratio"] == "NA" for row in rows) == [False, True, True]


@pytest.mark.parametrize("factor, verdict", [(1.5, "slower"), (1 / 1.5, "faster")])
def test_rates_are_better_when_higher(tmp_path: Path, factor: float, verdict: str) -> None:
    pipe, lock = rows_of(tmp_path, [PIPE, LOCK], scaled([PIPE, LOCK], factor))
    assert (pipe["verdict"], lock["verdict"]) == (verdict, verdict)
    assert float(pipe["ratio"]) == pytest.approx(factor, rel=0.05)
    assert float(lock["ratio"]) == pytest.approx(1 / factor, rel=0.05)


def test_the_same_run_is_never_marked(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "a", two_cpu_guest()))
    rows = comparison.compare(summarise(run), summarise(run))
    assert {row.ratio for row in rows} == {1.0}
    assert {row.verdict for row in rows} <= {"same", "cannot tell"}


def test_geometric_mean_is_over_common_rows_only(tmp_path: Path) -> None:
    exact = replace(PIPE, between=0.0, within=0.0)
    lock = replace(LOCK, between=0.0, within=0.0)
    alone = replace(exact, mechanism="futex")
    write_run(tmp_path / "a", [exact, replace(exact, place="smt"), lock, alone])
    write_run(tmp_path / "b", [*scaled([exact], 2), *scaled([replace(exact, place="smt")], 4),
                               *scaled([lock], 8), replace(alone, mechanism="pipe", threads=9)])
    lines = run_script("a", "b", cwd=tmp_path).stdout.splitlines()
    (start,) = [at for at, line in enumerate(lines) if line.startswith("Geometric mean")]
    assert [line.split() for line in lines[start + 1:start + 4]] == [
        ["switch", f"{math.sqrt(8):.3f}", "2", "rows"], ["lock", "8.000", "1", "row"],
        ["all", "4.000", "3", "rows"]]
    assert "Only in A: 1" in lines
    assert "  switch/futex/pingpong/l3 threads=2  B: no such row" in lines
    assert "  switch/pipe/pingpong/l3 threads=9  A: no such row" in lines


def test_windows_flagged_switches_are_left_out(tmp_path: Path) -> None:
    def status(invocation: int, round_: int) -> str:
        return "flagged:SWITCHES" if round_ % 2 else "flagged:LOAD"

    flagged = replace(PIPE, status=status)
    write_run(tmp_path / "a", [PIPE])
    write_run(tmp_path / "b", [flagged])
    path = tmp_path / "b" / "samples.csv"
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))
    for line in lines[1:]:
        if line[SAMPLES.index("status")] == "flagged:SWITCHES":
            line[SAMPLES.index("value")] = "99999"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
    (row,) = csv.DictReader(io.StringIO(run_script("a", "b", "--format=csv", cwd=tmp_path).stdout))
    assert float(row["ratio"]) == pytest.approx(1, abs=0.1)
    assert (row["left_out_a"], row["left_out_b"]) == ("0", "48")
    assert "B has two modes: 48 of 96 windows left out" in run_script("a", "b", cwd=tmp_path).stdout


def test_too_few_invocations_have_no_interval_and_say_so(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [PIPE], invocations=3)
    write_run(tmp_path / "b", scaled([PIPE], 9), invocations=3)
    text = run_script("a", "b", cwd=tmp_path).stdout
    assert "no interval: too few invocations" in text
    assert "0 of 1 rows are faster or slower" in text
    assert "slower" not in text.split("Geometric")[0]


def test_fewer_invocations_in_a_row_are_noted(tmp_path: Path) -> None:
    gone = replace(PIPE, mechanism="futex",
                   status=lambda invocation, round_: "ok" if invocation < 9 else "error:EAGAIN")
    write_run(tmp_path / "a", [PIPE, gone])
    write_run(tmp_path / "b", [PIPE, gone], invocations=9)
    lines = run_script("a", "b", cwd=tmp_path).stdout.splitlines()
    assert [line.endswith("A has 9 invocations") for line in lines
            if line.startswith(("futex", "pipe"))] == [True, False]


def test_zero_has_no_ratio_and_does_not_crash(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [PIPE, LOCK])
    write_run(tmp_path / "b", [PIPE, LOCK])
    path = tmp_path / "a" / "samples.csv"
    lines = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines[1:]:
        if line[SAMPLES.index("family")] == "lock":
            line[SAMPLES.index("value")] = "0"
    path.write_text("".join(",".join(line) + "\n" for line in lines), encoding="utf-8")
    text = run_script("a", "b", cwd=tmp_path).stdout
    assert "no ratio: a median is zero" in text
    assert "all     " in text and "1 row\n" in text


def test_threads_are_shown_where_they_tell_rows_apart(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [LOCK, replace(LOCK, threads=8)])
    lines = run_script("a", "a", cwd=tmp_path).stdout.splitlines()
    (header,) = [line for line in lines if line.startswith("mechanism/workload")]
    assert header.split()[:3] == ["mechanism/workload", "place", "threads"]


def test_context_shows_what_differs(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [PIPE], facts={("machine", "kernel"): None})
    write_run(tmp_path / "b", [PIPE], facts={("machine", "cpu_model"): "Another CPU",
                                             ("run", "end"): "interrupted",
                                             ("machine", "thp"): "never",
                                             ("machine", "load_start"): "0.10 0.20 0.30"})
    text = run_script("a", "b", cwd=tmp_path).stdout.split("\n\n")[0]
    lines = [line.split("  ") for line in text.splitlines()]
    first = {line[0] or line[1]: line[-1].strip() for line in lines}
    assert first["cpu_model"] == "Another CPU"
    assert first["kernel"] == "Linux 6.18.5" and "NA" in text
    assert "compiler" not in first
    assert "and 1 more facts differ: see context.csv" in text
    assert "B was interrupted" in text


def test_table_is_the_golden_one(tmp_path: Path) -> None:
    def status(invocation: int, round_: int) -> str:
        return "flagged:SWITCHES+LOAD" if round_ < 3 else "ok"

    here = two_cpu_guest()
    there = [*scaled([spec for spec in here if spec.place == "same-cpu"], 0.9),
             *scaled([spec for spec in here if spec.place == "l3"], 1.1)]
    there = [replace(spec, status=status)
             if (spec.mechanism, spec.place) == ("condvar", "l3") else spec
             for spec in there if spec.mechanism != "mqueue"]
    write_run(tmp_path / "20261123T054500Z-epyc", here, seed=1)
    write_run(tmp_path / "20261124T091500Z-xeon", there, seed=2, invocations=10, facts={
        ("machine", "cpu_model"): "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz",
        ("machine", "kernel"): "Linux 6.1.0-28",
        ("run", "started_utc"): "2026-11-24T09:15:00.250Z"})
    done = run_script("20261123T054500Z-epyc", "20261124T091500Z-xeon", cwd=tmp_path)
    is_golden(done, "compare.txt")


def is_golden(done: "subprocess.CompletedProcess[str]", name: str) -> None:
    assert (done.returncode, done.stderr) == (0, "")
    if os.environ.get("BATON_GOLDEN") == "write":
        (DATA / name).write_text(done.stdout, encoding="utf-8")
    assert done.stdout == (DATA / name).read_text(encoding="utf-8")


def test_table_of_an_ab_is_the_golden_one(tmp_path: Path) -> None:
    write_ab(tmp_path / "20261123T054500Z-ab", [PIPE, replace(PIPE, place="same-cpu"), LOCK],
             factor=1.5, facts={("machine", "aa_floor"): "0.012",
                                ("machine", "aa_utc"): "2026-11-22T10:00:00Z"})
    is_golden(run_script("20261123T054500Z-ab/a", "20261123T054500Z-ab/b", cwd=tmp_path),
              "compare_ab.txt")


def set_values(path: Path, values: Sequence[float]) -> None:
    """One window of one cell per invocation: its values, in the file's order."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *lines = list(csv.reader(file))
    for line, value in zip(lines, values):
        line[header.index("value")] = str(value)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *lines])


def ab_of(folder: Path, a: Sequence[float], b: Sequence[float]) -> None:
    write_ab(folder, [PIPE], pairs=len(a), rounds=1)
    set_values(folder / "a" / "samples.csv", a)
    set_values(folder / "b" / "samples.csv", b)


def test_sides_of_an_ab_are_paired_by_invocation(tmp_path: Path) -> None:
    states = [100.0 * 1.5 ** at for at in range(12)]
    ratios = [1.02 + 0.001 * at for at in range(12)]
    ab_of(tmp_path / "ab", states, [state * ratio for state, ratio in zip(states, ratios)])
    done = run_script("ab/a", "ab/b", "--format=csv", cwd=tmp_path)
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert float(row["ratio"]) == pytest.approx(1.0255, abs=1e-4)
    assert 1.02 < float(row["ratio_low"]) < float(row["ratio_high"]) < 1.031
    assert row["verdict"] == "slower"
    text = run_script("ab/a", "ab/b", cwd=tmp_path).stdout
    assert "interleaved by baton ab" in text and "These are two runs" not in text
    assert "signed-rank" in text and "Mann-Whitney" not in text
    # The same files as two runs: a drift of this size hides everything.
    path = tmp_path / "ab" / "b" / "context.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",ab_id,ab,", ",ab_id,cd,"),
                    encoding="utf-8")
    text = run_script("ab/a", "ab/b", cwd=tmp_path).stdout
    assert "These are two runs" in text and "Mann-Whitney" in text and "slower  " not in text


def test_invocations_without_a_fellow_are_left_out(tmp_path: Path) -> None:
    ab_of(tmp_path / "ab", [100.0] * 12, [200.0] * 6 + [150.0] * 6)
    path = tmp_path / "ab" / "a" / "samples.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([lines[0], *lines[7:]]), encoding="utf-8")
    done = run_script("ab/a", "ab/b", "--format=csv", cwd=tmp_path)
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert [float(row[name]) for name in ("ratio", "ratio_low", "ratio_high")] == [1.5] * 3
    assert "A has 6 invocations" not in run_script("ab/a", "ab/b", cwd=tmp_path).stdout
    text = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(text[:1] + text[2:]), encoding="utf-8")
    assert "no interval: too few invocations" in run_script("ab/a", "ab/b", cwd=tmp_path).stdout


def test_an_ab_without_a_pair_says_so(tmp_path: Path) -> None:
    ab_of(tmp_path / "ab", [100.0] * 2, [200.0] * 2)
    for side, line in (("a", 1), ("b", 2)):
        path = tmp_path / "ab" / side / "samples.csv"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join([lines[0], lines[line]]), encoding="utf-8")
    assert "no ratio: no invocation in common" in run_script("ab/a", "ab/b", cwd=tmp_path).stdout


def test_the_floor_is_shown_where_both_have_it(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [PIPE], facts={("machine", "aa_floor"): "0.012"})
    text = run_script("a", "a", cwd=tmp_path).stdout
    assert [line.split() for line in text.splitlines() if line.startswith("aa_floor  ")] == [
        ["aa_floor", "0.012", "0.012"]]
    assert "aa_floor: half-width" in text
    write_run(tmp_path / "b", [PIPE])
    assert "aa_floor" not in run_script("b", "b", cwd=tmp_path).stdout


def test_more_runs_are_each_held_against_the_first(tmp_path: Path) -> None:
    exact = replace(PIPE, between=0.0, within=0.0)
    for name, factor in (("a", 1.0), ("b", 2.0), ("c", 4.0)):
        write_run(tmp_path / name, scaled([exact], factor))
    text = run_script("a", "b", "c", cwd=tmp_path).stdout
    assert "B/A" in text and "C/A" in text and "C is" in text
    rows = [line.split() for line in text[text.index("Geometric means of"):].splitlines()]
    assert rows[1:4] == [["switch", "all"], ["B", "2.000", "2.000", "b"],
                         ["C", "4.000", "4.000", "c"]]
    table = list(csv.DictReader(io.StringIO(run_script("a", "b", "c", "--format=csv",
                                                       cwd=tmp_path).stdout)))
    assert [(row["run_b"], float(row["ratio"])) for row in table] == [("b", 2.0), ("c", 4.0)]


def test_json_has_rows_differences_and_means(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [PIPE])
    write_run(tmp_path / "b", scaled([PIPE], 1.5), facts={("machine", "kernel"): "Linux 7"})
    found = json.loads(run_script("a", "b", "--format=json", cwd=tmp_path).stdout)
    (one,) = found["comparisons"]
    assert one["rows"][0]["verdict"] == "slower" and one["rows"][0]["p_adjusted"] < 0.05
    assert {"key": "kernel", "a": "Linux 6.18.5", "b": "Linux 7"} in one["differences"]
    assert one["geometric_means"]["all"] == pytest.approx(1.5, rel=0.1)
    assert one["forced"] == [] and one["interleaved"] is False


def test_markdown_has_the_same_cells(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [PIPE, LOCK])
    write_run(tmp_path / "b", scaled([PIPE, LOCK], 1.5))
    text, marked = (run_script("a", "b", f"--format={form}", cwd=tmp_path).stdout
                    for form in ("table", "markdown"))
    rows = [line for line in text.splitlines() if line.startswith(("pipe/", "mutex/"))]
    for line in rows:
        words = [word for word in line.split("  ") if word.strip()]
        assert all(f"| {word.strip()} |" in marked for word in words), line
    assert "## b against a" in marked and "### lock" in marked


@pytest.mark.parametrize("limit, factor, code", [
    ("slower:5%", 1.5, 1), ("slower:60%", 1.5, 0), ("faster:5%", 1.5, 0), ("faster:5%", 0.5, 1),
    ("slower:5%", 1.0, 0), ("slower:49.5%", 1.5, 1)])
def test_fail_on(tmp_path: Path, limit: str, factor: float, code: int) -> None:
    exact = [replace(PIPE, between=0.001), replace(LOCK, between=0.001)]
    write_run(tmp_path / "a", exact, seed=1)
    write_run(tmp_path / "b", scaled(exact, factor), seed=1)
    done = run_script("a", "b", f"--fail-on={limit}", cwd=tmp_path)
    assert done.returncode == code
    assert "mechanism/workload" in done.stdout  # what was found is shown in any case
    if code:
        assert done.stderr.count("\n") == 1 and "2 rows are" in done.stderr


def test_what_cannot_be_told_fails_nothing() -> None:
    side = results.Summary(results.Cell("a", "b", "c", "d", 2, "NA"), "handoff", "ns", (), (), (),
                           None, 0, 0, 0, 0, "ok", "NA")
    wide = comparison.Comparison(side.cell, side, side, 1.5, stats.Interval(0.5, 2.5), 0.5, 0.5)
    told = comparison.Comparison(side.cell, side, side, 1.5, stats.Interval(1.4, 1.6), 0.0, 0.0)
    limit = compare.parse_limit("slower:5%")
    assert (limit.broken_by(wide), limit.broken_by(told)) == (False, True)


def test_what_is_void_is_refused_unless_forced(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [PIPE])
    write_run(tmp_path / "b", [PIPE], facts={("build", "build_type"): "Debug"})
    assert "Debug build" in one_line(run_script("a", "b", cwd=tmp_path), 3)
    done = run_script("a", "b", "--force", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("FORCED") and "Debug build" in done.stdout
    marked = run_script("a", "b", "--force", "--format=markdown", cwd=tmp_path).stdout
    assert "**FORCED" in marked


def test_a_band_makes_more_rows_the_same(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [PIPE], seed=1)
    write_run(tmp_path / "b", scaled([PIPE], 1.1), seed=1)
    verdicts = []
    for band in ("2", "40"):
        done = run_script("a", "b", "--format=csv", f"--band={band}", cwd=tmp_path)
        (row,) = csv.DictReader(io.StringIO(done.stdout))
        verdicts.append((row["verdict"], row["band"]))
    assert verdicts == [("slower", "0.02"), ("same", "0.4")]


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not compare.coloured()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert compare.coloured()
    monkeypatch.setenv("TERM", "dumb")
    assert not compare.coloured()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not compare.coloured()
    side = results.Summary(results.Cell("a", "b", "c", "d", 2, "NA"), "handoff", "ns", (), (), (),
                           None, 0, 0, 0, 0, "ok", "NA")
    row = comparison.Comparison(side.cell, side, side, None, None)
    assert compare.painted("x", row, False) == "x"
    assert compare.painted("x", row, True) == "\033[2mx\033[0m"


def one_line(done: "subprocess.CompletedProcess[str]", code: int) -> str:
    assert done.returncode == code
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("compare.py: ")
    return done.stderr


@pytest.mark.parametrize("arguments, word", [
    (["a", "a", "--formt=csv"], "--formt"), (["a", "a", "--form=csv"], "--form"),
    (["a"], "RUN_B"), (["a", "a", "--format=xml"], "'xml'"), (["a", "a", "--band=0"], "--band"),
    (["a", "a", "--fail-on=slower"], "--fail-on"), (["a", "a", "--fail-on=odd:5%"], "--fail-on"),
    (["a", "a", "--to=google-benchmark"], "one run"),
    (["a", "none"], "none: no such folder")])
def test_bad_usage_is_one_line_and_exit_2(tmp_path: Path, arguments: List[str], word: str) -> None:
    write_run(tmp_path / "a", [PIPE], invocations=1, rounds=1)
    assert word in one_line(run_script(*arguments, cwd=tmp_path), 2)


def test_damaged_file_is_exit_2(tmp_path: Path) -> None:
    path = write_run(tmp_path / "a", [PIPE], invocations=1, rounds=1) / "samples.csv"
    path.write_bytes(path.read_bytes()[:-3])
    assert "a/samples.csv:2: truncated" in one_line(run_script("a", "a", cwd=tmp_path), 2)


def test_other_schema_is_exit_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path / "a", [PIPE], invocations=1, rounds=1)
    path = write_run(tmp_path / "b", [PIPE], invocations=1, rounds=1) / "samples.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("\n1,", "\n2,"), encoding="utf-8")
    monkeypatch.setattr(results, "SCHEMA", 2)
    monkeypatch.setattr(sys, "argv", ["compare.py", str(tmp_path / "a"), str(tmp_path / "b")])
    with pytest.raises(SystemExit) as caught:
        compare.main()
    assert caught.value.code == 3
    assert "schema 1" in capsys.readouterr().err


def test_other_unit_is_exit_3(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [PIPE], invocations=1, rounds=1)
    write_run(tmp_path / "b", [replace(PIPE, metric="cost")], invocations=1, rounds=1)
    assert "handoff in ns in a, cost in ns in b" in one_line(run_script("a", "b", cwd=tmp_path), 3)


def test_nothing_in_common_is_exit_4(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [PIPE], invocations=1, rounds=1)
    write_run(tmp_path / "b", [LOCK], invocations=1, rounds=1)
    assert "both a and b" in one_line(run_script("a", "b", cwd=tmp_path), 4)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_full_disk_is_exit_6(tmp_path: Path) -> None:
    write_run(tmp_path / "a", [PIPE], invocations=1, rounds=1)
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([sys.executable, str(ROOT / "scripts" / "compare.py"), "a", "a"],
                              cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 6
    assert done.stderr.count(b"\n") == 1


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    write_run(tmp_path / "a", two_cpu_guest(), invocations=1, rounds=1)
    line = f"{sys.executable} {ROOT}/scripts/compare.py a a | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_ratios_keep_their_digits() -> None:
    texts = [compare.ratio_text(value) for value in (0.00102, 0.0987, 0.5, 1.0324, 13.62, 978.3)]
    assert texts == ["0.00102", "0.0987", "0.500", "1.032", "13.6", "978"]
