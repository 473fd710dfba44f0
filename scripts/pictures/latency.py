"""latency.py - single hand-offs: how they are distributed, and their tail, invocation by invocation

On the left of each mechanism the empirical distribution, on the right the percentile plot with
x = 1 / (1 - p), on which each step to the right is a tail ten times as rare. A line is a fresh
process: where the machine has states, the lines part.
"""

import math
from dataclasses import dataclass
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from latency import quantile
from pictures.canvas import CAPTION_LINE, GLYPHS, MARGIN, WIDTH, Canvas, Look, decades, tip, whence
from pictures.rows import pad
from results import (NA, Bucket, Cell, Run, cell_of, display_order, place_order, read_histograms)
from units import quantity

COLUMNS, TOP, BOTTOM, GROUP = 2, 1.4, 0.85, 0.42
PANEL, ROW_GAP, AXIS_ROOM, GAP, COLUMN_GAP = 1.45, 0.38, 0.52, 0.6, 0.4
# Where the lines are drawn: the shares below, of the ECDF; the tails above, of the percentile plot.
SHARES = tuple(permille / 1000 for permille in
               (1, 5, *range(20, 1000, 20), 995, 999))
TAIL_STEPS = 8
# A percentile stands on this many stamps beyond it at least.
BEYOND = 5
STAMPS = {"handoff": "one way", "roundtrip": "round trip"}


@dataclass(frozen=True)
class Series:
    """A cell's stamps in an invocation on its CPUs: (upper bound in ns, count), ascending."""

    cell: Cell
    cpus: str
    invocation: int
    buckets: Tuple[Tuple[float, int], ...]

    @property
    def count(self) -> int:
        return sum(count for _, count in self.buckets)


class Panel(NamedTuple):
    """A mechanism's stamps at all its places, asleep and awake."""

    title: str
    detail: str
    series: List[Series]


def draw(run: Run, look: Look) -> Optional[Canvas]:
    """A pair of panels for each mechanism; None where no single hand-off was stamped."""
    path = run.path / "histograms.csv"
    every = panels_of(read_histograms(path) if path.exists() else [])
    panels = fullest(every)
    if not panels:
        return None
    lines = -(-len(panels) // COLUMNS)
    canvas = Canvas(look, TOP + lines * (GROUP + PANEL + ROW_GAP) - ROW_GAP + BOTTOM +
                    CAPTION_LINE * 3)
    limits = pad([high for panel in panels for line in panel.series
                  for high in (line.buckets[0][0], line.buckets[-1][0])], 3.0)
    looks = look.pairs(sorted({_where(line.cell) for panel in panels for line in panel.series},
                              key=_where_order))
    each = (WIDTH - 2 * MARGIN - COLUMN_GAP) / COLUMNS
    wide = (each - 2 * AXIS_ROOM - GAP + AXIS_ROOM) / 2
    for at, panel in enumerate(panels):
        left = MARGIN + AXIS_ROOM + at % COLUMNS * (each + COLUMN_GAP)
        top = TOP + at // COLUMNS * (GROUP + PANEL + ROW_GAP) + GROUP
        _draw_heading(canvas, left - AXIS_ROOM, top - 0.2, each, panel)
        _draw_ecdf(canvas.axes(left, top, wide, PANEL), panel, looks, limits, look)
        _draw_tail(canvas.axes(left + wide + GAP, top, wide, PANEL), panel, looks, limits, look)
    canvas.titles(run, "Single hand-offs, and their tail",
                  "ns, µs, ms per hand-off, log scale · a thin line is a fresh process")
    canvas.legend([(f"{GLYPHS[marker]} {where}", colour)
                   for where, (colour, marker) in looks.items()], 1.12)
    canvas.caption(_caption(run, panels, len(every) - len(panels)))
    return canvas


def panels_of(buckets: Sequence[Bucket]) -> List[Panel]:
    """The stamped hand-offs by mechanism, in the order of summaries."""
    counts: Dict[Tuple[Cell, str, int, str], Dict[float, int]] = {}
    for row in buckets:
        if row.what in STAMPS and not cell_of(row).dosed:
            own = counts.setdefault((cell_of(row), row.what, row.invocation, row.cpus), {})
            own[row.hi_ns] = own.get(row.hi_ns, 0) + row.count
    found: Dict[Tuple[str, str], List[Series]] = {}
    for key in sorted(counts, key=lambda key: (display_order(key[0]), key[1:])):
        cell, what, invocation, cpus = key
        detail = ", ".join([cell.workload, *_own_params(cell), STAMPS[what]])
        found.setdefault((cell.mechanism, detail), []).append(
            Series(cell, cpus, invocation, tuple(sorted(counts[key].items()))))
    return [Panel(*named, series) for named, series in found.items()]


def fullest(panels: Sequence[Panel]) -> List[Panel]:
    """Of each mechanism and workload the variant that was measured at most places."""
    found: Dict[Tuple[str, str], Panel] = {}
    for panel in panels:
        kind = (panel.title, panel.series[0].cell.workload)
        best = found.setdefault(kind, panel)
        if _wheres(panel) > _wheres(best):
            found[kind] = panel
    return list(found.values())


def _wheres(panel: Panel) -> int:
    return len({_where(series.cell) for series in panel.series})


def _own_params(cell: Cell) -> List[str]:
    """The params but for awake, which stands with the place."""
    return [] if cell.choice == NA else [text for text in cell.choice.split(";")
                                         if not text.startswith("awake=")]


def _where(cell: Cell) -> str:
    """The place, and how the CPUs were kept awake there."""
    awake = [text for text in cell.params.split(";") if text.startswith("awake=")]
    return " ".join([cell.place, *awake])


def _where_order(where: str) -> Tuple[Any, ...]:
    place, _, awake = where.partition(" ")
    return (place_order(place), awake)


def _draw_heading(canvas: Canvas, left: float, down: float, room: float, panel: Panel) -> None:
    font: Dict[str, Any] = {"weight": "bold", "fontsize": 9.5}
    canvas.text(left, down, panel.title, **font)
    taken = canvas.text_width(panel.title, **font) + 0.1
    canvas.text_within(left + taken, down, panel.detail, room - taken, **canvas.look.detail)


def points(series: Series) -> List[Tuple[float, float]]:
    """(ns, share of the stamps at or below), for the ECDF."""
    return [(quantile(series.buckets, round(1000 * share)), 100 * share) for share in SHARES]


def tail(series: Series) -> List[Tuple[float, float]]:
    """(1 / (1 - p), the percentile p in ns), as far as BEYOND stamps lie beyond it."""
    last = math.log10(series.count / BEYOND) if series.count > BEYOND else 0
    steps = [10 ** (step / TAIL_STEPS) for step in range(int(last * TAIL_STEPS) + 1)]
    found, below, at = [], 0, 0
    for step in steps:
        rank = max(1, math.ceil(series.count * (1 - 1 / step)))
        while below + series.buckets[at][1] < rank:
            below += series.buckets[at][1]
            at += 1
        found.append((step, series.buckets[at][0]))
    return found


def _draw_ecdf(axes: Any, panel: Panel, looks: Dict[str, Tuple[str, str]],
               limits: Tuple[float, float], look: Look) -> None:
    for series in panel.series:
        ns, shares = zip(*points(series))
        _line(axes, ns, shares, series, looks)
    axes.set_xscale("log")
    axes.set_xlim(limits)
    axes.set_xticks(decades(*limits), [quantity(ns, "ns", 1) for ns in decades(*limits)])
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 50, 90, 100], ["0", "50 %", "90 %", "100 %"])
    _finish(axes, look)


