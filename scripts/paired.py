"""paired.py - each cell against the base cell of its own block

A machine changes its state every few seconds. Windows of one block are close enough in time to
share it, so their ratio keeps what the medians of a run blur. The base is the cell that
context.csv names: it opens and closes each block, or (baton run --pair=A,B) is A of each pair.
"""

from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional, Tuple

from results import Cell, Run, Sample, cell_of, display_order, invocation_medians
from stats import (Interval, median, paired_interval, paired_ratio, relative_width, still_needed)

UNSETTLED_WIDTH = 0.025
Block = Tuple[int, int, int]


@dataclass(frozen=True)
class Paired:
    """A cell's time per operation as a multiple of the base's, over a run.

    ratios: the median of the windows' ratios of each of `invocations`.
    windows, left_out: those that ran, and those of them without a ratio: their own switches or
    those of all base windows of their block left the declared band.
    """

    cell: Cell
    invocations: Tuple[int, ...]
    ratios: Tuple[float, ...]
    windows: int
    left_out: int

    @property
    def ratio(self) -> Optional[float]:
        return paired_ratio(self.ratios)

    @property
    def interval(self) -> Optional[Interval]:
        return paired_interval(self.ratios)

    @property
    def width(self) -> Optional[float]:
        """The width of the interval as a share of the ratio."""
        return relative_width(self.interval, self.ratio)

    @property
    def unsettled(self) -> bool:
        """The interval is wider than 2.5 %."""
        return self.needed > 0

    @property
    def needed(self) -> int:
        """How many more invocations would bring the interval to 2.5 %."""
        return still_needed(len(self.ratios), self.width, UNSETTLED_WIDTH)


@dataclass(frozen=True)
class Spike:
    """A known dose and what was seen of it, both as shares of the base's time per operation."""

    cell: Cell
    put_in: float
    seen: Optional[float]
    interval: Optional[Interval]


class _Pair(NamedTuple):
    """A window and the base's time per operation at its position, if there is any."""

    sample: Sample
    time_ns: float
    base_ns: Optional[float]


def time_per_operation(sample: Sample) -> Optional[float]:
    """The window's time per operation in ns; None where the value is no time and no rate, or 0."""
    if not sample.ran or not sample.value:
        return None
    if sample.unit == "1/s":
        return 1e9 / sample.value
    return sample.value if sample.unit == "ns" else None


def paired(run: Run) -> Dict[Cell, Paired]:
    """Every other cell against the base, in the order of summarise; empty without a base.

    A window's ratio is its time per operation (rates inverted) over the base's at its position
    in the block: interpolated linearly in `order` between the nearest base windows before and
    after it; the nearest alone where the block has them on one side only. Windows whose switches
    left the band (SWITCHES) are left out, on both sides.
    """
    return {cell: _paired(cell, pairs) for cell, pairs in _pairs(run).items()}


def spike(run: Run) -> Dict[Cell, Spike]:
    """The cells that carry a known dose, with the dose and what was seen of it.

    Put in is the median of dose_ns over the base's time per operation, seen the paired ratio less
    one. The two can agree only where the base does the same without the dose; cells of another
    workload, place or team than the base's are left out.
    """
    spikes = {}
    base = _base_cell(run)
    for cell, pairs in _pairs(run).items():
        doses = [pair.sample.dose_ns / pair.base_ns for pair in pairs
                 if pair.sample.dose_ns is not None and pair.base_ns]
        if doses and base and cell[2:5] == base[2:5]:
            summary = _paired(cell, pairs)
            low_high = summary.interval
            spikes[cell] = Spike(cell, median(doses), summary.ratio and summary.ratio - 1,
                                 low_high and Interval(low_high.low - 1, low_high.high - 1))
    return spikes


def _paired(cell: Cell, pairs: List[_Pair]) -> Paired:
    ratios = [(pair.sample.invocation, pair.time_ns / pair.base_ns) for pair in pairs
              if pair.sample.invocation is not None and pair.base_ns]
    medians = invocation_medians(ratios)
    return Paired(cell, tuple(medians), tuple(medians.values()), len(pairs),
                  len(pairs) - len(ratios))


def _is_base(run: Run, sample: Sample) -> bool:
    """Whether a window is of the base cell; the program adds the CPUs to a fixed pair's name."""
    name = cell_of(sample).name
    return run.fact("run", "base") in (name, f"{name}/{sample.cpus}")


def _base_cell(run: Run) -> Optional[Cell]:
    return next((cell_of(sample) for sample in run.samples if _is_base(run, sample)), None)


def _block(sample: Sample) -> Optional[Block]:
    if sample.invocation is None or sample.round is None or sample.block is None:
        return None
    return sample.invocation, sample.round, sample.block


def _pairs(run: Run) -> Dict[Cell, List[_Pair]]:
    """The windows of each cell but the base, each with its base."""
    bases: Dict[Optional[Block], List[Tuple[int, float]]] = {}
    others: Dict[Cell, List[Tuple[Sample, float]]] = {}
    for sample in run.samples:
        time_ns = time_per_operation(sample)
        if time_ns is None or sample.order is None:
            continue
        if not _is_base(run, sample):
            others.setdefault(cell_of(sample), []).append((sample, time_ns))
        elif sample.kept:
            bases.setdefault(_block(sample), []).append((sample.order, time_ns))
    bases.pop(None, None)
    if not bases:
        return {}
    return {cell: [_Pair(sample, time_ns, _base_at(sample, bases.get(_block(sample), [])))
                   for sample, time_ns in others[cell]]
            for cell in sorted(others, key=display_order)}


def _base_at(sample: Sample, bases: List[Tuple[int, float]]) -> Optional[float]:
    """The base's time per operation at a window's position, or None if the window has no ratio."""
    at = sample.order
    if not sample.kept or at is None or not bases:
        return None
    before = max((base for base in bases if base[0] < at), default=None)
    after = min((base for base in bases if base[0] > at), default=None)
    if before and after:
        return before[1] + (after[1] - before[1]) * (at - before[0]) / (after[0] - before[0])
    return (before or after or bases[0])[1]
