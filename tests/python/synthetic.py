"""synthetic.py - writes run folders with known figures, for tests and for looking at pictures

    python3 tests/python/synthetic.py FOLDER [SEED [SCALE]]
"""

import csv
import random
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

SAMPLES = ("schema,run_id,invocation,round,block,order,family,mechanism,workload,place,cpus,home,"
           "threads,params,metric,unit,value,ops,wall_ns,lead_in_ns,cpu_ns,voluntary,"
           "involuntary,slept,runqueue_wait_ns,foreign_share,migrations,dose_ns,status,"
           "reason").split(",")
THREADS = ("run_id,invocation,order,thread,role,cpu,loops,acquisitions,held_ns,waited_ns,"
           "longest_wait_ns,longest_streak,thought_ns,takeovers").split(",")
ROUNDS = "run_id,invocation,round,started_utc,wall_ns,steal_ns,chain_ghz".split(",")
HISTOGRAMS = ("run_id,invocation,family,mechanism,workload,place,cpus,threads,params,what,role,"
              "lo_ns,hi_ns,count").split(",")
SHARES = ("run_id,invocation,family,mechanism,workload,place,cpus,threads,params,role,scale_ns,"
          "share_pct,count").split(",")
EVENTS = "run_id,invocation,order,thread,role,wanted_ns,acquired_ns,released_ns".split(",")
OUTCOMES = "run_id,invocation,order,outcome,count".split(",")
CONTEXT = "run_id,scope,key,value,state".split(",")

WINDOW_NS = 20_000_000
Facts = Dict[Tuple[str, str], Optional[str]]
FACTS: Facts = {
    ("machine", "cpu_model"): "AMD EPYC 7B13 64-Core Processor",
    ("machine", "kernel"): "Linux 6.18.5",
    ("machine", "virtualisation"): "kvm",
    ("build", "compiler"): "gcc 12.2.0",
    ("build", "build_type"): "Release",
    ("build", "baton_version"): "0.1.0",
    ("build", "benchmark_version"): "1.7.1",
    ("run", "started_utc"): "2026-11-23T05:45:00Z",
    ("run", "ended_utc"): "2026-11-23T05:49:20Z",
    ("run", "end"): "complete",
    ("run", "seed"): "1",
    ("run", "window_ns"): str(WINDOW_NS),
    ("run", "command"): "baton run",
}


@dataclass(frozen=True)
class Spec:
    """A cell and what is true of it: value in `unit`, CPU ns per operation, spreads of the log."""

    family: str
    mechanism: str
    workload: str
    place: str
    value: Optional[float]
    cpu_ns: float = 0.0
    params: str = "NA"
    metric: str = "handoff"
    unit: str = "ns"
    threads: int = 2
    between: float = 0.03
    within: float = 0.02
    cpus: Optional[str] = None
    dose_ns: Optional[float] = None
    status: Callable[[int, int], str] = lambda invocation, round_: "ok"
    reason: str = "NA"


Row = Dict[str, object]


def window_row(spec: Spec, run_id: str, invocation: int, round_: int, order: int,
               value: float) -> Row:
    """A window of a cell, block numbers in tens."""
    per_op = 1e9 / value if spec.unit == "1/s" else value
    ops = max(1, int(WINDOW_NS / per_op))
    shared = spec.place == "same-cpu"
    status = spec.status(invocation, round_)
    row: Row = {
        "schema": 1, "run_id": run_id, "invocation": invocation, "round": round_,
        "block": order // 10, "order": order, "family": spec.family, "mechanism": spec.mechanism,
        "workload": spec.workload, "place": spec.place,
        "cpus": spec.cpus or ("0" if shared else "0-1"), "home": 0,
        "threads": spec.threads, "params": spec.params, "metric": spec.metric, "unit": spec.unit,
        "value": f"{value:.6g}", "ops": ops, "wall_ns": int(ops * per_op), "lead_in_ns": 1_000_000,
        "cpu_ns": round(ops * (spec.cpu_ns or per_op) * value / (spec.value or 1)),
        "voluntary": ops, "involuntary": 0, "slept": "1", "runqueue_wait_ns": 20_000,
        "foreign_share": "0.001", "migrations": 0,
        "dose_ns": "NA" if spec.dose_ns is None else spec.dose_ns, "status": status,
        "reason": "NA" if status == "ok" else spec.reason}
    if not status.startswith(("ok", "flagged")):
        row.update(dict.fromkeys(SAMPLES[16:28], "NA"))
    return row


