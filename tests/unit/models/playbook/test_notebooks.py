"""Notebooks of the playbook: cells that run and write both answers, strategies by rule, critiques that obey locks."""

from __future__ import annotations

import ast
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from assay.core.errors import ReplyInvalid
from assay.models.base import Request
from assay.models.playbook import Playbook, read_facts
from assay.models.playbook.notebook.cells import SLOTS, cells_of
from assay.models.playbook.notebook.review import critique
from assay.models.playbook.notebook.strategy import mixture_in
from assay.models.playbook.notebook.swap import swaps
from assay.models.roles import Brief, TrialSummary
from assay.models.roles.notebook import (
    CellText,
    Critique,
    Idea,
    Iteration,
    NotebookCritiqueInputs,
    NotebookReportInputs,
    NotebookStrategyInputs,
    NotebookWriteInputs,
    ReportProse,
    ResearchStrategy,
    ReviewRound,
    Subtask,
    WrittenNotebook,
)
from support.playbook_tasks import TinyTask

from .shapes import ALL_TASKS
from .test_scripts import assert_valid, lay_out, run_scripts, submission_of

SETUP = """\
import os
from pathlib import Path

import numpy as np
import pandas as pd

SEED = int(os.environ.get("ASSAY_SEED", "0"))
Path("output").mkdir(exist_ok=True)
"""
SAVING = """\
submission.to_csv("output/submission.csv", index=False)
baseline_submission.to_csv("output/baseline.csv", index=False)
"""


def ask(inputs: object, reply_type: type, seed: int = 0) -> object:
    request = Request(role="x", inputs=inputs, messages=(), reply_type=reply_type, key="k", seed=seed)  # type: ignore[arg-type]
    return Playbook().answer(request).reply


def strategy(brief: Brief, iteration: int = 1, **more: object) -> ResearchStrategy:
    inputs = NotebookStrategyInputs(brief=brief, iteration=iteration, **more)  # type: ignore[arg-type]
    found = ask(inputs, ResearchStrategy)
    assert isinstance(found, ResearchStrategy)
    return found


def written(brief: Brief, told: ResearchStrategy) -> WrittenNotebook:
    inputs = NotebookWriteInputs(brief=brief, iteration=1, strategy=told, setup=SETUP, saving=SAVING)
    found = ask(inputs, WrittenNotebook)
    assert isinstance(found, WrittenNotebook)
    return found


def trial(number: int, score: float | None, recipe: dict[str, object], title: str = "t") -> TrialSummary:
    return TrialSummary(
        number=number, title=title, operator="generate", plan="p", parents=(), state="complete", score=score,
        std_error=None, folds=3, verdict="maybe", wall_s=1.0, recipe=recipe,
    )  # fmt: skip


def flat(codes: list[str]) -> str:
    return "\n\n".join([SETUP, *codes, SAVING])


def quick(code: str) -> str:
    """The same cell with fewer rounds: the code paths are the same, and tests must be quick."""
    for name in ("n_estimators", "max_iter"):
        for number in (1200, 1500, 1000, 800, 600, 400, 300, 150, 120):
            code = code.replace(f'"{name}": {number}', f'"{name}": 20').replace(f"{name}={number}", f"{name}=20")
    return code


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "regression",
        "binary-f1",
        "multiclass-labels",
        "multiclass-probabilities",
        "text-labels",
        "pairs",
        "profiles",
        "images",
    ],
)
def test_the_cells_run_one_after_the_other_and_write_both_answers(name: str, tmp_path: Path) -> None:
    task: TinyTask = ALL_TASKS[name]()
    first = written(task.brief, strategy(task.brief))
    other = written(task.brief, strategy(task.brief, 2, earlier=(iteration(1, 0.5, first.recipe),)))
    earlier = (iteration(1, 0.5, first.recipe), iteration(2, 0.4, other.recipe))
    mixed = written(task.brief, strategy(task.brief, 3, earlier=earlier))
    folders = [tmp_path / "one", tmp_path / "mixed"]
    for notebook, folder in zip((first, mixed), folders, strict=True):
        lay_out(quick(flat([cell.code for cell in notebook.cells])), task, folder)
    run_scripts(folders)

    assert len(mixture_in(mixed.recipe).members) == 2  # type: ignore[union-attr]
    for folder in folders:
        assert_valid(submission_of(folder), task, folder)
        baseline = pd.read_csv(folder / "output" / "baseline.csv", dtype={"id": str})
        submission = submission_of(folder)
        assert list(baseline.columns) == list(submission.columns)
        assert baseline["id"].tolist() == submission["id"].tolist()
        said = (folder / "log.txt").read_text(encoding="utf-8")
        assert name == "images" or "loss on rows set aside: baseline" in said


