"""sentences.py - what a run says, and what was wrong with it, in sentences

Every figure is computed from the run's rows here or in the module that the sentence is about; a
question for which a run has no rows gets no answer.
"""

from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import advise
import fairness
from compare import Pair, ratio_text
from comparison import FASTER, NEVER, SAME, SLOWER, UNTOLD, interleaved, means
from contest import Contest
from contexts import unrest
from decision import Answer, answers
from paired import spike
from results import (NA, Cell, Run, Summary, natural_order, place_order, read_rounds, summarise)
from stats import (Interval, geometric_mean, median, paired_interval, paired_ratio)
from units import quantity, significant

# The chart's questions, in its order, in a word or two.
CHART = ("critical section", "handing data over", "guarding a struct", "coordinating")
MOST_CONTESTS = 6
# The fewest invocations that have a 95 % interval of their median.
FEWEST = 6
Summaries = Dict[Cell, Summary]


@dataclass(frozen=True)
class Said:
    """A question, its short answer, and what stands behind it, a sentence each."""

    question: str
    short: str
    lines: List[str]


class Flaw(NamedTuple):
    """What was wrong. weight: bad, do not trust it; doubt, mind it; nothing, to be known."""

    weight: str
    text: str


def listed(names: Sequence[str], most: int = 6) -> str:
    """a, b and c; of more than `most` the first ones and how many more."""
    if len(names) > most:
        names = [*names[:most - 1], f"{len(names) - most + 1} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def of(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def value_text(summary: Summary) -> str:
    """A median with its interval."""
    interval = summary.interval
    ends = f" ({' – '.join(quantity(end, summary.unit, 3) for end in interval)})" \
        if interval else ""
    return f"{quantity(summary.median or 0, summary.unit, 3)}{ends}"


def told(summary: Summary) -> bool:
    return bool(summary.values) and not summary.two_modes


def fastest(summaries: Summaries) -> Optional[Said]:
    """The cheapest hand-off of a CPU and of a value at each place."""
    lines, short = [], []
    for family, what in (("switch", "The CPU"), ("handoff", "A value")):
        own = [summary for cell, summary in summaries.items()
               if cell.family == family and summary.metric == "handoff" and told(summary)
               and cell.workload in ("pingpong", "latency") and not cell.dosed
               and "awake=" not in cell.params]
        for place in sorted({summary.cell.place for summary in own}, key=place_order):
            here = sorted((summary for summary in own if summary.cell.place == place),
                          key=lambda summary: summary.median or 0)
            lines.append(_fastest_line(what, place, here))
            if family == "switch":
                others = f" (or any of {len(near(here))} more)" if near(here) else ""
                short.append(f"{place}: {name_of(here[0].cell)}{others}, "
                             f"{quantity(here[0].median or 0, 'ns', 3)}")
    return Said("Which hand-off is the fastest?", " · ".join(short) or lines[0], lines) \
        if lines else None


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def name_of(cell: Cell) -> str:
    """The mechanism, with those params that are not of every cell."""
    shown = [text for text in cell.choice.split(";") if text != NA and
             not text.startswith("payload=")]
    return f"{cell.mechanism} ({', '.join(shown)})" if shown else cell.mechanism


def near(here: Sequence[Summary]) -> List[str]:
    """Who cannot be told from the first: their intervals overlap."""
    first = here[0].interval
    return [name_of(other.cell) for other in here[1:]
            if first and other.interval and other.interval.low <= first.high]


def _fastest_line(what: str, place: str, here: Sequence[Summary]) -> str:
    best, rest = here[0], here[1:]
    cpu = median(best.cpu_values) if best.cpu_values else None
    line = f"{what} passes fastest on {place} by {name_of(best.cell)}: {value_text(best)}"
    line += f", with {quantity(cpu, 'ns', 3)} of CPU time" if cpu else ""
    if near(here):
        line += f"; no slower as far as one can tell: {listed(near(here), 4)}"
    if rest:
        line += f"; slowest of {len(here)} is {name_of(rest[-1].cell)}, " \
            f"{quantity(rest[-1].median or 0, 'ns', 3)}"
    return line + "."


class Crossing(NamedTuple):
    """A mechanism's time at a place over its time at another, by invocation."""

    mechanism: str
    ratio: float
    interval: Optional[Interval]


def crossings(summaries: Summaries, near: str, far: str, awake: str = NA) -> List[Crossing]:
    """Of every switch that both places have, cheapest crossing first."""
    found = []
    for cell, summary in summaries.items():
        if cell.family != "switch" or cell.workload != "pingpong" or cell.place != far or \
                cell.choice != awake or not told(summary):
            continue
        base = summaries.get(cell._replace(place=near, params=NA)) if near == "same-cpu" else \
            summaries.get(cell._replace(place=near))
        theirs = dict(zip(base.invocations, base.values)) if base and told(base) else {}
        ratios = [value / theirs[invocation] for invocation, value in
                  zip(summary.invocations, summary.values) if theirs.get(invocation)]
        ratio = paired_ratio(ratios)
        if ratio:
            found.append(Crossing(cell.mechanism, ratio, paired_interval(ratios)))
    return sorted(found, key=lambda crossing: crossing.ratio)


def crossing_cost(summaries: Summaries) -> Optional[Said]:
    """What it costs to leave the CPU, and each step outwards from there."""
    places = sorted({cell.place for cell, summary in summaries.items()
                     if cell.family == "switch" and summary.values}, key=place_order)
    lines = []
    for near, far in zip(places, places[1:]):
        for awake in (NA, "awake=1", "awake=latency"):
            found = crossings(summaries, near, far, awake)
            if found:
                lines.append(_crossing_line(near, far, awake, found))
    lines += _line_transfers(summaries)
    first = crossings(summaries, places[0], places[1]) if len(places) > 1 else []
    if not first:
        return None
    middle = median([crossing.ratio for crossing in first])
    much = f"{significant(middle, 3)} times the time" if middle >= 1 else \
        f"nothing: {significant(middle, 2)} times the time"
    return Said("What does it cost to cross?",
                f"From {places[0]} to {places[1]}: {much}", lines)


def _crossing_line(near: str, far: str, awake: str, found: Sequence[Crossing]) -> str:
    ends = sorted({significant(crossing.ratio, 3) for crossing in (found[0], found[-1])},
                  key=float)
    best = found[0]
    span = f" ({' – '.join(significant(end, 3) for end in best.interval)})" if best.interval else ""
    how = "" if awake == NA else f", the CPUs kept awake ({awake}),"
    return f"A switch on {far}{how} takes {' to '.join(ends)} times as long as " \
        f"on {near}, over {of(len(found), 'mechanism')}; least by {best.mechanism}{span}."


def _line_transfers(summaries: Summaries) -> List[str]:
    lines = []
    for cell, summary in summaries.items():
        if cell.family == "floor" and cell.mechanism == "line-store" and told(summary):
            lines.append(f"A cache line alone goes from CPU to CPU on {cell.place} in "
                         f"{value_text(summary)}.")
    return lines


def choice(found: Sequence[Answer]) -> Optional[Said]:
    """Mutex or channel, by the questions of the chart."""
    lines = []
    for answer in found:
        if answer.rows:
            lines.append(f"{answer.question} The chart says {answer.chart}; here, "
                         f"{'; '.join(advise.verdict_lines(answer))}.")
            lines += [f"{capital(advise.crossover_text(crossover))}."
                      for crossover in answer.crossovers]
    if not lines:
        return None
    return Said("Mutex or channel?", capital(" · ".join(
        f"{CHART[at]}: {_in_short(answer)}" for at, answer in enumerate(found) if answer.rows)),
                lines)


def _in_short(answer: Answer) -> str:
    """The one answer of all places, or that it depends on the place."""
    told_apart = {answer.at(place) for place in answer.places}
    return told_apart.pop() if len(told_apart) == 1 else "depends on the place"


def fair(entries: Sequence[fairness.Entry]) -> Optional[Said]:
    """Which lock is fair, and from what length of time on: a line for each kind of contest."""
    kinds: Dict[Tuple[str, str], List[fairness.Entry]] = {}
    for entry in entries:
        if entry.cell.workload == "greedy-polite":
            kinds.setdefault((entry.cell.choice, entry.cell.place), []).append(entry)
    if not kinds:
        return None
    # What most locks were asked to do comes first, and the longest hold of it.
    ranked = sorted(kinds, key=lambda kind: (-len(kinds[kind]), natural_order(kind[0]),
                                             place_order(kind[1])))
    lines = [line for kind in ranked[:MOST_CONTESTS] for line in _contest_lines(kind, kinds[kind])]
    if len(kinds) > MOST_CONTESTS:
        lines.append(f"{of(len(kinds) - MOST_CONTESTS, 'more kind')} of contest: see the tables.")
    known = [(entry.horizon.from_ns, entry) for entry in entries
             if entry.horizon and entry.horizon.from_ns is not None
             and not fairness.one_sided(entry.horizon)]
    if not known:
        return Said("Which lock is fair?", "From when on is not in this run: make horizon measures "
                    "it", lines)
    first = min(at for at, _ in known)
    names = dict.fromkeys(f"{entry.cell.mechanism} on {entry.cell.place}"
                          for at, entry in known if at == first)
    return Said("Which lock is fair?", f"{capital(listed(list(names)))}, from "
                f"{quantity(first, 'ns', 2)} on", lines)


def _contest_lines(kind: Tuple[str, str], entries: Sequence[fairness.Entry]) -> List[str]:
    """How often greedy got each lock, and from when on each is fair."""
    choice_, place = kind
    where = f"On {place}, {choice_.replace(';', ', ')}"
    got = ", ".join(f"{entry.cell.mechanism} {_acquisitions(entry.contest)}" for entry in entries)
    lines = [f"{where}: acquisitions of greedy for each one of polite's: {got}."]
    spans = [f"{entry.cell.mechanism} {fairness.horizon_text(entry.horizon)}"
             for entry in entries if entry.horizon]
    if spans:
        lines.append(f"{where}: the shortest stretch over which each is fair: {', '.join(spans)}.")
    return lines


def _acquisitions(contest: Contest) -> str:
    """Greedy's acquisitions for each one of polite's."""
    spread = contest.spread("acquisitions")
    return fairness.ratio_of(spread, contest.bimodal)


def answers_of(run: Run) -> List[Said]:
    """What the run says, as far as it has the rows."""
    summaries = summarise(run)
    found = [fastest(summaries), crossing_cost(summaries), choice(answers(run)),
             fair(fairness.entries(run)) if (run.path / "threads.csv").exists() else None]
    told_of = [said for said in found if said]
    count = max((len(summary.values) for summary in summaries.values()), default=0)
    if count >= FEWEST:
        return told_of
    return [Said(said.question, f"{said.short} (no interval)", [
        *said.lines, f"From {of(count, 'invocation')} alone: no interval can be had, and the next "
        "run may say otherwise."]) for said in told_of]


def against(pair: Pair) -> Said:
    """What a run is against the base."""
    found = means(pair.rows)
    verdicts = {verdict: sum(row.verdict == verdict for row in pair.rows)
                for verdict in (FASTER, SLOWER, SAME, UNTOLD)}
    lines = [f"{capital(name)}: {ratio_text(geometric_mean(group))} times A's time per operation, "
             f"the geometric mean of {of(len(group), 'row')}."
             for name, group in found.items() if name != "all"]
    lines.append(f"Of {of(len(pair.rows), 'row')} {verdicts[FASTER]} are faster, "
                 f"{verdicts[SLOWER]} slower, {verdicts[SAME]} the same; of {verdicts[UNTOLD]} one "
                 "cannot tell.")
    for verdict, pick in ((FASTER, min), (SLOWER, max)):
        rows = [row for row in pair.rows if row.verdict == verdict and row.time_ratio]
        if rows:
            row = pick(rows, key=lambda row: row.time_ratio or 1)
            lines.append(f"Furthest from A among the {verdict} ones: {row.cell.name}, "
                         f"{ratio_text(row.time_ratio or 1)} times A's time.")
    lines.append("The two were interleaved by baton ab: what changed meanwhile changed for both."
                 if interleaved(pair.a, pair.b) else
                 "These are two runs: they differ by the hour as well as by the CPU.")
    whole = found.get("all")
    short = f"{ratio_text(geometric_mean(whole))} times A's time per operation, over " \
        f"{of(len(whole), 'common row')}" if whole else "Nothing in common"
    return Said(f"What is {pair.letter} against A?", short, lines)


def flaws(run: Run) -> List[Flaw]:
    """What was wrong with the machine, the build and the run, gravest first."""
    found: List[Flaw] = []
    summaries = summarise(run)
    if run.fact("run", "end") not in ("complete", NA):
        found.append(Flaw("bad", f"the run ended {run.fact('run', 'end')}: it has fewer windows "
                          "than planned"))
    if run.fact("build", "build_type") not in ("Release", NA):
        found.append(Flaw("bad", f"a {run.fact('build', 'build_type')} build: its times are the "
                          "compiler's"))
    count = max((len(summary.values) for summary in summaries.values()), default=0)
    if count < FEWEST:
        found.append(Flaw("doubt", f"{of(count, 'invocation')}: no 95 % interval can be had of "
                          f"fewer than {FEWEST}"))
    found += _failures(summaries)
    path = run.path / "rounds.csv"
    cpus = run.fact("machine", "cpus")
    found += [Flaw("doubt", text) for text in
              unrest(read_rounds(path) if path.exists() else [],
                     int(cpus) if cpus.isdecimal() else 1)]
    found += _flags(run, summaries) + _spikes(run) + _machine(run)
    return sorted(found, key=lambda flaw: ("bad", "doubt", "").index(flaw.weight))


def _failures(summaries: Summaries) -> List[Flaw]:
    """Cells without a value, by reason."""
    reasons: Dict[Tuple[str, str, str], List[str]] = {}
    for cell, summary in summaries.items():
        if summary.status != "ok":
            some = bool(summary.values)
            weight = "" if summary.status.startswith("skipped") else "doubt" if some else "bad"
            reasons.setdefault((weight, "windows in " if some else "", f"{summary.status}: "
                                f"{summary.reason}" if some else summary.why_no_value),
                               []).append(cell.name)
    return [Flaw(weight, f"{windows}{of(len(names), 'cell')} {why} ({names[0]}"
                 f"{' …' if len(names) > 1 else ''})")
            for (weight, windows, why), names in reasons.items()]


def _flags(run: Run, summaries: Summaries) -> List[Flaw]:
    """How many windows were flagged, and which cells nobody should trust yet."""
    ran = [sample for sample in run.samples if sample.ran]
    meaning = {"LOAD": "shared their CPUs with other work", "STEAL": "were robbed of their CPUs by "
               "the hypervisor", "SWITCHES": "switched otherwise than the mechanism does, and are "
               "left out"}
    counts: Dict[str, int] = {}
    for sample in ran:
        for flag in sample.flags:
            counts[flag] = counts.get(flag, 0) + 1
    found = [Flaw("doubt" if number > 0.01 * len(ran) else "",
                  f"{flag}: {number} of {len(ran)} windows {meaning.get(flag, 'were flagged')}")
             for flag, number in sorted(counts.items())]
    modes = [cell.name for cell, summary in summaries.items() if summary.two_modes]
    if modes:
        found.append(Flaw("doubt", f"two modes, and no one median, in {of(len(modes), 'cell')}: "
                          f"{listed(modes)}"))
    unsettled = [summary for summary in summaries.values()
                 if summary.values and not summary.two_modes and summary.needed]
    if unsettled:
        most = max(summary.needed for summary in unsettled)
        more = f"about {of(most, 'more invocation')} would settle all" if most < NEVER else \
            "some will not settle in a thousand more invocations"
        found.append(Flaw("", f"UNSETTLED: the interval of {of(len(unsettled), 'cell')} is wider "
                          f"than a tenth; {more}"))
    return found


def _spikes(run: Run) -> List[Flaw]:
    """Whether an effect of known size was seen."""
    found = []
    for seen in spike(run).values():
        if seen.seen is None or seen.interval is None:
            continue
        hit = not seen.interval.excludes(seen.put_in)
        text = f"spike-in: {100 * seen.put_in:.1f} % put in, {100 * seen.seen:.1f} % seen " \
            f"({100 * seen.interval.low:.1f} – {100 * seen.interval.high:.1f})"
        found.append(Flaw("" if hit else "doubt",
                          text if hit else text + ": what was put in lies outside"))
    return found


def _machine(run: Run) -> List[Flaw]:
    """What of the machine decides the numbers."""
    found = []
    kind = run.fact("machine", "virtualisation")
    if kind not in ("none", NA):
        found.append(Flaw("", f"a virtual machine ({kind}): waking another CPU goes through the "
                          "hypervisor"))
    quota = run.fact("machine", "cgroup_cpu_quota_cpus")
    if quota not in ("none", NA):
        found.append(Flaw("doubt", f"a quota of {quota} CPUs: the kernel stops all threads once "
                          "it is used up"))
    governor = run.fact("machine", "governor")
    if governor not in ("performance", "none", NA):
        found.append(Flaw("", f"the governor is {governor}: the clock rate follows the load"))
    hidden = [key for (_, key), fact in run.facts.items() if fact.state in ("denied", "masked")]
    if hidden:
        found.append(Flaw("", f"{of(len(hidden), 'fact')} denied or masked: {listed(hidden)}"))
    return found
