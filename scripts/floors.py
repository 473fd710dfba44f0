#!/usr/bin/env python3
"""floors.py - how far apart two runs of one binary on one machine are, and what compare makes of it

    scripts/floors.py FOLDER [--shift=PERCENT] [--keep]

FOLDER holds runs of one binary on one machine, taken at different times. Every two of them are
compared: nothing differs but the hour. Printed is

    floor       the standard deviation of the (log) ratio of a typical cell: what the hour does
    covers 1    the part of the rows whose 95 % interval holds 1, as compare.py prints it, and
                widened by 1.96 floors
    called      the part of the rows that compare.py calls faster or slower, with a band of 2 % and
                with the floor for a band
    found       the part of single rows, B's values made slower by the shift, that are called slower

--keep writes the floor to results/reference/run-floors.csv, by CPU, from which compare.py takes its
band. Exit codes: 2 unreadable, 3 not runs of one binary on one machine, 6 cannot write.
"""

import csv
import itertools
import math
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from command import NOT_COMPARABLE, Parser, aligned, fail, run
from comparison import BAND, FASTER, SLOWER, Comparison, compare, judged
from results import Cell, Run, Summary, read_run, summarise
from stats import median

KEPT = Path(__file__).resolve().parents[1] / "results" / "reference" / "run-floors.csv"
IDENTITY = ("cpu_vendor", "cpu_family", "cpu_model_number", "cpu_stepping", "cpu_midr", "cpus")
COLUMNS = (*IDENTITY, "runs", "invocations", "rows", "floor", "from_utc", "to_utc")
SHIFT = 0.15
# Standard deviations to each side that hold 95 % of a normal distribution.
REACH = 1.96

Sides = Tuple[Dict[Cell, Summary], Dict[Cell, Summary]]


class Identity(NamedTuple):
    """What a floor is true of."""

    cpu_vendor: str
    cpu_family: str
    cpu_model_number: str
    cpu_stepping: str
    cpu_midr: str
    cpus: str


def identity(recorded: Run) -> Identity:
    """The CPU that a run was recorded on, and how many of them."""
    return Identity(*(recorded.fact("machine", key) for key in IDENTITY))


def read_floors(path: Path = KEPT) -> Dict[Identity, float]:
    """The floors that are kept, by CPU; none where there is no file."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {Identity(*(row[key] for key in IDENTITY)): float(row["floor"])
                for row in csv.DictReader(file)}


def band_of(a: Run, b: Run, floors: Dict[Identity, float]) -> float:
    """The equivalence band of two runs: the wider of BAND and what the hour does to either."""
    return max([BAND, *(floors[identity(side)] for side in (a, b) if identity(side) in floors)])


@dataclass(frozen=True)
class Held:
    """What came of comparing runs of one binary with each other."""

    runs: int
    invocations: int
    rows: int
    floor: float
    covers: float
    covers_widened: float
    called: float
    called_with_floor: float
    found: float
    found_with_floor: float


def floor_of(rows: Sequence[Comparison]) -> float:
    """What the hour does to the ratio of a typical cell, as a share: about 0 by its nature, for
    each pair of runs is there both ways round.
    """
    squares: Dict[Cell, List[float]] = {}
    for row in rows:
        if row.time_ratio:
            squares.setdefault(row.cell, []).append(math.log(row.time_ratio) ** 2)
    return math.exp(median([math.sqrt(mean(values)) for values in squares.values()])) - 1


def covers(row: Comparison, widened_by: float = 0.0) -> bool:
    """Whether the row's interval holds 1; widened as independent errors add up."""
    interval, ratio = row.time_interval, row.time_ratio
    assert interval and ratio
    reach = REACH * math.log(1 + widened_by)
    low = math.hypot(math.log(ratio / interval.low), reach)
    high = math.hypot(math.log(interval.high / ratio), reach)
    return -low <= -math.log(ratio) <= high


def called(rows: Sequence[Comparison], band: float) -> float:
    return part([replace(row, band=band).verdict in (FASTER, SLOWER) for row in rows])


