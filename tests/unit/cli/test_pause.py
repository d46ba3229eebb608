"""`assay pause` and `assay continue`: what they leave for the run, and what a paused run looks like."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from assay.core.clock import SystemClock
from assay.engine.control import Verb, take
from assay.engine.pulse import Activity, Pulse, pulse_json
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.lease import LEASE_FILE, Lease
from unit.cli.conftest import Assay

Append = Callable[[ev.Payload], None]


@pytest.fixture
def falcon(tmp_path: Path, story: Callable[[str], History]) -> Iterator[Path]:
    """A run that this process holds; its search goes on."""
    story("interrupted")
    folder = tmp_path / "runs" / "late-falcon"
    lease = Lease(folder / LEASE_FILE)
    yield folder
    lease.release()


@pytest.fixture
def append(falcon: Path) -> Append:
    journal = FileJournal(falcon / "events.jsonl")

    def add(payload: ev.Payload) -> None:
        journal.append([Event.after(journal.read()[-1], time=SystemClock().now(), payload=payload)])

    return add


def beat(folder: Path, *activities: Activity) -> None:
    """Write a heartbeat of this process."""
    now = SystemClock().now()
    pulse = Pulse(
        pid=os.getpid(),
        process_started=psutil.Process().create_time(),
        time=now,
        phase="search",
        activities=activities,
        deadline=now + 3600,
    )
    (folder / "heartbeat.json").write_text(pulse_json(pulse), encoding="utf-8")


def verbs(folder: Path) -> list[Verb]:
    return [message.verb for message in take(folder)]


def test_pause_leaves_a_message_and_says_that_the_clock_goes_on(falcon: Path, assay: Assay) -> None:
    beat(falcon)
    said = assay("pause")
    assert said.code == 0
    assert "late-falcon will start nothing new" in said.out
    assert "the clock goes on" in said.out
    assert "assay continue late-falcon" in said.out
    assert verbs(falcon) == [Verb.PAUSE]


def test_continue_says_so_where_nothing_is_paused_and_leaves_nothing(falcon: Path, assay: Assay) -> None:
    assert "is not paused" in assay("continue").out
    assert verbs(falcon) == []


def test_a_paused_run_is_paused_and_not_stalled(falcon: Path, append: Append, assay: Assay) -> None:
    append(ev.Paused())
    beat(falcon)
    out = assay("status").out
    assert "late-falcon  paused by a person" in out
    assert " next   assay continue late-falcon" in out
    assert assay("status", "--json").json["state"] == "paused"
    assert "is paused already" in assay("pause").out
    assert verbs(falcon) == []
    assert "will go on" in assay("continue").out
    assert verbs(falcon) == [Verb.CONTINUE]
    append(ev.Paused(on=False))
    assert "paused" not in assay("status").out


def test_what_still_runs_is_told_as_ending(falcon: Path, append: Append, assay: Assay) -> None:
    append(ev.Paused())
    beat(falcon, Activity(kind="model", label="draft", since=SystemClock().now()))
    out = assay("status").out
    assert "late-falcon  working model call draft" in out
    assert "paused for" in out
    assert "ends first: model call draft" in out


def test_what_delivers_is_not_paused(falcon: Path, append: Append, assay: Assay) -> None:
    append(ev.Paused())
    append(ev.PhaseEntered(phase="finish"))
    said = assay("pause")
    assert said.code == 2
    assert "error[E044]" in said.err
    assert verbs(falcon) == []
    assert "paused" not in assay("status").out


def test_a_run_that_nobody_works_on_cannot_be_paused(
    tmp_path: Path, story: Callable[[str], History], assay: Assay
) -> None:
    story("good_run")
    assert assay("pause", "brisk-otter").code == 5
    assert not (tmp_path / "runs" / "brisk-otter" / "control").exists()
