#!/usr/bin/env python3
"""report.py - a page about a run, or about runs held against a first one

    scripts/report.py [RUN …] [--out=FILE] [--force]

Without RUN the newest folder under results/ is read. Writes one HTML file that needs nothing else:
the machine and what was wrong with it, the answers in sentences, the pictures with their values on
hovering, every table, sortable and searchable, and the context. With several runs the later ones
are held against the first (compare.py; --force where they cannot be).

Needs matplotlib and jinja2. Exit codes: 2 unreadable, 3 not comparable, 4 nothing to report or
nothing in common, 5 a package is missing, 6 cannot write.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import decision
import fairness
import sentences
import tables
from command import NOTHING_MATCHED, Parser, chosen, fail, require, run
from compare import Pair, hold, refuse
from comparison import interleaved
from contexts import differences
from results import NA, Run, read_run
from units import date_text

PAGE = Path(__file__).resolve().parent / "page"
NAME = "report.html"
# What a page may weigh; beyond it the heaviest pictures of single runs are left to plot.py.
MOST_BYTES = 5_000_000
# What the words in the place of a picture take at most.
LEFT_OUT = 600

# What a reader asks of a machine first: a label, and the facts that it is made of.
MACHINE: Sequence[Tuple[str, str, Sequence[str]]] = (
    ("CPU", "machine", ("cpu_model",)),
    ("Family, model, stepping", "machine", ("cpu_family", "cpu_model_number", "cpu_stepping")),
    ("MIDR", "machine", ("cpu_midr",)),
    ("CPUs, cores, packages", "machine", ("cpus", "cores", "packages")),
    ("NUMA nodes", "machine", ("numa_nodes",)),
    ("Virtualisation", "machine", ("virtualisation",)),
    ("Kernel", "machine", ("kernel",)),
    ("Preemption", "machine", ("preemption_mode",)),
    ("Governor", "machine", ("governor", "cpufreq_driver")),
    ("Idle", "machine", ("idle_driver", "idle_governor")),
    ("Clock source", "machine", ("clocksource",)),
    ("Compiler", "build", ("compiler",)),
    ("baton", "build", ("baton_version", "build_type")),
    ("Started", "run", ("started_utc",)),
    ("Invocations × rounds", "run", ("invocations", "rounds")),
    ("Setting", "run", ("ab_setting",)),
    ("Command", "run", ("command",)),
)


class Drawing(NamedTuple):
    """A picture in the page; svg is empty where it is left to plot.py."""

    name: str
    about: str
    svg: str


@dataclass(frozen=True)
class Part:
    """What the page has of a run; letter: A for the first."""

    letter: str
    run: Run
    flaws: List[sentences.Flaw]
    answers: List[sentences.Said]
    drawings: List[Drawing]
    tables: List[tables.Table]


def fact_text(recorded: Run, scope: str, keys: Sequence[str]) -> str:
    """The facts side by side; of one that is not known why."""
    found = []
    for key in keys:
        fact = recorded.facts.get((scope, key))
        found.append(NA if fact is None else fact.state if fact.value == NA else
                     date_text(fact.value))
    return " · ".join(found)


def machine_rows(runs: Sequence[Run]) -> List[Tuple[str, List[str]]]:
    """The first facts, a column for each run; those that no run knows of are left out."""
    rows = [(label, [fact_text(recorded, scope, keys) for recorded in runs])
            for label, scope, keys in MACHINE]
    return [(label, texts) for label, texts in rows
            if any(set(text.split(" · ")) - {NA, "absent"} for text in texts)]


def draw(recorded: Run, letter: str) -> List[Drawing]:
    """Every picture that the run has the rows for."""
    from pictures import PICTURES
    from pictures.canvas import LIGHT
    from pictures.inline import inline
    found = []
    for picture in PICTURES:
        canvas = picture.draw(recorded, LIGHT)
        if canvas:
            found.append(Drawing(picture.name, picture.about,
                                 inline(canvas, f"{letter}-{picture.name}-", picture.about)))
    return found


def draw_pairs(pairs: Sequence[Pair]) -> Optional[Drawing]:
    """The ratios of the later runs to the first."""
    from pictures import FOREST, draw_forest
    from pictures.canvas import LIGHT
    from pictures.inline import inline
    canvas = draw_forest(pairs, LIGHT) if pairs else None
    about = "ratios to the base, with intervals and verdicts"
    return Drawing(FOREST, about, inline(canvas, f"{FOREST}-", about)) if canvas else None


def part_of(recorded: Run, letter: str) -> Part:
    entries = fairness.entries(recorded) if (recorded.path / "threads.csv").exists() else []
    found = [tables.cells(recorded), tables.single(recorded),
             tables.choices(decision.answers(recorded)), *tables.locks(entries)]
    return Part(letter, recorded, sentences.flaws(recorded), sentences.answers_of(recorded),
                draw(recorded, letter), [table for table in found if table])


def lightened(parts: Sequence[Part], room: int) -> List[Part]:
    """The parts with the heaviest pictures left out until the rest fits into so many bytes."""
    drawings = [(len(drawing.svg.encode()), part.letter, drawing.name)
                for part in parts for drawing in part.drawings]
    over = sum(size for size, _, _ in drawings) - room
    dropped = set()
    for size, letter, name in sorted(drawings, reverse=True):
        if over > 0 and size > LEFT_OUT:
            dropped.add((letter, name))
            over -= size - LEFT_OUT
    return [Part(part.letter, part.run, part.flaws, part.answers,
                 [drawing._replace(svg="") if (part.letter, drawing.name) in dropped else drawing
                  for drawing in part.drawings], part.tables) for part in parts]


def title_of(runs: Sequence[Run]) -> str:
    """The CPU; of several runs who is held against whom, by their labels where CPUs are alike; of
    the sides of one baton ab both.
    """
    names = [recorded.fact("machine", "cpu_model") for recorded in runs]
    if len(runs) == 2 and interleaved(*runs):
        return f"B against A on {names[0]}"
    if NA in names or len(set(names)) < len(names):
        names = [re.sub(r"^[0-9]{8}T[0-9]{6}Z-", "", recorded.path.resolve().name)
                 for recorded in runs]
    return names[0] if len(runs) == 1 else f"{sentences.listed(names[1:])} against {names[0]}"


def render(**content: Any) -> str:
    """The page. Everything but the pictures, the style and the script is escaped."""
    from jinja2 import Environment, FileSystemLoader
    from pictures.canvas import DARK, LIGHT
    from pictures.inline import variables
    environment = Environment(loader=FileSystemLoader(PAGE), autoescape=True, trim_blocks=True,
                              lstrip_blocks=True)
    looks = {look.name: "".join(f"--{name}:{colour};" for name, colour in variables(look).items())
             for look in (LIGHT, DARK)}
    return environment.get_template(NAME).render(
        style=(PAGE / "report.css").read_text(encoding="utf-8"),
        script=(PAGE / "report.js").read_text(encoding="utf-8"), looks=looks, **content)


def page(runs: Sequence[Run], pairs: Sequence[Pair]) -> str:
    """The whole page, as light as it has to be."""
    letters = tables.letters(len(runs))
    parts = [part_of(recorded, letter) for recorded, letter in zip(runs, letters)]
    content = {
        "title": title_of(runs), "runs": list(zip(letters, runs)), "machine": machine_rows(runs),
        "pairs": [(pair, sentences.against(pair), tables.held(pair), differences(pair.a, pair.b))
                  for pair in pairs],
        "forest": draw_pairs(pairs), "context": tables.context(runs),
    }
    text = render(parts=parts, **content)
    over = len(text.encode()) - MOST_BYTES
    if over <= 0:
        return text
    drawn = sum(len(drawing.svg.encode()) for part in parts for drawing in part.drawings)
    return render(parts=lightened(parts, drawn - over), **content)


def main() -> int:
    parser = Parser("A page about a run, or about runs held against a first one.")
    parser.add_argument("runs", metavar="RUN", type=Path, nargs="*",
                        help="folders; the first is the base (default: the newest under results/)")
    parser.add_argument("--out", metavar="FILE", type=Path,
                        help=f"where to write it (default: {NAME} in the first run's folder)")
    parser.add_argument("--force", action="store_true",
                        help="compare what cannot be compared; the page says so")
    options = parser.parse_args()
    folders = options.runs or [chosen(None)]
    require("matplotlib")
    require("jinja2")
    runs = [read_run(folder) for folder in folders]
    empty = next((recorded for recorded in runs if not recorded.samples), None)
    if empty:
        fail(NOTHING_MATCHED, f"{empty.path} has no window to report")
    pairs = hold(runs) if len(runs) > 1 else []
    refuse(pairs, options.force)
    out = options.out or folders[0] / NAME
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page(runs, pairs), encoding="utf-8")
    print(out)
    return 0


if __name__ == "__main__":
    run(main)