def part(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else math.nan


def shifted(sides: Sequence[Sides], shift: float, band: float) -> float:
    """Of rows by themselves, with the other side slower by the shift: how many are called so."""
    hits = []
    for base, other in sides:
        slower = {cell: slowed(summary, 1 + shift) for cell, summary in other.items()}
        for row in compare(base, slower, band=band):
            (alone,) = judged([row])
            hits.append(alone.verdict == SLOWER)
    return part(hits)


def slowed(summary: Summary, factor: float) -> Summary:
    by = 1 / factor if summary.higher_is_better else factor
    return replace(summary, values=tuple(value * by for value in summary.values))


def hold(runs: Sequence[Run], shift: float = SHIFT) -> Held:
    """All pairs of runs, either of a pair as the base."""
    summaries = [summarise(recorded) for recorded in runs]
    sides = [(base, other) for base, other in itertools.permutations(summaries, 2)]
    families = [compare(base, other) for base, other in sides]
    rows = [row for family in families for row in family if row.interval]
    floor = floor_of(rows)
    band = max(BAND, floor)
    return Held(len(runs), max(len(row.base.values) for row in rows), len(rows), floor,
                part([covers(row) for row in rows]), part([covers(row, floor) for row in rows]),
                called(rows, BAND), called(rows, band), shifted(sides, shift, BAND),
                shifted(sides, shift, band))


def report(held: Held, shift: float) -> str:
    percent = [["", "band 2 %", "band of the floor"],
               ["called faster or slower", f"{100 * held.called:.1f} %",
                f"{100 * held.called_with_floor:.1f} %"],
               [f"found, slower by {100 * shift:g} %", f"{100 * held.found:.1f} %",
                f"{100 * held.found_with_floor:.1f} %"]]
    return "\n".join([
        f"{held.runs} runs of {held.invocations} invocations, {held.rows} rows of two runs each",
        f"floor: {100 * held.floor:.1f} %",
        f"covers 1: {100 * held.covers:.1f} % of the intervals, "
        f"{100 * held.covers_widened:.1f} % of those widened by 1.96 floors",
        "", *aligned(percent, right=(1, 2)), ""])


def keep(held: Held, runs: Sequence[Run], path: Path = KEPT) -> None:
    """Put the floor into the file, in the place of an older one of the same CPU."""
    own = identity(runs[0])
    rows: List[Dict[str, object]] = []
    if path.exists():
        with path.open(newline="", encoding="utf-8") as file:
            rows = [dict(row) for row in csv.DictReader(file)
                    if Identity(*(row[key] for key in IDENTITY)) != own]
    started = sorted(recorded.fact("run", "started_utc") for recorded in runs)
    rows.append({**own._asdict(), "runs": held.runs, "invocations": held.invocations,
                 "rows": held.rows, "floor": f"{held.floor:.4f}", "from_utc": started[0],
                 "to_utc": started[-1]})
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def odd_one(runs: Sequence[Run]) -> Optional[str]:
    """Why these are not runs of one binary on one machine."""
    for recorded in runs[1:]:
        if identity(recorded) != identity(runs[0]):
            return f"{recorded.path} is of another CPU than {runs[0].path}"
        if recorded.fact("build", "binary_sha256") != runs[0].fact("build", "binary_sha256"):
            return f"{recorded.path} is of another binary than {runs[0].path}"
    return None if len(runs) > 1 else "one run alone has no floor"


def main() -> int:
    parser = Parser("How far apart two runs of one binary on one machine are.")
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="holds the runs")
    parser.add_argument("--shift", metavar="PERCENT", type=float, default=100 * SHIFT,
                        help="what is to be found (default 15)")
    parser.add_argument("--keep", action="store_true", help=f"write the floor to {KEPT.name}")
    options = parser.parse_args()
    runs = [read_run(path.parent) for path in sorted(options.folder.glob("*/samples.csv"))]
    odd = odd_one(runs) if runs else f"{options.folder} holds no runs"
    if odd:
        fail(NOT_COMPARABLE, odd)
    held = hold(runs, options.shift / 100)
    print(report(held, options.shift / 100), end="")
    if options.keep:
        keep(held, runs)
    return 0


if __name__ == "__main__":
    run(main)
