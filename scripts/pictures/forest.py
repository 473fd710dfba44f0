"""forest.py - runs against a first one: the ratio of every row, its interval and its verdict"""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from compare import Pair, ratio_text
from comparison import FASTER, SAME, SLOWER, UNTOLD, Comparison, interleaved, means
from pictures.canvas import (CAPTION_LINE, GLYPHS, MARGIN, MARKERS, WIDTH, Canvas, Look, cpu_text,
                             tip, whence)
from pictures.rows import (DODGE, Layout, draw_names, lay_out, names_width, pad, panel)
from results import NA, Cell, place_order
from stats import geometric_mean

TOP, HEAD, BLOCK_GAP, BOTTOM, GAP = 1.4, 0.7, 0.45, 0.5, 0.3
LEAST_PANEL = 1.6
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
FINE = (0.6, 0.7, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.2, 1.4, 1.6)
VERDICTS = {FASTER: 2, SLOWER: 1}


class Held(NamedTuple):
    """A cell in the later runs, by their letters."""

    rows: Dict[str, Comparison]


def draw(pairs: Sequence[Pair], look: Look) -> Optional[Canvas]:
    """A column for each later run, a row for each mechanism; more columns than fit go on below.
    None where no row has a ratio.
    """
    found = held_of(pairs)
    if not found:
        return None
    layout = lay_out(found, lambda places: 0)
    caption = _caption(pairs)
    # The names' width is known once there is a canvas; it does not depend on the canvas' height.
    left = MARGIN + names_width(Canvas(look, 1.0), layout) + 0.15
    most = max(1, int((WIDTH - left - MARGIN + GAP) / (LEAST_PANEL + GAP)))
    blocks = [pairs[at:at + most] for at in range(0, len(pairs), most)]
    canvas = Canvas(look, TOP + len(blocks) * (HEAD + layout.height + BLOCK_GAP) + BOTTOM +
                    CAPTION_LINE * (len(caption) - 1))
    wide = (WIDTH - left - MARGIN - GAP * (len(blocks[0]) - 1)) / len(blocks[0])
    places = sorted({cell.place for cell in found}, key=place_order)
    markers = {place: MARKERS[at % len(MARKERS)] for at, place in enumerate(places)}
    limits = pad([end for held in found.values() for row in held.rows.values()
                  for end in (row.time_ratio or 1, *(row.time_interval or ()))] + [0.7, 1.4], wide)
    for number, block in enumerate(blocks):
        top = TOP + HEAD + number * (HEAD + layout.height + BLOCK_GAP)
        panels = [panel(canvas, left + at * (wide + GAP), top, wide, layout.height)
                  for at in range(len(block))]
        draw_names(canvas, top, panels, layout)
        for at, (axes, pair) in enumerate(zip(panels, block)):
            _finish(axes, pair, limits, wide, look)
            _draw_ratios(axes, pair, layout, markers, look)
            _draw_head(canvas, left + at * (wide + GAP), top, wide, pair)
    _draw_titles(canvas, pairs, markers)
    canvas.caption(caption)
    return canvas


def held_of(pairs: Sequence[Pair]) -> Dict[Cell, Held]:
    """The cells with a ratio in any of the pairs."""
    found: Dict[Cell, Held] = {}
    for pair in pairs:
        for row in pair.rows:
            if row.time_ratio:
                found.setdefault(row.cell, Held({})).rows[pair.letter] = row
    return found


def verdict_colour(verdict: str, look: Look) -> str:
    return look.colours[VERDICTS[verdict]] if verdict in VERDICTS else \
        look.ink if verdict == SAME else look.soft


def _draw_ratios(axes: Any, pair: Pair, layout: Layout[Held], markers: Dict[str, str],
                 look: Look) -> None:
    for line in layout.lines:
        own = [(place, held.rows[pair.letter]) for place, held in sorted(
            line.places.items(), key=lambda item: place_order(item[0]))
               if pair.letter in held.rows]
        for at, (place, row) in enumerate(own):
            y = line.y + 1.6 * DODGE * (at - (len(own) - 1) / 2)
            colour = verdict_colour(row.verdict, look)
            if row.time_interval:
                axes.plot(row.time_interval, [y, y], color=colour, linewidth=1.6, alpha=0.65,
                          solid_capstyle="butt", zorder=3)
            (dot,) = axes.plot([row.time_ratio], [y], marker=markers[place], markersize=5,
                               color=colour, linestyle="none", zorder=4,
                               markerfacecolor=look.paper if row.verdict == UNTOLD else colour)
            tip(dot, tip_text(pair, line.label, line.detail, place, row))


