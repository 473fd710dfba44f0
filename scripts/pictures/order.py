"""order.py - every window of a run in the order of time: the machine's states, and what was flagged

A strip is an invocation, a dot a window: how far above or below its cell's median it came out. A
machine that changes state shows steps that all cells make together.
"""

import math
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline

from pictures.canvas import CAPTION_LINE, MARGIN, WIDTH, UNSEEN, Canvas, Look, tip, whence
from results import Cell, Round, Run, Sample, cell_of, read_rounds, seconds_of, summarise
from stats import median

TOP, BOTTOM, AXIS = 1.5, 0.75, 0.45
STRIP, LEAST_STRIP, GAP, MOST_BODY, LABEL = 0.62, 0.16, 0.06, 14.0, 0.75
SPAN = 1.0
MIDDLE = 15
# Dots are larger where there are few; a line through the middle needs many.
CROWD, FINE, COARSE = 150, 1.7, 3.4
ROLES = {"LOAD": 4, "STEAL": 1, "SWITCHES": 3}


class Window(NamedTuple):
    """A window: when it began in its invocation (s), log2 of its value in time to the cell's
    median, and what flagged it, or nothing.
    """

    at_s: float
    away: float
    flag: str


class Strip(NamedTuple):
    """An invocation's windows in their order, and its rounds: (begin s, end s, what they were)."""

    invocation: int
    windows: List[Window]
    rounds: List[Tuple[float, float, str]]


def draw(run: Run, look: Look) -> Optional[Canvas]:
    """A strip for each invocation; None where no window has a value or no round a time."""
    path = run.path / "rounds.csv"
    strips = strips_of(run, read_rounds(path) if path.exists() else [])
    if not strips:
        return None
    high = max(LEAST_STRIP, min(STRIP, MOST_BODY / len(strips)) - GAP)
    caption = _caption(run, strips)
    canvas = Canvas(look, TOP + len(strips) * (high + GAP) + AXIS + BOTTOM +
                    CAPTION_LINE * (len(caption) - 1))
    longest = max(end for strip in strips for _, end, _ in strip.rounds)
    for at, strip in enumerate(strips):
        axes = canvas.axes(MARGIN + LABEL, TOP + at * (high + GAP), WIDTH - 2 * MARGIN - LABEL,
                           high)
        _draw_strip(axes, strip, look)
        _finish(axes, longest, at == len(strips) - 1, look)
        canvas.text(MARGIN, TOP + at * (high + GAP) + high / 2, str(strip.invocation), fontsize=8,
                    color=look.soft)
    canvas.text(MARGIN, TOP - 0.15, "invocation", **look.detail)
    canvas.titles(run, "Every window in the order of time",
                  f"time against the cell's own median, {_factor(-SPAN)} to {_factor(SPAN)}, log "
                  "scale · further up is slower")
    _draw_legend(canvas, strips)
    canvas.caption(caption)
    return canvas


def _factor(log: float) -> str:
    return f"× {2.0 ** log:g}"


def strips_of(run: Run, rounds: Sequence[Round]) -> List[Strip]:
    """The invocations that have windows with a value and rounds with a time."""
    summaries = summarise(run)
    medians = {cell: (summary.median or 0, summary.higher_is_better)
               for cell, summary in summaries.items()}
    times = {(row.invocation, row.round): row for row in rounds}
    windows: Dict[Tuple[int, int], List[Sample]] = {}
    for sample in run.samples:
        if sample.ran and sample.invocation is not None and sample.round is not None and \
                (sample.invocation, sample.round) in times:
            windows.setdefault((sample.invocation, sample.round), []).append(sample)
    found = []
    for invocation in sorted({key[0] for key in windows}):
        own = sorted(key for key in windows if key[0] == invocation)
        start = seconds_of(times[own[0]].started_utc)
        strip = Strip(invocation, [], [])
        for key in own:
            begin = seconds_of(times[key].started_utc) - start
            placed = _placed(begin, windows[key], medians)
            strip.windows.extend(placed)
            wall = (times[key].wall_ns or 0) / 1e9
            strip.rounds.append((begin, begin + wall, round_text(times[key], placed)))
        if strip.windows:
            found.append(strip)
    return found


def _placed(begin: float, samples: Sequence[Sample],
            medians: Dict[Cell, Tuple[float, bool]]) -> List[Window]:
    """The windows of a round one after the other, each from where it was timed."""
    found = []
    at = begin
    for sample in sorted(samples, key=lambda sample: sample.order or 0):
        middle, higher = medians[cell_of(sample)]
        at += (sample.lead_in_ns or 0) / 1e9
        if sample.value and middle:
            away = math.log2(sample.value / middle)
            found.append(Window(at, -away if higher else away, "+".join(sample.flags)))
        at += (sample.wall_ns or 0) / 1e9
    return found


