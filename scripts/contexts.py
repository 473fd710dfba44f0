"""contexts.py - what differs between the contexts of two runs, and what that means for a comparison

Facts fall into three classes: what makes a comparison void, what is to be known, and what is
expected to differ between two CPUs.
"""

from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

from results import NA, Cell, Round, Run, cell_of
from stats import first_decile

Key = Tuple[str, str]
RELEASE = "Release"
CLOCK_MOVED = 0.02
STOLEN = 0.10

# By the beginning of their key: the CPU, its caches and its topology.
EXPECTED = ("cpu_model", "cpu_vendor", "cpu_family", "cpu_model_number", "cpu_stepping",
            "cpu_microcode", "cpu_midr", "cpus", "cores", "packages", "numa_nodes",
            "threads_per_core", "cpu_kinds", "smt", "cache_l", "tsc_flags")
TO_KNOW = (
    ("machine", "kernel"), ("machine", "preemption_model"), ("machine", "tick_hz"),
    ("machine", "clocksource"), ("machine", "governor"), ("machine", "cpufreq_driver"),
    ("machine", "boost"), ("machine", "idle_driver"), ("machine", "idle_governor"),
    ("machine", "virtualisation"), ("machine", "container"), ("machine", "smt_control"),
    ("machine", "transparent_hugepage"), ("build", "compiler"), ("build", "compiler_flags"),
    ("build", "libc"), ("build", "baton_version"), ("build", "benchmark_version"),
    ("build", "binary_sha256"), ("run", "sched"), ("run", "window_ns"), ("run", "lead_in_ns"),
    ("run", "rounds"), ("run", "invocations"), ("run", "end"), ("run", "ab_setting"))
MITIGATION = "vulnerability_"
# Ends of keys: facts of a moment, of which no two runs of one machine have the same.
PASSING = ("_start", "_end")


@dataclass(frozen=True)
class Difference:
    """A fact that two runs have otherwise, or not both."""

    key: str
    a: str
    b: str


@dataclass(frozen=True)
class Differences:
    """expected: the CPU and what it brings; to_know: what may be the reason for a ratio besides;
    others: how many facts differ that are neither.
    """

    expected: List[Difference]
    to_know: List[Difference]
    others: int


def _differs(a: Run, b: Run, fact: Key) -> bool:
    return a.fact(*fact) != b.fact(*fact)


def _kind(fact: Key) -> str:
    scope, key = fact
    if scope == "machine" and key.startswith(EXPECTED):
        return "expected"
    if fact in TO_KNOW or key.startswith(MITIGATION):
        return "to know"
    return "" if scope == "run" or key.endswith(PASSING) else "other"


def differences(a: Run, b: Run) -> Differences:
    """The facts that differ, in the order of the files; of a run without one it is NA."""
    facts = [fact for fact in {**a.facts, **b.facts} if _differs(a, b, fact)]
    found = {kind: [Difference(key, a.fact(scope, key), b.fact(scope, key))
                    for scope, key in facts if _kind((scope, key)) == kind]
             for kind in ("expected", "to know", "other")}
    return Differences(found["expected"], found["to know"], len(found["other"]))


def void(a: Run, b: Run) -> List[str]:
    """Why these two cannot be compared, a line each."""
    reasons = []
    if a.schema != b.schema:
        reasons.append(f"{a.path} has schema {a.schema}, {b.path} has {b.schema}: "
                       "record both runs with one version of baton")
    for run in (a, b):
        build = run.fact("build", "build_type")
        if build not in (RELEASE, NA):
            reasons.append(f"{run.path} is of a {build} build: its times are the compiler's")
        stray = [sample for sample in run.samples if sample.kept and sample.migrations != 0]
        if stray:
            reasons.append(f"{run.path}: whether threads stayed on their CPUs is not known of "
                           f"{len(stray)} windows, such as {stray[0].mechanism} in invocation "
                           f"{stray[0].invocation}")
    theirs = _metrics(b)
    for cell, kind in _metrics(a).items():
        if theirs.get(cell, kind) != kind:
            reasons.append(f"{cell}: {kind} in {a.path}, {theirs[cell]} in {b.path}")
    return reasons


def _metrics(run: Run) -> Dict[Cell, str]:
    """What each cell is measured in."""
    return {cell_of(sample): f"{sample.metric} in {sample.unit}"
            for sample in run.samples if sample.kept}


def unrest(rounds: Sequence[Round], cpus: int) -> List[str]:
    """What was wrong with the machine during a run: a clock that moved, time that was stolen."""
    found = []
    clocks = [row.chain_ghz for row in rounds if row.chain_ghz]
    if clocks:
        moved = first_decile(clocks, highest=True) / first_decile(clocks) - 1
        if moved > CLOCK_MOVED:
            found.append(f"the clock rate moved by {100 * moved:.1f} %")
    stolen = [row for row in rounds if row.steal_ns is not None and row.wall_ns and
              row.steal_ns > STOLEN * cpus * row.wall_ns]
    if stolen:
        found.append(f"the hypervisor had the CPUs in {len(stolen)} of {len(rounds)} rounds")
    return found
