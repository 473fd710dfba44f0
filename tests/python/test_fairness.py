"""test_fairness.py - every derived figure about a lock, recomputed from raw counts made by hand"""

import math
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import pytest

import contest
import fairness
import results
from contest import Contest, Spread, Window
from results import Cell, Sample, Share, Thread
from synthetic import CONTEXT, EVENTS, HISTOGRAMS, SAMPLES, SHARES, THREADS, write_csv

ROOT = Path(__file__).resolve().parents[2]
GREEDY = Cell("lock", "mutex", "greedy-polite", "l3", 2, "hold_ns=3000")
STAMPED = GREEDY._replace(params="hold_ns=3000;stamps=1")
WALL_NS = 40_000_000
# loops, acquisitions, held_ns of each thread
Counts = Sequence[Tuple[int, int, int]]


def run_script(*arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, str(ROOT / "scripts" / "fairness.py"),
                           *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          check=False)


def sample(invocation: int, order: int, cell: Cell = GREEDY, **other: Any) -> Sample:
    fields: Dict[str, Any] = dict(
        schema=1, run_id="r", invocation=invocation, round=0, block=0, order=order,
        **cell._asdict(), cpus="0-1", home=0, metric="acquisitions", unit="1/s", value=1e6,
        ops=40_000, wall_ns=WALL_NS, lead_in_ns=1, cpu_ns=1, voluntary=0, involuntary=0, slept=0.0,
        runqueue_wait_ns=0, foreign_share=0.0, migrations=0, dose_ns=None, status="ok", reason="NA")
    return Sample(**{**fields, **other})


def thread(invocation: int, order: int, at: int, counts: Tuple[int, int, int],
           **other: Any) -> Thread:
    loops, acquisitions, held_ns = counts
    fields: Dict[str, Any] = dict(
        run_id="r", invocation=invocation, order=order, thread=at,
        role="polite" if at else "greedy", cpu=at, loops=loops, acquisitions=acquisitions,
        held_ns=held_ns, waited_ns=None, longest_wait_ns=None, longest_streak=7, thought_ns=None,
        takeovers=20)
    return Thread(**{**fields, **other})


def window(invocation: int, order: int, counts: Counts, cell: Cell = GREEDY) -> Window:
    return Window(sample(invocation, order, cell),
                  tuple(thread(invocation, order, at, each) for at, each in enumerate(counts)))


def contest_of(windows: Sequence[Tuple[int, Counts]], cell: Cell = GREEDY) -> Contest:
    """By (invocation, counts)."""
    return Contest(cell, tuple(window(invocation, order, counts, cell)
                               for order, (invocation, counts) in enumerate(windows)))


