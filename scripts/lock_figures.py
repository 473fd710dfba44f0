"""lock_figures.py - the pictures of a lock: from when on it is fair, and who held it when

As in figures.py the same data give the same bytes, and positions in inches follow from the rows.
"""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from contest import WITHIN_SHARE, Horizon
from figures import (COLOURS, FAINT, INK, MARGIN, MARKERS, SOFT, STYLE, date_text, draw_caption,
                     spread_out)
from results import NA, Cell, Event, Run, Sample, cell_of, display_order, place_order
from units import quantity

WIDTH, PANEL_HEIGHT, TOP, BOTTOM = 11.0, 3.4, 1.55, 1.35
AXIS_ROOM, NAME_ROOM = 0.55, 1.2
LANE, LANE_GAP, ROW_GAP, LABEL_ROOM = 0.15, 0.04, 0.22, 1.55
ZOOM_NS, SPAN_NS = 100_000, 10_000_000
ROLES = {"greedy": COLOURS[1], "polite": COLOURS[0]}
Interval = Tuple[float, float]


def horizon_figure(run: Run, found: Dict[Cell, Horizon]) -> Optional[Figure]:
    """How widely the first's share spreads by the length of the stretch: a line for each lock, a
    panel for each place; None without any.
    """
    kind = _commonest(found)
    shown = {cell: horizon for cell, horizon in found.items() if kind == _kind(cell) and
             any(scale.told for scale in horizon.scales)}
    places = sorted({cell.place for cell in shown}, key=place_order)
    if not shown or kind is None:
        return None
    looks = _looks(sorted({cell.mechanism for cell in shown}))
    height = TOP + PANEL_HEIGHT + BOTTOM
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height), dpi=100)
        FigureCanvasAgg(figure)
        each = (WIDTH - 2 * MARGIN) / len(places)
        wide = each - AXIS_ROOM - NAME_ROOM
        for at, place in enumerate(places):
            left = MARGIN + AXIS_ROOM + at * each
            axes = figure.add_axes((left / WIDTH, BOTTOM / height, wide / WIDTH,
                                    PANEL_HEIGHT / height))
            _draw_spreads(axes, place, {cell: horizon for cell, horizon in shown.items()
                                        if cell.place == place}, looks)
            axes.set_title(place, loc="left", fontsize=10, weight="bold", color=INK, pad=8)
        _titles(figure, run, "From when on is a lock fair?",
                "how widely the share of " + ("the greedy worker" if kind[0] == "greedy-polite" else
                                              "one of equals") +
                " spreads over stretches of a length; lower is fairer")
        draw_caption(figure, _horizon_caption(run, kind))
    return figure


def _kind(cell: Cell) -> Tuple[str, str]:
    return (cell.workload, cell.choice)


def _commonest(found: Dict[Cell, Horizon]) -> Optional[Tuple[str, str]]:
    """The workload and params that most cells have; of several the longest holds."""
    kinds: Dict[Tuple[str, str], int] = {}
    for cell in found:
        kinds[_kind(cell)] = kinds.get(_kind(cell), 0) + 1
    return max(kinds, key=lambda kind: (kinds[kind], kind[0] == "greedy-polite", kind[1])) \
        if kinds else None


