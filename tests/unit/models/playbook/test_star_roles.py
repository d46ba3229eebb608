"""Retrieval, first scripts, merging, ensembles and guards of `mle_star`, as the playbook answers them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.core.errors import ReplyInvalid
from assay.core.task import DataFiles
from assay.models.playbook import Recipe, read_facts
from assay.models.playbook.shelves import shelf_for
from assay.models.playbook.star.leaks import leaks_in
from assay.models.playbook.star.mixture import Mixture, Scale, united
from assay.models.playbook.star.weave import render_mixture
from assay.models.roles import (
    AblateInputs,
    Ablation,
    DebugInputs,
    Finding,
    ImproveInputs,
    Program,
    Repair,
)
from assay.models.roles.star import (
    Attempt,
    Block,
    CodeInputs,
    DataUsage,
    DataUsageInputs,
    Ensembled,
    EnsembleInputs,
    EnsemblePlanInputs,
    FinalizeInputs,
    InitInputs,
    Known,
    LeakageInputs,
    LeakageReport,
    MergeInputs,
    ModelIdea,
    Plan,
    Readiness,
    Research,
    ResearchInputs,
    Retrieval,
    RetrieveInputs,
    Solution,
    ValidateInputs,
    Validation,
)
from support.playbook_tasks import TinyTask

from .shapes import ALL_TASKS, binary_table, regression_table
from .test_roles import ask
from .test_scripts import assert_valid, ideas_of, lay_out, run_scripts, submission_of, text_of
from .test_star_mixture import LABELS, mixture_of
from .test_star_refine import trial


def retrieve(task: TinyTask, **changes: Any) -> tuple[ModelIdea, ...]:
    inputs = {"brief": task.brief, "count": 4, "path": 0, "paths": 2, **changes}
    return ask("retrieve", RetrieveInputs(**inputs), Retrieval).models


def solution(mixture: Mixture, task: TinyTask, number: int = 1, **changes: Any) -> Solution:
    code = render_mixture(mixture, read_facts(task.brief), title="A title", plan="A plan.")
    changes = {"title": mixture.titles[0], **changes}
    return Solution(trial=trial(mixture.to_json(), number, **changes), code=code)


def merge(task: TinyTask, base: Solution, other: Solution) -> Program:
    return ask("merge", MergeInputs(brief=task.brief, base=base, other=other), Program)


# --- retrieval -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL_TASKS)
def test_the_drafts_are_dealt_out_and_each_gives_its_script(name: str) -> None:
    task = ALL_TASKS[name]()
    drafts = list(shelf_for(read_facts(task.brief)).drafts(read_facts(task.brief)))
    first, second = retrieve(task, count=2), retrieve(task, count=2, path=1)
    assert [idea.name for idea in first] == [drafts[0].title, drafts[2].title]
    assert second[0].name == drafts[1].title
    for idea, draft in zip(first, drafts[::2], strict=False):
        program = ask("init", InitInputs(brief=task.brief, model=idea), Program)
        assert Recipe.from_json(program.recipe) == draft.recipe
        assert idea.example in program.code


def test_a_path_that_wants_more_than_its_share_gets_the_others_too() -> None:
    task = regression_table()
    names = [idea.name for idea in retrieve(task, count=8)]
    assert len(set(names)) == 8


def test_what_a_person_names_comes_first_and_the_catalogue_is_quoted() -> None:
    task = regression_table()
    known = Known(name="Extremely randomised trees", summary="s", why="It is fast here.", example="x")
    idea = retrieve(task, hints=("please try extra trees",), known=(known,))[0]
    assert Recipe.from_json(idea.recipe).model == "extra_trees"
    assert "asked for it" in idea.why
    assert "It is fast here." in idea.why


def test_an_idea_of_somebody_elses_leads_to_the_draft_that_its_name_fits() -> None:
    task = regression_table()
    for name, model in (("Ridge with splines", "linear"), ("A small neural network", "mlp")):
        idea = ModelIdea(name=name, why="", example="x = 1", recipe={})
        assert Recipe.from_json(ask("init", InitInputs(brief=task.brief, model=idea), Program).recipe).model == model
    odd = InitInputs(brief=task.brief, model=ModelIdea(name="Quantum", why="", example="x = 1", recipe={}))
    assert ask("init", odd, Program, seed=3) == ask("init", odd, Program, seed=3)


def test_an_idea_without_a_reason_and_an_ensemble_without_a_plan_still_lead_to_scripts() -> None:
    task = regression_table()
    idea = retrieve(task)[0].model_copy(update={"why": ""})
    assert ask("init", InitInputs(brief=task.brief, model=idea), Program).plan == idea.name
    assert ensemble(task, " ", three_solutions(task)).plan == "Mean of all solutions"


def test_research_tells_what_the_facts_say() -> None:
    found = ask("research", ResearchInputs(brief=regression_table().brief, hints=("use the map",)), Research)
    assert any("coordinates" in feature for feature in found.features)
    assert any("use the map" in insight for insight in found.insights)


# --- merging ---------------------------------------------------------------------------------------------------------


def test_a_merge_is_the_plain_mean_of_all_models_and_skips_those_it_has() -> None:
    task = regression_table()
    first, second, third = (mixture_of(task).only([k]) for k in range(3))
    two = merge(task, solution(first, task), solution(second, task, 2))
    three = merge(task, Solution(trial=trial(two.recipe), code=two.code), solution(third, task, 3))
    mixture = Mixture.from_json(three.recipe)
    assert mixture.members == (*first.members, *second.members, *third.members)
    assert mixture.shares == pytest.approx((1 / 3,) * 3)
    with pytest.raises(ReplyInvalid, match="lacks"):
        merge(task, Solution(trial=trial(two.recipe), code=two.code), solution(second, task, 2))
    with pytest.raises(ReplyInvalid, match="60 s"):
        merge(task, solution(first, task, wall_s=30.0), solution(second, task, 2, wall_s=20.0))


def test_scripts_of_others_are_merged_as_they_stand_with_a_share_for_each_of_their_models() -> None:
    task = regression_table()
    plain = Solution(trial=trial({}, title="plain"), code=LABELS.format(1))
    two = merge(task, plain, Solution(trial=trial({}, 2, title="other"), code=LABELS.format(2)))
    three = merge(task, Solution(trial=trial({}, title="both"), code=two.code), plain)
    assert two.recipe == three.recipe == {}
    assert "WEIGHTS" not in two.code
    assert "WEIGHTS = [0.6667, 0.3333]" in three.code


# --- ensembles -------------------------------------------------------------------------------------------------------


def ensemble(task: TinyTask, plan: str, solutions: list[Solution]) -> Ensembled:
    inputs = EnsembleInputs(brief=task.brief, plan=plan, solutions=tuple(solutions), index=0)
    return ask("ensemble", inputs, Ensembled)


def next_way(task: TinyTask, solutions: list[Solution], attempts: list[Attempt], seed: int = 0) -> Plan:
    inputs = EnsemblePlanInputs(brief=task.brief, solutions=tuple(solutions), attempts=tuple(attempts))
    return ask("ensemble_plan", inputs, Plan, seed=seed)


def three_solutions(task: TinyTask, **changes: Any) -> list[Solution]:
    parts = [mixture_of(task).only([k]) for k in range(3)]
    return [solution(part, task, k, score=0.9 - k / 10, **changes) for k, part in enumerate(parts, 1)]


@pytest.mark.parametrize("name", ["binary", "regression", "rmsle", "multiclass-ranked", "images", "forecast"])
def test_no_way_is_planned_twice_and_each_gives_another_script(name: str) -> None:
    task = ALL_TASKS[name]()
    solutions, attempts, codes = three_solutions(task), list[Attempt](), set()
    for index in range(10):
        plan = next_way(task, solutions, attempts, seed=index)
        program = ensemble(task, plan.plan, solutions)
        compile(program.code, "solution.py", "exec")
        codes.add(program.code.split('"""', 2)[2])
        attempts.append(Attempt(plan=plan.plan, trial=trial({}, score=0.5, title=plan.title)))
    assert len({attempt.plan.partition(".")[0] for attempt in attempts}) == 10
    assert len(codes) >= 9
    assert attempts[0].plan.startswith("Mean of all solutions.")


