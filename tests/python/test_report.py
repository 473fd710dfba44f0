"""test_report.py - the page: it stands alone, says what the rows say, and works in a browser"""

import importlib.util
import re
import subprocess
import sys
import xml.etree.ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest

import fairness
import sentences
import tables
from compare import hold
from results import read_run, summarise
from synthetic import Spec, scaled, two_cpu_guest, write_ab, write_run
from test_fairness import write_contest

ROOT = Path(__file__).resolve().parents[2]
PIPE = Spec("switch", "pipe", "pingpong", "l3", 3500.0)
needs_page = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("matplotlib", "jinja2")),
    reason="matplotlib or jinja2 is missing: run scripts/setup --plots")


def report(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-B", str(ROOT / "scripts" / "report.py"), *arguments],
                          cwd=cwd, capture_output=True, text=True, check=False)


def by_question(run: Any) -> Dict[str, sentences.Said]:
    return {said.question: said for said in sentences.answers_of(run)}


def test_the_fastest_is_named_at_each_place_with_those_one_cannot_tell_from_it(
        tmp_path: Path) -> None:
    specs = [replace(PIPE, mechanism=name, place=place, value=value, between=0.01, within=0.001)
             for name, place, value in (("pipe", "same-cpu", 1000.0), ("futex", "same-cpu", 1001.0),
                                        ("signal", "same-cpu", 3000.0), ("pipe", "l3", 9000.0))]
    specs.append(replace(specs[3], params="awake=1", value=10.0))
    run = read_run(write_run(tmp_path / "run", specs))
    said = by_question(run)["Which hand-off is the fastest?"]
    assert re.fullmatch(r"same-cpu: (pipe|futex) \(or any of 1 more\), (99\d|1\.0\d) [nµ]s · "
                        r"l3: pipe, \S+ µs", said.short)
    assert "no slower as far as one can tell: " in said.lines[0]
    assert "slowest of 3 is signal" in said.lines[0]
    assert len(said.lines) == 2


def test_what_crossing_costs_is_a_ratio_within_invocations(tmp_path: Path) -> None:
    """The state of a process is in both, so that it leaves the ratio; kept awake stands apart."""
    near = replace(PIPE, place="same-cpu", value=1000.0, between=0.0, within=0.001)
    specs = [near, replace(near, place="l3", value=5000.0),
             replace(near, place="l3", value=3000.0, params="awake=1"),
             replace(near, place="machine", value=20_000.0)]
    run = read_run(write_run(tmp_path / "run", specs))
    said = by_question(run)["What does it cost to cross?"]
    assert said.short == "From same-cpu to l3: 5.00 times the time"
    assert said.lines[0].startswith("A switch on l3 takes 5.00 times as long as on same-cpu, over "
                                    "1 mechanism; least by pipe (")
    assert said.lines[1].startswith("A switch on l3, the CPUs kept awake (awake=1), takes 3.00 ")
    assert said.lines[2].startswith("A switch on machine takes 4.00 times as long as on l3")
    summaries = summarise(run)
    (crossing,) = sentences.crossings(summaries, "same-cpu", "l3")
    medians = [summaries[cell].median or 0 for cell in summaries if cell.choice == "NA"]
    assert crossing.ratio == pytest.approx(medians[1] / medians[0], rel=1e-3)


def test_two_modes_are_no_answer(tmp_path: Path) -> None:
    def flagged(invocation: int, round_: int) -> str:
        return "flagged:SWITCHES" if round_ % 2 else "ok"
    run = read_run(write_run(tmp_path / "run", [replace(PIPE, status=flagged)]))
    assert not sentences.answers_of(run)
    assert any(flaw.text.startswith("two modes, and no one median, in 1 cell: switch/pipe/")
               for flaw in sentences.flaws(run))


def test_mutex_or_channel_in_short(tmp_path: Path) -> None:
    said = by_question(read_run(write_run(tmp_path / "run", guards())))["Mutex or channel?"]
    assert said.short == "Critical section: mutex · guarding a struct: mutex"
    assert "The chart says mutex; here, on l3: mutex, " in said.lines[0]


def guards() -> List[Spec]:
    return [Spec(family, mechanism, "guard", "l3", value, params=f"{params}updaters=2;work_ns={ns}")
            for ns in (0, 10_000) for family, mechanism, params, value in (
                ("lock", "mutex", "", 20.0 + ns),
                ("handoff", "channel", "answer=await;capacity=0;policy=adaptive;", 2000.0 + ns))]


