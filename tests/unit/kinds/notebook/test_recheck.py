"""No open cell makes a notebook's own metrics: its locked cells make them again in a fresh kernel."""

from __future__ import annotations

import pytest

from assay.core.candidate import Candidate
from assay.core.trial import TrialState
from assay.engine.recheck import Recheck, Vouched
from assay.kinds.notebook import LockPolicy, Notebook, make_locks, new_cell, new_notebook_candidate
from assay.kinds.notebook.recheck import differences, locked_part, read_metrics
from support.notebooks import FIT, LOAD, honest_cells
from support.real_engine import RealEngine

METRIC = "import json\n\ndef spread(values):\n    return max(values) - min(values)"
EVALUATE = """\
values = [float(row[TARGET]) for row in read("output/submission.csv")]
with open("output/metrics.json", "w") as stream:
    json.dump({"models": {"mine": {"spread": spread(values), "n": len(ids)}}}, stream)
"""
HONEST = "predictions = list(zip(ids, predict(fit(train), test)))\nwrite(predictions)"
FORGED = '{"models": {"mine": {"spread": 9.0, "n": 30}}}'


def scored(open_cell: str, evaluate: str = EVALUATE) -> Candidate:
    load = honest_cells().cell(LOAD)
    cells = (load, new_cell("metric", METRIC), new_cell(FIT, open_cell), new_cell("evaluate", evaluate))
    notebook = Notebook(cells=cells)
    locks = make_locks(notebook, LockPolicy(cells=(LOAD, "metric", "evaluate")))
    return new_notebook_candidate(notebook, locks, title="scores itself")


def noted(engine: RealEngine, key: str) -> Recheck:
    from assay.core.codec import decode

    fold = engine.views.fold_keys()[0].name
    return decode(Recheck, engine.log.read(lambda history: history.notes[f"{key}/recheck/{fold}"]))


def test_honest_metrics_are_vouched_for_by_the_locked_cells(engine: RealEngine) -> None:
    tried = engine.try_candidate(scored(HONEST), most_folds=1)
    assert tried.state is TrialState.COMPLETE, tried.trial
    found = noted(engine, tried.trial.key)
    assert found.vouched is Vouched.LOCKED
    assert 0 < found.metrics["models.mine.spread"] <= 1
    assert not any(flag.startswith("P03") for flag in tried.trial.flags)


@pytest.mark.parametrize(
    "sly",
    [
        "def spread(values):\n    return 9.0",
        f"import json\njson.dump = lambda value, stream: stream.write('{FORGED}')",
        "spread.__code__ = (lambda values: 9.0).__code__",
    ],
    ids=["metric redefined", "writer patched", "metric patched in place"],
)
def test_metrics_that_an_open_cell_made_reject_the_trial(engine: RealEngine, sly: str) -> None:
    tried = engine.try_candidate(scored(f"{HONEST}\n{sly}"), most_folds=1, check=lambda candidate: [])
    assert tried.state is TrialState.REJECTED
    assert tried.trial.reason.startswith("L19 metrics.json: models.mine.spread says"), tried.trial.reason


def test_what_the_locked_cells_cannot_make_is_only_reported(engine: RealEngine) -> None:
    in_memory = EVALUATE.replace('[float(row[TARGET]) for row in read("output/submission.csv")]', "shown")
    tried = engine.try_candidate(scored(f"{HONEST}\nshown = [0.0, 5.0]", in_memory), most_folds=1)
    assert tried.state is TrialState.COMPLETE, tried.trial
    assert noted(engine, tried.trial.key).vouched is Vouched.REPORTED
    assert any(flag.startswith("P03 its own metrics are reported") for flag in tried.trial.flags)


def test_the_locked_part_has_no_open_cell_and_numbers_are_compared_by_path() -> None:
    part = locked_part(scored(HONEST))
    assert part is not None
    assert "write(predictions)" not in part.source
    assert EVALUATE.splitlines()[0] in part.source.replace('\\"', '"')
    assert locked_part(new_notebook_candidate(honest_cells())) is None
    numbers = read_metrics('{"a": [1, {"b": 2.5}], "c": true, "d": NaN, "e": 1e999, "f": "9"}')
    assert numbers == {"a.0": 1.0, "a.1.b": 2.5}
    assert read_metrics("{") == {}
    assert differences({"x": 1.0, "more": 3.0}, {"x": 1.0 + 1e-9}) == []
    assert len(differences({"x": 1.0}, {"x": 1.1, "y": 2.0})) == 2
