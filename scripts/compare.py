#!/usr/bin/env python3
"""compare.py - hold runs against a first one, cell by cell

    scripts/compare.py RUN_A RUN_B [RUN_C …] [--format=table|markdown|csv|json]
                       [--fail-on=slower:5%] [--band=PERCENT] [--force]
    scripts/compare.py RUN … --to=benchfmt|google-benchmark

RUN_A is the base. Rows are matched on family, mechanism, workload, place, threads and params,
never on CPU numbers. The sample is one median per invocation; comparison.py says what is tested,
stats.py how the intervals are made and why. The two sides of one `baton ab` are compared in pairs
of invocations. --to writes runs for benchstat, or one for Google Benchmark's own compare.py.
Needs no package.
Exit codes: 1 --fail-on fired, 2 usage or unreadable, 3 not comparable (--force compares all the
same, and says so), 4 nothing in common, 6 cannot write.
"""

import csv
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

import exports
from command import NOT_COMPARABLE, NOTHING_MATCHED, Parser, aligned, fail, run
from comparison import (BAND, FASTER, NEVER, SLOWER, UNTOLD, Comparison, compare, interleaved,
                        means)
from contexts import Difference, differences, unrest, void
from floors import band_of, read_floors
from results import NA, Cell, Run, Summary, read_rounds, read_run, summarise
from stats import geometric_mean
from units import quantity, significant

FAILED = 1
TWO_RUNS = """\
These are two runs: they differ by the hour as well as by the CPU. The intervals cover the spread
between invocations, not what else changed from one run to the other: for anything on one machine,
baton ab."""
INTERLEAVED = """\
The two sides were interleaved by baton ab: each invocation of A ran next to its fellow of {b}, in
random order. What changed meanwhile changed for both, and the ratios are taken within pairs."""
RATIO = "{b}/A: ratio of the two, with the 95 % interval of the inverted Mann-Whitney test"
PAIRED_RATIO = "{b}/A: pseudo-median of the ratios of pairs, and its inverted signed-rank interval"
FLOOR = """\
aa_floor: half-width of a typical cell's interval when this machine was compared with itself."""
LEGEND = """\
A, {b}: median over invocations ({a_count} in A, {b_count} in {b}) of each one's median window.
{ratio} (scripts/stats.py).
faster, slower: the row stands the test among all {rows} (Holm), and differs by more than {band} %;
same: its interval lies within {band} %; else one cannot tell, and +n is about how many more
invocations of each run would. Times: lower is better; rates (/s): higher is better.
{marked} of {rows} rows are faster or slower; had nothing changed, one or more would be in at most
5 % of comparisons."""
FORCED = "FORCED: this comparison is void, and was made because --force was given:"


class Pair(NamedTuple):
    """A run held against the base."""

    letter: str
    a: Run
    b: Run
    base: Dict[Cell, Summary]
    other: Dict[Cell, Summary]
    rows: List[Comparison]
    void: List[str]

    @property
    def usual(self) -> Tuple[int, int]:
        return (invocations(self.base.values()), invocations(self.other.values()))


def _fact_rows(title: str, found: Sequence[Difference]) -> List[List[str]]:
    rows = [[f"  {row.key}", *(side if len(side) <= 48 else side[:47] + "…"
                               for side in (row.a, row.b))] for row in found]
    return [[title, "", ""], *rows] if rows else []


def context_lines(pair: Pair) -> List[str]:
    """What differs, side by side: what was to be expected of two CPUs, and what is to be known."""
    a, b, letter = pair.a, pair.b, pair.letter
    found = differences(a, b)
    rows = [["", "A (base)", letter], ["run", str(a.path), str(b.path)],
            *([key, a.fact(scope, key), b.fact(scope, key)] for scope, key in
              (("machine", "cpu_model"), ("run", "started_utc"))),
            *([["aa_floor", a.fact("machine", "aa_floor"), b.fact("machine", "aa_floor")]]
              if a.fact("machine", "aa_floor") != NA else []),
            *_fact_rows("as CPUs differ", [row for row in found.expected
                                           if row.key != "cpu_model"]),
            *_fact_rows("to be known", found.to_know)]
    more = [f"and {found.others} more facts differ: see context.csv"] if found.others else []
    return aligned(rows) + more + warnings(pair)


