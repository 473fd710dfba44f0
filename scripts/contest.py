"""contest.py - who got the lock: shares, ratios and horizons, from raw counts

A contest is a cell of the family lock in which several threads want one lock. What is compared is
always the thread 0 ("first": the greedy worker, or one of the equals) with the mean of the others.
Shares (0 to 1) are what is added up, ranked and given intervals, for a ratio to nothing is
infinite; they become ratios when they are shown.
"""

from dataclasses import dataclass
from typing import Dict, Iterable, List, Optional, Sequence, Tuple

from results import Cell, Sample, Share, Thread, cell_of
from stats import Interval, median, median_interval, still_needed

WORKLOADS = ("greedy-polite", "contended")
# An interval of a share wider than this is not settled: 0.45 to 0.55 is a ratio of 0.8 to 1.2.
UNSETTLED_SHARE = 0.1
# A side has nearly all, and nearly nothing; has most, and little; and how many windows of either of
# these kinds make two modes.
NEARLY_ALL, NEARLY_NOTHING = 0.95, 0.05
MOST, LITTLE, MODE_WINDOWS = 0.9, 0.1, 0.1
# Invocations in two groups: so far apart, of so many each.
GROUP_GAP, GROUP_LEAST = 0.25, 2
# The horizon: so many of the stretches lie so near to the share over all; fewer cannot tell.
WITHIN, WITHIN_SHARE, STRETCHES_LEAST = 0.95, 0.05, 20


def jain(values: Sequence[float]) -> Optional[float]:
    """Jain's index: 1 where all have as much, 1/n where one has it all; None where nobody has any.

    Source: R. Jain, D. Chiu, W. Hawe, A Quantitative Measure of Fairness, DEC-TR-301, 1984.
    """
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else None


def first_share(values: Sequence[float]) -> Optional[float]:
    """The first's share against the mean of the others: 0.5 where it has as much as they."""
    others = sum(values[1:]) / (len(values) - 1)
    return values[0] / (values[0] + others) if values[0] + others else None


def as_ratio(share: float) -> float:
    """A share of two as the ratio of the one to the other; infinite where there is no other."""
    return share / (1 - share) if share < 1 else float("inf")


@dataclass(frozen=True)
class Window:
    """A window of a contest: its row, and those of its threads in their order."""

    sample: Sample
    threads: Tuple[Thread, ...]

    def counts(self, what: str) -> List[float]:
        """loops, acquisitions, held_ns … of each thread."""
        return [getattr(thread, what) or 0 for thread in self.threads]

    @property
    def changes_per_s(self) -> Optional[float]:
        """How often another thread took over, a second."""
        takeovers = [thread.takeovers for thread in self.threads]
        if not self.sample.wall_ns or None in takeovers:
            return None
        return sum(taken or 0 for taken in takeovers) * 1e9 / self.sample.wall_ns


@dataclass(frozen=True)
class Spread:
    """A share over the invocations, each of which is its windows pooled."""

    values: Tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def interval(self) -> Optional[Interval]:
        return median_interval(self.values)

    @property
    def needed(self) -> int:
        """How many more invocations should bring the interval to UNSETTLED_SHARE."""
        interval = self.interval
        return still_needed(len(self.values), interval and interval.high - interval.low,
                            UNSETTLED_SHARE)

    @property
    def groups(self) -> Optional[Tuple[Tuple[float, ...], Tuple[float, ...]]]:
        """The two groups that the values fall into: farther apart than either is wide."""
        ranked = tuple(sorted(self.values))
        gaps = [(high - low, at) for at, (low, high) in enumerate(zip(ranked, ranked[1:]), 1)]
        if not gaps:
            return None
        gap, at = max(gaps)
        low, high = ranked[:at], ranked[at:]
        apart = gap > max(GROUP_GAP, low[-1] - low[0], high[-1] - high[0])
        return (low, high) if apart and min(len(low), len(high)) >= GROUP_LEAST else None