def _draw_tail(axes: Any, panel: Panel, looks: Dict[str, Tuple[str, str]],
               limits: Tuple[float, float], look: Look) -> None:
    most = 10.0
    for series in panel.series:
        steps, ns = zip(*tail(series))
        most = max(most, steps[-1])
        _line(axes, steps, ns, series, looks)
    axes.set_xscale("log")
    axes.set_xlim(1, most * 1.1)
    axes.set_xticks(decades(1, most * 1.1), [percentile_text(x) for x in decades(1, most * 1.1)])
    axes.set_yscale("log")
    axes.set_ylim(limits)
    axes.set_yticks(decades(*limits), [quantity(ns, "ns", 1) for ns in decades(*limits)])
    _finish(axes, look)


def percentile_text(step: float) -> str:
    """1 / (1 - p) as the percentile that it is: 100 is 99 %."""
    nines = round(math.log10(step))
    return "min" if nines == 0 else f"{100 - 100 / 10 ** nines:.{max(0, nines - 2)}f} %"


def _line(axes: Any, xs: Sequence[float], ys: Sequence[float], series: Series,
          looks: Dict[str, Tuple[str, str]]) -> None:
    (line,) = axes.plot(xs, ys, color=looks[_where(series.cell)][0], linewidth=0.8, alpha=0.75)
    named = ((500, "median"), (990, "99 %"), (999, "99.9 %"))
    team = "" if series.cpus == NA else f" (CPUs {series.cpus})"
    tip(line, f"{series.cell.mechanism}, {_where(series.cell)}{team}, invocation "
        f"{series.invocation}: "
        + ", ".join(f"{name} {quantity(quantile(series.buckets, permille), 'ns', 3)}"
                    for permille, name in named) + f"; {series.count} hand-offs")


def _finish(axes: Any, look: Look) -> None:
    axes.minorticks_off()
    axes.tick_params(labelsize=7 if len(axes.get_xticks()) < 5 else 6, length=3)
    axes.grid(color=look.faint, linewidth=0.7)
    axes.set_axisbelow(True)


def _caption(run: Run, panels: Sequence[Panel], more: int) -> List[str]:
    counts = {cell: len({series.invocation for panel in panels for series in panel.series
                         if series.cell == cell})
              for cell in {series.cell for panel in panels for series in panel.series}}
    many = " to ".join(str(count) for count in sorted({min(counts.values()),
                                                       max(counts.values())}))
    return [f"{many} invocations, a line each · left: share of the hand-offs that took at most so "
            "long · right: the percentiles, each step a tail ten times as rare, "
            f"with {BEYOND} hand-offs beyond the last point",
            *([f"of each mechanism the variant with most places; {more} more are in "
               "histograms.csv"] if more else []), whence(run)]
