"""timeline.py - who held a lock when, and who waited: of a traced run"""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

from pictures.canvas import MARGIN, WIDTH, Canvas, Look, tip, whence
from results import Cell, Event, Run, Sample, cell_of, display_order, read_events
from units import quantity

TOP, BOTTOM, GAP = 1.55, 1.5, 0.4
LANE, LANE_GAP, ROW_GAP, LABEL_ROOM = 0.15, 0.04, 0.22, 2.0
ZOOM_NS, SPAN_NS = 100_000, 10_000_000
# Of how much of a panel nothing shorter can be told apart.
FINEST = 2000
ROLES = {"greedy": 1, "polite": 0}
Interval = Tuple[float, float]


def draw(run: Run, look: Look) -> Optional[Canvas]:
    """A stretch of 100 us, and one of 10 ms in which ownerships in a row are one; None without any.
    """
    path = run.path / "events.csv"
    return drawn(run, look, traced(run.samples, read_events(path) if path.exists() else []))


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


def drawn(run: Run, look: Look, windows: Sequence[Traced]) -> Optional[Canvas]:
    if not windows:
        return None
    lanes = [len(window.roles) * (LANE + LANE_GAP) for window in windows]
    body = sum(lanes) + ROW_GAP * len(lanes)
    canvas = Canvas(look, TOP + body + BOTTOM)
    left = MARGIN + LABEL_ROOM
    wide = (WIDTH - left - MARGIN - GAP) / 2
    panels = [canvas.axes(left + at * (wide + GAP), TOP, wide, body) for at in range(2)]
    for axes, span_ns in zip(panels, (ZOOM_NS, SPAN_NS)):
        _prepare(axes, span_ns, body)
    several = len({window.cell.place for window in windows}) > 1
    down = 0.0
    for window, high in zip(windows, lanes):
        _draw_window(look, panels, window, down)
        name = window.cell.mechanism + (f", {window.cell.place}" if several else "")
        _label_row(canvas, window, name, TOP + down, TOP + down + high)
        down += high + ROW_GAP
    canvas.titles(run, "Who held the lock, and who waited?",
                  "each lane is a thread: in full colour it holds the lock, in faint it waits "
                  "(left), or has it not (right)")
    canvas.caption(_caption(run, windows))
    return canvas


def _prepare(axes: Any, span_ns: int, body: float) -> None:
    axes.set_xlim(0, span_ns)
    axes.set_ylim(body, 0)
    ticks = [span_ns * part / 4 for part in range(5)]
    axes.set_xticks(ticks, ["0", *(quantity(tick, "ns", 2).replace(".0", "")
                                   for tick in ticks[1:])])
    axes.set_yticks([])
    axes.tick_params(labelsize=8)
    axes.set_title("ownership by ownership" if span_ns == ZOOM_NS else
                   "ownerships in a row as one", loc="left", fontsize=10, weight="bold", pad=8)
    axes.spines["left"].set_visible(False)


def _colour(look: Look, role: str, at: int) -> str:
    return look.colours[ROLES.get(role, 2 + at % 4)]


def _draw_window(look: Look, panels: Sequence[Any], window: Traced, down: float) -> None:
    begin = window.begin_ns
    end = min(begin + SPAN_NS, window.end_ns)
    held = streaks(window.events, begin, end)
    for at, role in enumerate(window.roles):
        colour = _colour(look, role, at)
        y = (down + at * (LANE + LANE_GAP), LANE)
        own = window.events[at]
        waits = clipped([(event.wanted_ns, event.acquired_ns) for event in own], begin,
                        begin + ZOOM_NS)
        holds = clipped([(event.acquired_ns, event.released_ns) for event in own], begin,
                        begin + ZOOM_NS)
        _draw_spans(panels[0], waits, ZOOM_NS, y, colour, 0.22)
        drawn_holds = _draw_spans(panels[0], holds, ZOOM_NS, y, colour, 1.0)
        tip(drawn_holds, f"{window.cell.mechanism}, {role}: {len(holds)} ownerships, "
            f"{_time(holds)} held and {_time(waits)} waited of {quantity(ZOOM_NS, 'ns', 3)}")
        _draw_spans(panels[1], held[at], SPAN_NS, y, colour, 1.0)
        whole = _draw_spans(panels[1], [(0, end - begin)], SPAN_NS, y, colour, 0.12)
        longest = max((high - low for low, high in held[at]), default=0)
        tip(whole, f"{window.cell.mechanism}, {role}: had it {len(held[at])} times, "
            f"{_time(held[at])} of {quantity(end - begin, 'ns', 3)}, at most "
            f"{quantity(longest, 'ns', 3)} in a row")


def legible(spans: Sequence[Interval], least: float) -> List[Interval]:
    """The spans, each at least so long; those that then touch are one."""
    found: List[Interval] = []
    for low, high in spans:
        high = max(high, low + least)
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found


def _draw_spans(axes: Any, spans: Sequence[Interval], whole_ns: float, y: Interval, colour: str,
                alpha: float) -> Any:
    return axes.broken_barh([(low, high - low) for low, high in legible(spans, whole_ns / FINEST)],
                            y, color=colour, alpha=alpha, linewidth=0)


def _time(spans: Sequence[Interval]) -> str:
    return quantity(sum(high - low for low, high in spans), "ns", 3)


def _label_row(canvas: Canvas, window: Traced, name: str, top: float, bottom: float) -> None:
    canvas.text(MARGIN, (top + bottom) / 2, name, fontsize=9)
    for at, role in enumerate(window.roles):
        y = top + (bottom - top) * (at + 0.5) / len(window.roles)
        canvas.text(MARGIN + LABEL_ROOM - 0.08, y, role, ha="right", fontsize=7.5,
                    color=_colour(canvas.look, role, at) if role in ROLES else canvas.look.soft)


def _caption(run: Run, windows: Sequence[Traced]) -> List[str]:
    cells = sorted({f"{window.cell.place}, {window.cell.choice.replace(';', ', ')}"
                    for window in windows})
    return [f"{windows[0].cell.workload}, {' and '.join(cells)} · of each lock the first traced "
            "window, from when on all its threads are in the trace",
            f"of {run.fact('run', 'invocations')} invocations · what is too short to see is drawn "
            "as long as can be seen",
            whence(run)]