def test_locks_a_line_for_each_kind_of_contest(tmp_path: Path) -> None:
    run = read_run(write_contest(tmp_path / "run"))
    said = by_question(run)["Which lock is fair?"]
    assert said.short == "Mutex on l3, from 10 µs on"
    assert said.lines == [line for kind in ("hold_ns=3, wait=sleep", "hold_ns=3000") for line in (
        f"On l3, {kind}: acquisitions of greedy for each one of polite's: mutex 1.00 [1.00, 1.00].",
        f"On l3, {kind}: the shortest stretch over which each is fair: mutex 10 µs.")]


def flaw_texts(folder: Path) -> Dict[str, str]:
    """By what they say, their weight."""
    return {flaw.text: flaw.weight for flaw in sentences.flaws(read_run(folder))}


def test_what_was_wrong_is_said_and_weighed(tmp_path: Path) -> None:
    def loaded(invocation: int, round_: int) -> str:
        return "flagged:LOAD+STEAL" if round_ < 2 else "ok"
    found = flaw_texts(write_run(tmp_path / "run", [
        replace(PIPE, status=loaded), replace(PIPE, mechanism="futex", reason="out of pipes",
                                              status=lambda i, r: "error:EMFILE"),
        replace(PIPE, mechanism="yield", reason="one CPU", status=lambda i, r: "skipped:PLACE"),
        replace(PIPE, mechanism="mqueue", between=0.5)], facts={
            ("run", "end"): "interrupted", ("machine", "cgroup_cpu_quota_cpus"): "0.50",
            ("machine", "governor"): "powersave"}))
    expected = {
        "bad": ["the run ended interrupted", "1 cell error:EMFILE: out of pipes (switch/futex/"],
        "doubt": ["LOAD: 24 of 192 windows", "STEAL: 24 of 192 windows", "a quota of 0.50 CPUs"],
        "": ["1 cell skipped:PLACE: one CPU (switch/yield/", "UNSETTLED: the interval of ",
             "a virtual machine (kvm)", "the governor is powersave"]}
    for weight, beginnings in expected.items():
        for beginning in beginnings:
            assert [own for text, own in found.items() if text.startswith(beginning)] == [weight], \
                beginning
    weights = list(found.values())
    assert weights == sorted(weights, key=("bad", "doubt", "").index)


def test_a_quiet_run_has_nothing_wrong(tmp_path: Path) -> None:
    assert flaw_texts(write_run(tmp_path / "run", [replace(PIPE, between=0.01)], facts={
        ("machine", "virtualisation"): "none"})) == {}


def test_against_counts_the_verdicts(tmp_path: Path) -> None:
    specs = [replace(PIPE, mechanism=name, between=0.003, within=0.003)
             for name in ("pipe", "futex", "yield")]
    other = [*scaled(specs[:1], 2.0), *scaled(specs[1:2], 0.25), specs[2]]
    (pair,) = hold([read_run(write_run(tmp_path / "a", specs)),
                    read_run(write_run(tmp_path / "b", other, seed=2))])
    said = sentences.against(pair)
    assert said.question == "What is B against A?"
    assert re.fullmatch(r"0\.79\d times A's time per operation, over 3 common rows", said.short)
    assert "Of 3 rows 1 are faster, 1 slower, 1 the same; of 0 one cannot tell." in said.lines
    assert any(re.match(r"Furthest from A among the faster ones: switch/futex/.*, 0\.2[45]",
                        line) for line in said.lines)
    assert "These are two runs: they differ by the hour as well as by the CPU." in said.lines


def test_tables_sort_by_what_they_say(tmp_path: Path) -> None:
    """The number behind each text is the one that the text is of."""
    from units import measured
    run = read_run(write_contest(tmp_path / "run"))
    listed = fairness.entries(run)
    every = [tables.cells(run), tables.single(run), *tables.locks(listed), tables.context([run])]
    assert all(every) and len(every) == 6
    for table in every:
        assert table
        for row in table.rows:
            assert len(row) == len(table.header)
            for item in row:
                if item.value is not None:
                    assert measured(item.text) == pytest.approx(item.value, rel=1e-3), item
    assert measured("5.89 M/s") == 5.89e6 and measured("> 1.0 s") == 1e9
    assert measured("5273 / 40103") == 5273 and measured("64 %") == 64
    assert measured("bimodal") is measured("–") is None


