"""test_pictures.py - what stands where in a picture, nothing clipped, colours told apart"""

import importlib.util
import itertools
import math
import xml.etree.ElementTree
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import pytest

from results import Bucket, Cell, Summary, cell_of, read_histograms, read_run, summarise
from synthetic import (HISTOGRAMS, OUTCOMES, ROUNDS, Spec, two_cpu_guest, scaled, write_csv,
                       write_run)

pytestmark = pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None,
                                reason="matplotlib is missing: run scripts/setup --plots")
PIPE = Spec("switch", "pipe", "pingpong", "l3", 3500.0)


def boxes(canvas: Any) -> List[Tuple[str, Any]]:
    """Every text that is drawn, with its extent in pixels."""
    from matplotlib.text import Text
    canvas.figure.canvas.draw()
    # Ticks outside the limits are kept but not drawn.
    outside = {id(label) for axes in canvas.figure.axes
               for axis, (low, high) in ((axes.xaxis, sorted(axes.get_xlim())),
                                         (axes.yaxis, sorted(axes.get_ylim())))
               for at, label in zip(axis.get_ticklocs(), axis.get_ticklabels())
               if not low <= at <= high}
    return [(text.get_text(), text.get_window_extent()) for text in canvas.figure.findobj(Text)
            if text.get_text().strip() and text.get_visible() and id(text) not in outside]


def all_inside(canvas: Any) -> None:
    page = canvas.figure.bbox
    for name, box in boxes(canvas):
        assert page.x0 - 1 <= box.x0 and box.x1 <= page.x1 + 1, name
        assert page.y0 - 1 <= box.y0 and box.y1 <= page.y1 + 1, name


SAME_BUT_ONE = [["same-cpu"], ["same-cpu", "l3"],
                ["same-cpu", "smt", "l3", "package.xdie", "machine.xnuma@1-0"],
                ["same-cpu"] + [f"l3@{kind}" for kind in range(12)]]


def crowded(folder: Path, places: Sequence[str]) -> Path:
    """A run with everything of two_cpu_guest at each place, asleep and awake."""
    specs = [replace(spec, place=place) for spec in two_cpu_guest() if spec.place == "same-cpu"
             for place in places]
    specs += [replace(spec, params=f"awake={how}" + ("" if spec.params == "NA" else
                                                     f";{spec.params}"))
              for spec in specs if spec.place != "same-cpu" for how in ("1", "latency")]
    specs.append(replace(PIPE, mechanism="broken", status=lambda invocation, round_: "error:ENOSPC",
                         reason="a long reason " * 9))
    return write_run(folder, specs, rounds=1, facts={
        ("machine", "cpu_model"): "Intel(R) Xeon(R) CPU E5-2699A v4 @ 2.40GHz"})


def none_overlap(canvas: Any) -> None:
    found = boxes(canvas)
    for at, (name, box) in enumerate(found):
        for other, other_box in found[at + 1:]:
            assert not box.overlaps(other_box), f"{name!r} overlaps {other!r}"


@pytest.mark.parametrize("places", SAME_BUT_ONE)
def test_handoff_no_text_is_clipped_or_overlaps(tmp_path: Path, places: List[str]) -> None:
    from pictures import PICTURES
    from pictures.canvas import LIGHT
    canvas = PICTURES[0].draw(read_run(crowded(tmp_path / "run", places)), LIGHT)
    assert canvas
    all_inside(canvas)
    none_overlap(canvas)


@pytest.mark.parametrize("places", SAME_BUT_ONE)
@pytest.mark.parametrize("others", [1, 3, 7])
def test_forest_no_text_is_clipped_or_overlaps(tmp_path: Path, places: List[str],
                                               others: int) -> None:
    from compare import hold
    from pictures import draw_forest
    from pictures.canvas import DARK
    runs = [read_run(crowded(tmp_path / f"run{at}", places)) for at in range(others + 1)]
    canvas = draw_forest(hold(runs), DARK)
    assert canvas
    all_inside(canvas)
    none_overlap(canvas)


