"""A failing cell is mended in the live kernel; only the clean run that follows counts."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from assay.core.candidate import Candidate
from assay.core.errors import MachineError
from assay.core.execution import Outcome, UnitOutcome
from assay.core.trial import TrialState
from assay.engine.parts import Mended
from assay.engine.running import Running
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.kinds.base import Failure
from assay.kinds.notebook import NotebookKind, new_notebook_candidate, notebook_of
from support.notebooks import FIT, LOAD, SAVE, honest_cells
from support.real_engine import RealEngine, Tried, limited

KIND = NotebookKind()


class Died(Exception):
    """Stands for the end of the engine's process."""


class Fixer:
    """Puts a text into the cell that failed."""

    def __init__(self, texts: Mapping[str, str], *, dies_at: int = 0) -> None:
        self.texts = texts
        self.dies_at = dies_at
        self.seen: list[Failure] = []

    def repair(self, key: str, candidate: Candidate, failure: Failure, *, round: int, same: bool) -> Mended | None:
        self.seen.append(failure)
        if len(self.seen) == self.dies_at:
            raise Died
        if failure.unit not in self.texts:
            return None
        return Mended(candidate=mend(candidate, failure.unit, self.texts[failure.unit]), cause="broken", by="test")


def mend(candidate: Candidate, name: str, text: str) -> Candidate:
    unit = next(unit for unit in KIND.units(candidate) if unit.name == name)
    return KIND.replace(candidate, unit, text)


def broken() -> Candidate:
    notebook = honest_cells("predictions = no_such_name").with_source(SAVE, "write(prediction)")
    return new_notebook_candidate(notebook, title="broken twice")


FIXES = {
    FIT: "predictions = list(zip(ids, predict(fit(train), test)))",
    SAVE: 'write(predictions)\nprint("saved")',
}


def test_two_cells_are_mended_in_one_live_kernel_and_one_clean_run_confirms(engine: RealEngine) -> None:
    fixer = Fixer(FIXES)
    tried = engine.try_candidate(broken(), repairer=fixer, most_folds=1)
    assert tried.state is TrialState.COMPLETE, tried.trial
    fold = engine.views.fold_keys()[0].name
    assert dict(tried.scores) == {fold: engine.honest[fold]}
    assert [(f.outcome, f.unit, f.line) for f in fixer.seen] == [("cell error", FIT, 1), ("cell error", SAVE, 1)]
    # The candidate in between was mended live: it was never started.
    assert starts(engine, tried) == [(1, fold), (3, fold)]
    final = engine.parts().objects.candidate(tried.trial.candidate)
    assert all(m.code == final.digest for m in tried.measurements if m.score is not None)


def test_after_a_crash_what_was_seen_live_is_remembered_and_the_clean_run_follows(engine: RealEngine) -> None:
    candidate = mend(broken(), FIT, "predictions = another_name")
    fixes = {**FIXES, SAVE: "write(predictions)  # after the crash"}
    first, second = Fixer(fixes, dies_at=2), Fixer(fixes)
    with pytest.raises(Died):
        engine.try_candidate(candidate, repairer=first, key="crashed", most_folds=1)
    assert not list((engine.folder / "work").iterdir()), "nothing is left alive or on the disk"
    tried = engine.try_candidate(candidate, repairer=second, key="crashed", most_folds=1)
    assert tried.state is TrialState.COMPLETE, tried.trial
    assert second.seen == first.seen[1:], "the same question as before the crash"
    fold = engine.views.fold_keys()[0].name
    assert starts(engine, tried) == [(1, fold), (3, fold)]


def starts(engine: RealEngine, tried: Tried) -> list[tuple[int, str]]:
    events = FileJournal(engine.folder / "events.jsonl").read()
    begun = [event.payload for event in events if isinstance(event.payload, ev.AttemptStarted)]
    return [(start.attempt, start.view) for start in begun if start.trial == tried.trial.number]


def test_cells_before_the_failing_one_are_not_run_again(engine: RealEngine) -> None:
    candidate = broken()
    first = candidate
    running = Running(engine.parts(), candidate, engine.view(), 0, limited(), live=True)
    try:
        halted = running.wait()
        assert running.halted
        assert halted.outcome is Outcome.ERROR
        assert not halted.outputs
        candidate = mend(candidate, FIT, FIXES[FIT])
        assert running.go_on(candidate, FIT)
        again = running.wait()
        assert running.halted
        assert not running.go_on(mend(candidate, LOAD, "ids = []"), SAVE), "an earlier cell is not what is alive"
        assert running.go_on(mend(candidate, SAVE, FIXES[SAVE]), SAVE)
        ended = running.wait()
        assert not running.halted
    finally:
        running.close()
    assert [(run.unit, run.outcome) for run in again.units][1:] == [
        (FIT, UnitOutcome.ERROR),
        (FIT, UnitOutcome.OK),
        (SAVE, UnitOutcome.ERROR),
    ]
    assert ended.outcome is Outcome.OK
    assert [run.unit for run in ended.units] == [LOAD, FIT, FIT, SAVE, SAVE], "the loading cell ran once"
    assert notebook_of(first).cell(FIT).source == "predictions = no_such_name"


def test_a_cell_time_out_is_sent_to_repair_and_mended_live(engine: RealEngine) -> None:
    slow = honest_cells("import time\nwhile True:\n    time.sleep(0.1)")
    fixer = Fixer({FIT: FIXES[FIT]})
    began = time.monotonic()
    tried = engine.try_candidate(new_notebook_candidate(slow, title="slow"), repairer=fixer, cell_s=2.0, most_folds=1)
    assert tried.state is TrialState.COMPLETE, tried.trial
    assert [(f.outcome, f.unit) for f in fixer.seen] == [("cell timeout", FIT)]
    assert "time.sleep(0.1)" in fixer.seen[0].detail
    assert time.monotonic() - began < limited().wall_s


def test_without_a_repairer_nothing_halts(engine: RealEngine) -> None:
    tried = engine.try_candidate(mend(broken(), FIT, "raise KeyError('nobody mends this')"))
    assert tried.state is TrialState.FAILED
    execution = tried.measurements[0].execution
    assert execution is not None
    assert "executed.ipynb" in execution.outputs
    assert len(tried.measurements) == 1


def test_it_is_the_same_where_only_landlock_isolates(tmp_path: Path) -> None:
    with ExitStack() as stack:
        try:
            engine = RealEngine(tmp_path / "run", stack, mode="landlock")
        except MachineError as error:
            pytest.skip(f"no Landlock here: {error.message}")
        tried = engine.try_candidate(broken(), repairer=Fixer(FIXES), most_folds=1)
        assert (engine.sandbox.tier, tried.state) == ("T2", TrialState.COMPLETE)
        fold = engine.views.fold_keys()[0].name
        assert starts(engine, tried) == [(1, fold), (3, fold)]
