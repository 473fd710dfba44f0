"""figures.py - the pictures of a run, drawn with matplotlib

The same data give the same bytes, for one version of matplotlib. All lengths are in inches and all
positions follow from the rows, so that a run of any size keeps its proportions.
"""

import io
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from results import (NA, Cell, Run, Summary, display_order, natural_order, place_order)
from stats import Interval, median, median_interval
from units import quantity

STYLE = {
    "font.family": "DejaVu Sans", "font.size": 9.0, "svg.hashsalt": "baton", "svg.fonttype": "path",
    "figure.facecolor": "white", "savefig.facecolor": "white", "axes.facecolor": "white",
    "text.color": "#222222", "axes.edgecolor": "#bbbbbb", "xtick.color": "#bbbbbb",
    "xtick.labelcolor": "#444444", "axes.linewidth": 0.8, "path.simplify": False,
}
# Okabe and Ito's colours, told apart by all common kinds of colour vision; without their yellow,
# which is too pale for text. Each place has a marker of its own too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "D", "s", "^", "v", "P", "X")
GLYPHS = {"o": "●", "D": "◆", "s": "■", "^": "▲", "v": "▼", "P": "✚", "X": "✖"}
INK, SOFT, FAINT = "#222222", "#666666", "#e4e4e4"
FLOORS = {"syscall": "null syscall", "line-store": "line transfer"}
DETAIL: Dict[str, Any] = {"fontsize": 8, "color": SOFT}
INDENT = 0.14
DPI, DRAWING_DPI = 200, 100

ROW, GROUP_GAP, GROUP_TITLE = 0.25, 0.18, 0.27
WIDTH, MARGIN, GUTTER, NARROW = 11.0, 0.45, 0.5, 2.7
TOP, CAPTION_LINE = 1.75, 0.17
DODGE, DODGE_ROOM, NEIGHBOUR = 0.05, 0.025, 1.5
TICK_ROOM = 0.62


@dataclass(frozen=True)
class Line:
    """A row of the picture: one mechanism, its places, and how far down it stands (inches)."""

    label: str
    detail: str
    y: float
    places: Dict[str, Summary]


@dataclass(frozen=True)
class Heading:
    """The title above a group of rows."""

    label: str
    detail: str
    y: float


def handoff_figure(run: Run, summaries: Dict[Cell, Summary]) -> Optional[Figure]:
    """Hand-off cost by mechanism and place, CPU time beside it; None without any hand-off."""
    places = _places(summaries)
    if not places:
        return None
    lines, headings, height = _layout(summaries, ROW + DODGE_ROOM * max(0, len(places) - 2))
    caption = _caption(run, lines)
    bottom = 0.65 + CAPTION_LINE * len(caption)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, TOP + height + bottom), dpi=DRAWING_DPI)
        FigureCanvasAgg(figure)
        left = MARGIN + _names_width(figure, lines, headings) + 0.15
        wide = WIDTH - left - GUTTER - NARROW - MARGIN
        cost = _panel(figure, left, wide, height)
        cpu = _panel(figure, left + wide + GUTTER, NARROW, height)
        looks = _looks(places)
        _draw_dots(cost, lines, looks, lambda summary: summary.values)
        _draw_dots(cpu, lines, looks, lambda summary: summary.cpu_values)
        _draw_rows(figure, cost, cpu, lines, headings)
        floors = _floors(summaries)
        _finish_axis(cost, wide, [x for x, _ in floors])
        _finish_axis(cpu, NARROW, [])
        _draw_marks(figure, cost, lines, looks, floors)
        _draw_titles(figure, run, left, left + wide + GUTTER)
        draw_caption(figure, caption)
    return figure


