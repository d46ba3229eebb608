"""Notebooks through the whole engine: real sandbox, real kernel, real grading."""

from __future__ import annotations

import json

from assay.core.execution import Outcome, UnitOutcome
from assay.core.trial import TrialState
from assay.kinds.notebook import new_notebook_candidate, parse
from assay.report.trials import write_trial
from support.notebooks import FIT, LOAD, SAVE, candidate_of, honest_cells
from support.real_engine import RealEngine


def test_an_honest_notebook_scores_what_the_script_scores(engine: RealEngine) -> None:
    tried = engine.try_candidate(new_notebook_candidate(honest_cells(), title="honest"))
    assert tried.state is TrialState.COMPLETE, tried.trial
    assert dict(tried.scores) == dict(engine.honest)
    execution = tried.measurements[0].execution
    assert execution is not None
    assert [(run.unit, run.outcome) for run in execution.units] == [
        (name, UnitOutcome.OK) for name in (LOAD, FIT, SAVE)
    ]
    assert "saved" in execution.log_tail
    assert "@assay-notebook" not in execution.log_tail
    folder = engine.log.read(lambda h: write_trial(engine.folder, h, engine.parts().objects, tried.trial.number))
    kept = (folder / "executed.ipynb").read_text(encoding="utf-8")
    stored = [m.execution.outputs["executed.ipynb"] for m in tried.measurements if m.execution]
    assert kept in [engine.parts().objects.get(digest).decode() for digest in stored]
    executed = parse(engine.parts().objects.get(execution.outputs["executed.ipynb"]).decode(), "executed.ipynb")
    assert [cell.source for cell in executed.cells] == [cell.source for cell in honest_cells().cells]
    assert "saved" in json.dumps(executed.cell(SAVE).rest["outputs"])
    assert executed.cell(FIT).metadata["assay"]["wall_s"] >= 0


def test_a_cells_error_is_told_with_cell_line_and_traceback(engine: RealEngine) -> None:
    tried = engine.try_candidate(
        candidate_of("x = 1", 'def f():\n    raise ValueError("broken")\n\nf()\nx = 2', "y = 1")
    )
    assert tried.state is TrialState.FAILED
    execution = tried.measurements[0].execution
    assert execution is not None
    assert execution.outcome is Outcome.ERROR
    assert [(run.unit, run.outcome, run.line) for run in execution.units] == [
        ("c0", UnitOutcome.OK, 0),
        ("c1", UnitOutcome.ERROR, 2),
    ]
    assert "ValueError: broken" in tried.trial.reason


def test_predictions_of_a_run_that_did_not_pass_every_cell_are_not_graded(engine: RealEngine) -> None:
    early = honest_cells().with_source(SAVE, 'write(predictions)\nraise RuntimeError("the last cells never run")')
    tried = engine.try_candidate(new_notebook_candidate(early, title="early"), most_folds=1)
    (measured,) = tried.measurements
    assert measured.execution is not None
    assert "submission.csv" in measured.execution.outputs, "they are there, and valid"
    assert (tried.state, measured.score, dict(tried.scores)) == (TrialState.FAILED, None, {})
    assert "the last cells never run" in tried.trial.reason
