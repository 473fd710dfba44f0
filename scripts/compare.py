#!/usr/bin/env python3
"""compare.py - hold one run against another, cell by cell

    scripts/compare.py RUN_A RUN_B [--format=table|csv]

RUN_A is the base. Rows are matched on family, mechanism, workload, place, threads and params,
never on CPU numbers. The sample is one median per invocation; stats.py says how the intervals are
made and why. The two sides of one `baton ab` are compared in pairs of invocations. Needs no
package.
Exit codes: 2 unreadable, 3 not comparable, 4 nothing in common, 6 cannot write.
"""

import csv
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterable, List, Optional, Sequence

from command import NOT_COMPARABLE, NOTHING_MATCHED, Parser, aligned, fail, run
from results import NA, Cell, Run, Summary, read_run, summarise
from stats import (LEVEL, Interval, geometric_mean, median_ratio, paired_interval, paired_ratio,
                   ratio_interval)
from units import quantity, significant

FACTS = (
    ("machine", "cpu_model"), ("machine", "cpu_family"), ("machine", "cpu_model_number"),
    ("machine", "cpu_stepping"), ("machine", "cpu_microcode"), ("machine", "kernel"),
    ("machine", "virtualisation"), ("build", "compiler"), ("build", "build_type"),
    ("build", "baton_version"), ("build", "benchmark_version"), ("run", "started_utc"),
    ("run", "end"), ("run", "invocations"), ("run", "rounds"), ("run", "window_ns"),
    ("run", "ab_side"), ("run", "ab_setting"), ("machine", "aa_floor"), ("machine", "aa_utc"),
)
# Ends of keys: facts of a moment, of which no two runs of one machine have the same.
PASSING = ("_start", "_end")
TWO_RUNS = """\
These are two runs: they differ by the hour as well as by the CPU. The intervals cover the spread
between invocations, not what else changed from one run to the other."""
INTERLEAVED = """\
The two sides were interleaved by baton ab: each invocation of A ran next to its fellow of B, in
random order. What changed meanwhile changed for both, and the ratios are taken within pairs."""
RATIO = "B/A: ratio of the two, with the 95 % interval of the inverted Mann-Whitney test"
PAIRED_RATIO = "B/A: pseudo-median of the ratios of pairs, and its inverted signed-rank interval"
FLOOR = """\
aa_floor: half-width of a typical cell's interval when this machine was compared with itself."""
LEGEND = """\
A, B: median over invocations ({a} in A, {b} in B) of the median of each invocation's windows.
{ratio} (scripts/stats.py).
faster, slower: the interval excludes 1. Times: lower is better; rates (/s): higher is better.
{marked} of {rows} rows are marked; about {chance:.0f} would be by chance, had nothing changed."""


@dataclass(frozen=True)
class Comparison:
    """A cell that has values in both runs."""

    cell: Cell
    base: Summary
    other: Summary
    ratio: Optional[float]
    interval: Optional[Interval]

    @property
    def verdict(self) -> str:
        """What B is against A: faster or slower where the interval excludes 1."""
        if self.interval is None or not self.interval.excludes(1):
            return "cannot tell"
        return "faster" if (self.interval.low > 1) == self.base.higher_is_better else "slower"

    @property
    def time_ratio(self) -> Optional[float]:
        """The ratio in time per operation: that of rates is inverted."""
        return 1 / self.ratio if self.ratio and self.base.higher_is_better else self.ratio


def interleaved(a: Run, b: Run) -> bool:
    """Whether the two are the sides of one baton ab."""
    return a.fact("run", "ab_id") == b.fact("run", "ab_id") != NA


def _apart(cell: Cell, a: Summary, b: Summary) -> Comparison:
    return Comparison(cell, a, b, median_ratio(a.values, b.values),
                      ratio_interval(a.values, b.values))


def _in_pairs(cell: Cell, a: Summary, b: Summary) -> Comparison:
    theirs = dict(zip(b.invocations, b.values))
    pairs = [(value, theirs[invocation]) for invocation, value in zip(a.invocations, a.values)
             if invocation in theirs]
    ratios = [y / x for x, y in pairs] if all(x > 0 for x, _ in pairs) else []
    return Comparison(cell, a, b, paired_ratio(ratios), paired_interval(ratios))


def compare(base: Dict[Cell, Summary], other: Dict[Cell, Summary],
            in_pairs: bool = False) -> List[Comparison]:
    """The cells with values in both runs, in the order of the base; the spike-in is none.

    in_pairs: by invocations of the same number, which ran next to each other.
    """
    how = _in_pairs if in_pairs else _apart
    return [how(cell, a, b) for cell, a in base.items() if a.values and not cell.dosed
            for b in [other.get(cell)] if b and b.values]