@pytest.mark.parametrize("name", ALL_TASKS)
def test_every_cell_is_plain_python_and_every_edge_meets_cells(name: str) -> None:
    brief = ALL_TASKS[name]().brief
    notebook = written(brief, strategy(brief))

    assert {cell.section for cell in notebook.cells} == {"data", "baseline", "method", "training"}
    for cell in notebook.cells:
        tree = ast.parse(cell.code)
        assert not any(
            isinstance(node, ast.Import | ast.ImportFrom) and "assay" in ast.dump(node) for node in tree.body
        )
    assert sum(cell.code.startswith("# Room for") for cell in notebook.cells) == SLOTS - 1


def iteration(number: int, score: float | None, recipe: dict[str, object], problem: str = "") -> Iteration:
    told = trial(number, score, recipe) if score is not None else None
    return Iteration(number=number, title="t", strategy="s", trial=told, problem=problem)


def test_each_iteration_tries_another_draft_and_then_mixes_the_best() -> None:
    brief = ALL_TASKS["regression"]().brief
    one = strategy(brief)
    two = strategy(brief, 2, earlier=(iteration(1, 0.5, one.recipe),))
    three = strategy(brief, 3, earlier=(iteration(1, 0.5, one.recipe), iteration(2, 0.7, two.recipe)))
    failed = strategy(brief, 3, earlier=(iteration(1, 0.5, one.recipe), iteration(2, None, {}, "a cell failed")))

    assert one.title != two.title
    mixture = mixture_in(three.recipe)
    assert mixture is not None
    assert {member.key for member in mixture.members} == {
        member.key
        for s in (one, two)
        for member in mixture_in(s.recipe).members  # type: ignore[union-attr]
    }
    assert "Iteration 2 brought nothing that counts" in failed.rationale


def test_ideas_decide_which_draft_comes_first_and_are_named_word_for_word() -> None:
    brief = ALL_TASKS["profiles"]().brief
    idea = Idea(
        title="Kernel on likeness of bits",
        description="Use kernel ridge regression: rows alike in bits and dose change alike.",
        reasoning="Bits of the fingerprint repeat.",
        expected_impact="Some gain.",
    )
    other = Idea(title="Augment pictures", description="Rotate pictures.", reasoning="-", expected_impact="-")
    told = strategy(brief, ideas=(other, idea))

    assert strategy(brief).title == "Low-rank ridge of the change"
    assert strategy(brief).ideas == ()
    assert told.title == "Kernel ridge on likeness"
    assert told.ideas == (idea.title,)


def question(
    brief: Brief, notebook: WrittenNotebook, *, locked: tuple[str, ...] = ("load", "baseline"), **more: object
) -> NotebookCritiqueInputs:
    cells = tuple(
        CellText(id=c.id, name=c.name, purpose=c.purpose, section=c.section, code=c.code, locked=c.id in locked)
        for c in notebook.cells
    )
    method = tuple(c.id for c in cells if c.section == "method" and not c.locked)
    free = tuple(c.id for c in cells if not c.locked)
    parts = [
        Subtask(id="T1", name="method", cells=method, status="open", priority=0.7, expected_gain=0.5, uncertainty=0.5),
        Subtask(id="T0", name="whole", cells=free, status="open", priority=0.6, expected_gain=0.5, uncertainty=0.5),
    ]
    parts += [
        Subtask(id=f"T{n}", name=name, cells=(name,), status="open", priority=0.6, expected_gain=0.5, uncertainty=0.5)
        for n, name in enumerate(free, 2)
    ]
    given = {"round": 1, "baseline": 0.4, "diagnosis": "Nothing moved.", "subtasks": tuple(parts), **more}
    return NotebookCritiqueInputs(brief=brief, parent=trial(1, 0.5, notebook.recipe), cells=cells, **given)  # type: ignore[arg-type]


def applied(notebook: WrittenNotebook, answer: Critique) -> dict[str, str]:
    codes = {cell.id: cell.code for cell in notebook.cells}
    return codes | {edit.cell: edit.code for edit in answer.edits}


@pytest.mark.parametrize("name", ["regression", "pairs", "profiles", "binary-f1"])
def test_a_single_model_gets_another_one_beside_it(name: str) -> None:
    task = ALL_TASKS[name]()
    notebook = written(task.brief, strategy(task.brief))
    answer = critique(question(task.brief, notebook), Random(0))
    mixture = mixture_in(answer.recipe)

    assert answer.decision == "EXPLORE"
    assert {edit.cell for edit in answer.edits} <= {"model_1", "model_2", "combine", "training"}
    assert mixture is not None
    assert len(mixture.members) == 2
    assert applied(notebook, answer) == cells_of(mixture, read_facts(task.brief))


