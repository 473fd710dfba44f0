"""test_plot.py - what is drawn of which run, the same bytes, and one line for each error"""

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Sequence

import pytest

from synthetic import Spec, two_cpu_guest, write_run

ROOT = Path(__file__).resolve().parents[2]
PIPE = Spec("switch", "pipe", "pingpong", "l3", 3500.0)
NOT_DRAWN = ("plot.py: not drawn: crossover (no guard at two works), horizon (no stamped contest "
             "for a lock), timeline (no traced lock), outcomes (no outcome counted), matrix (not a "
             "run of pairs)\n")
DRAWN = ("handoff", "latency", "order")


def paths(folder: str, names: Sequence[str] = DRAWN) -> str:
    """What the script prints of pictures in both looks."""
    return "".join(f"{folder}/{name}{look}.{form}\n" for name in names for look in ("", "-dark")
                   for form in ("png", "svg"))


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
    assert run_script("run", cwd=tmp_path).stdout == paths("run")
    done = run_script("run", "--out=new/folder", cwd=tmp_path)
    assert done.stdout == paths("new/folder")
    for line in paths("run").splitlines():
        first = (tmp_path / line).read_bytes()
        assert len(first) > 5_000
        assert first == (tmp_path / "new" / "folder" / Path(line).name).read_bytes()


@needs_matplotlib
def test_one_look_alone(tmp_path: Path) -> None:
    write_run(tmp_path / "run", [PIPE], invocations=2, rounds=1)
    done = run_script("run", "--look=dark", cwd=tmp_path)
    assert done.stdout == "".join(f"run/{name}-dark.{form}\n" for name in DRAWN
                                  for form in ("png", "svg"))


@needs_matplotlib
def test_several_runs_are_drawn_and_held_against_the_first(tmp_path: Path) -> None:
    for name in "abc":
        write_run(tmp_path / name, [PIPE], seed=ord(name), invocations=6, rounds=1)
    done = run_script("a", "b", "c", "--look=light", cwd=tmp_path)
    light = [f"{run}/{name}.{form}" for run in "abc" for name in DRAWN for form in ("png", "svg")]
    assert done.stdout.split() == light + ["a/forest.png", "a/forest.svg"]
    done = run_script("a", "b", "--look=light", "--out=o", cwd=tmp_path)
    assert done.stdout.split()[0] == "o/a/handoff.png"
    assert done.stdout.split()[-1] == "o/forest.svg"
    write_run(tmp_path / "debug", [PIPE], facts={("build", "build_type"): "Debug"})
    done = run_script("a", "debug", "--look=light", cwd=tmp_path)
    assert "a/forest.png" not in done.stdout
    assert "not drawn: forest (not comparable: debug is of a Debug build" in done.stderr


@needs_matplotlib
def test_sparse_runs_are_drawn(tmp_path: Path) -> None:
    bare = dict.fromkeys([("machine", "cpu_model"), ("machine", "kernel"), ("build", "compiler"),
                          ("build", "baton_version"), ("run", "started_utc")])
    write_run(tmp_path / "run", [PIPE], invocations=2, rounds=1, facts=dict(bare))
    done = run_script("run", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, NOT_DRAWN)


@needs_matplotlib
def test_nothing_to_draw_is_exit_4(tmp_path: Path) -> None:
    write_run(tmp_path / "run", [replace(PIPE, status=lambda invocation, round_: "error:EPIPE")])
    (tmp_path / "run" / "histograms.csv").unlink()
    assert "nothing to draw" in one_line(run_script("run", cwd=tmp_path), 4)
    assert sorted(path.suffix for path in (tmp_path / "run").iterdir()) == [".csv"] * 4


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
    assert done.stdout == paths("run")


def test_missing_package_is_exit_5(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATON_SYSTEM_PYTHON", "1")
    done = run_script("run", cwd=tmp_path, python=str(hidden(tmp_path)), flags="-S")
    assert "matplotlib is missing: run scripts/setup --plots" in one_line(done, 5)
