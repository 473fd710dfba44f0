"""test_advise.py - mutex or channel: every claim is recomputed from the rows"""

import csv
import math
import re
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import pytest

from advise import crossover_text, section
from decision import Crossover, crossing
from results import read_run
from synthetic import Spec, write_run

ROOT = Path(__file__).resolve().parents[2]
STREAM = Spec("handoff", "mutex-condvar", "stream", "same-cpu", 2400.0,
              params="capacity=0;payload=8;signal=unlocked")
STREAM_CHANNEL = replace(STREAM, mechanism="channel", value=1800.0,
                         params="capacity=0;payload=8;policy=park")
FAN = replace(STREAM, workload="fan-in", threads=3, value=900.0,
              params="capacity=64;payload=8;senders=2;signal=unlocked")
FAN_CHANNEL = replace(FAN, mechanism="channel",
                      params="capacity=64;payload=8;policy=adaptive;senders=2")


def guard(place: str, work_ns: int, mutex_ns: float, channel_ns: float, updaters: int = 2,
          per_cpu: str = "", noise: float = 0.03) -> List[Spec]:
    """The two cells of a structure that is locked or owned, with these times per update."""
    mutex = Spec("lock", "mutex", "guard", place, mutex_ns, metric="cost", threads=updaters,
                 params=f"{per_cpu}updaters={updaters};work_ns={work_ns}", between=noise)
    params = (f"answer=await;capacity=0;{per_cpu}policy=adaptive;updaters={updaters};"
              f"work_ns={work_ns}")
    return [mutex, replace(mutex, family="handoff", mechanism="channel", value=channel_ns,
                           threads=updaters + 1, params=params)]


def swept(place: str, ratios: Dict[int, float], updaters: int = 2) -> List[Spec]:
    """Such cells for several works, the channel taking so many times as long."""
    return [spec for work, ratio in ratios.items()
            for spec in guard(place, work, work + 50.0, (work + 50.0) * ratio, updaters,
                              noise=0.01)]


def advise(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-B", str(ROOT / "scripts" / "advise.py"), *arguments],
                          cwd=cwd, capture_output=True, text=True, check=False)