def test_forest_stands_at_the_ratios_in_the_verdicts_colours(tmp_path: Path) -> None:
    from compare import hold
    from pictures import draw_forest
    from pictures.canvas import LIGHT
    steady = [replace(spec, between=0.003, within=0.003) for spec in
              (PIPE, replace(PIPE, mechanism="futex"), replace(PIPE, mechanism="yield"))]
    other = [scaled([steady[0]], 2.0)[0], scaled([steady[1]], 0.5)[0], steady[2]]
    (pair,) = hold([read_run(write_run(tmp_path / "a", steady, invocations=20)),
                    read_run(write_run(tmp_path / "b", other, seed=2, invocations=20))])
    canvas = draw_forest([pair], LIGHT)
    assert canvas
    dots = {(line.get_xdata()[0], line.get_color()) for line in canvas.figure.axes[0].lines
            if line.get_marker() == "o"}
    colours = {"slower": LIGHT.colours[1], "faster": LIGHT.colours[2], "same": LIGHT.ink}
    assert {row.verdict for row in pair.rows} == set(colours)
    assert dots == {(row.time_ratio, colours[row.verdict]) for row in pair.rows}


def test_nothing_held_is_not_drawn(tmp_path: Path) -> None:
    from compare import hold
    from pictures import draw_forest
    from pictures.canvas import LIGHT
    runs = [read_run(write_run(tmp_path / name, [replace(PIPE, mechanism=name)])) for name in "ab"]
    assert draw_forest(hold(runs), LIGHT) is None


# What each kind of colour vision sees, of linear RGB. Source: G. M. Machado and others, A
# physiologically-based model for simulation of color vision deficiency, IEEE TVCG 15 (2009).
VISIONS = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216),
                   (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
                     (-0.011820, 0.042940, 0.968881)),
}


