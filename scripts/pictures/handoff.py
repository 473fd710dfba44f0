"""handoff.py - what a hand-off costs, by mechanism and place, CPU time beside it"""

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from pictures.canvas import CAPTION_LINE, MARGIN, WIDTH, Canvas, Look, tip, whence
from pictures.rows import (Label, Layout, dodge, draw_names, finish_axis, label_along, lay_out,
                           names_width, panel, place_labels)
from results import Cell, Run, Summary, place_order, summarise
from stats import Interval, median, median_interval
from units import quantity

FLOORS = {"syscall": "null syscall", "line-store": "line transfer"}
GUTTER, NARROW, TOP, BOTTOM = 0.5, 2.7, 1.75, 0.65
Values = Callable[[Summary], Sequence[float]]


def draw(run: Run, look: Look) -> Optional[Canvas]:
    """Dots with intervals on a log axis, floors as lines; None without any hand-off."""
    summaries = summarise(run)
    places = _places(summaries)
    if not places:
        return None
    layout = lay_out(_handoffs(summaries), _cheapest)
    caption = _caption(run, layout)
    canvas = Canvas(look, TOP + layout.height + BOTTOM + CAPTION_LINE * len(caption))
    left = MARGIN + names_width(canvas, layout) + 0.15
    wide = WIDTH - left - GUTTER - NARROW - MARGIN
    cost = panel(canvas, left, TOP, wide, layout.height)
    cpu = panel(canvas, left + wide + GUTTER, TOP, NARROW, layout.height)
    looks = look.pairs(places)
    _draw_dots(canvas, cost, layout, looks, lambda summary: summary.values, "")
    _draw_dots(canvas, cpu, layout, looks, lambda summary: summary.cpu_values, "CPU time ")
    draw_names(canvas, TOP, (cost, cpu), layout)
    _draw_reasons(canvas, cost, layout)
    floors = _floors(summaries)
    finish_axis(canvas, cost, wide, [x for x, _ in floors], _time)
    finish_axis(canvas, cpu, NARROW, [], _time)
    _draw_marks(canvas, cost, layout, looks, floors)
    canvas.titles(run, "Hand-off cost by mechanism and place",
                  "ns, µs, ms per one-way hand-off, log scale · further left is cheaper")
    canvas.text(left, 1.2, "Time", fontsize=10, weight="bold")
    canvas.text(left + wide + GUTTER, 1.2, "CPU time of all threads", fontsize=10, weight="bold")
    canvas.caption(caption)
    return canvas


def _time(value: float) -> str:
    return quantity(value, "ns", 1)


def _handoffs(summaries: Dict[Cell, Summary]) -> Dict[Cell, Summary]:
    """The cells that measure a hand-off, with a value or without; floors are lines, not rows."""
    return {cell: summary for cell, summary in summaries.items()
            if summary.metric == "handoff" and cell.family != "floor" and not cell.dosed}


def _places(summaries: Dict[Cell, Summary]) -> List[str]:
    """The places that have a hand-off with a value, nearest first."""
    return sorted({cell.place for cell, summary in _handoffs(summaries).items()
                   if _positive(summary.values)}, key=place_order)


def _positive(values: Sequence[float]) -> bool:
    """Whether there is a median that a log axis can show."""
    return bool(values) and median(values) > 0


def _cheapest(places: Dict[str, Summary]) -> float:
    """What a row has at its cheapest place; rows without a value come last."""
    return min((summary.median for summary in places.values() if summary.median is not None),
               default=float("inf"))


def _draw_dots(canvas: Canvas, axes: Any, layout: Layout[Summary],
               looks: Dict[str, Tuple[str, str]], values_of: Values, what: str) -> None:
    for line in layout.lines:
        values = {place: values_of(summary) for place, summary in line.places.items()
                  if _positive(values_of(summary))}
        medians = {place: median(values[place]) for place in values}
        for place, offset in dodge(medians).items():
            colour, marker = looks[place]
            y = line.y + offset
            interval = median_interval(values[place])
            if interval and interval.low > 0:
                axes.plot(interval, [y, y], color=colour, linewidth=3.5, alpha=0.4,
                          solid_capstyle="butt", zorder=3)
            (dot,) = axes.plot([medians[place]], [y], marker=marker, markersize=5.5, color=colour,
                               linestyle="none", zorder=4, markerfacecolor=canvas.look.paper if
                               line.places[place].two_modes else colour)
            tip(dot, f"{line.label}, {line.detail + ', ' if line.detail else ''}{place}: "
                f"{what}{value_text(medians[place], interval, len(values[place]))}")


def value_text(value: float, interval: Optional[Interval], count: int) -> str:
    """A time with its interval, for a tip."""
    span = f" ({' – '.join(quantity(end, 'ns') for end in interval)})" if interval else ""
    return f"{quantity(value, 'ns')}{span}, {count} invocations"


def _draw_reasons(canvas: Canvas, cost: Any, layout: Layout[Summary]) -> None:
    """Why a row is empty."""
    for line in layout.lines:
        if not any(summary.values for summary in line.places.values()):
            why = next(iter(line.places.values())).why_no_value
            cost.annotate(f"not measured: {why if len(why) < 60 else why[:59] + '…'}", (0, line.y),
                          xycoords=cost.get_yaxis_transform(), va="center_baseline",
                          style="italic", **canvas.look.detail,
                          bbox={"facecolor": canvas.look.paper, "edgecolor": "none", "pad": 1.5})


def _floors(summaries: Dict[Cell, Summary]) -> List[Tuple[float, str]]:
    """The floors to mark: the cheapest cell of each, in ns, and its name."""
    floors = []
    for mechanism, name in FLOORS.items():
        medians = [summary.median for cell, summary in summaries.items()
                   if cell.family == "floor" and cell.mechanism == mechanism and summary.median]
        if medians:
            floors.append((min(medians), f"{name}\n{quantity(min(medians), 'ns', 2)}"))
    return floors


def _draw_marks(canvas: Canvas, axes: Any, layout: Layout[Summary],
                looks: Dict[str, Tuple[str, str]], floors: Sequence[Tuple[float, str]]) -> None:
    """The floors as lines; above the axes their names, and those of the places over their dots."""
    labels: List[Label] = []
    for x, text in floors:
        axes.axvline(x, color=canvas.look.soft, linewidth=0.9, linestyle=(0, (4, 3)), zorder=2)
        labels.append((x, text, {**canvas.look.detail, "linespacing": 1.3}))
    middles = {}
    for place in looks:
        medians = [line.places[place].median for line in layout.lines if place in line.places]
        middles[place] = median([value for value in medians if value])
    label_along(canvas, axes, labels + place_labels(looks, middles))


def _caption(run: Run, layout: Layout[Summary]) -> List[str]:
    """How to read the picture, what limits it, and where and when it comes from."""
    drawn = [summary for line in layout.lines for summary in line.places.values()
             if summary.values]
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
    return [*text, whence(run)]
