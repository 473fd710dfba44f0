#!/usr/bin/env python3
"""channel_peers.py - hold the channel (sync/channel.h) against its peers, and say what was wanted

    scripts/channel_peers.py [--quick | --pairs=N] [--group=LIST] [--place=PLACE] [--build=FOLDER]

Each line is a ratio of adjacent windows of the two sides, alternated in drawn order, in 6
invocations (fresh processes): one median of ratios for each, the estimate and its interval by the
signed rank over them (paired.py, stats.py). The groups park, spin, buffered and select are pairs of
baton's cells (`baton run --pair`); go alternates windows of two programs, build/peers/channel_peer
and build/peers/channel_go, which make the same loops on request.

It only measures: a ratio that misses what was wanted is no error. Needs no package.
Exit codes: 1 a measurement failed, 2 usage, 3 machine unfit, 5 not built, 6 cannot write, 130, 143,
129 interrupted by that signal, after the programs that it started have ended.
"""

import csv
import io
import math
import os
import platform
import random
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from command import CANNOT_WRITE, PACKAGE_MISSING, USAGE, Parser, aligned, fail, run
from paired import paired
from results import Run, Summary, read_run, summarise
from stats import Interval, median, paired_interval, paired_ratio
from units import quantity, significant

ROOT = Path(__file__).resolve().parents[1]
FAILED, UNFIT = 1, 3
INVOCATIONS = 6
ROUND_PAIRS = 8  # windows of each side in a round of baton run --pair
PAIRS, QUICK_PAIRS, PAIRS_LEAST = 96, 48, 20
WINDOW_NS = 20e6
REPLY_S, END_S = 60.0, 10.0
SAME_CPU = "same-cpu"
LEGEND = """\
A number after a name is its capacity, 0 a rendezvous; values have 8 bytes. unlocked: signals after
the unlock. ratio: time per one-way hand-off of the second over the first, in adjacent windows, with
its 95 % interval over {invocations} fresh processes; CPU: CPU time of a hand-off, all threads.
ok, MISSED: the ratio against what was wanted; close: its interval holds that bound. No bound: shown
for comparison. LOAD n: n windows shared their CPUs with other work; SWITCHES n: n switched
otherwise than declared, and are left out."""


class Place(NamedTuple):
    """A place and an example of its CPUs."""

    name: str
    cpus: Tuple[str, str]


class Bound(NamedTuple):
    """What was wanted of a ratio: at least, or at most, this."""

    limit: float
    at_most: bool = False

    def __str__(self) -> str:
        return f"{'≤' if self.at_most else '≥'} {self.limit:g}"

    def met(self, ratio: float) -> bool:
        return ratio <= self.limit if self.at_most else ratio >= self.limit


class Side(NamedTuple):
    """One side of a line: a mechanism of baton's with its params, or Go with a capacity."""

    mechanism: str
    params: str

    @property
    def label(self) -> str:
        """Such as channel-select 0 park, 2 cases."""
        pairs = dict(pair.split("=") for pair in self.params.split(";"))
        cases = pairs.pop("cases", "")
        words = [self.mechanism, *(value for key, value in pairs.items() if key != "payload")]
        return " ".join(words) + (f", {cases} case{'s' if cases != '1' else ''}" if cases else "")

    @property
    def capacity(self) -> str:
        return dict(pair.split("=") for pair in self.params.split(";"))["capacity"]


@dataclass(frozen=True)
class Line:
    """Two sides to be held against each other."""

    workload: str
    place: Place
    ours: Side
    peer: Side
    wanted: Optional[Bound] = None

    def cell(self, side: Side) -> str:
        """As baton names it."""
        return f"handoff/{side.mechanism}/{self.workload}/{self.place.name}/{side.params}"


@dataclass(frozen=True)
class Result:
    """A line as measured: times per operation in ns, of (ours, peer); None: no window counts."""

    line: Line
    ns: Tuple[Optional[float], Optional[float]]
    cpu_ns: Tuple[Optional[float], Optional[float]]
    ratios: Tuple[float, ...]
    pairs: int
    note: str = ""

    @property
    def ratio(self) -> Optional[float]:
        return paired_ratio(self.ratios)

    @property
    def interval(self) -> Optional[Interval]:
        return paired_interval(self.ratios)

    @property
    def verdict(self) -> str:
        """ok or MISSED, close where the interval holds the bound; empty where nothing is wanted."""
        wanted, ratio, interval = self.line.wanted, self.ratio, self.interval
        if wanted is None:
            return ""
        if ratio is None:
            return "unknown"
        close = interval is None or not interval.excludes(wanted.limit)
        return ("ok" if wanted.met(ratio) else "MISSED") + (" (close)" if close else "")