def save(figure: Figure, folder: Path, name: str) -> List[Path]:
    """Write NAME.png and NAME.svg into the folder (made if missing). Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for suffix, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        drawn = io.BytesIO()
        with matplotlib.rc_context(STYLE):
            figure.savefig(drawn, format=suffix, dpi=DPI, metadata=metadata)
        path = folder / f"{name}.{suffix}"
        path.write_bytes(drawn.getvalue())
        paths.append(path)
    return paths


def _handoffs(summaries: Dict[Cell, Summary]) -> List[Summary]:
    """The cells that measure a hand-off, with a value or without; floors are lines, not rows."""
    return [summary for cell, summary in summaries.items()
            if summary.metric == "handoff" and cell.family != "floor" and not cell.dosed]


def _shared_params(cells: Iterable[Cell]) -> List[str]:
    """The params that all rows of a group have; a group of one has none to share."""
    params = {cell.params for cell in cells}
    if len(params) < 2:
        return []
    sets = [set(text.split(";")) for text in params]
    return sorted(set.intersection(*sets))


def _places(summaries: Dict[Cell, Summary]) -> List[str]:
    """The places that have a hand-off with a value, nearest first."""
    return sorted({summary.cell.place for summary in _handoffs(summaries)
                   if _positive(summary.values)}, key=place_order)


def _positive(values: Sequence[float]) -> bool:
    """Whether there is a median that a log axis can show."""
    return bool(values) and median(values) > 0


def _layout(summaries: Dict[Cell, Summary], row: float) -> Tuple[List[Line], List[Heading], float]:
    """Rows and headings with their positions, and the height of it all in inches."""
    groups: Dict[Tuple[str, str], Dict[Cell, Dict[str, Summary]]] = {}
    for summary in sorted(_handoffs(summaries), key=lambda summary: display_order(summary.cell)):
        cell = summary.cell
        rows = groups.setdefault((cell.family, cell.workload), {})
        rows.setdefault(cell._replace(place="", params=cell.choice), {})[cell.place] = summary
    lines: List[Line] = []
    headings: List[Heading] = []
    y = 0.1
    for (family, workload), rows in groups.items():
        shared = _shared_params(rows)
        headings.append(Heading(f"{family} · {workload}", ", ".join(shared), y + GROUP_TITLE / 2))
        y += GROUP_TITLE
        for cell in sorted(rows, key=lambda cell: _rank(cell, rows[cell])):
            lines.append(Line(cell.mechanism, _detail(cell, shared), y + row / 2, rows[cell]))
            y += row
        y += GROUP_GAP
    return lines, headings, y - GROUP_GAP + 0.1


def _rank(cell: Cell, places: Dict[str, Summary]) -> Tuple[Any, ...]:
    """Cheapest first, by the cheapest place; rows without a value last."""
    best = min((summary.median for summary in places.values() if summary.median is not None),
               default=float("inf"))
    return (best, cell.mechanism, natural_order(cell.params), cell.threads)


def _detail(cell: Cell, shared: Sequence[str]) -> str:
    params = [] if cell.params == NA else cell.params.split(";")
    own = [item for item in params if item not in shared]
    return ", ".join(own + ([f"{cell.threads} threads"] if cell.threads != 2 else []))


def _looks(places: Sequence[str]) -> Dict[str, Tuple[str, str]]:
    """Colour and marker by place, never the same pair for the first 49."""
    count = len(COLOURS)
    return {place: (COLOURS[at % count], MARKERS[(at + at // count) % count])
            for at, place in enumerate(places)}


def _text_width(figure: Figure, text: str, **font: Any) -> float:
    """The width in inches of a text in a font."""
    drawn = figure.text(0, 0, text, **font)
    pixels: float = drawn.get_window_extent(figure.canvas.get_renderer()).width
    drawn.remove()
    return pixels / DRAWING_DPI


def _names_width(figure: Figure, lines: Sequence[Line], headings: Sequence[Heading]) -> float:
    """The width in inches of the column of names."""
    names = [INDENT + _text_width(figure, line.label) + 0.1
             + _text_width(figure, line.detail, **DETAIL) for line in lines]
    titles = [_text_width(figure, heading.label, weight="bold") + 0.1
              + _text_width(figure, heading.detail, **DETAIL) for heading in headings]
    return max(names + titles)


def _panel(figure: Figure, left: float, width: float, height: float) -> Any:
    """Axes with a log x in ns and a y in inches from the top."""
    total = figure.get_size_inches()[1]
    axes = figure.add_axes([left / WIDTH, 1 - (TOP + height) / total,
                            width / WIDTH, height / total])
    axes.set_xscale("log")
    axes.set_ylim(height, 0)
    axes.tick_params(left=False, labelleft=False, length=3)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    return axes


def _draw_dots(axes: Any, lines: Sequence[Line], looks: Dict[str, Tuple[str, str]],
               values_of: Callable[[Summary], Sequence[float]]) -> None:
    for line in lines:
        values = {place: values_of(summary) for place, summary in line.places.items()
                  if _positive(values_of(summary))}
        medians = {place: median(values[place]) for place in sorted(values, key=place_order)}
        for place, offset in _dodge(medians).items():
            colour, marker = looks[place]
            y = line.y + offset
            interval: Optional[Interval] = median_interval(values[place])
            if interval and interval.low > 0:
                axes.plot(interval, [y, y], color=colour, linewidth=3.5, alpha=0.4,
                          solid_capstyle="butt", zorder=3)
            axes.plot([medians[place]], [y], marker=marker, markersize=5.5, color=colour,
                      markerfacecolor="white" if line.places[place].two_modes else colour,
                      linestyle="none", zorder=4)


def _dodge(medians: Dict[str, float]) -> Dict[str, float]:
    """How far off its line (inches) each dot is drawn, so that neighbours stay visible."""
    groups: List[List[str]] = []
    for place in sorted(medians, key=lambda place: medians[place]):
        if groups and medians[place] < NEIGHBOUR * medians[groups[-1][-1]]:
            groups[-1].append(place)
        else:
            groups.append([place])
    offsets = {}
    for group in groups:
        for at, place in enumerate(place for place in medians if place in group):
            offsets[place] = DODGE * (at - (len(group) - 1) / 2)
    return offsets


def _draw_rows(figure: Figure, cost: Any, cpu: Any, lines: Sequence[Line],
               headings: Sequence[Heading]) -> None:
    """The rows' names, their guide lines, and why a row is empty."""
    height = figure.get_size_inches()[1]

    def write(x: float, y: float, text: str, **font: Any) -> float:
        figure.text(x / WIDTH, 1 - (TOP + y) / height, text, va="center_baseline", **font)
        return x + _text_width(figure, text, **font) + 0.1

    for heading in headings:
        after = write(MARGIN, heading.y, heading.label, weight="bold")
        write(after, heading.y, heading.detail, **DETAIL)
    for line in lines:
        for axes in (cost, cpu):
            axes.axhline(line.y, color=FAINT, linewidth=0.7, zorder=1)
        write(write(MARGIN + INDENT, line.y, line.label), line.y, line.detail, **DETAIL)
        if not any(summary.values for summary in line.places.values()):
            why = next(iter(line.places.values())).why_no_value
            cost.annotate(f"not measured: {why if len(why) < 60 else why[:59] + '…'}", (0, line.y),
                          xycoords=cost.get_yaxis_transform(), va="center_baseline",
                          style="italic", **DETAIL,
                          bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})


