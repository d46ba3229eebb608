"""The dashboard in a real browser: a real `assay ui`, a real Chromium, run folders that a test writes to."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil
import pytest

from assay.core.candidate import Candidate
from assay.core.trial import TrialState
from assay.engine.pulse import Activity, Pulse, pulse_json
from assay.journal import events as ev
from assay.journal.lease import Lease
from assay.journal.objects import ObjectStore
from assay.web.app import MOST_STREAMS
from support.dashboard import append, write_run
from support.histories import Story, good_run, interrupted, just_started, rejected_leak
from support.run_writer import ROC_AUC, Idea, RunWriter, tabular_task

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here"),
    pytest.mark.timeout(300),
    # One server and one browser for all: they must stay in one process of the test runner.
    pytest.mark.xdist_group("dashboard"),
]
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
HOSTILE = '<img src="http://elsewhere.invalid/x.png" onerror="document.title=\'owned\'"><script>alert(1)</script>'


def hostile(objects: ObjectStore) -> Story:
    """A candidate that wants to be markup, wherever its words are shown."""
    writer = RunWriter(HOSTILE[:60], tabular_task(ROC_AUC, name=HOSTILE), objects=objects)
    number = writer.create(Idea(title=HOSTILE))
    writer.add(ev.Told(text=HOSTILE))
    writer.add(ev.Remarked(code="W999", text=HOSTILE))
    record = writer.history.trials[number].candidate
    writer.add(ev.TrialFinished(trial=number, state=TrialState.FAILED, candidate=record, reason=HOSTILE))
    return writer.history, writer.events


def framing(objects: ObjectStore, html: str) -> Story:
    """A notebook with an output in HTML."""
    writer = RunWriter("deep-owl", tabular_task(ROC_AUC), objects=objects)
    number = writer.create(Idea(title="a notebook"))
    outputs = [{"output_type": "display_data", "data": {"text/html": html}}]
    source = json.dumps({"cells": [{"cell_type": "code", "source": "1", "outputs": outputs}]})
    record = objects.put_candidate(Candidate(kind="notebook", files={"a.ipynb": source}, entry="a.ipynb"))
    writer.add(ev.TrialFinished(trial=number, state=TrialState.FAILED, candidate=record, reason="it failed"))
    return writer.history, writer.events


@dataclass
class Served:
    """A dashboard that runs as a process of its own."""

    root: Path
    owner: str
    viewer: str
    address: str
    process: subprocess.Popen[str]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("ui") / "runs"
    for name, story in (
        ("brisk-otter", good_run),
        ("late-falcon", interrupted),
        ("new-wren", just_started),
        ("plain-finch", rejected_leak),
        ("short-lived", interrupted),
        ("sly-fox", hostile),
    ):
        write_run(root, name, story)
    argv = [sys.executable, "-m", "assay", "ui", "--runs", str(root), "--port", "0", "--no-open", "--json"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=root.parent) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield Served(root, told["owner"], told["viewer"], told["address"], process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err) == (0, "", ""), "Ctrl-C ends it quietly"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Seen:
    """What a page did that nobody asked it to do."""

    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


@dataclass
class Tab:
    """A tab of a browser that was let in."""

    page: Page
    served: Served
    seen: Seen

    def go(self, address: str, wait_for: str) -> None:
        """Open an address of the dashboard and wait until it shows something."""
        self.page.goto(f"{self.served.address}/#/{address}")
        self.page.wait_for_selector(wait_for)

    def text(self) -> str:
        """Return what is to be read on the page."""
        return self.page.inner_text("main")


def enter(browser: Browser, served: Served, link: str) -> Tab:
    """Return a tab of a fresh profile that followed a link."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    seen = Seen()
    page.on("console", lambda message: message.type == "error" and seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on("dialog", lambda dialog: seen.complaints.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: seen.hosts.add(urlsplit(request.url).netloc))
    page.goto(link)
    page.wait_for_selector("#main .page")
    return Tab(page, served, seen)


@pytest.fixture(scope="module")
def owner(browser: Browser, served: Served) -> Tab:
    return enter(browser, served, served.owner)


@pytest.fixture(scope="module")
def viewer(browser: Browser, served: Served) -> Tab:
    return enter(browser, served, served.viewer)


@pytest.fixture
def alive(served: Served) -> Iterator[Path]:
    """The run `late-falcon` as one that this process works on, with a trial under way."""
    folder = served.root / "late-falcon"
    lease = Lease(folder / "lease")
    me = psutil.Process()
    now = me.create_time() + 1.0
    activity = Activity(kind="run", label="#2 fold-1", since=now, trial=2, pid=os.getpid(), last_output_age_s=3.0)
    pulse = Pulse(pid=me.pid, process_started=me.create_time(), time=now, phase="search", activities=(activity,))
    (folder / "heartbeat.json").write_text(pulse_json(pulse), encoding="utf-8")
    yield folder
    lease.release()


PAGES = ("overview", "tree", "trials", "trial/0", "compare", "data", "cost", "agents", "files", "report")


def test_every_page_opens_without_a_complaint_or_a_foreign_request(viewer: Tab, served: Served) -> None:
    viewer.go("", "text=brisk-otter")
    for run in ("brisk-otter", "new-wren", "sly-fox"):
        for address in PAGES:
            viewer.go(f"{run}/{address}", f'main[data-shown="{run}/{address}"]')
            assert "could not be shown" not in viewer.text(), address
    known = [text for text in viewer.seen.complaints if "404" not in text]
    assert known == []
    assert viewer.seen.hosts == {urlsplit(served.address).netloc}


def test_markup_of_a_candidate_is_shown_as_text(viewer: Tab) -> None:
    viewer.go("sly-fox/trials", ".rows .row")
    assert "<img src=" in viewer.text()
    for address in ("sly-fox/overview", "sly-fox/tree", "sly-fox/trial/0"):
        viewer.go(address, f'main[data-shown="{address}"]')
        assert "onerror=" in viewer.text(), address
        assert viewer.page.locator("main img, main script").count() == 0
    assert viewer.page.title() != "owned"


def test_what_the_journal_gains_appears_by_itself_and_moves_nothing(viewer: Tab, alive: Path) -> None:
    viewer.go("late-falcon/overview", ".overview")
    assert "idle" in viewer.text()
    where = viewer.page.locator(".overview .curve").bounding_box()
    best = viewer.page.inner_text(".headline .value")
    record = ObjectStore(alive / "objects").put_candidate(Candidate(kind="script", files={"a.py": "1"}, entry="a.py"))
    created = {"key": "step-0099/trial", "candidate": record, "operator": "draft"}
    append(
        alive,
        [
            ev.TrialCreated(trial=90, title="A late idea", **created),
            ev.TrialFinished(trial=90, state=TrialState.FAILED, candidate=record, reason="it came too late"),
        ],
    )
    viewer.page.wait_for_selector(".last >> text=it came too late")
    assert viewer.page.inner_text(".headline .value") == best
    assert viewer.page.locator(".overview .curve").bounding_box() == where


def test_the_owner_tells_and_a_viewer_may_not(owner: Tab, viewer: Tab, alive: Path) -> None:
    viewer.go("late-falcon/overview", ".overview")
    assert viewer.page.locator("form.tell").count() == 0
    refused = viewer.page.evaluate(
        """async () => (await fetch("/api/run/late-falcon/tell", {method: "POST", body: '{"text": "no"}'})).status"""
    )
    assert refused == 403
    owner.go("late-falcon/overview", "form.tell")
    owner.page.fill("form.tell input", "prefer simpler models")
    owner.page.click("form.tell button")
    owner.page.wait_for_selector("text=Told.")
    (message,) = (alive / "control").glob("*.json")
    assert json.loads(message.read_text(encoding="utf-8"))["text"] == "prefer simpler models"
    assert owner.seen.complaints == []


def test_an_update_closes_nothing_opens_nothing_and_keeps_what_is_half_written(owner: Tab, alive: Path) -> None:
    owner.go("late-falcon/trial/1", "details")
    fold = owner.page.locator("details").first
    was_open = fold.get_attribute("open") is not None
    fold.locator("summary").click()
    for _ in range(2):  # when the second answer is there, the first is shown
        with owner.page.expect_response(lambda answer: "/late-falcon/trial/1" in answer.url):
            append(alive, [ev.Told(text="an event comes")])
    assert (fold.get_attribute("open") is not None) is not was_open
    owner.go("late-falcon/overview", "form.tell")
    owner.page.click("form.tell input")
    owner.page.keyboard.type("half a sent")
    append(alive, [ev.Remarked(code="W001", text="a remark that shows")])
    owner.page.wait_for_selector("text=a remark that shows")
    owner.page.keyboard.type("ence")
    assert owner.page.input_value("form.tell input") == "half a sentence"


def test_the_owner_skips_what_runs_after_a_question(owner: Tab, viewer: Tab, alive: Path) -> None:
    viewer.go("late-falcon/overview", ".overview")
    assert viewer.page.locator("text=Finish up").count() == 0
    owner.go("late-falcon/overview", ".overview")
    before = set((alive / "control").glob("*.json"))
    owner.page.click("button:text-is('skip')")
    owner.page.click("dialog button:text-is('No')")
    owner.page.click("button:text-is('skip')")
    owner.page.click("dialog button:text-is('Yes')")
    owner.page.wait_for_selector("dialog", state="detached")
    (path,) = set((alive / "control").glob("*.json")) - before
    message = json.loads(path.read_text(encoding="utf-8"))
    assert (message["verb"], message["trial"]) == ("skip", 2)
    assert owner.seen.complaints == []


def test_who_comes_back_finds_what_was_in_sight(viewer: Tab) -> None:
    viewer.page.set_viewport_size({"width": 900, "height": 420})
    viewer.go("brisk-otter/trials", ".rows .row")
    viewer.page.evaluate("document.querySelector('.rows').scrollTop = 300")
    viewer.page.click(".rows .row >> nth=12")
    viewer.page.wait_for_selector(".trial h1")
    viewer.page.go_back()
    viewer.page.wait_for_selector(".rows .row[aria-selected]")
    assert viewer.page.evaluate("document.querySelector('.rows').scrollTop") == 300
    viewer.go("brisk-otter/tree", ".rows .row")
    assert viewer.page.evaluate("document.querySelector('.rows').scrollTop") == 0
    viewer.page.set_viewport_size({"width": 1280, "height": 900})


def test_html_of_a_notebook_reaches_no_host(viewer: Tab) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(2.0)
        place = f"http://127.0.0.1:{listener.getsockname()[1]}"
        html = f'<iframe src="{place}/a"></iframe><link rel=preconnect href="{place}"><img src="{place}/b"><b>seen</b>'
        write_run(viewer.served.root, "deep-owl", lambda objects: framing(objects, html))
        viewer.go("deep-owl/trial/0", "summary")
        viewer.page.locator("summary", has_text="cells").click()
        viewer.page.frame_locator("iframe.frame").locator("text=seen").wait_for()
        with pytest.raises(TimeoutError):
            listener.accept()


def test_only_so_many_pages_follow_a_run(viewer: Tab) -> None:
    cookie = "; ".join(f"{one['name']}={one['value']}" for one in viewer.page.context.cookies())
    host = urlsplit(viewer.served.address).netloc
    asked = f"GET /api/run/plain-finch/events HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n"
    with ExitStack() as stack:
        words = []
        for _ in range(MOST_STREAMS + 1):
            line = stack.enter_context(socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2])), 20))
            line.sendall(asked.encode())
            words.append(line.recv(12))
        assert words[0] == b"HTTP/1.1 200"
        assert words[-1] == b"HTTP/1.1 503"
        viewer.go("", "text=brisk-otter")  # everybody else is answered


