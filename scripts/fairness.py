#!/usr/bin/env python3
"""fairness.py - a lock, and who gets it next: who got how much, who waited, from when on it is fair

    scripts/fairness.py [RUN] [--format=text|markdown]

Without RUN the newest folder under results/ is read. Needs no package.
Exit codes: 2 unreadable, 4 no contest for a lock in the run, 6 cannot write.
"""

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from command import NOTHING_MATCHED, Parser, aligned, chosen, fail, run
from contest import (NEARLY_ALL, NEARLY_NOTHING, Contest, Horizon, Spread, as_ratio, contests,
                     counted_twin, horizon, overall_share)
from latency import Latency, latencies
from results import (Cell, Run, Share, cell_of, display_order, read_histograms, read_run,
                     read_shares, read_threads)
from units import quantity, significant

NONE = "–"
INTERVAL_LEAST = 6
WIDTH = 100
LEGEND = """\
Greedy takes the lock once a loop, polite three times (turns) for a third of the time each: a lock
that strictly alternates gives loops 3:1 and acquisitions 1:1 (3.00 and 1.00).
loops, acquisitions: greedy's for each one of a polite worker; held: greedy's part of all the time
that the lock was held; the values of an invocation's windows taken together, median of
{invocations} invocations, [95 % interval]. Jain: his index of the acquisitions in a window, 1 where
all have as many; it is blunt: a split of 2:1 still scores 0.90. changes: how often a second another
thread took over. streak: most acquisitions in a row, greedy / polite. least – most: what the least
and the most favoured of equals had of the acquisitions in a window.
bimodal: windows or invocations fall into two groups, and no middle is shown. one-sided: windows in
which one side had more than 95 % of the acquisitions. UNSETTLED: the interval of greedy's share of
the acquisitions is wider than 10 points; about n more invocations settle it.
Waits and holds are of windows in which each is stamped, with the time of a clock reading in each; a
wait that is under way as the time begins counts with the rest of it.
horizon: the length of time from which on 95 % of all stretches give greedy, or the first of equals,
its part of the time held within 5 points; above it for each length where 95 % of the stretches lie.
idle: nobody held the lock in most; –: fewer than 20 stretches; >: none was long enough."""


@dataclass(frozen=True)
class Entry:
    """A contest with what its stamped windows add: waits and holds by role, the horizon."""

    contest: Contest
    stamped: Optional[Contest]
    times: Dict[Tuple[str, str], Latency]
    horizon: Optional[Horizon]

    @property
    def cell(self) -> Cell:
        return self.contest.cell


def entries(recorded: Run) -> List[Entry]:
    """The contests of a run; one that is merely counted has its stamped twin beside it."""
    found = contests(recorded.samples, read_threads(recorded.path / "threads.csv"))
    by_cell = {contest.cell: contest for contest in found}
    times = latency_by_cell(recorded)
    spread = horizons(recorded, by_cell)
    listed: List[Entry] = []
    for contest in found:
        counted = counted_twin(contest.cell)
        if counted != contest.cell and counted in by_cell:
            continue
        stamped = next((other for other in found if other is not contest and
                        counted_twin(other.cell) == contest.cell), None)
        source = stamped.cell if stamped else contest.cell
        listed.append(Entry(contest, stamped, times.get(source, {}), spread.get(source)))
    return sorted(listed, key=lambda entry: display_order(entry.cell))


def latency_by_cell(recorded: Run) -> Dict[Cell, Dict[Tuple[str, str], Latency]]:
    """Of waits and holds: by cell, then by what and role."""
    path = recorded.path / "histograms.csv"
    found: Dict[Cell, Dict[Tuple[str, str], Latency]] = {}
    for latency in latencies(read_histograms(path) if path.exists() else []):
        if latency.what in ("wait", "hold"):
            found.setdefault(latency.cell, {})[latency.what, latency.role] = latency
    return found


def horizons_of(recorded: Run) -> Dict[Cell, Horizon]:
    """The horizons of a run's contests, by stamped cell; none where no thread is on record."""
    if not (recorded.path / "threads.csv").exists():
        return {}
    found = contests(recorded.samples, read_threads(recorded.path / "threads.csv"))
    return horizons(recorded, {contest.cell: contest for contest in found})


def horizons(recorded: Run, by_cell: Dict[Cell, Contest]) -> Dict[Cell, Horizon]:
    path = recorded.path / "shares.csv"
    rows: Dict[Cell, List[Share]] = {}
    for row in read_shares(path) if path.exists() else []:
        rows.setdefault(cell_of(row), []).append(row)
    found: Dict[Cell, Horizon] = {}
    for cell in rows:
        share = overall_share(by_cell[cell]) if cell in by_cell else None
        if share is not None:
            found[cell] = horizon(rows[cell], share)
    return found


def ratio(share: float) -> str:
    value = as_ratio(share)
    if value == float("inf"):
        return "all"
    return "< 0.01" if 0 < value < 0.01 else significant(value, 3)


