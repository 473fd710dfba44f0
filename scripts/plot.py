#!/usr/bin/env python3
"""plot.py - draw a run

    scripts/plot.py [RUN] [--out=DIR]

Without RUN the newest folder under results/ is drawn.
Writes DIR/handoff.png and DIR/handoff.svg (DIR: by default the run's folder), prints their paths.
Needs matplotlib. Exit codes: 2 unreadable, 4 nothing to draw, 5 no matplotlib, 6 cannot write.
"""

from pathlib import Path
from typing import Optional

from command import NOTHING_MATCHED, Parser, fail, require, run
from results import read_run, summarise


def newest(folder: Path) -> Optional[Path]:
    """The run in folder that was written to last, or None."""
    written = [(path.stat().st_mtime, path.parent) for path in folder.glob("*/samples.csv")]
    return max(written)[1] if written else None


def main() -> int:
    parser = Parser("Draw hand-off cost by mechanism and place, as PNG and SVG.")
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
    figure = figures.handoff_figure(recorded, summarise(recorded))
    if figure is None:
        fail(NOTHING_MATCHED, f"{folder} has no hand-off with a value: nothing to draw")
    for path in figures.save(figure, options.out or folder, "handoff"):
        print(path)
    return 0


if __name__ == "__main__":
    run(main)
