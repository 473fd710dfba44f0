"""test_stats.py - intervals that cover what they say, shown on samples with a fixed seed"""

import csv
import itertools
import math
import random
from pathlib import Path
from typing import Callable, Dict, List

import pytest

from stats import (clopper_pearson, first_decile, geometric_mean, mann_whitney_depth, median,
                   median_interval, median_ratio, paired_interval, paired_ratio, pseudo_median,
                   pseudo_median_interval, ratio_interval, signed_rank_depth, still_needed)

TRIALS = 4000
# What the program's own signed-rank statistics are held against too.
GOLDEN = Path(__file__).resolve().parent / "data" / "signed_rank.csv"
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


@pytest.mark.parametrize("n", [6, 7, 9, 12])
def test_signed_rank_depth_agrees_with_counting(n: int) -> None:
    sums = [sum(ranks) for count in range(n + 1)
            for ranks in itertools.combinations(range(1, n + 1), count)]
    k = signed_rank_depth(n)
    assert 2 * sum(total < k for total in sums) <= 0.05 * 2 ** n
    assert 2 * sum(total < k + 1 for total in sums) > 0.05 * 2 ** n


def test_signed_rank_depth_agrees_with_the_printed_tables() -> None:
    # Critical values of Wilcoxon's T, two-sided 5 %, are one less than the depth.
    assert [signed_rank_depth(n) - 1 for n in (6, 7, 8, 9, 10, 12, 15, 20, 25, 30)] == [
        0, 2, 3, 5, 8, 13, 25, 52, 89, 137]
    assert [signed_rank_depth(n) for n in range(6)] == [0] * 6


@pytest.mark.parametrize("n", [6, 8, 10, 12, 13, 20, 30, 50])
def test_signed_rank_depth_agrees_with_scipy(n: int) -> None:
    wilcoxon = pytest.importorskip("scipy.stats").wilcoxon

    def p_value(total: int) -> float:
        """Of n differences whose ranks with a plus add up to total."""
        signs = {}
        for rank in range(n, 0, -1):
            signs[rank] = 1 if total >= rank else -1
            total -= rank if total >= rank else 0
        return float(wilcoxon([rank * sign for rank, sign in signs.items()], method="exact").pvalue)

    k = signed_rank_depth(n)
    assert p_value(k - 1) <= 0.05 < p_value(k)


def case(row: Dict[str, str]) -> str:
    return row["case"]


def golden_rows() -> List[Dict[str, str]]:
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("row", golden_rows(), ids=case)
def test_signed_rank_of_the_golden_cases(row: Dict[str, str]) -> None:
    values = [float(value) for value in row["values"].split()]
    assert pseudo_median(values) == pytest.approx(float(row["estimate"]), abs=1e-12)
    interval = pseudo_median_interval(values)
    if row["low"] == "NA":
        assert interval is None and row["high"] == "NA"
    else:
        assert interval == pytest.approx((float(row["low"]), float(row["high"])), abs=1e-12)


@pytest.mark.parametrize("row", [row for row in golden_rows() if row["low"] != "NA"
                                 and "tie" not in row["case"]], ids=case)
def test_the_golden_intervals_are_the_shifts_that_scipys_test_accepts(row: Dict[str, str]) -> None:
    wilcoxon = pytest.importorskip("scipy.stats").wilcoxon
    values = [float(value) for value in row["values"].split()]
    low, high = float(row["low"]), float(row["high"])
    inside = 1e-7 * (high - low)
    for shift, accepted in ((low - inside, False), (low + inside, True),
                            (high - inside, True), (high + inside, False)):
        shifted = [value - shift for value in values]
        assert (wilcoxon(shifted, method="exact").pvalue > 0.05) == accepted
    # The estimate is where the ranks with a plus and those with a minus weigh the same.
    half = len(values) * (len(values) + 1) / 4
    centred = [value - float(row["estimate"]) for value in values]
    plus = wilcoxon(centred, method="exact", alternative="greater").statistic
    assert plus == pytest.approx(half, abs=0.5)


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("n, level", [(6, 0.969), (10, 0.951), (12, 0.9575), (20, 0.9516)])
def test_paired_interval_covers_on_identical_pairs(shape: str, n: int, level: float) -> None:
    rng = random.Random(f"{shape} {n}")
    covered = 0
    for _ in range(TRIALS):
        interval = paired_interval([b / a for a, b in zip(draw(rng, shape, n),
                                                          draw(rng, shape, n))])
        covered += interval is not None and not interval.excludes(1)
    # Three standard errors of 4000 trials are 1 %.
    assert covered / TRIALS == pytest.approx(level, abs=0.0105)


