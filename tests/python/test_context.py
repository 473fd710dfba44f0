"""test_context.py - context.csv and topology.xml: every key is explained, and no host is named"""

import csv
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Dict, List, Set, Tuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
BATON = os.environ.get("BATON", str(ROOT / "build" / "baton"))
HOST = "gregarious-yak"
ALONE = ["--quick", "--filter=floor/add-chain", "--invocations=1", "--rounds=1"]
NOBODY = ["setpriv", "--reuid=65534", "--clear-groups", "--no-new-privs"]
Row = Dict[str, str]
# Keys of pair runs, of traced ones, of the sides of baton ab, and of runs beside an A/A comparison:
# test_ab.py, test_cli.py.
SOME_RUNS = {("run", "pair"), ("run", "ownerships"), ("run", "ownerships_traced"),
             ("run", "ab_id"), ("run", "ab_side"), ("run", "ab_setting"),
             ("machine", "aa_floor"), ("machine", "aa_utc")}


def documented() -> Set[Tuple[str, str]]:
    """Scope and key of every fact that results/README.md explains; keys may be patterns."""
    text = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    section = text[text.index("## context.csv"):text.index("## topology.xml")]
    keys: Set[Tuple[str, str]] = set()
    for part in section.split("\n### ")[1:]:
        scope = re.split(r"\W", part)[0]
        for row in re.findall(r"^\| (`.*?) \|", part, re.MULTILINE):
            ends = ("", "_kind*") if row.endswith("(k)") else ("",)
            keys.update((scope, key + end) for key in re.findall(r"`([^`]+)`", row)
                        for end in ends)
    return keys


def read(folder: Path) -> List[Row]:
    with (folder / "context.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def places(*arguments: str) -> str:
    return subprocess.run([BATON, "places", "--format=csv", *arguments], capture_output=True,
                          text=True, check=True).stdout


def works(*command: str) -> bool:
    return subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0


def on_a_named_host() -> List[str]:
    """What makes the command after it run on a machine called HOST; nothing where that fails."""
    for extra in ("--uts", "--map-root-user"):
        line = ["unshare", "--uts", extra, "sh", "-c", f'hostname {HOST} && exec "$@"', "sh"]
        if works(*line):
            return line
    return []


@pytest.fixture(scope="module", name="folder")
def fixture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("context") / "run"
    subprocess.run([*on_a_named_host(), BATON, "run", *ALONE, f"--out={out}"],
                   capture_output=True, check=True, timeout=120)
    return out


@pytest.fixture(scope="module", name="rows")
def fixture_rows(folder: Path) -> List[Row]:
    return read(folder)


def test_every_key_written_is_explained(rows: List[Row]) -> None:
    known = documented()
    assert len(known) > 100
    assert [row["key"] for row in rows
            if not any(scope == row["scope"] and fnmatchcase(row["key"], key)
                       for scope, key in known)] == []


def test_every_key_explained_is_written(rows: List[Row]) -> None:
    written = {(row["scope"], row["key"]) for row in rows}
    assert {key for key in documented() if "*" not in key[1]} - written == SOME_RUNS


def test_each_fact_stands_once(rows: List[Row]) -> None:
    counts = Counter((row["scope"], row["key"]) for row in rows)
    assert [key for key, count in counts.items() if count > 1] == []


def test_states_say_whether_there_is_a_value(rows: List[Row]) -> None:
    for row in rows:
        assert row["state"] in ("ok", "absent", "denied", "masked"), row
        assert row["value"] and (row["state"] == "ok") == (row["value"] != "NA"), row


@pytest.mark.parametrize("scope, key, pattern", [
    ("machine", "kernel", r"Linux \S+"),
    ("machine", "kernel_version", r"#.+"),
    ("machine", "cpus", r"[1-9]\d*"),
    ("machine", "numa_nodes", r"[1-9]\d*"),
    ("machine", "page_bytes", r"[1-9]\d*"),
    ("machine", "topology", r"topology\.xml"),
    ("build", "binary_sha256", r"[0-9a-f]{64}"),
])
def test_some_facts_are_known_everywhere(rows: List[Row], scope: str, key: str,
                                         pattern: str) -> None:
    (fact,) = [row for row in rows if (row["scope"], row["key"]) == (scope, key)]
    assert re.fullmatch(pattern, fact["value"]), fact


def test_the_digest_is_the_programs(rows: List[Row]) -> None:
    told = [row["value"] for row in rows if row["key"] == "binary_sha256"]
    summed = subprocess.run(["sha256sum", BATON], capture_output=True, text=True, check=True)
    assert told == summed.stdout.split()[:1]


def test_no_file_names_the_host(folder: Path) -> None:
    if not on_a_named_host():
        pytest.skip("no machine of another name can be had")
    for path in folder.iterdir():
        assert HOST not in path.read_text(encoding="utf-8"), path.name


def test_the_topology_gives_the_same_places(folder: Path) -> None:
    if os.sched_getaffinity(0) != set(range(os.cpu_count() or 0)):
        pytest.skip("the affinity mask withholds CPUs from baton, and not from hwloc's file")
    assert places(f"--topology={folder / 'topology.xml'}") == places()


def test_an_unprivileged_user_gets_the_same_keys(rows: List[Row]) -> None:
    if not works(*NOBODY):
        pytest.skip("this is one, or may not become one")
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o777)
        program = shutil.copy(BATON, top)
        out = Path(top) / "run"
        ended = subprocess.run([*NOBODY, program, "run", *ALONE, f"--out={out}"],
                               capture_output=True, text=True, check=False, timeout=120)
        assert ended.returncode == 0, ended.stderr
        assert [row["key"] for row in read(out)] == [row["key"] for row in rows]
