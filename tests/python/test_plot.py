"""test_plot.py - the picture: the same bytes, nothing clipped, and one line for each error"""

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import List

import pytest

from results import Cell, Summary, read_run, summarise
from synthetic import Spec, two_cpu_guest, write_run

ROOT = Path(__file__).resolve().parents[2]
PIPE = Spec("switch", "pipe", "pingpong", "l3", 3500.0)
NOT_DRAWN = ("plot.py: not drawn: horizon (no stamped contest for a lock), timeline (no traced "
             "lock)\n")
needs_matplotlib = pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None,
                                      reason="matplotlib is missing: run scripts/setup --plots")


def run_script(*arguments: str, cwd: Path, python: str = sys.executable,
               flags: str = "-B") -> "subprocess.CompletedProcess[str]":
    return subprocess.run([python, flags, str(ROOT / "scripts" / "plot.py"), *arguments],
                          cwd=cwd, capture_output=True, text=True, check=False)


def one_line(done: "subprocess.CompletedProcess[str]", code: int) -> str:
    assert done.returncode == code
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("plot.py: ")
    return done.stderr


@needs_matplotlib
def test_same_data_same_bytes(tmp_path: Path) -> None:
    write_run(tmp_path / "run", two_cpu_guest())
    assert run_script("run", cwd=tmp_path).stdout == "run/handoff.png\nrun/handoff.svg\n"
    done = run_script("run", "--out=new/folder", cwd=tmp_path)
    assert done.stdout == "new/folder/handoff.png\nnew/folder/handoff.svg\n"
    for name in ("handoff.png", "handoff.svg"):
        first = (tmp_path / "run" / name).read_bytes()
        assert len(first) > 20_000
        assert first == (tmp_path / "new" / "folder" / name).read_bytes()


@needs_matplotlib
@pytest.mark.parametrize("places", [["same-cpu"], ["same-cpu", "l3"],
                                    ["same-cpu", "smt", "l3", "package.xdie", "machine.xnuma@1-0"],
                                    ["same-cpu"] + [f"l3@{kind}" for kind in range(12)]])
def test_no_text_is_clipped_or_overlaps(tmp_path: Path, places: List[str]) -> None:
    import figures
    specs = [replace(spec, place=place) for spec in two_cpu_guest() if spec.place == "same-cpu"
             for place in places]
    specs += [replace(spec, params=f"awake={how}" + ("" if spec.params == "NA" else
                                                     f";{spec.params}"))
              for spec in specs if spec.place != "same-cpu" for how in ("1", "latency")]
    specs.append(replace(PIPE, mechanism="broken", status=lambda invocation, round_: "error:ENOSPC",
                         reason="a long reason " * 9))
    run = read_run(write_run(tmp_path / "run", specs, rounds=1, facts={
        ("machine", "cpu_model"): "Intel(R) Xeon(R) CPU E5-2699A v4 @ 2.40GHz"}))
    figure = figures.handoff_figure(run, summarise(run))
    assert figure
    renderer = figure.canvas.get_renderer()
    texts = [text for text in figure.texts if text.get_text()]
    texts += [text for axes in figure.axes for text in [*axes.texts, *axes.get_xticklabels()]
              if text.get_text()]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in texts]
    page = figure.bbox
    for at, (name, box) in enumerate(boxes):
        assert page.x0 <= box.x0 and box.x1 <= page.x1, name
        assert page.y0 <= box.y0 and box.y1 <= page.y1, name
        for other, box_ in boxes[at + 1:]:
            assert not box.overlaps(box_), f"{name!r} overlaps {other!r}"


@needs_matplotlib
def test_dots_stand_at_the_medians(tmp_path: Path) -> None:
    import figures
    specs = [PIPE, replace(PIPE, place="same-cpu", value=100.0)]
    run = read_run(write_run(tmp_path / "run", specs))
    summaries = summarise(run)
    figure = figures.handoff_figure(run, summaries)
    assert figure
    dots = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_marker() in "oD"]
    assert dots == [summary.median for summary in summaries.values()]


@needs_matplotlib
def test_dodge_parts_neighbours_only() -> None:
    import figures
    assert figures._dodge({"same-cpu": 100.0, "smt": 1000.0, "l3": 1100.0}) == {
        "same-cpu": 0, "smt": -figures.DODGE / 2, "l3": figures.DODGE / 2}


