"""results.py - the only reader of a run's CSV files

A run is a folder; results/README.md is the dictionary of its files and columns. Reading is strict:
a file is either understood in full or refused with one line that names the file, the line and what
would be valid. Columns that are not known here are ignored, so that older scripts read newer runs
of the same schema. Nothing is written here, and nothing is guessed.
"""

import csv
import io
import math
import re
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import (Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple,
                    Type, TypeVar, Union, get_type_hints)

from stats import (Interval, first_decile, median, median_interval, relative_width, still_needed)

SCHEMA = 1
NA = "NA"
TWO_MODES_SHARE = 0.2
UNSETTLED_WIDTH = 0.10
# What lies beyond was not measured by anybody, and breaks the arithmetic of logarithms.
LEAST_VALUE, MOST_VALUE, MOST_COUNT = 1e-12, 1e18, 10**15
STAMPED = ("handoff", "roundtrip", "wait", "hold")
# A column that came after the first files of its schema: NA in files without it.
ADDED = {"added": True}


class ReadError(Exception):
    """A file that cannot be read as part of a run; str() is one line."""

    def __init__(self, path: Path, line: Optional[int], problem: str, valid: str) -> None:
        where = str(path) if line is None else f"{path}:{line}"
        super().__init__(f"{where}: {problem}; valid: {valid}")


@dataclass(frozen=True)
class Sample:
    """A window: a row of samples.csv. Times in ns; None where the file says NA."""

    schema: int
    run_id: str
    invocation: Optional[int]
    round: Optional[int]
    block: Optional[int]
    order: Optional[int]
    family: str
    mechanism: str
    workload: str
    place: str
    cpus: str
    home: Optional[int]
    threads: int
    params: str
    metric: str
    unit: str
    value: Optional[float]
    ops: Optional[int]
    wall_ns: Optional[int]
    lead_in_ns: Optional[int]
    cpu_ns: Optional[int]
    voluntary: Optional[int]
    involuntary: Optional[int]
    slept: Optional[float]
    runqueue_wait_ns: Optional[int]
    foreign_share: Optional[float]
    migrations: Optional[int]
    dose_ns: Optional[float] = field(metadata=ADDED)
    status: str
    reason: str

    @property
    def flags(self) -> Sequence[str]:
        """The IDs of a flagged window, else nothing."""
        kind, _, ids = self.status.partition(":")
        return ids.split("+") if kind == "flagged" else ()

    @property
    def ran(self) -> bool:
        """Whether there is a value: the status is ok or flagged."""
        return self.status == "ok" or self.status.startswith("flagged:")

    @property
    def kept(self) -> bool:
        """Whether the value counts: not where switches per operation left the declared band."""
        return self.ran and "SWITCHES" not in self.flags


@dataclass(frozen=True)
class Thread:
    """A thread in a window: a row of threads.csv."""

    run_id: str
    invocation: int
    order: int
    thread: int
    role: str
    cpu: Optional[int]
    loops: Optional[int]
    acquisitions: Optional[int]
    held_ns: Optional[int]
    waited_ns: Optional[int]
    longest_wait_ns: Optional[int]
    longest_streak: Optional[int]
    thought_ns: Optional[int] = field(metadata=ADDED)
    takeovers: Optional[int] = field(metadata=ADDED)


@dataclass(frozen=True)
class Round:
    """A round: a row of rounds.csv."""

    run_id: str
    invocation: int
    round: int
    started_utc: str
    wall_ns: Optional[int]
    steal_ns: Optional[int]
    chain_ghz: Optional[float]


@dataclass(frozen=True)
class Bucket:
    """How many stamps of a cell's invocation lie from lo_ns, below hi_ns: a row of histograms.csv.

    cpus tells the teams of a place apart, where an invocation has more than one (--place=pairs).
    role is NA where all threads are in one histogram.
    """

    run_id: str
    invocation: int
    family: str
    mechanism: str
    workload: str
    place: str
    cpus: str = field(metadata=ADDED)
    threads: int
    params: str
    what: str
    role: str
    lo_ns: float
    hi_ns: float
    count: int


