"""Repair in tiers through the whole engine: rules without a question, then the model, then an end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from assay.core.candidate import Candidate
from assay.core.trial import TrialState
from assay.kinds.base import Failure
from assay.kinds.notebook import LockPolicy, Notebook, make_locks, new_cell, new_notebook_candidate, notebook_of
from assay.models.base import Request
from assay.models.scripted import ScriptedModel
from assay.operators.repair import RuleRepairer, TieredRepairer
from support.notebooks import FIT, LOAD, SAVE, honest_cells
from support.real_engine import RealEngine

GOOD = "predictions = list(zip(ids, predict(fit(train), test)))"
WITH_GAPS = """\
import hashlib
import numpy as np
from sklearn.linear_model import LogisticRegression
columns = list(WEIGHTS)
X = np.array([[float(row[name]) for name in columns] for row in train])
X[::9, 0] = np.nan
y = np.array([int(row[TARGET]) for row in train])
X_test = np.array([[float(row[name]) for name in columns] for row in test])
def digest():
    return hashlib.sha256(X.tobytes() + y.tobytes() + X_test.tobytes()).hexdigest()
before = digest()
model = LogisticRegression()
"""
FITTED = "model.fit(X, y)\npredictions = list(zip(ids, model.predict_proba(X_test)[:, 1]))"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    with ExitStack() as stack:
        yield RealEngine(tmp_path_factory.mktemp("repairs"), stack)


def notebook(fit: str, *more: tuple[str, str]) -> Notebook:
    cells = honest_cells(fit).cells
    extra = tuple(new_cell(name, source) for name, source in more)
    return Notebook(cells=(*cells[:3], *extra, *cells[3:]))


def test_a_rule_mends_without_a_question_and_the_arrays_stay_as_they_were(engine: RealEngine) -> None:
    check = "write(predictions)\nassert digest() == before\nprint('the same bytes', type(model).__name__)"
    cells = notebook(FITTED, ("data", WITH_GAPS)).with_source(SAVE, check)
    tried = engine.try_candidate(new_notebook_candidate(cells, title="gaps"), repairer=TieredRepairer(), most_folds=1)
    assert tried.state is TrialState.COMPLETE, tried.trial
    assert "the same bytes Pipeline" in tried.log
    repair = tried.trial.repairs[0]
    assert (repair.by, len(tried.trial.repairs)) == ("rules", 1)
    mended = notebook_of(engine.parts().objects.candidate(tried.trial.candidate)).cell(FIT).source
    assert mended.endswith(FITTED), "what is put in stands before the statement that failed"


class Answers:
    """A model that answers `notebook_debug` with given edits and keeps what it was asked."""

    def __init__(self, *edits: list[dict[str, str]]) -> None:
        self.edits = list(edits)
        self.asked: list[Request[Any]] = []
        self.model = ScriptedModel(self)

    def __call__(self, request: Request[Any]) -> dict[str, Any]:
        self.asked.append(request)
        return {"cause": "a name", "edits": self.edits.pop(0)}


def edit(cell: str, code: str) -> dict[str, str]:
    return {"cell": cell, "code": code}


def test_the_model_gets_cell_traceback_and_source_and_may_not_touch_locked_cells(engine: RealEngine) -> None:
    cells = notebook("predictions = no_name  # 1")
    locked = new_notebook_candidate(cells, make_locks(cells, LockPolicy(cells=(LOAD,))), title="locked")
    answers = Answers([edit(LOAD, "ids = []"), edit(FIT, GOOD)], [edit(FIT, GOOD)])
    tried = engine.try_candidate(locked, repairer=TieredRepairer(), model=answers.model, most_folds=1)
    assert tried.state is TrialState.COMPLETE, tried.trial
    assert [score for score in tried.scores.values()] == [engine.honest[fold] for fold in tried.scores]
    first, second = (request.messages[-1].content for request in answers.asked)
    assert f"Cell `{FIT}` (open, it failed here)" in first
    assert f"Cell `{LOAD}` (LOCKED)" in first
    assert "def predict(model, rows):" in first
    assert "NameError: name 'no_name' is not defined" in first
    assert "Traceback (most recent call last)" in first
    assert f"refused: the cell '{LOAD}' is locked" in second
    assert "refused before" in tried.trial.repairs[0].cause


def test_an_edit_that_changes_nothing_stops_and_the_same_failure_passes_the_rules_by(engine: RealEngine) -> None:
    source = "predictions = no_name  # 2"
    answers = Answers([edit(FIT, source)])
    tried = engine.try_candidate(
        new_notebook_candidate(notebook(source), title="same"),
        repairer=TieredRepairer(),
        model=answers.model,
        most_folds=1,
    )
    assert tried.state is TrialState.FAILED
    assert (len(answers.asked), len(tried.trial.repairs)) == (1, 0)


def failure(**fields: Any) -> Failure:
    known = {"outcome": "cell error", "summary": "", "detail": "", "signature": "s", "unit": FIT, "line": 1}
    return Failure(**{**known, "error": "ValueError: Input X contains NaN.", **fields})


def test_rules_leave_locked_cells_time_outs_and_second_failures_alone() -> None:
    cells = notebook(FITTED)
    free = new_notebook_candidate(cells)
    locked = new_notebook_candidate(cells, make_locks(cells, LockPolicy(cells=(FIT,))))

    def tried(candidate: Candidate, found: Failure, *, same: bool = False) -> bool:
        return RuleRepairer().repair("k", candidate, found, round=1, same=same) is not None

    assert tried(free, failure())
    assert not tried(locked, failure())
    assert not tried(free, failure(), same=True)
    assert not tried(free, failure(outcome="cell timeout"))
    assert not tried(free, failure(unit="nowhere"))
    assert TieredRepairer(rules=False).repair("k", free, failure(), round=1, same=False) is None