@dataclass(frozen=True)
class Group:
    """Lines under a title; why says why there are none."""

    title: str
    lines: Sequence[Line]
    measure: Callable[[Line], Result]
    why: str = ""


def channel(capacity: int, policy: str) -> Side:
    return Side("channel", f"capacity={capacity};payload=8;policy={policy}")


def selecting(capacity: int, policy: str, cases: int) -> Side:
    return Side("channel-select", f"capacity={capacity};cases={cases};payload=8;policy={policy}")


def condvar(capacity: int, careful: bool = True) -> Side:
    """careful: it signals after the unlock, not with the mutex held as textbooks do."""
    return Side("mutex-condvar", f"capacity={capacity};payload=8"
                + (";signal=unlocked" if careful else ""))


def park_lines(same: Place, cross: Optional[Place]) -> List[Line]:
    """Wanted is something of the textbook's rendezvous; beside it stand stronger peers, and one
    place against one place."""
    wanted = {("latency", same): 2.5, ("stream", same): 2.0}
    return [Line(workload, place, channel(capacity, "park"), peer, bound)
            for place in (same, cross) if place for workload in ("latency", "stream")
            for capacity, peer, bound in (
                (0, condvar(0, careful=False), Bound(wanted.get((workload, place), 1.0))),
                (0, condvar(0), None), (0, condvar(1), None), (1, condvar(1), None))]


def spin_lines(same: Place, cross: Optional[Place]) -> List[Line]:
    """Spinning against spinning; then, never as a headline, against parking."""
    polled = Side("mutex", "capacity=1;payload=8")
    workloads = [(workload, cross) for workload in ("latency", "stream") if cross]
    return [*(Line(workload, place, channel(0, policy), polled, Bound(1.5))
              for policy in ("adaptive", "spin") for workload, place in workloads),
            *(Line(workload, place, channel(0, "adaptive"), condvar(0))
              for workload, place in workloads)]


def buffered_lines(same: Place, cross: Optional[Place]) -> List[Line]:
    """At most 1.5 times the time of the ring on one CPU is a ratio of at least 0.67."""
    ring = Side("ck-ring-mpmc", "capacity=1024;payload=8")
    return [Line("stream", place, channel(1024, "adaptive"), peer, Bound(limit))
            for place in (same, cross) if place
            for peer, limit in ((condvar(1024), 2.0), (ring, 0.67 if place == same else 1.0))]


def select_lines(same: Place, cross: Optional[Place]) -> List[Line]:
    """One case against the plain operation; then two, to know."""
    kinds = [(workload, place, 0, "park" if place == same else "adaptive")
             for place in (same, cross) if place for workload in ("latency", "stream")]
    kinds += [("stream", place, 1024, "adaptive") for place in (same, cross) if place]
    return [Line(workload, place, channel(capacity, policy), selecting(capacity, policy, cases),
                 Bound(1.5, at_most=True) if cases == 1 else None)
            for cases in (1, 2) for workload, place, capacity, policy in kinds]


def go_lines(places: Sequence[Place]) -> List[Line]:
    return [Line(workload, place, channel(capacity, "adaptive"),
                 Side("Go", f"capacity={capacity}"), Bound(1.0))
            for place in places
            for workload, capacities in (("latency", (0, 1)), ("stream", (0, 1, 64, 1024)))
            for capacity in capacities]


class PeerError(Exception):
    """A program that was started did not do its part; str() is one line, code is to exit with."""

    def __init__(self, problem: str, code: int = FAILED) -> None:
        super().__init__(problem)
        self.code = code if code in (UNFIT, CANNOT_WRITE) else FAILED


