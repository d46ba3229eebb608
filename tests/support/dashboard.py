"""A dashboard over run folders that tests write: a client that was let in, and events that come later."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from starlette.testclient import TestClient

from assay.journal.events import Event, Payload
from assay.journal.file import FileJournal
from assay.journal.objects import ObjectStore
from assay.web.app import Dashboard, make_app
from assay.web.library import Library
from support.histories import Story

ADDRESS = "http://127.0.0.1:7788"


def write_run(root: Path, name: str, story: object) -> Path:
    """Write a story of `support.histories` as a run folder.

    Args:
        root: Folder of the run folders.
        name: Of the run.
        story: A function that takes an object store and returns the history and its events.
    """
    folder = root / name
    told: Story = story(ObjectStore(folder / "objects"))  # type: ignore[operator]
    FileJournal(folder / "events.jsonl").append(told[1])
    return folder


def append(folder: Path, payloads: Sequence[Payload]) -> list[Event]:
    """Append events to the journal of a run folder, two seconds apart."""
    journal = FileJournal(folder / "events.jsonl")
    events = list(journal.read())
    known = len(events)
    for payload in payloads:
        last = events[-1]
        events.append(Event.after(last, time=last.time + 2.0, payload=payload))
    journal.append(events[known:])
    return events[known:]


def dashboard_of(root: Path) -> Dashboard:
    """Return a dashboard over the run folders in `root`."""
    return Dashboard(library=Library(root), cookie="assay-7788")


def stranger(dashboard: Dashboard) -> TestClient:
    """Return a client that was not let in."""
    return TestClient(make_app(dashboard), base_url=ADDRESS, follow_redirects=False, raise_server_exceptions=False)


def let_in(dashboard: Dashboard, *, write: bool = True) -> TestClient:
    """Return a client that came in by the owner's link, or by the viewers'."""
    client = stranger(dashboard)
    token = dashboard.keys.owner if write else dashboard.keys.viewer
    assert client.get("/open", params={"token": token}).status_code == 200
    return client
