"""matrix.py - pairs of CPUs as heat maps, sorted by the topology (baton run --place=pairs)"""

import math
import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle

from pictures.canvas import (CAPTION_LINE, MARGIN, UNSEEN, WIDTH, Canvas, Look, page_grid, tip,
                             whence)
from results import (NA, PLACES, Cell, Run, cell_of, display_order, invocation_medians)
from stats import median
from units import quantity

TOP, BOTTOM, PANEL_TOP, BAR, COLUMN_GAP = 1.15, 0.75, 0.62, 0.16, 0.95
BRACKET, BRACKETS, LABELS = 0.09, 3, 0.32
NUMBERED, WRITTEN = 32, 9
SINGLE = 7.2
# What a bracket stands for: CPUs that are no further apart than this.
LEVELS = (("core", "smt"), ("cache", "l4"), ("package", "package"))
MAP = "cividis"
Kind = Tuple[str, str, str, str]


class Grid(NamedTuple):
    """The median by (from, to) of the CPUs, in unit, and the place of each pair."""

    kind: Kind
    unit: str
    values: Dict[Tuple[int, int], float]
    places: Dict[Tuple[int, int], str]

    @property
    def cpus(self) -> List[int]:
        return sorted({cpu for pair in self.places for cpu in pair})


class Group(NamedTuple):
    """CPUs that a bracket holds together: its level, and where it begins and ends in the order."""

    level: int
    first: int
    last: int


