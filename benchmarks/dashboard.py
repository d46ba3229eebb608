"""What the dashboard costs: time to the first paint and to the data, bytes, hosts contacted, and what updates take.

python benchmarks/dashboard.py [--trials 5000]

A real `assay ui` over a long journal, a real Chromium in a fresh profile. Times are of the clock, from the start of the
navigation; on a busy machine they are too long. Then the journal gains a scored trial every second, as that of a live
run does, while a page is open: bytes and the server's processor time are those of one update. Without Chromium or
Playwright there are no rows.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from figures import Figure, machine, table
from long_history import written

from assay.core.clock import SystemClock
from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.lease import Lease

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SECONDS = 12
"""In which the journal gains a trial each."""
PAINT = """
() => new Promise((resolve) => {
  const told = (list) => {
    const found = list.find((one) => one.name === "first-contentful-paint");
    if (found) resolve(found.startTime);
  };
  new PerformanceObserver((list) => told(list.getEntries())).observe({ type: "paint", buffered: true });
})
"""
"""From the start of the navigation, in milliseconds."""


def measured(trials: int) -> list[Figure]:
    """Return the rows of a run of so many trials."""
    if CHROMIUM is None:
        print("dashboard: no Chromium here")
        return []
    with tempfile.TemporaryDirectory() as folder:
        events = written(Path(folder), trials)
        with served(Path(folder)) as told, tab(told["viewer"]) as (page, seen):
            seen.clear()
            page.goto("about:blank")
            page.goto(f"{told['address']}/#/run/overview")
            paint = page.evaluate(PAINT)
            overview = shown(page, "run/overview")
            size = sum(one for path, one in seen if not path.startswith("/api/"))
            data = sum(one for path, one in seen if path.startswith("/api/"))
            page.goto("about:blank")
            page.goto(f"{told['address']}/#/run/trials")
            table_s = shown(page, "run/trials")
            rows = page.locator(".rows .row").count()
            hosts = {host for host in seen.hosts if host}
            updates = [figure for name in ("overview", "trials") for figure in updated(folder, name, told, page, seen)]
    what = f"{trials:,} trials ({events:,} events)"
    return [
        Figure(what=f"dashboard, {what}: first paint", value=paint, unit="ms", beside="under 1,000 ms"),
        Figure(what="its overview with data", value=1000 * overview, unit="ms"),
        Figure(what="its table of trials with data", value=1000 * table_s, unit="ms", beside=f"{rows} rows drawn"),
        Figure(what="page, scripts and styles before data", value=size / 1000, unit="kB", beside="under 300 kB"),
        Figure(what="data of the overview, the first time", value=data / 1000, unit="kB"),
        *updates,
        Figure(what="hosts contacted besides this machine", value=len(hosts - {"127.0.0.1"}), unit="", beside="0"),
    ]


def updated(folder: str, name: str, told: dict[str, Any], page: Any, seen: Answers) -> list[Figure]:
    """Return what one update of a page takes while the run goes on."""
    page.goto("about:blank")
    page.goto(f"{told['address']}/#/run/{name}")
    shown(page, f"run/{name}")
    server, lease = psutil.Process(told["pid"]), Lease(Path(folder) / "run" / "lease")
    writer = Writer(Path(folder) / "run")
    time.sleep(2)
    seen.clear()
    before = spent_by(server)
    for _ in range(SECONDS):
        writer.add_trial()
        page.wait_for_timeout(1000)
    after = spent_by(server)
    lease.release()
    sizes = [size for path, size in seen if path == f"/api/run/run/{name}"]
    each = len(sizes) or 1
    return [
        Figure(
            what=f"one update of `{name}`", value=sum(sizes) / each / 1000, unit="kB", beside=f"{len(sizes)} of them"
        ),
        Figure(what="the server's processor time for it", value=1000 * (after - before) / each, unit="ms"),
    ]


def spent_by(process: psutil.Process) -> float:
    """Return the seconds of the processor that a process has had."""
    times = process.cpu_times()
    return float(times.user + times.system)


class Writer:
    """Lets a journal grow as a live run does.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._journal = FileJournal(folder / "events.jsonl")
        *_, self._last = self._journal.each()
        history = History(self._journal.each())
        self._next = max(history.trials) + 1
        self._like = next(trial for trial in history.trials.values() if trial.ranks)

    def add_trial(self) -> None:
        """Add a trial with a score."""
        like, number = self._like, self._next
        self._next += 1
        created = ev.TrialCreated(trial=number, key=f"late-{number}/trial", candidate=like.candidate, title="One more",
                                  operator="draft", parents=(like.number,))  # fmt: skip
        finished = ev.TrialFinished(trial=number, state=TrialState.COMPLETE, candidate=like.candidate,
                                    score=like.score, folds=like.folds, scores=dict(like.scores))  # fmt: skip
        for payload in (created, finished):
            self._last = Event.after(self._last, time=SystemClock().now(), payload=payload)
            self._journal.append([self._last])


class Answers(list[tuple[str, int]]):
    """Path and bytes of each answer; and the hosts that were asked."""

    def __init__(self) -> None:
        super().__init__()
        self.hosts: set[str] = set()

    def take(self, answer: Any) -> None:
        """Note one answer of the server."""
        address = urlsplit(answer.url)
        self.append((address.path, int(answer.headers.get("content-length", 0))))

    def ask(self, request: Any) -> None:
        """Note one request of the browser."""
        self.hosts.add(urlsplit(request.url).hostname or "")


@contextmanager
def served(folder: Path) -> Iterator[dict[str, Any]]:
    """Serve the run folders in `folder`; give the links and the process."""
    argv = [sys.executable, "-m", "assay", "ui", "run", "--runs", str(folder), "--port", "0", "--no-open", "--json"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield {**json.loads(process.stdout.readline()), "pid": process.pid}
        process.send_signal(signal.SIGINT)


@contextmanager
def tab(link: str) -> Iterator[tuple[Any, Answers]]:
    """Open `link` in a fresh browser; give the page and what it was answered."""
    from playwright.sync_api import sync_playwright

    seen = Answers()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.set_default_timeout(120_000)
        page.on("response", seen.take)
        page.on("request", seen.ask)
        page.goto(link)
        page.wait_for_selector("main[data-shown]")
        yield page, seen
        browser.close()


def shown(page: Any, name: str) -> float:
    """Wait until a page shows its data; return the seconds since its navigation began."""
    page.wait_for_selector(f'main[data-shown="{name}"]')
    return float(page.evaluate("performance.now()")) / 1000


def figures(*, quick: bool) -> list[Figure]:
    """Return the rows of this benchmark."""
    return measured(1000 if quick else 5000)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=5000)
    print(machine())
    print(table(measured(parser.parse_args().trials)))


if __name__ == "__main__":
    main()