@dataclass(frozen=True)
class Contest:
    """A contest over a run. Windows are those whose value counts, in their order."""

    cell: Cell
    windows: Tuple[Window, ...]

    @property
    def roles(self) -> Tuple[str, ...]:
        """Of thread 0, and of the others where theirs is another."""
        return tuple(dict.fromkeys(thread.role for thread in self.windows[0].threads))

    @property
    def equals(self) -> bool:
        """All do the same: the first is like any other."""
        return len(self.roles) == 1

    def by_invocation(self) -> Dict[int, List[Window]]:
        found: Dict[int, List[Window]] = {}
        for window in self.windows:
            found.setdefault(window.threads[0].invocation, []).append(window)
        return found

    def pooled(self, what: str) -> List[List[float]]:
        """For each invocation the sum of a count over its windows, by thread."""
        return [[sum(column) for column in zip(*(window.counts(what) for window in windows))]
                for windows in self.by_invocation().values()]

    def spread(self, what: str) -> Optional[Spread]:
        """The first's share of a count against the mean of the others, by invocation."""
        shares = [first_share(counts) for counts in self.pooled(what)]
        found = tuple(share for share in shares if share is not None)
        return Spread(found) if found else None

    def typical(self, values: Iterable[Optional[float]]) -> Optional[float]:
        """The median of what is known."""
        found = [value for value in values if value is not None]
        return median(found) if found else None

    def jain(self, what: str) -> Optional[float]:
        """Jain's index of a count: the median over the windows. Not of pooled counts: windows in
        which one has it all, by turns, would add up to all having as much.
        """
        return self.typical(jain(window.counts(what)) for window in self.windows)

    @property
    def extremes(self) -> Optional[Tuple[float, float]]:
        """What the least and the most favoured thread had of the acquisitions: the medians over
        the windows.
        """
        parts = [[count / sum(counts) for count in counts] for counts in
                 (window.counts("acquisitions") for window in self.windows) if sum(counts)]
        return (median([min(part) for part in parts]), median([max(part) for part in parts])) \
            if parts else None

    @property
    def held_share(self) -> Optional[float]:
        """The first's share of all time held: the median over the invocations."""
        return self.typical(held[0] / sum(held) if sum(held) else None
                            for held in self.pooled("held_ns"))

    @property
    def changes_per_s(self) -> Optional[float]:
        return self.typical(window.changes_per_s for window in self.windows)

    @property
    def per_s(self) -> Optional[float]:
        """Acquisitions a second, of all threads: the median over the windows."""
        return self.typical(window.sample.value for window in self.windows)

    def longest(self, what: str, role: str) -> Optional[int]:
        """The longest streak or wait that one of that role had in any window."""
        found = [getattr(thread, what) for window in self.windows for thread in window.threads
                 if thread.role == role and getattr(thread, what) is not None]
        return max(found) if found else None

    def mean(self, what: str, role: str) -> Optional[float]:
        """held_ns, waited_ns or thought_ns for each acquisition of that role."""
        threads = [thread for window in self.windows for thread in window.threads
                   if thread.role == role and getattr(thread, what) is not None]
        acquisitions = sum(thread.acquisitions or 0 for thread in threads)
        return sum(getattr(thread, what) for thread in threads) / acquisitions \
            if acquisitions else None

    @property
    def one_sided(self) -> Tuple[int, int]:
        """Windows in which the first had nearly all acquisitions, and in which it had nearly none.
        """
        shares = self.window_shares()
        return (sum(share > NEARLY_ALL for share in shares),
                sum(share < NEARLY_NOTHING for share in shares))

    def window_shares(self) -> List[float]:
        """The first's share of the acquisitions in each window that saw any."""
        shares = [first_share(window.counts("acquisitions")) for window in self.windows]
        return [share for share in shares if share is not None]

    @property
    def bimodal(self) -> bool:
        """The windows, or the invocations, fall into two groups: their middle says nothing."""
        shares, spread = self.window_shares(), self.spread("acquisitions")
        most = sum(share > MOST for share in shares)
        least = sum(share < LITTLE for share in shares)
        return bool(shares) and (min(most, least) >= MODE_WINDOWS * len(shares) or
                                 bool(spread and spread.groups))


