"""test_channel_peers.py - the channel against its peers: lines, verdicts, table, ends, refusals"""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import pytest

from channel_peers import (GROUPS, Bound, Group, Line, PeerError, Place, Result, Side, Window,
                           buffered_lines, channel, condvar, go_lines, measure_cells,
                           measure_programs, park_lines, parse_places, parse_window, result_of_run,
                           select_lines, selecting, spin_lines, table)
from random import Random
from results import read_run
from synthetic import FACTS, Row, Spec, window_row, write_files

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "channel_peers.py"
BATON = Path(os.environ.get("BATON", str(ROOT / "build" / "baton")))
PROGRAM = BATON.parent / "peers" / "channel_peer"
SAME, L3 = Place("same-cpu", ("1", "1")), Place("l3", ("0", "1"))
LINE = Line("latency", SAME, channel(0, "park"), condvar(0), Bound(2.5))
TIMEOUT_S = 60


def no_measure(line: Line) -> Result:
    raise AssertionError(line)


def result(ratios: Tuple[float, ...], wanted: Optional[Bound] = Bound(2.5)) -> Result:
    line = Line("latency", SAME, channel(0, "park"), condvar(0), wanted)
    return Result(line, (2000.0, 5100.0), (1990.0, 5090.0), ratios, 96)


def script(build: Path, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, str(SCRIPT), f"--build={build}", *arguments],
                          capture_output=True, text=True, timeout=TIMEOUT_S, check=False, **options)


def program(path: Path, text: str) -> Path:
    """A Python program in place of one of ours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\nimport sys\nsys.path[:0] = {sys.path!r}\n{text}",
                    encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


FAKE_BATON = """
import pathlib, synthetic
if sys.argv[1] == "places":
    print("place,pairs,cpu_a,cpu_b\\nsame-cpu,2,0,0\\nl3,1,0,1")
    sys.exit()
options = dict(argument.split("=", 1) for argument in sys.argv[2:])
specs = [synthetic.Spec(*cell.split("/")[:4], value, params=cell.split("/")[4], between=0)
         for cell, value in zip(options["--pair"].split(","), (1000.0, 2000.0))]
synthetic.write_run(pathlib.Path(options["--out"]), specs, 1, int(options["--invocations"]),
                    8 * int(options["--rounds"]),
                    {("run", "base"): options["--pair"].split(",")[0]})
"""
FAKE_PEER = """
for line in sys.stdin:
    print({ns}, {ns} + 1, flush=True)
