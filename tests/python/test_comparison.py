"""test_comparison.py - p-values against counting and scipy, verdicts on rows made by hand"""

import itertools
import math
import random
from dataclasses import replace
from typing import List, Sequence

import pytest

import comparison
from comparison import BAND, FASTER, NEVER, SAME, SLOWER, UNTOLD, Comparison
from results import Cell, Summary
from stats import Interval, holm, mann_whitney_p, paired_interval, ratio_interval, signed_rank_p

CELL = Cell("switch", "pipe", "pingpong", "l3", 2, "NA")


def summary(values: Sequence[float], metric: str = "handoff") -> Summary:
    unit = "1/s" if metric == "acquisitions" else "ns"
    return Summary(CELL, metric, unit, tuple(range(len(values))), tuple(values), (), None,
                   len(values), 0, 0, 0, "ok", "NA")


def row(low: float, ratio: float, high: float, adjusted: float = 0.01, metric: str = "handoff",
        count: int = 12, band: float = BAND) -> Comparison:
    side = summary([1.0] * count, metric)
    return Comparison(CELL, side, side, ratio, Interval(low, high), adjusted, adjusted, band)


def exact_u(a: Sequence[float], b: Sequence[float]) -> float:
    """The two-sided p-value by all ways to share the values out."""
    def distance(chosen: Sequence[int]) -> float:
        rest = [at for at in range(len(pooled)) if at not in chosen]
        u = sum(pooled[x] < pooled[y] for x in chosen for y in rest)
        return abs(u - len(a) * len(b) / 2)

    pooled = [*a, *b]
    seen = distance(range(len(a)))
    every = list(itertools.combinations(range(len(pooled)), len(a)))
    return sum(distance(chosen) >= seen for chosen in every) / len(every)


@pytest.mark.parametrize("m, n", [(4, 4), (5, 4), (3, 6)])
def test_mann_whitney_p_agrees_with_counting(m: int, n: int) -> None:
    rng = random.Random(m * n)
    for _ in range(20):
        a, b = ([rng.random() for _ in range(count)] for count in (m, n))
        assert mann_whitney_p(a, b) == pytest.approx(exact_u(a, b))


@pytest.mark.parametrize("n", [3, 6, 8])
def test_signed_rank_p_agrees_with_counting(n: int) -> None:
    rng = random.Random(n)
    for _ in range(20):
        values = [rng.gauss(0.3, 1) for _ in range(n)]
        ranks = sorted(range(n), key=lambda at: abs(values[at]))
        seen = sum(rank for rank, at in enumerate(ranks, 1) if values[at] > 0)
        middle = n * (n + 1) / 4
        every = [sum(rank for rank, plus in enumerate(signs, 1) if plus)
                 for signs in itertools.product((0, 1), repeat=n)]
        part = sum(abs(w - middle) >= abs(seen - middle) for w in every) / len(every)
        assert signed_rank_p(values) == pytest.approx(part)


def test_p_values_agree_with_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = random.Random(1)
    for _ in range(20):
        a = [rng.gauss(0, 1) for _ in range(12)]
        b = [rng.gauss(0.5, 1) for _ in range(10)]
        theirs = stats.mannwhitneyu(a, b, alternative="two-sided", method="exact").pvalue
        assert mann_whitney_p(a, b) == pytest.approx(theirs)
        both = stats.wilcoxon(a, mode="exact").pvalue
        assert signed_rank_p(a) == pytest.approx(both)


def test_p_values_and_intervals_say_the_same() -> None:
    """p <= 5 % exactly where the 95 % interval excludes 1."""
    rng = random.Random(2)
    told = 0
    for _ in range(300):
        a = [math.exp(rng.gauss(0, 0.1)) for _ in range(10)]
        b = [math.exp(rng.gauss(0.08, 0.1)) for _ in range(10)]
        apart, pairs = ratio_interval(a, b), paired_interval([y / x for x, y in zip(a, b)])
        assert apart and pairs
        if apart.excludes(1):
            assert mann_whitney_p(a, b) <= 0.05
            told += 1
        assert pairs.excludes(1) == (
            signed_rank_p([math.log(y / x) for x, y in zip(a, b)]) <= 0.05)
    assert 50 < told < 250


def test_ties_are_no_evidence() -> None:
    assert mann_whitney_p([1.0] * 8, [1.0] * 8) == 1
    assert signed_rank_p([0.0] * 8) == 1


@pytest.mark.parametrize("values, adjusted", [
    ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]), ([0.02], [0.02]), ([], []),
    ([0.5, 0.9], [1.0, 1.0]), ([0.001, 0.001, 0.2], [0.003, 0.003, 0.2])])