def _pad(values: Sequence[float], width: float) -> Tuple[float, float]:
    """Limits that leave 0.2 inches of a log axis free on either side, and hold a power of ten."""
    low, high = (math.log10(end) for end in (min(values), max(values)))
    free = 0.2 * max(high - low, 1) / (width - 0.4)
    low, high = low - free, high + free
    if math.floor(high) < math.ceil(low):
        low, high = math.floor(low), math.ceil(high)
    return 10.0 ** low, 10.0 ** high


def _finish_axis(axes: Any, width: float, marks: Sequence[float]) -> None:
    """Limits a little outside dots and marks; a tick per decade, named where there is room."""
    low, high = _pad([*axes.dataLim.intervalx, *marks], width)
    axes.set_xlim(low, high)
    decades = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    step = math.ceil(math.log10(high / low) * TICK_ROOM / width)
    axes.set_xticks([10.0 ** decade for decade in decades],
                    [quantity(10.0 ** decade, "ns", 1) if decade % step == 0 else ""
                     for decade in decades], fontsize=8)
    axes.xaxis.set_minor_locator(LogLocator(10, subs=range(2, 10), numticks=99))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", which="minor", length=1.5)
    axes.grid(axis="x", which="major", color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)


def spread_out(centres: Sequence[float], widths: Sequence[float],
               low: float, high: float) -> List[float]:
    """Centres moved apart as little as possible, so that texts of these widths stand clear.

    Texts that collide are pooled into a block around their mean (pool adjacent violators).
    """
    def fit(middle: float, members: Sequence[int]) -> float:
        half = _half(members, widths)
        return max(low + half, min(middle, high - half))

    blocks: List[Tuple[float, List[int]]] = []
    for at in sorted(range(len(centres)), key=lambda at: centres[at]):
        middle, members = fit(centres[at], [at]), [at]
        while blocks and middle - blocks[-1][0] < _half(blocks[-1][1] + members, widths):
            before, earlier = blocks.pop()
            total = before * len(earlier) + middle * len(members)
            members = earlier + members
            middle = fit(total / len(members), members)
        blocks.append((middle, members))
    moved = list(centres)
    for middle, members in blocks:
        edge = middle - _half(members, widths)
        for at in members:
            moved[at] = edge + widths[at] / 2
            edge += widths[at]
    return moved


def _half(members: Sequence[int], widths: Sequence[float]) -> float:
    return sum(widths[at] for at in members) / 2


