"""The crash test of a lab: killed at any event, then taken up; nothing is asked twice, no experiment started twice."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assay.journal import events as ev
from assay.journal.file import FileJournal
from support.dying import DyingJournal, Killed
from support.lab_bench import LabBench, act, in_order, repository, run

EVERY = 9
"""Events between two crashes; tears of all lengths are the other strategies' test."""
ANSWERS = in_order(run(0.5, "the default again"), run(0.7, monitor_s=15), act("wait"), run("turbo", "one to be mended"))


def bench(folder: Path, repo: Path, **fields: Any) -> LabBench:
    folder.mkdir(parents=True, exist_ok=True)
    return LabBench(folder, repo, ANSWERS, **fields)


def outcome(made: LabBench) -> str:
    """Return in JSON what must be equal; a note that was read back has lists where it had tuples."""
    history = made.history
    trials = {t.key: (t.number, t.title, str(t.state), t.candidate, t.reason) for t in history.trials.values()}
    results = {key: note for key, note in history.notes.items() if key.startswith(("lab/result/", "lab/cycle/"))}
    return json.dumps([trials, results, history.notes["lab/outcome/0"]], sort_keys=True)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_lab_killed_at_any_event_asks_nothing_twice_and_starts_nothing_twice(memory_folder: Path) -> None:
    repo = repository(memory_folder / "repo", "[repair]\nfallbacks = { turbo = '0.6' }\n")
    whole = bench(memory_folder / "run", repo)
    whole.work()
    expected, last = outcome(whole), whole.history.last
    assert last is not None
    assert [str(t.state) for t in whole.history.trials.values()] == ["complete", "complete", "failed", "complete"]
    for at in range(3, last.number, EVERY):
        folder = memory_folder / "again" / "run"  # the storyline holds the run's name
        path = folder / "events.jsonl"
        with pytest.raises(Killed):
            bench(folder, repo, backend=DyingJournal(path, at, at % 3)).work()
        answered = {e.payload.key for e in FileJournal(path).read() if isinstance(e.payload, ev.Answered)}
        second = bench(folder, repo)
        assert second.work().stopped_by == "finished", f"killed at event {at}"
        assert outcome(second) == expected, f"killed at event {at}"
        assert not answered & {request.key for request in second.model.requests}, f"killed at event {at}: asked twice"
        kinds = Counter(type(event.payload) for event in second.log_events())
        counted = [kinds[kind] for kind in (ev.AttemptStarted, ev.Executed, ev.TrialFinished)]
        assert counted == [4, 4, 4], f"killed at event {at}"
        shutil.rmtree(folder)
