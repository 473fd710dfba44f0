"""decision.py - mutex or channel? the questions of the classic chart, answered by a run's rows

The chart is that of K. Cox-Buday, Concurrency in Go, O'Reilly 2017, chapter 2: four questions, each
of which sends its reader to channels or to primitives. Here each is put to cells of a run that do
the same in both ways. All ratios are of times: the channel's over the mutex's, formed within an
invocation (a fresh process) from the medians of its windows, which lie interleaved in the same
rounds; above 1 the mutex is the faster.
"""

import math
from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from results import Cell, Run, Summary, place_order, summarise
from stats import Interval, median, median_interval, paired_interval, paired_ratio

MUTEX, CHANNEL, UNTOLD, DEPENDS = "mutex", "channel", "cannot tell", "it depends"
MARGIN = 1.10


class Kind(NamedTuple):
    """Cells that differ in their place alone. params as in the catalogue, without per_cpu."""

    family: str
    mechanism: str
    workload: str
    params: str

    @property
    def name(self) -> str:
        return f"{self.family}/{self.mechanism}/{self.workload}/…/{self.params}"


class Pair(NamedTuple):
    """What is to be held against what, and what both do, in words.

    aside: the two do not do the same, for who asks the channel gets no answer; told apart.
    """

    what: str
    mutex: Kind
    channel: Kind
    aside: bool = False


@dataclass(frozen=True)
class Versus:
    """A pair at a place. ratios: the channel's time over the mutex's, by invocation."""

    pair: Pair
    place: str
    mutex: Summary
    channel: Summary
    ratios: Tuple[float, ...]

    @property
    def ratio(self) -> Optional[float]:
        return paired_ratio(self.ratios)

    @property
    def interval(self) -> Optional[Interval]:
        return paired_interval(self.ratios)

    @property
    def gain(self) -> Optional[Tuple[float, Interval]]:
        """How many times as fast the faster one is, with its interval; None: one cannot tell."""
        if self.ratio is None or self.interval is None or self.faster == UNTOLD:
            return None
        if self.faster == MUTEX:
            return self.ratio, self.interval
        return 1 / self.ratio, Interval(1 / self.interval.high, 1 / self.interval.low)

    @property
    def faster(self) -> str:
        """MUTEX, CHANNEL, or UNTOLD where the interval holds 1 or a side has two modes."""
        interval = self.interval
        two_modes = self.mutex.two_modes or self.channel.two_modes
        if two_modes or not interval or not interval.excludes(1):
            return UNTOLD
        return MUTEX if interval.low > 1 else CHANNEL

    @property
    def note(self) -> str:
        """Why one cannot tell, where it is not the interval."""
        if self.mutex.two_modes or self.channel.two_modes:
            return "two modes"
        return "" if self.interval else f"{len(self.ratios)} processes"


@dataclass(frozen=True)
class Crossover:
    """How much work inside it takes until a mutex is no more than a tenth faster, at a place.

    work_ns: by invocation; 0 where the mutex is not a tenth faster at any work measured, infinity
    where it is at all of them. Where the ratio falls below the margin more than once, the last
    time counts. top_ns: the most work measured.
    """

    place: str
    updaters: int
    top_ns: float
    work_ns: Tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.work_ns)

    @property
    def interval(self) -> Optional[Interval]:
        return median_interval(self.work_ns)


@dataclass(frozen=True)
class Answer:
    """A question of the chart, the chart's own answer, and what the run's rows say.

    missing: pairs of which one side or both have no value here, and why.
    """

    question: str
    chart: str
    rows: List[Versus]
    crossovers: List[Crossover]
    missing: List[Tuple[Pair, str]]

    @property
    def places(self) -> List[str]:
        return sorted({row.place for row in self.rows}, key=place_order)

    def told(self, place: str, aside: bool = False) -> List[Versus]:
        """The rows there that can tell."""
        return [row for row in self.rows if row.place == place and row.pair.aside == aside
                and row.faster != UNTOLD]

    def at(self, place: str, aside: bool = False) -> str:
        """What to take there: where the rows that can tell disagree, it depends."""
        faster = {row.faster for row in self.told(place, aside)}
        return UNTOLD if not faster else faster.pop() if len(faster) == 1 else DEPENDS


