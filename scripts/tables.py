"""tables.py - a run, or runs held against a first one, as tables that can be sorted and searched"""

from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import advise
import fairness
from compare import Pair, absent, note, ratio_text, verdict_text
from decision import Answer
from latency import latencies
from results import NA, Run, Summary, read_histograms, summarise
from stats import Interval, median
from units import measured, quantity, significant


class Item(NamedTuple):
    """A cell of a table: what it says, and the number that it is sorted by; a text has none."""

    text: str
    value: Optional[float] = None
    mark: str = ""


@dataclass(frozen=True)
class Table:
    """id: of its place in the page; about: what the columns are, in a sentence or two."""

    id: str
    title: str
    about: str
    header: Sequence[str]
    rows: List[List[Item]]

    @property
    def numeric(self) -> List[bool]:
        """Which columns hold numbers."""
        return [any(row[at].value is not None for row in self.rows)
                for at in range(len(self.header))]


def amount(value: Optional[float], unit: str) -> Item:
    return Item("–") if value is None else Item(quantity(value, unit), value)


def count(value: int) -> Item:
    return Item(str(value), value)


def ratio(value: Optional[float]) -> Item:
    return Item("–") if value is None else Item(ratio_text(value), value)


def span(interval: Optional[Interval], unit: str) -> Tuple[Item, Item]:
    """The ends of an interval."""
    return (amount(interval.low, unit), amount(interval.high, unit)) if interval else \
        (Item("–"), Item("–"))


def cells(run: Run) -> Table:
    """Every cell of a run, those without a value too."""
    rows = [_cell_row(summary) for summary in summarise(run).values()]
    return Table("cells", "Every cell",
                 "median: of the invocations' medians, with its 95 % interval; p10: the quiet "
                 "value; CPU time: of all threads, per operation. Left out: windows whose switches "
                 "left the mechanism's band.",
                 ["family", "mechanism", "workload", "place", "params", "threads", "median", "from",
                  "to", "p10", "CPU time", "invocations", "windows", "left out", "LOAD", "STEAL",
                  "note"], rows)


def _cell_row(summary: Summary) -> List[Item]:
    cell = summary.cell
    cpu = median(summary.cpu_values) if summary.cpu_values else None
    return [Item(cell.family), Item(cell.mechanism), Item(cell.workload), Item(cell.place),
            Item("" if cell.params == NA else cell.params), count(cell.threads),
            amount(summary.median, summary.unit), *span(summary.interval, summary.unit),
            amount(summary.p10, summary.unit), amount(cpu, "ns"), count(len(summary.values)),
            count(summary.windows), count(summary.left_out), count(summary.loaded),
            count(summary.stolen), Item(remark(summary), mark=mark_of(summary))]


def remark(summary: Summary) -> str:
    """What to know of a cell before trusting it."""
    if not summary.values:
        return summary.why_no_value
    if summary.two_modes:
        return "two modes"
    if summary.needed:
        return f"UNSETTLED +{summary.needed}"
    return "" if summary.interval else "no interval: too few invocations"


def mark_of(summary: Summary) -> str:
    return "bad" if summary.status.startswith(("error", "timeout")) and not summary.values else \
        "doubt" if summary.values and summary.unsettled else ""


def single(run: Run) -> Optional[Table]:
    """Quantiles of single operations; None where none was stamped."""
    path = run.path / "histograms.csv"
    found = latencies(read_histograms(path) if path.exists() else [])
    rows = [[Item(row.cell.family), Item(row.cell.mechanism), Item(row.cell.workload),
             Item(row.cell.place), Item("" if row.cell.params == NA else row.cell.params),
             Item(row.what), Item("" if row.role == NA else row.role), count(row.count),
             *(amount(value, "ns") for value in (row.p50, row.p99, row.p999, row.max))]
            for row in found if not row.cell.dosed]
    return Table("single", "Single operations",
                 "The value below which that share of the operations lies, all invocations "
                 "together: the upper bound of the bucket that holds it.",
                 ["family", "mechanism", "workload", "place", "params", "what", "role", "count",
                  "50 %", "99 %", "99.9 %", "longest"], rows) if rows else None


def choices(found: Sequence[Answer]) -> Optional[Table]:
    """Mutex against channel; None where a run has no such pair."""
    rows = []
    for number, answer in enumerate(found, 1):
        for row in answer.rows:
            interval = row.interval
            ends = [Item(significant(end, 3), end) for end in interval] if interval else \
                [Item("–")] * 2
            rows.append([count(number), Item(row.pair.what), Item(advise.work_inside(row)),
                         Item(row.place), amount(row.mutex.median, "ns"),
                         amount(row.channel.median, "ns"),
                         Item("–") if row.ratio is None else
                         Item(significant(row.ratio, 3), row.ratio), *ends,
                         Item(row.note or row.faster)])
    return Table("choices", "Mutex or channel",
                 "question: the chart's, by number; ratio: the channel's time over the mutex's, "
                 "within each invocation, with its 95 % interval.",
                 ["question", "what", "work", "place", "mutex", "channel", "ratio", "from", "to",
                  "faster"], rows) if rows else None


