#!/usr/bin/env python3
"""aa.py - how often would identical binaries be called different?

    scripts/aa.py RUN_A RUN_B [RUN_A RUN_B ...] [--comparisons=N] [--seed=N] [--format=table|csv]

RUN_A and RUN_B are the two folders (a and b) of a `baton ab` that held the same thing against
itself (make aa). From every 12 consecutive pairs of invocations of a cell comparisons are made in
which nothing differs, in several ways; counted is how often the 95 % interval covers 1:

paired       as compare.py does with a baton ab: 12 ratios of medians, one per pair of adjacent
             invocations, signed-rank interval; which of a pair is A is drawn from the seed
as-recorded  the same with the sides as baton drew them
two-runs     as compare.py does with two runs: the invocations of the first half against those of
             the second, Mann-Whitney on their medians
windows      as most tools do with repetitions: Mann-Whitney on the windows of one process against
             those of another, here of the two next to each other. Kinder than most tools, for
             baton spreads a process's windows over its rounds

With drawn sides the first covers what its level says whatever the machine did, but for ties: that
is what the random order within a pair buys, and what the count shows. The cells of one recording
share the machine's states: in as-recorded and two-runs the comparisons are not independent of each
other, and their shares vary widely from one recording to the next.

Needs no package. Exit codes: 2 unreadable, 3 not the same thing twice, 4 too few pairs, 6 cannot
write.
"""

import csv
import math
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from command import NOT_COMPARABLE, NOTHING_MATCHED, Parser, aligned, fail, run
from results import NA, Cell, Run, cell_of, read_run
from stats import Interval, median, paired_interval, ratio_interval

PAIRS = 12
TITLES = {
    "paired": "baton ab: pairs of invocations",
    "as-recorded": "  the same, sides as recorded",
    "two-runs": "two runs, one after the other",
    "windows": "windows of two processes",
}
LEGEND = """\
Nothing differs here: a 95 % interval should cover 1 in 95 % of the comparisons, and calls two equal
things different in the rest. half-width: half of the median interval's width.
The cells of a recording share the machine's states: rows two and three vary from one to the next.
From {cells} cells with {pairs} pairs of invocations or more, seed {seed}. See scripts/aa.py."""


class Pair(NamedTuple):
    """The windows of two adjacent invocations, one of each side; which ran first is not known."""

    a: Tuple[float, ...]
    b: Tuple[float, ...]


@dataclass
class Tally:
    """How one way of comparing fared."""

    comparisons: int = 0
    covered: int = 0
    widths: List[float] = field(default_factory=list)

    def add(self, interval: Optional[Interval]) -> None:
        """Count a comparison; one that has no interval, for too few values, is none."""
        if interval:
            self.comparisons += 1
            self.covered += not interval.excludes(1)
            self.widths.append(interval.high - interval.low)

    @property
    def share(self) -> Optional[float]:
        return self.covered / self.comparisons if self.comparisons else None

    @property
    def half_width(self) -> Optional[float]:
        return median(self.widths) / 2 if self.widths else None


def kept_windows(recorded: Run) -> Dict[Cell, Dict[int, Tuple[float, ...]]]:
    """The values above zero of the windows that count, by cell and invocation."""
    windows: Dict[Cell, Dict[int, Tuple[float, ...]]] = {}
    for sample in recorded.samples:
        if sample.kept and sample.value and sample.invocation is not None:
            cell = windows.setdefault(cell_of(sample), {})
            cell[sample.invocation] = (*cell.get(sample.invocation, ()), sample.value)
    return windows


def pairs_by_cell(a: Run, b: Run) -> Dict[Cell, List[Pair]]:
    """The pairs of invocations of one number in which both sides have a value, in their order."""
    other = kept_windows(b)
    return {cell: [Pair(windows[at], other[cell][at]) for at in sorted(windows)
                   if at in other[cell]]
            for cell, windows in kept_windows(a).items() if cell in other}


def stretches(pairs: Sequence[Pair]) -> List[Sequence[Pair]]:
    """All runs of PAIRS consecutive pairs."""
    return [pairs[at:at + PAIRS] for at in range(len(pairs) - PAIRS + 1)]


def in_pairs(pairs: Sequence[Pair], rng: Optional[random.Random]) -> Optional[Interval]:
    """The comparison of a baton ab; with a source of chance the sides are drawn anew."""
    ratios = [median(pair.b) / median(pair.a) for pair in pairs]
    return paired_interval([1 / ratio if rng and rng.random() < 0.5 else ratio
                            for ratio in ratios])


