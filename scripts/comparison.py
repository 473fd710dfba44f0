"""comparison.py - two runs, cell by cell: ratios, tests and verdicts

The sample is one median per invocation. Two runs are compared by ranks (Mann and Whitney), the two
sides of one `baton ab` in pairs of invocations (Wilcoxon's signed ranks); both are permutation
tests, exact, and their inverted intervals are those of stats.py. The p-values of all rows are
adjusted together (Holm).
"""

import math
from dataclasses import dataclass, replace
from typing import Dict, List, Optional, Sequence

from results import NA, Cell, Run, Summary
from stats import (LEVEL, Interval, holm, mann_whitney_p, median_ratio, paired_interval,
                   paired_ratio, ratio_interval, signed_rank_p)

# What is called the same at least: closer than this two runs are for no purpose different.
BAND = 0.02
FASTER, SLOWER, SAME, UNTOLD = "faster", "slower", "same", "cannot tell"
NEVER = 1000


@dataclass(frozen=True)
class Comparison:
    """A cell that has values in both runs.

    ratio, interval: of B to A, in the metric's own direction; p: of nothing differing, adjusted:
    the same for this row among all of them. band: ratios of times from 1 / (1 + band) to 1 + band
    are the same.
    """

    cell: Cell
    base: Summary
    other: Summary
    ratio: Optional[float]
    interval: Optional[Interval]
    p: Optional[float] = None
    adjusted: Optional[float] = None
    band: float = BAND

    @property
    def time_ratio(self) -> Optional[float]:
        """The ratio in time per operation: that of rates is inverted."""
        return 1 / self.ratio if self.ratio and self.base.higher_is_better else self.ratio

    @property
    def time_interval(self) -> Optional[Interval]:
        """The interval in time per operation."""
        if self.interval is None or not self.base.higher_is_better:
            return self.interval
        return Interval(1 / self.interval.high, 1 / self.interval.low)

    @property
    def verdict(self) -> str:
        """What B is against A.

        same: the interval lies within the band; faster, slower: the interval excludes 1, the
        adjusted p-value is at most 5 %, and the ratio lies beyond the band; else one cannot tell.
        """
        interval, ratio, edge = self.time_interval, self.time_ratio, 1 + self.band
        if interval is None or not ratio:
            return UNTOLD
        if interval.low >= 1 / edge and interval.high <= edge:
            return SAME
        if self.adjusted is None or self.adjusted > 1 - LEVEL:
            return UNTOLD
        if not interval.excludes(1):
            return UNTOLD
        return SLOWER if ratio > edge else FASTER if ratio < 1 / edge else UNTOLD

    @property
    def needed(self) -> Optional[int]:
        """How many more invocations of either run should tell, were the ratio what it seems: its
        interval shrinks as 1 / sqrt(n), until it excludes 1 where the ratio lies beyond the band,
        until it fits into the band where it does not. None: it is told, or there is nothing to go
        by; NEVER or more: the ratio lies too near the edge.
        """
        interval, ratio = self.time_interval, self.time_ratio
        if self.verdict != UNTOLD or interval is None or not ratio:
            return None
        count = min(len(self.base.values), len(self.other.values))
        reach = max(math.log(interval.high / ratio), math.log(ratio / interval.low))
        away, edge = abs(math.log(ratio)), math.log(1 + self.band)
        room = away if away > edge else edge - away
        if room * math.sqrt(NEVER + count) <= reach * math.sqrt(count):
            return NEVER
        return max(1, math.ceil(count * (reach / room) ** 2) - count)


def interleaved(a: Run, b: Run) -> bool:
    """Whether the two are the sides of one baton ab."""
    return a.fact("run", "ab_id") == b.fact("run", "ab_id") != NA


def _apart(cell: Cell, a: Summary, b: Summary) -> Comparison:
    interval = ratio_interval(a.values, b.values)
    return Comparison(cell, a, b, median_ratio(a.values, b.values), interval,
                      mann_whitney_p(a.values, b.values) if interval else None)


def _in_pairs(cell: Cell, a: Summary, b: Summary) -> Comparison:
    theirs = dict(zip(b.invocations, b.values))
    pairs = [(value, theirs[invocation]) for invocation, value in zip(a.invocations, a.values)
             if invocation in theirs]
    ratios = [y / x for x, y in pairs] if all(x > 0 for x, _ in pairs) else []
    interval = paired_interval(ratios)
    return Comparison(cell, a, b, paired_ratio(ratios), interval,
                      signed_rank_p([math.log(ratio) for ratio in ratios]) if interval else None)


def compare(base: Dict[Cell, Summary], other: Dict[Cell, Summary], in_pairs: bool = False,
            band: float = BAND) -> List[Comparison]:
    """The cells with values in both runs, in the order of the base; the spike-in is none.

    in_pairs: by invocations of the same number, which ran next to each other.
    """
    how = _in_pairs if in_pairs else _apart
    return judged([replace(how(cell, a, b), band=band) for cell, a in base.items()
                   if a.values and not cell.dosed
                   for b in [other.get(cell)] if b and b.values])


def judged(rows: Sequence[Comparison]) -> List[Comparison]:
    """The rows with their p-values adjusted to each other."""
    known = [at for at, row in enumerate(rows) if row.p is not None]
    adjusted = dict(zip(known, holm([rows[at].p or 0.0 for at in known])))
    return [replace(row, adjusted=adjusted.get(at)) for at, row in enumerate(rows)]


def means(rows: Sequence[Comparison]) -> Dict[str, List[float]]:
    """The ratios in time per operation that a geometric mean can be taken of, by family, and of
    all of them where there is more than one family's.
    """
    found: Dict[str, List[float]] = {}
    for row in rows:
        if row.time_ratio is not None:
            found.setdefault(row.cell.family, []).append(row.time_ratio)
    every = [ratio for family in found.values() for ratio in family]
    return {**found, "all": every} if every else {}