def tip_text(pair: Pair, mechanism: str, detail: str, place: str, row: Comparison) -> str:
    """A ratio with its interval and verdict, for a tip."""
    name = ", ".join(part for part in (mechanism, detail, place) if part)
    span = f" ({' – '.join(ratio_text(end) for end in row.time_interval)})" \
        if row.time_interval else ""
    return f"{name}: {pair.letter}/A in time {ratio_text(row.time_ratio or 0)}{span}, " \
        f"{row.verdict}"


def _finish(axes: Any, pair: Pair, limits: Tuple[float, float], wide: float, look: Look) -> None:
    band = pair.rows[0].band if pair.rows else 0.0
    axes.axvspan(1 / (1 + band), 1 + band, color=look.faint, linewidth=0, zorder=0)
    axes.axvline(1, color=look.soft, linewidth=0.9, zorder=2)
    axes.set_xlim(limits)
    ticks = [tick for tick in (FINE if limits[1] < 3 * limits[0] else TICKS)
             if limits[0] <= tick <= limits[1]]
    if len(ticks) * 0.42 > wide:
        ticks = [tick for tick in ticks if f"{tick:g}".strip("0.") == "1"]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=8)
    axes.minorticks_off()
    axes.grid(axis="x", color=look.faint, linewidth=0.7)
    axes.set_axisbelow(True)


def _draw_head(canvas: Canvas, left: float, top: float, room: float, pair: Pair) -> None:
    """Whose column it is, and its geometric mean."""
    every = means(pair.rows).get("all", [])
    mean = f"geometric mean {ratio_text(geometric_mean(every))} over {len(every)} rows" \
        if every else "no row in common"
    canvas.text(left, top - 0.48, f"{pair.letter} / A", fontsize=10, weight="bold")
    for down, text in ((0.3, cpu_text(pair.b)), (0.13, mean)):
        canvas.text_within(left, top - down, text, room, **canvas.look.detail)


def _draw_titles(canvas: Canvas, pairs: Sequence[Pair], markers: Dict[str, str]) -> None:
    canvas.titles(pairs[0].a, "Ratios against the base",
                  "base (A) · time per operation over the base's, log scale · left of 1 is faster")
    look = canvas.look
    entries = [(f"● {verdict}", verdict_colour(verdict, look))
               for verdict in (FASTER, SLOWER, SAME)] + [(f"○ {UNTOLD}", look.soft)]
    entries += [(f"{GLYPHS[marker]} {place}", look.label) for place, marker in markers.items()]
    canvas.legend(entries, 1.12)


def _caption(pairs: Sequence[Pair]) -> List[str]:
    runs = [pairs[0].a, *(pair.b for pair in pairs)]
    letters = ["A", *(pair.letter for pair in pairs)]
    of_pairs = [f"{100 * pair.rows[0].band:.3g} %" if pair.rows else NA for pair in pairs]
    bands = of_pairs[0] if len(set(of_pairs)) == 1 else ", ".join(
        f"{pair.letter} {band}" for pair, band in zip(pairs, of_pairs))
    how = "interleaved by baton ab" if interleaved(pairs[0].a, pairs[0].b) else \
        "these runs differ by the hour as well as by the CPU"
    void = ["FORCED: the comparison is void: " + pair.void[0] for pair in pairs if pair.void]
    return [f"bar: 95 % interval · shaded: {bands} to each side, the same for all purposes · {how}",
            *void,
            *(f"{letter}: {run.fact('run', 'invocations')} invocations × "
              f"{run.fact('run', 'rounds')} rounds · {whence(run)}"
              for letter, run in zip(letters, runs))]