"""


def test_every_line_names_cells_that_baton_has() -> None:
    listed = subprocess.run([BATON, "list", "--format=csv"], capture_output=True, text=True,
                            check=True).stdout.splitlines()
    cells = {",".join(row.split(",")[:4]) for row in listed}
    lines = [line for make in (park_lines, spin_lines, buffered_lines, select_lines)
             for line in make(SAME, L3)]
    assert len(lines) == len({(line.cell(line.ours), line.cell(line.peer)) for line in lines})
    for line in lines:
        for side in (line.ours, line.peer):
            assert f"handoff,{side.mechanism},{line.workload},{side.params}" in cells


def test_what_is_wanted() -> None:
    wanted = {(line.workload, line.place.name, line.peer.label): str(line.wanted)
              for make in (park_lines, buffered_lines) for line in make(SAME, L3) if line.wanted}
    assert wanted == {
        ("latency", "same-cpu", "mutex-condvar 0"): "≥ 2.5",
        ("stream", "same-cpu", "mutex-condvar 0"): "≥ 2",
        ("latency", "l3", "mutex-condvar 0"): "≥ 1",
        ("stream", "l3", "mutex-condvar 0"): "≥ 1",
        ("stream", "same-cpu", "mutex-condvar 1024 unlocked"): "≥ 2",
        ("stream", "same-cpu", "ck-ring-mpmc 1024"): "≥ 0.67",
        ("stream", "l3", "mutex-condvar 1024 unlocked"): "≥ 2",
        ("stream", "l3", "ck-ring-mpmc 1024"): "≥ 1"}
    assert {str(line.wanted) for line in select_lines(SAME, L3) if line.wanted} == {"≤ 1.5"}
    # A parked peer never makes a headline of a spinning channel.
    assert {str(line.wanted) for line in spin_lines(SAME, L3)
            if line.peer.mechanism == "mutex-condvar"} == {"None"}
    assert len(go_lines([SAME, L3])) == 12


def test_one_cpu_has_no_lines_across() -> None:
    assert spin_lines(SAME, None) == []
    for make in (park_lines, buffered_lines, select_lines):
        assert {line.place for line in make(SAME, None)} == {SAME}


@pytest.mark.parametrize("ratios, wanted, verdict", [
    ((2.6,) * 6, Bound(2.5), "ok"), ((2.4,) * 6, Bound(2.5), "MISSED"),
    ((2.4, 2.6, 2.6, 2.6, 2.7, 2.7), Bound(2.5), "ok (close)"),
    ((2.6, 2.4, 2.4, 2.4, 2.3, 2.3), Bound(2.5), "MISSED (close)"),
    ((1.4,) * 6, Bound(1.5, at_most=True), "ok"), ((1.6,) * 6, Bound(1.5, True), "MISSED"),
    ((9.9,) * 6, None, ""), ((), Bound(1.0), "unknown"), ((2.6,), Bound(2.5), "ok (close)")])
def test_verdicts(ratios: Tuple[float, ...], wanted: Optional[Bound], verdict: str) -> None:
    assert result(ratios, wanted).verdict == verdict


def test_labels_are_short() -> None:
    assert channel(64, "spin").label == "channel 64 spin"
    assert selecting(0, "park", 1).label == "channel-select 0 park, 1 case"
    assert selecting(0, "park", 2).label == "channel-select 0 park, 2 cases"
    assert Side("Go", "capacity=1024").label == "Go 1024"


def test_the_table() -> None:
    groups: List[Tuple[Group, List[Result]]] = [
        (Group("First: peer / channel", [LINE], no_measure),
         [result((2.6,) * 6), result((), None)]),
        (Group("Go: Go / channel", [], no_measure, "there is no go"), [])]
    lines = table(groups).splitlines()
    assert lines[2] == "First: peer / channel"
    assert lines[3].split() == (
        "latency same-cpu channel 0 park mutex-condvar 0 unlocked 2.00 µs 5.10 µs 1.99 µs "
        "5.09 µs 2.60 2.60 – 2.60 96 ≥ 2.5 ok").split()
    assert lines[4].split()[-3:] == ["-", "-", "96"]
    assert lines[6:8] == ["Go: Go / channel", "  left out: there is no go"]
    assert lines[9] == "1 of 1 ratios are as wanted"
    assert max(map(len, lines)) < 160 and not [line for line in lines if line != line.rstrip()]
    # The columns stand under each other.
    assert lines[0].index("ratio") + len("ratio") == lines[3].index("2.60") + len("2.60")


@pytest.mark.parametrize("reply", ["", "\n", "12\n", "1 2 3\n", "a b\n", "0 1\n", "-1 1\n",
                                   "nan 1\n", "inf 1\n", "1 nan\n"])
def test_replies_that_are_no_window(reply: str) -> None:
    with pytest.raises(PeerError):
        parse_window(reply)


def test_replies_and_places_are_read() -> None:
    assert parse_window("12.5 25.000\n") == Window(12.5, 25.0)
    assert parse_places("place,pairs,cpu_a,cpu_b\nsame-cpu,2,1,1\nl3,1,0,1\n") == [SAME, L3]


def write_pair(folder: Path, status: str = "ok") -> Path:
    ours, peer = (Spec("handoff", side.mechanism, "latency", "same-cpu", value, cpu_ns=value - 1,
                       params=side.params, status=lambda invocation, round_: status)
                  for side, value in ((LINE.ours, 1000.0), (LINE.peer, 2500.0)))
    rows: List[Row] = []
    for invocation in range(6):
        for at, (spec, value) in enumerate(((ours, 1000.0), (peer, 2500.0)) * 4):
            rows.append({**window_row(spec, folder.name, invocation, 0, at, value),
                         "block": at // 2})
    return write_files(folder, rows, {**FACTS, ("run", "base"): LINE.cell(LINE.ours)})


def test_a_run_becomes_a_result(tmp_path: Path) -> None:
    seen = result_of_run(LINE, read_run(write_pair(tmp_path / "run")))
    assert seen.ns == (1000.0, 2500.0) and seen.cpu_ns == pytest.approx((999, 2499), abs=1)
    assert seen.ratios == pytest.approx([2.5] * 6)
    assert (seen.pairs, seen.note) == (24, "")
    loaded = result_of_run(LINE, read_run(write_pair(tmp_path / "loaded", "flagged:LOAD")))
    assert (loaded.pairs, loaded.note) == (24, "LOAD 48")
    outside = result_of_run(LINE, read_run(write_pair(tmp_path / "out", "flagged:SWITCHES")))
    assert (outside.pairs, outside.ratio, outside.note) == (0, None, "SWITCHES 48")
    other = Line("latency", L3, LINE.ours, LINE.peer)
    with pytest.raises(PeerError, match="l3"):
        result_of_run(other, read_run(tmp_path / "run"))


def test_cells_are_measured_by_baton_and_nothing_is_left(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    seen = measure_cells(program(tmp_path / "baton", FAKE_BATON), 96, LINE)
    assert seen.ratio == pytest.approx(2, rel=0.05) and seen.pairs == 96
    assert not list((tmp_path / "tmp").iterdir())
    failing = program(tmp_path / "failing", "sys.stderr.write('no room\\n'); sys.exit(6)")
    with pytest.raises(PeerError, match=r"no room \(exit 6\)"):
        measure_cells(failing, 96, LINE)


def test_programs_take_turns(tmp_path: Path) -> None:
    program(tmp_path / "peers" / "channel_peer", FAKE_PEER.format(ns=100))
    program(tmp_path / "peers" / "channel_go", FAKE_PEER.format(ns=250))
    line = go_lines([L3])[0]
    seen = measure_programs(tmp_path, 20, Random(1), line)
    assert (seen.ns, seen.cpu_ns, seen.pairs) == ((100, 250), (101, 251), 24)
    assert seen.ratios == (2.5,) * 6 and seen.verdict == "ok"
    for ended in ("sys.exit(1)", "sys.stdin.close(); sys.exit(1)", "sys.stdin.readline()"):
        program(tmp_path / "peers" / "channel_go", ended)
        with pytest.raises(PeerError):
            measure_programs(tmp_path, 20, Random(1), line)


def test_without_go_one_line_says_so(tmp_path: Path) -> None:
    told = script(tmp_path, "--group=go", env={**os.environ, "PATH": str(tmp_path)})
    assert told.returncode == 0, told.stderr
    assert "  left out: there is no go on PATH; scripts/setup --all installs it\n" in told.stdout
    assert "0 of 0 ratios" in told.stdout


def test_a_missed_ratio_is_no_error(tmp_path: Path) -> None:
    program(tmp_path / "baton", FAKE_BATON)
    told = script(tmp_path, "--group=buffered", "--quick")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("The channel against its peers: ")
    assert "--group=buffered --quick\n" in told.stdout
    assert len(told.stderr.splitlines()) == 4 and told.stderr.startswith("[1/4] stream same-cpu")
    assert "of 4 ratios are as wanted" in told.stdout


@pytest.mark.parametrize("arguments, code, words", [
    (["--pairs=19"], 2, "20 or more"), (["--pairs=x"], 2, "--pairs"),
    (["--quick", "--pairs=30"], 2, "--quick"), (["--group=prak"], 2, "park, spin"),
    (["--fliter=x"], 2, "--help"), (["--group=park", "--place=nowhere"], 2, "valid: l3")])
def test_refusals_are_one_line(tmp_path: Path, arguments: List[str], code: int,
                               words: str) -> None:
    program(tmp_path / "baton", FAKE_BATON)
    told = script(tmp_path, *arguments)
    assert (told.returncode, told.stdout) == (code, "")
    assert words in told.stderr and len(told.stderr.splitlines()) == 1, told.stderr


@pytest.mark.parametrize("code, ours", [(1, 1), (3, 3), (4, 1), (6, 6), (137, 1)])
def test_a_failure_of_batons_is_told_in_one_line(tmp_path: Path, code: int, ours: int) -> None:
    program(tmp_path / "baton", f"sys.stderr.write('first\\nno room\\n'); sys.exit({code})")
    told = script(tmp_path, "--group=park")
    assert (told.returncode, told.stdout) == (ours, "")
    assert told.stderr.endswith(f"places --format=csv: no room (exit {code})\n")
    assert len(told.stderr.splitlines()) == 1


def test_what_is_not_built_is_exit_5(tmp_path: Path) -> None:
    told = script(tmp_path, "--group=park")
    assert told.returncode == 5 and "make channel-peers" in told.stderr


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143),
                                          (signal.SIGHUP, 129)])
def test_nothing_stays_behind_when_it_is_interrupted(tmp_path: Path, number: int,
                                                     code: int) -> None:
    slow = FAKE_BATON.replace("options = ", f"""