def test_a_notebook_that_lost_its_recipe_is_known_by_its_cells() -> None:
    task = ALL_TASKS["profiles"]()
    notebook = written(task.brief, strategy(task.brief))
    asked = question(task.brief, notebook)
    bare = asked.model_copy(update={"parent": trial(1, 0.5, {})})

    assert critique(bare, Random(0)).title == critique(asked, Random(0)).title
    edited = tuple(c.model_copy(update={"code": c.code + "# mine\n"}) if c.id == "model_1" else c for c in bare.cells)
    other = critique(bare.model_copy(update={"cells": edited}), Random(0))
    assert "Put in place of Ridge: standardised columns" in other.title
    assert [edit.cell for edit in other.edits] == ["model_1"]


def test_rounds_never_repeat_and_settings_are_refined_within_their_part() -> None:
    task = ALL_TASKS["profiles"]()
    notebook = written(task.brief, strategy(task.brief))
    first = critique(question(task.brief, notebook), Random(0))
    cells = tuple(c.model_copy(update={"code": applied(notebook, first)[c.id]}) for c in notebook.cells)
    better = notebook.model_copy(update={"cells": cells, "recipe": first.recipe})
    seen: list[str] = []
    rounds: tuple[ReviewRound, ...] = ()
    for number in range(2, 8):
        asked = question(task.brief, better, round=number, rounds=rounds)
        answer = critique(asked, Random(number))
        seen.append(answer.title)
        one = ReviewRound(
            number=number, decision=answer.decision, focus=answer.focus, strategy=answer.strategy, verdict="FAILED",
            score=0.4, delta=-0.01, problem="not better",
        )  # fmt: skip
        rounds = (*rounds, one)
        allowed = {subtask.id: subtask.cells for subtask in asked.subtasks}
        assert answer.decision == "REFINE"
        assert {edit.cell for edit in answer.edits} <= set(allowed[answer.focus])
        assert "ended FAILED" in answer.reflection or number == 2
    assert len(set(seen)) == len(seen)
    stuck = critique(question(task.brief, better, round=9, rounds=rounds, stuck=3), Random(9))
    assert stuck.decision == "EXPLORE"


def test_a_locked_cell_is_never_edited_even_if_all_plans_need_it() -> None:
    task = ALL_TASKS["regression"]()
    notebook = written(task.brief, strategy(task.brief))
    asked = question(task.brief, notebook, locked=("load", "baseline", "combine"))
    answer = critique(asked, Random(0))

    assert "combine" not in {edit.cell for edit in answer.edits}


FOREIGN = """\
SETTINGS = {
    "n_estimators": 100,
    "min_samples_leaf": 4,
}
"""


LOADER = 'import pandas as pd\n\ntrain, test = pd.read_csv("input/train.csv"), pd.read_csv("input/test.csv")\n'
FUNCTION = """\
from sklearn.dummy import DummyRegressor

SIZE = 3


def predict(rows, known):
    model = DummyRegressor()
    model.fit(known[["post_0000"]], known[TARGETS])
    return model.predict(rows[["post_0000"]] if "post_0000" in rows else rows)
"""
EVALUATE = """\
aside = np.arange(len(train)) % 4 == 0
guess = predict(train[aside], train[~aside])
submission = pd.DataFrame(predict(test, train), columns=TARGETS)
"""


def foreign(brief: Brief, *cells: tuple[str, str, bool], **more: object) -> NotebookCritiqueInputs:
    """A question on a notebook of these cells: id, code, whether it is open."""
    told = tuple(CellText(id=i, name="", purpose="", section="", code=c, locked=not free) for i, c, free in cells)
    parts = tuple(
        Subtask(id=f"T{n}", name=c.id, cells=(c.id,), status="open", priority=0.7, expected_gain=0.5, uncertainty=0.5)
        for n, c in enumerate(told, 1)
        if not c.locked
    )
    given = {"round": 1, "baseline": 0.5, "diagnosis": "-", "parent": trial(1, 0.5, {}), **more}
    return NotebookCritiqueInputs(brief=brief, cells=told, subtasks=parts, **given)  # type: ignore[arg-type]


