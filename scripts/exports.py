"""exports.py - runs in the formats of other tools: benchstat's, and Google Benchmark's JSON

Each invocation's median is one measurement, for the invocation is the unit of replication: a tool
that is given the windows would take the luck of one process for a difference.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence

from command import Parser
from results import NA, Cell, Run, Summary, read_run, summarise

# The units of golang.org/design/14313-benchmark-format: benchstat knows that less of these is
# better, and of others nothing.
BENCHFMT_UNITS = {"ns": "ns/op", "1/s": "ops/s", "B": "B/op"}
BENCHFMT_FACTS = (("cpu", "machine", "cpu_model"), ("kernel", "machine", "kernel"),
                  ("compiler", "build", "compiler"), ("baton", "build", "baton_version"))


def _rows(run: Run) -> Dict[Cell, Summary]:
    """The cells that have values; the spike-in is none."""
    return {cell: summary for cell, summary in summarise(run).items()
            if summary.values and not cell.dosed}


def _name(cell: Cell) -> str:
    """The cell as a benchmark's name, whose parts are divided by slashes and hold no blanks."""
    parts = [cell.family, cell.mechanism, cell.workload, f"place={cell.place}",
             f"threads={cell.threads}", *([] if cell.params == NA else cell.params.split(";"))]
    return "/".join(re.sub(r"\s", "_", part) for part in parts)


def benchfmt(runs: Sequence[Run]) -> str:
    """Lines that benchstat reads, the runs apart by the key `run` (benchstat -col run FILE)."""
    lines: List[str] = ["Unit ops/s better=higher"]
    for run in runs:
        lines += [f"run: {run.path.name}"]
        lines += [f"{key}: {run.fact(scope, name)}" for key, scope, name in BENCHFMT_FACTS]
        for cell, summary in _rows(run).items():
            unit = BENCHFMT_UNITS.get(summary.unit, summary.unit)
            lines += [f"Benchmark{_name(cell)} 1 {value:.9g} {unit}" for value in summary.values]
        lines.append("")
    return "\n".join(lines)


def _iterations(cell: Cell, summary: Summary) -> List[Dict[str, Any]]:
    """As one repetition for each invocation; of a rate the time that one operation takes."""
    name = _name(cell)
    times = [1e9 / value if summary.higher_is_better else value for value in summary.values
             if value > 0]
    cpu = list(summary.cpu_values) + [0.0] * (len(times) - len(summary.cpu_values))
    return [{"name": name, "run_name": name, "run_type": "iteration", "repetitions": len(times),
             "repetition_index": at, "threads": cell.threads, "iterations": 1,
             "real_time": time_ns, "cpu_time": cpu_ns, "time_unit": "ns"}
            for at, (time_ns, cpu_ns) in enumerate(zip(times, cpu))]


def google_benchmark(runs: Sequence[Run]) -> str:
    """One run as Google Benchmark's JSON: compare.py benchmarks A.json B.json."""
    (run,) = runs
    context = {"date": run.fact("run", "started_utc"), "executable": "baton",
               "num_cpus": run.fact("machine", "cpus"),
               "cpu_model": run.fact("machine", "cpu_model"),
               "library_build_type": run.fact("build", "build_type").lower(), "caches": []}
    rows = [row for cell, summary in _rows(run).items() for row in _iterations(cell, summary)]
    return json.dumps({"context": context, "benchmarks": rows}, indent=1) + "\n"


WRITERS: Dict[str, Callable[[Sequence[Run]], str]] = {
    "benchfmt": benchfmt, "google-benchmark": google_benchmark}


def export(parser: Parser, form: str, paths: Sequence[Path]) -> int:
    """Write the runs to stdout; ends with a usage error where the format holds one alone."""
    if form == "google-benchmark" and len(paths) > 1:
        parser.error("--to=google-benchmark takes one run: its files hold no more")
    sys.stdout.write(WRITERS[form]([read_run(path) for path in paths]))
    return 0