def test_after_both_scales_the_better_one_is_kept_to() -> None:
    task = binary_table()
    solutions = three_solutions(task)
    mean, ranks = (
        Attempt(plan=f"{title}. Why.", trial=trial({}, score=score))
        for title, score in (("Mean of all solutions", 0.7), ("Mean of ranks", 0.8))
    )
    assert next_way(task, solutions, [mean]).title == "Mean of ranks"
    assert next_way(task, solutions, [mean, ranks]).title.endswith("on ranks")
    worse = Attempt(plan=ranks.plan, trial=trial({}, score=0.6))
    assert not next_way(task, solutions, [mean, worse]).title.endswith("on ranks")


def test_the_best_come_first_and_the_costly_weak_ones_are_dropped_aloud() -> None:
    task = binary_table()
    solutions = three_solutions(task)[::-1]
    best = Mixture.from_json(ensemble(task, "The best 2 alone. Why.", solutions).recipe)
    assert best.members == tuple(Recipe.from_json(solutions[k].trial.recipe) for k in (2, 1))
    slow = three_solutions(task, wall_s=14.0)
    program = ensemble(task, "Mean of all solutions. Why.", slow)
    assert len(Mixture.from_json(program.recipe).members) == 2
    assert f"Left out, so that the whole ends within half the time of a trial: {slow[1].trial.title}." in program.plan
    alone = ensemble(task, "Weights from held-out rows. Why.", slow)
    assert alone.recipe == slow[0].trial.recipe
    assert alone.members == (slow[0].trial.number,), "so that who asked can tell that it is none"


