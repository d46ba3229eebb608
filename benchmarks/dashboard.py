"""What the dashboard costs a browser: time to the first paint and to the data, bytes before data, hosts contacted.

python benchmarks/dashboard.py [--trials 5000]

A real `assay ui` over a long journal, a real Chromium in a fresh profile. Times are of the clock, from the start of the
navigation; on a busy machine they are too long. Without Chromium or Playwright there are no rows.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from figures import Figure, machine, table
from long_history import written

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
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
    what = f"{trials:,} trials ({events:,} events)"
    return [
        Figure(what=f"dashboard, {what}: first paint", value=paint, unit="ms", beside="under 1,000 ms"),
        Figure(what="its overview with data", value=1000 * overview, unit="ms"),
        Figure(what="its table of trials with data", value=1000 * table_s, unit="ms", beside=f"{rows} rows drawn"),
        Figure(what="page, scripts and styles before data", value=size / 1000, unit="kB", beside="under 300 kB"),
        Figure(what="data of the overview", value=data / 1000, unit="kB"),
        Figure(what="hosts contacted besides this machine", value=len(hosts - {"127.0.0.1"}), unit="", beside="0"),
    ]


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
def served(folder: Path) -> Iterator[dict[str, str]]:
    """Serve the run folders in `folder`; give the links."""
    argv = [sys.executable, "-m", "assay", "ui", "run", "--runs", str(folder), "--port", "0", "--no-open", "--json"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
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
