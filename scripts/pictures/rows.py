"""rows.py - pictures with a row for each mechanism: layout, names, dots by place

A row is a cell but for its place; rows stand in groups by family and workload.
"""

import math
from dataclasses import dataclass
from typing import Any, Callable, Dict, Generic, Iterable, List, Sequence, Tuple, TypeVar

from matplotlib.ticker import LogLocator, NullFormatter

from pictures.canvas import GLYPHS, MARGIN, WIDTH, Canvas, decades, shortened, spread_out
from results import NA, Cell, display_order, natural_order, place_order

ROW, GROUP_GAP, GROUP_TITLE, INDENT = 0.25, 0.18, 0.27, 0.14
DODGE, DODGE_ROOM, NEIGHBOUR = 0.05, 0.025, 1.5
TICK_ROOM = 0.62
T = TypeVar("T")
Label = Tuple[float, str, Dict[str, Any]]


@dataclass(frozen=True)
class Line(Generic[T]):
    """A row: a mechanism, what it has at its places, and how far down it stands (inches)."""

    label: str
    detail: str
    y: float
    places: Dict[str, T]


@dataclass(frozen=True)
class Heading:
    """The title above a group of rows."""

    label: str
    detail: str
    y: float


@dataclass(frozen=True)
class Layout(Generic[T]):
    """Rows and headings with their positions, and the height of it all in inches."""

    lines: List[Line[T]]
    headings: List[Heading]
    height: float


def lay_out(found: Dict[Cell, T], rank: Callable[[Dict[str, T]], float]) -> Layout[T]:
    """Groups in the order of summaries; within one the lowest rank first."""
    row = ROW + DODGE_ROOM * max(0, len({cell.place for cell in found}) - 2)
    groups: Dict[Tuple[str, str], Dict[Cell, Dict[str, T]]] = {}
    for cell in sorted(found, key=display_order):
        rows = groups.setdefault((cell.family, cell.workload), {})
        rows.setdefault(cell._replace(place="", params=cell.choice), {})[cell.place] = found[cell]
    lines: List[Line[T]] = []
    headings: List[Heading] = []
    y = 0.1
    for (family, workload), rows in groups.items():
        shared = _shared_params(rows)
        headings.append(Heading(f"{family} · {workload}", ", ".join(shared), y + GROUP_TITLE / 2))
        y += GROUP_TITLE
        for cell in sorted(rows, key=lambda cell: (rank(rows[cell]), cell.mechanism, natural_order(
                cell.params), cell.threads)):
            lines.append(Line(shortened(cell.mechanism, 32), _detail(cell, shared), y + row / 2,
                              rows[cell]))
            y += row
        y += GROUP_GAP
    return Layout(lines, headings, y - GROUP_GAP + 0.1)


def _shared_params(cells: Iterable[Cell]) -> List[str]:
    """The params that all rows of a group have; a group of one has none to share."""
    params = {cell.params for cell in cells}
    if len(params) < 2:
        return []
    return sorted(set.intersection(*(set(text.split(";")) for text in params)))


def _detail(cell: Cell, shared: Sequence[str]) -> str:
    params = [] if cell.params == NA else cell.params.split(";")
    own = [item for item in params if item not in shared]
    return shortened(", ".join(own + ([f"{cell.threads} threads"] if cell.threads > 2 else [])),
                     70)


def names_width(canvas: Canvas, layout: Layout[T]) -> float:
    """The width in inches of the column of names."""
    detail = canvas.look.detail
    names = [INDENT + canvas.text_width(line.label) + 0.1 + canvas.text_width(line.detail, **detail)
             for line in layout.lines]
    titles = [canvas.text_width(heading.label, weight="bold") + 0.1
              + canvas.text_width(heading.detail, **detail) for heading in layout.headings]
    return max(names + titles)


def panel(canvas: Canvas, left: float, top: float, width: float, height: float) -> Any:
    """Axes with a log x and a y in inches from the top."""
    axes = canvas.axes(left, top, width, height)
    axes.set_xscale("log")
    axes.set_ylim(height, 0)
    axes.tick_params(left=False, labelleft=False, length=3)
    axes.spines["left"].set_visible(False)
    return axes


