#!/usr/bin/env python3
"""plot.py - draw a run

    scripts/plot.py RUN [--out=DIR]

Writes DIR/handoff.png and DIR/handoff.svg (DIR: by default the run's folder), prints their paths.
Needs matplotlib. Exit codes: 2 unreadable, 4 nothing to draw, 5 no matplotlib, 6 cannot write.
"""

from pathlib import Path

from command import NOTHING_MATCHED, Parser, fail, require, run
from results import read_run, summarise


def main() -> int:
    parser = Parser("Draw hand-off cost by mechanism and place, as PNG and SVG.")
    parser.add_argument("run", metavar="RUN", type=Path, help="folder of the run")
    parser.add_argument("--out", metavar="DIR", type=Path,
                        help="folder for the pictures (default: RUN)")
    options = parser.parse_args()
    require("matplotlib")
    import figures
    recorded = read_run(options.run)
    figure = figures.handoff_figure(recorded, summarise(recorded))
    if figure is None:
        fail(NOTHING_MATCHED, f"{options.run} has no hand-off with a value: nothing to draw")
    for path in figures.save(figure, options.out or options.run, "handoff"):
        print(path)
    return 0


if __name__ == "__main__":
    run(main)