def warnings(pair: Pair) -> List[str]:
    """What was wrong while either was recorded."""
    found = []
    for name, side in (("A", pair.a), (pair.letter, pair.b)):
        path = side.path / "rounds.csv"
        cpus = side.fact("machine", "cpus")
        for words in unrest(read_rounds(path) if path.exists() else [],
                            int(cpus) if cpus.isdecimal() else 1):
            found.append(f"{name}: {words}")
        if side.fact("run", "end") == "interrupted":
            found.append(f"{name} was interrupted: it has fewer windows than planned")
    return found


def invocations(summaries: Iterable[Summary]) -> int:
    """The most invocations that any cell has."""
    return max((len(summary.values) for summary in summaries), default=0)


def note(row: Comparison, pair: Pair) -> str:
    """What to know before trusting the row."""
    notes = []
    for name, side, count in zip(("A", pair.letter), (row.base, row.other), pair.usual):
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


def verdict_text(row: Comparison) -> str:
    """The verdict, and what it would take where there is none yet."""
    if row.needed is None:
        return row.verdict
    return f"{row.verdict} +{row.needed}" if row.needed < NEVER else f"{row.verdict} >999"


def row_cells(row: Comparison, pair: Pair, with_threads: bool) -> List[str]:
    """The cells of a line of the table."""
    span = " to ".join(ratio_text(end) for end in row.interval) if row.interval else NA
    params = "" if row.cell.params == NA else row.cell.params
    medians = [quantity(side.median or 0, side.unit) for side in (row.base, row.other)]
    return [f"{row.cell.mechanism}/{row.cell.workload}", row.cell.place,
            *([str(row.cell.threads)] if with_threads else []), params, *medians,
            NA if row.ratio is None else ratio_text(row.ratio), span,
            verdict_text(row), note(row, pair)]


def columns(pair: Pair) -> Tuple[List[str], List[List[str]]]:
    """The header, and the cells of each row."""
    # Threads are worth a column only where two cells differ in nothing else.
    with_threads = len({row.cell._replace(threads=0) for row in pair.rows}) < len(pair.rows)
    letter = pair.letter
    header = ["mechanism/workload", "place", *(["threads"] if with_threads else []), "params",
              "A", letter, f"{letter}/A", "95 % interval", f"{letter} is", ""]
    return header, [row_cells(row, pair, with_threads) for row in pair.rows]


def by_family(rows: Sequence[Comparison], lines: Sequence[Any]) -> Dict[str, List[Any]]:
    """The lines of the rows, by family in their order."""
    found: Dict[str, List[Any]] = {}
    for row, line in zip(rows, lines):
        found.setdefault(row.cell.family, []).append(line)
    return found


PAINT = {SLOWER: "\033[31m", FASTER: "\033[32m", UNTOLD: "\033[2m"}