def draw_names(canvas: Canvas, top: float, panels: Sequence[Any], layout: Layout[T]) -> None:
    """The rows' names, and their guide lines."""
    detail = canvas.look.detail

    def write(x: float, y: float, text: str, **font: Any) -> float:
        canvas.text(x, top + y, text, va="center_baseline", **font)
        return x + canvas.text_width(text, **font) + 0.1

    for heading in layout.headings:
        after = write(MARGIN, heading.y, heading.label, weight="bold")
        write(after, heading.y, heading.detail, **detail)
    for line in layout.lines:
        for axes in panels:
            axes.axhline(line.y, color=canvas.look.faint, linewidth=0.7, zorder=1)
        write(write(MARGIN + INDENT, line.y, line.label), line.y, line.detail, **detail)


def dodge(medians: Dict[str, float]) -> Dict[str, float]:
    """How far off its line (inches) each dot is drawn, so that neighbours stay visible."""
    groups: List[List[str]] = []
    for place in sorted(medians, key=lambda place: medians[place]):
        if groups and medians[place] < NEIGHBOUR * medians[groups[-1][-1]]:
            groups[-1].append(place)
        else:
            groups.append([place])
    offsets = {}
    for group in groups:
        for at, place in enumerate(sorted(group, key=place_order)):
            offsets[place] = DODGE * (at - (len(group) - 1) / 2)
    return offsets


def pad(values: Sequence[float], width: float) -> Tuple[float, float]:
    """Limits that leave 0.2 inches of a log axis free on either side, and hold a power of ten."""
    low, high = (math.log10(end) for end in (min(values), max(values))) if values else (0.0, 1.0)
    free = 0.2 * max(high - low, 1) / (width - 0.4)
    low, high = low - free, high + free
    if math.floor(high) < math.ceil(low):
        low, high = math.floor(low), math.ceil(high)
    return 10.0 ** low, 10.0 ** high


def finish_axis(canvas: Canvas, axes: Any, width: float, marks: Sequence[float],
                name: Callable[[float], str]) -> None:
    """Limits a little outside dots and marks; a tick per decade, named where there is room."""
    ends = [end for end in axes.dataLim.intervalx if math.isfinite(end) and end > 0]
    low, high = pad([*ends, *marks], width)
    axes.set_xlim(low, high)
    step = math.ceil(math.log10(high / low) * TICK_ROOM / width)
    axes.set_xticks(decades(low, high), [
        name(decade) if round(math.log10(decade)) % step == 0 else ""
        for decade in decades(low, high)], fontsize=8)
    axes.xaxis.set_minor_locator(LogLocator(10, subs=range(2, 10), numticks=99))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", which="minor", length=1.5)
    axes.grid(axis="x", which="major", color=canvas.look.faint, linewidth=0.7)
    axes.set_axisbelow(True)


def place_labels(looks: Dict[str, Tuple[str, str]], middles: Dict[str, float]) -> List[Label]:
    """The places' names for label_along, each where its dots are."""
    return [(middles[place], f"{GLYPHS[marker]} {place}",
             {"color": colour, "weight": "bold", "fontsize": 9.5})
            for place, (colour, marker) in looks.items() if place in middles]


def label_along(canvas: Canvas, axes: Any, labels: Sequence[Label]) -> None:
    """Texts (x on the axis, text, font) above the axes, side by side; smaller where they are many.
    """
    box = axes.get_position()
    left, width = box.x0 * WIDTH, box.width * WIDTH
    low, high = (math.log10(limit) for limit in axes.get_xlim())
    centres = [left + width * (math.log10(x) - low) / (high - low) for x, _, _ in labels]
    widths = [canvas.text_width(text, **font) + 0.15 for _, text, font in labels]
    first, last = left - 0.1, WIDTH - MARGIN
    shrink = min(1.0, (last - first) / sum(widths))
    moved = spread_out(centres, [width * shrink for width in widths], first, last)
    above = canvas.height * (1 - box.y1) - 0.06
    for x, (_, text, font) in zip(moved, labels):
        canvas.text(x, above, text, ha="center", va="bottom",
                    **{**font, "fontsize": font["fontsize"] * shrink})
