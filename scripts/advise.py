#!/usr/bin/env python3
"""advise.py - mutex or channel? the classic chart, walked on a run's own numbers

    scripts/advise.py [RUN] [--format=text|markdown]

Without RUN the newest folder under results/ is read. Needs no package.
Exit codes: 2 unreadable, 4 nothing to advise by, 6 cannot write.
"""

import math
import re
import textwrap
from pathlib import Path
from typing import List, Optional, Sequence, Tuple, TypeVar

from command import NOTHING_MATCHED, Parser, aligned, chosen, fail, run
from decision import (DEPENDS, MARGIN, MUTEX, UNTOLD, Answer, Crossover, Versus, answers,
                      param)
from results import Run, Summary, read_run
from stats import median
from units import quantity, significant

WIDTH = 100
HEADER = ("", "work", "mutex", "channel", "CPU", "CPU", "ratio", "95 % interval", "faster")
T = TypeVar("T")
LEGEND = """\
mutex, channel: median time per operation (an update, work inside included; or a hand-off); where
values are handed over the mutex has a condition variable, or is polled (spin), and a number is how
many values the buffer holds. CPU: CPU time of all threads per operation, of the one and of the
other. ratio: the channel's time over the mutex's, within each fresh process, with its 95 % interval
over {invocations} of them; where that holds 1, where they are too few, or where a side has two
modes (switches outside its band) one cannot tell. The chart: K. Cox-Buday, Concurrency in Go,
chapter 2."""


def cpu_text(summary: Summary) -> str:
    """CPU time per operation: the median of the invocations' medians."""
    return quantity(median(summary.cpu_values), "ns", 3) if summary.cpu_values else "NA"


def ratio_text(value: float) -> str:
    return significant(value, 3)


def work_text(work_ns: float) -> str:
    return "none" if work_ns == 0 else quantity(work_ns, "ns", 2)


def row_cells(row: Versus) -> List[str]:
    """The cells of a line, under HEADER."""
    interval = row.interval
    span = " – ".join(ratio_text(end) for end in interval) if interval else "–"
    return [row.pair.what, work_inside(row),
            *(quantity(side.median or 0, "ns", 3) for side in (row.mutex, row.channel)),
            cpu_text(row.mutex), cpu_text(row.channel),
            "–" if row.ratio is None else ratio_text(row.ratio), span,
            row.note or row.faster]


def work_inside(row: Versus) -> str:
    """The work inside of an update, or nothing where values are handed over."""
    if row.pair.mutex.workload != "guard":
        return ""
    return work_text(param(row.pair.mutex, "work_ns"))


def crossover_text(found: Crossover) -> str:
    """The claim in words, with its interval."""
    faster = f"a mutex is more than {MARGIN - 1:.0%} faster than a channel".replace("%", " %")
    who = f"on {found.place}, {found.updaters} updaters"

    def end(work_ns: float) -> str:
        if work_ns == math.inf:
            return f"beyond {work_text(found.top_ns)}"
        return "0" if work_ns == 0 else quantity(work_ns, "ns", 2)

    if found.interval is None:
        return f"{who}: {UNTOLD} from {len(found.work_ns)} invocations where it stops to matter"
    span = f"({end(found.interval.low)} – {end(found.interval.high)})"
    if found.interval.low == 0 and found.interval.high == math.inf:
        return f"{who}: {UNTOLD} below how much work inside {faster}"
    if found.median == math.inf:
        return f"{who}: at every work inside, up to {work_text(found.top_ns)}, {faster} {span}"
    if found.median == 0:
        return f"{who}: at no work inside {faster} {span}"
    return f"{who}: below {end(found.median)} of work inside {faster} {span}"


def verdict_text(answer: Answer, place: str, aside: bool) -> str:
    """The recommendation, by how much, and what the chart says of that."""
    here, told = answer.at(place, aside), answer.told(place, aside)
    if here == DEPENDS:
        count = sum(row.faster == MUTEX for row in told)
        return f"{here}: the mutex in {count} of {len(told)} rows"
    if here == UNTOLD:
        return here
    gains = [row.gain for row in told if row.gain]
    ends = [ratio_text(end(gain for gain, _ in gains)) for end in (min, max)]
    by = f"{ends[0]} to {ends[1]}" if len(gains) > 1 else ends[0]
    span = f" ({' – '.join(ratio_text(end) for end in gains[0][1])})" if len(gains) == 1 else ""
    chart = "as the chart says" if here == answer.chart else "against the chart"
    return f"{here}, {by} times as fast{span}{'' if aside else f', {chart}'}"


def verdict_lines(answer: Answer) -> List[str]:
    """A line for each place; where there are such rows another for those who want no answer."""
    lines = [f"on {place}: {verdict_text(answer, place, False)}" for place in answer.places]
    lines += [f"on {place}, where no answer is wanted: {verdict_text(answer, place, True)}"
              for place in answer.places
              if any(row.pair.aside for row in answer.rows if row.place == place)]
    return lines or [UNTOLD]


