"""horizon.py - from when on a lock is fair: how widely a share spreads by the stretch's length"""

from typing import Any, Dict, List, Optional, Sequence, Tuple

import fairness
from contest import WITHIN_SHARE, Horizon
from pictures.canvas import MARGIN, WIDTH, Canvas, Look, spread_out, tip, whence
from results import Cell, Run, display_order, place_order
from units import quantity

PANEL_HEIGHT, TOP, BOTTOM = 3.4, 1.55, 1.35
AXIS_ROOM, NAME_ROOM = 0.55, 1.2


def draw(run: Run, look: Look) -> Optional[Canvas]:
    """A line for each lock, a panel for each place; None without any."""
    return drawn(run, look, fairness.horizons_of(run))


def drawn(run: Run, look: Look, found: Dict[Cell, Horizon]) -> Optional[Canvas]:
    kind = _commonest(found)
    shown = {cell: horizon for cell, horizon in found.items() if kind == _kind(cell) and
             any(scale.told for scale in horizon.scales)}
    places = sorted({cell.place for cell in shown}, key=place_order)
    if not shown or kind is None:
        return None
    looks = look.pairs(sorted({cell.mechanism for cell in shown}))
    canvas = Canvas(look, TOP + PANEL_HEIGHT + BOTTOM)
    each = (WIDTH - 2 * MARGIN) / len(places)
    for at, place in enumerate(places):
        axes = canvas.axes(MARGIN + AXIS_ROOM + at * each, TOP, each - AXIS_ROOM - NAME_ROOM,
                           PANEL_HEIGHT)
        _draw_spreads(canvas, axes, {cell: horizon for cell, horizon in shown.items()
                                     if cell.place == place}, looks)
        axes.set_title(place, loc="left", fontsize=10, weight="bold", pad=8)
    who = "the greedy worker" if kind[0] == "greedy-polite" else "one of equals"
    canvas.titles(run, "From when on is a lock fair?",
                  f"how widely the share of {who} spreads over stretches of a length, in "
                  "percentage points; lower is fairer")
    canvas.caption(_caption(run, kind))
    return canvas


def _kind(cell: Cell) -> Tuple[str, str]:
    return (cell.workload, cell.choice)


def _commonest(found: Dict[Cell, Horizon]) -> Optional[Tuple[str, str]]:
    """The workload and params that most cells have; of several the longest holds."""
    kinds: Dict[Tuple[str, str], int] = {}
    for cell in found:
        kinds[_kind(cell)] = kinds.get(_kind(cell), 0) + 1
    return max(kinds, key=lambda kind: (kinds[kind], kind[0] == "greedy-polite", kind[1])) \
        if kinds else None


def _draw_spreads(canvas: Canvas, axes: Any, shown: Dict[Cell, Horizon],
                  looks: Dict[str, Tuple[str, str]]) -> None:
    ends: List[Tuple[float, str]] = []
    for cell in sorted(shown, key=display_order):
        told = [scale for scale in shown[cell].scales if scale.told]
        if not told:
            continue
        colour, marker = looks[cell.mechanism]
        wide = [100 * (scale.high - scale.low) for scale in told]
        axes.plot([scale.scale_ns for scale in told], wide, color=colour, linewidth=1.6,
                  clip_on=False)
        for scale, points in zip(told, wide):
            (dot,) = axes.plot([scale.scale_ns], [points], color=colour, marker=marker,
                               markersize=5, clip_on=False)
            tip(dot, f"{cell.mechanism}: in 95 % of stretches of {length_text(scale.scale_ns)} "
                f"{100 * scale.low:.0f} to {100 * scale.high:.0f} % of the time held")
        ends.append((wide[-1], cell.mechanism))
    axes.axhline(200 * WITHIN_SHARE, color=canvas.look.ink, linewidth=0.9, linestyle=(0, (5, 3)))
    axes.set_xscale("log")
    scales = sorted({scale.scale_ns for horizon in shown.values() for scale in horizon.scales
                     if scale.told})
    axes.set_xlim(scales[0], scales[-1])
    axes.set_xticks(scales, [length_text(scale) for scale in scales])
    axes.minorticks_off()
    axes.set_ylim(0, 100)
    axes.set_yticks([0, 10, 25, 50, 75, 100])
    axes.grid(axis="y", color=canvas.look.faint, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_ylabel("points between the 2.5 % and the 97.5 % stretch")
    axes.set_xlabel("length of the stretch")
    _label_ends(axes, ends, looks)


def length_text(scale_ns: float) -> str:
    return quantity(scale_ns, "ns", 2).replace(".0", "")


def _label_ends(axes: Any, ends: Sequence[Tuple[float, str]],
                looks: Dict[str, Tuple[str, str]]) -> None:
    """The names beside the ends of the lines, moved apart where they would overlap."""
    ordered = sorted(ends)
    places = spread_out([value for value, _ in ordered], [6.0] * len(ordered), 0.0, 100.0)
    for (_, name), y in zip(ordered, places):
        axes.annotate(name, (1.0, y), xycoords=("axes fraction", "data"), xytext=(10, 0),
                      textcoords="offset points", va="center", fontsize=8.5,
                      color=looks[name][0], annotation_clip=False)


def _caption(run: Run, kind: Tuple[str, str]) -> List[str]:
    return [f"{kind[0]}, {kind[1].replace(';', ', ')} · dashed: 10 points, 5 to each side: where a "
            "line has settled below it the lock is fair",
            f"{run.fact('run', 'invocations')} invocations; lengths with fewer than 20 stretches, "
            "or idle in most, are left out", whence(run)]
