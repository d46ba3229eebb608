"""The playbook as a model: what it answers to each role."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from pydantic import BaseModel

from assay.core.errors import ReplyInvalid
from assay.models.base import Request
from assay.models.playbook import CHEAT_TITLE, Playbook, Recipe, cheating_program, read_facts
from assay.models.roles import (
    AblateInputs,
    Ablation,
    BaselineInputs,
    DebugInputs,
    DraftInputs,
    Finding,
    ImproveInputs,
    Program,
    Repair,
    TrialSummary,
)
from support.playbook_tasks import TinyTask

from .shapes import ALL_TASKS, TASKS

FOREIGN = """
import lightgbm as lgb
import pandas as pd

train = pd.read_csv("/kaggle/input/train.csv")
test = pd.read_csv("/kaggle/input/test.csv")
train["double"] = train["rooms"] * 2
model = lgb.LGBMRegressor(n_estimators=4000, learning_rate=0.01, n_jobs=-1, random_state=3)
model.fit(train[["rooms"]], train["price"])
pd.DataFrame({"id": test["id"], "price": model.predict(test[["rooms"]])}).to_csv("submission.csv", index=False)
"""


def ask(role: str, inputs: BaseModel, reply_type: Any, seed: int = 0) -> Any:
    request = Request(role=role, inputs=inputs, messages=(), reply_type=reply_type, key="k", seed=seed)
    return Playbook().answer(request).reply


def trial(program: Program, number: int = 1, **changes: Any) -> TrialSummary:
    known: dict[str, Any] = {
        "number": number,
        "title": program.title,
        "operator": "draft",
        "plan": program.plan,
        "parents": (),
        "state": "complete",
        "score": 0.5,
        "std_error": 0.1,
        "folds": 5,
        "verdict": "noise",
        "wall_s": 1.0,
        "recipe": program.recipe,
    }
    return TrialSummary(**{**known, **changes})


def first_draft(task: TinyTask) -> Program:
    return ask("draft", DraftInputs(brief=task.brief, index=0), Program)


@pytest.mark.parametrize("name", ALL_TASKS)
def test_the_baselines_differ_and_say_their_name(name: str) -> None:
    task = ALL_TASKS[name]()
    programs = [ask("baseline", BaselineInputs(brief=task.brief, name=n), Program) for n in ("constant", "boosting")]
    assert Recipe.from_json(programs[0].recipe).model == "constant"
    # Of many numbers at once, one model a target would take too long: a linear one for all is plainer.
    assert ("Ridge" if name.startswith("profiles") else "LGBM") in programs[1].code


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_thirty_drafts_are_all_different_and_equal_seeds_agree(name: str) -> None:
    task = ALL_TASKS[name]()
    history: list[TrialSummary] = []
    for index in range(30):
        brief = task.brief.model_copy(update={"history": tuple(history)})
        program = ask("draft", DraftInputs(brief=brief, index=index), Program, seed=index)
        assert program == ask("draft", DraftInputs(brief=brief, index=index), Program, seed=index)
        assert len(program.title) <= 80
        history.append(trial(program, index))
    assert len({Recipe.from_json(t.recipe).key for t in history}) == 30


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
def test_improve_never_proposes_what_was_tried(name: str) -> None:
    task = ALL_TASKS[name]()
    parent = trial(first_draft(task))
    history, codes = [parent], {first_draft(task).code}
    for index in range(40):
        brief = task.brief.model_copy(update={"history": tuple(history)})
        inputs = ImproveInputs(brief=brief, parent=parent, code="pass", attempts=tuple(history[1:]), index=index)
        program = ask("improve", inputs, Program, seed=index)
        keys = {Recipe.from_json(t.recipe).key for t in history}
        assert Recipe.from_json(program.recipe).key not in keys
        body = program.code.split('"""', 2)[2]
        assert body not in codes
        codes.add(body)
        history.append(trial(program, index + 2))


def test_improve_drops_the_part_that_hurts_and_says_by_how_much() -> None:
    task = ALL_TASKS["regression"]()
    parent = trial(first_draft(task))
    findings = (
        Finding(part="ratios of sizes", description="", effect=-0.25, noise=0.01),
        Finding(part="rotated coordinates", description="", effect=0.5, noise=0.01),
    )
    inputs = ImproveInputs(brief=task.brief, parent=parent, code="pass", findings=findings, index=0)
    program = ask("improve", inputs, Program)
    assert "ratios" in Recipe.from_json(parent.recipe).features
    assert "ratios" not in Recipe.from_json(program.recipe).features
    assert "0.25" in program.plan


def test_improve_strengthens_the_part_that_helps_most() -> None:
    task = ALL_TASKS["regression"]()
    parent = trial(first_draft(task))
    findings = (
        Finding(part="neighbour target means", description="", effect=0.5, noise=0.01),
        Finding(part="tuned settings", description="", effect=0.1, noise=0.01),
    )
    inputs = ImproveInputs(brief=task.brief, parent=parent, code="pass", findings=findings, index=0)
    program = ask("improve", inputs, Program)
    assert Recipe.from_json(program.recipe).options["neighbours"] != parent.recipe["options"].get("neighbours")
    assert "0.5" in program.plan


def test_a_finding_inside_its_noise_moves_nothing() -> None:
    task = ALL_TASKS["regression"]()
    parent = trial(first_draft(task))
    findings = (Finding(part="ratios of sizes", description="", effect=-0.01, noise=0.02),)
    inputs = ImproveInputs(brief=task.brief, parent=parent, code="pass", findings=findings, index=0)
    assert "ratios" in Recipe.from_json(ask("improve", inputs, Program).recipe).features