def test_mixtures_among_the_solutions_are_taken_apart_only_where_that_changes_nothing() -> None:
    task = binary_table()
    first, second, third = (mixture_of(task).only([k]) for k in range(3))
    pair = united([(first, 1.0), (second, 1.0)])
    flat = ensemble(task, "Mean of all solutions.", [solution(pair, task), solution(third, task, 2)])
    assert Mixture.from_json(flat.recipe).shares == (0.25, 0.25, 0.5)
    ranked = solution(replace(pair, scale=Scale.RANK), task)
    nested = ensemble(task, "Mean of all solutions.", [ranked, solution(third, task, 2)])
    assert nested.recipe == {}
    assert "    def model_2():" in nested.code


@pytest.mark.slow
def test_a_nested_ensemble_of_others_scripts_runs(tmp_path: Path) -> None:
    task = binary_table()
    first, second, third = (mixture_of(task).only([k]) for k in range(3))
    inner = united([(first, 1.0), (second, 1.0)], scale=Scale.RANK, holdout=True)
    program = ensemble(task, "Weights from held-out rows.", [solution(inner, task), solution(third, task, 2)])
    assert program.recipe == {}
    lay_out(program.code, task, tmp_path / "it")
    run_scripts([tmp_path / "it"])
    assert_valid(submission_of(tmp_path / "it"), task, tmp_path / "it")


# --- mixtures under study --------------------------------------------------------------------------------------------


def test_ablation_of_a_mixture_leaves_out_members_and_a_part_of_the_heaviest() -> None:
    task = regression_table()
    mixture = mixture_of(task)
    parent = trial(mixture.to_json())
    ablation = ask("ablate", AblateInputs(brief=task.brief, parent=parent, code="pass"), Ablation)
    parts = [variant.part for variant in ablation.variants]
    assert [part.partition(" (")[0] for part in parts[:3]] == ["model 1", "model 2", "model 3"]
    assert parts[3].startswith("Model 1: ")
    assert Mixture.from_json(ablation.variants[0].recipe).members == mixture.members[1:]
    studied = tuple(Finding(part=part, description="", effect=0.1) for part in parts)
    again = ask("ablate", AblateInputs(brief=task.brief, parent=parent, code="pass", studied=studied), Ablation)
    assert not {variant.part for variant in again.variants} & set(parts)