@dataclass(frozen=True)
class Share:
    """In how many stretches of scale_ns thread 0 had that share of the time for which the lock was
    held, in per cent; None: nobody held it. A row of shares.csv.
    """

    run_id: str
    invocation: int
    family: str
    mechanism: str
    workload: str
    place: str
    cpus: str = field(metadata=ADDED)
    threads: int
    params: str
    role: str
    scale_ns: int
    share_pct: Optional[int]
    count: int


@dataclass(frozen=True)
class Event:
    """An ownership of a lock, ns from the start of the window: a row of events.csv."""

    run_id: str
    invocation: int
    order: int
    thread: int
    role: str
    wanted_ns: int
    acquired_ns: int
    released_ns: int


@dataclass(frozen=True)
class Outcome:
    """How often trials of a window ended so: a row of outcomes.csv."""

    run_id: str
    invocation: int
    order: int
    outcome: str
    count: int


@dataclass(frozen=True)
class Fact:
    """A fact about machine, build or run: a row of context.csv."""

    run_id: str
    scope: str
    key: str
    value: str
    state: str


class Cell(NamedTuple):
    """What rows of different runs are matched on: places by name, never CPU numbers."""

    family: str
    mechanism: str
    workload: str
    place: str
    threads: int
    params: str

    @property
    def name(self) -> str:
        """As the program names it: family/mechanism/workload/place, /params where it has any."""
        return "/".join([*self[:4], *([] if self.params == NA else [self.params])])

    @property
    def choice(self) -> str:
        """The params but for per_cpu, which follows from the place and the machine's size."""
        kept = [text for text in self.params.split(";") if not text.startswith("per_cpu=")]
        return ";".join(kept) or NA

    @property
    def dosed(self) -> bool:
        """The spike-in: a base cell with a known dose, which proves a run and is no result."""
        return "dose_pct=" in self.params

    def __str__(self) -> str:
        name = f"{self.family}/{self.mechanism}/{self.workload}/{self.place}"
        params = "" if self.params == NA else f" {self.params}"
        return f"{name}{params} threads={self.threads}"


@dataclass(frozen=True)
class Summary:
    """A cell over a run.

    values: the median of the windows of each of `invocations`, in `unit`; windows whose switches
    left the mechanism's band (SWITCHES) are left out and counted, those under LOAD or STEAL are in.
    cpu_values: likewise CPU time per operation in ns, summed over the threads.
    p10: the quiet value: of the n windows kept, all invocations together, the ceil(n/10)-th from
    the best, which is the lowest time or the highest rate; None without any.
    status, reason: of the first window without a value, else ok and NA.
    """

    cell: Cell
    metric: str
    unit: str
    invocations: Tuple[int, ...]
    values: Tuple[float, ...]
    cpu_values: Tuple[float, ...]
    p10: Optional[float]
    windows: int
    left_out: int
    loaded: int
    stolen: int
    status: str
    reason: str

    @property
    def median(self) -> Optional[float]:
        return median(self.values) if self.values else None

    @property
    def interval(self) -> Optional[Interval]:
        return median_interval(self.values)

    @property
    def width(self) -> Optional[float]:
        """The width of the interval as a share of the median."""
        return relative_width(self.interval, self.median)

    @property
    def two_modes(self) -> bool:
        """More than a fifth of the windows left the band of switches."""
        return self.left_out > TWO_MODES_SHARE * self.windows

    @property
    def unsettled(self) -> bool:
        """Two modes, which more invocations do not cure, or an interval wider than a tenth."""
        return self.two_modes or self.needed > 0

    @property
    def needed(self) -> int:
        """How many more invocations would bring the interval to a tenth of the median."""
        return still_needed(len(self.values), self.width, UNSETTLED_WIDTH)

    @property
    def higher_is_better(self) -> bool:
        return higher_is_better(self.metric)

    @property
    def why_no_value(self) -> str:
        """Why there is no median, in words."""
        if self.left_out:
            return f"SWITCHES: all {self.left_out} windows outside the band of switches"
        return self.status if self.reason == NA else f"{self.status}: {self.reason}"