def contests(samples: Iterable[Sample], threads: Iterable[Thread]) -> List[Contest]:
    """The contests of a run, in the order in which their cells first come."""
    rows: Dict[Tuple[int, int], List[Thread]] = {}
    for thread in threads:
        rows.setdefault((thread.invocation, thread.order), []).append(thread)
    found: Dict[Cell, List[Window]] = {}
    for sample in samples:
        if sample.family != "lock" or sample.workload not in WORKLOADS or not sample.kept or \
                sample.invocation is None or sample.order is None:
            continue
        team = sorted(rows.get((sample.invocation, sample.order), []), key=lambda row: row.thread)
        if len(team) > 1:
            found.setdefault(cell_of(sample), []).append(Window(sample, tuple(team)))
    return [Contest(cell, tuple(windows)) for cell, windows in found.items()]


def counted_twin(cell: Cell) -> Cell:
    """The cell whose windows are merely counted, of one that is stamped."""
    params = [text for text in cell.params.split(";") if text != "stamps=1"]
    return cell._replace(params=";".join(params) or "NA")


@dataclass(frozen=True)
class Scale:
    """How the first's share spread over stretches of one length.

    stretches: in how many somebody held the lock; idle: in how many nobody did. low, high: 95 % of
    the stretches lie from the one to the other. near: the part of them within WITHIN_SHARE of the
    share over all.
    """

    scale_ns: int
    stretches: int
    idle: int
    low: float
    high: float
    near: float

    @property
    def told(self) -> bool:
        """Enough stretches, and the lock was held in most."""
        return self.stretches >= STRETCHES_LEAST and self.idle <= self.stretches

    @property
    def fair(self) -> bool:
        return self.told and self.near >= WITHIN


@dataclass(frozen=True)
class Horizon:
    """From which length of time on the first's share can be relied on.

    share: its part of all the time held. from_ns: the shortest length from which on, at this one
    and all longer ones that can be told, WITHIN of the stretches are near it; None: there is none.
    beyond_ns: the longest length that can be told and is not fair; None: there is none.
    """

    share: float
    scales: Tuple[Scale, ...]

    @property
    def from_ns(self) -> Optional[int]:
        found = None
        for scale in reversed([scale for scale in self.scales if scale.told]):
            if not scale.fair:
                break
            found = scale.scale_ns
        return found

    @property
    def beyond_ns(self) -> Optional[int]:
        unfair = [scale.scale_ns for scale in self.scales if scale.told and not scale.fair]
        return max(unfair) if unfair else None


def _rank(shares: Sequence[Tuple[int, int]], part: float) -> float:
    """The share of the ceil(part n)-th stretch, of (per cent, count) in ascending order."""
    left = part * sum(count for _, count in shares)
    for percent, count in shares:
        left -= count
        if left <= 1e-9:
            return percent / 100
    return shares[-1][0] / 100


def _scale(scale_ns: int, counts: Dict[Optional[int], int], share: float) -> Scale:
    held = sorted((percent, count) for percent, count in counts.items() if percent is not None)
    stretches = sum(count for _, count in held)
    near = sum(count for percent, count in held
               if abs(percent / 100 - share) <= WITHIN_SHARE + 1e-9)
    return Scale(scale_ns, stretches, counts.get(None, 0),
                 low=_rank(held, (1 - WITHIN) / 2) if held else 0,
                 high=_rank(held, (1 + WITHIN) / 2) if held else 0,
                 near=near / stretches if stretches else 0)


def horizon(rows: Iterable[Share], share: float) -> Horizon:
    """The horizon of one cell, whose invocations are taken together."""
    by_scale: Dict[int, Dict[Optional[int], int]] = {}
    for row in rows:
        counts = by_scale.setdefault(row.scale_ns, {})
        counts[row.share_pct] = counts.get(row.share_pct, 0) + row.count
    return Horizon(share, tuple(_scale(scale_ns, by_scale[scale_ns], share)
                                for scale_ns in sorted(by_scale)))


def overall_share(contest: Contest) -> Optional[float]:
    """The first's part of all the time that the lock was held in the run."""
    held = [sum(column) for column in
            zip(*(window.counts("held_ns") for window in contest.windows))]
    return held[0] / sum(held) if sum(held) else None
