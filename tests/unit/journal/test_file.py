from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.core.budget import Limits
from assay.core.errors import IntegrityError, MachineError
from assay.journal import events as ev
from assay.journal.events import Event, Payload, body_digest
from assay.journal.file import FileJournal
from support.limits import files_of_at_most
from support.tasks import regression_task


def chain(*payloads: Payload) -> list[Event]:
    events: list[Event] = []
    for number, payload in enumerate(payloads):
        events.append(Event.after(events[-1] if events else None, time=1000.0 + number, payload=payload))
    return events


@pytest.fixture
def events(tmp_path: Path) -> list[Event]:
    started = ev.RunStarted(
        run="calm-otter",
        task=regression_task(tmp_path),
        task_digest="d",
        strategy="tree",
        model="playbook",
        seed=7,
        limits=Limits(trials=3),
        sandbox="T1",
    )
    return chain(started, ev.PhaseEntered(phase="search"), ev.Noted(key="k", value={"a": [1, 2.5, None, "ü"]}))


def test_what_was_appended_is_read_back(tmp_path: Path, events: list[Event]) -> None:
    journal = FileJournal(tmp_path / "run" / "events.jsonl")
    for event in events:
        journal.append([event])
    assert list(FileJournal(tmp_path / "run" / "events.jsonl").read()) == events
    assert list(journal.read(since=2)) == events[2:]


def test_a_journal_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert list(FileJournal(tmp_path / "none.jsonl").read()) == []
    assert FileJournal(tmp_path / "none.jsonl").read_from(7, "d") == ([], 7)


@pytest.mark.parametrize("keep", [1, 40, -1])
def test_a_torn_tail_is_ignored_and_healed_before_the_next_append(
    tmp_path: Path, events: list[Event], keep: int
) -> None:
    path = tmp_path / "events.jsonl"
    FileJournal(path).append(events[:2])
    whole = path.read_bytes()
    last = (json.dumps(events[2].as_dict()) + "\n").encode()
    path.write_bytes(whole + last[:keep])
    assert list(FileJournal(path).read()) == events[:2]
    FileJournal(path).append(events[2:])
    assert list(FileJournal(path).read()) == events


@pytest.mark.parametrize("damage", ["digest", "content", "order", "middle", "gone"])
def test_a_changed_line_is_an_integrity_error(tmp_path: Path, events: list[Event], damage: str) -> None:
    path = tmp_path / "events.jsonl"
    FileJournal(path).append(events)
    lines = path.read_text().splitlines()
    if damage == "digest":
        lines[1] = lines[1].replace('"digest":"', '"digest":"0')
    elif damage == "content":
        lines[1] = lines[1].replace("search", "finish")
    elif damage == "order":
        lines[1], lines[2] = lines[2], lines[1]
    elif damage == "gone":
        del lines[1]
    else:
        lines[1] = lines[1][:30]
    path.write_text("\n".join(lines) + "\n")
    for look in (FileJournal.read, lambda journal: journal.skim(9), lambda journal: list(journal.each())):
        with pytest.raises(IntegrityError, match="line 2") as caught:
            look(FileJournal(path))
        assert caught.value.code == "E401"


def test_an_event_of_a_later_version_is_told_from_a_changed_one(tmp_path: Path, events: list[Event]) -> None:
    path = tmp_path / "events.jsonl"
    FileJournal(path).append(events)
    last = events[-1]
    later = {**last.as_dict(), "number": last.number + 1, "previous": last.digest, "kind": "brand-new"}
    later["digest"] = body_digest(later)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(later) + "\n")
    with pytest.raises(IntegrityError, match="does not know: 'brand-new'") as raised:
        FileJournal(path).read()
    assert raised.value.code == "E401"
    assert raised.value.kept == "all of the run"


def test_reading_goes_on_from_an_offset(tmp_path: Path, events: list[Event]) -> None:
    journal = FileJournal(tmp_path / "events.jsonl")
    journal.append(events[:2])
    first, offset = journal.read_from(0)
    journal.append(events[2:])
    rest, end = journal.read_from(offset, first[-1].digest)
    assert first + rest == events
    assert end == (tmp_path / "events.jsonl").stat().st_size


def test_a_disk_that_is_full_leaves_no_part_of_an_event_and_the_journal_goes_on(
    tmp_path: Path, events: list[Event]
) -> None:
    path = tmp_path / "events.jsonl"
    journal = FileJournal(path)
    journal.append(events[:1])
    whole = path.read_bytes()
    with (
        files_of_at_most(len(whole) + 20),
        pytest.raises(MachineError, match=r"events\.jsonl' cannot be written") as caught,
    ):
        journal.append(events[1:])
    assert (caught.value.code, caught.value.kept) == ("E501", "every event before this")
    assert path.read_bytes() == whole
    journal.append(events[1:])
    assert list(FileJournal(path).read()) == events


def test_a_writer_heals_what_an_earlier_one_left_once_and_never_cuts_its_own(
    tmp_path: Path, events: list[Event]
) -> None:
    path = tmp_path / "deep" / "run" / "events.jsonl"
    journal = FileJournal(path)
    for event in events:
        journal.append([event])
        assert path.read_bytes().endswith(b"\n")
    assert path.stat().st_mode & 0o077 == 0, "what a run says is its owner's"
    assert [event.number for event in journal.read(since=1)] == [1, 2]


def test_a_folder_that_cannot_be_written_is_a_machine_error(tmp_path: Path, events: list[Event]) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    with pytest.raises(MachineError) as caught:
        FileJournal(blocker / "events.jsonl").append(events)
    assert caught.value.code == "E501"


def test_every_kind_of_event_is_read_back_as_what_it_is() -> None:
    assert set(ev.PAYLOADS.values()) == set(Payload.__subclasses__())
