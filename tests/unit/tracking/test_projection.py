"""The journal as records: pure, the same live and afterwards, without secrets."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from assay.core.budget import Limits
from assay.core.clock import SystemClock
from assay.core.task import ungraded_task
from assay.core.trial import TrialState
from assay.engine.log import EventLog
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.objects import ObjectStore
from assay.tracking import Place, RunRecord, RunState, StoreLost
from assay.tracking.artifacts import TrialFiles
from assay.tracking.export import export_run
from assay.tracking.projection import Projection
from assay.tracking.tracker import Tracker
from support import histories

PLACE = Place(uri="sqlite:////tmp/nowhere/mlflow.db")
AT_ONCE = {"start_s": 0.0, "latest_s": 0.0}


class Shelf:
    """A store that keeps the last record of each run; dead if told so."""

    def __init__(self, *, dead: bool = False) -> None:
        self.records: dict[str, RunRecord] = {}
        self.dead = dead
        self.asked = threading.Event()

    def write(self, records: Sequence[RunRecord]) -> Mapping[str, str]:
        self.asked.set()
        if self.dead:
            raise StoreLost("the process of the experiment store ended")
        self.records |= {record.key: record for record in records}
        return {record.key: record.key for record in records}

    def rest(self) -> None:
        pass

    def close(self) -> None:
        pass


def night(folder: Path, count: int | None = None) -> list[Event]:
    _, events = histories.good_run(ObjectStore(folder / "objects"))
    events = events[:count]
    FileJournal(folder / "events.jsonl").append(events)
    return events


def test_what_is_tracked_live_is_what_an_export_gives(tmp_path: Path) -> None:
    events = night(tmp_path / "whole")
    live, later = Shelf(), Shelf()
    tracker = Tracker(PLACE, live, **AT_ONCE)
    folder = tmp_path / "live"
    histories.good_run(ObjectStore(folder / "objects"))
    with tracker.following(folder, lambda code, text: None):
        for event in events:
            tracker.on_event(event)
    end = tracker.close(30)
    assert end.dropped == 0
    export_run(tmp_path / "whole", later)
    assert live.records == later.records
    assert len(live.records) == end.written > 20


def test_a_resumed_run_goes_on_with_its_runs(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    _, events = histories.second_wind(ObjectStore(folder / "objects"))
    resumed = next(number for number, one in enumerate(events) if isinstance(one.payload, ev.RunResumed))
    FileJournal(folder / "events.jsonl").append(events[:resumed])
    shelf = Shelf()
    first = Tracker(PLACE, shelf, **AT_ONCE)
    with first.following(folder, lambda code, text: None):
        pass
    first.close(30)
    assert {record.state for record in shelf.records.values()} <= set(RunState) - {RunState.RUNNING}
    known = set(shelf.records)
    second = Tracker(PLACE, shelf, **AT_ONCE)
    with second.following(folder, lambda code, text: None):
        for event in events[resumed:]:
            second.on_event(event)
    second.close(30)
    assert known <= set(shelf.records)
    assert len({record.name for record in shelf.records.values()}) == len(shelf.records)


def test_a_dead_store_is_remarked_on_once_in_the_journal_and_stops_nothing(tmp_path: Path) -> None:
    events = night(tmp_path, 1)
    _, all_events = histories.good_run()
    remarks: list[tuple[str, str]] = []
    told = threading.Event()

    def remark(code: str, text: str) -> None:
        remarks.append((code, text))
        told.set()

    tracker = Tracker(PLACE, Shelf(dead=True), waits_s=(0.0, 0.0), **AT_ONCE)
    with tracker.following(tmp_path, remark):
        assert told.wait(20)
        for event in all_events[len(events) :]:
            tracker.on_event(event)
    end = tracker.close(0)
    assert end.written == 0
    assert end.dropped > 20
    assert [code for code, _ in remarks] == ["W420"]
    assert "assay export" in remarks[0][1]


def test_nothing_is_written_before_the_first_trial_is_over(tmp_path: Path) -> None:
    _, events = histories.good_run()
    over = next(number for number, one in enumerate(events) if isinstance(one.payload, ev.TrialFinished))
    shelf = Shelf()
    tracker = Tracker(PLACE, shelf, start_s=0.0, latest_s=1e6)
    with tracker.following(tmp_path, lambda code, text: None):
        for event in events[:over]:
            tracker.on_event(event)
        assert not shelf.asked.wait(0.2)
        tracker.on_event(events[over])
        assert shelf.asked.wait(20)
    assert tracker.close(20).dropped == 0


def test_a_run_that_is_over_before_that_is_left_to_somebody_else_and_nobody_waits(tmp_path: Path) -> None:
    _, events = histories.good_run()
    shelf = Shelf()
    tracker = Tracker(PLACE, shelf, start_s=1e6, latest_s=1e6)
    with tracker.following(tmp_path, lambda code, text: None):
        for event in events:
            tracker.on_event(event)
    end = tracker.close(1e6)
    assert (end.written, end.late, tracker.folder) == (0, True, tmp_path)
    assert not shelf.asked.is_set()


def test_what_ungraded_code_said_of_itself_is_shown_as_reported_and_never_as_a_score(tmp_path: Path) -> None:
    history, events = histories.good_run(ObjectStore(tmp_path / "objects"))
    journal = FileJournal(tmp_path / "events.jsonl")
    journal.append(events)
    failed = next(trial.number for trial in history.trials.values() if trial.score is None and trial.state.is_final)
    log, projection = EventLog(journal, SystemClock()), Projection(events)
    numbers = {"accuracy": (0.7, 0.8)}
    for payload in (
        ev.EvidenceVerified(trial=failed, attempt=1, passed=True, numbers=numbers),
        ev.Noted(key=f"lab/result/{failed}", value={"score": 0.5, "parts": [0.4, 0.6], "counts": 2, "problems": []}),
    ):
        changed = projection.apply(log.add(payload))
    assert changed == (failed,)
    shown = projection.trial_record(failed).metrics
    values = {name: [point.value for point in points] for name, points in shown.items()}
    assert "score" not in values
    assert values["reported.accuracy"] == [0.7, 0.8]
    assert (values["reported"], values["reported.parts"]) == ([0.5], [0.4, 0.6])


def test_no_secret_reaches_a_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "correct-horse-battery"
    monkeypatch.setenv("OPENAI_API_KEY", secret)
    events = night(tmp_path)
    changed = [Event.from_dict(_said(event.as_dict(), secret)) for event in events]
    projection = Projection(changed)
    records = [projection.run_record(), *(projection.trial_record(n) for n in projection.history.trials)]
    text = repr(records)
    assert "[secret]" in text
    assert secret not in text
    files = [TrialFiles(projection.history, n).read(ObjectStore(tmp_path / "objects")) for n in (0, 1, 2)]
    assert secret not in repr(files)


def test_hostile_titles_and_recipes_have_names_that_mlflow_takes(tmp_path: Path) -> None:
    _, events = histories.hostile_texts()
    projection = Projection(events)
    assert projection.history.trials
    for number in projection.history.trials:
        record = projection.trial_record(number)
        for name in (*record.params, *record.tags, *record.metrics):
            assert not set(name) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_. /:-")
            assert ".." not in name


def test_jobs_that_nobody_grades_have_their_evidence_and_no_score(tmp_path: Path) -> None:
    task = ungraded_task("cycle-7", tmp_path, "Run what was written.")
    finding = ev.EvidenceFinding(name="V09", passed=False, sentence="the metric 'loss' is 1 at all of its 3 steps")
    payloads: list[ev.Payload] = [
        ev.RunStarted(
            run="calm-otter",
            task=task,
            task_digest="d",
            strategy="code_tasks",
            model="playbook",
            seed=0,
            limits=Limits(),
            sandbox="T1",
        ),
        ev.TrialCreated(trial=0, key="job-1", candidate="c", title="Train", operator="job"),
        ev.EvidenceVerified(trial=0, attempt=1, passed=False, findings=(finding,), run="f" * 32),
        ev.TrialFinished(trial=0, state=TrialState.FAILED, candidate="c", reason="no evidence"),
    ]
    events: list[Event] = []
    for number, payload in enumerate(payloads):
        events.append(Event.after(events[-1] if events else None, time=1_000.0 + number, payload=payload))
    projection = Projection(events)
    assert not {"metric", "direction", "folds"} & set(projection.run_record().params)
    record = projection.trial_record(0)
    assert (record.state, dict(record.metrics)) == (RunState.FAILED, {})
    assert record.tags["assay.evidence"] == "V09"
    assert record.tags["assay.issued"] == "f" * 32


def _said(value: dict[str, object], secret: str) -> dict[str, object]:
    """Say the secret in everything that a model or a person may have written."""
    data = value["data"]
    assert isinstance(data, dict)
    if value["kind"] == "trial-created":
        data |= {"plan": f"use {secret}", "title": f"t {secret}", "recipe": {secret: {"key": secret}}}
    if value["kind"] == "trial-finished":
        data |= {"reason": f"failed with {secret}"}
    return value