@needs_matplotlib
def test_sparse_runs_are_drawn(tmp_path: Path) -> None:
    bare = dict.fromkeys([("machine", "cpu_model"), ("machine", "kernel"), ("build", "compiler"),
                          ("build", "baton_version"), ("run", "started_utc")])
    write_run(tmp_path / "run", [PIPE], invocations=2, rounds=1, facts=dict(bare))
    done = run_script("run", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, NOT_DRAWN)


@needs_matplotlib
def test_cells_kept_awake_are_rows_of_their_own(tmp_path: Path) -> None:
    import figures
    specs = [PIPE, replace(PIPE, place="same-cpu", value=900.0), replace(PIPE, params="awake=1"),
             replace(PIPE, params="awake=latency", reason="may not be opened",
                     status=lambda invocation, round_: "skipped:EACCES"),
             replace(PIPE, workload="ring", params="capacity=0", value=5000.0),
             replace(PIPE, workload="ring", params="awake=1;capacity=0", value=3000.0)]
    summaries = summarise(read_run(write_run(tmp_path / "run", specs)))
    lines, headings, _ = figures._layout(summaries, figures.ROW)
    assert [(line.detail, sorted(line.places)) for line in lines] == [
        ("", ["l3", "same-cpu"]), ("awake=1", ["l3"]), ("awake=latency", ["l3"]),
        ("awake=1", ["l3"]), ("", ["l3"])]
    assert [heading.detail for heading in headings] == ["", "capacity=0"]


@needs_matplotlib
def test_zero_is_not_drawn() -> None:
    import figures
    cell = Cell("switch", "pipe", "pingpong", "l3", 2, "NA")
    zero = Summary(cell, "handoff", "ns", (0,), (0.0,), (), 0.0, 1, 0, 0, 0, "ok", "NA")
    assert figures._places({cell: zero}) == []


@needs_matplotlib
def test_nothing_to_draw_is_exit_4(tmp_path: Path) -> None:
    write_run(tmp_path / "run", [replace(PIPE, family="floor", metric="cost")], invocations=1)
    assert "nothing to draw" in one_line(run_script("run", cwd=tmp_path), 4)
    assert sorted(path.suffix for path in (tmp_path / "run").iterdir()) == [".csv"] * 5


@needs_matplotlib
def test_unwritable_is_exit_6(tmp_path: Path) -> None:
    write_run(tmp_path / "run", [PIPE], invocations=1, rounds=1)
    assert "context.csv" in one_line(run_script("run", "--out=run/context.csv", cwd=tmp_path), 6)
    (tmp_path / "run" / "handoff.png").mkdir()
    assert "run/handoff.png" in one_line(run_script("run", cwd=tmp_path), 6)


@needs_matplotlib
def test_bad_usage_is_exit_2(tmp_path: Path) -> None:
    assert "none: no such folder" in one_line(run_script("none", cwd=tmp_path), 2)
    assert "--ouput" in one_line(run_script("none", "--ouput=x", cwd=tmp_path), 2)


def hidden(tmp_path: Path) -> Path:
    """A Python without the packages: -S on it hides them, and its name is not the system's."""
    link = tmp_path / "python3"
    link.symlink_to(sys.executable)
    return link


@pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None
                    or not os.path.samefile(sys.executable, "/usr/bin/python3"),
                    reason="matplotlib is not that of /usr/bin/python3")
def test_another_python_starts_again_under_the_systems(tmp_path: Path) -> None:
    write_run(tmp_path / "run", [PIPE], invocations=1, rounds=1)
    done = run_script("run", cwd=tmp_path, python=str(hidden(tmp_path)), flags="-S")
    assert (done.returncode, done.stderr) == (0, NOT_DRAWN)
    assert done.stdout == "run/handoff.png\nrun/handoff.svg\n"


def test_missing_package_is_exit_5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_SYSTEM_PYTHON", "1")
    done = run_script("run", cwd=tmp_path, python=str(hidden(tmp_path)), flags="-S")
    assert "matplotlib is missing: run scripts/setup --plots" in one_line(done, 5)


@needs_matplotlib
def test_floors_are_lines_and_not_rows(tmp_path: Path) -> None:
    import figures
    floor = Spec("floor", "line-store", "pingpong", "l3", 57.0)
    run = read_run(write_run(tmp_path / "run", [PIPE, floor], rounds=1))
    summaries = summarise(run)
    assert [summary.cell.family for summary in figures._handoffs(summaries)] == ["switch"]
    ((at, name),) = figures._floors(summaries)
    assert at == pytest.approx(57, rel=0.1)
    assert name.startswith("line transfer\n")