def ratio_of(spread: Optional[Spread], bimodal: bool) -> str:
    """A ratio with its interval; of two groups there is no middle."""
    if spread is None:
        return NONE
    if bimodal:
        return "bimodal"
    interval = spread.interval
    return ratio(spread.median) + (
        f" [{ratio(interval.low)}, {ratio(interval.high)}]" if interval else "")


def percent(share: Optional[float]) -> str:
    return NONE if share is None else f"{100 * share:.0f} %"


def number(value: Optional[float], digits: int) -> str:
    return NONE if value is None else f"{value:.{digits}f}"


def amount(value: Optional[float], unit: str = "ns") -> str:
    return NONE if value is None else quantity(value, unit, 3)


def span(values: Sequence[float]) -> str:
    low, high = (f"{100 * end:.0f}" for end in (min(values), max(values)))
    return f"{low} %" if low == high else f"{low} – {high} %"


def sides(contest: Contest) -> Tuple[str, str]:
    """Who is held against whom."""
    return ("the first", "the others") if contest.equals else \
        (contest.roles[0], contest.roles[1])


def distribution(contest: Contest, spread: Spread) -> str:
    """How a share of the acquisitions lies over the invocations, where its middle says nothing."""
    found = spread.groups or (spread.values,)
    return f"bimodal, {sides(contest)[0]} has " + " and ".join(
        f"{span(group)} of the acquisitions in {len(group)} invocations" for group in found)


def remark(contest: Contest) -> str:
    """What to know before trusting the row; empty: nothing."""
    found: List[str] = []
    spread = contest.spread("acquisitions")
    if spread and contest.bimodal:
        found.append(distribution(contest, spread))
    elif spread and spread.needed:
        found.append(f"UNSETTLED +{spread.needed}")
    if len(contest.by_invocation()) < INTERVAL_LEAST:
        found.append(f"no interval from {len(contest.by_invocation())} invocations")
    most, least = contest.one_sided
    if most or least:
        first, others = sides(contest)
        found.append(f"one-sided in {most} windows for {first}, in {least} for {others}, "
                     f"of {len(contest.windows)}")
    return "; ".join(found)


class Table(NamedTuple):
    """A header, rows below it, and lines below those."""

    header: List[str]
    rows: List[List[str]]
    notes: List[str]


def notes(listed: Sequence[Entry]) -> List[str]:
    found = ((entry.cell.mechanism, remark(entry.contest)) for entry in listed)
    return [f"{mechanism}: {words}" for mechanism, words in found if words]


def who_table(listed: Sequence[Entry]) -> Table:
    header = ["", "loops", "acquisitions", "held", "Jain", "changes", "streak"]
    return Table(header, [who_row(entry.contest) for entry in listed], notes(listed))


def who_row(contest: Contest) -> List[str]:
    bimodal = contest.bimodal
    streaks = [contest.longest("longest_streak", role) for role in contest.roles]
    return [contest.cell.mechanism, ratio_of(contest.spread("loops"), bimodal),
            ratio_of(contest.spread("acquisitions"), bimodal),
            "bimodal" if bimodal else percent(contest.held_share),
            number(contest.jain("acquisitions"), 2), amount(contest.changes_per_s, "1/s"),
            " / ".join(NONE if streak is None else str(streak) for streak in streaks)]


def equals_table(listed: Sequence[Entry]) -> Table:
    header = ["", "acquisitions", "least – most", "Jain", "changes", "streak", "wait", "think"]
    return Table(header, [equals_row(entry.contest) for entry in listed], notes(listed))


def equals_row(contest: Contest) -> List[str]:
    role, extremes = contest.roles[0], contest.extremes
    streak = contest.longest("longest_streak", role)
    return [contest.cell.mechanism, amount(contest.per_s, "1/s"),
            span(extremes) if extremes else NONE, number(contest.jain("acquisitions"), 2),
            amount(contest.changes_per_s, "1/s"), NONE if streak is None else str(streak),
            amount(contest.longest("longest_wait_ns", role)),
            amount(contest.mean("thought_ns", role))]


def times_table(listed: Sequence[Entry]) -> Table:
    header = ["", "wait p50", "p99", "longest", "hold nominal", "mean", "p99"]
    return Table(header, [times_row(entry, role) for entry in listed
                          for role in entry.contest.roles
                          if ("hold", role) in entry.times or ("wait", role) in entry.times], [])


def times_row(entry: Entry, role: str) -> List[str]:
    wait, hold = entry.times.get(("wait", role)), entry.times.get(("hold", role))
    source = entry.stamped or entry.contest
    return [f"{entry.cell.mechanism} {role}", amount(wait.p50 if wait else None),
            amount(wait.p99 if wait else None), amount(source.longest("longest_wait_ns", role)),
            amount(nominal_ns(entry.cell, role)), amount(source.mean("held_ns", role)),
            amount(hold.p99 if hold else None)]


def nominal_ns(cell: Cell, role: str) -> Optional[float]:
    """What a hold was asked to be."""
    params = dict(text.split("=") for text in cell.params.split(";") if "=" in text)
    turns = int(params.get("turns", 3)) if role == "polite" else 1
    return int(params["hold_ns"]) / turns if "hold_ns" in params else None