def _guard(updaters: int, work_ns: int, answer: str) -> Pair:
    aside = answer == "none"
    capacity, how = (64, ", no answer") if aside else (0, "")
    return Pair(f"{updaters} updaters{how}",
                Kind("lock", "mutex", "guard", f"updaters={updaters};work_ns={work_ns}"),
                Kind("handoff", "channel", "guard",
                     f"answer={answer};capacity={capacity};policy=adaptive;updaters={updaters};"
                     f"work_ns={work_ns}"), aside)


def _parked(workload: str, capacity: int, policy: str) -> Pair:
    buffer = str(capacity) if capacity else "rendezvous"
    return Pair(f"{workload}, {buffer}, {policy}",
                Kind("handoff", "mutex-condvar", workload,
                     f"capacity={capacity};payload=8;signal=unlocked"),
                Kind("handoff", "channel", workload,
                     f"capacity={capacity};payload=8;policy={policy}"))


def _spun(workload: str) -> Pair:
    return Pair(f"{workload}, 1, spin",
                Kind("handoff", "mutex", workload, "capacity=1;payload=8"),
                Kind("handoff", "channel", workload, "capacity=1;payload=8;policy=spin"))


def _fan(workload: str, crowd: str, count: int) -> Pair:
    return Pair(f"{workload}, {count} {crowd}",
                Kind("handoff", "mutex-condvar", workload,
                     f"capacity=64;payload=8;{crowd}={count};signal=unlocked"),
                Kind("handoff", "channel", workload,
                     f"capacity=64;payload=8;policy=adaptive;{crowd}={count}"))


# Work inside, by the number of updaters.
WORK_NS = {2: (0, 100, 300, 1000, 3000, 10_000, 30_000, 100_000),
           4: (0, 1000, 10_000, 100_000), 8: (0, 1000, 10_000, 100_000)}
AWAITED, UNANSWERED = ([_guard(updaters, work_ns, answer)
                        for updaters, works in WORK_NS.items() for work_ns in works]
                       for answer in ("await", "none"))
QUESTIONS: Sequence[Tuple[str, str, Sequence[Pair]]] = (
    ("Is it a performance-critical section?", MUTEX,
     [_guard(updaters, 0, "await") for updaters in WORK_NS]),
    ("Are you transferring ownership of data?", CHANNEL,
     [_parked("latency", 0, "park"), _parked("latency", 1, "park"), _spun("latency"),
      _parked("stream", 0, "park"), _parked("stream", 1, "park"), _spun("stream"),
      _parked("stream", 64, "park"), _parked("stream", 64, "adaptive"),
      _parked("stream", 1024, "adaptive")]),
    ("Are you guarding the internal state of a struct?", MUTEX,
     AWAITED + UNANSWERED),
    ("Are you coordinating several pieces of logic?", CHANNEL,
     [_fan(workload, crowd, count) for workload, crowd in (("fan-in", "senders"),
                                                           ("fan-out", "receivers"))
      for count in (2, 4)]),
)


def kind_of(cell: Cell) -> Kind:
    """What the cell is, wherever it sits."""
    return Kind(cell.family, cell.mechanism, cell.workload, cell.choice)


Cells = Dict[Kind, Dict[str, Summary]]


def _by_kind(run: Run) -> Cells:
    cells: Cells = {}
    for cell, summary in summarise(run).items():
        cells.setdefault(kind_of(cell), {})[cell.place] = summary
    return cells


