"""test_lock_pictures.py - ownerships into streaks and spans; pictures: same bytes, nothing cut"""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Tuple

import pytest

from contest import Horizon, Scale
from results import Cell, Event, read_events, read_run
from synthetic import EVENTS, HISTOGRAMS, SAMPLES, SHARES, THREADS, Spec, write_csv, write_run
from test_fairness import STAMPED, sample

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None,
                                reason="matplotlib is missing: run scripts/setup --plots")


def event(thread: int, wanted: int, acquired: int, released: int, order: int = 0) -> Event:
    role = "polite" if thread else "greedy"
    return Event("r", 0, order, thread, role, wanted, acquired, released)


def test_ownerships_in_a_row_are_one_streak() -> None:
    from pictures import timeline
    events = [[event(0, 0, 10, 20), event(0, 20, 21, 30), event(0, 60, 70, 80)],
              [event(1, 15, 35, 60)]]
    assert timeline.streaks(events, 0, 100) == [[(10, 30), (70, 80)], [(35, 60)]]
    # Cut at both ends, and told from where it begins.
    assert timeline.streaks(events, 25, 75) == [[(0, 5), (45, 50)], [(10, 35)]]


def test_spans_are_cut_to_the_stretch() -> None:
    from pictures import timeline
    assert timeline.clipped([(0, 5), (8, 12), (15, 40), (50, 60)], 10, 30) == [(0, 2), (5, 20)]


def test_spans_too_short_to_see_are_as_long_as_can_be_seen() -> None:
    from pictures import timeline
    assert timeline.legible([(0, 1), (3, 4), (4, 9), (20, 21)], 5) == [(0, 9), (20, 25)]
    assert timeline.legible([(0, 6), (7, 13)], 1) == [(0, 6), (7, 13)]


def test_a_window_is_known_from_where_the_fullest_ring_begins() -> None:
    from pictures import timeline
    events = [event(0, at, at, at + 1) for at in range(100, 110)] + [event(1, 105, 106, 107),
                                                                     event(1, 107, 109, 112)]
    first, other = sample(0, 0, STAMPED), sample(0, 1, STAMPED)
    (window,) = timeline.traced([first, other], events + [event(0, 1, 2, 3, order=1)])
    assert (window.begin_ns, window.end_ns) == (100, 110)
    assert window.roles == ("greedy", "polite") and window.cell == STAMPED
    assert timeline.traced([first], []) == []


def horizon(*spreads: Tuple[int, float, float]) -> Horizon:
    return Horizon(0.5, tuple(Scale(scale_ns, 100, 0, low, high, 0.9)
                              for scale_ns, low, high in spreads))


def test_the_commonest_contest_is_drawn() -> None:
    from pictures import horizon as pictured
    other = STAMPED._replace(mechanism="spin")
    one = STAMPED._replace(mechanism="spin", params="hold_ns=3;stamps=1")
    found: Dict[Cell, Horizon] = {cell: horizon((10_000, 0.4, 0.6)) for cell in
                                  (STAMPED, other, one)}
    assert pictured._commonest(found) == ("greedy-polite", "hold_ns=3000;stamps=1")
    assert pictured._commonest({}) is None


def traced_run(folder: Path) -> Path:
    """A run with two locks: stamped, with shares, and traced."""
    write_run(folder, [Spec("switch", "pipe", "pingpong", "l3", 3500.0)], invocations=1, rounds=1)
    samples, events, shares = [], [], []
    for order, mechanism in enumerate(("mutex", "ck-ticket")):
        cell = STAMPED._replace(mechanism=mechanism)
        row = vars(sample(0, order, cell))
        samples.append({key: "NA" if row[key] is None else row[key] for key in SAMPLES})
        for at in range(400):
            thread = at % 2 if mechanism == "ck-ticket" else at // 200
            own = event(thread, at * 4000 - 2000, at * 4000, at * 4000 + 3000, order)
            events.append(vars(own))
        shares += [{"run_id": "r", "invocation": 0, **cell._asdict(), "cpus": "0-1",
                    "role": "greedy", "scale_ns": scale, "share_pct": percent, "count": 50}
                   for scale in (10_000, 100_000, 1_000_000) for percent in (30, 70)]
    write_csv(folder / "samples.csv", SAMPLES, samples)
    write_csv(folder / "events.csv", EVENTS, events)
    write_csv(folder / "shares.csv", SHARES, shares)
    write_csv(folder / "histograms.csv", HISTOGRAMS, [])
    threads: List[Dict[str, object]] = []
    for order in range(2):
        threads += [{"run_id": "r", "invocation": 0, "order": order, "thread": at,
                     "role": ("greedy", "polite")[at], "cpu": at, "loops": 1, "acquisitions": 200,
                     "held_ns": 600_000, "waited_ns": 1, "longest_wait_ns": 1, "longest_streak": 1,
                     "thought_ns": "NA", "takeovers": 1} for at in range(2)]
    write_csv(folder / "threads.csv", THREADS, threads)
    text = (folder / "context.csv").read_text(encoding="utf-8").replace(folder.name + ",", "r,")
    (folder / "context.csv").write_text(text, encoding="utf-8")
    return folder


def plot(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, str(ROOT / "scripts" / "plot.py"), str(folder),
                           *arguments], capture_output=True, text=True, check=False)


def test_both_are_drawn_and_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    folder = traced_run(tmp_path / "run")
    first, second = plot(folder), plot(folder, f"--out={tmp_path / 'again'}")
    assert first.returncode == second.returncode == 0, first.stderr
    assert "not drawn: handoff (no hand-off with a value)" in first.stderr
    for name in ("horizon.png", "horizon.svg", "timeline.png", "timeline.svg"):
        assert str(folder / name) in first.stdout
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.parametrize("places", [["l3"], ["same-cpu", "l3", "package"]])
def test_no_text_is_cut_off(tmp_path: Path, places: List[str]) -> None:
    import fairness
    from matplotlib.text import Text
    from pictures import horizon as pictured, timeline
    from pictures.canvas import LIGHT
    recorded = read_run(traced_run(tmp_path / "run"))
    (cell, found), *_ = fairness.horizons_of(recorded).items()
    many = {cell._replace(mechanism=f"mutex-{at}", place=place): found
            for place in places for at in range(9)}
    windows = timeline.traced(recorded.samples, read_events(tmp_path / "run" / "events.csv"))
    for canvas in (pictured.drawn(recorded, LIGHT, many),
                   timeline.drawn(recorded, LIGHT, windows)):
        assert canvas is not None
        figure = canvas.figure
        figure.canvas.draw()
        whole = figure.bbox
        for text in figure.findobj(Text):
            if not text.get_text() or not text.get_visible():
                continue
            box = text.get_window_extent()
            assert box.x0 >= whole.x0 - 1 and box.x1 <= whole.x1 + 1, text.get_text()
            assert box.y0 >= whole.y0 - 1 and box.y1 <= whole.y1 + 1, text.get_text()