def test_improving_a_mixture_changes_one_member() -> None:
    task = regression_table()
    mixture = mixture_of(task)
    inputs = ImproveInputs(brief=task.brief, parent=trial(mixture.to_json()), code="pass", index=0)
    changed = Mixture.from_json(ask("improve", inputs, Program).recipe)
    assert sum(a != b for a, b in zip(mixture.members, changed.members, strict=True)) == 1


@pytest.mark.parametrize(
    ("error", "outcome", "changes", "left"),
    [
        ("No module named 'lightgbm'", "error", {}, 2),
        ("in model_2\n  File in make_model\nValueError: odd", "error", {"same_as_before": True}, 2),
        ("too long", "timeout", {}, 3),
        ("too long", "timeout", {"round": 2}, 1),
        ("odd", "error", {"round": 3}, 1),
    ],
)
def test_a_mixture_that_fails_loses_what_failed(error: str, outcome: str, changes: dict[str, Any], left: int) -> None:
    task = regression_table()
    mixture = mixture_of(task)
    known = {"code": "pass", "error": error, "outcome": outcome, "round": 1, "recipe": mixture.to_json(), **changes}
    repair = ask("debug", DebugInputs(brief=task.brief, **known), Repair)
    mended = Mixture.from_json(repair.recipe)
    assert len(mended.members) == left
    assert mended != mixture
    compile(repair.code, "solution.py", "exec")


# --- guards ----------------------------------------------------------------------------------------------------------

LEAKY = """
import pandas as pd

train = pd.read_csv("input/train.csv")
test = pd.read_csv("/kaggle/input/test.csv")
means = train.groupby("colour")["price"].mean()
train["colour_price"] = train["colour"].map(means)
test["colour_price"] = test["colour"].map(means)
"""


def code_of(task: TinyTask, code: str, block: str, purpose: str, plan: str = "Mend it.", **changes: Any) -> Block:
    inputs = {"brief": task.brief, "code": code, "block": block, "plan": plan, "purpose": purpose, **changes}
    return ask("code", CodeInputs(**inputs), Block)


def test_leaks_that_are_certain_are_found_and_mended(tmp_path: Path) -> None:
    task = regression_table()
    report = ask("leakage", LeakageInputs(brief=task.brief, code=LEAKY, lint=("L01 a path",)), LeakageReport)
    assert [leak.block for leak in report.leaks] == [
        'test = pd.read_csv("/kaggle/input/test.csv")',
        'train["colour_price"] = train["colour"].map(means)',
    ]
    assert "L01 a path" in report.remark
    code, imports = LEAKY, list[str]()
    for leak in report.leaks:
        reply = code_of(task, LEAKY, leak.block, "leakage", leak.why)
        code, imports = code.replace(leak.block, reply.code), [*imports, *reply.imports]
        assert reply.recipe == {}
    assert not leaks_in(code, task.brief.task)
    lay_out("\n".join([*imports, code, 'train.to_csv("made.csv", index=False)']), task, tmp_path / "it")
    run_scripts([tmp_path / "it"])
    made = pd.read_csv(tmp_path / "it" / "made.csv").dropna(subset="colour")
    own = made.groupby("colour")["price"].transform("mean")
    assert not np.allclose(made["colour_price"], own)
    assert made["colour_price"].corr(own) > 0.5


@pytest.mark.parametrize("name", ALL_TASKS)
def test_the_playbooks_own_scripts_pass_every_guard(name: str) -> None:
    task = ALL_TASKS[name]()
    for code in [text_of(idea, task) for idea in ideas_of(task)]:
        assert ask("leakage", LeakageInputs(brief=task.brief, code=code), LeakageReport).leaks == ()
        winner = Solution(trial=trial({}), code=code)
        assert ask("finalize", FinalizeInputs(brief=task.brief, winner=winner), Readiness).ready
        assert ask("validate", ValidateInputs(brief=task.brief, winner=winner), Validation).sound


