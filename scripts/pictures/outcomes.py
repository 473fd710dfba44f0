"""outcomes.py - what went wrong, and how often: the share of each outcome, with its interval"""

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence

from pictures.canvas import CAPTION_LINE, MARGIN, WIDTH, Canvas, Look, tip, whence
from results import (NA, Cell, Outcome, Run, cell_of, display_order, read_outcomes)
from stats import Interval, clopper_pearson
from units import significant

TOP, BOTTOM, BAR, GAP, TITLE, NAME, VALUE = 1.35, 0.95, 0.2, 0.22, 0.3, 2.4, 1.9
# The least share that the axis goes down to.
LEAST = 1e-7


@dataclass(frozen=True)
class Share:
    """How often an outcome was among a cell's trials, over the run."""

    outcome: str
    count: int
    trials: int

    @property
    def share(self) -> float:
        return self.count / self.trials

    @property
    def interval(self) -> Interval:
        return clopper_pearson(self.count, self.trials)


def draw(run: Run, look: Look) -> Optional[Canvas]:
    """A group of bars for each cell, a bar for each outcome; None where nothing was counted."""
    path = run.path / "outcomes.csv"
    found = shares_of(run, read_outcomes(path) if path.exists() else [])
    if not found:
        return None
    heights = [TITLE + BAR * len(shares) + GAP for shares in found.values()]
    caption = _caption(run)
    canvas = Canvas(look, TOP + sum(heights) + BOTTOM + CAPTION_LINE * (len(caption) - 1))
    wide = WIDTH - 2 * MARGIN - NAME - VALUE
    axes = canvas.axes(MARGIN + NAME, TOP, wide, sum(heights))
    names = sorted({share.outcome for shares in found.values() for share in shares})
    colours = {name: look.colours[at % len(look.colours)] for at, name in enumerate(names)}
    low = min([LEAST * 10, *(share.interval.low or share.interval.high for shares in found.values()
                             for share in shares)])
    _finish(axes, max(LEAST, low / 2), sum(heights), look)
    down = 0.0
    for (cell, shares), height in zip(found.items(), heights):
        _draw_heading(canvas, TOP + down + TITLE / 2, cell)
        for at, share in enumerate(shares):
            _draw_bar(canvas, axes, down + TITLE + BAR * (at + 0.5), cell, share,
                      colours[share.outcome])
        down += height
    canvas.titles(run, "What went wrong, and how often",
                  "share of the trials that ended so, log scale")
    canvas.caption(caption)
    return canvas


def shares_of(run: Run, outcomes: Sequence[Outcome]) -> Dict[Cell, List[Share]]:
    """By cell, in the order of summaries, its outcomes, the commonest first. An outcome that one
    window of a cell had and another had not was seen 0 times there.
    """
    cells = {(sample.invocation, sample.order): cell_of(sample) for sample in run.samples
             if sample.kept}
    counts: Dict[Cell, Dict[str, int]] = {}
    for row in outcomes:
        cell = cells.get((row.invocation, row.order))
        if cell:
            own = counts.setdefault(cell, {})
            own[row.outcome] = own.get(row.outcome, 0) + row.count
    return {cell: [Share(name, count, sum(counts[cell].values())) for name, count in
                   sorted(counts[cell].items(), key=lambda item: (-item[1], item[0]))]
            for cell in sorted(counts, key=display_order) if sum(counts[cell].values())}


def share_text(share: float) -> str:
    """Per cent, or per million where it is less than a thousandth."""
    return f"{significant(100 * share, 3)} %" if share >= 1e-3 else \
        f"{significant(1e6 * share, 3)} per million" if share else "never"


def _draw_heading(canvas: Canvas, down: float, cell: Cell) -> None:
    name = f"{cell.mechanism} · {cell.workload}"
    canvas.text(MARGIN, down, name, weight="bold")
    detail = ", ".join([cell.place, *([] if cell.choice == NA else cell.choice.split(";"))])
    taken = canvas.text_width(name, weight="bold") + 0.1
    canvas.text_within(MARGIN + taken, down, detail, WIDTH - 2 * MARGIN - taken,
                       **canvas.look.detail)


def _draw_bar(canvas: Canvas, axes: Any, y: float, cell: Cell, share: Share, colour: str) -> None:
    """The bar up to the share, its interval on it; of what was never seen the upper limit alone."""
    low, high = share.interval
    left = axes.get_xlim()[0]
    text = f"{share_text(share.share)} ({share_text(low)} – {share_text(high)})" if share.count \
        else f"never; at most {share_text(high)}"
    canvas.text_within(MARGIN + 0.14, TOP + y, share.outcome, NAME - 0.3, 9.0)
    canvas.text_within(WIDTH - MARGIN - VALUE + 0.12, TOP + y, text, VALUE - 0.12,
                       **canvas.look.detail)
    bars = axes.barh([y], [max(share.share, left) - left], height=0.72 * BAR, left=left,
                     color=colour, alpha=0.75, linewidth=0)
    axes.plot([max(low, left), high], [y, y], color=canvas.look.ink, linewidth=1.1,
              linestyle="solid" if share.count else (0, (2, 2)))
    for artist in bars:
        tip(artist, f"{cell.name}: {share.outcome} in {share.count} of {share.trials} trials, "
            f"{text}")


def _finish(axes: Any, low: float, height: float, look: Look) -> None:
    axes.set_xscale("log")
    axes.set_xlim(low, 1.0)
    axes.set_ylim(height, 0)
    axes.set_yticks([])
    ticks = [tick for tick in (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0) if tick >= low]
    axes.set_xticks(ticks, [f"{100 * tick:g} %" if tick >= 1e-3 else f"{1e6 * tick:g} ppm"
                            for tick in ticks], fontsize=8)
    axes.minorticks_off()
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", color=look.faint, linewidth=0.7)
    axes.set_axisbelow(True)


def _caption(run: Run) -> List[str]:
    return [f"{run.fact('run', 'invocations')} invocations × {run.fact('run', 'rounds')} rounds, "
            "all trials together · line: 95 % interval (Clopper and Pearson); dashed: what was "
            "never seen is no more frequent", whence(run)]
