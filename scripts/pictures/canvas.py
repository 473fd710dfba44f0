"""canvas.py - what all pictures share: looks, titles, captions, tips, and how they are saved

All lengths are in inches, from the top left; all positions follow from the rows, so that a run of
any size keeps its proportions. The same data give the same bytes, for one version of matplotlib.
"""

import html
import io
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from results import NA, Run
from units import date_text

WIDTH, MARGIN = 11.0, 0.45
CAPTION_LINE = 0.17
DPI, DRAWING_DPI = 200, 100
MARKERS = ("o", "D", "s", "^", "v", "P", "X")
GLYPHS = {"o": "●", "D": "◆", "s": "■", "^": "▲", "v": "▼", "P": "✚", "X": "✖"}
TIP, GRID = "tip:", "grid:"
# The opacity of what is there for the pointer alone: at 0 it would not be hit, and this is no step
# of a colour.
UNSEEN = 0.0015


@dataclass(frozen=True)
class Look:
    """The colours of a picture. No two of them are the same, so that a page can tell them apart.

    colours are Okabe and Ito's, told apart by all common kinds of colour vision, without their
    yellow, which is too pale for text; on dark paper each is lighter.
    """

    name: str
    paper: str
    ink: str
    label: str
    soft: str
    edge: str
    faint: str
    colours: Tuple[str, ...]

    @property
    def style(self) -> Dict[str, Any]:
        """The look as settings of matplotlib."""
        return {
            "font.family": "DejaVu Sans", "font.size": 9.0, "svg.hashsalt": "baton",
            "svg.fonttype": "path", "figure.facecolor": self.paper,
            "savefig.facecolor": self.paper, "axes.facecolor": "none", "text.color": self.ink,
            "axes.edgecolor": self.edge, "axes.labelcolor": self.soft, "xtick.color": self.edge,
            "ytick.color": self.edge, "xtick.labelcolor": self.label,
            "ytick.labelcolor": self.label, "axes.titlecolor": self.ink, "axes.linewidth": 0.8,
            "axes.labelsize": 8, "path.simplify": False,
            # A dollar in a name is no formula; older versions take it for one.
            **({"text.parse_math": False} if "text.parse_math" in matplotlib.rcParams else {}),
        }

    @property
    def detail(self) -> Dict[str, Any]:
        """The font of what is read last."""
        return {"fontsize": 8, "color": self.soft}

    def pairs(self, names: Sequence[str]) -> Dict[str, Tuple[str, str]]:
        """Colour and marker by name, never the same pair for the first 49."""
        count = len(self.colours)
        return {name: (self.colours[at % count], MARKERS[(at + at // count) % count])
                for at, name in enumerate(names)}


LIGHT = Look("light", "#ffffff", "#222222", "#444444", "#666666", "#bbbbbb", "#e4e4e4",
             ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"))
DARK = Look("dark", "#14171c", "#ececec", "#c8c8c8", "#a2a6ad", "#5a606b", "#2b3038",
            ("#3d9be9", "#f0763b", "#1fb98a", "#e29cc5", "#f2b134", "#9ad8ff", "#fafafa"))
LOOKS = {look.name: look for look in (LIGHT, DARK)}


class Canvas:
    """A figure of WIDTH and a height in a look. To be made, drawn on and saved under look.style."""

    def __init__(self, look: Look, height: float) -> None:
        self.look = look
        self.height = height
        self.figure = Figure(figsize=(WIDTH, height), dpi=DRAWING_DPI)
        FigureCanvasAgg(self.figure)

    def axes(self, left: float, top: float, width: float, height: float) -> Any:
        """Axes at this place, with a frame below and on the left alone."""
        axes = self.figure.add_axes((left / WIDTH, 1 - (top + height) / self.height,
                                     width / WIDTH, height / self.height))
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        return axes

    def text(self, x: float, down: float, text: str, **font: Any) -> Any:
        """A text at this place, by default centred on it vertically."""
        return self.figure.text(x / WIDTH, 1 - down / self.height, text,
                                **{"va": "center", **font})

    def text_within(self, x: float, down: float, text: str, room: float, fontsize: float,
                    **font: Any) -> Any:
        """A text at this place, smaller where the room is not enough for it."""
        shrink = min(1.0, room / self.text_width(text, fontsize=fontsize, **font))
        return self.text(x, down, text, fontsize=fontsize * shrink, **font)

    def text_width(self, text: str, **font: Any) -> float:
        """The width of a text in a font."""
        drawn = self.figure.text(0, 0, text, **font)
        pixels: float = drawn.get_window_extent(self.figure.canvas.get_renderer()).width
        drawn.remove()
        return pixels / DRAWING_DPI

    def titles(self, run: Run, title: str, below: str) -> None:
        """The title; below it the CPU and what else is to be known at once."""
        self.text(MARGIN, 0.42, title, fontsize=15, weight="bold")
        self.text(MARGIN, 0.74, f"{cpu_text(run)} · {below}", fontsize=9.5, color=self.look.soft)

    def legend(self, entries: Sequence[Tuple[str, str]], down: float) -> None:
        """Texts (text, colour) side by side, smaller where they are many."""
        font: Dict[str, Any] = {"weight": "bold", "fontsize": 9.0}
        widths = [self.text_width(text, **font) + 0.22 for text, _ in entries]
        shrink = min(1.0, (WIDTH - 2 * MARGIN) / sum(widths))
        x = MARGIN
        for (text, colour), width in zip(entries, widths):
            self.text(x, down, text, color=colour, weight="bold", fontsize=9.0 * shrink)
            x += width * shrink

    def caption(self, lines: Sequence[str]) -> None:
        """How to read the picture, what limits it, where and when it comes from."""
        self.text(MARGIN, self.height - 0.22, "\n".join(lines), va="bottom", linespacing=1.5,
                  **self.look.detail)

    def png(self) -> bytes:
        with matplotlib.rc_context(self.look.style):
            return self._saved("png", {"Software": None})

    def svg(self, grids: bool = False) -> str:
        """The picture as SVG, its tips as titles, which browsers show on hovering; and, where a
        page is going to read them, its grids as data.
        """
        with matplotlib.rc_context(self.look.style):
            drawn = self._saved("svg", {"Date": None, "Creator": None}).decode("utf-8")
        drawn = re.sub(rf"""<g id=("|'){GRID}(.*?)\1>""",
                       r"<g data-grid=\1\2\1>" if grids else "<g>", drawn)
        return re.sub(rf"""<g id=("|'){TIP}(.*?)\1>""", r"<g><title>\2</title>", drawn)

    def _saved(self, form: str, metadata: Dict[str, Any]) -> bytes:
        drawn = io.BytesIO()
        self.figure.savefig(drawn, format=form, dpi=DPI, metadata=metadata)
        return drawn.getvalue()

    def save(self, folder: Path, name: str) -> List[Path]:
        """Write NAME.png and NAME.svg into the folder (made if missing). Raises OSError."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{name}.png", folder / f"{name}.svg"]
        paths[0].write_bytes(self.png())
        paths[1].write_text(self.svg(), encoding="utf-8")
        return paths


def tip(artist: Any, text: str) -> None:
    """What is shown where the pointer rests on the artist, in the SVG and in the report."""
    artist.set_gid(TIP + text)


def page_grid(artist: Any, names: Sequence[str], unit: str,
              values: Sequence[Sequence[Optional[float]]]) -> None:
    """The values that a page shows where the pointer rests on the artist: a square of rows and
    columns with these names; None where there is no value.
    """
    rows = [[None if value is None else float(f"{value:.4g}") for value in row] for row in values]
    artist.set_gid(GRID + json.dumps({"names": names, "unit": unit, "values": rows},
                                     separators=(",", ":")))


def tips(svg: str) -> List[str]:
    """The tips of an SVG."""
    return [html.unescape(text) for text in re.findall(r"<title>([^<]*)</title>", svg)]


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= most else text[:most - 1] + "…"


def cpu_text(run: Run) -> str:
    cpu = run.fact("machine", "cpu_model")
    return "CPU not recorded" if cpu == NA else shortened(cpu, 60)


def whence(run: Run) -> str:
    """When, on which kernel, by which compiler and which baton a run was made."""
    return " · ".join(shortened(text, 40) for text in [
        date_text(run.fact("run", "started_utc")), run.fact("machine", "kernel"),
        run.fact("build", "compiler"), f"baton {run.fact('build', 'baton_version')}"])


def decades(low: float, high: float) -> List[float]:
    """The powers of ten from low to high."""
    return [10.0 ** power for power in range(math.ceil(math.log10(low)),
                                             math.floor(math.log10(high)) + 1)]


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