def in_halves(pairs: Sequence[Pair]) -> Optional[Interval]:
    """The comparison of two runs: all invocations of the first half against the second's."""
    medians = [[median(windows) for pair in half for windows in pair]
               for half in (pairs[:len(pairs) // 2], pairs[len(pairs) // 2:])]
    return ratio_interval(medians[0], medians[1])


def simulate(recorded: Sequence[Dict[Cell, List[Pair]]], comparisons: int,
             seed: int) -> Dict[str, Tally]:
    """All comparisons that the recordings give; of the drawn ones at least `comparisons`."""
    rng = random.Random(seed)
    tallies = {way: Tally() for way in TITLES}
    runs = [stretch for cells in recorded for pairs in cells.values()
            for stretch in stretches(pairs)]
    for stretch in runs:
        for _ in range(math.ceil(comparisons / len(runs))):
            tallies["paired"].add(in_pairs(stretch, rng))
        tallies["as-recorded"].add(in_pairs(stretch, None))
        tallies["two-runs"].add(in_halves(stretch))
    for cells in recorded:
        for pairs in cells.values():
            for pair in pairs:
                tallies["windows"].add(ratio_interval(pair.a, pair.b))
    return tallies


def refuse_unequal(a: Run, b: Run) -> None:
    """Exit 3 unless the two are the sides of one baton ab of one setting."""
    if not a.fact("run", "ab_id") == b.fact("run", "ab_id") != NA:
        fail(NOT_COMPARABLE, f"{a.path} and {b.path} are not the two sides of one baton ab: "
                             "record them with make aa")
    settings = [side.fact("run", "ab_setting") for side in (a, b)]
    if settings[0] != settings[1]:
        fail(NOT_COMPARABLE, f"{a.path} and {b.path} differ in their setting: {settings[0]!r} and "
                             f"{settings[1]!r}")


def read_pairs(a: Path, b: Path) -> Dict[Cell, List[Pair]]:
    """The pairs of two folders. Raises ReadError; exits 3 where they are no A/A."""
    sides = read_run(a), read_run(b)
    refuse_unequal(*sides)
    return pairs_by_cell(*sides)


def share_text(share: Optional[float]) -> str:
    return NA if share is None else f"{100 * share:.1f} %"


def table(tallies: Dict[str, Tally], cells: int, seed: int) -> str:
    """The counts as text."""
    rows = [["way of comparing", "comparisons", "cover 1", "", "called different", "half-width"]]
    for way, tally in tallies.items():
        different = None if tally.share is None else 1 - tally.share
        rows.append([TITLES[way], str(tally.comparisons), str(tally.covered),
                     share_text(tally.share), share_text(different),
                     share_text(tally.half_width)])
    legend = LEGEND.format(cells=cells, pairs=PAIRS, seed=seed)
    return "\n".join([*aligned(rows, range(1, 6)), "", legend, ""])


def write_csv(tallies: Dict[str, Tally]) -> None:
    def text(value: Optional[float]) -> str:
        return NA if value is None else f"{value:.6g}"

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["way", "comparisons", "covered", "share", "half_width"])
    for way, tally in tallies.items():
        writer.writerow([way, tally.comparisons, tally.covered, text(tally.share),
                         text(tally.half_width)])


def main() -> int:
    parser = Parser("How often would identical binaries be called different?")
    parser.add_argument("runs", metavar="RUN", type=Path, nargs="+",
                        help="folders a and b of a make aa, then those of another")
    parser.add_argument("--comparisons", metavar="N", type=int, default=2000,
                        help="comparisons with drawn sides, at least (default: 2000)")
    parser.add_argument("--seed", metavar="N", type=int, default=1)
    parser.add_argument("--format", choices=("table", "csv"), default="table")
    options = parser.parse_args()
    if len(options.runs) % 2:
        parser.error(f"RUN: {len(options.runs)} folders; they come in pairs, RUN_A RUN_B")
    if options.comparisons < 1:
        parser.error(f"--comparisons={options.comparisons}: 1 or more")
    recorded = [read_pairs(a, b) for a, b in zip(options.runs[::2], options.runs[1::2])]
    cells = sum(len(pairs) >= PAIRS for run_pairs in recorded for pairs in run_pairs.values())
    if not cells:
        most = max((len(pairs) for run_pairs in recorded for pairs in run_pairs.values()),
                   default=0)
        fail(NOTHING_MATCHED, f"no cell has {PAIRS} pairs of invocations; the most are {most}")
    tallies = simulate(recorded, options.comparisons, options.seed)
    if options.format == "csv":
        write_csv(tallies)
    else:
        print(table(tallies, cells, options.seed), end="")
    return 0


if __name__ == "__main__":
    run(main)