def locks(listed: Sequence[fairness.Entry]) -> List[Table]:
    """Who got each lock, who waited, from when on it is fair: a table each, the kind of contest and
    its place in a column.
    """
    tables: List[Table] = []
    by_header: Dict[Tuple[str, ...], List[List[Item]]] = {}
    for group in fairness.groups(listed):
        for table in group.tables:
            by_header.setdefault(tuple(table.header), []).extend(
                [[Item(group.title), Item(row[0]),
                  *(Item(text, measured(text)) for text in row[1:])] for row in table.rows])
    for at, (header, rows) in enumerate(by_header.items()):
        tables.append(Table(f"locks{at}", _lock_title(header), _lock_about(header),
                            ["contest", "lock", *header[1:]], rows))
    return tables


def _lock_title(header: Sequence[str]) -> str:
    return "From when on a lock is fair" if "horizon" in header else \
        "How long a lock is waited for and held" if "hold nominal" in header else \
        "Who gets the lock: equals" if "least – most" in header else "Who gets the lock"


def _lock_about(header: Sequence[str]) -> str:
    if "horizon" in header:
        return "By length of the stretch: the share of the time held that 95 % of such stretches " \
            "gave to greedy, or to the first of equals; horizon: from where on it lies within 5 " \
            "points of its whole share."
    if "hold nominal" in header:
        return "Of windows in which each wait and each hold is timed."
    if "least – most" in header:
        return "Threads that do the same. least – most: what the least and the most favoured had " \
            "of the acquisitions in a window; Jain: his index of them, 1 where all have as many; " \
            "changes: how often another thread took over; streak: most acquisitions in a row; " \
            "wait, think: how long they waited at most, and thought."
    return "Greedy's loops, acquisitions and part of the time held for each one of polite's; " \
        "Jain: his index of the acquisitions in a window, 1 where all have as many; changes: how " \
        "often another thread took over; streak: most acquisitions in a row."


def context(runs: Sequence[Run]) -> Table:
    """Every fact of every run, side by side."""
    facts = list(dict.fromkeys(key for run in runs for key in run.facts))
    rows = [[Item(scope), Item(key), *_fact_items(runs, (scope, key))] for scope, key in facts]
    return Table("context", "Context",
                 "Every fact about machine, build and run. Where there is none: absent, the "
                 "machine has no such thing or does not tell; denied, not allowed to look; masked, "
                 "the file is there and empty, as containers hide it.",
                 ["scope", "fact", *(letters(len(runs)) if len(runs) > 1 else ["value"])], rows)


def _fact_items(runs: Sequence[Run], key: Tuple[str, str]) -> List[Item]:
    found = [run.facts.get(key) for run in runs]
    texts = [NA if fact is None else fact.state if fact.value == NA else fact.value
             for fact in found]
    differ = len(set(texts)) > 1
    return [Item(text, mark="doubt" if differ else "") for text in texts]


def letters(runs: int) -> List[str]:
    """A, B and so on, as compare.py names the runs."""
    return [chr(ord("A") + at) if at < 26 else f"B{at - 1}" for at in range(runs)]


def held(pair: Pair) -> Table:
    """A run against the base, row by row, the rows of one side alone too."""
    rows = []
    for row in pair.rows:
        cell, interval = row.cell, row.interval
        rows.append([Item(cell.family), Item(cell.mechanism), Item(cell.workload), Item(cell.place),
                     Item("" if cell.params == NA else cell.params), count(cell.threads),
                     amount(row.base.median, row.base.unit),
                     amount(row.other.median, row.other.unit), ratio(row.ratio),
                     *((ratio(end) for end in interval) if interval else [Item("–")] * 2),
                     Item(verdict_text(row), mark=row.verdict.replace(" ", "-")),
                     Item(note(row, pair))])
    for name, missing in absent(pair).items():
        rows += [[Item(part) for part in (cell.split(" ")[0].split("/") + [""] * 4)[:4]] +
                 [Item(" ".join(cell.split(" ")[1:-1])), Item(cell.split("threads=")[-1])] +
                 [Item("–")] * 5 + [Item(name[0].lower() + name[1:], mark="cannot-tell"), Item(why)]
                 for cell, why in missing]
    return Table(f"held{pair.letter}", f"{pair.letter} against A",
                 "Medians over the invocations, their ratio with its 95 % interval, and the "
                 "verdict: faster or slower where the row stands the test among all rows (Holm) "
                 f"and differs by more than {100 * pair.rows[0].band:.3g} %; same where its "
                 "interval lies within that; +n: about how many more invocations would tell.",
                 ["family", "mechanism", "workload", "place", "params", "threads", "A",
                  pair.letter, f"{pair.letter}/A", "from", "to", "verdict", "note"], rows)