def window_rows(specs: Sequence[Spec], run_id: str, seed: int, invocations: int, rounds: int,
                state: Callable[[int, int], float] = lambda invocation, round_: 1.0) -> List[Row]:
    """The windows of a run; the same seed gives the same rows. state: how slow the machine is."""
    rng = random.Random(seed)
    rows = []
    for invocation in range(invocations):
        states = [rng.gauss(0, spec.between) for spec in specs]
        order = 0
        for round_ in range(rounds):
            shuffled = list(range(len(specs)))
            rng.shuffle(shuffled)
            for at in shuffled:
                spread = pow(2.718281828, states[at] + rng.gauss(0, specs[at].within))
                slower = state(invocation, round_)
                value = (specs[at].value or 1.0) * spread
                value *= 1 / slower if specs[at].unit == "1/s" else slower
                rows.append(window_row(specs[at], run_id, invocation, round_, order, value))
                order += 1
    return rows


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_run(folder: Path, specs: Sequence[Spec], seed: int = 1, invocations: int = 12,
              rounds: int = 8, facts: Optional[Facts] = None) -> Path:
    """Write a run's folder and return it; facts overrides FACTS, None leaves one out."""
    rows = window_rows(specs, folder.name, seed, invocations, rounds)
    return write_files(folder, rows, {("run", "invocations"): str(invocations),
                                      ("run", "rounds"): str(rounds), **(facts or {})})


def write_files(folder: Path, rows: Sequence[Row], facts: Facts) -> Path:
    """Write a folder with these windows, and a few rows in each of its other files."""
    folder.mkdir(parents=True)
    run_id = folder.name
    write_csv(folder / "samples.csv", SAMPLES, rows)
    greedy = [[run_id, 0, 5, 0, "greedy", 0, 900, 900, 2_700_000, 100_000, 90_000, 700, "NA", 30],
              [run_id, 0, 5, 1, "polite", 1, 30, 90, 90_000, 2_600_000, 2_000_000, 3, "NA", 31]]
    write_csv(folder / "threads.csv", THREADS, [dict(zip(THREADS, row)) for row in greedy])
    round_ = [run_id, 0, 0, "2026-11-23T05:45:01Z", 1_300_000_000, 0, "3.49"]
    write_csv(folder / "rounds.csv", ROUNDS, [dict(zip(ROUNDS, round_))])
    pipe = [run_id, 0, "switch", "pipe", "pingpong", "l3", "0-1", 2, "NA", "handoff", "NA"]
    write_csv(folder / "histograms.csv", HISTOGRAMS, [
        dict(zip(HISTOGRAMS, [*pipe, *bucket])) for bucket in ((3072, 3136, 700), (3200, 3264, 9))])
    write_csv(folder / "context.csv", CONTEXT, [
        {"run_id": run_id, "scope": scope, "key": key, "value": value,
         "state": "absent" if value == "NA" else "ok"}
        for (scope, key), value in {**FACTS, **facts}.items() if value is not None])
    return folder


INVOCATION_S = 12.0


def machine_states(rng: random.Random, seconds: float) -> Callable[[float], float]:
    """A machine that stays 5 to 20 s in one of two states, one of them 1.3 times as slow."""
    states: List[float] = []
    slow = rng.random() < 0.5
    while len(states) < seconds:
        states += [1.3 if slow else 1.0] * rng.randint(5, 20)
        slow = not slow
    return lambda at_s: states[int(at_s)]


def write_ab(folder: Path, specs: Sequence[Spec], seed: int = 1, pairs: int = 12, rounds: int = 8,
             factor: float = 1.0, facts: Optional[Facts] = None) -> Path:
    """Write the folders a and b of a baton ab on a machine that drifts; B takes factor as long.

    The invocations of a pair follow one another, in random order, 12 s each.
    """
    rng = random.Random(seed)
    drift = machine_states(rng, 2 * pairs * INVOCATION_S)
    b_first = [rng.random() < 0.5 for _ in range(pairs)]
    for side, slower in (("a", 1.0), ("b", factor)):
        def state(invocation: int, round_: int, side: str = side, slower: float = slower) -> float:
            second = b_first[invocation] == (side == "a")
            return slower * drift((2 * invocation + second + round_ / rounds) * INVOCATION_S)

        write_files(folder / side, window_rows(specs, side, rng.randrange(1 << 30), pairs, rounds,
                                               state), {
            ("run", "invocations"): str(pairs), ("run", "rounds"): str(rounds),
            ("run", "ab_id"): folder.name, ("run", "ab_side"): side.upper(),
            ("run", "ab_setting"): "baton run", **(facts or {})})
    return folder


