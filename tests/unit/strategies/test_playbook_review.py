"""Five rounds of review without a language model on a small screen: real data, grading and code of the playbook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from assay.core.budget import Limits
from assay.core.metric import Needs
from assay.core.task import Problem, Split, SplitKind
from assay.data.views import Views
from assay.grading.service import Grader
from assay.journal.history import History
from assay.kinds import ScriptKind
from assay.kinds.notebook import Notebook, new_cell, new_notebook_candidate
from assay.models.playbook import Playbook
from assay.strategies.notebook.analysis import AS_IT_CAME, analyse
from assay.strategies.notebook.options import ReviewOptions
from assay.strategies.notebook.record import RoundVerdict, base_of, rounds_of
from assay.strategies.notebook.review import NotebookReview
from support.engine import Bench
from support.flat_runner import run_flat
from support.notebook_bench import FakeNotebookKind
from support.playbook_tasks import TinyTask, tiny, wells

pytestmark = pytest.mark.timeout(600)  # some forty small fits; seconds on a quiet machine
LOAD = """\
from pathlib import Path

import pandas as pd

train, test = pd.read_csv("input/train.csv"), pd.read_csv("input/test.csv")
AFTER = [name for name in train.columns if name.startswith("post_")]
BITS = [name for name in train.columns if name.startswith("bit_")]
BEFORE = [name.replace("post_", "pre_") for name in AFTER]
"""
MODEL = """\
from sklearn.linear_model import Ridge

ALPHA = 1000.0


def predict(known, rows):
    model = Ridge(alpha=ALPHA).fit(known[BITS + BEFORE], known[AFTER])
    return model.predict(rows[BITS + BEFORE])
"""
SAVE = """\
def saved(values, name):
    Path("output").mkdir(exist_ok=True)
    table = pd.DataFrame(values, columns=AFTER)
    table.insert(0, "id", test["id"].to_numpy())
    table.to_csv(f"output/{name}.csv", index=False)


saved(predict(train, test), "submission")
saved(test[BEFORE].to_numpy(), "baseline")
"""


def screen() -> TinyTask:
    frame, names = wells(targets=8)
    split = Split(kind=SplitKind.KFOLD, k=3)
    return tiny(
        frame, problem=Problem.REGRESSION, targets=names, metric="pearson", needs=Needs.VALUES, kinds={}, split=split
    )


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bench, History]]:
    """Five rounds on a notebook whose baseline is the profile before."""
    folder = tmp_path_factory.mktemp("screen")
    task, private = screen(), folder / "private"
    private.mkdir(mode=0o700)
    (folder / "data").mkdir()
    task.train.to_csv(folder / "data" / "train.csv", index=False)
    task.test.to_csv(folder / "data" / "test.csv", index=False)
    told = replace(task.brief.task, folder=folder / "data")
    cells = (
        new_cell("load", LOAD, section="Data loading"),
        new_cell("model", MODEL, section="Model"),
        new_cell("save", SAVE, section="Saving"),
    )
    (folder / "own.ipynb").write_text(new_notebook_candidate(Notebook(cells=cells)).source, encoding="utf-8")
    strategy = NotebookReview(ReviewOptions(source=str(folder / "own.ipynb"), max_iterations=5))
    with Grader(private) as grader:
        made = Bench(
            folder / "run",
            strategy=strategy,
            limits=Limits(),
            kinds={"script": ScriptKind(), "notebook": FakeNotebookKind()},
            behaviour=run_flat,
            grading=grader,
            playbook=Playbook(),
            task=told,
            views=Views(told, folder / "views", private),
            profile=task.brief.profile,
        )
        made.open().work()
        yield made, made.log.read(lambda history: history)


def test_five_rounds_offline_beat_the_locked_baseline_by_a_paired_verdict(reviewed: tuple[Bench, History]) -> None:
    _, history = reviewed
    base, rounds = base_of(history), rounds_of(history)
    assert base is not None
    assert base.inner
    assert len(rounds) == 5
    assert rounds[0].verdict is RoundVerdict.IMPROVED
    assert rounds[0].title == "Put in place of what makes `predict`: Low-rank ridge of the change"
    told = analyse(history)
    best = next(result for result in told.results if result.name == told.winner)
    assert best.name.startswith("round ")
    assert best.low is not None
    assert best.low > 0, "the whole interval of the gain is above the locked baseline"
    assert best.adjusted_p is not None
    assert best.adjusted_p < 0.05
    against, over = told.verdict.split(f" Against {AS_IT_CAME}: ")
    assert "against the locked baseline: better beyond chance (gain +" in against
    assert over.startswith("better beyond chance (gain +")


def test_what_is_not_better_goes_back_and_no_round_is_tried_twice(reviewed: tuple[Bench, History]) -> None:
    _, history = reviewed
    rounds = rounds_of(history)
    scores = {one.trial: one.score for one in rounds if one.score is not None}
    assert len({one.title for one in rounds}) == 5
    for before, after in pairwise(rounds):
        assert after.base == before.next
    assert scores[rounds[-1].next] == max(scores.values())
    assert {one.decision for one in rounds} == {"EXPLORE", "REFINE"}
