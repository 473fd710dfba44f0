"""test_exports.py - what is written for other tools, and that those read it"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

import exports
from results import Cell, read_run, summarise
from synthetic import Spec, scaled, write_run

ROOT = Path(__file__).resolve().parents[2]
PIPE = Spec("switch", "pipe", "pingpong", "l3", 3500.0, params="awake=1")
LOCK = Spec("lock", "mutex", "greedy-polite", "l3", 2e6, params="hold_ns=3", metric="acquisitions",
            unit="1/s")
# Google Benchmark's own, of libbenchmark-tools.
THEIRS = Path("/usr/share/benchmark/compare.py")


def export(form: str, *runs: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, str(ROOT / "scripts" / "compare.py"),
                           *map(str, runs), f"--to={form}"], capture_output=True, text=True,
                          check=False)


def test_benchfmt_has_a_line_for_each_invocation(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", [PIPE, LOCK], invocations=3)
    spike = Spec("switch", "futex", "pingpong", "same-cpu", 1000.0, params="dose_pct=3")
    b = write_run(tmp_path / "b", [PIPE, spike], invocations=2)
    done = export("benchfmt", a, b)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "Unit ops/s better=higher"
    values = [line.split() for line in lines if line.startswith("Benchmark")]
    names = [name for name, *_ in values]
    assert names.count("Benchmarkswitch/pipe/pingpong/place=l3/threads=2/awake=1") == 5
    assert all(len(words) == 4 and words[1] == "1" for words in values)
    assert {words[3] for words in values} == {"ns/op", "ops/s"}
    assert [line for line in lines if line.startswith("run: ")] == ["run: a", "run: b"]
    (cell,) = [cell for cell in summarise(read_run(b)) if not cell.dosed]
    assert [float(words[2]) for words in values[-2:]] == pytest.approx(
        list(summarise(read_run(b))[cell].values))


def test_benchstat_reads_it(tmp_path: Path) -> None:
    benchstat = shutil.which("benchstat")
    if not benchstat:
        pytest.skip("no benchstat here")
    path = tmp_path / "runs.txt"
    runs = [write_run(tmp_path / "a", [PIPE]), write_run(tmp_path / "b", scaled([PIPE], 2))]
    path.write_text(export("benchfmt", *runs).stdout, encoding="utf-8")
    told = subprocess.run([benchstat, "-col", "run", str(path)], capture_output=True, text=True,
                          check=True).stdout
    assert "ns/op" in told or "sec/op" in told


def test_google_benchmark_has_repetitions_in_time(tmp_path: Path) -> None:
    done = export("google-benchmark", write_run(tmp_path / "a", [PIPE, LOCK], invocations=3))
    rows = json.loads(done.stdout)["benchmarks"]
    assert [row["repetition_index"] for row in rows] == [0, 1, 2] * 2
    rate = [row for row in rows if row["name"].startswith("lock")]
    assert all(400 < row["real_time"] < 600 for row in rate)  # 2 M/s
    assert export("google-benchmark", tmp_path / "a", tmp_path / "a").returncode == 2


def test_google_benchmarks_compare_reads_it(tmp_path: Path) -> None:
    if not THEIRS.exists():
        pytest.skip("libbenchmark-tools is not installed")
    files: List[Path] = []
    for name, specs in (("a", [PIPE]), ("b", scaled([PIPE], 2))):
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(
            export("google-benchmark", write_run(tmp_path / name, specs)).stdout, encoding="utf-8")
    told = subprocess.run(["/usr/bin/python3", str(THEIRS), "--no-color", "benchmarks",
                           *map(str, files)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "switch/pipe/pingpong/place=l3/threads=2/awake=1" in told.stdout


def test_names_hold_no_blanks() -> None:
    cell = Cell("switch", "pipe", "pingpong", "l3 odd", 2, "NA")
    assert exports._name(cell) == "switch/pipe/pingpong/place=l3_odd/threads=2"
