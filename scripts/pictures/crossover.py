"""crossover.py - channel against mutex over the work inside: from when on does it not matter?"""

import math
from typing import Any, Dict, List, Optional, Sequence, Tuple

from decision import AWAITED, MARGIN as NO_MATTER, Crossover, Versus, answers, param
from pictures.canvas import MARGIN, WIDTH, Canvas, Look, spread_out, tip, whence
from results import Run, place_order
from units import quantity, significant

GUARD = "Are you guarding the internal state of a struct?"
PANEL, TOP, BOTTOM, AXIS_ROOM, NAME_ROOM = 3.4, 1.55, 1.35, 0.6, 0.95
RATIOS = (0.5, 1, 1.1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
# How far left of the least work on a log axis that of none stands, in decades.
NONE_LEFT = 0.75


def draw(run: Run, look: Look) -> Optional[Canvas]:
    """A panel for each place, a line for each number of updaters; None where fewer than two works
    were measured anywhere.
    """
    found = answers(run)
    crossovers = {(item.place, item.updaters): item for item in found[0].crossovers}
    lines = lines_of([row for answer in found if answer.question == GUARD for row in answer.rows])
    places = sorted({place for place, _ in lines}, key=place_order)
    if not places:
        return None
    canvas = Canvas(look, TOP + PANEL + BOTTOM)
    each = (WIDTH - 2 * MARGIN) / len(places)
    looks = look.pairs([str(count) for count in sorted({count for _, count in lines})])
    works = sorted({work for points in lines.values() for work, _ in points})
    for at, place in enumerate(places):
        axes = canvas.axes(MARGIN + AXIS_ROOM + at * each, TOP, each - AXIS_ROOM - NAME_ROOM, PANEL)
        own = {count: points for (where, count), points in lines.items() if where == place}
        _finish(axes, works, [row for points in lines.values() for _, row in points], look)
        _draw_lines(axes, own, looks, works)
        _draw_crossings(axes, [item for (where, _), item in crossovers.items() if where == place],
                        looks, works)
        axes.set_title(place, loc="left", fontsize=10, weight="bold", pad=8)
    canvas.titles(run, "Mutex or channel, by the work inside",
                  "time of an update through a channel's owner over the same under a mutex, log "
                  "scale · above 1 the mutex is faster")
    canvas.caption(_caption(run, lines))
    return canvas


Lines = Dict[Tuple[str, int], List[Tuple[float, Versus]]]


def lines_of(rows: Sequence[Versus]) -> Lines:
    """By place and number of updaters the rows by work, of those who wait for the answer; lines of
    one point are none.
    """
    found: Lines = {}
    for row in rows:
        if row.pair in AWAITED and row.ratio:
            key = (row.place, param(row.pair.mutex, "updaters"))
            found.setdefault(key, []).append((param(row.pair.mutex, "work_ns"), row))
    return {key: sorted(points, key=lambda point: point[0]) for key, points in found.items()
            if len(points) > 1}


def position(work_ns: float, works: Sequence[float]) -> float:
    """Where a work stands on the axis: its logarithm; none a little left of the least."""
    least = min(work for work in works if work > 0)
    return math.log10(work_ns) if work_ns >= least else \
        math.log10(least) - NONE_LEFT * (1 - work_ns / least)


def _draw_lines(axes: Any, own: Dict[int, List[Tuple[float, Versus]]],
                looks: Dict[str, Tuple[str, str]], works: Sequence[float]) -> None:
    ends = []
    for count, points in sorted(own.items()):
        colour, marker = looks[str(count)]
        axes.plot([position(work, works) for work, _ in points],
                  [row.ratio for _, row in points], color=colour, linewidth=1.4)
        for work, row in points:
            x, interval = position(work, works), row.interval
            if interval:
                axes.plot([x, x], interval, color=colour, linewidth=3.5, alpha=0.4,
                          solid_capstyle="butt")
            (dot,) = axes.plot([x], [row.ratio], color=colour, marker=marker, markersize=5.5)
            tip(dot, f"{count} updaters, work {work_text(work)}: mutex "
                f"{quantity(row.mutex.median or 0, 'ns')}, channel "
                f"{quantity(row.channel.median or 0, 'ns')}, ratio {significant(row.ratio or 0, 3)}"
                + (f" ({' – '.join(significant(end, 3) for end in interval)})" if interval else ""))
        ends.append((math.log10(points[-1][1].ratio or 1), count))
    low, high = (math.log10(limit) for limit in axes.get_ylim())
    ends.sort()
    room = 0.19 * (high - low) / PANEL
    heights = spread_out([end for end, _ in ends], [room] * len(ends), low, high)
    for (_, count), height in zip(ends, heights):
        axes.annotate(f"{count} updaters", (1.0, 10 ** height), xycoords=("axes fraction", "data"),
                      xytext=(8, 0), textcoords="offset points", va="center", fontsize=8.5,
                      color=looks[str(count)][0], annotation_clip=False)


def _draw_crossings(axes: Any, found: Sequence[Crossover], looks: Dict[str, Tuple[str, str]],
                    works: Sequence[float]) -> None:
    """On the line below which it does not matter: where each crosses it, with its interval."""
    for item in found:
        if not 0 < item.median < math.inf or str(item.updaters) not in looks:
            continue
        colour = looks[str(item.updaters)][0]
        interval = item.interval
        if interval:
            ends = [position(min(end, item.top_ns), works) for end in interval]
            axes.plot(ends, [NO_MATTER] * 2, color=colour, linewidth=5, alpha=0.5,
                      solid_capstyle="butt", zorder=4)
        (mark,) = axes.plot([position(item.median, works)], [NO_MATTER], color=colour, marker="|",
                            markersize=13, markeredgewidth=2, zorder=5)
        span = f" ({' – '.join(work_text(end) for end in interval)})" if interval else ""
        tip(mark, f"{item.updaters} updaters: below {work_text(item.median)}{span} of work inside "
            "the mutex is more than 10 % faster")


def work_text(work_ns: float) -> str:
    return "none" if work_ns == 0 else "more than measured" if work_ns == math.inf else \
        quantity(work_ns, "ns", 2).replace(".0", "")


def _finish(axes: Any, works: Sequence[float], rows: Sequence[Versus], look: Look) -> None:
    ends = [end for row in rows for end in (row.ratio or 1, *(row.interval or ()))]
    axes.set_yscale("log")
    axes.set_ylim(min(0.7, *ends) * 0.9, max(2.0, *ends) * 1.15)
    low, high = axes.get_ylim()
    ticks = [ratio for ratio in RATIOS if low <= ratio <= high and ratio != NO_MATTER]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlim(position(0, works) - 0.15, position(works[-1], works) + 0.15)
    step = [work for at, work in enumerate(works) if at % 2 == 0 or len(works) < 7 or work == 0]
    axes.set_xticks([position(work, works) for work in step], [work_text(work) for work in step])
    axes.minorticks_off()
    axes.grid(color=look.faint, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.axhline(1, color=look.ink, linewidth=0.9)
    axes.axhline(NO_MATTER, color=look.ink, linewidth=0.9, linestyle=(0, (5, 3)))
    axes.set_xlabel("work inside an update")
    axes.set_ylabel("channel's time / mutex's time")


def _caption(run: Run, lines: Lines) -> List[str]:
    counts = sorted({len(row.ratios) for points in lines.values() for _, row in points})
    many = " to ".join(str(count) for count in sorted({counts[0], counts[-1]}))
    return [f"{many} invocations, the ratio taken within each · bar: its 95 % interval · dashed: "
            "1.1, below which it does not matter; the strokes on it: where each line crosses it, "
            "with the interval", whence(run)]