def _looks(names: Sequence[str]) -> Dict[str, Tuple[str, str]]:
    return {name: (COLOURS[at % len(COLOURS)], MARKERS[(at // len(COLOURS) + at) % len(MARKERS)])
            for at, name in enumerate(names)}


def _draw_spreads(axes: Any, place: str, shown: Dict[Cell, Horizon],
                  looks: Dict[str, Tuple[str, str]]) -> None:
    ends: List[Tuple[float, str]] = []
    for cell in sorted(shown, key=display_order):
        told = [scale for scale in shown[cell].scales if scale.told]
        if not told:
            continue
        colour, marker = looks[cell.mechanism]
        wide = [100 * (scale.high - scale.low) for scale in told]
        axes.plot([scale.scale_ns for scale in told], wide, color=colour, marker=marker,
                  markersize=5, linewidth=1.6, clip_on=False)
        ends.append((wide[-1], cell.mechanism))
    axes.axhline(200 * WITHIN_SHARE, color=INK, linewidth=0.9, linestyle=(0, (5, 3)))
    axes.set_xscale("log")
    scales = sorted({scale.scale_ns for horizon in shown.values() for scale in horizon.scales
                     if scale.told})
    axes.set_xlim(scales[0], scales[-1])
    axes.set_xticks(scales, [quantity(scale, "ns", 2).replace(".0", "") for scale in scales])
    axes.minorticks_off()
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 10, 25, 50, 75, 100])
    axes.tick_params(axis="y", labelcolor="#444444", color="#bbbbbb")
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.set_ylabel("points between the 2.5 % and the 97.5 % stretch", fontsize=8, color=SOFT)
    axes.set_xlabel("length of the stretch", fontsize=8, color=SOFT)
    _label_ends(axes, ends, looks)


def _label_ends(axes: Any, ends: Sequence[Tuple[float, str]],
                looks: Dict[str, Tuple[str, str]]) -> None:
    """The names beside the ends of the lines, moved apart where they would overlap."""
    ordered = sorted(ends)
    places = spread_out([value for value, _ in ordered], [6.0] * len(ordered), 0.0, 100.0)
    for (_, name), y in zip(ordered, places):
        axes.annotate(name, (1.0, y), xycoords=("axes fraction", "data"), xytext=(10, 0),
                      textcoords="offset points", va="center", fontsize=8.5,
                      color=looks[name][0], annotation_clip=False)


def _horizon_caption(run: Run, kind: Tuple[str, str]) -> List[str]:
    return [f"{kind[0]}, {kind[1].replace(';', ', ')} · dashed: 10 points, 5 to each side: where a "
            "line has settled below it the lock is fair",
            f"{run.fact('run', 'invocations')} invocations; lengths with fewer than 20 stretches, "
            "or idle in most, are left out", _whence(run)]


def _whence(run: Run) -> str:
    return " · ".join([date_text(run.fact("run", "started_utc")), run.fact("machine", "kernel"),
                       run.fact("build", "compiler"),
                       f"baton {run.fact('build', 'baton_version')}"])


def _titles(figure: Figure, run: Run, title: str, below: str) -> None:
    height = figure.get_size_inches()[1]
    cpu = run.fact("machine", "cpu_model")
    cpu = "CPU not recorded" if cpu == NA else cpu
    figure.text(MARGIN / WIDTH, 1 - 0.42 / height, title, va="center", fontsize=15, weight="bold")
    figure.text(MARGIN / WIDTH, 1 - 0.74 / height, f"{cpu} · {below}", va="center", fontsize=9.5,
                color=SOFT)


@dataclass(frozen=True)
class Traced:
    """A window whose ownerships are known, by thread, from the time on from which they all are."""

    cell: Cell
    roles: Tuple[str, ...]
    begin_ns: float
    end_ns: float
    events: Tuple[Tuple[Event, ...], ...]


def traced(samples: Sequence[Sample], events: Sequence[Event]) -> List[Traced]:
    """The first traced window of each cell, in the order of summaries."""
    rows: Dict[Tuple[int, int], List[Event]] = {}
    for event in events:
        rows.setdefault((event.invocation, event.order), []).append(event)
    found: Dict[Cell, Traced] = {}
    for sample in samples:
        own = rows.get((sample.invocation or 0, sample.order if sample.order is not None else -1))
        if own and cell_of(sample) not in found and sample.kept:
            found[cell_of(sample)] = _window(cell_of(sample), own)
    return [found[cell] for cell in sorted(found, key=display_order)]


def _window(cell: Cell, events: Sequence[Event]) -> Traced:
    """A thread that filled its ring is known from its first event on; all are from the latest of
    those. One that has few was there all the time.
    """
    count = max(event.thread for event in events) + 1
    by_thread = tuple(tuple(event for event in events if event.thread == at)
                      for at in range(count))
    full = max(len(own) for own in by_thread)
    begin = max((own[0].wanted_ns for own in by_thread if len(own) == full), default=0)
    end = min(own[-1].released_ns for own in by_thread if own)
    roles = tuple(own[0].role if own else "" for own in by_thread)
    return Traced(cell, roles, begin, max(end, begin), by_thread)


def streaks(events: Sequence[Sequence[Event]], begin: float, end: float) -> List[List[Interval]]:
    """By thread when it had the lock, ownerships in a row taken together, ns from begin."""
    merged = sorted((event for own in events for event in own), key=lambda event:
                    event.acquired_ns)
    found: List[List[Interval]] = [[] for _ in events]
    last = None
    for event in merged:
        low, high = max(event.acquired_ns, begin) - begin, min(event.released_ns, end) - begin
        if high <= low:
            continue
        own = found[event.thread]
        if last == event.thread and own:
            own[-1] = (own[-1][0], high)
        else:
            own.append((low, high))
        last = event.thread
    return found


def clipped(spans: Sequence[Interval], begin: float, end: float) -> List[Interval]:
    """What of the spans lies within, ns from begin."""
    return [(max(low, begin) - begin, min(high, end) - begin) for low, high in spans
            if min(high, end) > max(low, begin)]


def timeline_figure(run: Run, windows: Sequence[Traced]) -> Optional[Figure]:
    """Who held each lock when, and who waited: a stretch of 100 us, and one of 10 ms in which
    ownerships in a row are one; None without any.
    """
    if not windows:
        return None
    lanes = [len(window.roles) for window in windows]
    body = sum(count * (LANE + LANE_GAP) + ROW_GAP for count in lanes)
    height = TOP + body + BOTTOM
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height), dpi=100)
        FigureCanvasAgg(figure)
        left = MARGIN + LABEL_ROOM
        wide = (WIDTH - left - MARGIN - 0.4) / 2
        spans = (ZOOM_NS, SPAN_NS)
        panels = [figure.add_axes(((left + at * (wide + 0.4)) / WIDTH, BOTTOM / height,
                                   wide / WIDTH, body / height)) for at in range(2)]
        for axes, span_ns in zip(panels, spans):
            _prepare(axes, span_ns, body)
        down = 0.0
        for window, count in zip(windows, lanes):
            _draw_window(panels, window, down)
            _label_row(figure, window, (TOP + down) / height, (TOP + down + count * (
                LANE + LANE_GAP)) / height)
            down += count * (LANE + LANE_GAP) + ROW_GAP
        _titles(figure, run, "Who held the lock, and who waited?",
                "each lane is a thread: dark, it holds the lock; pale, it waits (left), or has it "
                "not (right)")
        draw_caption(figure, _timeline_caption(run, windows))
    return figure