def refuse_incomparable(a: Run, b: Run, rows: Sequence[Comparison]) -> None:
    """Exit 3 where the same names stand for different things."""
    if a.schema != b.schema:
        fail(NOT_COMPARABLE, f"{a.path} has schema {a.schema}, {b.path} has {b.schema}: "
                             "record both runs with one version of baton")
    for row in rows:
        kinds = [f"{side.metric} in {side.unit}" for side in (row.base, row.other)]
        if kinds[0] != kinds[1]:
            fail(NOT_COMPARABLE, f"{row.cell}: {kinds[0]} in {a.path}, {kinds[1]} in {b.path}")


def context_lines(a: Run, b: Run) -> List[str]:
    """The facts that differ, side by side, after the CPU, which is always shown."""
    rows = [["", "A (base)", "B"], ["run", str(a.path), str(b.path)]]
    for scope, key in FACTS:
        sides = [a.fact(scope, key), b.fact(scope, key)]
        known_floor = key == "aa_floor" and sides[0] != NA
        if key == "cpu_model" or sides[0] != sides[1] or known_floor:
            rows.append([key, *(side if len(side) <= 48 else side[:47] + "…" for side in sides)])
    others = {(scope, key) for scope, key in {**a.facts, **b.facts}
              if (scope, key) not in FACTS and scope != "run" and not key.endswith(PASSING)}
    differ = sum(a.fact(*fact) != b.fact(*fact) for fact in others)
    more = [f"and {differ} more: see context.csv"] if differ else []
    cut = [f"{name} was interrupted: it has fewer windows than planned"
           for name, side in (("A", a), ("B", b)) if side.fact("run", "end") == "interrupted"]
    return aligned(rows) + more + cut


def invocations(summaries: Iterable[Summary]) -> int:
    """The most invocations that any cell has."""
    return max((len(summary.values) for summary in summaries), default=0)


def note(row: Comparison, usual: Sequence[int]) -> str:
    """What to know before trusting the row."""
    notes = []
    for name, side, count in zip("AB", (row.base, row.other), usual):
        if side.two_modes:
            notes.append(f"{name} has two modes: "
                         f"{side.left_out} of {side.windows} windows left out")
        if len(side.values) < count:
            notes.append(f"{name} has {len(side.values)} invocations")
    if row.ratio is None:
        zero = min(*row.base.values, *row.other.values) <= 0
        notes.append(f"no ratio: {'a median is zero' if zero else 'no invocation in common'}")
    elif row.interval is None:
        notes.append("no interval: too few invocations")
    return "; ".join(notes)


def ratio_text(value: float) -> str:
    return f"{value:.3f}" if 0.1 <= value < 10 else significant(value, 3)


def row_cells(row: Comparison, usual: Sequence[int], with_threads: bool) -> List[str]:
    """The cells of a line of the table."""
    span = " to ".join(ratio_text(end) for end in row.interval) if row.interval else NA
    params = "" if row.cell.params == NA else row.cell.params
    medians = [quantity(side.median or 0, side.unit) for side in (row.base, row.other)]
    return [f"{row.cell.mechanism}/{row.cell.workload}", row.cell.place,
            *([str(row.cell.threads)] if with_threads else []), params, *medians,
            NA if row.ratio is None else ratio_text(row.ratio), span,
            row.verdict if row.verdict != "cannot tell" else "", note(row, usual)]


def row_lines(rows: Sequence[Comparison], usual: Sequence[int]) -> List[str]:
    """The table proper: one header, then the families, each under its name."""
    # Threads are worth a column only where two cells differ in nothing else.
    with_threads = len({row.cell._replace(threads=0) for row in rows}) < len(rows)
    header = ["mechanism/workload", "place", *(["threads"] if with_threads else []), "params",
              "A", "B", "B/A", "95 % interval", "B is", ""]
    at = header.index("A")
    right = [at, at + 1, at + 2, at + 3] + ([2] if with_threads else [])
    lines = aligned([header] + [row_cells(row, usual, with_threads) for row in rows], right)
    grouped = [lines[0]]
    for line, row, before in zip(lines[1:], rows, [None, *rows]):
        if before is None or row.cell.family != before.cell.family:
            grouped += ["", row.cell.family]
        grouped.append(line)
    return grouped


