"""test_contexts.py - which facts make a comparison void, are to be known, or expected"""

from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Optional, Tuple

import pytest

import contexts
from results import Cell, Round, Run, read_run
from synthetic import Spec, write_run

PIPE = Spec("switch", "pipe", "pingpong", "l3", 3500.0)


def run_with(path: Path, facts: Optional[Dict[Tuple[str, str], Optional[str]]] = None,
             spec: Spec = PIPE) -> Run:
    return read_run(write_run(path, [spec], invocations=2, rounds=1, facts=facts))


def test_facts_fall_into_their_classes(tmp_path: Path) -> None:
    a = run_with(tmp_path / "a", {("machine", "governor"): "powersave",
                                  ("machine", "vulnerability_mds"): "Mitigation: Clear CPU buffers",
                                  ("machine", "cache_l3_bytes"): "1000",
                                  ("machine", "load_start"): "0.1", ("machine", "aslr"): "2",
                                  ("run", "seed"): "1"})
    b = run_with(tmp_path / "b", {("machine", "cpu_model"): "Another", ("run", "seed"): "2",
                                  ("machine", "cache_l3_bytes"): "2000",
                                  ("build", "compiler"): "clang 14", ("machine", "aslr"): "0",
                                  ("machine", "load_start"): "0.2"})
    found = contexts.differences(a, b)
    assert {row.key for row in found.expected} == {"cpu_model", "cache_l3_bytes"}
    assert {row.key for row in found.to_know} == {"governor", "vulnerability_mds", "compiler"}
    assert found.others == 1  # aslr; neither the seed nor the load of the moment
    (governor,) = [row for row in found.to_know if row.key == "governor"]
    assert (governor.a, governor.b) == ("powersave", "NA")
    same = contexts.differences(a, a)
    assert not same.expected and not same.to_know and same.others == 0


def test_what_makes_a_comparison_void(tmp_path: Path) -> None:
    good = run_with(tmp_path / "good")
    assert contexts.void(good, good) == []
    (debug,) = contexts.void(good, run_with(tmp_path / "debug", {("build", "build_type"): "Debug"}))
    assert "a Debug build" in debug and "debug" in debug
    (metric,) = contexts.void(good, run_with(tmp_path / "cost", spec=replace(PIPE, metric="cost")))
    assert "handoff in ns" in metric and "cost in ns" in metric
    newer = replace(good, schema=2)
    assert "schema" in contexts.void(good, newer)[0]
    strayed = replace(good, samples=[replace(sample, migrations=None) for sample in good.samples])
    (stray,) = contexts.void(strayed, good)
    assert "2 windows" in stray and "pipe" in stray
    assert contexts.void(good, run_with(tmp_path / "old", {("build", "build_type"): None})) == []


def test_each_run_is_gone_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not once for each cell: runs of 10 MB took 40 s."""
    a, b = run_with(tmp_path / "a"), run_with(tmp_path / "b")
    looks: List[Run] = []
    look = contexts._metrics

    def counted(run: Run) -> Dict[Cell, str]:
        looks.append(run)
        return look(run)

    monkeypatch.setattr(contexts, "_metrics", counted)
    assert contexts.void(a, b) == []
    assert len(looks) == 2


def rounds(clocks: Tuple[float, ...], steal_ns: int = 0) -> "list[Round]":
    return [Round("r", 0, at, "", 1_000_000, steal_ns, ghz) for at, ghz in enumerate(clocks)]


def test_unrest() -> None:
    steady = (3.0,) * 20
    assert contexts.unrest(rounds(steady), 2) == []
    assert contexts.unrest(rounds(steady[:-1] + (9.0,)), 2) == []  # one odd reading
    assert contexts.unrest(rounds((3.0,) * 10 + (3.15,) * 10), 2) == [
        "the clock rate moved by 5.0 %"]
    assert contexts.unrest(rounds(steady, steal_ns=200_001), 2) == [
        "the hypervisor had the CPUs in 20 of 20 rounds"]
    assert contexts.unrest(rounds(steady, steal_ns=200_000), 2) == []
    assert contexts.unrest([], 2) == []