def test_the_table_of_a_comparison_has_the_rows_of_one_side_too(tmp_path: Path) -> None:
    (pair,) = hold([read_run(write_run(tmp_path / "a", [PIPE, replace(PIPE, mechanism="futex",
                                                                      params="awake=1")])),
                    read_run(write_run(tmp_path / "b", [PIPE], seed=2))])
    both, alone = tables.held(pair).rows
    assert [item.text for item in both[:6]] == ["switch", "pipe", "pingpong", "l3", "", "2"]
    assert [item.text for item in alone[:6]] == ["switch", "futex", "pingpong", "l3", "awake=1",
                                                 "2"]
    assert alone[-2].text == "only in A"


class Elements(HTMLParser):
    """Every element's attributes, and what is never closed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: List[Tuple[str, Dict[str, Optional[str]]]] = []
        self.open: List[str] = []

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> at {self.getpos()}"


def parsed(page: str) -> Elements:
    elements = Elements()
    elements.feed(page)
    assert elements.open == []
    return elements


@needs_page
def test_the_page_stands_alone_and_is_well_formed(tmp_path: Path) -> None:
    odd = replace(PIPE, mechanism="<script>alert('x')</script>")
    write_run(tmp_path / "run", [*two_cpu_guest(), odd])
    done = report("run", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "run/report.html\n", "")
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    elements = parsed(page)
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(set(ids)) == len(ids)
    for tag, attributes in elements.found:
        for key in ("src", "href"):
            assert (attributes.get(key) or "#").startswith(("#", "data:")), (tag, attributes)
            if (attributes.get(key) or "").startswith("#"):
                assert (attributes[key] or "")[1:] in ids
    assert [tag for tag, _ in elements.found].count("script") == 1
    assert not re.search(r"https?://|@import|url\((?!#)", page)
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        xml.etree.ElementTree.fromstring(svg)


@needs_page
def test_no_colour_of_a_picture_is_fixed(tmp_path: Path) -> None:
    """But for the black and white on a heat map, and its image: they are the same on any paper."""
    from pictures.canvas import LIGHT
    write_run(tmp_path / "run", two_cpu_guest())
    assert report("run", cwd=tmp_path).returncode == 0
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    svgs = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(svgs) == 3
    for svg in svgs:
        assert not re.findall(r"#[0-9a-f]{6}\b", svg)
        assert "var(--ink)" in svg and "var(--soft)" in svg
    assert f"--ink:{LIGHT.ink};" in page


@needs_page
def test_the_same_runs_give_the_same_page(tmp_path: Path) -> None:
    write_run(tmp_path / "run", [PIPE])
    for name in ("one.html", "new/two.html"):
        assert report("run", f"--out={name}", cwd=tmp_path).stdout == f"{name}\n"
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "new/two.html").read_bytes()


@needs_page
def test_what_cannot_be_reported_is_one_line(tmp_path: Path) -> None:
    write_run(tmp_path / "run", [PIPE])
    write_run(tmp_path / "other", [replace(PIPE, mechanism="futex")])
    write_run(tmp_path / "debug", [PIPE], facts={("build", "build_type"): "Debug"})
    for arguments, code, words in ((["none"], 2, "no such folder"), (["run", "--x"], 2, "--x"),
                                   (["run", "debug"], 3, "--force"),
                                   (["run", "other"], 4, "no cell has values in both"),
                                   (["run", "--out=run"], 6, "run")):
        done = report(*arguments, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (code, "")
        assert done.stderr.count("\n") == 1 and words in done.stderr
    done = report("run", "debug", "--force", "--out=forced.html", cwd=tmp_path)
    assert done.returncode == 0
    assert "FORCED: B against A is void: debug is of a Debug build" in (
        tmp_path / "forced.html").read_text(encoding="utf-8")


@needs_page
def test_titles_tell_who_is_held_against_whom(tmp_path: Path) -> None:
    import report as module
    write_ab(tmp_path / "ab", [PIPE])
    for name, cpu in (("20261127T000000Z-one", "Z80"), ("20261127T000000Z-two", "Z80"),
                      ("three", "6502")):
        write_run(tmp_path / name, [PIPE], facts={("machine", "cpu_model"): cpu})
    one, two, three = [read_run(tmp_path / name) for name in
                       ("20261127T000000Z-one", "20261127T000000Z-two", "three")]
    assert module.title_of([one]) == "Z80"
    assert module.title_of([one, three]) == "6502 against Z80"
    assert module.title_of([one, two, three]) == "two and three against one"
    sides = [read_run(tmp_path / "ab" / side) for side in "ab"]
    assert module.title_of(sides) == "B against A on AMD EPYC 7B13 64-Core Processor"


@needs_page
def test_a_page_too_heavy_leaves_out_its_heaviest_pictures_and_says_so() -> None:
    import report as module
    parts = [module.Part(letter, None, [], [], [  # type: ignore[arg-type]
        module.Drawing(name, "", "x" * size) for name, size in sizes.items()], [])
        for letter, sizes in (("A", {"order": 5000, "handoff": 1000}), ("B", {"order": 6000}))]
    assert module.lightened(parts, 12_000) == parts
    # What stands in a picture's place takes room too: 5999 left out would not be enough for it.
    for room, left in ((6700, [[5000, 1000], [0]]), (6500, [[0, 1000], [0]]),
                       (2300, [[0, 1000], [0]]), (2100, [[0, 0], [0]])):
        light = module.lightened(parts, room)
        assert [[len(drawing.svg) for drawing in part.drawings] for part in light] == left, room


KEPT = ("20261127T003432Z-intel-xeon-207-2vcpu", "20261126T001456Z-amd-epyc-milan-2vcpu",
        "20261123T080300Z-amd-epyc-genoa-2vcpu")


@pytest.fixture(scope="module", name="pages")
def made_pages(tmp_path_factory: pytest.TempPathFactory) -> Dict[int, Path]:
    """Pages of one and of three kept runs, by how many."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for count in (1, 3):
        runs = [str(ROOT / "results" / "reference" / name) for name in KEPT[:count]]
        done = report(*runs, f"--out={folder / f'{count}.html'}", cwd=folder)
        assert done.returncode == 0, done.stderr
        found[count] = folder / f"{count}.html"
    return found