def horizon_table(listed: Sequence[Entry]) -> Table:
    listed = [entry for entry in listed if entry.horizon]
    scales = sorted({scale.scale_ns for entry in listed if entry.horizon
                     for scale in entry.horizon.scales})
    header = ["", "share", *(quantity(scale, "ns", 2) for scale in scales), "horizon"]
    return Table(header, [horizon_row(entry, scales) for entry in listed], [])


def horizon_row(entry: Entry, scales: Sequence[int]) -> List[str]:
    found = entry.horizon
    assert found
    by_scale = {scale.scale_ns: scale for scale in found.scales}
    cells = []
    for scale_ns in scales:
        scale = by_scale.get(scale_ns)
        cells.append(span((scale.low, scale.high)) if scale and scale.told else
                     "idle" if scale and scale.idle > scale.stretches else NONE)
    return [entry.cell.mechanism, percent(found.share), *cells, horizon_text(found)]


def one_sided(found: Horizon) -> bool:
    """Whether one side has nearly all the time held."""
    return not NEARLY_NOTHING <= found.share <= NEARLY_ALL


def horizon_text(found: Horizon) -> str:
    if one_sided(found):
        return "one-sided"  # to be relied on, but hardly what is asked for
    if found.from_ns is not None:
        return quantity(found.from_ns, "ns", 2)
    return NONE if found.beyond_ns is None else f"> {quantity(found.beyond_ns, 'ns', 2)}"


@dataclass(frozen=True)
class Group:
    """The contests of one kind at one place, and the tables about them."""

    title: str
    tables: Tuple[Table, ...]


def groups(listed: Sequence[Entry]) -> List[Group]:
    """By workload, place and params, in that order."""
    keys = dict.fromkeys((entry.cell.workload, entry.cell.place, entry.cell.params)
                         for entry in listed)
    order = {place: at for at, place in enumerate(dict.fromkeys(key[1] for key in keys))}
    found = []
    for key in sorted(keys, key=lambda key: (key[0] != "greedy-polite", order[key[1]])):
        members = [entry for entry in listed
                   if (entry.cell.workload, entry.cell.place, entry.cell.params) == key]
        who = equals_table(members) if members[0].contest.equals else who_table(members)
        tables = [who, times_table(members), horizon_table(members)]
        found.append(Group(f"{key[0]}, {key[1]}, {key[2].replace(';', ' ')}",
                           tuple(table for table in tables if table.rows)))
    return found


def title(recorded: Run, listed: Sequence[Entry]) -> str:
    """Whose numbers they are."""
    windows = sum(len(entry.contest.windows) for entry in listed)
    facts = [recorded.fact("machine", "cpu_model"), f"{recorded.fact('machine', 'cpus')} CPUs",
             recorded.fact("machine", "kernel"), recorded.fact("run", "started_utc"),
             f"{windows} windows"]
    return ", ".join(facts)


def legend(listed: Sequence[Entry]) -> str:
    return LEGEND.format(invocations=max(len(entry.contest.by_invocation()) for entry in listed))


def wrapped(note: str) -> List[str]:
    return textwrap.wrap(note, WIDTH, initial_indent="   ", subsequent_indent="     ")


def text(recorded: Run, listed: Sequence[Entry]) -> str:
    """The tables as a page for a terminal."""
    lines = ["Who gets the lock next?", title(recorded, listed), ""]
    for group in groups(listed):
        lines.append(group.title)
        for table in group.tables:
            right = range(1, len(table.header))
            lines += [f" {line}" for line in aligned([table.header, *table.rows], right)]
            lines += [line for note in table.notes for line in wrapped(note)] + [""]
    return "\n".join([*lines, legend(listed), ""])


def markdown_table(table: Table) -> List[str]:
    rule = ["---", *["--:"] * (len(table.header) - 1)]
    lines = [f"| {' | '.join(cells)} |" for cells in [table.header, rule, *table.rows]]
    return lines + ([""] if table.notes else []) + [f"- {note}" for note in table.notes]


def section(recorded: Run, listed: Optional[Sequence[Entry]] = None) -> str:
    """The tables as a section of a markdown document, under a heading of the second level."""
    listed = entries(recorded) if listed is None else listed
    lines = ["## Who gets the lock next?", "", title(recorded, listed), ""]
    for group in groups(listed):
        lines += [f"### {group.title}", ""]
        for table in group.tables:
            lines += [*markdown_table(table), ""]
    return "\n".join([*lines, legend(listed), ""])


def main() -> int:
    parser = Parser("Who gets the lock next? Shares, waits and horizons from a run's raw counts.")
    parser.add_argument("run", metavar="RUN", type=Path, nargs="?",
                        help="folder of the run (default: the newest under results/)")
    parser.add_argument("--format", choices=("text", "markdown"), default="text")
    options = parser.parse_args()
    folder = chosen(options.run)
    recorded = read_run(folder)
    listed = entries(recorded)
    if not listed:
        fail(NOTHING_MATCHED, f"{folder} holds no contest for a lock: "
                              "baton run --set=all --family=lock has them")
    print(text(recorded, listed) if options.format == "text" else section(recorded, listed), end="")
    return 0


if __name__ == "__main__":
    run(main)
