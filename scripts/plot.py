#!/usr/bin/env python3
"""plot.py - draw runs

    scripts/plot.py [RUN …] [--out=DIR] [--look=light|dark]

Without RUN the newest folder under results/ is drawn. Writes into DIR (by default the run's
folder), as PNG and SVG, on white and (NAME-dark) on dark paper, what the run has the rows for, and
prints the paths:

    handoff     what a hand-off costs, by mechanism and place
    latency     single hand-offs, and their tail, invocation by invocation
    crossover   channel or mutex, by the work inside
    horizon     from when on a lock is fair: of stamped contests (make horizon)
    timeline    who held a lock when, and who waited: of a traced run (--trace)
    outcomes    what went wrong, and how often: of hazards
    matrix      every pair of CPUs: of a run with --place=pairs
    order       every window in the order of time: the machine's states, what was flagged

Of several runs each is drawn, under DIR in a folder of its own name; and, in DIR or the first one's
folder,

    forest      the later runs against the first: ratios, intervals and verdicts (compare.py)

Needs matplotlib. Exit codes: 2 unreadable, 4 nothing to draw, 5 no matplotlib, 6 cannot write.
"""

import sys
from pathlib import Path
from typing import List, Optional, Sequence

from command import NOTHING_MATCHED, Parser, chosen, fail, require, run
from compare import hold
from results import Run, read_run


def file_name(picture: str, look: str) -> str:
    return picture if look == "light" else f"{picture}-{look}"


def out_names(folders: Sequence[Path]) -> List[str]:
    """The folders' names, with a number before them where two are the same."""
    names = [folder.resolve().name for folder in folders]
    return names if len(set(names)) == len(names) else \
        [f"{at}-{name}" for at, name in enumerate(names, 1)]


def draw_run(recorded: Run, out: Path, looks: Sequence[str]) -> List[str]:
    """Draw what there is to draw of a run and print the paths; returns what it lacks."""
    from pictures import PICTURES
    from pictures.canvas import LOOKS
    missing = []
    for picture in PICTURES:
        for look in looks:
            canvas = picture.draw(recorded, LOOKS[look])
            if canvas is None:
                missing.append(f"{picture.name} ({picture.lacking})")
                break
            for path in canvas.save(out, file_name(picture.name, look)):
                print(path)
    return missing


def draw_runs(runs: Sequence[Run], out: Path, looks: Sequence[str]) -> Optional[str]:
    """Draw the runs against the first and print the paths; returns why not."""
    from pictures import FOREST, draw_forest
    from pictures.canvas import LOOKS
    pairs = hold(runs)
    void = [reason for pair in pairs for reason in pair.void]
    if void:
        return f"{FOREST} (not comparable: {void[0]})"
    for look in looks:
        canvas = draw_forest(pairs, LOOKS[look])
        if canvas is None:
            return f"{FOREST} (no cell has values in both)"
        for path in canvas.save(out, file_name(FOREST, look)):
            print(path)
    return None


def main() -> int:
    parser = Parser("Draw what runs have the rows for, as PNG and SVG.")
    parser.add_argument("runs", metavar="RUN", type=Path, nargs="*",
                        help="folders of runs (default: the newest under results/)")
    parser.add_argument("--out", metavar="DIR", type=Path,
                        help="folder for the pictures (default: RUN)")
    parser.add_argument("--look", choices=("light", "dark"), help="one of the two alone")
    options = parser.parse_args()
    folders = options.runs or [chosen(None)]
    looks = (options.look,) if options.look else ("light", "dark")
    require("matplotlib")
    from pictures import PICTURES
    runs = [read_run(folder) for folder in folders]
    several = len(runs) > 1
    names = out_names(folders)
    undrawn = []
    for folder, name, recorded in zip(folders, names, runs):
        out = folder if options.out is None else options.out / name if several else options.out
        missing = draw_run(recorded, out, looks)
        if missing:
            undrawn.append(f"{folder}: {', '.join(missing)}" if several else ", ".join(missing))
        if len(missing) == len(PICTURES) and not several:
            fail(NOTHING_MATCHED, f"{folder} has nothing to draw: {', '.join(missing)}")
    why_not = draw_runs(runs, options.out or folders[0], looks) if several else None
    for line in undrawn + ([why_not] if why_not else []):
        sys.stderr.write(f"plot.py: not drawn: {line}\n")
    return 0


if __name__ == "__main__":
    run(main)