@dataclass(frozen=True)
class Run:
    """A run: its folder, its windows and its context."""

    path: Path
    schema: int
    samples: List[Sample]
    facts: Dict[Tuple[str, str], Fact]

    def fact(self, scope: str, key: str) -> str:
        """The value of a fact, NA where it is not recorded."""
        fact = self.facts.get((scope, key))
        return fact.value if fact else NA


def higher_is_better(metric: str) -> bool:
    """Whether more is better: rates, as opposed to times."""
    return metric == "acquisitions"


Row = TypeVar("Row", Sample, Thread, Round, Bucket, Share, Event, Outcome, Fact)

INTEGER = re.compile(r"-?[0-9]+").fullmatch
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?").fullmatch
STATUS = re.compile(r"ok|timeout|(skipped|error):[A-Z][A-Z0-9_-]*"
                    r"|flagged:[A-Z][A-Z0-9_-]*(\+[A-Z][A-Z0-9_-]*)*").fullmatch
STATES = ("ok", "absent", "denied", "masked")


def _text(cell: str) -> str:
    if not cell:
        raise ValueError
    return cell


def _integer(cell: str) -> int:
    if not INTEGER(cell):
        raise ValueError
    return int(cell)


def _number(cell: str) -> float:
    number = float(cell) if NUMBER(cell) else math.inf
    if not math.isfinite(number):
        raise ValueError
    return number


def _integer_or_na(cell: str) -> Optional[int]:
    return None if cell == NA else _integer(cell)


def _number_or_na(cell: str) -> Optional[float]:
    return None if cell == NA else _number(cell)


Step = Tuple[int, Callable[[str], Any], str]
PARSERS: Dict[Any, Tuple[Callable[[str], Any], str]] = {
    str: (_text, "text, or NA"),
    int: (_integer, "an integer"),
    float: (_number, "a finite number such as 12.5"),
    Optional[int]: (_integer_or_na, "an integer, or NA"),
    Optional[float]: (_number_or_na, "a finite number such as 12.5, or NA"),
}