def test_the_link_of_the_owner_opens_nothing_for_a_second_browser(owner: Tab, browser: Browser, served: Served) -> None:
    page = browser.new_context().new_page()
    answer = page.goto(served.owner)
    assert answer is not None
    assert answer.status == 403
    assert "opens nothing" in page.inner_text("main")
    answer = page.goto(f"{served.address}/api/runs")
    assert answer is not None
    assert answer.status == 403


def test_the_keyboard_walks_trials_and_tree(viewer: Tab) -> None:
    keys: Callable[[str], Any] = viewer.page.keyboard.press
    viewer.go("brisk-otter/trials", ".rows .row")
    keys("j")
    keys("j")
    keys("Enter")
    viewer.page.wait_for_selector(".trial h1")
    assert viewer.page.url.endswith("#/brisk-otter/trial/1")
    viewer.go("brisk-otter/tree", ".rows .row")
    before = viewer.page.inner_text(".count")
    keys("d")
    assert viewer.page.inner_text(".count") != before
    assert viewer.page.url.endswith("show=kept")


def test_filters_are_in_the_address_and_come_back_with_it(viewer: Tab) -> None:
    viewer.go("brisk-otter/trials", ".rows .row")
    viewer.page.click(".toggle.real")
    assert "mark=real" in viewer.page.url
    shown = viewer.page.inner_text(".count")
    viewer.page.reload()
    viewer.page.wait_for_selector(".rows .row")
    assert viewer.page.inner_text(".count") == shown
    assert {text.split()[0] for text in viewer.page.locator(".rows .tag").all_inner_texts()} == {"real"}


