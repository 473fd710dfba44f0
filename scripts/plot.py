#!/usr/bin/env python3
"""plot.py - draw a run

    scripts/plot.py [RUN] [--out=DIR]

Without RUN the newest folder under results/ is drawn. Writes into DIR (by default the run's
folder), as PNG and SVG, what the run has the rows for, and prints the paths:

    handoff     what a hand-off costs, by mechanism and place
    horizon     from when on a lock is fair: of stamped contests (make horizon)
    timeline    who held a lock when, and who waited: of a traced run (--trace)

Needs matplotlib. Exit codes: 2 unreadable, 4 nothing to draw, 5 no matplotlib, 6 cannot write.
"""

import sys
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple

from command import NOTHING_MATCHED, Parser, fail, require, run
from results import Run, read_events, read_run, summarise


def newest(folder: Path) -> Optional[Path]:
    """The run in folder that was written to last, or None."""
    written = [(path.stat().st_mtime, path.parent) for path in folder.glob("*/samples.csv")]
    return max(written)[1] if written else None


def drawers() -> Dict[str, Tuple[Callable[[Run], Any], str]]:
    """Of each picture who draws it, and what a run lacks that has none."""
    import fairness
    import figures
    import lock_figures

    def timeline(recorded: Run) -> Any:
        path = recorded.path / "events.csv"
        events = read_events(path) if path.exists() else []
        return lock_figures.timeline_figure(recorded, lock_figures.traced(recorded.samples, events))

    return {
        "handoff": (lambda recorded: figures.handoff_figure(recorded, summarise(recorded)),
                    "no hand-off with a value"),
        "horizon": (lambda recorded: lock_figures.horizon_figure(
            recorded, fairness.horizons_of(recorded)), "no stamped contest for a lock"),
        "timeline": (timeline, "no traced lock"),
    }


def main() -> int:
    parser = Parser("Draw what a run has the rows for, as PNG and SVG.")
    parser.add_argument("run", metavar="RUN", type=Path, nargs="?",
                        help="folder of the run (default: the newest under results/)")
    parser.add_argument("--out", metavar="DIR", type=Path,
                        help="folder for the pictures (default: RUN)")
    options = parser.parse_args()
    folder = options.run or newest(Path("results"))
    if folder is None:
        fail(NOTHING_MATCHED, "there is no run under results/ yet: make bench, or name one")
    require("matplotlib")
    import figures
    recorded = read_run(folder)
    missing = []
    for name, (draw, lacking) in drawers().items():
        figure = draw(recorded)
        if figure is None:
            missing.append(f"{name} ({lacking})")
            continue
        for path in figures.save(figure, options.out or folder, name):
            print(path)
    if len(missing) == len(drawers()):
        fail(NOTHING_MATCHED, f"{folder} has nothing to draw: {', '.join(missing)}")
    if missing:
        sys.stderr.write(f"plot.py: not drawn: {', '.join(missing)}\n")
    return 0


if __name__ == "__main__":
    run(main)