def _load(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ReadError(path, None, error.strerror or "unreadable",
                        "a file of a run, results/<UTC time>-<label>/") from None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ReadError(path, line, "not UTF-8", "UTF-8 text") from None
    if not text:
        raise ReadError(path, 1, "empty file", "a header line and rows")
    if not text.endswith("\n"):
        raise ReadError(path, text.count("\n") + 1, "truncated: the last line has no line feed",
                        "complete lines (delete this one to read the rest)")
    return text


def _positions(path: Path, header: Sequence[str], columns: Sequence[str],
               added: Sequence[str]) -> List[int]:
    """Where each column stands; just past the end if it was added later and is not there."""
    missing = [column for column in columns if column not in header and column not in added]
    unknown = [column for column in header if column not in columns]
    if missing:
        instead = f" (unknown: {', '.join(unknown)})" if unknown else ""
        raise ReadError(path, 1, f"missing column {', '.join(missing)}{instead}", ",".join(columns))
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise ReadError(path, 1, f"column {', '.join(twice)} stands twice", "each column once")
    return [header.index(column) if column in header else len(header) for column in columns]


def _read(path: Path, row_type: Type[Row]) -> List[Tuple[int, Row]]:
    """All rows of a file with their line numbers; the columns and types are row_type's fields."""
    columns = [column.name for column in fields(row_type)]
    added = [column.name for column in fields(row_type) if column.metadata.get("added")]
    reader = csv.reader(io.StringIO(_load(path), newline=""), strict=True)
    rows: List[Tuple[int, Row]] = []
    try:
        header = next(reader)
        positions = _positions(path, header, columns, added)
        plan = _plan(row_type, positions)
        for cells in reader:
            line = reader.line_num
            if len(cells) != len(header):
                raise ReadError(path, line, f"{len(cells)} fields",
                                f"{len(header)}, as in the header")
            cells.append(NA)
            try:
                rows.append((line, row_type(*[parse(cells[at]) for at, parse, _ in plan])))
            except ValueError:
                raise _bad_cell(path, line, header, cells, plan) from None
    except csv.Error as error:
        raise ReadError(path, reader.line_num, f"not CSV: {error}", "RFC 4180") from None
    return rows


def _plan(row_type: Type[Any], positions: Sequence[int]) -> List[Step]:
    """For each field of row_type: the column it stands in, its parser, and what is valid there."""
    hints = get_type_hints(row_type)
    return [(at, *PARSERS[hints[column.name]]) for at, column in zip(positions, fields(row_type))]


def _bad_cell(path: Path, line: int, header: Sequence[str], cells: Sequence[str],
              plan: Sequence[Step]) -> ReadError:
    for at, parse, valid in plan:
        try:
            parse(cells[at])
        except ValueError:
            return ReadError(path, line, f"{header[at]} is {cells[at]!r}", valid)
    raise AssertionError("a row was refused, but none of its cells")


def _check_sample(path: Path, line: int, sample: Sample, first: Sample) -> None:
    def refuse(problem: str, valid: str) -> None:
        raise ReadError(path, line, problem, valid)

    if not 1 <= sample.schema <= SCHEMA:
        refuse(f"schema is {sample.schema}", f"1 to {SCHEMA} (newer files need newer scripts)")
    if sample.schema != first.schema:
        refuse(f"schema is {sample.schema}", f"{first.schema}, as in the first row")
    if sample.run_id != first.run_id:
        refuse(f"run_id is {sample.run_id!r}", f"{first.run_id!r}, as in the first row")
    if sample.status != "ok" and not STATUS(sample.status):
        refuse(f"status is {sample.status!r}", "ok, flagged:ID[+ID], skipped:ID, error:ID, timeout")
    if sample.ran and (sample.value is None or sample.value < 0):
        refuse(f"value is {NA if sample.value is None else sample.value}",
               f"a number from 0 up where the status is {sample.status}")
    if sample.ran and sample.value and not LEAST_VALUE <= sample.value <= MOST_VALUE:
        refuse(f"value is {sample.value:g}", f"0, or {LEAST_VALUE:g} to {MOST_VALUE:g}")
    if sample.ran and sample.invocation is None:
        refuse("invocation is NA", f"an integer where the status is {sample.status}")


def read_samples(path: Path) -> List[Sample]:
    """The windows of samples.csv. Raises ReadError."""
    rows = _read(path, Sample)
    seen: Dict[Tuple[Optional[int], Optional[int]], int] = {}
    kinds: Dict[Cell, Tuple[str, str]] = {}
    for line, sample in rows:
        _check_sample(path, line, sample, rows[0][1])
        if not sample.ran:
            continue
        window = (sample.invocation, sample.order)
        if sample.order is not None and seen.setdefault(window, line) != line:
            raise ReadError(path, line, f"invocation {window[0]}, order {window[1]} again, as in "
                            f"line {seen[window]}", "each window once")
        kind = kinds.setdefault(cell_of(sample), (sample.metric, sample.unit))
        if kind != (sample.metric, sample.unit):
            raise ReadError(path, line, f"{sample.metric} in {sample.unit}",
                            f"{kind[0]} in {kind[1]}, as in this cell's first row")
    return [sample for _, sample in rows]


def read_threads(path: Path) -> List[Thread]:
    """The threads of threads.csv. Raises ReadError."""
    return [thread for _, thread in _read(path, Thread)]


def read_rounds(path: Path) -> List[Round]:
    """The rounds of rounds.csv. Raises ReadError."""
    rows = _read(path, Round)
    for line, round_ in rows:
        try:
            seconds_of(round_.started_utc)
        except ValueError:
            raise ReadError(path, line, f"started_utc is {round_.started_utc!r}",
                            "a time such as 2026-11-23T05:45:01.250Z") from None
    return [round_ for _, round_ in rows]


def seconds_of(utc: str) -> float:
    """A time as the files write it, in seconds of the epoch. Raises ValueError."""
    whole, _, fraction = utc.rstrip("Z").partition(".")
    start = datetime.strptime(whole + "Z", "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return start.timestamp() + float(f"0.{fraction or 0}")


def read_histograms(path: Path) -> List[Bucket]:
    """The buckets of histograms.csv. Raises ReadError."""
    rows = _read(path, Bucket)
    seen: Dict[Tuple[Any, ...], int] = {}
    for line, bucket in rows:
        if bucket.what not in STAMPED:
            raise ReadError(path, line, f"what is {bucket.what!r}", ", ".join(STAMPED))
        if not 0 <= bucket.lo_ns < bucket.hi_ns:
            raise ReadError(path, line, f"a bucket from {bucket.lo_ns:g} to {bucket.hi_ns:g}",
                            "0 <= lo_ns < hi_ns")
        if not 1 <= bucket.count <= MOST_COUNT:
            raise ReadError(path, line, f"count is {bucket.count}",
                            f"1 or more (empty buckets are not written), to {MOST_COUNT:.0e}")
        key = (bucket.invocation, cell_of(bucket), bucket.cpus, bucket.what, bucket.role,
               bucket.lo_ns)
        if seen.setdefault(key, line) != line:
            raise ReadError(path, line, f"the bucket from {bucket.lo_ns:g} again, as in line "
                            f"{seen[key]}", "each bucket once")
    return [bucket for _, bucket in rows]


def read_shares(path: Path) -> List[Share]:
    """The shares of shares.csv. Raises ReadError."""
    rows = _read(path, Share)
    seen: Dict[Tuple[Any, ...], int] = {}
    for line, share in rows:
        if share.share_pct is not None and not 0 <= share.share_pct <= 100:
            raise ReadError(path, line, f"share_pct is {share.share_pct}", "0 to 100, or NA")
        if share.scale_ns < 1 or share.count < 1:
            raise ReadError(path, line, f"{share.count} stretches of {share.scale_ns} ns",
                            "1 or more of each")
        key = (share.invocation, cell_of(share), share.cpus, share.scale_ns, share.share_pct)
        if seen.setdefault(key, line) != line:
            raise ReadError(path, line, f"the stretches of {share.scale_ns} ns with that share "
                            f"again, as in line {seen[key]}", "each share once")
    return [share for _, share in rows]


def read_events(path: Path) -> List[Event]:
    """The ownerships of events.csv. Raises ReadError."""
    rows = _read(path, Event)
    for line, event in rows:
        if not event.wanted_ns <= event.acquired_ns <= event.released_ns:
            raise ReadError(path, line, f"wanted at {event.wanted_ns}, acquired at "
                            f"{event.acquired_ns}, released at {event.released_ns}",
                            "each no earlier than the one before")
    return [event for _, event in rows]


def read_outcomes(path: Path) -> List[Outcome]:
    """The outcomes of outcomes.csv; 0 is said of what could have happened. Raises ReadError."""
    rows = _read(path, Outcome)
    seen: Dict[Tuple[int, int, str], int] = {}
    for line, outcome in rows:
        if outcome.count < 0:
            raise ReadError(path, line, f"count is {outcome.count}", "0 or more")
        key = (outcome.invocation, outcome.order, outcome.outcome)
        if seen.setdefault(key, line) != line:
            raise ReadError(path, line, f"{outcome.outcome} of that window again, as in line "
                            f"{seen[key]}", "each outcome of a window once")
    return [outcome for _, outcome in rows]


def read_context(path: Path) -> Dict[Tuple[str, str], Fact]:
    """The facts of context.csv by scope and key. Raises ReadError."""
    facts: Dict[Tuple[str, str], Fact] = {}
    for line, fact in _read(path, Fact):
        if fact.state not in STATES:
            raise ReadError(path, line, f"state is {fact.state!r}", ", ".join(STATES))
        if (fact.scope, fact.key) in facts:
            raise ReadError(path, line, f"{fact.scope} {fact.key} again", "each fact once")
        facts[fact.scope, fact.key] = fact
    return facts


def read_run(path: Path) -> Run:
    """A run's windows and context. Raises ReadError."""
    if not path.is_dir():
        raise ReadError(path, None, "no such folder", "a run's folder, results/<UTC time>-<label>/")
    samples = read_samples(path / "samples.csv")
    facts = read_context(path / "context.csv")
    ids = sorted({fact.run_id for fact in facts.values()} | {sample.run_id for sample in samples})
    if len(ids) > 1:
        raise ReadError(path / "context.csv", None, f"another run's file: {' and '.join(ids)}",
                        "one run_id in all files of a folder")
    return Run(path, samples[0].schema if samples else SCHEMA, samples, facts)


def cell_of(row: Union[Sample, Bucket, Share]) -> Cell:
    """The cell that a window, a bucket or a share belongs to."""
    return Cell(row.family, row.mechanism, row.workload, row.place, row.threads, row.params)


def invocation_medians(pairs: Iterable[Tuple[int, float]]) -> Dict[int, float]:
    """The median of each invocation's values, in the order of the invocations."""
    by_invocation: Dict[int, List[float]] = {}
    for invocation, value in pairs:
        by_invocation.setdefault(invocation, []).append(value)
    return {invocation: median(by_invocation[invocation]) for invocation in sorted(by_invocation)}


def _summary(cell: Cell, samples: Sequence[Sample]) -> Summary:
    ran = [sample for sample in samples if sample.ran]
    kept = [sample for sample in ran if sample.kept]
    failed = [sample for sample in samples if not sample.ran]
    kind = (ran or failed)[0]
    values = [(sample.invocation, sample.value) for sample in kept
              if sample.invocation is not None and sample.value is not None]
    cpu = [(sample.invocation, sample.cpu_ns / sample.ops) for sample in kept
           if sample.invocation is not None and sample.cpu_ns is not None and sample.ops]
    medians = invocation_medians(values)
    quiet = [value for _, value in values]
    return Summary(cell, kind.metric, kind.unit, tuple(medians), tuple(medians.values()),
                   tuple(invocation_medians(cpu).values()),
                   p10=first_decile(quiet, higher_is_better(kind.metric)) if quiet else None,
                   windows=len(ran), left_out=len(ran) - len(kept),
                   loaded=sum("LOAD" in sample.flags for sample in kept),
                   stolen=sum("STEAL" in sample.flags for sample in kept),
                   status=failed[0].status if failed else "ok",
                   reason=failed[0].reason if failed else NA)


def summarise(run: Run) -> Dict[Cell, Summary]:
    """Every cell of a run, those without a value too, in the order of family, mechanism, place."""
    by_cell: Dict[Cell, List[Sample]] = {}
    for sample in run.samples:
        by_cell.setdefault(cell_of(sample), []).append(sample)
    return {cell: _summary(cell, by_cell[cell]) for cell in sorted(by_cell, key=display_order)}


FAMILIES = ("switch", "handoff", "lock", "hazard", "spawn", "green", "floor")
PLACES = ("same-cpu", "smt", "cluster", "l1", "l2", "l3", "l4", "package", "machine")


def place_order(place: str) -> Tuple[int, str]:
    """A sort key for places: nearest first, then by suffix."""
    base = re.split(r"[.@]", place)[0]
    return (PLACES.index(base) if base in PLACES else len(PLACES), place)


def natural_order(text: str) -> List[Tuple[int, str]]:
    """A sort key by which capacity=8 comes before capacity=64."""
    return [(int(part), "") if part.isdecimal() else (-1, part)
            for part in re.split(r"([0-9]+)", text)]


def display_order(cell: Cell) -> Tuple[Any, ...]:
    """A sort key for cells: by family, workload, mechanism, params, threads and place."""
    family = FAMILIES.index(cell.family) if cell.family in FAMILIES else len(FAMILIES)
    return (family, cell.family, cell.workload, cell.mechanism, natural_order(cell.params),
            cell.threads, place_order(cell.place))