def test_a_run_that_is_removed_while_it_is_looked_at_is_said_to_be_gone(viewer: Tab, served: Served) -> None:
    viewer.go("short-lived/overview", ".overview")
    shutil.rmtree(served.root / "short-lived")
    viewer.page.wait_for_selector("text=E201")
    assert "gone" in viewer.page.inner_text("#state")


def test_a_bundle_opens_from_the_disk_without_a_server_or_a_network(browser: Browser, served: Served) -> None:
    from assay.web.bundle import bundle_run, write_bundle

    context = browser.new_context(offline=True)
    for run in ("brisk-otter", "sly-fox"):
        file = write_bundle(bundle_run(served.root / run), served.root.parent / f"{run}.html")
        page = context.new_page()
        page.set_default_timeout(60_000)
        seen = Seen()
        page.on("console", lambda message, seen=seen: message.type == "error" and seen.complaints.append(message.text))
        page.on("pageerror", lambda error, seen=seen: seen.complaints.append(str(error)))
        page.on("dialog", lambda dialog, seen=seen: seen.complaints.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request, seen=seen: seen.hosts.add(urlsplit(request.url).netloc))
        for address in PAGES:
            page.goto(f"{file.as_uri()}#/{run}/{address}")
            page.wait_for_selector(f'main[data-shown="{run}/{address}"]')
            assert "not in the bundle" not in page.inner_text("main"), address
        assert page.locator("iframe.report").get_attribute("sandbox") == ""
        assert page.frame_locator("iframe.report").locator("h1").count() == 1
        assert page.title() != "owned"
        assert (seen.complaints, seen.hosts) == ([], {""})


def test_trials_are_compared_and_files_are_shown_as_text(viewer: Tab, served: Served) -> None:
    (served.root / "brisk-otter" / "evil.html").write_text(HOSTILE, encoding="utf-8")
    viewer.go("brisk-otter/compare?trials=1,3", ".chips .chip")
    assert "better in 5 of 5 folds" in viewer.text()
    viewer.page.select_option("select[aria-label='Add a trial']", "5")
    viewer.page.wait_for_selector(".chips .chip >> nth=2")
    assert viewer.page.url.endswith("trials=1%2C3%2C5")
    viewer.go("brisk-otter/files/evil.html", "pre.file")
    assert HOSTILE in viewer.page.inner_text("pre.file")
    viewer.go("brisk-otter/files/private", ".error")
    assert "E211" in viewer.text()
