"""stats.py - distribution-free medians, intervals and ratios

The sample is always one number per invocation (a fresh process), never a window or a repetition:
windows of one process share its memory layout and its luck, and taken as samples they call
identical programs different far more often than the level says.
"""

import math
import statistics
from functools import lru_cache
from typing import NamedTuple, Optional, Sequence

LEVEL = 0.95


class Interval(NamedTuple):
    """A closed interval, in the unit of what it encloses."""

    low: float
    high: float

    def excludes(self, value: float) -> bool:
        return value < self.low or value > self.high


def median(values: Sequence[float]) -> float:
    """The median; of an even number of values the mean of the middle two."""
    return statistics.median(values)


def median_interval(values: Sequence[float], level: float = LEVEL) -> Optional[Interval]:
    """The interval of the median by order statistics, or None where the level cannot be reached.

    The number of values below the true median is binomial(n, 1/2) whatever the distribution, so
    the k-th smallest and the k-th largest enclose it with probability 1 - 2 P(X < k); k is the
    largest that keeps this at the level. Below 6 values no k does, for 95 %.
    Source: H. A. David and H. N. Nagaraja, Order Statistics, 3rd ed., Wiley 2003, section 7.1.
    """
    n = len(values)
    outside, k = 0.0, 0
    while k < n and outside + 2 * math.comb(n, k) / 2 ** n <= 1 - level:
        outside += 2 * math.comb(n, k) / 2 ** n
        k += 1
    if k == 0:
        return None
    ranked = sorted(values)
    return Interval(ranked[k - 1], ranked[n - k])


@lru_cache(maxsize=None)
def mann_whitney_depth(m: int, n: int, level: float = LEVEL) -> int:
    """The largest k with 2 P(U < k) <= 1 - level for samples of m and n; 0 if there is none.

    The number of orders that give U = u is the coefficient of q^u in the Gaussian binomial
    (m + n over m), built here factor by factor: times (1 - q^(n+i)), divided by (1 - q^i).
    Source: H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947) 50-60.
    """
    counts = [1] + [0] * (m * n)
    for i in range(1, m + 1):
        for u in range(m * n, n + i - 1, -1):
            counts[u] -= counts[u - n - i]
        for u in range(i, m * n + 1):
            counts[u] += counts[u - i]
    limit = (1 - level) / 2 * math.comb(m + n, m)
    below, k = 0, 0
    while k < len(counts) and below + counts[k] <= limit:
        below += counts[k]
        k += 1
    return k


def median_ratio(base: Sequence[float], other: Sequence[float]) -> Optional[float]:
    """median(other) / median(base), or None where a median is not above zero."""
    if not base or not other or median(base) <= 0 or median(other) <= 0:
        return None
    return median(other) / median(base)


def ratio_interval(base: Sequence[float], other: Sequence[float],
                   level: float = LEVEL) -> Optional[Interval]:
    """The interval of the factor by which other differs from base, or None.

    The Mann-Whitney test inverted: all factors that, divided out of `other`, leave two samples that
    the exact rank test cannot tell apart. Its ends are the k-th smallest and the k-th largest of
    the m x n pairwise ratios. On distributions of one shape (on a log scale, apart from the factor)
    it covers at least its level, whatever that shape: no normal tails as Welch's t needs them, and
    no seed. A percentile bootstrap of the ratio of medians covers as well at 10 to 12 invocations,
    but is a tenth wider on normal logs and half as wide again on two modes.
    Where the spreads differ threefold, 12 against 12 still cover about 93 %; 20 against 10, with
    the larger spread in the 10, only 89 %: compare runs of equal size.
    It is widened, where it must be, to hold the ratio of the medians, the estimate printed beside
    it: with 15 or more each, skewed in opposite directions, that can lie outside.
    None: too few invocations (4 against 4 are enough for 95 %), or a value that is not above zero.
    Source: M. Hollander, D. A. Wolfe, E. Chicken, Nonparametric Statistical Methods, 3rd ed.,
    Wiley 2014, section 4.3; E. L. Lehmann, Annals of Mathematical Statistics 34 (1963) 1507-1512.
    """
    estimate = median_ratio(base, other)
    if estimate is None or min(base) <= 0 or min(other) <= 0:
        return None
    k = mann_whitney_depth(len(base), len(other), level)
    if k == 0:
        return None
    ratios = sorted(b / a for a in base for b in other)
    return Interval(min(ratios[k - 1], estimate), max(ratios[-k], estimate))


def geometric_mean(values: Sequence[float]) -> float:
    """The geometric mean of positive values (at least one)."""
    return math.exp(math.fsum(math.log(value) for value in values) / len(values))
