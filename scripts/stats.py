"""stats.py - distribution-free medians, intervals and ratios

Two samples are compared by Mann-Whitney, pairs by the signed rank.
The sample is always one number per invocation (a fresh process), never a window or a repetition:
windows of one process share its memory layout and its luck, and taken as samples they call
identical programs different far more often than the level says.
"""

import math
import statistics
from functools import lru_cache
from typing import List, NamedTuple, Optional, Sequence

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
def mann_whitney_orders(m: int, n: int) -> Sequence[int]:
    """How many orders of samples of m and n give U = 0, 1 … m n.

    It is the coefficient of q^u in the Gaussian binomial (m + n over m), built here factor by
    factor: times (1 - q^(n+i)), divided by (1 - q^i).
    Source: H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947) 50-60.
    """
    counts = [1] + [0] * (m * n)
    for i in range(1, m + 1):
        for u in range(m * n, n + i - 1, -1):
            counts[u] -= counts[u - n - i]
        for u in range(i, m * n + 1):
            counts[u] += counts[u - i]
    return counts


def mann_whitney_p(a: Sequence[float], b: Sequence[float]) -> float:
    """The two-sided exact p-value of two samples being of one distribution.

    The permutation test of the ranks: of all ways to share out the m + n values, the part whose U
    is as far from its middle. A tie counts one half; a half U counts as the one nearer the middle.
    """
    below = sum(1.0 if x < y else 0.5 if x == y else 0.0 for x in a for y in b)
    orders = mann_whitney_orders(len(a), len(b))
    least = math.ceil(min(below, len(a) * len(b) - below))
    return min(1.0, 2 * sum(orders[:least + 1]) / math.comb(len(a) + len(b), len(a)))


@lru_cache(maxsize=None)
def mann_whitney_depth(m: int, n: int, level: float = LEVEL) -> int:
    """The largest k with 2 P(U < k) <= 1 - level for samples of m and n; 0 if there is none."""
    counts = mann_whitney_orders(m, n)
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


@lru_cache(maxsize=None)
def signed_rank_chances(n: int) -> Sequence[float]:
    """The probabilities of W = 0, 1 … n (n + 1) / 2 for n pairs.

    W is the sum of those of the ranks 1 to n that bear a plus, each with probability 1/2: its
    distribution is built rank by rank.
    Source: F. Wilcoxon, Biometrics Bulletin 1 (1945) 80-83.
    """
    chances = [1.0]
    for rank in range(1, n + 1):
        gap = [0.0] * rank
        chances = [(minus + plus) / 2 for minus, plus in zip(chances + gap, gap + chances)]
    return chances


def signed_rank_p(differences: Sequence[float]) -> float:
    """The two-sided exact p-value of paired differences being symmetric about 0.

    W is counted by Walsh averages above 0, one half for those that are 0; a half W counts as the
    one nearer the middle.
    """
    averages = walsh_averages(differences)
    above = sum(1.0 if average > 0 else 0.5 if average == 0 else 0.0 for average in averages)
    least = math.ceil(min(above, len(averages) - above))
    return min(1.0, 2 * sum(signed_rank_chances(len(differences))[:least + 1]))


@lru_cache(maxsize=None)
def signed_rank_depth(n: int, level: float = LEVEL) -> int:
    """The largest k with 2 P(W < k) <= 1 - level for n pairs; 0 if there is none (n < 6 at 95 %).
    """
    chances = signed_rank_chances(n)
    below, k = 0.0, 0
    while k < len(chances) and 2 * (below + chances[k]) <= 1 - level:
        below += chances[k]
        k += 1
    return k


def walsh_averages(values: Sequence[float]) -> List[float]:
    """The means of all pairs of values, each value with itself too, in ascending order."""
    return sorted((a + b) / 2 for at, a in enumerate(values) for b in values[at:])


def pseudo_median(values: Sequence[float]) -> float:
    """Hodges and Lehmann's estimate of the centre: the median of the Walsh averages.

    Source: Hollander, Wolfe, Chicken (below), section 3.2.
    """
    return statistics.median(walsh_averages(values))


