"""test_layout.py - the house rules: who may include whom, what lives where, how long a file is"""

import csv
import io
import os
import re
import subprocess
from pathlib import Path
from typing import Dict, List, Set

import pytest

ROOT = Path(__file__).resolve().parents[2]
BATON = os.environ.get("BATON", str(ROOT / "build" / "baton"))
HEADERS: Dict[str, Set[str]] = {room: {path.name for path in (ROOT / room).glob("*.h")}
                                for room in ("core", "sync", "shim")}
SHAPES = HEADERS["core"] & {"pingpong.h", "handoff.h", "fan.h", "guard.h", "lock.h",
                            "repeat.h"}
# Libraries of single mechanisms; everything else in a mechanism is libc, Linux or ours.
MECHANISM_LIBRARIES = ("ck_", "urcu/")


def includes(path: Path, own: bool) -> List[str]:
    pattern = r'^#include "(.*)"' if own else r"^#include <(.*)>"
    return re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)


def sources(room: str) -> List[Path]:
    found = sorted(path for path in (ROOT / room).rglob("*") if path.suffix in (".c", ".h", ".cc"))
    assert found, f"{room}/ is empty"
    return found


def file_name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", sources("bench"), ids=file_name)
def test_mechanisms_include_the_bench_or_shapes(path: Path) -> None:
    own = includes(path, own=True)
    # absent.h stands in for a library (scripts/setup --all).
    core = [name for name in own if name in HEADERS["core"] and name != "absent.h"]
    assert core and (set(core) <= SHAPES or core == ["bench.h"]), core
    assert set(own) - set(core) <= HEADERS["sync"] | {"absent.h"}
    for name in includes(path, own=False):
        library = re.match(r"[a-z]+_|[a-z]+/", name)
        assert (library is None or name.startswith(MECHANISM_LIBRARIES + ("sys/", "linux/"))), name


def test_core_includes_core_alone_and_few_reach_outside() -> None:
    for path in sources("core"):
        own = set(includes(path, own=True))
        allowed = set(HEADERS["core"])
        if path.stem in ("main", "worker", "worker_plain"):
            allowed.add("shim.h")
        assert own <= allowed, f"{path.name}: {own - allowed}"
        if path.name != "place.c":
            assert not [name for name in includes(path, own=False) if "hwloc" in name], path.name


def test_the_shim_alone_knows_google_benchmark() -> None:
    for room in ("core", "bench", "sync", "tests", "shim"):
        for path in sources(room):
            if path.name != "shim.cc":
                assert "benchmark/benchmark.h" not in path.read_text(encoding="utf-8"), path.name
    assert {path.name for path in ROOT.rglob("*.cc") if "build" not in path.parts} == {"shim.cc"}
    assert includes(ROOT / "shim" / "shim.cc", own=True) == ["shim.h"]


@pytest.mark.parametrize("room", ["sync", "peers"])
def test_sync_and_peers_stand_on_libc_and_sync_alone(room: str) -> None:
    for path in sources(room):
        assert set(includes(path, own=True)) <= HEADERS["sync"], path.name
        for name in includes(path, own=False):
            assert not re.match(r"(ck_|hwloc|benchmark/)", name), name


def catalogue() -> List[Dict[str, str]]:
    listed = subprocess.run([BATON, "list", "--format=csv"], capture_output=True, text=True,
                            check=True)
    return list(csv.DictReader(io.StringIO(listed.stdout)))


def test_every_mechanism_file_is_listed_and_the_other_way_round() -> None:
    files = {(path.parent.name, path.stem) for path in (ROOT / "bench").glob("*/*.c")}
    assert {(row["family"], row["mechanism"]) for row in catalogue()} == files


def test_cells_are_listed_once_and_their_params_sorted_with_room_for_more() -> None:
    """What select adds to the longest (core/params.h) must fit below PARAMS_MAX."""
    (room,) = re.findall(r"PARAMS_MAX = (\d+)",
                         (ROOT / "core" / "bench.h").read_text(encoding="utf-8"))
    seen = set()
    for row in catalogue():
        cell = tuple(row[key] for key in ("family", "mechanism", "workload", "params"))
        assert cell not in seen
        seen.add(cell)
        keys = [text.split("=")[0] for text in row["params"].split(";")]
        assert keys == sorted(set(keys)), cell
        assert len(row["params"] + ";awake=latency;dose_pct=3;per_cpu=16") < int(room), cell


def test_core_names_no_mechanism() -> None:
    mechanisms = {row["mechanism"] for row in catalogue()}
    for path in sources("core"):
        for literal in re.findall(r'"((?:[^"\\]|\\.)*)"', path.read_text(encoding="utf-8")):
            assert literal not in mechanisms, f"{path.name}: {literal}"


@pytest.mark.parametrize("path", [path for family in ("lock", "switch")
                                  for path in sorted((ROOT / "bench" / family).glob("*.c"))],
                         ids=file_name)
def test_mechanisms_of_locks_and_switches_fit_in_sixty_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60


@pytest.mark.parametrize("room", ["core", "bench", "sync", "shim", "peers", "tests"])
def test_files_open_with_what_they_do(room: str) -> None:
    for path in sources(room):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert re.match(rf"/\* {re.escape(path.name)} - .+ \*/$", first), f"{path.name}: {first}"


@pytest.mark.parametrize("room", ["core", "bench", "sync", "shim", "peers"])
def test_functions_are_at_most_seventy_lines(room: str) -> None:
    for path in sources(room):
        begin = 0
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line == "{":
                begin = number
            if line == "}" and begin:
                assert number - begin <= 70, f"{path.name}:{begin}"
                begin = 0
