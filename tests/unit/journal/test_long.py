"""A long journal costs its readers work in proportion to what is new, whatever the machine's speed."""

from __future__ import annotations

import gc
import json
from pathlib import Path

import pytest

from assay.core.collector import collector_at_rest
from assay.core.digest import canonical_json
from assay.core.errors import IntegrityError
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.summary import SummaryFile

COUNT = 2000


@pytest.fixture(scope="module")
def events() -> list[Event]:
    found: list[Event] = []
    for number in range(COUNT):
        # A payload with a field of the digest's own name, and text that looks like one.
        payload = (
            ev.SubmissionWritten(trial=number, digest="ab" * 32, rows=3)
            if number % 2
            else ev.Noted(key=f"n{number}", value={"digest": 'x","digest":"' + "cd" * 32 + '","kind":"', "ü": [1, 2.5]})
        )
        found.append(Event.after(found[-1] if found else None, time=1000.0 + number, payload=payload))
    return found


def test_lines_of_the_writer_are_whole(tmp_path: Path, events: list[Event]) -> None:
    journal = FileJournal(tmp_path / "events.jsonl")
    journal.append(events)
    assert list(journal.read()) == events


def test_a_line_in_another_form_is_checked_by_its_values(tmp_path: Path, events: list[Event]) -> None:
    path = tmp_path / "events.jsonl"
    lines = [canonical_json(event.as_dict()) for event in events[:4]]
    lines[2] = json.dumps(events[2].as_dict())
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert list(FileJournal(path).read()) == events[:4]


@pytest.mark.parametrize(
    ("old", "new"),
    [('"rows":3', '"rows":4'), ('"time":1003.0', '"time":1003.5'), ('"trial":3', '"trial":3,"trial":3')],
)
def test_no_changed_line_passes(tmp_path: Path, events: list[Event], old: str, new: str) -> None:
    path = tmp_path / "events.jsonl"
    lines = [canonical_json(event.as_dict()) for event in events[:6]]
    assert old in lines[3]
    lines[3] = lines[3].replace(old, new)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if old == '"trial":3':
        # The same values, said twice: no other event than was written.
        assert list(FileJournal(path).read()) == events[:6]
    else:
        with pytest.raises(IntegrityError, match="line 4"):
            FileJournal(path).read()


def test_a_stored_summary_reads_what_is_new_and_nothing_else(tmp_path: Path, events: list[Event]) -> None:
    path = tmp_path / "events.jsonl"
    FileJournal(path).append(events[:-3])
    SummaryFile(tmp_path).refresh()
    FileJournal(path).append(events[-3:])
    content = path.read_bytes()
    path.write_bytes(b"#" * content.index(b"\n") + content[content.index(b"\n") :])
    with pytest.raises(IntegrityError, match="line 1"):
        FileJournal(path).read()  # who reads the whole sees that its beginning was changed
    assert SummaryFile(tmp_path).read().events == COUNT


def test_the_collector_rests_and_is_put_back_as_it_was() -> None:
    assert gc.isenabled()
    with collector_at_rest():
        assert not gc.isenabled()
    assert gc.isenabled()
    gc.disable()
    try:
        with collector_at_rest():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