def _label_along(figure: Figure, axes: Any,
                 labels: Sequence[Tuple[float, str, Dict[str, Any]]]) -> None:
    """Texts (x in ns, text, font) above the axes, side by side; smaller where they are many."""
    box = axes.get_position()
    left, width = box.x0 * WIDTH, box.width * WIDTH
    low, high = (math.log10(limit) for limit in axes.get_xlim())
    centres = [left + width * (math.log10(x) - low) / (high - low) for x, _, _ in labels]
    widths = [_text_width(figure, text, **font) + 0.15 for _, text, font in labels]
    first, last = left - 0.1, WIDTH - MARGIN
    shrink = min(1.0, (last - first) / sum(widths))
    moved = spread_out(centres, [width * shrink for width in widths], first, last)
    above = box.y1 + 0.06 / figure.get_size_inches()[1]
    for x, (_, text, font) in zip(moved, labels):
        figure.text(x / WIDTH, above, text, ha="center", va="bottom",
                    **{**font, "fontsize": font["fontsize"] * shrink})


def _floors(summaries: Dict[Cell, Summary]) -> List[Tuple[float, str]]:
    """The floors to mark: the cheapest cell of each, in ns, and its name."""
    floors = []
    for mechanism, name in FLOORS.items():
        medians = [summary.median for cell, summary in summaries.items()
                   if cell.family == "floor" and cell.mechanism == mechanism and summary.median]
        if medians:
            floors.append((min(medians), f"{name}\n{quantity(min(medians), 'ns', 2)}"))
    return floors


def _draw_marks(figure: Figure, axes: Any, lines: Sequence[Line], looks: Dict[str, Tuple[str, str]],
                floors: Sequence[Tuple[float, str]]) -> None:
    """The floors as lines; above the axes their names, and those of the places over their dots."""
    labels: List[Tuple[float, str, Dict[str, Any]]] = []
    for x, text in floors:
        axes.axvline(x, color=SOFT, linewidth=0.9, linestyle=(0, (4, 3)), zorder=2)
        labels.append((x, text, {**DETAIL, "linespacing": 1.3}))
    for place, (colour, marker) in looks.items():
        medians = [line.places[place].median for line in lines if place in line.places]
        middle = median([value for value in medians if value])
        labels.append((middle, f"{GLYPHS[marker]} {place}",
                       {"color": colour, "weight": "bold", "fontsize": 9.5}))
    _label_along(figure, axes, labels)


def _draw_titles(figure: Figure, run: Run, cost_left: float, cpu_left: float) -> None:
    height = figure.get_size_inches()[1]

    def write(x: float, down: float, text: str, **font: Any) -> None:
        figure.text(x / WIDTH, 1 - down / height, text, va="center", **font)

    cpu = run.fact("machine", "cpu_model")
    cpu = "CPU not recorded" if cpu == NA else cpu
    write(MARGIN, 0.42, "Hand-off cost by mechanism and place", fontsize=15, weight="bold")
    unit = "ns, µs, ms per one-way hand-off, log scale"
    write(MARGIN, 0.74, f"{cpu} · {unit} · further left is cheaper", fontsize=9.5, color=SOFT)
    write(cost_left, 1.2, "Time", fontsize=10, weight="bold")
    write(cpu_left, 1.2, "CPU time of all threads", fontsize=10, weight="bold")


def date_text(utc: str) -> str:
    """2026-11-23T05:45:00Z as people write it; anything else as it is."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?(\.\d+)?Z", utc)
    return f"{match[1]} {match[2]} UTC" if match else utc


def _caption(run: Run, lines: Sequence[Line]) -> List[str]:
    """How to read the picture, what limits it, and where and when it comes from."""
    drawn = [summary for line in lines for summary in line.places.values() if summary.values]
    counts = sorted({len(summary.values) for summary in drawn})
    many = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    few = " (none below 6 invocations)" if counts[0] < 6 else ""
    text = [f"{many} invocations × {run.fact('run', 'rounds')} rounds · dot: median of the "
            "invocations' medians · bar, where wider than the dot: its 95 % interval" + few]
    if any(summary.two_modes for summary in drawn):
        text.append("hollow: two modes, more than 20 % of the windows left the mechanism's band of "
                    "switches and are left out")
    if run.fact("run", "end") == "interrupted":
        text.append("the run was interrupted")
    text.append(" · ".join([
        date_text(run.fact("run", "started_utc")), run.fact("machine", "kernel"),
        run.fact("build", "compiler"), f"baton {run.fact('build', 'baton_version')}"]))
    return text


def draw_caption(figure: Figure, caption: Sequence[str]) -> None:
    figure.text(MARGIN / WIDTH, 0.22 / figure.get_size_inches()[1], "\n".join(caption), va="bottom",
                fontsize=8, color=SOFT, linespacing=1.5)
