"""latency.py - quantiles of single operations, from the buckets of histograms.csv"""

from dataclasses import dataclass
from typing import Dict, Iterable, List, Sequence, Tuple

from results import Bucket, Cell, cell_of, display_order


@dataclass(frozen=True)
class Latency:
    """What was stamped in a cell, over all invocations, in ns.

    what: handoff (one way), roundtrip, wait or hold; role: of which thread, NA for all together.
    A quantile q of n stamps is the upper bound of the bucket that holds the ceil(q n)-th of them
    in ascending order: at least the share q of the stamps lie below it, and nothing is guessed
    about where within the bucket. max likewise: all lie below.
    """

    cell: Cell
    what: str
    role: str
    count: int
    p50: float
    p99: float
    p999: float
    max: float


def quantile(buckets: Sequence[Tuple[float, int]], permille: int) -> float:
    """The upper bound of the bucket with the ceil(q n)-th stamp; buckets (hi, count) ascend."""
    rank = -(-permille * sum(count for _, count in buckets) // 1000)
    below = 0
    for high, count in buckets:
        below += count
        if below >= rank:
            return high
    raise ValueError("no buckets")


def latencies(buckets: Iterable[Bucket]) -> List[Latency]:
    """The quantiles of each cell, kind of stamp and role, in the order of summarise."""
    merged: Dict[Tuple[Cell, str, str], Dict[float, int]] = {}
    for bucket in buckets:
        counts = merged.setdefault((cell_of(bucket), bucket.what, bucket.role), {})
        counts[bucket.hi_ns] = counts.get(bucket.hi_ns, 0) + bucket.count
    return [_latency(*key, sorted(merged[key].items()))
            for key in sorted(merged, key=lambda key: (display_order(key[0]), key[1:]))]


def _latency(cell: Cell, what: str, role: str, counts: Sequence[Tuple[float, int]]) -> Latency:
    p50, p99, p999, highest = (quantile(counts, permille) for permille in (500, 990, 999, 1000))
    return Latency(cell, what, role, sum(count for _, count in counts), p50, p99, p999, highest)