def draw(run: Run, look: Look) -> Optional[Canvas]:
    """A map for each mechanism; None where the run is not one of pairs."""
    grids = grids_of(run)
    if not grids:
        return None
    columns = 1 if len(grids) == 1 else 2
    edge = min(SINGLE, (WIDTH - 2 * MARGIN - (columns - 1) * COLUMN_GAP) / columns -
               LABELS - BRACKETS * BRACKET - 0.75)
    each = PANEL_TOP + LABELS + BRACKETS * BRACKET + edge + 0.25
    caption = _caption(run, grids)
    canvas = Canvas(look, TOP + -(-len(grids) // columns) * each + BOTTOM +
                    CAPTION_LINE * (len(caption) - 1))
    for at, grid in enumerate(grids):
        left = MARGIN + at % columns * (WIDTH - 2 * MARGIN + COLUMN_GAP) / columns
        _draw_grid(canvas, left, TOP + at // columns * each, edge, grid)
    canvas.titles(run, "Every pair of CPUs",
                  "median, ns or µs per hand-off, log scale · CPUs in the order of the topology")
    canvas.caption(caption)
    return canvas


def grids_of(run: Run) -> List[Grid]:
    """The kinds of cell that an invocation measured on more than one team of two CPUs."""
    values: Dict[Kind, Dict[Tuple[int, int], List[Tuple[int, float]]]] = {}
    places: Dict[Kind, Dict[Tuple[int, int], str]] = {}
    cells: Dict[Kind, Cell] = {}
    units: Dict[Kind, str] = {}
    teams: Dict[Tuple[Cell, Optional[int]], Set[str]] = {}
    for sample in run.samples:
        cell = cell_of(sample)
        if not sample.kept or sample.value is None or cell.dosed or cell.threads != 2 or \
                sample.metric != "handoff" or not re.fullmatch(r"\d+-\d+", sample.cpus):
            continue
        first, second = (int(cpu) for cpu in sample.cpus.split("-"))
        kind = (cell.family, cell.mechanism, cell.workload, cell.choice)
        teams.setdefault((cell, sample.invocation), set()).add(sample.cpus)
        cells.setdefault(kind, cell)
        units[kind] = sample.unit
        places.setdefault(kind, {})[first, second] = cell.place
        values.setdefault(kind, {}).setdefault((first, second), []).append(
            (sample.invocation or 0, sample.value))
    of_pairs = {(cell.family, cell.mechanism, cell.workload, cell.choice)
                for (cell, _), own in teams.items() if len(own) > 1}
    return [Grid(kind, units[kind], {pair: median(list(invocation_medians(own).values()))
                                     for pair, own in values[kind].items()}, places[kind])
            for kind in sorted(of_pairs, key=lambda kind: display_order(cells[kind]))]


def level_of(place: str) -> int:
    """The innermost bracket that holds a pair at such a place: 0 core, 1 cache, 2 package; 3 none.
    """
    base = re.split(r"[.@]", place)[0]
    if base == "same-cpu":
        return 0
    if base not in PLACES or "xpkg" in place:
        return len(LEVELS)
    for level, (_, last) in enumerate(LEVELS):
        if PLACES.index(base) <= PLACES.index(last):
            return level
    return len(LEVELS)


def components(cpus: Sequence[int], pairs: Sequence[Tuple[int, int]]) -> Dict[int, int]:
    """By CPU the least CPU that pairs connect it to."""
    least = {cpu: cpu for cpu in cpus}

    def root(cpu: int) -> int:
        while least[cpu] != cpu:
            least[cpu] = least[least[cpu]]
            cpu = least[cpu]
        return cpu

    for first, second in pairs:
        low, high = sorted((root(first), root(second)))
        least[high] = low
    return {cpu: root(cpu) for cpu in cpus}


def ordered(grid: Grid) -> Tuple[List[int], List[Group]]:
    """The CPUs by package, cache and core; and the brackets, of more than one CPU each, in the
    innermost order.
    """
    cpus = grid.cpus
    levels = {pair: level_of(place) for pair, place in grid.places.items()}
    roots = [components(cpus, [pair for pair, at in levels.items() if at <= level])
             for level in range(len(LEVELS))]
    order = sorted(cpus, key=lambda cpu: [*(own[cpu] for own in reversed(roots)), cpu])
    groups = []
    for level, own in enumerate(roots):
        at = 0
        while at < len(order):
            end = at
            while end + 1 < len(order) and own[order[end + 1]] == own[order[at]]:
                end += 1
            if end > at:
                groups.append(Group(level, at, end))
            at = end + 1
    return order, groups


def filled(grid: Grid, order: Sequence[int]) -> "numpy.ndarray[Any, Any]":
    """The values in that order, from row to column; a pair measured one way stands on both sides,
    one not measured at all is not a number.
    """
    at = {cpu: index for index, cpu in enumerate(order)}
    table = numpy.full((len(order), len(order)), numpy.nan)
    for (first, second), value in grid.values.items():
        table[at[first], at[second]] = value
    mirrored = numpy.isnan(table)
    table[mirrored] = table.T[mirrored]
    return table


def _draw_grid(canvas: Canvas, left: float, top: float, edge: float, grid: Grid) -> None:
    look = canvas.look
    order, groups = ordered(grid)
    table = filled(grid, order)
    family, mechanism, workload, params = grid.kind
    canvas.text(left, top + 0.2, f"{family} · {mechanism}", weight="bold", fontsize=10)
    canvas.text(left + canvas.text_width(f"{family} · {mechanism}", weight="bold", fontsize=10)
                + 0.1, top + 0.2, ", ".join([workload, *([] if params == NA else
                                                         params.split(";"))]), **look.detail)
    x = left + LABELS + BRACKETS * BRACKET
    y = top + PANEL_TOP + LABELS + BRACKETS * BRACKET - 0.2
    axes = canvas.axes(x, y, edge, edge)
    low, high = float(numpy.nanmin(table)), float(numpy.nanmax(table))
    norm = LogNorm(low, high if high > low else low * 1.01)
    image = axes.imshow(table, cmap=MAP, norm=norm, interpolation="nearest", aspect="auto")
    for side in axes.spines.values():
        side.set_visible(False)
    _draw_labels(axes, order)
    _draw_brackets(axes, groups, len(order), edge, look)
    if len(order) <= WRITTEN:
        _write_values(axes, grid, order, table, norm)
    cover = axes.add_patch(Rectangle((-0.5, -0.5), len(order), len(order), color=look.paper,
                                     alpha=UNSEEN, linewidth=0, zorder=5))
    page_grid(cover, [str(cpu) for cpu in order], grid.unit,
              [[None if math.isnan(value) else float(value) for value in row] for row in table])
    bar = canvas.figure.colorbar(image, cax=canvas.axes(x + edge + 0.12, y, BAR, edge))
    bar.outline.set_visible(False)
    ticks = _ticks(low, high)
    bar.set_ticks(ticks, labels=[quantity(tick, grid.unit, 2) for tick in ticks])
    bar.ax.minorticks_off()
    bar.ax.tick_params(labelsize=7.5, length=2)


def _ticks(low: float, high: float) -> List[float]:
    """Five values from low to high, evenly on a log scale; the one if there is one."""
    if high <= low * 1.001:
        return [low]
    step = math.log(high / low) / 4
    return [low * math.exp(step * at) for at in range(5)]


def _draw_labels(axes: Any, order: Sequence[int]) -> None:
    """The CPUs' numbers, as many as are legible."""
    step = max(1, -(-len(order) // NUMBERED))
    ticks = list(range(0, len(order), step))
    size = 8 if len(order) <= 16 else 5.5
    axes.xaxis.tick_top()
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(ticks, [str(order[tick]) for tick in ticks], fontsize=size)
        axis.set_tick_params(length=0, pad=2 + BRACKETS * BRACKET * 72)


def _draw_brackets(axes: Any, groups: Sequence[Group], count: int, edge: float, look: Look) -> None:
    """Lines beside the map, core innermost: what they join is one core, cache or package."""
    inch = count / edge
    for group in groups:
        away = (group.level + 0.5) * BRACKET * inch + 0.5
        gap = min(0.015 * (group.level + 1) * inch, 0.15 * (group.last - group.first + 1))
        ends = (group.first - 0.5 + gap, group.last + 0.5 - gap)
        width = 1.0 + 0.8 * group.level
        text = f"one {LEVELS[group.level][0]}: {group.last - group.first + 1} CPUs"
        for xs, ys in ((ends, (-away, -away)), ((-away, -away), ends)):
            (line,) = axes.plot(xs, ys, color=look.soft, linewidth=width, clip_on=False,
                                solid_capstyle="butt")
            tip(line, text)
    axes.set_xlim(-0.5, count - 0.5)
    axes.set_ylim(count - 0.5, -0.5)


def _write_values(axes: Any, grid: Grid, order: Sequence[int],
                  table: "numpy.ndarray[Any, Any]", norm: Any) -> None:
    for row, first in enumerate(order):
        for column, second in enumerate(order):
            value = float(table[row, column])
            if math.isnan(value):
                continue
            place = grid.places.get((first, second)) or grid.places[second, first]
            written = axes.text(column, row, f"{quantity(value, grid.unit, 3)}\n{place}",
                                ha="center", va="center", fontsize=7.5, linespacing=1.4,
                                color="#fffffe" if norm(value) < 0.5 else "#000001")
            tip(written, f"CPU {first} to CPU {second}, {place}: {quantity(value, grid.unit)}")


def _caption(run: Run, grids: Sequence[Grid]) -> List[str]:
    one_way = any((second, first) not in grid.values for grid in grids
                  for first, second in grid.values)
    cpus = max(len(grid.cpus) for grid in grids)
    lacking = any(len(grid.values) < len(grid.cpus) * (len(grid.cpus) - 1) / 2 for grid in grids)
    text = [f"{run.fact('run', 'invocations')} invocations × {run.fact('run', 'rounds')} rounds, "
            f"{cpus} CPUs · row: who passes first, column: to whom"
            + (" · a pair measured one way stands on both sides" if one_way else "")
            + (" · blank: not measured" if lacking else ""),
            "lines beside the map join the CPUs of one core (thin), cache and package (thick)"]
    return [*text, whence(run)]