def seen(colour: str, vision: str) -> Tuple[float, ...]:
    """A colour in CIE L*a*b*, as somebody sees it."""
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
              for value in (int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5))]
    red, green, blue = (min(1.0, max(0.0, sum(weight * part for weight, part in zip(row, linear))))
                        for row in VISIONS[vision])
    xyz = ((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505,
           0.2126 * red + 0.7152 * green + 0.0722 * blue,
           (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089)
    x, y, z = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in xyz)
    return (116 * y - 16, 500 * (x - y), 200 * (y - z))


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("vision", list(VISIONS))
def test_colours_are_told_apart(look: str, vision: str) -> None:
    from pictures.canvas import LOOKS
    colours = LOOKS[look].colours
    for one, other in itertools.combinations(colours, 2):
        assert math.dist(seen(one, vision), seen(other, vision)) > 12, (one, other)
    for colour in colours:  # and from the paper
        assert abs(seen(colour, vision)[0] - seen(LOOKS[look].paper, vision)[0]) > 25, colour


def test_no_two_roles_have_one_colour() -> None:
    from pictures.canvas import LOOKS
    for look in LOOKS.values():
        every = [look.paper, look.ink, look.label, look.soft, look.edge, look.faint, *look.colours]
        assert len(set(every)) == len(every)
        assert all(colour == colour.lower() for colour in every)


def test_svg_is_well_formed_and_holds_its_tips(tmp_path: Path) -> None:
    from pictures import PICTURES
    from pictures.canvas import LIGHT, tips
    odd = [replace(PIPE, mechanism=name) for name in ("a<b>&\"c'", 'd"e', "f'g")]
    run = read_run(write_run(tmp_path / "run", [PIPE, *odd], rounds=1))
    canvas = PICTURES[0].draw(run, LIGHT)
    assert canvas
    svg = canvas.svg()
    titles = [title.text or "" for title in
              xml.etree.ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}title")]
    assert titles == tips(svg) and len(titles) == 8
    assert "tip:" not in svg
    middle = summarise(run)[Cell("switch", "pipe", "pingpong", "l3", 2, "NA")].median or 0
    assert any(title.startswith(f"pipe, l3: {middle / 1000:.3f} µs (") for title in titles)
    for spec in odd:
        assert any(title.startswith(f"{spec.mechanism}, l3: ") for title in titles)


def test_dots_stand_at_the_medians(tmp_path: Path) -> None:
    from pictures import PICTURES
    from pictures.canvas import LIGHT
    specs = [PIPE, replace(PIPE, place="same-cpu", value=100.0)]
    run = read_run(write_run(tmp_path / "run", specs))
    summaries = summarise(run)
    canvas = PICTURES[0].draw(run, LIGHT)
    assert canvas
    dots = [line.get_xdata()[0] for line in canvas.figure.axes[0].lines
            if line.get_marker() in "oD"]
    assert dots == [summary.median for summary in summaries.values()]


def test_dodge_parts_neighbours_only() -> None:
    from pictures import rows
    assert rows.dodge({"same-cpu": 100.0, "smt": 1000.0, "l3": 1100.0}) == {
        "same-cpu": 0, "smt": -rows.DODGE / 2, "l3": rows.DODGE / 2}


def test_cells_kept_awake_are_rows_of_their_own(tmp_path: Path) -> None:
    from pictures import handoff, rows
    specs = [PIPE, replace(PIPE, place="same-cpu", value=900.0), replace(PIPE, params="awake=1"),
             replace(PIPE, params="awake=latency", reason="may not be opened",
                     status=lambda invocation, round_: "skipped:EACCES"),
             replace(PIPE, workload="ring", params="capacity=0", value=5000.0),
             replace(PIPE, workload="ring", params="awake=1;capacity=0", value=3000.0)]
    summaries = summarise(read_run(write_run(tmp_path / "run", specs)))
    layout = rows.lay_out(handoff._handoffs(summaries), handoff._cheapest)
    assert [(line.detail, sorted(line.places)) for line in layout.lines] == [
        ("", ["l3", "same-cpu"]), ("awake=1", ["l3"]), ("awake=latency", ["l3"]),
        ("awake=1", ["l3"]), ("", ["l3"])]
    assert [heading.detail for heading in layout.headings] == ["", "capacity=0"]


def test_zero_is_not_drawn() -> None:
    from pictures import handoff
    cell = Cell("switch", "pipe", "pingpong", "l3", 2, "NA")
    zero = Summary(cell, "handoff", "ns", (0,), (0.0,), (), 0.0, 1, 0, 0, 0, "ok", "NA")
    assert handoff._places({cell: zero}) == []


def test_floors_are_lines_and_not_rows(tmp_path: Path) -> None:
    from pictures import handoff
    floor = Spec("floor", "line-store", "pingpong", "l3", 57.0)
    run = read_run(write_run(tmp_path / "run", [PIPE, floor], rounds=1))
    summaries = summarise(run)
    assert [cell.family for cell in handoff._handoffs(summaries)] == ["switch"]
    ((at, name),) = handoff._floors(summaries)
    assert at == pytest.approx(57, rel=0.1)
    assert name.startswith("line transfer\n")


def bucket(invocation: int, hi_ns: float, count: int, **other: Any) -> Bucket:
    cell: Dict[str, Any] = {"family": "switch", "mechanism": "pipe", "workload": "pingpong",
                            "place": "l3", "cpus": "0-1", "threads": 2, "params": "NA",
                            "what": "handoff", "role": "NA", **other}
    return Bucket(run_id="r", invocation=invocation, lo_ns=hi_ns - 1, hi_ns=hi_ns, count=count,
                  **cell)


def test_latency_a_line_for_each_invocation_and_team() -> None:
    from pictures.latency import panels_of
    rows = [bucket(at, 10, 5) for at in range(3)]
    rows += [bucket(0, 12, 5), bucket(0, 10, 5, cpus="1-0"), bucket(0, 10, 5, params="awake=1"),
             bucket(0, 10, 5, mechanism="futex"), bucket(0, 10, 5, what="hold", role="greedy"),
             bucket(0, 10, 5, params="dose_pct=3"), bucket(0, 10, 5, what="roundtrip")]
    panels = panels_of(rows)
    assert [(panel.title, panel.detail, len(panel.series)) for panel in panels] == [
        ("futex", "pingpong, one way", 1), ("pipe", "pingpong, one way", 5),
        ("pipe", "pingpong, round trip", 1)]
    assert panels[1].series[0].buckets == ((10, 5), (12, 5))


def test_latency_lines_are_the_distribution() -> None:
    from pictures.latency import BEYOND, panels_of, points, tail
    (panel,) = panels_of([bucket(0, 10, 900), bucket(0, 20, 90), bucket(0, 30, 10)])
    (series,) = panel.series
    shares = dict((share, ns) for ns, share in points(series))
    assert (shares[50], shares[90], shares[92], shares[98], shares[99.9]) == (10, 10, 20, 20, 30)
    steps = dict(tail(series))
    assert steps[1] == 10 and steps[10] == 10 and steps[100] == 20
    # The last point has BEYOND stamps above it, no fewer.
    assert 100 < max(steps) <= 1000 / BEYOND < max(steps) * 10 ** (1 / 8)
    assert steps[max(steps)] == 30


def pairs_run(folder: Path, count: int) -> Path:
    """Pairs of CPUs of a machine with two packages, numbered core by core and then the siblings."""
    half = count // 2
    specs = []
    for first, second in itertools.product(range(count), repeat=2):
        place = "same-cpu" if first == second else "smt" if first % half == second % half else \
            "l3" if first % half // 2 == second % half // 2 else \
            "package" if first % half // 4 == second % half // 4 else "machine"
        specs.append(replace(PIPE, place=place, cpus=f"{first}-{second}", between=0.0, within=0.0,
                             value=100.0 * count * first + second + 1))
    return write_run(folder, specs, invocations=1, rounds=1)


def test_matrix_is_sorted_by_topology(tmp_path: Path) -> None:
    from pictures import matrix
    (grid,) = matrix.grids_of(read_run(pairs_run(tmp_path / "run", 16)))
    order, groups = matrix.ordered(grid)
    assert order == [0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15]
    assert [(group.level, group.first, group.last) for group in groups] == [
        *((0, at, at + 1) for at in range(0, 16, 2)), *((1, at, at + 3) for at in range(0, 16, 4)),
        (2, 0, 7), (2, 8, 15)]
    table = matrix.filled(grid, order)
    assert table[0, 1] == pytest.approx(9, rel=1e-3)
    assert table[1, 0] == pytest.approx(12801, rel=1e-3)


def test_matrix_a_pair_measured_one_way_stands_on_both_sides(tmp_path: Path) -> None:
    from pictures import matrix
    specs = [replace(PIPE, cpus=cpus, value=value) for cpus, value in
             (("0-1", 100.0), ("0-2", 300.0), ("1-3", 1000.0))]
    (grid,) = matrix.grids_of(read_run(write_run(tmp_path / "run", specs)))
    table = matrix.filled(grid, [0, 1, 2, 3])
    assert table[0, 1] == table[1, 0] == pytest.approx(100, rel=0.1)
    assert math.isnan(table[2, 3]) and math.isnan(table[0, 0])


def test_matrix_a_run_that_draws_its_pairs_is_none(tmp_path: Path) -> None:
    from pictures import matrix
    run = read_run(write_run(tmp_path / "run", two_cpu_guest()))
    assert matrix.grids_of(run) == []


def test_matrix_levels() -> None:
    from pictures.matrix import level_of
    assert [level_of(place) for place in ("same-cpu", "smt", "l2", "l3@1", "package.xdie",
                                          "machine", "machine.xpkg.xnuma")] == [0, 0, 1, 1, 2, 3, 3]


def with_rounds(folder: Path, invocations: int, rounds: int) -> None:
    """Times for all rounds of a run: 10 s each."""
    write_csv(folder / "rounds.csv", ROUNDS, [
        {"run_id": folder.name, "invocation": invocation, "round": round_, "wall_ns": 10**10,
         "started_utc": f"2026-11-23T05:{invocation:02d}:{10 * round_:02d}.500Z", "steal_ns": 0,
         "chain_ghz": "NA"} for invocation in range(invocations) for round_ in range(rounds)])


def test_order_windows_stand_where_they_were_timed(tmp_path: Path) -> None:
    from pictures import order
    from results import read_rounds
    rate = Spec("lock", "mutex", "greedy-polite", "l3", 1e6, metric="acquisitions", unit="1/s",
                between=0.0, within=0.0)
    slow = replace(PIPE, between=0.0, within=0.0)
    folder = write_run(tmp_path / "run", [slow, rate], invocations=2, rounds=3)
    with_rounds(folder, 2, 3)
    run = read_run(folder)
    strips = order.strips_of(run, read_rounds(folder / "rounds.csv"))
    assert [strip.invocation for strip in strips] == [0, 1]
    first = strips[0]
    assert [(begin, end) for begin, end, _ in first.rounds] == [(0, 10), (10, 20), (20, 30)]
    # A lead-in of 1 ms; then the window before it, 20 ms, and another lead-in.
    assert [window.at_s for window in first.windows[:3]] == pytest.approx([0.001, 0.022, 10.001],
                                                                          abs=1e-4)
    assert all(window.away == pytest.approx(0, abs=0.01) for window in first.windows)
    assert first.rounds[0][2].startswith("invocation 0, round 0: 2 windows, in the middle +0.0 %")


def test_order_up_is_slower_and_flags_are_told() -> None:
    from pictures import order
    rate = read_only_sample(unit="1/s", metric="acquisitions", value=50.0, status="ok")
    time = read_only_sample(value=200.0, status="flagged:LOAD+STEAL")
    placed = order._placed(0.0, [rate, time], {cell_of(rate): (100.0, True)})
    assert placed[0].away == 1.0
    placed = order._placed(0.0, [time], {cell_of(time): (100.0, False)})
    assert (placed[0].away, placed[0].flag, order._first(placed[0].flag)) == (
        1.0, "LOAD+STEAL", "STEAL")
    assert order.clamped(3.0) == order.SPAN and order.clamped(-3.0) == -order.SPAN


def read_only_sample(**changes: Any) -> Any:
    from test_fairness import STAMPED, sample
    return replace(sample(0, 0, STAMPED), **changes)


def test_order_the_line_is_a_running_median() -> None:
    from pictures.order import CROWD, MIDDLE, Window, running
    windows = [Window(float(at), float(at >= 100), "") for at in range(CROWD + 50)]
    windows[50] = Window(50.0, 9.0, "")  # one window is no state
    xs, ys = running(windows)
    assert len(xs) == len(windows) - MIDDLE + 1 and xs[0] == MIDDLE // 2
    assert dict(zip(xs, ys))[99.0] == 0.0 and dict(zip(xs, ys))[100.0] == 1.0
    assert set(ys) == {0.0, 1.0}
    assert running(windows[:CROWD]) == ([], [])


def test_crossover_works_stand_on_a_log_axis_and_none_left_of_it() -> None:
    from pictures.crossover import NONE_LEFT, position
    works = (0, 100, 1000)
    assert position(1000, works) - position(100, works) == pytest.approx(1)
    assert position(100, works) - position(0, works) == NONE_LEFT
    assert position(0, works) < position(50, works) < position(100, works)


def guard(mechanism: str, updaters: int, work_ns: int, value: float, place: str = "l3") -> Spec:
    family, params = ("lock", "") if mechanism == "mutex" else (
        "handoff", "answer=await;capacity=0;policy=adaptive;")
    return Spec(family, mechanism, "guard", place, value, threads=updaters, metric="handoff",
                params=f"{params}updaters={updaters};work_ns={work_ns}")


def test_crossover_lines_are_the_ratios(tmp_path: Path) -> None:
    from pictures import PICTURES, crossover
    from pictures.canvas import LIGHT
    specs = [guard(mechanism, updaters, work, value * (work + 100) / 100, place)
             for updaters in (2, 4) for work in (0, 1000, 10_000) for place in ("same-cpu", "l3")
             for mechanism, value in (("mutex", 20.0), ("channel", 20.0 * (5e4 / (work + 1e4))))]
    run = read_run(write_run(tmp_path / "run", specs))
    canvas = next(picture for picture in PICTURES if picture.name == "crossover").draw(run, LIGHT)
    assert canvas and len(canvas.figure.axes) == 2
    from decision import answers
    rows = [row for answer in answers(run) if answer.question == crossover.GUARD
            for row in answer.rows if row.place == "l3" and not row.pair.aside]
    drawn = {line.get_ydata()[0] for line in canvas.figure.axes[1].lines
             if line.get_marker() in "oD"}
    assert drawn == {row.ratio for row in rows} and len(drawn) == 6
    all_inside(canvas)


@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_picture_keeps_its_texts_inside(tmp_path: Path, look: str) -> None:
    """Of a run that has everything but a trace (test_lock_pictures.py has that)."""
    from pictures import PICTURES
    from pictures.canvas import LOOKS
    specs = two_cpu_guest() + [guard("mutex", 8, work, 100.0) for work in (0, 1000, 100_000)] + \
        [guard("channel", 8, work, 30_000.0) for work in (0, 1000, 100_000)] + \
        [replace(PIPE, mechanism="futex", cpus=cpus) for cpus in ("10-11", "11-10", "100-101")]
    folder = write_run(tmp_path / "run", specs, invocations=13, rounds=2)
    with_rounds(folder, 13, 2)
    write_csv(folder / "histograms.csv", HISTOGRAMS, [
        {**row, "run_id": folder.name} for row in
        [vars(bucket(at, high, count, mechanism=name, params=params)) for at in range(3)
         for name in ("futex", "pipe", "a-mechanism-of-a-long-name")
         for params in ("NA", "awake=1", "capacity=1024;payload=8;policy=adaptive")
         for high, count in ((50.0, 90_000), (3e5, 4000), (7e8, 30))]])
    run = read_run(folder)
    assert read_histograms(folder / "histograms.csv")
    drawn = {picture.name: canvas for picture in PICTURES
             for canvas in [picture.draw(run, LOOKS[look])] if canvas}
    assert list(drawn) == ["handoff", "latency", "crossover", "matrix", "order"]
    for canvas in drawn.values():
        all_inside(canvas)


def hazard_run(folder: Path) -> Path:
    """Two hazards in two invocations: (place, outcomes of the first window, of the second)."""
    told: List[Tuple[str, List[Dict[str, int]]]] = [
        ("l3", [{"deadlock": 985, "none": 15}, {"deadlock": 990, "none": 10, "given up": 0}]),
        ("same-cpu", [{"none": 1000, "deadlock": 0}, {"none": 1000}])]
    specs = [Spec("hazard", "deadlock", "attempt", place, 0.5, metric="probability", unit="1",
                  params="gap_ns=100") for place, _ in told]
    write_run(folder, specs, invocations=2, rounds=1)
    run = read_run(folder)
    rows: List[Dict[str, object]] = []
    for sample in run.samples:
        windows = dict(told)[sample.place]
        for name, count in windows[sample.invocation or 0].items():
            rows.append({"run_id": folder.name, "invocation": sample.invocation,
                         "order": sample.order, "outcome": name, "count": count})
    write_csv(folder / "outcomes.csv", OUTCOMES, rows)
    return folder


def test_outcomes_are_shares_of_all_trials(tmp_path: Path) -> None:
    from pictures import outcomes
    from results import read_outcomes
    folder = hazard_run(tmp_path / "run")
    found = outcomes.shares_of(read_run(folder), read_outcomes(folder / "outcomes.csv"))
    assert [(cell.place, [(share.outcome, share.count, share.trials) for share in shares])
            for cell, shares in found.items()] == [
        ("same-cpu", [("none", 2000, 2000), ("deadlock", 0, 2000)]),
        ("l3", [("deadlock", 1975, 2000), ("none", 25, 2000), ("given up", 0, 2000)])]
    assert [outcomes.share_text(share) for share in (0.9875, 1e-3, 2.5e-5, 0.0)] == [
        "98.8 %", "0.100 %", "25.0 per million", "never"]


@pytest.mark.parametrize("look", ["light", "dark"])
def test_outcomes_bars_reach_the_shares(tmp_path: Path, look: str) -> None:
    from pictures import PICTURES
    from pictures.canvas import LOOKS, tips
    picture = next(picture for picture in PICTURES if picture.name == "outcomes")
    canvas = picture.draw(read_run(hazard_run(tmp_path / "run")), LOOKS[look])
    assert canvas
    all_inside(canvas)
    none_overlap(canvas)
    (axes,) = canvas.figure.axes
    ends = [round(bar.get_x() + bar.get_width(), 9) for bar in axes.patches]
    assert ends == [1.0, pytest.approx(axes.get_xlim()[0]), 0.9875, 0.0125,
                    pytest.approx(axes.get_xlim()[0])]
    told = [text for text in tips(canvas.svg()) if "given up" in text]
    assert told == ["hazard/deadlock/attempt/l3/gap_ns=100: given up in 0 of 2000 trials, never; "
                    "at most 0.184 %"]


def test_bad_outcomes_are_refused_with_one_line(tmp_path: Path) -> None:
    from results import ReadError, read_outcomes
    path = tmp_path / "outcomes.csv"
    for rows, words in ((["r,0,1,x,-1"], "count is -1; valid: 0 or more"),
                        (["r,0,1,x,1", "r,0,1,x,2"], "x of that window again, as in line 2")):
        path.write_text("\n".join([",".join(OUTCOMES), *rows, ""]), encoding="utf-8")
        with pytest.raises(ReadError) as refused:
            read_outcomes(path)
        assert f"outcomes.csv:{1 + len(rows)}: {words}" in str(refused.value)


def test_order_flagged_windows_are_seen_in_the_png_too(tmp_path: Path) -> None:
    """Dots are strokes without a length: snapped to whole pixels, they would be gone."""
    import io
    from matplotlib.colors import to_rgb
    from matplotlib.image import imread
    from pictures import PICTURES
    from pictures.canvas import LIGHT
    flagged = replace(PIPE, status=lambda invocation, round_: "flagged:LOAD" if round_ == 1 else
                      "ok", within=0.2)
    folder = write_run(tmp_path / "run", [flagged, replace(flagged, mechanism="futex")],
                       invocations=4, rounds=3)
    with_rounds(folder, 4, 3)
    canvas = next(picture for picture in PICTURES if picture.name == "order").draw(
        read_run(folder), LIGHT)
    assert canvas
    image = imread(io.BytesIO(canvas.png()))
    strips = image[int(1.3 * 200):, int(1.2 * 200):, :3]
    seen_there = (abs(strips - to_rgb(LIGHT.colours[4])) < 0.02).all(axis=2).sum()
    # Eight dots of 4 points across, at 200 dots an inch.
    assert 8 * 40 < seen_there < 8 * 140


ODD = ["$\\frac", "x" * 300, "\u200d\U0001f600", "a_b^c"]


@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_odd_names_are_drawn(tmp_path: Path, name: str, recwarn: pytest.WarningsRecorder) -> None:
    from compare import hold
    from pictures import PICTURES, draw_forest
    from pictures.canvas import LIGHT
    specs = [replace(PIPE, mechanism=name), replace(PIPE, mechanism=name, place="same-cpu")]
    runs = [read_run(write_run(tmp_path / at, specs, facts={
        ("machine", "cpu_model"): name, ("machine", "kernel"): name})) for at in "ab"]
    for canvas in [*(picture.draw(runs[0], LIGHT) for picture in PICTURES),
                   draw_forest(hold(runs), LIGHT)]:
        if canvas:
            all_inside(canvas)
            canvas.png()
            canvas.svg()
    assert not [str(warning.message) for warning in recwarn]


def test_without_cpu_time_the_panel_is_empty(tmp_path: Path) -> None:
    from pictures import PICTURES
    from pictures.canvas import LIGHT
    folder = write_run(tmp_path / "run", [PIPE])
    text = (folder / "samples.csv").read_text(encoding="utf-8").splitlines()
    at = text[0].split(",").index("cpu_ns")
    rows = [[*row[:at], "NA", *row[at + 1:]] for row in (line.split(",") for line in text[1:])]
    (folder / "samples.csv").write_text("\n".join([text[0], *map(",".join, rows), ""]),
                                        encoding="utf-8")
    canvas = PICTURES[0].draw(read_run(folder), LIGHT)
    assert canvas
    canvas.png()