def split(greedy: int, polite: int) -> Counts:
    """So many acquisitions each."""
    return [(greedy, greedy, greedy * 3000), (polite // 3, polite, polite * 1000)]


@pytest.mark.parametrize("values, index", [
    ((2, 1), 0.90), ((1, 1), 1.0), ((5, 0), 0.5), ((1, 0, 0, 0), 0.25), ((0, 0), None)])
def test_jain(values: Sequence[float], index: Optional[float]) -> None:
    assert contest.jain(values) == (index if index is None else pytest.approx(index))


def test_a_ratio_of_loops_of_three_is_as_many_acquisitions() -> None:
    """A strictly alternating lock: 3 loops of one acquisition against one loop of three."""
    alternating = contest_of([(i, [(300, 300, 900_000), (100, 300, 300_000)]) for i in range(6)])
    loops, acquisitions = alternating.spread("loops"), alternating.spread("acquisitions")
    assert loops and acquisitions
    assert contest.as_ratio(loops.median) == pytest.approx(3)
    assert contest.as_ratio(acquisitions.median) == pytest.approx(1)
    assert alternating.held_share == pytest.approx(0.75)
    assert alternating.jain("acquisitions") == pytest.approx(1)
    assert alternating.jain("loops") == pytest.approx(0.8)


def test_the_two_numbers_of_the_notes() -> None:
    """471,287 greedy loops against 289,777 polite ones: by acquisitions polite had 1.84 times."""
    notes = contest_of([(0, [(471_287, 471_287, 1), (289_777, 3 * 289_777, 1)])])
    loops, acquisitions = notes.spread("loops"), notes.spread("acquisitions")
    assert loops and acquisitions
    assert contest.as_ratio(loops.median) == pytest.approx(1.6264, abs=1e-4)
    assert 1 / contest.as_ratio(acquisitions.median) == pytest.approx(1.8446, abs=1e-4)


def test_one_side_with_nothing() -> None:
    starved = contest_of([(i, split(90, 0)) for i in range(6)])
    spread = starved.spread("acquisitions")
    assert spread and spread.median == 1 and contest.as_ratio(1) == math.inf
    assert starved.jain("acquisitions") == pytest.approx(0.5)
    assert starved.held_share == 1 and starved.one_sided == (6, 0) and not starved.bimodal
    assert fairness.ratio_of(spread, False) == "all [all, all]"
    nobody = contest_of([(0, split(0, 0))])
    assert nobody.spread("acquisitions") is None and nobody.held_share is None


def test_windows_are_pooled_by_invocation_before_they_are_ranked() -> None:
    uneven = contest_of([(0, split(10, 10)), (0, split(290, 90)), (1, split(100, 300))])
    spread = uneven.spread("acquisitions")
    assert spread and spread.values == pytest.approx((0.75, 0.25))
    assert uneven.held_share == pytest.approx((0.9 + 0.5) / 2)
    assert contest.overall_share(uneven) == pytest.approx(1200 / 1600)


def test_a_crowd_is_held_against_its_mean_polite_worker() -> None:
    crowd = contest_of([(0, [(40, 40, 40), (10, 30, 30), (5, 10, 10), (0, 0, 0)])])
    spread = crowd.spread("acquisitions")
    assert spread and contest.as_ratio(spread.median) == pytest.approx(40 / (40 / 3))
    assert crowd.held_share == pytest.approx(0.5)
    assert crowd.roles == ("greedy", "polite") and not crowd.equals


def test_changes_of_owner_a_second() -> None:
    assert window(0, 0, split(5, 5)).changes_per_s == pytest.approx(40 / 0.04)
    older = Window(sample(0, 0), (thread(0, 0, 0, (1, 1, 1), takeovers=None),
                                  thread(0, 0, 1, (1, 1, 1))))
    assert older.changes_per_s is None


def test_longest_and_mean_by_role() -> None:
    two = Contest(GREEDY, (
        Window(sample(0, 0), (thread(0, 0, 0, (1, 10, 30_000), longest_wait_ns=5),
                              thread(0, 0, 1, (1, 40, 40_000), longest_wait_ns=90))),
        Window(sample(0, 1), (thread(0, 1, 0, (1, 10, 50_000), longest_wait_ns=8),
                              thread(0, 1, 1, (0, 0, 0), longest_wait_ns=20)))))
    assert two.longest("longest_wait_ns", "greedy") == 8
    assert two.longest("longest_wait_ns", "polite") == 90
    assert two.longest("waited_ns", "polite") is None
    assert two.mean("held_ns", "greedy") == pytest.approx(4000)
    assert two.mean("held_ns", "polite") == pytest.approx(1000)
    assert two.mean("thought_ns", "greedy") is None


@pytest.mark.parametrize("values, grouped", [
    ((0.02, 0.03, 0.05, 0.95, 0.97, 0.98), ((0.02, 0.03, 0.05), (0.95, 0.97, 0.98))),
    ((0.5, 0.5, 0.5, 0.5, 0.5, 0.99), None),   # one alone is no group
    ((0.1, 0.2, 0.3, 0.4, 0.5, 0.6), None),    # wide, but without a gap
    ((0.4, 0.41, 0.6, 0.61), None),            # a gap, but a small one
    ((0.0, 0.3, 0.6, 0.95, 0.96, 0.97), None),  # a group that is wider than the gap
    ((0.5,), None)])
def test_groups_of_invocations(values: Tuple[float, ...],
                               grouped: Optional[Tuple[Tuple[float, ...], ...]]) -> None:
    assert Spread(values).groups == grouped
    assert Spread(values[::-1]).groups == grouped


def test_bimodal_by_windows_though_the_invocations_agree() -> None:
    either = [split(100, 0), split(0, 100), *8 * [split(50, 50)]]
    assert contest_of([(i, counts) for i in range(6) for counts in either]).bimodal
    once = [split(100, 0), *9 * [split(50, 50)]]
    assert not contest_of([(i, counts) for i in range(6) for counts in once]).bimodal


def test_bimodal_shows_the_distribution_and_no_middle() -> None:
    shares = [2, 3, 4, 96, 97, 98]
    two = contest_of([(i, split(share, 100 - share)) for i, share in enumerate(shares)])
    assert two.bimodal and two.one_sided == (3, 3)
    assert fairness.remark(two) == (
        "bimodal, greedy has 2 – 4 % of the acquisitions in 3 invocations and 96 – 98 % of the "
        "acquisitions in 3 invocations; one-sided in 3 windows for greedy, in 3 for polite, of 6")
    assert fairness.who_row(two)[1:4] == ["bimodal"] * 3


def test_jain_is_of_windows_and_not_of_their_sum() -> None:
    """One side has it all, by turns: together they have as much as each other."""
    turns = contest_of([(i, split(*sides)) for i in range(6) for sides in ((90, 0), (0, 90))])
    assert turns.jain("acquisitions") == pytest.approx(0.5)
    assert turns.extremes == (0, 1) and turns.bimodal


@pytest.mark.parametrize("greedy, one_sided",
                         [(95, (0, 0)), (96, (1, 0)), (5, (0, 0)), (4, (0, 1))])
def test_the_edge_of_one_sidedness(greedy: int, one_sided: Tuple[int, int]) -> None:
    found = contest_of([(0, split(greedy, 100 - greedy)), (0, split(50, 50))])
    assert found.one_sided == one_sided
    assert ("one-sided" in fairness.remark(found)) == any(one_sided)


@pytest.mark.parametrize("greedy, bimodal", [(90, False), (91, True)])
def test_the_edge_of_a_mode(greedy: int, bimodal: bool) -> None:
    found = contest_of([(0, split(greedy, 100 - greedy)), (0, split(100 - greedy, greedy))])
    assert found.bimodal == bimodal


def test_a_run_too_short_for_intervals_says_so() -> None:
    assert "no interval from 5 invocations" in fairness.remark(
        contest_of([(i, split(50, 50)) for i in range(5)]))
    assert not fairness.remark(contest_of([(i, split(50, 50)) for i in range(6)]))


def test_equals() -> None:
    cell = GREEDY._replace(workload="contended", params="contenders=3;hold_ns=5;think_ns=7")
    windows = [Window(sample(i, 0, cell, value=7e5),
                      tuple(thread(i, 0, at, (9, count, 900), role="contender",
                                   thought_ns=7 * count, longest_wait_ns=1000 * at)
                            for at, count in enumerate((100, 200, 300)))) for i in range(6)]
    equals = Contest(cell, tuple(windows))
    assert equals.equals and equals.roles == ("contender",)
    assert equals.extremes == pytest.approx((1 / 6, 1 / 2))
    assert fairness.equals_row(equals) == [
        "mutex", "700 k/s", "17 – 50 %", f"{36 / 42:.2f}", "1.50 k/s", "7", "2.00 µs", "7.00 ns"]


@pytest.mark.parametrize("share, text", [(0.0, "one-sided"), (0.04, "one-sided"), (0.05, "10 µs"),
                                         (0.95, "10 µs"), (0.97, "one-sided")])
def test_a_lock_that_starves_one_side_has_no_horizon(share: float, text: str) -> None:
    found = contest.horizon(shares(10_000, {round(100 * share): 20}), share)
    assert fairness.horizon_text(found) == text


def test_a_horizon_row() -> None:
    found = contest.horizon(
        shares(10_000, {0: 30, 30: 940, 100: 30}) + shares(100_000, {50: 20, None: 30}) +
        shares(1_000_000, {28: 30, 32: 30}), 0.3)
    entry = fairness.Entry(contest_of([(0, split(1, 1))]), None, {}, found)
    assert fairness.horizon_row(entry, [10_000, 100_000, 1_000_000, 10_000_000]) == [
        "mutex", "30 %", "0 – 100 %", "idle", "28 – 32 %", "–", "1.0 ms"]


def test_an_interval_of_more_than_ten_points_is_unsettled() -> None:
    wide = Spread((0.40, 0.42, 0.45, 0.50, 0.55, 0.60))
    assert wide.interval == (0.40, 0.60)
    assert wide.needed == 6 * 4 - 6
    assert Spread((0.45, 0.46, 0.47, 0.48, 0.49, 0.54)).needed == 0
    assert Spread((0.1, 0.9)).needed == 0  # no interval to be had
    open_ended = contest_of([(i, split(share, 100 - share))
                             for i, share in enumerate((40, 42, 45, 50, 55, 60))])
    assert fairness.remark(open_ended) == "UNSETTLED +18"


def shares(scale_ns: int, counts: Dict[Optional[int], int], invocation: int = 0) -> List[Share]:
    return [Share("r", invocation, **STAMPED._asdict(), cpus="0-1", role="greedy",
                  scale_ns=scale_ns, share_pct=percent, count=count)
            for percent, count in counts.items()]


def test_the_horizon_of_a_fair_lock_is_the_shortest_stretch() -> None:
    found = contest.horizon(shares(10_000, {49: 50, 51: 45, 60: 5}) +
                            shares(100_000, {50: 50}), 0.5)
    assert found.from_ns == 10_000 and found.beyond_ns is None
    assert found.scales[0].near == pytest.approx(0.95)
    assert fairness.horizon_text(found) == "10 µs"


def test_the_horizon_of_a_barging_lock_is_where_its_streaks_even_out() -> None:
    found = contest.horizon(
        shares(10_000, {0: 500, 100: 500}) + shares(100_000, {20: 50, 80: 50}) +
        shares(1_000_000, {46: 40, 54: 40}) + shares(10_000_000, {50: 19}), 0.5)
    assert found.from_ns == 1_000_000 and found.beyond_ns == 100_000
    assert (found.scales[0].low, found.scales[0].high) == (0, 1)
    assert (found.scales[2].low, found.scales[2].high) == (0.46, 0.54)


def test_a_fair_scale_below_an_unfair_one_is_no_horizon() -> None:
    """Slices: within one nobody has the lock but its owner, of two 4 ms ones each has half."""
    found = contest.horizon(shares(10_000, {50: 100}) + shares(100_000, {0: 50, 100: 50}), 0.5)
    assert found.from_ns is None and found.beyond_ns == 100_000
    assert fairness.horizon_text(found) == "> 100 µs"


def test_too_few_stretches_or_idle_ones_tell_nothing() -> None:
    few = contest.horizon(shares(10_000, {50: 19}), 0.5)
    assert few.from_ns is None and few.beyond_ns is None and fairness.horizon_text(few) == "–"
    idle = contest.horizon(shares(10_000, {50: 20, None: 21}), 0.5)
    assert not idle.scales[0].told and (idle.scales[0].stretches, idle.scales[0].idle) == (20, 21)
    assert contest.horizon(shares(10_000, {50: 20, None: 20}), 0.5).from_ns == 10_000
    empty = contest.horizon(shares(10_000, {None: 20}), 0.5).scales[0]
    assert (empty.stretches, empty.told) == (0, False)


def test_invocations_are_taken_together_in_a_horizon() -> None:
    found = contest.horizon(shares(10_000, {50: 10}, 0) + shares(10_000, {50: 10, 40: 1}, 1), 0.5)
    assert found.scales[0].stretches == 21 and found.from_ns == 10_000


@pytest.mark.parametrize("within, fair", [(0.45, True), (0.55, True), (0.44, False), (0.56, False)])
def test_the_edge_of_five_points(within: float, fair: bool) -> None:
    found = contest.horizon(shares(10_000, {round(100 * within): 20}), 0.5)
    assert (found.from_ns is not None) == fair


def test_windows_without_a_value_or_a_team_are_no_contest() -> None:
    samples = [sample(0, 0), sample(0, 1, status="flagged:SWITCHES"),
               sample(0, 2, status="error:EXCLUSION", value=None),
               sample(0, 3, GREEDY._replace(workload="guard")),
               sample(0, 4, GREEDY._replace(workload="uncontended")),
               sample(0, 5, GREEDY._replace(family="handoff"))]
    threads = [thread(0, order, at, (1, 3, 9)) for order in range(6) for at in (1, 0)]
    (found,) = contest.contests(samples, threads + [thread(1, 0, 0, (1, 1, 1))])
    assert [row.sample.order for row in found.windows] == [0]
    assert [row.thread for row in found.windows[0].threads] == [0, 1]
    assert not contest.contests(samples, [thread(0, 0, 0, (1, 3, 9))])


def test_the_counted_twin() -> None:
    assert contest.counted_twin(STAMPED) == GREEDY
    assert contest.counted_twin(GREEDY) == GREEDY
    assert contest.counted_twin(GREEDY._replace(params="stamps=1")).params == "NA"


def write_contest(folder: Path) -> Path:
    """Six invocations of a mutex, counted and stamped, and of a slept one that is always stamped.
    """
    folder.mkdir(parents=True)
    slept = GREEDY._replace(params="hold_ns=3;wait=sleep")
    samples, threads, buckets, spread = [], [], [], []
    for invocation in range(6):
        for order, cell in enumerate((GREEDY, STAMPED, slept)):
            row = vars(sample(invocation, order, cell))
            samples.append({key: "NA" if row[key] is None else row[key] for key in SAMPLES})
            for at, counts in enumerate([(300, 300, 900_000), (100, 300, 300_000)]):
                own = vars(thread(invocation, order, at, counts,
                                  longest_wait_ns=None if cell == GREEDY else 1000 + at))
                threads.append({key: "NA" if own[key] is None else own[key] for key in THREADS})
            if cell == GREEDY:
                continue
            named = {"run_id": "r", "invocation": invocation, **cell._asdict(), "cpus": "0-1"}
            for role in ("greedy", "polite"):
                buckets += [{**named, "what": what, "role": role, "lo_ns": 64, "hi_ns": 66,
                             "count": 300} for what in ("wait", "hold")]
            spread += [{**named, "role": "greedy", "scale_ns": scale, "share_pct": 75, "count": 10}
                       for scale in (10_000, 100_000)]
    write_csv(folder / "samples.csv", SAMPLES, samples)
    write_csv(folder / "threads.csv", THREADS, threads)
    write_csv(folder / "histograms.csv", HISTOGRAMS, buckets)
    write_csv(folder / "shares.csv", SHARES, spread)
    write_csv(folder / "context.csv", CONTEXT,
              [{"run_id": "r", "scope": "machine", "key": "cpu_model", "value": "Z80",
                "state": "ok"}])
    return folder


def test_a_stamped_cell_adds_its_waits_to_its_counted_twin(tmp_path: Path) -> None:
    recorded = results.read_run(write_contest(tmp_path / "run"))
    slept, counted = fairness.entries(recorded)
    assert (counted.cell, counted.stamped and counted.stamped.cell) == (GREEDY, STAMPED)
    assert slept.cell.params == "hold_ns=3;wait=sleep" and slept.stamped is None
    for entry in (counted, slept):
        assert entry.times["wait", "polite"].p50 == 66
        assert entry.horizon and entry.horizon.from_ns == 10_000
        assert entry.horizon.share == pytest.approx(0.75)
    row = fairness.who_row(counted.contest)
    assert row == ["mutex", "3.00 [3.00, 3.00]", "1.00 [1.00, 1.00]", "75 %", "1.00", "1.00 k/s",
                   "7 / 7"]
    assert fairness.times_row(counted, "polite") == [
        "mutex polite", "66.0 ns", "66.0 ns", "1.00 µs", "1.00 µs", "1.00 µs", "66.0 ns"]
    assert fairness.nominal_ns(slept.cell, "polite") == 1
    assert fairness.nominal_ns(GREEDY._replace(params="hold_ns=3000;turns=1"), "polite") == 3000


def test_text_and_markdown_hold_the_same_rows(tmp_path: Path) -> None:
    folder = write_contest(tmp_path / "run")
    text, marked = (run_script(folder, f"--format={form}")
                    for form in ("text", "markdown"))
    assert text.returncode == marked.returncode == 0, text.stderr + marked.stderr
    assert "Z80" in text.stdout and "Z80" in marked.stdout
    for cell in ("3.00 [3.00, 3.00]", "1.00 [1.00, 1.00]", "mutex polite", "75 %"):
        assert cell in text.stdout and f"| {cell} |" in marked.stdout
    assert all(len(line) <= 110 for line in text.stdout.splitlines())
    assert "median of 6 invocations" in " ".join(text.stdout.split())


def test_older_runs_have_no_shares_and_no_takeovers(tmp_path: Path) -> None:
    folder = write_contest(tmp_path / "run")
    (folder / "shares.csv").unlink()
    (folder / "histograms.csv").unlink()
    lines = (folder / "threads.csv").read_text(encoding="utf-8").splitlines()
    (folder / "threads.csv").write_text(
        "".join(line.rsplit(",", 2)[0] + "\n" for line in lines), encoding="utf-8")
    for entry in fairness.entries(results.read_run(folder)):
        assert entry.horizon is None and not entry.times
        assert fairness.who_row(entry.contest)[5] == "–"


@pytest.mark.parametrize("name, row, words", [
    ("shares.csv", "r,0,lock,mutex,contended,l3,0-1,2,NA,contender,10000,101,1",
     ["share_pct is 101"]),
    ("shares.csv", "r,0,lock,mutex,contended,l3,0-1,2,NA,contender,10000,50,0", ["1 or more"]),
    ("shares.csv", "r,0,lock,mutex,contended,l3,0-1,2,NA,contender,x,50,1", ["scale_ns is 'x'"]),
    ("events.csv", "r,0,1,0,greedy,10,9,12", ["acquired at 9", "earlier"]),
    ("events.csv", "r,0,1,0,greedy,NA,9,12", ["wanted_ns is 'NA'"]),
])
def test_bad_rows_are_refused_with_one_line(tmp_path: Path, name: str, row: str,
                                            words: Sequence[str]) -> None:
    header = {"shares.csv": ",".join(SHARES), "events.csv": ",".join(EVENTS)}
    path = tmp_path / name
    path.write_text(f"{header[name]}\n{row}\n", encoding="utf-8")
    read = results.read_shares if name == "shares.csv" else results.read_events
    with pytest.raises(results.ReadError) as refused:
        read(path)
    assert f"{name}:2:" in str(refused.value)
    assert all(word in str(refused.value) for word in words)


def test_a_share_twice_is_refused_and_good_rows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "shares.csv"
    good = "r,0,lock,mutex,contended,l3,0-1,2,NA,contender,10000,NA,3\n"
    path.write_text(",".join(SHARES) + "\n" + good, encoding="utf-8")
    (read,) = results.read_shares(path)
    assert (read.share_pct, read.count, results.cell_of(read).workload) == (None, 3, "contended")
    path.write_text(",".join(SHARES) + "\n" + good + good, encoding="utf-8")
    with pytest.raises(results.ReadError, match="line 2"):
        results.read_shares(path)


def test_exit_codes(tmp_path: Path) -> None:
    assert run_script(tmp_path / "none").returncode == 2
    assert run_script("--format=html", tmp_path).returncode == 2
    folder = write_contest(tmp_path / "run")
    lines = (folder / "samples.csv").read_text(encoding="utf-8").splitlines()
    (folder / "samples.csv").write_text(lines[0] + "\n", encoding="utf-8")
    refused = run_script(folder)
    assert refused.returncode == 4 and "no contest" in refused.stderr