def test_holm(values: List[float], adjusted: List[float]) -> None:
    assert holm(values) == pytest.approx(adjusted)


def test_only_few_families_of_nothing_have_a_row_marked() -> None:
    rng = random.Random(3)
    marked = sum(min(holm([rng.random() for _ in range(40)])) <= 0.05 for _ in range(2000))
    assert 0.035 < marked / 2000 < 0.065


@pytest.mark.parametrize("low, ratio, high, adjusted, verdict", [
    (1.05, 1.10, 1.15, 0.01, SLOWER),
    (0.85, 0.90, 0.95, 0.01, FASTER),
    (1.05, 1.10, 1.15, 0.06, UNTOLD),   # not among so many rows
    (1.01, 1.03, 1.05, 0.01, SLOWER),
    (0.99, 1.03, 1.05, 0.01, UNTOLD),   # it may be nothing
    (1.001, 1.015, 1.03, 0.01, UNTOLD),  # it is little, but how little?
    (1.001, 1.021, 1.04, 0.01, SLOWER),
    (0.97, 0.985, 0.999, 0.01, UNTOLD),
    (0.99, 1.00, 1.01, 1.00, SAME),
    (1.005, 1.01, 1.015, 0.01, SAME),   # it differs, but by nothing that matters
    (1 / 1.02, 1.00, 1.02, 1.00, SAME),
    (0.97, 1.00, 1.03, 1.00, UNTOLD)])
def test_verdicts(low: float, ratio: float, high: float, adjusted: float, verdict: str) -> None:
    assert row(low, ratio, high, adjusted).verdict == verdict


def test_of_rates_more_is_faster() -> None:
    rate = row(1.05, 1.10, 1.15, metric="acquisitions")
    assert rate.verdict == FASTER
    assert rate.time_interval == pytest.approx((1 / 1.15, 1 / 1.05))
    assert row(0.8, 0.85, 0.9, metric="acquisitions").verdict == SLOWER


def test_a_wider_band_takes_more() -> None:
    assert row(1.05, 1.09, 1.15, band=0.10).verdict == UNTOLD
    assert row(1.05, 1.11, 1.15, band=0.10).verdict == SLOWER
    assert row(1.05, 1.06, 1.09, band=0.10).verdict == SAME


def test_without_an_interval_there_is_no_verdict() -> None:
    alone = replace(row(1, 1, 1), interval=None)
    assert (alone.verdict, alone.needed, alone.time_interval) == (UNTOLD, None, None)


def test_invocations_still_needed() -> None:
    """Of a ratio beyond the band until 1 is excluded, of one within it until all of it is."""
    far = row(math.exp(0.10 - 0.20), math.exp(0.10), math.exp(0.10 + 0.20), count=10)
    # Four times ten, less the ten.
    assert far.verdict == UNTOLD and far.needed == pytest.approx(30, abs=1)
    edge = math.log(1.02)
    near = row(math.exp(-2 * edge), 1.0, math.exp(2 * edge), count=10)
    assert near.verdict == UNTOLD and near.needed == pytest.approx(30, abs=1)
    assert row(0.97, 1.0199999, 1.05).needed == NEVER
    assert row(1.05, 1.10, 1.15).needed is None
    assert row(1.05, 1.10, 1.15, adjusted=0.2, count=10).needed == 1


def test_the_tests_of_all_rows_are_adjusted_together() -> None:
    sides = [(summary([1.0 + 0.001 * at for at in range(12)]),
              summary([factor * (1.0 + 0.001 * at) for at in range(12)]))
             for factor in (1.2, 1.0, 1.0)]
    cells = [CELL, CELL._replace(place="l2"), CELL._replace(place="smt")]
    rows = comparison.compare(dict(zip(cells, (a for a, _ in sides))),
                              dict(zip(cells, (b for _, b in sides))))
    assert [each.verdict for each in rows] == [SLOWER, SAME, SAME]
    assert rows[0].p and rows[0].adjusted == pytest.approx(3 * rows[0].p)


def test_the_spike_in_is_no_row() -> None:
    side = {CELL: summary([1.0] * 8), CELL._replace(params="dose_pct=3"): summary([1.0] * 8)}
    assert [each.cell for each in comparison.compare(side, side)] == [CELL]


def test_means_are_of_time_and_over_what_has_a_ratio() -> None:
    rate = replace(row(0.4, 0.5, 0.6, metric="acquisitions"), cell=CELL._replace(family="lock"))
    gone = replace(row(1, 1, 1), ratio=None)
    assert comparison.means([row(1, 8, 9), rate, gone]) == {
        "switch": [8], "lock": [2], "all": [8, 2]}
    assert comparison.means([gone]) == {}
