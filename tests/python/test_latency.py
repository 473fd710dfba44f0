"""test_latency.py - quantiles of buckets: bounds that are never below the truth"""

import random
from typing import List

import pytest

from latency import latencies, quantile
from results import Bucket


def bucket(low: float, high: float, count: int, invocation: int = 0, what: str = "handoff",
           role: str = "NA", mechanism: str = "pipe") -> Bucket:
    return Bucket("run", invocation, "switch", mechanism, "pingpong", "l3", "0-1", 2, "NA", what,
                  role, low, high, count)


def test_quantile_is_the_upper_bound_of_its_bucket() -> None:
    buckets = [(10.0, 50), (20.0, 49), (40.0, 1)]
    assert [quantile(buckets, permille) for permille in (1, 500, 501, 990, 991, 999, 1000)] == [
        10, 10, 20, 20, 40, 40, 40]


def test_all_invocations_are_merged() -> None:
    (row,) = latencies([bucket(0, 100, 98), bucket(100, 200, 1), bucket(0, 100, 900, invocation=1),
                        bucket(500, 600, 1, invocation=1)])
    assert (row.count, row.p50, row.p99, row.p999, row.max) == (1000, 100, 100, 200, 600)


def test_cells_kinds_and_roles_stay_apart() -> None:
    rows = latencies([bucket(0, 1, 1, mechanism="signal"), bucket(1, 2, 1, what="roundtrip"),
                      bucket(2, 3, 1, role="greedy", what="wait"),
                      bucket(3, 4, 1, role="polite", what="wait"), bucket(4, 5, 1)])
    assert [(row.cell.mechanism, row.what, row.role, row.max) for row in rows] == [
        ("pipe", "handoff", "NA", 5), ("pipe", "roundtrip", "NA", 2), ("pipe", "wait", "greedy", 3),
        ("pipe", "wait", "polite", 4), ("signal", "handoff", "NA", 1)]
    assert latencies([]) == []


def test_at_least_the_share_lies_below_and_the_bucket_holds_the_quantile() -> None:
    rng = random.Random(9)
    stamps = sorted(int(rng.expovariate(1 / 3000)) for _ in range(5000))
    buckets: List[Bucket] = [
        bucket(low, low + 64, sum(low <= stamp < low + 64 for stamp in stamps))
        for low in range(0, max(stamps) + 64, 64)]
    (row,) = latencies([one for one in buckets if one.count])
    for share, bound in ((0.5, row.p50), (0.99, row.p99), (0.999, row.p999), (1, row.max)):
        true = stamps[round(share * 5000) - 1]
        assert bound - 64 <= true < bound
        assert sum(stamp < bound for stamp in stamps) >= share * 5000
    assert row.count == pytest.approx(5000)