@needs_page
def test_the_page_of_kept_runs_is_under_five_megabytes(pages: Dict[int, Path]) -> None:
    for path in pages.values():
        assert path.stat().st_size < 5_000_000
        parsed(path.read_text(encoding="utf-8"))


def browser(width: int, dark: bool) -> Any:
    """Chromium without a window, of this width."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is missing: run "
                                    "scripts/setup --test")
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                     "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options)
    driver.set_script_timeout(120)
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
        {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})
    return driver


@pytest.fixture(scope="module", name="driver", params=[(400, True), (400, False), (1600, True),
                                                       (1600, False)],
                ids=lambda param: f"{param[0]}-{'dark' if param[1] else 'light'}")
def opened(request: pytest.FixtureRequest) -> Iterator[Any]:
    from shutil import which
    if not which("chromedriver"):
        pytest.skip("chromedriver is missing: run scripts/setup --test")
    driver = browser(*request.param)
    driver.baton = request.param
    yield driver
    driver.quit()


def wait_for(driver: Any) -> Any:
    """For what the browser does in its own time: events reach a page in a frame to come."""
    from selenium.webdriver.support.wait import WebDriverWait
    return WebDriverWait(driver, 120)


def texts(driver: Any, selector: str, column: int) -> List[str]:
    return list(driver.execute_script(
        "return [...document.querySelectorAll(arguments[0] + ' tbody tr')].filter((row) => "
        "!row.hidden).map((row) => row.cells[arguments[1]].textContent)", selector, column))


def values(driver: Any, selector: str, column: int) -> List[float]:
    return list(driver.execute_script(
        "return [...document.querySelectorAll(arguments[0] + ' tbody tr')].map((row) => "
        "row.cells[arguments[1]].dataset.v).filter((v) => v !== undefined).map(Number)",
        selector, column))


@needs_page
@pytest.mark.parametrize("count", [1, 3])
def test_in_a_browser(pages: Dict[int, Path], driver: Any, count: int) -> None:
    width, dark = driver.baton
    driver.get(pages[count].as_uri())
    assert driver.execute_script("return document.documentElement.scrollWidth") == width
    paper = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(20, 23, 28)" if dark else "rgb(255, 255, 255)")
    sorts_and_searches(driver, "#A-cells" if count == 1 else "#heldB")
    for figure in (("handoff", "latency", "order") if count == 1 else ("handoff",)):
        shows_tips(driver, f"#A-{figure}")
    turns_dark_and_light(driver, paper)
    assert driver.get_log("browser") == []


def sorts_and_searches(driver: Any, table: str) -> None:
    column = 6
    head = driver.find_elements("css selector", f"{table} thead th")[column]
    for order, ascending in (("ascending", True), ("descending", False)):
        driver.execute_script("arguments[0].querySelector('button').click()", head)
        assert head.get_attribute("aria-sort") == order
        found = values(driver, table, column)
        assert len(found) > 20 and found == sorted(found, reverse=not ascending)
        assert texts(driver, table, column)[-1] == "–"  # what has no value stays last
    whole = len(texts(driver, table, 0))
    field = driver.find_element("css selector", f"{table} input")
    field.send_keys("FUTEX l3")
    rows = list(zip(texts(driver, table, 1), texts(driver, table, 3)))
    assert rows and set(rows) == {("futex", "l3")}
    told = driver.find_element("css selector", f"{table} output")
    assert told.text == f"{len(rows)} of {whole} rows"
    field.clear()
    field.send_keys(" ")
    assert len(texts(driver, table, 0)) == whole and told.text == f"{whole} rows"


def shows_tips(driver: Any, figure: str) -> None:
    """The first thing with a tip, a few pixels beside its middle."""
    driver.execute_async_script(
        "document.querySelector(arguments[0]).scrollIntoView({block: 'center', "
        "inline: 'center', behavior: 'instant'});"
        "const done = arguments[1];"
        "requestAnimationFrame(() => requestAnimationFrame(() => done()))",
        f"{figure} [data-tip]")
    x, y, text = driver.execute_script(
        "const dot = document.querySelector(arguments[0]);"
        "const box = dot.getBoundingClientRect(), path = dot.querySelector('path, use');"
        "if (dot.querySelector('path') && !/fill: none/.test(path.getAttribute('style')))"
        "  return [box.x + box.width / 2, box.y + box.height / 2, dot.dataset.tip];"
        "if (!dot.querySelector('path[clip-path]'))"
        "  return [box.x + box.width / 2 + 4, box.y + box.height / 2, dot.dataset.tip];"
        "const at = path.getPointAtLength(path.getTotalLength() / 2);"
        "const on = at.matrixTransform(path.getScreenCTM());"
        "return [on.x + 2, on.y, dot.dataset.tip]", f"{figure} [data-tip]")
    driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})
    tip = driver.find_element("css selector", "#tip")
    wait = wait_for(driver)
    wait.until(lambda _: tip.is_displayed())
    # Lines lie on one another: it may be another invocation's.
    assert tip.text.split("invocation")[0] == text.split("invocation")[0]
    assert not driver.execute_script("return document.querySelector('figure svg title')")
    box = tip.rect
    assert 0 <= box["x"] and box["x"] + box["width"] <= driver.baton[0]
    driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": 1, "y": 1})
    wait.until(lambda _: not tip.is_displayed())


@needs_page
def test_a_map_of_pairs_tells_the_pair_under_the_pointer(tmp_path: Path, driver: Any) -> None:
    specs = [replace(PIPE, cpus=f"{row}-{column}", value=1000.0 * (4 * row + column + 1),
                     between=0.0, within=0.0) for row in range(4) for column in range(4)
             if (row, column) != (3, 2) and (row, column) != (2, 3)]
    write_run(tmp_path / "run", specs, invocations=1, rounds=1)
    assert report("run", cwd=tmp_path).returncode == 0
    driver.get((tmp_path / "run" / "report.html").as_uri())
    told = driver.execute_async_script(
        "const grid = document.querySelector('[data-grid]'), done = arguments[0], found = [];"
        "grid.scrollIntoView({block: 'center', inline: 'center', behavior: 'instant'});"
        "requestAnimationFrame(() => requestAnimationFrame(() => {"
        "for (const [row, column] of [[0, 1], [1, 0], [2, 3]]) {"
        "  const wide = grid.closest('.wide'), before = grid.getBoundingClientRect();"
        "  wide.scrollLeft += before.x + before.width * (column + 0.5) / 4 - innerWidth / 2;"
        "  const box = grid.getBoundingClientRect();"
        "  const x = box.x + box.width * (column + 0.5) / 4;"
        "  const y = box.y + box.height * (row + 0.5) / 4;"
        "  document.elementFromPoint(x, y).dispatchEvent(new PointerEvent('pointermove',"
        "    {clientX: x, clientY: y, bubbles: true}));"
        "  found.push(document.getElementById('tip').textContent);"
        "} done(found); }))")
    assert told == ["CPU 0 to CPU 1: 2.000 µs", "CPU 1 to CPU 0: 5.000 µs",
                    "CPU 2 to CPU 3: not measured"]
    assert driver.get_log("browser") == []


def turns_dark_and_light(driver: Any, paper: str) -> None:
    driver.execute_script("document.getElementById('look').click()")
    turned = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert turned != paper
    driver.execute_script("document.getElementById('look').click()")
    assert driver.execute_script("return getComputedStyle(document.body).backgroundColor") == paper