def pseudo_median_interval(values: Sequence[float], level: float = LEVEL) -> Optional[Interval]:
    """The interval of the centre of paired differences, or None below 6 of them (for 95 %).

    The signed-rank test inverted: all shifts that the exact test cannot tell from the centre. Its
    ends are the k-th smallest and the k-th largest of the n (n + 1) / 2 Walsh averages.
    It asks for a distribution symmetric about its centre. Within pairs run in random order that
    holds by design where nothing differs: swapping the two turns the sign. It would not hold for
    the invocations' medians themselves, which are skewed: those keep median_interval.
    Why it, for pairs, and not the order statistics of the median: its levels are finer and it is
    narrower. For 95 % they cover, in %,

        pairs              6     8     9     10    12    14    16    20    30
        signed-rank        96.9  96.1  96.1  95.1  95.8  95.1  95.6  95.2  95.0
        order statistics   96.9  99.2  96.1  97.9  96.1  98.7  97.9  95.9  95.7

    and at 10, 12 and 20 pairs its mean width was 0.71, 0.83 and 0.80 of the other's on normal
    logs, 0.66, 0.78 and 0.93 on two modes, 0.78, 0.94 and 0.95 on double exponentials.
    Source: M. Hollander, D. A. Wolfe, E. Chicken, Nonparametric Statistical Methods, 3rd ed.,
    Wiley 2014, sections 3.1 to 3.3.
    """
    k = signed_rank_depth(len(values), level)
    if k == 0:
        return None
    ranked = walsh_averages(values)
    return Interval(ranked[k - 1], ranked[-k])


def paired_ratio(ratios: Sequence[float]) -> Optional[float]:
    """The pseudo-median of paired ratios, on a log scale; None where one is not above zero."""
    if not ratios or min(ratios) <= 0:
        return None
    return math.exp(pseudo_median([math.log(ratio) for ratio in ratios]))


def paired_interval(ratios: Sequence[float], level: float = LEVEL) -> Optional[Interval]:
    """The interval of a ratio from paired ratios, on a log scale; None as above, or below 6."""
    if not ratios or min(ratios) <= 0:
        return None
    interval = pseudo_median_interval([math.log(ratio) for ratio in ratios], level)
    return interval and Interval(math.exp(interval.low), math.exp(interval.high))


def beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), for 0 < x < 1, to about 1e-12.

    Source: NIST Digital Library of Mathematical Functions, 8.17.22, the continued fraction, by
    Lentz's method; 8.17.4 where it converges the faster.
    """
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(b, a, 1 - x)
    tiny = 1e-300
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or tiny)
    fraction = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        before = fraction
        for term in (even, odd):
            d = 1 / (1 + term * d or tiny)
            c = 1 + term / c or tiny
            fraction *= c * d
        if abs(fraction / before - 1) < 1e-14:
            break
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + \
        b * math.log1p(-x)
    return math.exp(front) * fraction / a


def clopper_pearson(count: int, trials: int, level: float = LEVEL) -> Interval:
    """The exact interval of a share of which count of trials (1 or more) were seen.

    Its ends are the shares at which so many or more, and so few or fewer, have a chance of half of
    1 - level: quantiles of beta distributions.
    Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404-413.
    """
    def end(a: float, b: float, chance: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(200):
            middle = (low + high) / 2
            if not low < middle < high:
                break
            low, high = (middle, high) if beta_share(a, b, middle) < chance else (low, middle)
        return high

    tail = (1 - level) / 2
    return Interval(end(count, trials - count + 1, tail) if count else 0.0,
                    end(count + 1, trials - count, 1 - tail) if count < trials else 1.0)


def holm(p_values: Sequence[float]) -> List[float]:
    """The p-values adjusted so that, of all rows where nothing differs, one is called different
    with at most the level's probability: the smallest times n, the next times n - 1 …, and none
    below the one before.

    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.
    """
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        least = max(least, min(1.0, p_values[at] * (len(p_values) - rank)))
        adjusted[at] = least
    return adjusted


def first_decile(values: Sequence[float], highest: bool = False) -> float:
    """The ceil(n/10)-th lowest of n values, or highest: a tenth of them are there or beyond.

    Always one of the values (Hyndman and Fan's definition 1): nothing is interpolated.
    """
    return sorted(values, reverse=highest)[-(-len(values) // 10) - 1]


def relative_width(interval: Optional[Interval], centre: Optional[float]) -> Optional[float]:
    """How wide an interval is, as a share of its centre; None without either."""
    return (interval.high - interval.low) / centre if interval and centre else None


def still_needed(count: int, width: Optional[float], limit: float) -> int:
    """How many more than count would bring the width to the limit: it shrinks as 1/sqrt(count)."""
    if width is None or width <= limit:
        return 0
    return math.ceil(count * (width / limit) ** 2) - count


def geometric_mean(values: Sequence[float]) -> float:
    """The geometric mean of positive values (at least one)."""
    return math.exp(math.fsum(math.log(value) for value in values) / len(values))
