"""test_results.py - the reader: what it accepts, and one line for each thing it refuses"""

import csv
import time
from dataclasses import fields
from pathlib import Path
from typing import Callable, Dict, Tuple

import pytest

import results
from results import Cell, ReadError, Summary, read_run, summarise
from synthetic import (CONTEXT, EVENTS, HISTOGRAMS, ROUNDS, SAMPLES, SHARES, THREADS, Spec,
                       two_cpu_guest, write_run)

ROOT = Path(__file__).resolve().parents[2]
PIPE = Spec("switch", "pipe", "pingpong", "same-cpu", 3500.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", [PIPE], invocations=2, rounds=2)


def only(summaries: Dict[Cell, Summary]) -> Summary:
    (summary,) = summaries.values()
    return summary


def edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def set_cell(path: Path, line: int, column: str, value: str) -> None:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    rows[line - 1][rows[0].index(column)] = value
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def refusal(folder: Path) -> str:
    with pytest.raises(ReadError) as caught:
        read_run(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert "; valid: " in message
    return message


def test_columns_are_those_of_the_files() -> None:
    for row_type, columns in ((results.Sample, SAMPLES), (results.Thread, THREADS),
                              (results.Round, ROUNDS), (results.Bucket, HISTOGRAMS),
                              (results.Share, SHARES), (results.Event, EVENTS),
                              (results.Fact, CONTEXT)):
        assert [field.name for field in fields(row_type)] == columns


def test_every_column_stands_in_the_dictionary() -> None:
    text = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    for column in SAMPLES + THREADS + ROUNDS + HISTOGRAMS + SHARES + EVENTS + CONTEXT:
        assert f"| `{column}` |" in text


def test_reads_what_was_written(folder: Path) -> None:
    run = read_run(folder)
    sample = run.samples[0]
    assert len(run.samples) == 4
    assert (sample.invocation, sample.round, sample.threads, sample.params) == (0, 0, 2, "NA")
    assert sample.value == pytest.approx(3500, rel=0.3)
    assert run.fact("machine", "kernel") == "Linux 6.18.5"
    assert run.fact("machine", "unheard-of") == "NA"
    (greedy, polite) = results.read_threads(folder / "threads.csv")
    assert (greedy.role, polite.longest_wait_ns) == ("greedy", 2_000_000)
    (round_,) = results.read_rounds(folder / "rounds.csv")
    assert round_.chain_ghz == 3.49


def test_added_columns_and_any_order_are_accepted(folder: Path) -> None:
    before = read_run(folder).samples
    with (folder / "samples.csv").open(newline="", encoding="utf-8") as file:
        rows = [["extra,1"] + row[::-1] for row in csv.reader(file)]
    rows[0][0] = "added"
    with (folder / "samples.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    assert read_run(folder).samples == before


def test_files_without_the_added_column_are_read(folder: Path) -> None:
    set_cell(folder / "samples.csv", 2, "dose_ns", "81.5")
    with (folder / "samples.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert [sample.dose_ns for sample in read_run(folder).samples] == [81.5, None, None, None]
    at = rows[0].index("dose_ns")
    with (folder / "samples.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(row[:at] + row[at + 1:] for row in rows)
    samples = read_run(folder).samples
    assert [sample.dose_ns for sample in samples] == [None] * 4
    assert [sample.status for sample in samples] == ["ok"] * 4


def folder_name(path: Path) -> str:
    return str(path.parent.relative_to(ROOT / "results" / "reference"))


@pytest.mark.parametrize("path", sorted((ROOT / "results" / "reference").rglob("samples.csv")),
                         ids=folder_name)
def test_kept_runs_are_read(path: Path) -> None:
    run = read_run(path.parent)
    assert run.fact("run", "end") == "complete"
    enough = int(run.fact("run", "invocations")) >= 6
    assert any(summary.interval if enough else summary.values
               for summary in summarise(run).values())
    results.read_threads(path.parent / "threads.csv")
    results.read_rounds(path.parent / "rounds.csv")


def test_reads_histograms(folder: Path) -> None:
    path = folder / "histograms.csv"
    first, second = results.read_histograms(path)
    assert results.cell_of(first) == ("switch", "pipe", "pingpong", "l3", 2, "NA")
    assert (first.what, first.role, first.lo_ns, first.hi_ns, first.count) == (
        "handoff", "NA", 3072, 3136, 700)
    assert second.lo_ns == 3200


@pytest.mark.parametrize("column, value, words", [
    ("what", "latency", "what is 'latency'; valid: handoff, roundtrip, wait, hold"),
    ("hi_ns", "3200", "a bucket from 3200 to 3200; valid: 0 <= lo_ns < hi_ns"),
    ("lo_ns", "-1", "a bucket from -1 to 3264"),
    ("count", "0", "count is 0; valid: 1 or more"),
    ("lo_ns", "3072", "the bucket from 3072 again, as in line 2"),
    ("hi_ns", "inf", "hi_ns is 'inf'"),
])
def test_bad_buckets(folder: Path, column: str, value: str, words: str) -> None:
    set_cell(folder / "histograms.csv", 3, column, value)
    with pytest.raises(ReadError) as caught:
        results.read_histograms(folder / "histograms.csv")
    assert f"histograms.csv:3: {words}" in str(caught.value)


@pytest.mark.parametrize("name", ["samples.csv", "context.csv"])
def test_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{name}: No such file" in refusal(folder)


def test_missing_folder(tmp_path: Path) -> None:
    assert f"{tmp_path / 'none'}: no such folder" in refusal(tmp_path / "none")


def test_empty_file(folder: Path) -> None:
    (folder / "samples.csv").write_bytes(b"")
    assert "samples.csv:1: empty file" in refusal(folder)


def test_header_alone_is_a_run_without_rows(folder: Path) -> None:
    edit(folder / "samples.csv", lambda text: text.split("\n")[0] + "\n")
    assert read_run(folder).samples == []
    assert summarise(read_run(folder)) == {}


def test_truncated_last_line(folder: Path) -> None:
    edit(folder / "samples.csv", lambda text: text[:-9])
    assert "samples.csv:5: truncated" in refusal(folder)


def test_short_line(folder: Path) -> None:
    edit(folder / "samples.csv", lambda text: text.rsplit(",", 1)[0] + "\n")
    assert "samples.csv:5: 29 fields; valid: 30" in refusal(folder)


def test_not_utf8(folder: Path) -> None:
    data = (folder / "samples.csv").read_bytes()
    (folder / "samples.csv").write_bytes(data[:-5] + b"\xff" + data[-4:])
    assert "samples.csv:5: not UTF-8" in refusal(folder)


def test_unclosed_quote(folder: Path) -> None:
    edit(folder / "samples.csv", lambda text: text[:-3] + '"oops\n')
    assert "samples.csv:5: not CSV" in refusal(folder)


def test_renamed_column(folder: Path) -> None:
    edit(folder / "samples.csv", lambda text: text.replace("wall_ns", "wall_us", 1))
    message = refusal(folder)
    assert "samples.csv:1: missing column wall_ns (unknown: wall_us)" in message


def test_missing_column_in_context(folder: Path) -> None:
    edit(folder / "context.csv", lambda text: "\n".join(
        line.rsplit(",", 1)[0] for line in text.splitlines()) + "\n")
    assert ("context.csv:1: missing column state; valid: run_id,scope,key,value,state"
            in refusal(folder))


def test_doubled_column(folder: Path) -> None:
    edit(folder / "context.csv", lambda text: "\n".join(
        line + "," + line.rsplit(",", 1)[1] for line in text.splitlines()) + "\n")
    assert "context.csv:1: column state stands twice" in refusal(folder)


REFUSED: Tuple[Tuple[str, str, str], ...] = (
    ("schema", "2", "samples.csv:3: schema is 2; valid: 1 to 1"),
    ("schema", "0", "samples.csv:3: schema is 0"),
    ("schema", "NA", "samples.csv:3: schema is 'NA'; valid: an integer"),
    ("run_id", "other", "samples.csv:3: run_id is 'other'"),
    ("threads", "two", "samples.csv:3: threads is 'two'; valid: an integer"),
    ("ops", "1.5", "samples.csv:3: ops is '1.5'; valid: an integer, or NA"),
    ("ops", "1_000", "samples.csv:3: ops is '1_000'"),
    ("value", "fast", "samples.csv:3: value is 'fast'; valid: a finite number"),
    ("value", "nan", "samples.csv:3: value is 'nan'"),
    ("value", "inf", "samples.csv:3: value is 'inf'"),
    ("value", "1e999", "samples.csv:3: value is '1e999'"),
    ("value", "3,5", "samples.csv:3: value is '3,5'"),
    ("value", "-1", "samples.csv:3: value is -1.0; valid: a number from 0 up"),
    ("value", "NA", "samples.csv:3: value is NA; valid: a number from 0 up"),
    ("invocation", "NA", "samples.csv:3: invocation is NA"),
    ("place", "", "samples.csv:3: place is ''; valid: text, or NA"),
    ("status", "fine", "samples.csv:3: status is 'fine'; valid: ok, flagged:"),
    ("status", "flagged:", "samples.csv:3: status is 'flagged:'"),
    ("order", "0", "samples.csv:3: invocation 0, order 0 again, as in line 2"),
    ("unit", "us", "samples.csv:3: handoff in us; valid: handoff in ns"),
)


@pytest.mark.parametrize("column, value, message", REFUSED)
def test_refused_cell(folder: Path, column: str, value: str, message: str) -> None:
    set_cell(folder / "samples.csv", 3, column, value)
    assert message in refusal(folder)


def test_refused_context(folder: Path) -> None:
    set_cell(folder / "context.csv", 2, "state", "maybe")
    assert "context.csv:2: state is 'maybe'; valid: ok, absent, denied, masked" in refusal(folder)
    set_cell(folder / "context.csv", 2, "state", "ok")
    set_cell(folder / "context.csv", 3, "key", "cpu_model")
    assert "context.csv:3: machine cpu_model again" in refusal(folder)


def test_another_runs_context(folder: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", [PIPE], invocations=1)
    (folder / "context.csv").write_bytes((other / "context.csv").read_bytes())
    assert "another run's file: other and run" in refusal(folder)


def test_all_numbers_but_keys_may_be_unknown(folder: Path) -> None:
    for column in ("cpu_ns", "slept", "foreign_share", "migrations", "home", "lead_in_ns"):
        set_cell(folder / "samples.csv", 2, column, "NA")
    assert read_run(folder).samples[0].cpu_ns is None
    assert len(only(summarise(read_run(folder))).cpu_values) == 2


def write_values(path: Path, values: Dict[Tuple[int, int], Tuple[float, str]]) -> Path:
    """A run of one cell with these values and statuses by invocation and round."""
    invocations = 1 + max(invocation for invocation, _ in values)
    rounds = 1 + max(round_ for _, round_ in values)
    write_run(path, [PIPE], invocations=invocations, rounds=rounds)
    for at, key in enumerate(sorted(values)):
        set_cell(path / "samples.csv", at + 2, "value", str(values[key][0]))
        set_cell(path / "samples.csv", at + 2, "status", values[key][1])
        set_cell(path / "samples.csv", at + 2, "ops", "10")
        set_cell(path / "samples.csv", at + 2, "cpu_ns", str(int(20 * values[key][0])))
    return path


def test_summary_is_by_invocation_and_leaves_switches_out(tmp_path: Path) -> None:
    summary = only(summarise(read_run(write_values(tmp_path / "run", {
        (0, 0): (10, "ok"), (0, 1): (30, "flagged:LOAD"), (0, 2): (9000, "flagged:SWITCHES"),
        (1, 0): (50, "ok"), (1, 1): (9000, "flagged:SWITCHES+LOAD"), (1, 2): (70, "ok")}))))
    assert summary.values == (20, 60)
    assert summary.cpu_values == (40, 120)
    assert summary.median == 40
    assert (summary.windows, summary.left_out, summary.loaded) == (6, 2, 1)
    assert summary.two_modes and summary.unsettled
    assert summary.interval is None


def test_stolen_windows_stay_and_are_counted(tmp_path: Path) -> None:
    summary = only(summarise(read_run(write_values(tmp_path / "run", {
        (0, 0): (10, "ok"), (0, 1): (30, "flagged:LOAD+STEAL"), (0, 2): (50, "flagged:STEAL")}))))
    assert summary.values == (30,)
    assert (summary.windows, summary.left_out, summary.loaded, summary.stolen) == (3, 0, 1, 2)


def test_p10_is_of_all_kept_windows(tmp_path: Path) -> None:
    values = {(invocation, round_): (float(10 * invocation + round_), "ok")
              for invocation in range(2) for round_ in range(10)}
    values[0, 0] = (0.5, "flagged:SWITCHES")
    # 19 are kept: the second lowest of them.
    assert only(summarise(read_run(write_values(tmp_path / "run", values)))).p10 == 2


def test_p10_of_rates_is_the_quiet_end(tmp_path: Path) -> None:
    folder = write_values(tmp_path / "run", {(0, round_): (float(round_ + 1), "ok")
                                             for round_ in range(20)})
    edit(folder / "samples.csv",
         lambda text: text.replace(",handoff,ns,", ",acquisitions,1/s,"))
    assert only(summarise(read_run(folder))).p10 == 19


@pytest.mark.parametrize("step, width, needed", [(1.0, 0.07, 0), (2.0, 0.14, 12)])
def test_a_wide_interval_is_unsettled_and_says_what_it_takes(
        tmp_path: Path, step: float, width: float, needed: int) -> None:
    values = {(at, 0): (100 + step * (at - 5.5), "ok") for at in range(12)}
    summary = only(summarise(read_run(write_values(tmp_path / "run", values))))
    # 3rd and 10th of 12: seven steps apart. 12 * 1.4^2 = 23.5.
    assert summary.width == pytest.approx(width)
    assert (summary.unsettled, summary.needed) == (needed > 0, needed)
    assert not summary.two_modes


def test_without_an_interval_nothing_is_said_of_its_width(tmp_path: Path) -> None:
    values = {(at, 0): (100.0 * (at + 1), "ok") for at in range(5)}
    summary = only(summarise(read_run(write_values(tmp_path / "run", values))))
    assert (summary.width, summary.unsettled, summary.needed) == (None, False, 0)


def test_names_are_those_of_the_program() -> None:
    assert Cell("switch", "futex", "pingpong", "l3", 2, "NA").name == "switch/futex/pingpong/l3"
    assert Cell("handoff", "channel", "stream", "l3", 2, "capacity=0;payload=8").name == \
        "handoff/channel/stream/l3/capacity=0;payload=8"


def test_a_fifth_left_out_is_settled(tmp_path: Path) -> None:
    values = {(0, round_): (10.0, "ok" if round_ else "flagged:SWITCHES") for round_ in range(5)}
    assert not only(summarise(read_run(write_values(tmp_path / "run", values)))).two_modes


def test_nothing_but_switches_has_no_median(tmp_path: Path) -> None:
    values = {(0, round_): (10.0, "flagged:SWITCHES") for round_ in range(3)}
    summary = only(summarise(read_run(write_values(tmp_path / "run", values))))
    assert summary.median is None
    assert summary.why_no_value == "SWITCHES: all 3 windows outside the band of switches"


def test_skipped_cell_keeps_its_reason(tmp_path: Path) -> None:
    spec = Spec("switch", "yield", "pingpong", "l3", None,
                status=lambda invocation, round_: "skipped:PLACE", reason='one CPU, "its own"')
    folder = write_run(tmp_path / "run", [spec], invocations=1, rounds=1)
    for column in ("invocation", "round", "block", "order", "metric", "unit", "cpus"):
        set_cell(folder / "samples.csv", 2, column, "NA")
    summary = only(summarise(read_run(folder)))
    assert (summary.median, summary.windows) == (None, 0)
    assert summary.why_no_value == 'skipped:PLACE: one CPU, "its own"'


def test_cells_come_in_the_order_of_people(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", two_cpu_guest(), invocations=1, rounds=1)
    cells = list(summarise(read_run(folder)))
    assert [cell.family for cell in cells] == sorted(
        (cell.family for cell in cells), key=("switch", "handoff", "lock", "floor").index)
    assert [cell.place for cell in cells[:2]] == ["same-cpu", "l3"]
    channel = [cell.params for cell in cells if cell[1:4] == ("channel", "stream", "l3")]
    assert channel == [f"capacity={capacity};payload=8" for capacity in (0, 64, 1024)]


def test_places_sort_nearest_first() -> None:
    places = ["machine.xnuma", "package", "l3.xdie", "l3", "unheard-of", "same-cpu", "smt"]
    assert sorted(places, key=results.place_order) == [
        "same-cpu", "smt", "l3", "l3.xdie", "package", "machine.xnuma", "unheard-of"]


def test_reads_five_megabytes_quickly(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", two_cpu_guest(), invocations=12, rounds=56)
    assert (folder / "samples.csv").stat().st_size > 5_000_000
    start = time.process_time()
    summarise(read_run(folder))
    # About 1 s of a core of its own; a core that is shared may take twice as long.
    assert time.process_time() - start < 5
