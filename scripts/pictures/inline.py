"""inline.py - a picture as a part of a page: colours by role, ids of its own, few bytes

Colours become variables (--ink, --c0 …) that the page defines for light and dark paper, so that one
drawing serves both.
"""

import html
import re
from typing import Dict

from pictures.canvas import Canvas, Look

# The page has margins of its own: so much of the picture's is cut off, in points.
LEFT, RIGHT = 28.0, 12.0
NUMBER = re.compile(r"-?\d+\.\d+")
DOT = re.compile(r"M (\S+) (\S+) ?L (\S+) (\S+) ?")
GEOMETRY = re.compile(r'\b(d|x|y|x1|x2|y1|y2|width|height|transform)="([^"]*)"')


def variables(look: Look) -> Dict[str, str]:
    """The name of each colour's variable, by role and number."""
    named = {"paper": look.paper, "ink": look.ink, "label": look.label, "soft": look.soft,
             "edge": look.edge, "faint": look.faint}
    return {**named, **{f"c{at}": colour for at, colour in enumerate(look.colours)}}


def inline(canvas: Canvas, name: str, about: str) -> str:
    """The canvas as an <svg> to stand in a page, where its ids begin with name."""
    svg = canvas.svg(grids=True)
    (size,) = re.findall(r'viewBox="0 0 ([^ ]+) ([^"]+)"', svg[:2000])
    box = f"{LEFT:g} 0 {float(size[0]) - LEFT - RIGHT:g} {size[1]}"
    body = svg[svg.index(">", svg.index("<svg")) + 1:svg.rindex("</svg>")]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>", "", body, flags=re.S)
    body = GEOMETRY.sub(lambda found: f'{found[1]}="{shortened(found[1], found[2])}"', body)
    body = _with_ids(body, name).replace("xlink:href", "href")
    for variable, colour in variables(canvas.look).items():
        body = re.sub(rf"{colour}\b", f"var(--{variable})", body)
    body = re.sub(r"\s*\n\s*", " ", body).replace("> <", "><")
    body = re.sub(r"<defs></defs>", "", body)
    return f'<svg viewBox="{box}" role="img" aria-label="{html.escape(about)}">{body}</svg>'


def shortened(attribute: str, text: str) -> str:
    """Coordinates to a tenth of a point, small ones to a hundredth; scales as they are."""
    if attribute == "transform":
        return re.sub(r"translate\([^)]*\)", lambda found: NUMBER.sub(_rounded, found[0]), text)
    text = NUMBER.sub(_rounded, " ".join(text.split()))
    return _dots(text) if attribute == "d" else text


def _rounded(found: "re.Match[str]") -> str:
    value = float(found[0])
    digits = 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") or "0"


def _dots(path: str) -> str:
    """A path of nothing but dots, strokes without a length, with each of them once."""
    strokes = DOT.findall(path)
    if not strokes or DOT.sub("", path) or any((x, y) != (x2, y2) for x, y, x2, y2 in strokes):
        return path
    return "".join(f"M{x} {y}h0" for x, y in dict.fromkeys((x, y) for x, y, _, _ in strokes))


def _with_ids(body: str, name: str) -> str:
    """Ids that are referred to under short names, no others."""
    used = dict.fromkeys(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', body))
    names = {one or other: f"{name}{at}" for at, (one, other) in enumerate(used)}

    def renamed(found: "re.Match[str]") -> str:
        return f' id="{names[found[1]]}"' if found[1] in names else ""

    body = re.sub(r' id="([^"]*)"', renamed, body)
    body = re.sub(r'href="#([^"]+)"', lambda found: f'href="#{names[found[1]]}"', body)
    return re.sub(r"url\(#([^)]+)\)", lambda found: f"url(#{names[found[1]]})", body)