def coloured() -> bool:
    """Whether colours are wanted: no-color.org, and a terminal that has them."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and \
        os.environ.get("TERM") != "dumb"


def painted(line: str, row: Comparison, paint: bool) -> str:
    start = PAINT.get(row.verdict)
    return f"{start}{line}\033[0m" if paint and start else line


def row_lines(pair: Pair, paint: bool) -> List[str]:
    """The table proper: one header, then the families, each under its name."""
    header, cells = columns(pair)
    at = header.index("A")
    right = [at, at + 1, at + 2, at + 3] + ([2] if "threads" in header else [])
    first, *lines = aligned([header] + cells, right)
    lines = [painted(line, row, paint) for line, row in zip(lines, pair.rows)]
    return [first, *(line for family, group in by_family(pair.rows, lines).items()
                     for line in ["", family, *group])]


def mean_cells(pair: Pair) -> List[List[str]]:
    return [[name, ratio_text(geometric_mean(group)),
             f"{len(group)} row{'s' if len(group) > 1 else ''}"]
            for name, group in means(pair.rows).items()] or [["none", "", ""]]


def mean_lines(pair: Pair) -> List[str]:
    """The geometric means, by family and over all."""
    return [f"Geometric mean of {pair.letter}/A in time per operation, over the rows that both "
            "runs have", *aligned(mean_cells(pair), right=(1, 2))]


def absent(pair: Pair) -> Dict[str, List[List[str]]]:
    """The cells without a value on one side or on both, each with the reason."""
    a, b, letter = pair.base, pair.other, pair.letter

    def reason(side: Dict[Cell, Summary], cell: Cell) -> str:
        return side[cell].why_no_value if cell in side else "no such row"

    lists: Dict[str, List[List[str]]] = {"Only in A": [], f"Only in {letter}": [],
                                         "In neither": []}
    for cell in {**a, **b}:
        in_a, in_b = (cell in side and bool(side[cell].values) for side in (a, b))
        if in_a and not in_b:
            lists["Only in A"].append([str(cell), f"{letter}: {reason(b, cell)}"])
        elif in_b and not in_a:
            lists[f"Only in {letter}"].append([str(cell), f"A: {reason(a, cell)}"])
        elif not in_a:
            lists["In neither"].append([str(cell), reason(a if cell in a else b, cell)])
    return {name: cells for name, cells in lists.items() if cells}


def absent_lines(pair: Pair) -> List[str]:
    return [line for name, cells in absent(pair).items()
            for line in ["", f"{name}: {len(cells)}", *aligned([[f"  {cell}", why]
                                                                for cell, why in cells])]]


def legend(pair: Pair) -> str:
    """What the columns are, and what to make of them."""
    in_pairs = interleaved(pair.a, pair.b)
    marked = sum(row.verdict in (FASTER, SLOWER) for row in pair.rows)
    ratio = (PAIRED_RATIO if in_pairs else RATIO).format(b=pair.letter)
    text = LEGEND.format(a_count=pair.usual[0], b_count=pair.usual[1], b=pair.letter, ratio=ratio,
                         band=f"{100 * pair.rows[0].band:.3g}", rows=len(pair.rows), marked=marked)
    floor = any(side.fact("machine", "aa_floor") != NA for side in (pair.a, pair.b))
    return text + ("\n" + FLOOR if floor else "")


def how(pair: Pair) -> str:
    return INTERLEAVED.format(b=pair.letter) if interleaved(pair.a, pair.b) else TWO_RUNS


def forced_lines(pair: Pair) -> List[str]:
    return [FORCED, *(f"  {reason}" for reason in pair.void), ""] if pair.void else []


def table(pair: Pair, paint: bool = False) -> str:
    """The comparison as text."""
    return "\n".join([*forced_lines(pair), *context_lines(pair), "", how(pair), "",
                      *row_lines(pair, paint), "", *mean_lines(pair), *absent_lines(pair), "",
                      legend(pair), ""])


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]], right: int) -> List[str]:
    rule = ["---"] * (len(header) - right - 2) + ["--:"] * right + ["---"] * 2
    return [f"| {' | '.join(cells)} |" for cells in [header, rule, *rows]]


def markdown(pair: Pair) -> str:
    """The comparison as a section of a document."""
    header, cells = columns(pair)
    lines = [*(f"**{line}**" for line in forced_lines(pair) if line),
             f"## {pair.b.path} against {pair.a.path}", "", "```", *context_lines(pair), "```", "",
             how(pair), ""]
    for family, group in by_family(pair.rows, cells).items():
        lines += [f"### {family}", "", *_markdown(header, group, 4), ""]
    lines += ["### Geometric mean", "", *_markdown(["", "", "", ""], [[*cells, ""] for cells in
                                                   mean_cells(pair)], 1), ""]
    for name, missing in absent(pair).items():
        lines += [f"### {name}", "", *(f"- `{cell}`: {why}" for cell, why in missing), ""]
    return "\n".join([*lines, legend(pair), ""])


def overview(pairs: Sequence[Pair]) -> str:
    """All runs in a few lines: the geometric means by family."""
    families = list(dict.fromkeys(name for pair in pairs for name in means(pair.rows)))
    rows = [["", *families, ""]]
    for pair in pairs:
        found = means(pair.rows)
        rows.append([pair.letter, *(ratio_text(geometric_mean(found[name])) if name in found else
                                    NA for name in families), str(pair.b.path)])
    return "\n".join(["Geometric means of time per operation against A, over the rows that each "
                      "has in common with it", *aligned(rows, range(1, len(families) + 1)), ""])


COLUMNS = ("run_a", "run_b", *Cell._fields, "metric", "unit", "median_a", "median_b", "ratio",
           "ratio_low", "ratio_high", "p", "p_adjusted", "band", "verdict", "needed",
           "invocations_a", "invocations_b", "left_out_a", "left_out_b")


def record(pair: Pair, cell: Cell, row: Optional[Comparison]) -> Dict[str, Any]:
    """A cell of either run as data; None for what one side does not have."""
    a, b = pair.base.get(cell), pair.other.get(cell)
    kind = a if a and a.values else b or a
    interval = row.interval if row else None
    return {"run_a": str(pair.a.path), "run_b": str(pair.b.path), **cell._asdict(),
            "metric": kind.metric if kind else None, "unit": kind.unit if kind else None,
            "median_a": a.median if a else None, "median_b": b.median if b else None,
            "ratio": row.ratio if row else None,
            "ratio_low": interval.low if interval else None,
            "ratio_high": interval.high if interval else None,
            "p": row.p if row else None, "p_adjusted": row.adjusted if row else None,
            "band": row.band if row else None, "verdict": row.verdict if row else None,
            "needed": row.needed if row else None,
            "invocations_a": len(a.values) if a else 0, "invocations_b": len(b.values) if b else 0,
            "left_out_a": a.left_out if a else 0, "left_out_b": b.left_out if b else 0}


def records(pair: Pair) -> List[Dict[str, Any]]:
    """All cells of both runs, those of one side too."""
    by_cell = {row.cell: row for row in pair.rows}
    return [record(pair, cell, by_cell.get(cell)) for cell in {**pair.base, **pair.other}]


def write_csv(pairs: Sequence[Pair]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for pair in pairs:
        for row in records(pair):
            writer.writerow([NA if row[name] is None else f"{row[name]:.6g}"
                             if isinstance(row[name], float) else row[name] for name in COLUMNS])


def write_json(pairs: Sequence[Pair]) -> None:
    json.dump({"comparisons": [document(pair) for pair in pairs]}, sys.stdout, indent=1,
              ensure_ascii=False)
    print()


def document(pair: Pair) -> Dict[str, Any]:
    """A comparison as data."""
    found = differences(pair.a, pair.b)
    return {"run_a": str(pair.a.path), "run_b": str(pair.b.path), "forced": pair.void,
            "interleaved": interleaved(pair.a, pair.b),
            "differences": [vars(row) for row in found.expected + found.to_know],
            "geometric_means": {name: geometric_mean(group)
                                for name, group in means(pair.rows).items()},
            "rows": records(pair)}


@dataclass(frozen=True)
class Limit:
    """What --fail-on says: a verdict, and from which change of time on it counts."""

    verdict: str
    share: float

    def broken_by(self, row: Comparison) -> bool:
        if row.verdict != self.verdict or not row.time_ratio:
            return False
        change = row.time_ratio if self.verdict == SLOWER else 1 / row.time_ratio
        return change >= 1 + self.share


def parse_limit(text: str) -> Limit:
    found = re.fullmatch(r"(slower|faster):([0-9]+(?:\.[0-9]+)?)%", text)
    if not found:
        raise ValueError
    return Limit(found[1], float(found[2]) / 100)


def parse_band(text: str) -> float:
    percent = float(text)
    if not 0 < percent < 100:
        raise ValueError
    return percent / 100


def hold(runs: Sequence[Run], band: Optional[float] = None) -> List[Pair]:
    """The later runs, B and so on, each against the first. Those that cannot be compared, and those
    that have no row in common, are among them: see void and rows.
    """
    base, *others = runs
    known = summarise(base)
    pairs = []
    for at, other in enumerate(others):
        in_pairs = interleaved(base, other)
        # The hour does nothing to what ran side by side.
        edge = band or (BAND if in_pairs else band_of(base, other, read_floors()))
        theirs = summarise(other)
        pairs.append(Pair(chr(ord("B") + at) if at < 25 else f"B{at}", base, other, known, theirs,
                          compare(known, theirs, in_pairs, edge), void(base, other)))
    return pairs


def refuse(pairs: Sequence[Pair], force: bool) -> None:
    """Exits where two runs cannot be compared, or have nothing in common."""
    for pair in pairs:
        if pair.void and not force:
            fail(NOT_COMPARABLE, pair.void[0] + (f" (and {len(pair.void) - 1} more reasons)"
                                                 if len(pair.void) > 1 else "") +
                 "; --force compares them all the same")
        if not pair.rows:
            fail(NOTHING_MATCHED, f"no cell has values in both {pair.a.path} and {pair.b.path}")


def show(pairs: Sequence[Pair], form: str) -> None:
    if form == "csv":
        write_csv(pairs)
    elif form == "json":
        write_json(pairs)
    else:
        paint = coloured()
        pages = [table(pair, paint) if form == "table" else markdown(pair) for pair in pairs]
        print("\n".join(pages + ([overview(pairs)] if len(pairs) > 1 else [])), end="")


def judge(pairs: Sequence[Pair], limit: Optional[Limit]) -> int:
    """The exit code: whether --fail-on fires, and which rows made it."""
    if limit is None:
        return 0
    broken = [(pair, row) for pair in pairs for row in pair.rows if limit.broken_by(row)]
    if not broken:
        return 0
    names = ", ".join(f"{row.cell.name} ({ratio_text(row.time_ratio or 0)})"
                      for _, row in broken[:3])
    fail(FAILED, f"{len(broken)} rows are {limit.verdict} by {100 * limit.share:g} % or more: "
         f"{names}{' …' if len(broken) > 3 else ''}")


def main() -> int:
    parser = Parser("Hold runs against a first one, cell by cell.")
    parser.add_argument("runs", metavar="RUN", type=Path, nargs="+",
                        help="folders; the first is the base")
    parser.add_argument("--format", choices=("table", "markdown", "csv", "json"), default="table")
    parser.add_argument("--fail-on", metavar="VERDICT:PERCENT%", type=parse_limit,
                        help="exit 1 if a row is slower (or faster) by so much: slower:5%%")
    parser.add_argument("--band", metavar="PERCENT", type=parse_band,
                        help="ratios closer to 1 than this are the same (default: 2, or what "
                             "runs of one binary on such a CPU differ by, where that is known)")
    parser.add_argument("--force", action="store_true",
                        help="compare what cannot be compared; the output says so")
    parser.add_argument("--to", choices=sorted(exports.WRITERS),
                        help="write the runs for another tool instead")
    options = parser.parse_args()
    if options.to:
        return exports.export(parser, options.to, options.runs)
    if len(options.runs) < 2:
        parser.error("two runs or more, please: RUN_A RUN_B")
    pairs = hold([read_run(path) for path in options.runs], options.band)
    refuse(pairs, options.force)
    show(pairs, options.format)
    return judge(pairs, options.fail_on)


if __name__ == "__main__":
    run(main)
