"""test_cli.py - the program as its users meet it: what it writes, how it refuses, how it ends"""

import csv
import io
import json
import os
import re
import resource
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Dict, List, Sequence

import pytest

import latency
import paired
import results

ROOT = Path(__file__).resolve().parents[2]
BATON = os.environ.get("BATON", str(ROOT / "build" / "baton"))
TIMEOUT_S = 120
BASE = ("switch", "futex", "pingpong", "same-cpu")


def baton(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, **options.pop("environment", {})}
    return subprocess.run([BATON, *arguments], capture_output=True, text=True, timeout=TIMEOUT_S,
                          env=environment, **options)


def measure(out: Path, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    return baton("run", f"--out={out}", "--invocations=1", "--rounds=1", *arguments, **options)


def refused(ended: "subprocess.CompletedProcess[str]", code: int, *words: str) -> None:
    """One line on stderr with these words, nothing on stdout, this exit code."""
    assert ended.returncode == code, ended.stderr
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    for word in words:
        assert word in ended.stderr


def rows(path: Path) -> List[Dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("arguments, words", [
    (["--fliter=x"], ["--fliter", "--filter"]),
    (["rnu"], ["rnu", "run"]),
    (["--filter"], ["--filter", "needs a value"]),
    (["--quick=1"], ["--quick", "no value"]),
    (["--filter=("], ["--filter=(", "switch/(pipe|futex)"]),
    (["--family=swich"], ["--family", "swich", "switch"]),
    (["--mechanism=fuetx"], ["--mechanism", "fuetx", "futex"]),
    (["--place=same-cup"], ["--place", "same-cup", "same-cpu"]),
    (["--place=same-cpu,nowhere"], ["--place", "nowhere"]),
    (["--invocations=0"], ["--invocations=0", "1 to 1000"]),
    (["--invocations=many"], ["--invocations=many", "whole number"]),
    (["--rounds=-3"], ["--rounds=-3"]),
    (["--seed=1x"], ["--seed=1x"]),
    (["--format=xml"], ["--format=xml", "csv"]),
    (["--topology=pu:4"], ["--topology", "places"]),
    (["list", "--filter=x"], ["--filter", "run", "list"]),
    (["check", "--quick"], ["--quick", "check"]),
    (["--place=pairs,same-cpu"], ["pairs"]),
    (["run", "extra"], ["extra"]),
    (["places", "--topology=/nonexistent.xml"], ["/nonexistent.xml"]),
    (["places", "--topology=pack:two"], ["pack:two"]),
    (["places", "--place=l3"], ["--place=l3", "all", "pairs"]),
    (["check", "--benchmark_filter=x"], ["--benchmark_"]),
    (["--benchmark_fliter=x"], ["--benchmark_fliter", "--benchmark_filter"]),
    (["--budget=0"], ["--budget=0", "whole number"]),
    (["--budget=1"], ["--budget=1", "fewer cells"]),
    (["--precision=0"], ["--precision=0", "above 0"]),
    (["--precision=5%"], ["--precision=5%"]),
    ([f"--out={'x' * 401}"], ["--out", "400"]),
    (["--lead-in=1s"], ["--lead-in=1s"]),
    (["--sched=rr"], ["--sched=rr", "fifo"]),
    (["--set=some"], ["--set=some", "headline", "all"]),
    (["--awake=yes"], ["--awake", "yes", "no"]),
    (["--base=switch/futx/pingpong/same-cpu"], ["futx", "switch/futex/pingpong/same-cpu"]),
    (["--base=floor/line-cas/pingpong/same-cpu"], ["floor/line-cas", "needs two CPUs"]),
    (["--pair=switch/futex/pingpong/same-cpu"], ["--pair", "two cells"]),
    (["--pair=switch/futex/pingpong/same-cpu,switch/pip/pingpong/same-cpu"],
     ["switch/pip/", "switch/pipe/pingpong/same-cpu"]),
    (["--pair=switch/futex/pingpong/same-cpu,switch/futex/pingpong/same-cpu"], ["itself"]),
    (["--pair=a,b", "--filter=x"], ["--pair", "--filter", "contradict"]),
    (["--invocations=6", "--budget=60"], ["--invocations", "--budget", "contradict"]),
    (["--quick", "--precision=5"], ["--quick", "--precision", "contradict"]),
    (["ab"], ["two settings"]),
    (["ab", "--", "A=1"], ["two settings"]),
    (["ab", "--", "--", "A=1", "--"], ["third --"]),
    (["ab", "--", "--", "word"], ["B", "'word'", "NAME=VALUE"]),
    (["ab", "--", "--binary=/nonexistent", "--"], ["A", "/nonexistent"]),
    (["ab", "--", "--sched=idle", "--"], ["A", "--sched=idle", "batch"]),
    (["ab", "--precision=5", "--", "--"], ["--precision", "ab"]),
])
def test_bad_words_are_named_with_the_nearest(arguments: Sequence[str],
                                              words: Sequence[str]) -> None:
    refused(baton(*arguments), 2, *words)


def test_a_filter_that_matches_nothing_is_exit_4(tmp_path: Path) -> None:
    refused(measure(tmp_path / "run", "--filter=zzz"), 4, "zzz")
    assert not (tmp_path / "run").exists()


def test_another_machines_description_is_exit_3_but_welcome_in_places(tmp_path: Path) -> None:
    elsewhere = {"HWLOC_SYNTHETIC": "pack:2 core:2 pu:1"}
    refused(measure(tmp_path / "run", "--family=floor", environment=elsewhere), 3,
            "HWLOC_SYNTHETIC")
    shown = baton("places", "--format=csv", environment=elsewhere)
    assert shown.returncode == 0 and "machine" in shown.stdout


def test_places_of_a_synthetic_machine() -> None:
    shown = baton("places", "--topology=pack:2 l3:1 core:2 pu:2", "--format=csv")
    assert shown.stdout == ("place,pairs,cpu_a,cpu_b\nsame-cpu,8,0,0\nsmt,4,0,1\nl3,8,0,2\n"
                            "machine,16,0,4\n")


def test_a_run_has_the_files_and_the_order_of_the_design(tmp_path: Path) -> None:
    out = tmp_path / "run"
    ended = baton("run", f"--out={out}", "--family=floor,switch", "--place=same-cpu",
                  "--invocations=2", "--rounds=2", "--seed=7")
    assert ended.returncode == 0, ended.stderr
    run = results.read_run(out)
    assert run.fact("run", "end") == "complete" and run.fact("run", "seed") == "7"
    for invocation in (0, 1):
        mine = [sample for sample in run.samples if sample.invocation == invocation]
        assert [sample.order for sample in mine] == list(range(len(mine)))
        for number in (0, 1):
            one = [sample for sample in mine if sample.round == number]
            others = [sample for sample in one if results.cell_of(sample)[:4] != BASE]
            spikes = [sample for sample in one if sample.params == "dose_pct=3"]
            names = [results.cell_of(sample) for sample in others]
            assert len(set(names)) == len(names) > 10
            blocks = sorted({sample.block for sample in one if sample.block is not None})
            assert blocks == list(range(len(blocks))) and len(blocks) >= 2
            for block in blocks:
                within = [sample for sample in one if sample.block == block]
                assert len(within) <= 13
                assert within[1] in spikes and len(spikes) == len(blocks)
                assert results.cell_of(within[0])[:4] == BASE
                assert results.cell_of(within[-1])[:4] == BASE
    skipped = [sample for sample in run.samples if sample.status == "skipped:PLACE"]
    assert {sample.mechanism for sample in skipped} == {"line-store", "line-cas"}
    assert all(sample.reason == "needs two CPUs" and sample.round == 0 for sample in skipped)
    assert len(results.read_rounds(out / "rounds.csv")) == 4


def order_of(out: Path) -> List[str]:
    return [row["mechanism"] + row["workload"] + row["params"] for row in rows(out / "samples.csv")]


def test_the_seed_repeats_the_order(tmp_path: Path) -> None:
    orders = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert measure(tmp_path / name, "--family=floor", f"--seed={seed}").returncode == 0
        orders.append(order_of(tmp_path / name))
    assert orders[0] == orders[1] != orders[2]


def test_lock_windows_have_a_row_per_thread(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert measure(out, "--set=all", "--filter=lock/mutex/greedy-polite/same-cpu/"
                   "hold_ns=[0-9]+(;stamps=1)?$").returncode == 0
    samples = {row["order"]: row for row in rows(out / "samples.csv")}
    threads = rows(out / "threads.csv")
    assert len(threads) == 2 * len([row for row in samples.values()
                                    if row["workload"] == "greedy-polite"]) == 8
    for thread in threads:
        stamped = "stamps=1" in samples[thread["order"]]["params"]
        assert thread["role"] == ("greedy", "polite")[int(thread["thread"])]
        assert (thread["longest_wait_ns"] == "NA") == (not stamped)
        turns = 1 if thread["role"] == "greedy" else 3
        # The last loop may have begun before the stretch, or been left in its middle by the end.
        assert abs(int(thread["acquisitions"]) - turns * int(thread["loops"])) <= turns
        if int(thread["acquisitions"]):
            assert int(thread["held_ns"]) > 0 and int(thread["longest_streak"]) > 0
        if stamped:
            took_ns = int(thread["held_ns"]) + int(thread["waited_ns"])
            assert took_ns <= int(samples[thread["order"]]["wall_ns"])
            assert int(thread["longest_wait_ns"]) <= int(thread["waited_ns"])
        elif "hold_ns=3000" in samples[thread["order"]]["params"] and int(thread["acquisitions"]):
            # Nominal 3000 and 1000 ns; a chain that was never given its length takes 3 ns or less.
            assert int(thread["held_ns"]) > 100 * int(thread["acquisitions"])


def test_stamped_lock_windows_leave_waits_shares_and_a_trace(tmp_path: Path) -> None:
    out = tmp_path / "run"
    ended = baton("run", f"--out={out}", "--trace", "--window=100", "--invocations=1",
                  "--rounds=2", "--filter=lock/mutex/greedy-polite/same-cpu/hold_ns")
    assert ended.returncode == 0, ended.stderr
    windows = {row["order"]: row for row in rows(out / "samples.csv")
               if row["workload"] == "greedy-polite"}
    stamped = {order: row for order, row in windows.items() if "stamps=1" in row["params"]}
    assert len(stamped) == 4 and len(windows) == 8
    assert all(90_000_000 < int(row["wall_ns"]) for row in windows.values())
    threads = [row for row in rows(out / "threads.csv") if row["order"] in stamped]
    acquisitions = {role: sum(int(row["acquisitions"]) for row in threads if row["role"] == role)
                    for role in ("greedy", "polite")}
    histograms = [row for row in rows(out / "histograms.csv") if row["what"] in ("wait", "hold")]
    for role in acquisitions:
        holds = sum(int(row["count"]) for row in histograms
                    if (row["what"], row["role"]) == ("hold", role))
        assert holds == acquisitions[role]
    shares = rows(out / "shares.csv")
    assert {row["role"] for row in shares} == {"greedy"}
    for scale_ns, stretches in ((10_000, 10_000), (100_000, 1_000), (1_000_000, 100),
                                (10_000_000, 10), (100_000_000, 1)):
        counts = [int(row["count"]) for row in shares if row["scale_ns"] == str(scale_ns)]
        assert sum(counts) == 4 * stretches
    assert not [row for row in shares if int(row["scale_ns"]) > 100_000_000]
    check_trace(out, windows, threads, ended.stderr)


def check_trace(out: Path, windows: Dict[str, Dict[str, str]], threads: List[Dict[str, str]],
                told: str) -> None:
    """Of the first round alone: one owner at a time, in order, the last 4096 of each thread."""
    events = rows(out / "events.csv")
    first = [row for row in threads if windows[row["order"]]["round"] == "0"]
    assert {row["order"] for row in events} == {row["order"] for row in first}
    for thread in first:
        mine = [row for row in events
                if (row["order"], row["thread"]) == (thread["order"], thread["thread"])]
        assert len(mine) == min(4096, int(thread["acquisitions"]))
        assert {row["role"] for row in mine} <= {thread["role"]}
    released = {thread["order"]: -10**12 for thread in first}
    for event in events:
        wanted, acquired, freed = (int(event[f"{name}_ns"])
                                   for name in ("wanted", "acquired", "released"))
        assert wanted <= acquired < freed and released[event["order"]] <= acquired
        assert 0 <= acquired <= int(windows[event["order"]]["wall_ns"]) + 1_000_000
        released[event["order"]] = freed
    owned = sum(int(thread["acquisitions"]) for thread in first)
    assert f"{len(events)} of {owned} ownerships" in told


def test_a_trace_of_nothing_is_refused(tmp_path: Path) -> None:
    refused(measure(tmp_path / "run", "--trace", "--family=switch"), 2, "--trace", "lock/mutex")


def test_one_cpu_measures_there_and_says_why(tmp_path: Path) -> None:
    cpu = max(os.sched_getaffinity(0))
    ended = measure(tmp_path / "run", "--family=switch",
                    preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
    assert ended.returncode == 0, ended.stderr
    assert f"CPU {cpu}" in ended.stderr
    ran = rows(tmp_path / "run" / "samples.csv")
    assert {row["place"] for row in ran} == {"same-cpu"}
    assert {row["cpus"] for row in ran} <= {f"{cpu}-{cpu}", f"{cpu}"}


def test_a_refusal_by_the_kernel_is_a_skipped_row(tmp_path: Path) -> None:
    ended = measure(tmp_path / "run", "--mechanism=mqueue", "--place=same-cpu",
                    preexec_fn=lambda: resource.setrlimit(12, (0, 0)))  # RLIMIT_MSGQUEUE
    assert ended.returncode == 77, ended.stderr
    row, = [row for row in rows(tmp_path / "run" / "samples.csv") if row["mechanism"] == "mqueue"]
    assert row["status"] == "skipped:EMFILE" and row["reason"] == os.strerror(24)
    assert row["value"] == "NA"


def places() -> List[str]:
    shown = baton("places", "--format=csv")
    return [row["place"] for row in csv.DictReader(io.StringIO(shown.stdout))]


def test_places_that_mean_nothing_to_a_mechanism_are_skipped_or_left_out() -> None:
    told = baton("check", "--family=floor,switch",
                 "--mechanism=futex,yield,line-store,atomic-add")
    everywhere = places()
    verdicts = {line.split()[1].rstrip(":"): line for line in told.stdout.splitlines()[:-1]}
    assert set(verdicts) == {"floor/atomic-add/repeat/same-cpu"} | {
        f"{name}/pingpong/{place}" for place in everywhere
        for name in ("floor/line-store", "switch/futex", "switch/yield")} | {
        f"switch/futex/pingpong/{place}/awake={way}" for place in everywhere
        for way in ("1", "latency") if place != "same-cpu"}
    assert {name for name, line in verdicts.items()
            if line.startswith("skipped") and "awake=latency" not in name} == {
        "floor/line-store/pingpong/same-cpu",
        *(f"switch/yield/pingpong/{place}" for place in everywhere if place != "same-cpu")}


def test_windows_leave_nothing_open(tmp_path: Path) -> None:
    """Calibration opens each mechanism six times at least: 16 descriptors would not do."""
    out = tmp_path / "run"
    ended = measure(out, "--place=same-cpu", "--mechanism=pipe,eventfd,socketpair",
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert not [row for row in rows(out / "samples.csv") if row["status"].startswith("skipped")]


def test_windows_leave_no_names_and_no_semaphores_behind(tmp_path: Path) -> None:
    """In an IPC namespace of its own, where nobody else makes any."""
    namespace = ["unshare", "-im"] if os.geteuid() == 0 else ["unshare", "-rim"]
    queues = f"mount -t mqueue none {tmp_path}"
    if subprocess.run([*namespace, "sh", "-c", queues], capture_output=True).returncode:
        pytest.skip("no IPC namespace of our own here")
    script = (f"{queues} && "
              f"{BATON} check --mechanism=futex,mqueue,sysv-semaphore --place=same-cpu && "
              f"echo left: $(ls {tmp_path}) $(tail -n +2 /proc/sysvipc/sem)")
    told = subprocess.run([*namespace, "sh", "-c", script], capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    assert told.returncode == 0, told.stderr
    summary, left = told.stdout.splitlines()[-2:]
    assert " 0 failed" in summary and left == "left:"


def test_a_buffer_saves_switches(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert measure(out, "--filter=channel/stream/same-cpu").returncode == 0
    switches = {row["params"]: (int(row["voluntary"]) + int(row["involuntary"])) / int(row["ops"])
                for row in rows(out / "samples.csv") if row["workload"] == "stream"}
    # Without a buffer each value takes at least one switch, with 64 places hardly any.
    assert switches["capacity=0;payload=8;policy=park"] > 0.8
    assert switches["capacity=64;payload=8;policy=adaptive"] < 0.6


def test_results_that_cannot_be_written_are_exit_6_before_measuring() -> None:
    refused(measure(Path("/proc/baton"), "--family=floor"), 6, "/proc/baton")


def test_a_folder_that_holds_a_run_is_left_alone(tmp_path: Path) -> None:
    assert measure(tmp_path / "run", "--family=floor").returncode == 0
    before = (tmp_path / "run" / "samples.csv").read_bytes()
    refused(measure(tmp_path / "run", "--family=floor"), 6, "holds a run")
    assert (tmp_path / "run" / "samples.csv").read_bytes() == before


def test_a_disk_that_fills_up_is_exit_6_and_keeps_what_was_written(tmp_path: Path) -> None:
    """On a file system of 48 kB of its own, in a mount namespace; copied out at the end."""
    namespace = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    disk, kept = tmp_path / "disk", tmp_path / "kept"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=48k none {disk}"
    if subprocess.run([*namespace, "sh", "-c", mount], capture_output=True).returncode:
        pytest.skip("no mount namespace of our own here")
    script = (f"{mount} && {{ {BATON} run --out={disk}/run --family=floor,switch --invocations=3; "
              f"code=$?; cp -r {disk}/run {kept}; exit $code; }}")
    ended = subprocess.run([*namespace, "sh", "-c", script], capture_output=True, text=True,
                           timeout=TIMEOUT_S)
    assert ended.returncode == 6, ended.stderr
    assert os.strerror(28) in ended.stderr and "is kept" in ended.stderr
    text = (kept / "samples.csv").read_text(encoding="utf-8")
    whole = list(csv.reader(io.StringIO(text[:text.rindex("\n") + 1])))
    assert len(whole) > 10 and len({len(row) for row in whole}) == 1


def started(out: Path, *arguments: str) -> "subprocess.Popen[str]":
    """A run that has written its first round."""
    process = subprocess.Popen([BATON, "run", f"--out={out}", "--family=floor", "--rounds=1",
                                "--invocations=1000", *arguments], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + TIMEOUT_S
    while not (out / "rounds.csv").exists() or not rows(out / "rounds.csv"):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)  # between looks at the file; nothing is timed
    return process


def children(pid: int) -> List[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in listed.split()]


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        if "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text(encoding="utf-8"):
            return True
        time.sleep(0.02)
    return not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143),
                                          (signal.SIGHUP, 129)])
def test_an_interrupted_run_is_a_valid_run(tmp_path: Path, number: int, code: int) -> None:
    out = tmp_path / "run"
    process = started(out)
    workers = children(process.pid)
    process.send_signal(number)
    summary, said = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == code, said
    assert "floor" in summary and str(out) in said
    run = results.read_run(out)
    assert run.fact("run", "end") == "interrupted" and run.samples
    assert all(gone(worker) for worker in workers)


def cpu_s(pid: int) -> float:
    """CPU time of a process; raises FileNotFoundError or ProcessLookupError once it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rounds_written(out: Path) -> int:
    if not (out / "samples.csv").exists():
        return 0
    return len({(row["invocation"], row["round"]) for row in rows(out / "samples.csv")})


def kill_at_work(process: "subprocess.Popen[str]", out: Path) -> int:
    """Kills a worker windows after the second of its two rounds began; says which invocation's.

    It is halted first: if its round has not been written by then, it cannot have said that it is
    done."""
    while process.poll() is None:
        ended = rounds_written(out)
        workers = children(process.pid)
        try:
            begun_s = cpu_s(workers[0]) if ended % 2 and workers else 0.0
            while begun_s and cpu_s(workers[0]) < begun_s + 0.15:
                time.sleep(0.005)  # between looks at its CPU time
            if begun_s:
                os.kill(workers[0], signal.SIGSTOP)
                at_work = rounds_written(out) == ended
                os.kill(workers[0], signal.SIGKILL if at_work else signal.SIGCONT)
                if at_work:
                    return ended // 2
        except (FileNotFoundError, ProcessLookupError):
            pass  # over before it could be caught: the next one
        time.sleep(0.01)
    pytest.fail("no worker was caught at work")


def test_a_killed_worker_costs_its_invocation_alone(tmp_path: Path) -> None:
    out = tmp_path / "run"
    # Not the System V semaphores: nobody takes those of a killed process away.
    process = subprocess.Popen([BATON, "run", f"--out={out}", "--place=same-cpu",
                                "--filter=^(floor|switch)/([^s]|s[^y])", "--invocations=2",
                                "--rounds=2"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    victim = kill_at_work(process, out)
    _, said = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1 and "W-WORKER" in said and "signal 9" in said
    run = results.read_run(out)
    assert run.fact("run", "end") == "incomplete"
    seen = [sample for sample in run.samples if sample.invocation == victim]
    assert [sample for sample in seen if sample.round == 1], "what it had measured is lost"
    assert [sample.order for sample in seen] == list(range(len(seen)))
    assert {sample.invocation for sample in run.samples} == {0, 1}


def halt_worker(process: "subprocess.Popen[str]") -> int:
    """Halts a child that has become a worker: before that it sees by itself that it is orphaned."""
    while process.poll() is None:
        for child in children(process.pid):
            try:
                if b"\0worker\0" in Path(f"/proc/{child}/cmdline").read_bytes():
                    os.kill(child, signal.SIGSTOP)
                    return child
            except (FileNotFoundError, ProcessLookupError):
                pass  # over already: the next one
    pytest.fail("the run ended")


def test_a_worker_that_cannot_notice_dies_with_its_supervisor(tmp_path: Path) -> None:
    process = started(tmp_path / "run")
    worker = halt_worker(process)
    process.kill()
    process.wait()
    try:
        assert gone(worker)
    finally:
        if Path(f"/proc/{worker}").exists():
            os.kill(worker, signal.SIGKILL)
        process.communicate()


def test_no_worker_outlives_its_supervisor(tmp_path: Path) -> None:
    process = started(tmp_path / "run")
    workers: List[int] = []
    while not workers:
        workers = children(process.pid)
    process.kill()
    process.wait()
    assert all(gone(worker) for worker in workers)
    process.communicate()


def test_google_benchmark_flags_make_one_plain_process(tmp_path: Path) -> None:
    out = tmp_path / "plain.json"
    ended = baton("--benchmark_filter=switch/futex/pingpong/same-cpu|line-store.*same-cpu",
                  "--benchmark_repetitions=2", f"--benchmark_out={out}",
                  "--benchmark_out_format=json", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "plain Google Benchmark process" in ended.stderr
    ran = json.loads(out.read_text(encoding="utf-8"))["benchmarks"]
    timed = [row for row in ran if row["name"] == "switch/futex/pingpong/same-cpu"]
    assert len(timed) == 2 and all(row["real_time"] > 0 for row in timed)
    assert all(0.9 < row["switches"] < 1.2 for row in timed)
    assert not (tmp_path / "results").exists()
    refused_filter = baton("--benchmark_filter=zzz", cwd=tmp_path)
    assert refused_filter.returncode == 4


def test_summary_as_csv_reads_back(tmp_path: Path) -> None:
    ended = baton("run", f"--out={tmp_path / 'run'}", "--family=floor", "--place=same-cpu",
                  "--invocations=6", "--rounds=1", "--format=csv")
    table = list(csv.DictReader(io.StringIO(ended.stdout)))
    summaries = results.summarise(results.read_run(tmp_path / "run"))
    assert len(table) == len([cell for cell in summaries if cell.family == "floor"]) == 8
    for row in table:
        summary, = [summary for cell, summary in summaries.items()
                    if cell.mechanism == row["mechanism"] and cell.family == "floor"]
        if row["median"] == "NA":
            assert summary.median is None
            continue
        assert summary.median == pytest.approx(float(row["median"]), rel=1e-5)
        assert summary.interval is not None
        assert summary.interval.low == pytest.approx(float(row["low"]), rel=1e-5)
        assert summary.interval.high == pytest.approx(float(row["high"]), rel=1e-5)


def test_the_summary_says_what_the_scripts_find_in_the_files(tmp_path: Path) -> None:
    ended = baton("run", f"--out={tmp_path / 'run'}", "--place=same-cpu", "--format=csv",
                  "--filter=switch/(futex|pipe)|lock/mutex/.*=3$", "--invocations=7", "--rounds=3")
    assert ended.returncode == 0, ended.stderr
    run = results.read_run(tmp_path / "run")
    summaries = {cell.name: summary for cell, summary in results.summarise(run).items()}
    ratios = {cell.name: ratio for cell, ratio in paired.paired(run).items()}
    stamps = {found.cell.name: found for found in latency.latencies(
        results.read_histograms(tmp_path / "run" / "histograms.csv"))}
    for row in csv.DictReader(io.StringIO(ended.stdout)):
        name = "/".join([row["family"], row["mechanism"], row["workload"], row["place"],
                         *([] if row["params"] == "NA" else [row["params"]])])
        summary = summaries[name]
        assert summary.p10 == pytest.approx(float(row["p10"]), rel=1e-5), name
        assert summary.needed == int(row["invocations_needed"]), name
        if row["mechanism"] == "futex":
            assert row["ratio"] == "NA" and name not in ratios
        else:
            ratio = ratios[name]
            assert ratio.interval is not None
            for key, value in (("ratio", ratio.ratio), ("ratio_low", ratio.interval.low),
                               ("ratio_high", ratio.interval.high)):
                assert value == pytest.approx(float(row[key]), rel=1e-5), name
        if row["family"] == "lock":
            assert row["p50_ns"] == "NA" and name not in stamps
        else:
            found = stamps[name]
            for key, value in (("p50_ns", found.p50), ("p99_ns", found.p99),
                               ("p999_ns", found.p999)):
                # The program knows the longest one, the files its bucket.
                assert float(row[key]) <= value <= float(row[key]) * 1.04, name


def test_each_pair_of_cpus_has_its_stamps_and_the_base_is_one_of_them(tmp_path: Path) -> None:
    """Without it the base's cell would be twice in the file, beside that of the CPU it drew."""
    ended = baton("run", f"--out={tmp_path / 'run'}", "--place=pairs", "--mechanism=futex",
                  "--awake=no", "--quick", "--invocations=3", "--rounds=1")
    assert ended.returncode == 0, ended.stderr
    buckets = [bucket for bucket in results.read_histograms(tmp_path / "run" / "histograms.csv")
               if not results.cell_of(bucket).dosed]
    samples = [sample for sample in results.read_run(tmp_path / "run").samples
               if sample.ran and not results.cell_of(sample).dosed]
    assert {(row.invocation, row.cpus) for row in buckets} == {
        (sample.invocation, sample.cpus) for sample in samples}


def test_help_tells_every_option_and_version_is_the_projects() -> None:
    told = baton("--help")
    assert told.returncode == 0 and told.stderr == ""
    source = (ROOT / "core" / "options.c").read_text(encoding="utf-8")
    table = re.search(r"keys\[\] = \{(.*?)NULL", source, re.DOTALL)
    assert table
    for option in re.findall(r'"(--[a-z]+)"', table.group(1)):
        assert option in told.stdout
    listed = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    version = re.search(r"project\(baton VERSION (\S+)", listed)
    assert version and baton("--version").stdout == f"baton {version.group(1)}\n"
