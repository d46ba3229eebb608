from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio

from assay.engine.pulse import Pulse, pulse_json
from assay.journal import events as ev
from assay.journal.lease import Lease
from assay.web.library import Library
from assay.web.stream import MOST_AT_ONCE, stream_events
from assay.web.view import RunReader
from support.dashboard import append, write_run
from support.histories import all_failed, good_run, interrupted


def messages(root: Path, since: int, wanted: int, then: Callable[[int], object] = lambda count: None) -> list[Any]:
    """Return the first messages of a stream as (id, event, data); `then` is called after each with their number."""
    found: list[tuple[int | None, str, Any]] = []

    async def follow() -> None:
        library = Library(root)
        async for chunk in stream_events(library, "run", since, lambda: len(found) >= wanted, poll_s=0.01):
            fields = dict(line.split(": ", 1) for line in chunk.decode().strip().splitlines())
            if "event" in fields:
                number = int(fields["id"]) if "id" in fields else None
                found.append((number, fields["event"], json.loads(fields["data"])))
                then(len(found))
                if len(found) >= wanted:
                    return

    with anyio.from_thread.start_blocking_portal() as portal:
        portal.call(follow)
    return found


def test_a_reader_that_was_away_gets_exactly_what_it_missed(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "run", interrupted)
    known = len((folder / "events.jsonl").read_text(encoding="utf-8").splitlines())
    append(folder, [ev.Told(text="one"), ev.Told(text="two")])
    found = messages(tmp_path, known, 2)
    assert [(number, event, data["kind"]) for number, event, data in found] == [
        (known, "journal", "told"),
        (known + 1, "journal", "told"),
    ]


def test_very_many_are_announced_at_once(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "run", good_run)
    known = len((folder / "events.jsonl").read_text(encoding="utf-8").splitlines())
    assert known > MOST_AT_ONCE
    ((number, event, data),) = messages(tmp_path, 0, 1)
    assert (number, event, data["of"]) == (known - 1, "journal", known)


def test_news_a_heartbeat_another_journal_and_the_end_are_told_in_turn(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "run", interrupted)
    pulse = Pulse(pid=1, process_started=1.0, time=5.0, phase="search")
    (folder / "heartbeat.json").write_text(pulse_json(pulse), encoding="utf-8")
    known = len((folder / "events.jsonl").read_text(encoding="utf-8").splitlines())

    def then(count: int) -> None:
        if count == 1:
            late = Pulse(pid=1, process_started=1.0, time=10.0, phase="search")
            (folder / "heartbeat.json").write_text(pulse_json(late), encoding="utf-8")
        elif count == 2:
            shutil.rmtree(folder)
            write_run(tmp_path, "run", all_failed)
        elif count == 3:
            shutil.rmtree(folder)

    append(folder, [ev.Told(text="one")])
    found = messages(tmp_path, known, 100, then)
    kinds = [event for _, event, _ in found]
    assert kinds[:3] == ["journal", "pulse", "replaced"]
    assert kinds[-1] == "gone"
    assert found[-1][2]["code"] == "E201"


def test_a_run_whose_process_goes_without_a_word_is_announced(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "run", interrupted)
    known = len((folder / "events.jsonl").read_text(encoding="utf-8").splitlines())
    append(folder, [ev.Told(text="one")])
    lease = Lease(folder / "lease")
    found = messages(tmp_path, known, 2, lambda count: lease.release() if count == 1 else None)
    assert [(event, data.get("life")) for _, event, data in found] == [("journal", None), ("life", "dead")]


def test_a_torn_record_is_no_event_until_it_is_whole(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "run", interrupted)
    whole = (folder / "events.jsonl").read_bytes()
    append(folder, [ev.Told(text="one")])
    line = (folder / "events.jsonl").read_bytes()[len(whole) :]
    (folder / "events.jsonl").write_bytes(whole + line[:30])
    reader = RunReader(folder)
    assert reader.catch_up() == len(whole.splitlines())
    with (folder / "events.jsonl").open("ab") as late:
        late.write(line[30:])
    assert reader.catch_up() == len(whole.splitlines()) + 1
    assert reader.epoch == 1