def missing_lines(answer: Answer) -> List[str]:
    """What could not be held against each other, and what measures it."""
    absent = [pair for pair, why in answer.missing if not why]
    lines = [f"left out: {pair.what}{work_of(pair.mutex.params)}, {why}"
             for pair, why in answer.missing if why]
    if absent:
        mechanisms = sorted({kind.mechanism for pair in absent
                             for kind in (pair.mutex, pair.channel)})
        workloads = sorted({pair.mutex.workload for pair in absent})
        lines.append(f"not in this run: {len(absent)} more pairs; baton run --set=all "
                     f"--filter='/({'|'.join(mechanisms)})/({'|'.join(workloads)})/' has them")
    return lines


def work_of(params: str) -> str:
    """`, work W` where the params tell of it."""
    found = [text.split("=")[1] for text in params.split(";") if text.startswith("work_ns=")]
    return f", work {work_text(float(found[0]))}" if found else ""


def columns(answer: Answer) -> Tuple[List[str], List[List[str]]]:
    """The header and a line for each row; without the work where no row has any."""
    lines = [row_cells(row) for row in answer.rows]
    keep = [at for at in range(len(HEADER)) if at != 1 or any(cells[1] for cells in lines)]
    return [HEADER[at] for at in keep], [[cells[at] for at in keep] for cells in lines]


def by_place(answer: Answer, lines: Sequence[T]) -> List[Tuple[str, List[T]]]:
    """The lines of the rows, under the place of each."""
    return [(place, [line for line, row in zip(lines, answer.rows) if row.place == place])
            for place in answer.places]


def invocations(found: Sequence[Answer]) -> int:
    return max((len(row.ratios) for answer in found for row in answer.rows), default=0)


def title(recorded: Run) -> str:
    """Whose numbers they are."""
    facts = [recorded.fact("machine", "cpu_model"), f"{recorded.fact('machine', 'cpus')} CPUs",
             recorded.fact("machine", "kernel"), recorded.fact("run", "started_utc")]
    return ", ".join(facts)


def wrapped(line: str) -> List[str]:
    """A line of a page for a terminal, indented, the rest of a long one further; no interval is
    cut in two."""
    whole = re.sub(r"\([^()]*\)", lambda found: found[0].replace(" ", "\0"), line)
    return [piece.replace("\0", " ") for piece in
            textwrap.wrap(whole, WIDTH, initial_indent="   ", subsequent_indent="     ",
                          break_long_words=False, break_on_hyphens=False)]


def table_lines(answer: Answer) -> List[str]:
    """The table, its columns as wide at all places."""
    if not answer.rows:
        return []
    header, rows = columns(answer)
    first, *rest = aligned([header, *rows], range(1, len(header) - 1))
    lines = ["", f" {first}"]
    for place, table in by_place(answer, rest):
        lines += [f" {place}", *(f" {line}" for line in table)]
    return lines


def markdown_lines(answer: Answer) -> List[str]:
    """The same, a table for each place."""
    header, rows = columns(answer)
    rule = ["---", *["--:"] * (len(header) - 2), "---"]
    return [line for place, table in by_place(answer, rows)
            for line in ["", *(f"| {' | '.join(cells)} |"
                               for cells in [[place, *header[1:]], rule, *table])]]


def text(recorded: Run, found: Sequence[Answer]) -> str:
    """The answers as a page for a terminal."""
    lines = ["Mutex or channel?", title(recorded), ""]
    for number, answer in enumerate(found, 1):
        lines += [f"{number}. {answer.question} The chart says: {answer.chart}."]
        told = verdict_lines(answer) + [crossover_text(found) for found in answer.crossovers]
        lines += [piece for line in told for piece in wrapped(line)]
        lines += table_lines(answer)
        lines += [piece for line in missing_lines(answer) for piece in wrapped(line)] + [""]
    return "\n".join([*lines, LEGEND.format(invocations=invocations(found)), ""])


def section(recorded: Run, found: Optional[Sequence[Answer]] = None) -> str:
    """The answers as a section of a markdown document, under a heading of the second level."""
    found = answers(recorded) if found is None else found
    lines = ["## Mutex or channel?", "", title(recorded), ""]
    for number, answer in enumerate(found, 1):
        lines += [f"### {number}. {answer.question}", ""]
        lines += [f"The chart says: {answer.chart}. Here:", ""]
        lines += [f"- **{line}**" for line in verdict_lines(answer)]
        lines += [f"- {crossover_text(crossover)}" for crossover in answer.crossovers]
        lines += markdown_lines(answer)
        lines += ["", *(f"- {line}" for line in missing_lines(answer)), ""]
    return "\n".join([*lines, LEGEND.format(invocations=invocations(found)), ""])


def main() -> int:
    parser = Parser("Mutex or channel? The classic chart, walked on a run's own numbers.")
    parser.add_argument("run", metavar="RUN", type=Path, nargs="?",
                        help="folder of the run (default: the newest under results/)")
    parser.add_argument("--format", choices=("text", "markdown"), default="text")
    options = parser.parse_args()
    folder = chosen(options.run)
    recorded = read_run(folder)
    found = answers(recorded)
    if not any(answer.rows for answer in found):
        fail(NOTHING_MATCHED, f"{folder} holds no mutex against a channel: nothing to advise by "
                              "(make bench does)")
    print(text(recorded, found) if options.format == "text" else section(recorded, found), end="")
    return 0


if __name__ == "__main__":
    run(main)
