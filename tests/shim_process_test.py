"""What the shim promises of a whole process: flags, exit codes, console, JSON.

SHIM_DRIVER names the built shim_driver; BENCHMARK_COMPARE, Google Benchmark's compare.py, where it
is not at Debian's place (package libbenchmark-tools).
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest

DRIVER = os.environ.get("SHIM_DRIVER", "")
COMPARE = Path(os.environ.get("BENCHMARK_COMPARE", "/usr/share/benchmark/compare.py"))

Row = Dict[str, Any]


def drive(*args: str, env: Optional[Dict[str, str]] = None) -> "subprocess.CompletedProcess[str]":
    assert DRIVER, "SHIM_DRIVER is not set to the built shim_driver"
    return subprocess.run(
        [DRIVER, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=60,
        check=False,
        env={**os.environ, **(env or {})},
    )


def json_rows(out: Path) -> List[Row]:
    rows: List[Row] = json.loads(out.read_text(encoding="utf-8"))["benchmarks"]
    return rows


def repetitions(rows: List[Row]) -> List[Row]:
    return [row for row in rows if row["run_type"] == "iteration"]


def complaint(*args: str, env: Optional[Dict[str, str]] = None) -> str:
    """The one line of a run that must fail, by exit code 1 and not by a signal."""
    run = drive(*args, env=env)
    lines = [line for line in run.stderr.splitlines() if line.startswith("shim_driver: ")]
    assert run.returncode == 1, run.stderr
    assert len(lines) == 1, run.stderr
    return lines[0]


def test_console_shows_names_as_registered() -> None:
    run = drive("steady", "steady/two")
    assert run.returncode == 0, run.stderr
    assert "manual_time" not in run.stdout and "min_time" not in run.stdout
    assert [line.split()[0] for line in run.stdout.splitlines()[-2:]] == ["steady", "steady/two"]
    assert "2.50 ns" in run.stdout


def test_json_on_standard_output() -> None:
    run = drive("--benchmark_format=json", "steady")
    assert run.returncode == 0, run.stderr
    whole = json.loads(run.stdout)
    assert whole["context"]["purpose"] == "a test"
    assert [row["name"] for row in whole["benchmarks"]] == ["steady"]


def test_json_file_with_filter_and_repetitions(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    run = drive(
        "--benchmark_filter=^steady$",
        "--benchmark_repetitions=3",
        f"--benchmark_out={out}",
        "--benchmark_out_format=json",
        "steady",
        "steady/two",
        "failing",
    )
    assert run.returncode == 0, run.stderr
    rows = json_rows(out)
    assert [row["repetition_index"] for row in repetitions(rows)] == [0, 1, 2]
    for row in repetitions(rows):
        assert row["name"] == row["run_name"] == "steady"
        assert row["iterations"] == 100
        assert row["real_time"] == pytest.approx(2.5)
        assert row["time_unit"] == "ns"
        assert row["label"] == 'a "label"'
        assert row["plain"] == 7
        assert row["rate"] == pytest.approx(500 / 250e-9)
        assert row["per_op"] == pytest.approx(0.5)
    aggregates = {row["name"] for row in rows if row["run_type"] == "aggregate"}
    assert {"steady_mean", "steady_median", "steady_stddev", "steady_cv"} <= aggregates


def test_repetitions_may_differ_in_operations(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    run = drive("--benchmark_repetitions=4", f"--benchmark_out={out}", "varying")
    assert run.returncode == 0, run.stderr
    for row in repetitions(json_rows(out)):
        assert row["real_time"] == pytest.approx(4)
        assert row["rate"] == pytest.approx(1 / 4e-9)


def test_a_second_run_starts_anew(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    run = drive("--twice", f"--benchmark_out={out}", "varying")
    assert run.returncode == 0, run.stderr
    assert [(row["name"], row["iterations"]) for row in json_rows(out)] == [("varying", 200)]


def test_a_file_lost_before_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    said = complaint("--leave", "--benchmark_out=here/out.json", "steady")
    assert said == "shim_driver: here/out.json: No such file or directory"


def test_callback_hears_of_repetitions_only() -> None:
    run = drive("--callback", "--benchmark_repetitions=3", "varying", "skipping")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "varying,0,ok,75,4.000000,",
        "varying,1,ok,150,4.000000,",
        "varying,2,ok,225,4.000000,",
        "skipping,0,skipped,0,nan,needs two CPUs",
        "skipping,1,skipped,0,nan,needs two CPUs",
        "skipping,2,skipped,0,nan,needs two CPUs",
    ]
    assert "ran 2" in run.stderr


def test_a_failed_repetition_among_good_ones(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    said = complaint("--benchmark_repetitions=5", f"--benchmark_out={out}", "flaky", "steady")
    assert "flaky: the body failed: Connection timed out (and 1 more)" in said
    rows = [row for row in repetitions(json_rows(out)) if row["run_name"] == "flaky"]
    failed = [row["repetition_index"] for row in rows if row.get("error_occurred")]
    assert failed == [1, 3]
    for row in rows:
        assert row["repetition_index"] in failed or row["real_time"] == pytest.approx(2.5)


def test_a_failed_first_repetition_ends_its_benchmark() -> None:
    run = drive("--callback", "--benchmark_repetitions=4", "cold", "steady")
    assert run.returncode == 1, run.stderr
    assert "cold: the body failed: Connection timed out (and 3 more)" in run.stderr
    assert run.stdout.splitlines() == [
        *(f"cold,{i},failed,0,nan,the body failed: Connection timed out" for i in range(4)),
        *(f"steady,{i},ok,100,2.500000," for i in range(4)),
    ]


def test_random_interleaving() -> None:
    run = drive(
        "--callback",
        "--benchmark_enable_random_interleaving=true",
        "--benchmark_repetitions=8",
        "varying",
        "steady",
    )
    assert run.returncode == 0, run.stderr
    rows = sorted(run.stdout.splitlines())
    assert rows[:8] == [f"steady,{i},ok,100,2.500000," for i in range(8)]
    assert rows[8:] == [f"varying,{i},ok,{75 * (i + 1)},4.000000," for i in range(8)]


def test_a_skip_carries_its_reason(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    run = drive(f"--benchmark_out={out}", "skipping", "steady")
    assert run.returncode == 0, run.stderr
    row = json_rows(out)[0]
    assert "needs two CPUs" in row.get("skip_message", row.get("error_message", ""))


@pytest.mark.parametrize("how", ["early", "failing", "timeless"])
@pytest.mark.parametrize("report", [[], ["--callback"]])
@pytest.mark.parametrize("count", ["1", "3"])
def test_a_failure_is_told_and_contained(how: str, report: List[str], count: str) -> None:
    run = drive(*report, f"--benchmark_repetitions={count}", how, "steady")
    assert run.returncode == 1
    words = {"early": "left its loop early", "failing": "No space left", "timeless": "no time"}
    assert f"shim_driver: {how}: " in run.stderr and words[how] in run.stderr
    assert "steady" in run.stdout


@pytest.mark.parametrize(
    "flag, words",
    [
        ("--benchmark_filter=^teady", "nothing matches --benchmark_filter=^teady among 1"),
        ("--benchmark_filter=-steady", "nothing matches"),
        ("--benchmark_filter=steady(", "--benchmark_filter=steady(: Unmatched ("),
        ("--benchmark_reps=3", "unknown flag --benchmark_reps; the nearest is --benchmark_"),
        ("--benchmark_format=foo", "console|json"),
        ("--benchmark_repetitions=abc", "a whole number"),
        ("--benchmark_out=/nowhere/out.json", "--benchmark_out=/nowhere/out.json: No such file"),
    ],
)
def test_bad_input_is_one_line_and_no_run(flag: str, words: str) -> None:
    said = complaint(flag, "steady")
    assert words in said
    assert drive(flag, "steady").stdout == ""


def test_bad_environment() -> None:
    said = complaint("steady", env={"BENCHMARK_MIN_WARMUP_TIME": "1"})
    assert "environment variable BENCHMARK_MIN_WARMUP_TIME=1" in said


def test_environment_is_heard() -> None:
    run = drive("--callback", "steady", env={"BENCHMARK_REPETITIONS": "2"})
    assert len(run.stdout.splitlines()) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_noticed() -> None:
    said = complaint("--benchmark_out=/dev/full", "steady")
    assert "/dev/full could not be written" in said
    with open("/dev/full", "w", encoding="utf-8") as full:
        for flag in ("--benchmark_format=console", "--benchmark_list_tests"):
            run = subprocess.run([DRIVER, flag, "steady"], stdout=full, check=False)
            assert run.returncode == 1


def test_list_shows_names_as_registered() -> None:
    run = drive("--benchmark_list_tests", "--benchmark_filter=two$", "steady", "steady/two")
    assert (run.returncode, run.stdout) == (0, "steady/two\n")


def test_help_is_left_to_the_program() -> None:
    assert complaint("--help") == "shim_driver: --help"


@pytest.mark.skipif(not COMPARE.exists(), reason=f"no compare.py at {COMPARE}")
def test_compare_py_loads_the_json(tmp_path: Path) -> None:
    outs = [tmp_path / "a.json", tmp_path / "b.json"]
    for out in outs:
        flags = ["--benchmark_repetitions=10", f"--benchmark_out={out}"]
        assert drive(*flags, "steady", "varying", "skipping").returncode == 0
    run = subprocess.run(
        [sys.executable, str(COMPARE), "--no-color", "benchmarks", *map(str, outs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    compared = [line.split() for line in run.stdout.splitlines()]
    assert sum(words[:2] == ["steady", "+0.0000"] for words in compared) == 10, run.stdout
    assert any(words[:1] == ["varying_pvalue"] for words in compared), run.stdout