def round_text(row: Round, windows: Sequence[Window]) -> str:
    """What a round was, for its tip."""
    parts = [f"invocation {row.invocation}, round {row.round}: {len(windows)} windows"]
    if windows:
        away = 2 ** median([window.away for window in windows]) - 1
        parts.append(f"in the middle {100 * away:+.1f} %")
    flagged = sum(bool(window.flag) for window in windows)
    if flagged:
        parts.append(f"{flagged} flagged")
    if row.chain_ghz:
        parts.append(f"{row.chain_ghz:.2f} GHz")
    if row.steal_ns and row.wall_ns:
        parts.append(f"stolen {row.steal_ns / 1e6:.0f} ms")
    return ", ".join(parts)


def running(windows: Sequence[Window]) -> Tuple[List[float], List[float]]:
    """Medians of MIDDLE windows in a row: what all cells did together; nothing of a few windows."""
    half = MIDDLE // 2
    if len(windows) <= CROWD:
        return [], []
    xs, ys = [], []
    for at in range(half, len(windows) - half):
        xs.append(windows[at].at_s)
        ys.append(median([window.away for window in windows[at - half:at + half + 1]]))
    return xs, ys


def dots(axes: Any, points: Sequence[Tuple[float, float]], colour: str, size: float,
         zorder: int) -> None:
    """Dots as one outline of strokes without a length: a tenth of the size of markers in an SVG."""
    if not points:
        return
    vertices = [vertex for x, y in points for vertex in ((x, y), (x + 1e-4, y))]
    codes = [Outline.MOVETO, Outline.LINETO] * len(points)
    patch = PathPatch(Outline(vertices, codes), fill=False, edgecolor=colour, linewidth=size,
                      capstyle="round", zorder=zorder)
    patch.set_snap(False)  # to whole pixels, where strokes so short are none
    axes.add_patch(patch)


def clamped(away: float) -> float:
    return max(-SPAN, min(SPAN, away))


def _draw_strip(axes: Any, strip: Strip, look: Look) -> None:
    axes.axhline(0, color=look.edge, linewidth=0.6, zorder=1)
    size = FINE if len(strip.windows) > CROWD else COARSE
    groups: Dict[str, List[Tuple[float, float]]] = {}
    for window in strip.windows:
        groups.setdefault(_first(window.flag), []).append((window.at_s, clamped(window.away)))
    for flag in sorted(groups):
        dots(axes, groups[flag], flag_colour(flag, look) if flag else look.edge,
             size + 0.7 if flag else size, zorder=4 if flag else 2)
    xs, ys = running(strip.windows)
    axes.plot(xs, [clamped(y) for y in ys], color=look.colours[0], linewidth=1.1, zorder=3)
    for begin, end, text in strip.rounds:
        box = axes.add_patch(Rectangle((begin, -SPAN), end - begin, 2 * SPAN, color=look.paper,
                                       alpha=UNSEEN, linewidth=0, zorder=5))
        tip(box, text)


def _first(flag: str) -> str:
    """The gravest of a window's flags."""
    return next((name for name in ("SWITCHES", "STEAL", "LOAD") if name in flag.split("+")),
                flag)


def flag_colour(flag: str, look: Look) -> str:
    return look.colours[ROLES.get(flag, 2)]


def _finish(axes: Any, longest: float, last: bool, look: Look) -> None:
    axes.set_xlim(0, longest)
    axes.set_ylim(-SPAN * 1.08, SPAN * 1.08)
    axes.set_yticks([])
    axes.tick_params(axis="x", length=3 if last else 0, labelbottom=last, labelsize=8)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(look.edge if last else look.faint)
    if last:
        axes.set_xlabel("seconds since the invocation's first round")


def _draw_legend(canvas: Canvas, strips: Sequence[Strip]) -> None:
    flags = sorted({_first(window.flag) for strip in strips for window in strip.windows
                    if window.flag})
    entries = [("● a window", canvas.look.soft),
               *([(f"▬ the middle of {MIDDLE} in a row", canvas.look.colours[0])]
                 if any(running(strip.windows)[0] for strip in strips) else []),
               *((f"● {flag}", flag_colour(flag, canvas.look)) for flag in flags)]
    canvas.legend(entries, 1.1)


def _caption(run: Run, strips: Sequence[Strip]) -> List[str]:
    windows = [window for strip in strips for window in strip.windows]
    outside = sum(abs(window.away) > SPAN for window in windows)
    flagged = sum(bool(window.flag) for window in windows)
    return [f"{len(strips)} invocations × {run.fact('run', 'rounds')} rounds, {len(windows)} "
            f"windows, {flagged} of them flagged · {outside} lie outside and are drawn at the edge",
            whence(run)]