def _ratios(mutex: Summary, channel: Summary) -> Tuple[float, ...]:
    theirs = dict(zip(mutex.invocations, mutex.values))
    return tuple(value / theirs[invocation]
                 for invocation, value in zip(channel.invocations, channel.values)
                 if theirs.get(invocation, 0) > 0)


def _lacking(cells: Cells, pair: Pair, place: str) -> str:
    """Why the pair has no ratio at the place, or nothing: it has one."""
    for kind in (pair.mutex, pair.channel):
        summary = cells[kind].get(place)
        if not summary:
            return f"no {kind.mechanism} there"
        if not summary.values:
            return f"{kind.mechanism}: {summary.why_no_value}"
    return ""


def _hold(cells: Cells, pairs: Sequence[Pair]) -> Tuple[List[Versus], List[Tuple[Pair, str]]]:
    """The pairs that have values, by place; and what has none, with the reason.

    No reason is given where the run does not have one of the two at any place: it was not asked to.
    """
    rows: List[Versus] = []
    missing: List[Tuple[Pair, str]] = []
    for pair in pairs:
        if pair.mutex not in cells or pair.channel not in cells:
            missing.append((pair, ""))
            continue
        for place in sorted({*cells[pair.mutex], *cells[pair.channel]}, key=place_order):
            why = _lacking(cells, pair, place)
            if why:
                missing.append((pair, f"{place}: {why}"))
                continue
            mutex, channel = cells[pair.mutex][place], cells[pair.channel][place]
            rows.append(Versus(pair, place, mutex, channel, _ratios(mutex, channel)))
    return sorted(rows, key=lambda row: place_order(row.place)), missing


def param(kind: Kind, key: str) -> int:
    """A number among the params of a kind that has it."""
    return int(dict(text.split("=") for text in kind.params.split(";"))[key])


def crossing(points: Sequence[Tuple[float, float]]) -> float:
    """The work in ns at which the ratio falls to MARGIN, of (work_ns, ratio) by rising work.

    Between two points straight in the logarithms of both; from work 0 straight in the work. From
    the top down, so that it is the last time. Infinity: it does not; 0: it never was above.
    """
    above = [at for at, (_, ratio) in enumerate(points) if ratio > MARGIN]
    if not above:
        return 0.0
    if above[-1] == len(points) - 1:
        return math.inf
    (low, high_ratio), (high, low_ratio) = points[above[-1]:above[-1] + 2]
    share = math.log(high_ratio / MARGIN) / math.log(high_ratio / low_ratio)
    return low * math.exp(share * math.log(high / low)) if low else high * share


def _crossover(place: str, updaters: int, rows: Sequence[Versus]) -> Optional[Crossover]:
    """None where fewer than two works were measured."""
    works = {param(row.pair.mutex, "work_ns"): dict(zip(row.channel.invocations, row.ratios))
             for row in rows if len(row.ratios) == len(row.channel.invocations)}
    if len(works) < 2:
        return None
    common = set.intersection(*(set(ratios) for ratios in works.values()))
    found = tuple(crossing([(work, works[work][invocation]) for work in sorted(works)])
                  for invocation in sorted(common))
    return Crossover(place, updaters, max(works), found) if found else None


def crossovers(cells: Cells) -> List[Crossover]:
    """By place and number of updaters, for those who wait for the owner's answer."""
    rows, _ = _hold(cells, AWAITED)
    found = [_crossover(place, updaters, [row for row in rows if row.place == place and
                                          param(row.pair.mutex, "updaters") == updaters])
             for place in sorted({row.place for row in rows}, key=place_order)
             for updaters in WORK_NS]
    return [crossover for crossover in found if crossover]


def answers(run: Run) -> List[Answer]:
    """The chart's questions in its order. A question without any row has missing pairs alone."""
    cells = _by_kind(run)
    found = []
    for number, (question, chart, pairs) in enumerate(QUESTIONS):
        rows, missing = _hold(cells, pairs)
        found.append(Answer(question, chart, rows, crossovers(cells) if number == 0 else [],
                            missing))
    return found
