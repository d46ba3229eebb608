"""The crash test of rehearsals: killed at every event that has to do with one, a run ends in the same table."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.execution import Outcome
from assay.core.rehearse import Rehearse
from assay.core.view import is_rehearsal
from assay.journal.base import JournalBackend
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.rehearsals import rehearsal_of
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult
from support.dying import DyingJournal, Killed, effects
from support.engine import Bench, behave, program, propose, table
from support.tasks import empty_profile

PROFILE = replace(empty_profile(), train_rows=6_000)
LIMITS = Limits(trials=8)
"""Enough for three drafts: one that only few rows are too few for, one without a fault, one that is broken."""


def answer(request: Request[Any]) -> Scripted:
    """Answer as `propose` does; the first draft cannot do with few rows, and a repair does not change that."""
    key, inputs = request.key, request.inputs
    if request.role == "draft" and inputs.index == 0:  # type: ignore[attr-defined]
        return program("many", few="ValueError: n_splits=5", score=1.9)
    if request.role == "debug" and key.endswith("/rehearsal-1") and "few" in inputs.code:  # type: ignore[attr-defined]
        return {"cause": "a guess", "code": 'wish = {"few": "ValueError: n_splits=5", "score": 1.8}'}
    return propose(request)


def on_few(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
    """Do as `behave` does, but for what cannot do with few rows."""
    wish = json.loads((workspace.root / "solution.py").read_text(encoding="utf-8").removeprefix("wish = "))
    if "few" in wish and is_rehearsal(workspace.mounts[0].source.name):
        return FakeResult(outcome=Outcome.ERROR, exit_code=1, log=f"Traceback\n{wish['few']}\n")
    return behave(command, workspace, limits)


def bench(folder: Path, backend: JournalBackend) -> Bench:
    return Bench(
        folder,
        limits=LIMITS,
        k=2,
        backend=backend,
        answers=answer,
        behaviour=on_few,
        profile=PROFILE,
        rehearse=Rehearse.ALWAYS,
    )


@pytest.fixture(scope="module")
def undisturbed(memory_folder: Path) -> Bench:
    folder = memory_folder / "rehearsed"
    made = bench(folder, FileJournal(folder / "events.jsonl"))
    made.open().work()
    return made


def concerns_a_rehearsal(event: Event) -> bool:
    told = json.dumps(event.as_dict()["data"])
    return '"rehearsal-0"' in told or "/rehearsal" in told or "/whole-fold" in told or event.payload.kind == "repaired"


def test_the_undisturbed_run_rehearses_in_every_way(undisturbed: Bench) -> None:
    history = undisturbed.log.read(lambda h: h)
    drafts = [trial for trial in history.trials.values() if trial.operator == "draft"]
    plans = [rehearsal_of(history, trial) for trial in drafts]
    assert [plan.given_up for plan in plans if plan is not None] == [2, None, None], len(drafts)
    assert [len(trial.repairs) for trial in drafts] == [1, 0, 1]
    assert all(trial.ranks for trial in drafts)


# A fake process that is killed goes on in its thread, and finds its workspace gone.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_killed_around_a_rehearsal_resumes_to_the_same_table(undisturbed: Bench, memory_folder: Path) -> None:
    events = FileJournal(undisturbed.folder / "events.jsonl").read()
    about = {event.number for event in events if concerns_a_rehearsal(event)}
    wanted = sorted(about | {number + 1 for number in about})
    assert len(wanted) >= 20
    whole, costs = table(undisturbed.log), sum(effects(undisturbed).values())
    for at in wanted:
        folder = memory_folder / f"rehearsed-{at}"
        path = folder / "events.jsonl"
        first = bench(folder, DyingJournal(path, at, 40))
        with pytest.raises(Killed):
            first.open().work()
        second = bench(folder, FileJournal(path))
        second.open().work()
        assert table(second.log) == whole, f"killed at event {at}"
        repeated = sum(effects(first).values()) + sum(effects(second).values()) - costs
        assert repeated <= 1, f"killed at event {at}: {repeated} effects were repeated"
        shutil.rmtree(folder)