@pytest.mark.parametrize("name", ALL_TASKS)
def test_ablations_change_only_the_part_they_name(name: str) -> None:
    task = ALL_TASKS[name]()
    parent = trial(first_draft(task))
    before = Recipe.from_json(parent.recipe)
    ablation = ask("ablate", AblateInputs(brief=task.brief, parent=parent, code="pass"), Ablation)
    assert len({v.part for v in ablation.variants}) == len(ablation.variants)
    for variant in ablation.variants:
        after = Recipe.from_json(variant.recipe)
        changed = [
            set(before.features) != set(after.features),
            dict(before.params) != dict(after.params),
            dict(before.options) != dict(after.options),
        ]
        assert after.model == before.model
        assert set(after.features) <= set(before.features)
        assert len(set(before.features) - set(after.features)) <= 1
        assert sum(changed) == 1 or variant.part == "inner folds"


def test_a_second_ablation_studies_other_parts() -> None:
    task = ALL_TASKS["regression"]()
    parent = trial(first_draft(task))
    first = ask("ablate", AblateInputs(brief=task.brief, parent=parent, code="pass"), Ablation)
    studied = tuple(Finding(part=v.part, description="", effect=0.1) for v in first.variants)
    second = ask("ablate", AblateInputs(brief=task.brief, parent=parent, code="pass", studied=studied), Ablation)
    assert not {v.part for v in first.variants} & {v.part for v in second.variants}


def debug(task: TinyTask, error: str, outcome: str, **changes: Any) -> Repair:
    known: dict[str, Any] = {
        "brief": task.brief,
        "code": first_draft(task).code,
        "error": error,
        "outcome": outcome,
        "round": 1,
        "recipe": first_draft(task).recipe,
    }
    return ask("debug", DebugInputs(**{**known, **changes}), Repair)


@pytest.mark.parametrize("outcome", ["timeout", "memory"])
@pytest.mark.parametrize("name", ALL_TASKS)
def test_a_script_over_its_limit_gets_cheaper_each_round(name: str, outcome: str) -> None:
    task = ALL_TASKS[name]()
    repairs = [debug(task, "too much", outcome, round=k) for k in (1, 2, 3)]
    assert all(r.code != first_draft(task).code for r in repairs)
    assert repairs[0].recipe != repairs[-1].recipe


def test_a_missing_package_brings_another_model() -> None:
    repair = debug(ALL_TASKS["regression"](), "ModuleNotFoundError: No module named 'lightgbm'", "error")
    assert "import lightgbm" not in repair.code
    assert "lightgbm" in repair.cause


def test_the_step_in_the_traceback_is_left_out() -> None:
    repair = debug(ALL_TASKS["regression"](), "in neighbour_means\nValueError: Input X contains NaN", "error")
    assert "neighbours" not in repair.recipe["features"]
    assert "neighbour_means" not in repair.code


def test_the_same_failure_again_brings_a_plainer_script() -> None:
    task = ALL_TASKS["regression"]()
    error = "in neighbour_means\nValueError: Input X contains NaN"
    repair = debug(task, error, "error", round=2, same_as_before=True)
    assert repair.recipe["params"] == {}
    last = debug(task, error, "error", round=3, same_as_before=True)
    assert last.recipe["model"] == "constant"


@pytest.mark.parametrize(
    ("error", "outcome", "expected"),
    [
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/kaggle/input/train.csv'",
            "error",
            '"input/train.csv"',
        ),
        ("./output/submission.csv was not taken: missing", "invalid output", '"output/submission.csv"'),
        ("did not end within 60 s", "timeout", "n_estimators=1000"),
        ("out of memory", "memory", "n_jobs=1"),
    ],
)
def test_scripts_of_others_are_mended_where_the_cause_is_known(error: str, outcome: str, expected: str) -> None:
    repair = debug(ALL_TASKS["regression"](), error, outcome, code=FOREIGN, recipe={})
    assert expected in repair.code
    assert "double" in repair.code


def test_scripts_of_others_that_nothing_fits_are_replaced() -> None:
    repair = debug(ALL_TASKS["regression"](), "ZeroDivisionError: division by zero", "error", code=FOREIGN, recipe={})
    assert repair.recipe["model"] == "lightgbm"


def test_scripts_of_others_are_ablated_by_their_text() -> None:
    task = ALL_TASKS["regression"]()
    parent = trial(first_draft(task), recipe={})
    ablation = ask("ablate", AblateInputs(brief=task.brief, parent=parent, code=FOREIGN), Ablation)
    by_part = {v.part: v.code for v in ablation.variants}
    assert "LGBMRegressor(n_jobs=-1, random_state=3)" in by_part["settings of LGBMRegressor"]
    assert '"double"' not in by_part["column double"]


def test_scripts_of_others_are_improved_by_a_fresh_start() -> None:
    task = ALL_TASKS["regression"]()
    parent = trial(first_draft(task), recipe={})
    program = ask("improve", ImproveInputs(brief=task.brief, parent=parent, code=FOREIGN, index=0), Program)
    assert Recipe.from_json(program.recipe) is not None


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(ReplyInvalid, match="no answer"):
        ask("dance", ALL_TASKS["regression"]().brief, Program)


@pytest.mark.parametrize("name", ALL_TASKS)
def test_the_cheat_names_itself_and_reads_the_answers(name: str) -> None:
    task = ALL_TASKS[name]()
    program = cheating_program(read_facts(task.brief))
    assert program.title == CHEAT_TITLE
    constants = {n.value for n in ast.walk(ast.parse(program.code)) if isinstance(n, ast.Constant)}
    assert "../../private/answers.csv" in constants