def _prepare(axes: Any, span_ns: int, body: float) -> None:
    axes.set_xlim(0, span_ns)
    axes.set_ylim(body, 0)
    ticks = [span_ns * part / 4 for part in range(5)]
    axes.set_xticks(ticks, ["0", *(quantity(tick, "ns", 2).replace(".0", "")
                                   for tick in ticks[1:])])
    axes.set_yticks([])
    axes.tick_params(labelsize=8)
    axes.set_title("ownership by ownership" if span_ns == ZOOM_NS else
                   "ownerships in a row as one", loc="left", fontsize=10, weight="bold", color=INK,
                   pad=8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _draw_window(panels: Sequence[Any], window: Traced, down: float) -> None:
    begin = window.begin_ns
    for at, role in enumerate(window.roles):
        colour = ROLES.get(role, COLOURS[2 + at % 4])
        y = (down + at * (LANE + LANE_GAP), LANE)
        own = window.events[at]
        waits = clipped([(event.wanted_ns, event.acquired_ns) for event in own], begin,
                        begin + ZOOM_NS)
        holds = clipped([(event.acquired_ns, event.released_ns) for event in own], begin,
                        begin + ZOOM_NS)
        for spans, alpha in ((waits, 0.22), (holds, 1.0)):
            panels[0].broken_barh([(low, high - low) for low, high in spans], y, color=colour,
                                  alpha=alpha, linewidth=0)
        end = min(begin + SPAN_NS, window.end_ns)
        runs = streaks(window.events, begin, end)[at]
        panels[1].broken_barh([(low, max(high - low, SPAN_NS / 2000)) for low, high in runs], y,
                              color=colour, linewidth=0)
        panels[1].broken_barh([(0, end - begin)], y, color=colour, alpha=0.12, linewidth=0)


def _label_row(figure: Figure, window: Traced, top: float, bottom: float) -> None:
    middle = 1 - (top + bottom) / 2
    figure.text(MARGIN / WIDTH, middle, window.cell.mechanism, va="center", fontsize=9, color=INK)
    for at, role in enumerate(window.roles):
        y = 1 - (top + (bottom - top) * (at + 0.5) / len(window.roles))
        figure.text((MARGIN + LABEL_ROOM - 0.08) / WIDTH, y, role, va="center", ha="right",
                    fontsize=7.5, color=ROLES.get(role, SOFT))


def _timeline_caption(run: Run, windows: Sequence[Traced]) -> List[str]:
    cells = sorted({f"{window.cell.place}, {window.cell.choice.replace(';', ', ')}"
                    for window in windows})
    return [f"{windows[0].cell.workload}, {' and '.join(cells)} · of each lock the first traced "
            "window, from when on all its threads are in the trace",
            _whence(run)]