def page(folder: Path, specs: Sequence[Spec], *arguments: str) -> str:
    """What is printed of a run of these cells."""
    write_run(folder / "run", specs)
    done = advise("run", *arguments, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def medians(folder: Path, spec: Spec, cpu: bool = False) -> List[float]:
    """By invocation, straight from the rows: values, or CPU time per operation."""
    windows: Dict[int, List[float]] = {}
    with (folder / "run" / "samples.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if (row["mechanism"], row["workload"], row["place"], row["params"]) == \
                    (spec.mechanism, spec.workload, spec.place, spec.params):
                windows.setdefault(int(row["invocation"]), []).append(
                    float(row["cpu_ns"]) / float(row["ops"]) if cpu else float(row["value"]))
    return [statistics.median(windows[invocation]) for invocation in sorted(windows)]


def ratios(folder: Path, mutex: Spec, channel: Spec) -> List[float]:
    return [b / a for a, b in zip(medians(folder, mutex), medians(folder, channel))]


def signed_rank(values: Sequence[float]) -> Tuple[float, float, float]:
    """Estimate and interval of 12 ratios: the 14th Walsh average from either end (tables: 13)."""
    assert len(values) == 12
    logs = [math.log(value) for value in values]
    walsh = sorted((a + b) / 2 for i, a in enumerate(logs) for b in logs[i:])
    return (math.exp(statistics.median(walsh)), math.exp(walsh[13]), math.exp(walsh[-14]))


def numbers(text: str) -> List[float]:
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


def line_with(text: str, *parts: str) -> str:
    (line,) = [line for line in text.splitlines() if all(part in line for part in parts)]
    return line


def question(text: str, number: int) -> str:
    """The part of a page that answers one of the four."""
    return text.split(f"\n{number}. ")[1].split(f"\n{number + 1}. ")[0]


def test_a_factor_is_that_of_the_rows(tmp_path: Path) -> None:
    mutex, channel = guard("l3", 0, 60.0, 1300.0)
    first = question(page(tmp_path, [mutex, channel]), 1)
    truth = signed_rank(ratios(tmp_path, mutex, channel))
    row = line_with(first, "2 updaters", "–")
    assert row.endswith("mutex")
    assert numbers(row.split("none")[1])[-3:] == pytest.approx(truth, rel=0.006)
    verdict = line_with(first, "on l3:")
    assert numbers(verdict.split("mutex, ")[1]) == pytest.approx(truth, rel=0.006)
    assert verdict.endswith("as the chart says")


def test_both_sides_show_their_cpu_time(tmp_path: Path) -> None:
    mutex, channel = guard("l3", 0, 60.0, 1300.0, noise=0.0)
    specs = [replace(mutex, cpu_ns=120.0, within=0.0), replace(channel, cpu_ns=2600.0, within=0.0)]
    row = line_with(question(page(tmp_path, specs), 1), "2 updaters", "–")
    assert re.split("  +", row.strip())[2:6] == ["60.0 ns", "1.30 µs", "120 ns", "2.60 µs"]


def test_cpu_time_is_that_of_the_rows(tmp_path: Path) -> None:
    mutex, channel = [replace(spec, cpu_ns=value, between=0.5)
                      for spec, value in zip(guard("l3", 0, 60.0, 1300.0), (120.0, 700.0))]
    row = line_with(question(page(tmp_path, [mutex, channel]), 1), "2 updaters", "–")
    shown = [numbers(text)[0] for text in re.split("  +", row.strip())[4:6]]
    assert shown == pytest.approx([statistics.median(medians(tmp_path, spec, cpu=True))
                                   for spec in (mutex, channel)], rel=0.006)


def test_a_faster_channel_is_told_by_the_inverse(tmp_path: Path) -> None:
    second = question(page(tmp_path, [STREAM, STREAM_CHANNEL]), 2)
    ratio, low, high = signed_rank(ratios(tmp_path, STREAM, STREAM_CHANNEL))
    row = line_with(second, "stream, rendezvous, park", "–")
    assert row.endswith("channel")
    assert numbers(row)[-3:] == pytest.approx([ratio, low, high], rel=0.006)
    verdict = line_with(second, "on same-cpu:")
    assert numbers(verdict) == pytest.approx([1 / ratio, 1 / high, 1 / low], rel=0.006)
    assert verdict.endswith("times as fast "
                            f"({1 / high:.2f} – {1 / low:.2f}), as the chart says")


def test_what_is_against_the_chart_is_called_so(tmp_path: Path) -> None:
    text = page(tmp_path, [*guard("l3", 0, 1300.0, 60.0), replace(STREAM, value=1200.0),
                           STREAM_CHANNEL])
    assert "channel" in line_with(question(text, 1), "on l3:", "against the chart")
    assert "mutex" in line_with(question(text, 2), "on same-cpu:", "against the chart")


def test_where_the_interval_holds_1_one_cannot_tell(tmp_path: Path) -> None:
    fourth = question(page(tmp_path, [replace(FAN, value=900.0), FAN_CHANNEL]), 4)
    _, low, high = signed_rank(ratios(tmp_path, FAN, FAN_CHANNEL))
    assert low < 1 < high
    assert line_with(fourth, "fan-in, 2 senders", "–").endswith("cannot tell")
    assert line_with(fourth, "on same-cpu:").endswith("on same-cpu: cannot tell")


def test_a_side_with_two_modes_tells_nothing(tmp_path: Path) -> None:
    outside = replace(STREAM, status=lambda invocation, round_: "flagged:SWITCHES"
                      if round_ < 3 else "ok")
    second = question(page(tmp_path, [outside, STREAM_CHANNEL]), 2)
    assert line_with(second, "stream, rendezvous", "–").endswith("  two modes")
    assert "on same-cpu: cannot tell" in second


def test_too_few_invocations_tell_nothing(tmp_path: Path) -> None:
    write_run(tmp_path / "run", [STREAM, STREAM_CHANNEL, *swept("l3", {0: 9.0, 1000: 1.5})],
              invocations=5)
    text = advise("run", cwd=tmp_path).stdout
    assert line_with(question(text, 2), "stream, rend").endswith("  5 processes")
    assert "cannot tell from 5 invocations" in question(text, 1)


def test_rows_that_disagree_depend(tmp_path: Path) -> None:
    other = [replace(FAN, params=FAN.params.replace("=2", "=4"), threads=5),
             replace(FAN_CHANNEL, params=FAN_CHANNEL.params.replace("=2", "=4"), threads=5,
                     value=2000.0)]
    text = page(tmp_path, [FAN, replace(FAN_CHANNEL, value=90.0), *other])
    assert "on same-cpu: it depends: the mutex in 1 of 2 rows" in question(text, 4)


def test_the_crossover_is_that_of_the_rows(tmp_path: Path) -> None:
    """Straight in the logarithms between 3 and 10 us, where the ratio passes 1.1."""
    works = {0: 20.0, 1000: 4.0, 3000: 1.6, 10_000: 1.04, 30_000: 1.01}
    specs = swept("l3", works)
    first = question(page(tmp_path, specs), 1)
    by_work = dict(zip(works, [ratios(tmp_path, *specs[at:at + 2]) for at in range(0, 10, 2)]))
    found = []
    for at in range(12):
        low, high = by_work[3000][at], by_work[10_000][at]
        assert low > 1.1 > high
        share = (math.log(low) - math.log(1.1)) / (math.log(low) - math.log(high))
        found.append(3 * (10 / 3) ** share)
    found.sort()
    claim = " ".join(first.split()).split("on l3, 2 updaters: ")[1].split(")")[0]
    assert re.fullmatch(r"below (\S+) µs of work inside a mutex is more than 10 % faster than a "
                        r"channel \((\S+) µs – (\S+) µs", claim)
    truth = [statistics.median(found), found[2], found[9]]
    assert [numbers(claim)[at] for at in (0, 2, 3)] == pytest.approx(truth, rel=0.06)


def test_who_wants_no_answer_is_told_apart(tmp_path: Path) -> None:
    mutex, channel = guard("l3", 0, 60.0, 1300.0)
    silent = replace(channel, value=45.0, params="answer=none;capacity=64;policy=adaptive;"
                                                 "updaters=2;work_ns=0")
    third = question(page(tmp_path, [mutex, channel, silent]), 3)
    assert "mutex, " in line_with(third, "on l3: ", "as the chart says")
    gain = line_with(third, "on l3, where no answer is wanted: channel, ")
    ratio, low, high = signed_rank(ratios(tmp_path, mutex, silent))
    truth = [1 / ratio, 1 / high, 1 / low]
    assert numbers(gain.split("channel, ")[1]) == pytest.approx(truth, rel=0.006)


def test_crossovers_are_by_place_and_updaters(tmp_path: Path) -> None:
    specs = [*swept("same-cpu", {0: 9.0, 1000: 4.0, 10_000: 1.5}),
             *swept("l3", {0: 0.8, 1000: 0.9}), *swept("l3", {0: 9.0, 1000: 0.5}, updaters=8)]
    first = " ".join(question(page(tmp_path, specs), 1).split())
    assert "on same-cpu, 2 updaters: at every work inside, up to 10 µs, a mutex" in first
    assert "(beyond 10 µs – beyond 10 µs)" in first
    assert "on l3, 2 updaters: at no work inside a mutex is more than 10 % faster" in first
    assert re.search(r"on l3, 8 updaters: below [67]\d\d? ?\S* of work inside", first)


@pytest.mark.parametrize("points, where", [
    ([(0, 1.05), (10, 1.0)], 0.0), ([(0, 1.2), (10, 1.1001)], math.inf),
    ([(10, 1.21), (1000, 1.0)], 100.0), ([(0, 1.21), (100, 1.0)], 50.0),
    ([(10, 1.21), (100, 1.0), (1000, 1.21), (100_000, 1.0)], 10_000.0),
    ([(10, 1.0), (1000, 1.21)], math.inf)])
def test_the_last_crossing_counts(points: List[Tuple[float, float]], where: float) -> None:
    assert crossing(points) == pytest.approx(where)


@pytest.mark.parametrize("work_ns, claim", [
    ([0.0] * 6 + [math.inf] * 6, "cannot tell below how much work inside a mutex is more than"),
    ([0.0] * 12, "at no work inside a mutex is more than 10 % faster than a channel "
                 "(0 – 0)"),
    ([math.inf] * 12, "at every work inside, up to 30 µs, a mutex"),
    ([800.0] * 9 + [math.inf] * 3, "below 800 ns of work inside a mutex is more than 10 % faster "
                                   "than a channel (800 ns – beyond 30 µs)"),
    ([800.0] * 5, "cannot tell from 5 invocations")])
def test_ends_are_told_as_far_as_they_go(work_ns: List[float], claim: str) -> None:
    told = crossover_text(Crossover("l3", 2, 30_000, tuple(work_ns)))
    assert told.startswith(f"on l3, 2 updaters: {claim}")


def test_threads_per_cpu_do_not_tell_cells_apart_and_awake_ones_are_others(tmp_path: Path) -> None:
    mutex, channel = guard("l3", 0, 60.0, 1300.0, updaters=4)
    wrapped = guard("l3", 0, 60.0, 1300.0, updaters=4, per_cpu="per_cpu=3;")[1]
    awake = replace(channel, params="answer=await;awake=1;capacity=0;policy=adaptive;updaters=4;"
                                    "work_ns=0", value=1.0)
    first = question(page(tmp_path, [mutex, wrapped, awake]), 1)
    assert line_with(first, "4 updaters", "–").endswith("mutex")


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    absent = replace(STREAM_CHANNEL, place="l3", value=None, reason="the kernel refuses it",
                     status=lambda invocation, round_: "skipped:ENOSYS")
    text = page(tmp_path, [STREAM, STREAM_CHANNEL, replace(STREAM, place="l3"), absent,
                           replace(STREAM, place="smt")])
    second = " ".join(question(text, 2).split())
    assert ("left out: stream, rendezvous, park, l3: channel: skipped:ENOSYS: "
            "the kernel refuses it") in second
    assert "left out: stream, rendezvous, park, smt: no channel there" in second
    assert "not in this run: 8 more pairs" in second
    assert "on l3" not in second
    assert "not in this run: 3 more pairs" in question(text, 1)
    assert "cannot tell" in question(text, 1)


def test_the_command_that_is_named_has_what_is_missing(tmp_path: Path) -> None:
    text = " ".join(page(tmp_path, [STREAM, STREAM_CHANNEL]).split())
    filters = re.findall(r"--filter='([^']*)'", text)
    assert len(filters) == 4
    cells = ["lock/mutex/guard/l3/updaters=2;work_ns=0", "handoff/channel/latency/l3/capacity=0",
             "handoff/channel/guard/l3/answer=none", "handoff/mutex-condvar/fan-out/l3/capacity=1"]
    for pattern, cell in zip(filters, cells):
        assert re.search(pattern, cell)


def test_the_page_is_narrow_and_the_section_says_the_same(tmp_path: Path) -> None:
    specs = [STREAM, STREAM_CHANNEL, FAN, FAN_CHANNEL,
             *[replace(spec, place="l3", params=spec.params.replace("capacity=0", "capacity=1024")
                       .replace("park", "adaptive"), value=value)
               for spec, value in ((STREAM, 1070.0), (STREAM_CHANNEL, 22.9))],
             *swept("same-cpu", {0: 9.0, 1000: 4.0, 10_000: 1.05}),
             *swept("l3", {0: 20.0, 1000: 2.0, 100_000: 1.0}, updaters=8)]
    text = page(tmp_path, specs)
    assert max(len(line) for line in text.splitlines()) <= 100
    markdown = section(read_run(tmp_path / "run"))
    assert advise("run", "--format=markdown", cwd=tmp_path).stdout == markdown
    rows = [re.split("  +", line.strip()) for line in text.splitlines() if " – " in line
            and re.match(" [^ ]", line) and "95 %" not in line and "times" not in line]
    assert len(rows) == 3 + 2 * 3 + 2
    for cells in rows:
        assert f"| {' | '.join(cells)} |" in markdown
    for line in markdown.splitlines():
        assert not line.startswith("|") or line.count("|") in (9, 10)


def test_without_a_run_the_newest_is_read(tmp_path: Path) -> None:
    write_run(tmp_path / "results" / "one", [STREAM, STREAM_CHANNEL])
    assert "on same-cpu: channel" in advise(cwd=tmp_path).stdout


@pytest.mark.parametrize("arguments, code, words", [
    ([], 4, "no run under results/ yet"), (["nowhere"], 2, "no such folder"),
    (["run", "--format=html"], 2, "--format"), (["run", "more"], 2, "more"),
    (["run"], 4, "run holds no mutex against a channel: nothing to advise by")])
def test_bad_input_gets_one_line(tmp_path: Path, arguments: List[str], code: int,
                                 words: str) -> None:
    write_run(tmp_path / "run", [STREAM])
    done = advise(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert done.stderr.startswith("advise.py: ") and words in done.stderr