def test_paired_interval_covers_a_true_factor_and_sees_it() -> None:
    rng = random.Random(15)
    covered = seen = 0
    for _ in range(TRIALS):
        states = draw(rng, "two modes", 12)
        ratios = [1.03 * math.exp(rng.gauss(0, 0.01) - rng.gauss(0, 0.01)) * state / state
                  for state in states]
        interval = paired_interval(ratios)
        assert interval
        covered += not interval.excludes(1.03)
        seen += interval.low > 1
    assert 0.945 <= covered / TRIALS <= 0.97
    assert seen / TRIALS > 0.99


def test_paired_ratio_turns_round_with_its_pairs() -> None:
    rng = random.Random(3)
    ratios = [math.exp(rng.gauss(0.1, 0.05)) for _ in range(12)]
    turned = [1 / ratio for ratio in ratios]
    one, other = paired_interval(ratios), paired_interval(turned)
    estimates = paired_ratio(ratios), paired_ratio(turned)
    assert one and other and estimates[0] and estimates[1]
    assert estimates[0] == pytest.approx(1 / estimates[1])
    assert one == pytest.approx((1 / other.high, 1 / other.low))
    assert one.low < estimates[0] < one.high


def test_paired_ratios_above_zero_only() -> None:
    assert paired_ratio([]) is None and paired_interval([]) is None
    assert paired_ratio([0.0] + [1.0] * 8) is None and paired_interval([0.0] + [1.0] * 8) is None
    assert paired_ratio([2.0]) == pytest.approx(2) and paired_interval([2.0] * 5) is None


@pytest.mark.parametrize("count, lowest", [(1, 1), (10, 1), (11, 2), (20, 2), (96, 10)])
def test_first_decile_is_one_of_the_values(count: int, lowest: int) -> None:
    values = list(range(count, 0, -1))
    assert first_decile(values) == lowest
    assert first_decile(values, highest=True) == count + 1 - lowest


def test_still_needed_goes_with_the_square() -> None:
    assert [still_needed(12, width, 0.1) for width in (None, 0.05, 0.1, 0.11, 0.2, 0.3)] == [
        0, 0, 0, 3, 36, 96]


def test_means() -> None:
    assert median([4, 1, 3, 2]) == 2.5
    assert geometric_mean([1, 4, 16]) == pytest.approx(4)


@pytest.mark.parametrize("count, trials", [(0, 1), (1, 1), (0, 50), (3, 50), (25, 50), (50, 50),
                                           (1, 1_000_000), (0, 1_000_000), (999_999, 1_000_000),
                                           (500_123, 1_000_000), (7, 10**9), (985, 1000)])
def test_clopper_pearson_is_scipys(count: int, trials: int) -> None:
    beta = pytest.importorskip("scipy.stats").beta
    low, high = clopper_pearson(count, trials)
    assert low == pytest.approx(beta.ppf(0.025, count, trials - count + 1) if count else 0,
                                rel=1e-7)
    assert high == pytest.approx(beta.ppf(0.975, count + 1, trials - count)
                                 if count < trials else 1, rel=1e-7)


def test_clopper_pearson_by_hand() -> None:
    """None of n: (1 - p)^n = 2.5 %; and 3 of 10, as tables have it."""
    assert clopper_pearson(0, 20).high == pytest.approx(1 - 0.025 ** (1 / 20))
    assert clopper_pearson(3, 10) == pytest.approx((0.0667, 0.6525), abs=1e-4)