import os, time
pathlib.Path({str(tmp_path / "pid")!r}).write_text(str(os.getpid()))
time.sleep(60)
options = """, 1)
    program(tmp_path / "baton", slow)
    with subprocess.Popen([sys.executable, str(SCRIPT), f"--build={tmp_path}", "--group=park"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + TIMEOUT_S
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(number)
        out, _ = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, out) == (code, b"")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def build_go(folder: Path) -> Optional[Path]:
    """Go's program, built offline in a folder of its own; None where there is no go."""
    go = shutil.which("go")
    if not go:
        return None
    environment: Dict[str, str] = {
        **os.environ, "GOENV": "off", "GOPROXY": "off", "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=mod -buildvcs=false", "GOCACHE": str(folder / "cache"),
        "GOPATH": str(folder / "path")}
    built = folder / "channel_go"
    subprocess.run([go, "build", "-o", str(built)], cwd=ROOT / "peers" / "go", env=environment,
                   check=True, timeout=TIMEOUT_S)
    return built


@pytest.mark.parametrize("language", ["c", "go"])
def test_the_programs_answer_each_window_by_a_line(tmp_path: Path, language: str) -> None:
    built = PROGRAM if language == "c" else build_go(tmp_path)
    if built is None or not built.exists():
        pytest.skip(f"no program in {language} here")
    cpus = sorted(os.sched_getaffinity(0))
    for workload in ("latency", "stream"):
        for capacity in (0, 1, 64):
            told = subprocess.run(
                [built, workload, str(capacity), str(cpus[0]), str(cpus[-1])],
                input="window 2\nwindow 301\n", capture_output=True, text=True, check=True,
                timeout=TIMEOUT_S)
            assert len([parse_window(line) for line in told.stdout.splitlines()]) == 2
    refused: List[Tuple[List[str], str]] = [
        ([], ""), (["latency", "0", "0", "x"], ""), (["ring", "0", "0", "0"], ""),
        (["latency", "-1", "0", "0"], ""),
        (["latency", "0", str(cpus[0]), str(cpus[0])], "widow 2\n")]
    for arguments, asked in refused:
        told = subprocess.run([built, *arguments], input=asked, capture_output=True, text=True,
                              check=False, timeout=TIMEOUT_S)
        assert (told.returncode, told.stdout) == (2, "") and len(told.stderr.splitlines()) == 1


def test_all_groups_have_a_title() -> None:
    assert list(GROUPS) == ["park", "spin", "buffered", "select", "go"]
    assert len({title for title, _ in GROUPS.values()}) == len(GROUPS)
