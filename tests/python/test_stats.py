"""test_stats.py - intervals that cover what they say, shown on samples with a fixed seed"""

import itertools
import math
import random
from typing import Callable, Dict, List

import pytest

from stats import (geometric_mean, mann_whitney_depth, median, median_interval, median_ratio,
                   ratio_interval)

TRIALS = 4000
SHAPES: Dict[str, Callable[[random.Random], float]] = {
    "lognormal": lambda rng: math.exp(rng.gauss(0, 0.05)),
    "two modes": lambda rng: math.exp(rng.gauss(0, 0.02) + 0.4 * (rng.random() < 0.4)),
    "skewed": lambda rng: 1 + rng.expovariate(10),
}


def draw(rng: random.Random, shape: str, count: int) -> List[float]:
    return [SHAPES[shape](rng) for _ in range(count)]


def test_median_interval_takes_the_ranks_of_the_binomial() -> None:
    assert median_interval(range(1, 7)) == (1, 6)
    assert median_interval(range(1, 11)) == (2, 9)
    assert median_interval(range(1, 13)) == (3, 10)
    assert median_interval(range(1, 31)) == (10, 21)
    assert median_interval([5, 3, 4, 1, 2, 6]) == (1, 6)


@pytest.mark.parametrize("count", range(6))
def test_median_interval_does_not_exist_below_six(count: int) -> None:
    assert median_interval(list(range(count))) is None


@pytest.mark.parametrize("count", [6, 10, 12])
def test_median_interval_covers(count: int) -> None:
    rng = random.Random(count)
    covered = 0
    for _ in range(TRIALS):
        interval = median_interval([rng.expovariate(1) for _ in range(count)])
        covered += interval is not None and not interval.excludes(math.log(2))
    assert 0.945 <= covered / TRIALS <= 0.985


@pytest.mark.parametrize("m, n", [(4, 4), (5, 4), (6, 7)])
def test_mann_whitney_depth_agrees_with_counting(m: int, n: int) -> None:
    counts: Dict[int, int] = {}
    for chosen in itertools.combinations(range(m + n), m):
        u = sum(rank - at for at, rank in enumerate(chosen))
        counts[u] = counts.get(u, 0) + 1
    total = math.comb(m + n, m)
    k = mann_whitney_depth(m, n)
    assert k > 0
    assert 2 * sum(counts[u] for u in range(k)) <= 0.05 * total
    assert 2 * sum(counts[u] for u in range(k + 1)) > 0.05 * total


def test_mann_whitney_depth_agrees_with_the_printed_tables() -> None:
    # Critical values of U, two-sided 5 %, are one less than the depth.
    assert [mann_whitney_depth(n, n) - 1 for n in (4, 5, 8, 10, 12, 20)] == [0, 2, 13, 23, 37, 127]


@pytest.mark.parametrize("m, n", [(3, 3), (2, 7), (1, 30), (0, 12)])
def test_ratio_interval_does_not_exist_for_too_few(m: int, n: int) -> None:
    assert ratio_interval([1.0 + at for at in range(m)], [1.0 + at for at in range(n)]) is None


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("m, n", [(10, 10), (12, 12), (10, 20)])
def test_ratio_interval_covers_on_identical_distributions(shape: str, m: int, n: int) -> None:
    rng = random.Random(f"{shape} {m} {n}")
    covered = 0
    for _ in range(TRIALS):
        interval = ratio_interval(draw(rng, shape, m), draw(rng, shape, n))
        covered += interval is not None and not interval.excludes(1)
    assert 0.94 <= covered / TRIALS <= 0.975


def test_ratio_interval_covers_a_true_shift_and_sees_it() -> None:
    rng = random.Random(15)
    covered = seen = 0
    for _ in range(TRIALS):
        interval = ratio_interval(draw(rng, "lognormal", 12),
                                  [1.15 * value for value in draw(rng, "lognormal", 12)])
        assert interval
        covered += not interval.excludes(1.15)
        seen += interval.low > 1
    assert 0.94 <= covered / TRIALS <= 0.975
    assert seen / TRIALS > 0.99


def test_ratio_interval_turns_round_with_its_samples() -> None:
    rng = random.Random(3)
    a, b = draw(rng, "two modes", 12), draw(rng, "two modes", 10)
    one, other = ratio_interval(a, b), ratio_interval(b, a)
    assert one and other
    assert one.low == pytest.approx(1 / other.high)
    assert one.high == pytest.approx(1 / other.low)


def test_ratio_interval_holds_the_ratio_of_the_medians() -> None:
    # Skewed in opposite directions: the rank test alone tells them apart, the medians agree.
    a = [0.99] * 10 + [1.02] + [20.0] * 9
    b = [0.05] * 9 + [0.99] + [1.02] * 10
    ratio, interval = median_ratio(a, b), ratio_interval(a, b)
    ranked = sorted(y / x for x in a for y in b)
    assert ratio and interval
    assert ranked[-mann_whitney_depth(20, 20)] < ratio == 1
    assert interval.low < ratio == interval.high


def test_zero_has_no_ratio() -> None:
    assert median_ratio([0.0] * 9, [1.0] * 9) is None
    assert median_ratio([], [1.0]) is None
    assert ratio_interval([0.0] + [1.0] * 8, [1.0] * 9) is None


def test_means() -> None:
    assert median([4, 1, 3, 2]) == 2.5
    assert geometric_mean([1, 4, 16]) == pytest.approx(4)