@contextmanager
def child(arguments: Sequence[str], **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """A program that has ended when the block is left, however it is left."""
    process = subprocess.Popen(list(arguments), text=True, **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            with suppress(BrokenPipeError):  # of what it did not read, once more
                if stream:
                    stream.close()


def ask_baton(baton: Path, *arguments: str) -> str:
    """What baton writes to stdout. Raises PeerError."""
    try:
        with child([str(baton), *arguments], stdout=subprocess.PIPE,
                   stderr=subprocess.PIPE) as process:
            out, complaint = process.communicate()
    except OSError as error:
        raise PeerError(f"{baton}: {error.strerror}") from None
    if process.returncode:
        lines = complaint.strip().splitlines() or ["no word"]
        raise PeerError(f"baton {' '.join(arguments)}: {lines[-1]} (exit {process.returncode})",
                        process.returncode)
    return out


def parse_places(text: str) -> List[Place]:
    """The table of `baton places --format=csv`, nearest first."""
    return [Place(row["place"], (row["cpu_a"], row["cpu_b"]))
            for row in csv.DictReader(io.StringIO(text))]


def flagged(run_: Run, flag: str) -> int:
    return sum(flag in sample.flags for sample in run_.samples)


def result_of_run(line: Line, run_: Run) -> Result:
    """The line as a run of its two cells has it. Raises PeerError where a window failed."""
    by_name: Dict[str, Summary] = {cell.name: summary for cell, summary in summarise(run_).items()}
    sides = [by_name.get(line.cell(side)) for side in (line.ours, line.peer)]
    ours, peer = sides
    if ours is None or peer is None:
        raise PeerError(f"{run_.path}: no window of {line.cell(line.peer if ours else line.ours)}")
    pair = next((row for cell, row in paired(run_).items() if cell == peer.cell), None)
    note = ", ".join(f"{flag} {count}" for flag in ("SWITCHES", "LOAD", "STEAL")
                     for count in [flagged(run_, flag)] if count)
    cpu = [median(side.cpu_values) if side.cpu_values else None for side in (ours, peer)]
    return Result(line, (ours.median, peer.median), (cpu[0], cpu[1]), pair.ratios if pair else (),
                  pair.windows - pair.left_out if pair else 0, note)


def measure_cells(baton: Path, pairs: int, line: Line) -> Result:
    """By `baton run --pair`, whose files are not kept."""
    with tempfile.TemporaryDirectory(prefix="baton-peers-") as folder:
        out = Path(folder) / "run"
        rounds = math.ceil(pairs / INVOCATIONS / ROUND_PAIRS)
        ask_baton(baton, "run", f"--pair={line.cell(line.ours)},{line.cell(line.peer)}",
                  f"--invocations={INVOCATIONS}", f"--rounds={rounds}", f"--out={out}")
        return result_of_run(line, read_run(out))


class Window(NamedTuple):
    """Per operation, in ns."""

    ns: float
    cpu_ns: float


def parse_window(reply: str) -> Window:
    """The line "NS CPU_NS". Raises PeerError."""
    try:
        ns, cpu_ns = (float(word) for word in reply.split())
    except ValueError:
        raise PeerError(f"{reply.strip()!r} is not the time and the CPU time of a hand-off"
                        ) from None
    if not (0 < ns < math.inf and 0 <= cpu_ns < math.inf):
        raise PeerError(f"{reply.strip()!r} cannot be the time of a hand-off")
    return Window(ns, cpu_ns)


def window(process: "subprocess.Popen[str]", ops: int) -> Window:
    """Have a program make a window of so many operations. Raises PeerError."""
    assert process.stdin and process.stdout
    try:
        process.stdin.write(f"window {ops}\n")
        process.stdin.flush()
    except BrokenPipeError:
        raise PeerError(f"{process.args!r} ended") from None
    if not select.select([process.stdout], [], [], REPLY_S)[0]:
        raise PeerError(f"{process.args!r} hangs")
    return parse_window(process.stdout.readline())


def calibrate(process: "subprocess.Popen[str]") -> int:
    """How many operations last about a window: grown, then the median of three probes."""
    ops = 64
    while window(process, ops).ns * ops < WINDOW_NS / 4 and ops < 1 << 40:
        ops *= 4
    return max(2, int(WINDOW_NS / median([window(process, ops).ns for _ in range(3)])))


def measure_programs(build: Path, pairs: int, rng: random.Random, line: Line) -> Result:
    """By windows of the two programs in turn; which of a pair comes first is drawn."""
    programs = [[str(build / "peers" / name), line.workload, side.capacity, *line.place.cpus]
                for name, side in (("channel_peer", line.ours), ("channel_go", line.peer))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    ops = [0, 0]
    ratios: List[float] = []
    medians: List[List[Window]] = [[], []]
    for _ in range(INVOCATIONS):
        with child(programs[0], **pipes) as ours, child(programs[1], **pipes) as peer:
            sides = (ours, peer)
            ops = [known or calibrate(side) for known, side in zip(ops, sides)]
            seen: List[List[Window]] = [[], []]
            for _ in range(math.ceil(pairs / INVOCATIONS)):
                for at in rng.sample((0, 1), 2):
                    seen[at].append(window(sides[at], ops[at]))
        ratios.append(median([theirs.ns / own.ns for own, theirs in zip(*seen)]))
        for at in (0, 1):
            medians[at].append(Window(*(median(column) for column in zip(*seen[at]))))
    ns, cpu_ns = [tuple(median([one[column] for one in medians[at]]) for at in (0, 1))
                  for column in (0, 1)]
    return Result(line, (ns[0], ns[1]), (cpu_ns[0], cpu_ns[1]), tuple(ratios),
                  INVOCATIONS * math.ceil(pairs / INVOCATIONS))


def no_go(build: Path) -> str:
    """Why Go is left out; empty: it is not."""
    if not shutil.which("go"):
        return "there is no go on PATH; scripts/setup --all installs it"
    if not os.access(build / "peers" / "channel_go", os.X_OK):
        return f"{build}/peers/channel_go is not there; make channel-peers builds it"
    return ""


def time_text(ns: Optional[float]) -> str:
    return "-" if ns is None else quantity(ns, "ns", 3)


def ratio_text(ratio: Optional[float]) -> str:
    return "-" if ratio is None else significant(ratio, 3)


def row(result: Result) -> List[str]:
    line, interval = result.line, result.interval
    between = f"{ratio_text(interval.low)} – {ratio_text(interval.high)}" if interval else "-"
    return [f"  {line.workload}", line.place.name, line.ours.label, line.peer.label,
            *map(time_text, (*result.ns, *result.cpu_ns)), ratio_text(result.ratio), between,
            str(result.pairs), str(line.wanted or ""), result.verdict, result.note]


HEADER = ["", "place", "first", "second", "first", "second", "CPU", "CPU", "ratio",
          "95 % interval", "pairs", "wanted", "", ""]
RIGHT = (4, 5, 6, 7, 8, 9, 10)


def table(groups: Sequence[Tuple[Group, Sequence[Result]]]) -> str:
    """All groups under one header, then how they fared."""
    rows = [HEADER, *(row(result) for _, results in groups for result in results)]
    header, *body = aligned(rows, RIGHT)
    lines = [header]
    for group, results in groups:
        lines += ["", group.title, *(body.pop(0) for _ in results)]
        if group.why:
            lines.append(f"  left out: {group.why}")
    verdicts = [result.verdict for _, results in groups for result in results if result.verdict]
    kept = sum(verdict.startswith("ok") for verdict in verdicts)
    return "\n".join([*lines, "", f"{kept} of {len(verdicts)} ratios are as wanted",
                      LEGEND.format(invocations=INVOCATIONS), ""])


def cpu_name() -> str:
    """As /proc/cpuinfo has it, or the architecture."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    names = [line.partition(":")[2].strip() for line in text.splitlines()
             if line.startswith("model name")]
    return names[0] if names else platform.machine()


def heading(build: Path) -> str:
    """Where, when and how."""
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    command = shlex.join([os.path.basename(sys.argv[0]), *sys.argv[1:]])
    lines = [f"The channel against its peers: {cpu_name()}, {os.cpu_count()} CPUs, "
             f"{platform.system()} {platform.release()}, {when}", f"command: {command}"]
    if not no_go(build):
        told = subprocess.run(["go", "version", str(build / "peers" / "channel_go")],
                              capture_output=True, text=True, check=False)
        lines.append(f"Go: {told.stdout.strip().rpartition(' ')[2] or 'version unknown'}")
    return "\n".join([*lines, ""])


def choose_cross(places: Sequence[Place], name: Optional[str]) -> Optional[Place]:
    """The place across CPUs: the nearest, or the one asked for."""
    cross = [place for place in places if not place.name.startswith(SAME_CPU)]
    if name is None:
        return cross[0] if cross else None
    for place in cross:
        if place.name == name:
            return place
    fail(USAGE, f"--place={name}: valid: {', '.join(place.name for place in cross) or 'none here'}")


def groups_of(chosen: Sequence[str], build: Path, pairs: int, seed: int,
              place: Optional[str]) -> List[Group]:
    """The groups that were asked for, on this machine's places."""
    baton = build / "baton"
    why_no_go = no_go(build)
    if chosen == ["go"] and why_no_go:
        return [Group(GROUPS["go"][0], [], lambda line: measure_cells(baton, pairs, line),
                      why_no_go)]
    places = parse_places(ask_baton(baton, "places", "--format=csv"))
    cross = choose_cross(places, place)
    rng = random.Random(seed)
    groups = []
    for name in chosen:
        title, make = GROUPS[name]
        if make:
            groups.append(Group(title, make(places[0], cross),
                                lambda line: measure_cells(baton, pairs, line),
                                "" if cross else "across CPUs: there is one CPU only"))
        else:
            groups.append(Group(title, [] if why_no_go else go_lines(places),
                                lambda line: measure_programs(build, pairs, rng, line), why_no_go))
    return groups


Maker = Callable[[Place, Optional[Place]], List[Line]]
GROUPS: Dict[str, Tuple[str, Optional[Maker]]] = {
    "park": ("Without a buffer, parking: peer / channel", park_lines),
    "spin": ("Without a buffer, spinning: peer / channel", spin_lines),
    "buffered": ("With a buffer: peer / channel", buffered_lines),
    "select": ("A select over the channel and one besides: select / plain", select_lines),
    "go": ("Go's channel, its threads locked and pinned as ours: Go / channel", None),
}


def measure(groups: Sequence[Group]) -> List[Tuple[Group, List[Result]]]:
    """All lines; each is told on stderr as it begins."""
    total = sum(len(group.lines) for group in groups)
    measured = []
    at = 0
    for group in groups:
        results = []
        for line in group.lines:
            at += 1
            sys.stderr.write(f"[{at}/{total}] {line.workload} {line.place.name}: "
                             f"{line.ours.label}, {line.peer.label}\n")
            results.append(group.measure(line))
        measured.append((group, results))
    return measured


def end_by_signal(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def chosen_groups(text: str) -> List[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        fail(USAGE, f"--group: there is no {unknown[0]!r}; valid: {', '.join(GROUPS)}")
    return [name for name in GROUPS if name in names]


def refuse_unbuilt(build: Path, chosen: Sequence[str]) -> None:
    """Exit 5 where a program of ours is missing."""
    needed = ["baton"] if chosen != ["go"] or not no_go(build) else []
    needed += ["peers/channel_peer"] if "go" in chosen and not no_go(build) else []
    for name in needed:
        if not os.access(build / name, os.X_OK):
            fail(PACKAGE_MISSING, f"{build / name} is not there: make channel-peers builds it")


def main() -> int:
    parser = Parser("Hold the channel against its peers.")
    parser.add_argument("--pairs", metavar="N", type=int, default=None,
                        help=f"pairs of windows in each line, at least (default: {PAIRS}); baton's "
                             f"come in {INVOCATIONS * ROUND_PAIRS}s")
    parser.add_argument("--quick", action="store_true", help=f"as --pairs={QUICK_PAIRS}")
    parser.add_argument("--group", metavar="LIST", default=",".join(GROUPS),
                        help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--place", help="across CPUs (default: the nearest of baton places)")
    parser.add_argument("--build", metavar="FOLDER", type=Path, default=ROOT / "build",
                        help="where baton was built (default: build)")
    parser.add_argument("--seed", metavar="N", type=int, default=None,
                        help="of the order within pairs of programs (default: drawn)")
    options = parser.parse_args()
    if options.quick and options.pairs is not None:
        parser.error("--quick is --pairs=48: one of the two")
    pairs = QUICK_PAIRS if options.quick else PAIRS if options.pairs is None else options.pairs
    if pairs < PAIRS_LEAST:
        parser.error(f"--pairs={pairs}: {PAIRS_LEAST} or more")
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    chosen = chosen_groups(options.group)
    refuse_unbuilt(options.build, chosen)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end_by_signal)
    try:
        opening = heading(options.build)
        measured = measure(groups_of(chosen, options.build, pairs, seed, options.place))
    except PeerError as error:
        fail(error.code, str(error))
    print(opening)
    print(table(measured), end="")
    return 0


if __name__ == "__main__":
    run(main)