def mean_lines(rows: Sequence[Comparison]) -> List[str]:
    """The geometric means, by family and over all."""
    ratios: Dict[str, List[float]] = {}
    for row in rows:
        if row.time_ratio is not None:
            ratios.setdefault(row.cell.family, []).append(row.time_ratio)
    every = [ratio for family in ratios.values() for ratio in family]
    groups = [*ratios.items(), *([("all", every)] if every else [])]
    return ["Geometric mean of B/A in time per operation, over the rows that both runs have",
            *aligned([[name, ratio_text(geometric_mean(group)),
                       f"{len(group)} row{'s' if len(group) > 1 else ''}"]
                      for name, group in groups] or [["none"]], right=(1, 2))]


def absent_lines(a: Dict[Cell, Summary], b: Dict[Cell, Summary]) -> List[str]:
    """The cells without a value on one side or on both, each with the reason."""
    def reason(side: Dict[Cell, Summary], cell: Cell) -> str:
        return side[cell].why_no_value if cell in side else "no such row"

    lists: Dict[str, List[List[str]]] = {"Only in A": [], "Only in B": [], "In neither": []}
    for cell in {**a, **b}:
        in_a, in_b = (cell in side and bool(side[cell].values) for side in (a, b))
        if in_a and not in_b:
            lists["Only in A"].append([f"  {cell}", f"B: {reason(b, cell)}"])
        elif in_b and not in_a:
            lists["Only in B"].append([f"  {cell}", f"A: {reason(a, cell)}"])
        elif not in_a:
            lists["In neither"].append([f"  {cell}", reason(a if cell in a else b, cell)])
    return [line for title, cells in lists.items() if cells
            for line in ["", f"{title}: {len(cells)}", *aligned(cells)]]


def table(a: Run, b: Run, base: Dict[Cell, Summary], other: Dict[Cell, Summary],
          rows: Sequence[Comparison]) -> str:
    """The comparison as text."""
    usual = (invocations(base.values()), invocations(other.values()))
    marked = sum(row.verdict != "cannot tell" for row in rows)
    tested = sum(row.interval is not None for row in rows)
    in_pairs = interleaved(a, b)
    legend = LEGEND.format(a=usual[0], b=usual[1], marked=marked, rows=len(rows),
                           chance=tested * (1 - LEVEL), ratio=PAIRED_RATIO if in_pairs else RATIO)
    if any(side.fact("machine", "aa_floor") != NA for side in (a, b)):
        legend += "\n" + FLOOR
    how = INTERLEAVED if in_pairs else TWO_RUNS
    return "\n".join([*context_lines(a, b), "", how, "", *row_lines(rows, usual), "",
                      *mean_lines(rows), *absent_lines(base, other), "", legend, ""])


COLUMNS = (*Cell._fields, "metric", "unit", "median_a", "median_b", "ratio", "ratio_low",
           "ratio_high", "verdict", "invocations_a", "invocations_b", "left_out_a", "left_out_b")


def csv_row(cell: Cell, a: Optional[Summary], b: Optional[Summary],
            row: Optional[Comparison]) -> List[object]:
    """A line of the CSV; NA for what one side does not have."""
    def text(value: Optional[float]) -> str:
        return NA if value is None else f"{value:.6g}"

    kind = a if a and a.values else b or a
    interval = row.interval if row else None
    return [*cell, kind.metric if kind else NA, kind.unit if kind else NA,
            text(a.median if a else None), text(b.median if b else None),
            text(row.ratio if row else None), text(interval.low if interval else None),
            text(interval.high if interval else None), row.verdict if row else NA,
            *(len(side.values) if side else 0 for side in (a, b)),
            *(side.left_out if side else 0 for side in (a, b))]


def write_csv(base: Dict[Cell, Summary], other: Dict[Cell, Summary],
              rows: Sequence[Comparison]) -> None:
    """All cells of both runs to stdout, those of one side too."""
    by_cell = {row.cell: row for row in rows}
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for cell in {**base, **other}:
        writer.writerow(csv_row(cell, base.get(cell), other.get(cell), by_cell.get(cell)))


def main() -> int:
    parser = Parser("Hold one run against another, cell by cell.")
    parser.add_argument("base", metavar="RUN_A", type=Path, help="folder of the base")
    parser.add_argument("other", metavar="RUN_B", type=Path, help="folder of the run to judge")
    parser.add_argument("--format", choices=("table", "csv"), default="table")
    options = parser.parse_args()
    a, b = read_run(options.base), read_run(options.other)
    base, other = summarise(a), summarise(b)
    rows = compare(base, other, interleaved(a, b))
    refuse_incomparable(a, b, rows)
    if not rows:
        fail(NOTHING_MATCHED, f"no cell has values in both {a.path} and {b.path}")
    if options.format == "csv":
        write_csv(base, other, rows)
    else:
        print(table(a, b, base, other, rows), end="")
    return 0


if __name__ == "__main__":
    run(main)