# value and CPU time per hand-off in ns, same CPU and two CPUs
SWITCH = {
    "pipe": (3500, 3490, 38000, 12500), "eventfd": (3300, 3290, 36500, 11800),
    "socketpair": (6700, 6680, 43000, 17800), "futex": (2700, 2690, 36000, 10900),
    "condvar": (6300, 6280, 44000, 15500), "semaphore": (2850, 2840, 35200, 11000),
    "sysv-semaphore": (3900, 3880, 37200, 12300), "mqueue": (4900, 4880, 41000, 14400),
    "signal": (5600, 5580, 42500, 15900),
}
HANDOFF = {
    ("mutex", "latency", "payload=8"): (1_500_000, 1_498_000, 108, 216),
    ("mutex", "stream", "payload=8"): (9_800, 9_790, 96, 190),
    ("mutex-condvar", "latency", "payload=8"): (6300, 6290, 43500, 15800),
    ("mutex-condvar", "stream", "payload=8"): (5100, 5090, 24500, 12200),
    ("channel", "latency", "capacity=0;payload=8"): (5300, 5290, 34000, 12900),
    ("channel", "stream", "capacity=0;payload=8"): (5350, 5340, 33800, 12700),
    ("channel", "stream", "capacity=64;payload=8"): (92, 91, 310, 420),
    ("channel", "stream", "capacity=1024;payload=8"): (22, 21.9, 54, 95),
}
LOCK = {"mutex": (14.2, 6.1e6), "mutex-pi": (21.5, 1.9e6), "ck-ticket": (11.8, 7.4e6)}
FLOOR = {"syscall": 190, "clock": 31, "cycle-counter": 24, "atomic-add": 5.4, "add-chain": 0.287,
         "clock-step": 10}


def _two_places(family: str, mechanism: str, workload: str, figures: Sequence[float],
                params: str = "NA") -> List[Spec]:
    return [Spec(family, mechanism, workload, "same-cpu", figures[0], figures[1], params),
            Spec(family, mechanism, workload, "l3", figures[2], figures[3], params, between=0.06)]


def two_cpu_guest() -> List[Spec]:
    """The cells of a guest with two CPUs, with the figures seen on one."""
    specs = [spec for name, figures in SWITCH.items()
             for spec in _two_places("switch", name, "pingpong", figures)]
    specs += [Spec("switch", "yield", "pingpong", "same-cpu", 1800, 1795),
              Spec("switch", "yield", "pingpong", "l3", None, status=lambda i, r: "skipped:PLACE",
                   reason="yields to threads on its own CPU only")]
    for (mechanism, workload, params), figures in HANDOFF.items():
        specs += _two_places("handoff", mechanism, workload, figures, params)
    for mechanism, (alone, contended) in LOCK.items():
        specs.append(Spec("lock", mechanism, "uncontended", "same-cpu", alone, params="hold_ns=3",
                          metric="cost", threads=1))
        specs += [Spec("lock", mechanism, "greedy-polite", "l3", rate, params=f"hold_ns={hold}",
                       metric="acquisitions", unit="1/s", between=0.1)
                  for hold, rate in ((3, contended), (3000, 3.1e5))]
    specs += [Spec("floor", name, "repeat", "same-cpu", value, metric="cost", threads=1,
                   between=0.01) for name, value in FLOOR.items()]
    specs += [Spec("floor", "line-store", "pingpong", "l3", 57),
              Spec("floor", "line-cas", "pingpong", "l3", 71)]
    return specs


def scaled(specs: Sequence[Spec], factor: float) -> List[Spec]:
    """The same cells, every operation `factor` times as long."""
    return [replace(spec, cpu_ns=spec.cpu_ns * factor, value=None if spec.value is None else
                    spec.value * (1 / factor if spec.unit == "1/s" else factor)) for spec in specs]


if __name__ == "__main__":
    write_run(Path(sys.argv[1]), scaled(two_cpu_guest(), float((sys.argv[3:] or ["1"])[0])),
              int((sys.argv[2:] or ["1"])[0]))