def test_a_function_of_two_tables_gets_another_model_and_keeps_its_name_and_all_around_it(tmp_path: Path) -> None:
    task = ALL_TASKS["profiles"]()
    targets = f"TARGETS = {list(task.brief.task.targets)!r}\n"
    cells = [("load", LOADER, False), ("model", FUNCTION, True), ("evaluate", EVALUATE, False)]
    answer = critique(foreign(task.brief, *cells), Random(0))
    [edit] = answer.edits
    assert (edit.cell, answer.decision, answer.title) == (
        "model", "EXPLORE", "Put in place of what makes `predict`: Low-rank ridge of the change",
    )  # fmt: skip
    assert "SIZE = 3" in edit.code
    assert "def predict(rows, known):" in edit.code, "parameters stay in their order"

    grown = [cells[0], ("model", edit.code, True), cells[2]]
    one = ReviewRound(number=1, decision="EXPLORE", focus="T1", strategy=answer.strategy, verdict="IMPROVED", score=0.6)
    asked = foreign(task.brief, *grown, rounds=(one,), round=2, parent=trial(2, 0.6, answer.recipe))
    second = critique(asked, Random(0))
    assert second.title == "Add a model that errs differently: Kernel ridge on likeness"
    assert "return 0.5 * planted_1(known, rows) + 0.5 * planted_2(known, rows)" in second.edits[0].code

    lay_out("\n\n".join([SETUP, LOADER, targets, second.edits[0].code, EVALUATE, SAVED]), task, tmp_path / "run")
    run_scripts([tmp_path / "run"])
    assert_valid(submission_of(tmp_path / "run"), task, tmp_path / "run")


SAVED = """\
submission.insert(0, "id", test["id"].to_numpy()) if "id" in test else None
submission.to_csv("output/submission.csv", index=False)
"""
FLAT = """\
from sklearn.dummy import DummyRegressor

model = DummyRegressor().fit(train[["a"]], train["b"])
answer = model.predict(test[["a"]])
"""


def test_predictions_in_a_variable_are_made_anew_and_the_statements_before_stay() -> None:
    task = ALL_TASKS["regression"]()
    cells = [("load", LOADER, False), ("fit", FLAT, True), ("save", "submission = answer\n", False)]
    [edit] = critique(foreign(task.brief, *cells), Random(0)).edits
    assert FLAT.strip() in edit.code
    assert edit.code.rstrip().splitlines()[-1] == "answer = planted_1(known, rows)"
    ast.parse(edit.code)


def test_where_a_locked_cell_predicts_the_estimator_alone_is_another() -> None:
    task = ALL_TASKS["regression"]()
    cells = [
        ("load", LOADER, False),
        (
            "fit",
            "from sklearn.linear_model import Ridge\n\nmodel = Ridge(alpha=3.0).fit(train[['a']], train['b'])\n",
            True,
        ),
        ("save", "answer = model.predict(test[['a']])\n", False),
    ]
    answer = critique(foreign(task.brief, *cells), Random(0))
    [edit] = answer.edits
    assert "model = HistGradientBoostingRegressor(" in edit.code
    assert edit.code.startswith("from sklearn.ensemble import HistGradientBoostingRegressor")
    again = [swap.title for swap in swaps(edit.code, read_facts(task.brief))]
    assert again
    assert not any(title.endswith(": gradient boosting") for title in again), "it is there already"
    assert answer.decision == "EXPLORE"


def test_a_notebook_of_somebody_else_without_a_model_is_changed_one_number_at_a_time_in_open_cells() -> None:
    task = ALL_TASKS["regression"]()
    cells = (
        CellText(id="scores", name="", purpose="", section="Evaluation", code=FOREIGN, locked=True),
        CellText(id="fit", name="Fit", purpose="", section="Model", code=FOREIGN, locked=False),
    )
    part = Subtask(id="T1", name="fit", cells=("fit",), status="open", priority=0.7, expected_gain=0.5, uncertainty=0.5)
    inputs = NotebookCritiqueInputs(
        brief=task.brief, round=1, parent=trial(1, 0.5, {}), cells=cells, baseline=0.5, diagnosis="-", subtasks=(part,),
    )  # fmt: skip
    answer = critique(inputs, Random(0))
    [edit] = answer.edits

    assert (edit.cell, answer.decision, answer.focus) == ("fit", "REFINE", "T1")
    assert edit.code != FOREIGN
    changed = [(a, b) for a, b in zip(edit.code.splitlines(), FOREIGN.splitlines(), strict=True) if a != b]
    assert len(changed) == 1

    with pytest.raises(ReplyInvalid):
        critique(inputs.model_copy(update={"cells": cells[:1]}), Random(0))


def test_the_words_of_a_report_hold_no_number_but_those_of_the_facts() -> None:
    brief = ALL_TASKS["regression"]().brief
    facts = ("The method scores 0.61.", "The baseline scores 0.55.")
    words = ask(NotebookReportInputs(brief=brief, title="t", strategy="s", facts=facts), ReportProse)

    assert isinstance(words, ReportProse)
    assert words.summary == " ".join(facts)
    assert not any(c.isdigit() for c in words.discussion + words.next_steps)
