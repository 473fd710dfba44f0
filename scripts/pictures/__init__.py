"""pictures - the pictures of a run: a file for each, and what all of them share in canvas.py"""

import warnings
from dataclasses import dataclass
from typing import Callable, Optional, Sequence

import matplotlib

from compare import Pair
from pictures import (crossover, forest, handoff, horizon, latency, matrix, order, outcomes,
                      timeline)
from pictures.canvas import Canvas, Look
from results import Run


# A name may hold what the font has not; it is drawn as a box then, and nobody else is troubled.
warnings.filterwarnings("ignore", message="Glyph")


@dataclass(frozen=True)
class Picture:
    """name: of its files; about: in words; lacking: what a run has none of that cannot be drawn."""

    name: str
    about: str
    lacking: str
    drawer: Callable[[Run, Look], Optional[Canvas]]

    def draw(self, run: Run, look: Look) -> Optional[Canvas]:
        """The picture of a run in a look; None: it has no rows for it. Raises ReadError."""
        with matplotlib.rc_context(look.style):
            return self.drawer(run, look)


PICTURES = (
    Picture("handoff", "what a hand-off costs, by mechanism and place",
            "no hand-off with a value", handoff.draw),
    Picture("latency", "single hand-offs: their distribution and its tail",
            "no stamped hand-off", latency.draw),
    Picture("crossover", "channel or mutex, by the work inside",
            "no guard at two works", crossover.draw),
    Picture("horizon", "from when on a lock is fair",
            "no stamped contest for a lock", horizon.draw),
    Picture("timeline", "who held a lock when, and who waited",
            "no traced lock", timeline.draw),
    Picture("outcomes", "what went wrong, and how often",
            "no outcome counted", outcomes.draw),
    Picture("matrix", "every pair of CPUs",
            "not a run of pairs", matrix.draw),
    Picture("order", "every window in the order of time",
            "no window in a round with a time", order.draw),
)
FOREST = "forest"


def draw_forest(pairs: Sequence[Pair], look: Look) -> Optional[Canvas]:
    """Runs held against a first one; None where no row has a ratio."""
    with matplotlib.rc_context(look.style):
        return forest.draw(pairs, look)