PICKY = """
import pandas as pd

train = pd.read_csv("input/train.csv", nrows=5000)
train = train.sample(n=1000, random_state=0).reset_index(drop=True)
train = train.sample(frac=1.0)
preview = train.head(5)
X = train[["rooms", "latitude"]]
"""


def test_columns_that_are_never_named_are_brought_in() -> None:
    task = regression_table()
    found = ask("data_usage", DataUsageInputs(brief=task.brief, code=PICKY), DataUsage)
    assert not found.complete
    assert "people" in found.plan
    whole = PICKY.strip("\n")
    code = code_of(task, PICKY, whole, "data_usage", found.plan).code
    assert "['rooms'" not in code
    assert "\"latitude\", 'longitude', 'people'" in code
    assert "colour" not in code


def test_columns_picked_by_rule_and_scripts_that_name_all_are_complete() -> None:
    task = regression_table()
    by_rule = 'import pandas as pd\nX = pd.read_csv("input/train.csv").drop(columns=["price", "id"])\n'
    for code in (by_rule, text_of(ideas_of(task)[2], task)):
        assert ask("data_usage", DataUsageInputs(brief=task.brief, code=code), DataUsage).complete


def test_a_file_beside_the_tables_that_is_never_read_is_named() -> None:
    task = regression_table()
    files = DataFiles(train="train.csv", test="test.csv", side=("towns.csv",))
    brief = task.brief.model_copy(update={"task": replace(task.brief.task, data=files)})
    code = text_of(ideas_of(task)[2], task)
    assert "towns.csv" in ask("data_usage", DataUsageInputs(brief=brief, code=code), DataUsage).plan
    assert ask("data_usage", DataUsageInputs(brief=brief, code=code + "\n'input/towns.csv'\n"), DataUsage).complete


def test_a_step_that_reads_unread_columns_is_planned_and_carried_out() -> None:
    task = regression_table()
    recipe = mixture_of(task).members[0].without_feature("dates")
    mixture = Mixture(members=(recipe,), titles=("x",))
    own = solution(mixture, task)
    brief = task.brief.model_copy(update={"history": (own.trial,)})
    found = ask("data_usage", DataUsageInputs(brief=brief, code=own.code), DataUsage)
    assert found.plan.startswith("Add calendar parts.")
    whole = own.code.strip("\n")
    reply = code_of(task, own.code, whole, "data_usage", found.plan, recipe=own.trial.recipe)
    assert "dates" in reply.recipe["features"]
    assert "dayofweek" in reply.code


def test_rows_that_are_thrown_away_are_given_back() -> None:
    task = regression_table()
    winner = Solution(trial=trial({}), code=PICKY)
    found = ask("finalize", FinalizeInputs(brief=task.brief, winner=winner), Readiness)
    assert not found.ready
    assert "line 4" in found.plan
    code = code_of(task, PICKY, PICKY.strip("\n"), "finalize", found.plan).code
    assert "nrows" not in code
    assert "train = train.reset_index(drop=True)" in code
    assert "train.sample(frac=1.0)" in code
    assert "train.head(5)" in code


def test_a_last_look_signs_for_nothing_that_leaks_or_fails_a_check() -> None:
    task = regression_table()
    good = Solution(trial=trial({}), code=PICKY)
    for changes in ({"gate": ("It fails with shuffled labels.",)}, {"lint": ("L03 the target is a feature",)}):
        found = ask("validate", ValidateInputs(brief=task.brief, winner=good, **changes), Validation)
        assert not found.sound
        assert found.reasons
    leaky = Solution(trial=trial({}), code=LEAKY)
    assert not ask("validate", ValidateInputs(brief=task.brief, winner=leaky), Validation).sound


def test_a_last_look_writes_large_scores_in_full() -> None:
    task = regression_table()
    row = trial({}, score=40_936.2).model_copy(update={"std_error": 550.3, "folds": 1})
    good = Solution(trial=row, code=text_of(ideas_of(task)[0], task))
    found = ask("validate", ValidateInputs(brief=task.brief, winner=good), Validation)
    assert "The score 40,936 ± 550 rests on 1 fold graded by the engine." in found.reasons
