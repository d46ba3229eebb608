"""Blocks, plans and rewritten blocks: what is replaced is what the changed recipe would have rendered."""

from __future__ import annotations

import ast
import json
from random import Random
from typing import Any

import pytest

from assay.core.digest import canonical_json
from assay.core.errors import ReplyInvalid
from assay.models.playbook import Recipe, read_facts
from assay.models.playbook.shelves import shelf_for
from assay.models.playbook.star.change import change_of, found_in, member_part, moves_of
from assay.models.playbook.star.mixture import Mixture, united
from assay.models.playbook.star.passages import is_same
from assay.models.playbook.star.solutions import known_mixture
from assay.models.playbook.star.weave import render_mixture
from assay.models.roles import Finding, TrialSummary
from assay.models.roles.star import (
    Attempt,
    Block,
    CodeInputs,
    ExtractInputs,
    Extraction,
    Plan,
    PlanInputs,
    SummarizeInputs,
    Summary,
)
from support.playbook_tasks import TinyTask

from .shapes import ALL_TASKS, MORE_TASKS, TASKS
from .test_roles import ask

FOREIGN = """\"\"\"A script of somebody else's.\"\"\"
import pandas as pd
from sklearn.linear_model import Ridge


def main():
    train = pd.read_csv("input/train.csv")
    train["double"] = train["rooms"] * 2
    model = Ridge(
        alpha=1.0,
    )
    model.fit(train[["rooms", "double"]], train["price"])


if __name__ == "__main__":
    main()
"""


def singles(task: TinyTask, count: int = 3) -> list[Mixture]:
    ideas = list(shelf_for(read_facts(task.brief)).drafts(read_facts(task.brief)))[:count]
    return [Mixture(members=(idea.recipe,), titles=(idea.title,)) for idea in ideas]


def text_of(mixture: Mixture, task: TinyTask) -> str:
    return render_mixture(mixture, read_facts(task.brief), title="The parent", plan="As it is.")


def trial(recipe: dict[str, Any], number: int = 1, **changes: Any) -> TrialSummary:
    known: dict[str, Any] = {
        "number": number, "title": "parent", "operator": "init", "plan": "", "parents": (), "state": "complete",
        "score": 0.5, "std_error": 0.1, "folds": 5, "verdict": "", "wall_s": 1.0, "recipe": recipe,
    }  # fmt: skip
    return TrialSummary(**{**known, **changes})


def extract(task: TinyTask, code: str, recipe: dict[str, Any], **changes: Any) -> Extraction:
    inputs = {"brief": task.brief, "parent": trial(recipe), "code": code, "summary": "", **changes}
    return ask("extract", ExtractInputs(**inputs), Extraction)


def plan(task: TinyTask, code: str, recipe: dict[str, Any], block: str, *plans: str, seed: int = 0) -> Plan:
    attempts = tuple(Attempt(plan=text) for text in plans)
    inputs = PlanInputs(brief=task.brief, parent=trial(recipe), code=code, block=block, attempts=attempts)
    return ask("plan", inputs, Plan, seed=seed)


def code_of(task: TinyTask, code: str, recipe: dict[str, Any], block: str, text: str) -> Block:
    return ask("code", CodeInputs(brief=task.brief, code=code, block=block, plan=text, recipe=recipe), Block)


@pytest.mark.parametrize("name", [*TASKS, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE_TASKS)])
def test_a_rewritten_block_gives_the_script_of_the_new_recipe(name: str) -> None:
    task, random = ALL_TASKS[name](), Random(name)
    facts, found = read_facts(task.brief), singles(task)
    for parent in [*found[:2], united([(part, 1.0) for part in found])]:
        code = text_of(parent, task)
        moves = list(moves_of(parent, facts))
        for move in random.sample(moves, min(len(moves), 4)):
            same = is_same(text_of(move.mixture, task), code)
            change = change_of(move, code, facts)
            assert (change is None) == same, move.title
            if change is None:
                continue
            reply = code_of(task, code, parent.to_json(), change.block, f"{move.title}. Because.")
            assert code.count(change.block) == 1
            assert is_same(code.replace(change.block, reply.code), text_of(move.mixture, task)), move.title
            assert Mixture.from_json(reply.recipe).members == move.mixture.members
            made = {ast.unparse(n) for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Import | ast.ImportFrom)}
            assert not made & set(reply.imports)
            compile("\n".join([*reply.imports, code.replace(change.block, reply.code)]), "solution.py", "exec")


@pytest.mark.parametrize("name", ["regression", "text-labels"])
def test_targets_stand_in_the_script_once_and_lead_to_ever_new_scripts(name: str) -> None:
    task = ALL_TASKS[name]()
    parent = united([(part, 1.0) for part in singles(task, 2)])
    code, recipe = text_of(parent, task), parent.to_json()
    targets = extract(task, code, recipe).targets
    assert len({target.block for target in targets}) == len(targets) >= 2
    assert all(code.count(target.block) == 1 for target in targets)
    block, plans, codes = targets[0].block, [targets[0].plan], set()
    for attempt in range(4):
        reply = code_of(task, code, recipe, block, plans[-1])
        codes.add(reply.code)
        assert is_same(code.replace(block, reply.code), text_of(Mixture.from_json(reply.recipe), task))
        told = plan(task, code, recipe, block, *plans, seed=attempt)
        assert told.title in told.plan
        plans.append(told.plan)
    assert len(codes) == 4
    assert block not in codes


def test_blocks_that_were_refined_give_way_to_others() -> None:
    task = ALL_TASKS["regression"]()
    parent = singles(task)[0]
    code, refined = text_of(parent, task), []
    for _ in range(3):
        target = extract(task, code, parent.to_json(), refined=tuple(refined)).targets[0]
        assert not any(target.block in earlier for earlier in refined)
        refined.append(target.block)


def test_the_part_that_hurts_is_left_out_first_and_then_the_part_that_helps_is_strengthened() -> None:
    task = ALL_TASKS["regression"]()
    parent = singles(task)[0]
    findings = (
        Finding(part="ratios of sizes", description="", effect=-0.25, noise=0.01),
        Finding(part="neighbour target means", description="", effect=0.5, noise=0.01),
        Finding(part="rotated coordinates", description="", effect=-0.1, noise=0.2),
    )
    targets = extract(task, text_of(parent, task), parent.to_json(), findings=findings).targets
    assert targets[0].plan.startswith("Leave out ratios of sizes. Ablation: the score was better by 0.25")
    assert targets[1].plan.startswith("Use more sizes of neighbourhood. Ablation: neighbour target means is worth 0.5")


def test_the_member_that_carries_most_is_worked_on_first() -> None:
    task = ALL_TASKS["regression"]()
    parent = united([(part, 1.0) for part in singles(task)])
    effects = {1: 0.1, 2: 0.5, 3: 0.2}
    findings = tuple(
        Finding(part=member_part(parent, k - 1), description="", effect=effect, noise=0.01)
        for k, effect in effects.items()
    )
    targets = extract(task, text_of(parent, task), parent.to_json(), findings=findings).targets
    assert targets[0].plan.startswith("Model 2: ")


def test_a_member_that_hurts_is_left_out_as_a_block() -> None:
    task = ALL_TASKS["regression"]()
    parent = united([(part, 1.0) for part in singles(task)])
    findings = (Finding(part=member_part(parent, 1), description="", effect=-0.5, noise=0.01),)
    code = text_of(parent, task)
    target = extract(task, code, parent.to_json(), findings=findings).targets[0]
    assert target.plan.startswith("Leave out model 2. ")
    reply = code_of(task, code, parent.to_json(), target.block, target.plan)
    assert is_same(code.replace(target.block, reply.code), text_of(parent.without(1), task))


def test_what_a_person_wants_worked_on_comes_first() -> None:
    task = ALL_TASKS["regression"]()
    parent = singles(task)[0]
    code = text_of(parent, task)
    wanted = next(line for line in code.splitlines() if "learning_rate" in line)
    assert wanted in extract(task, code, parent.to_json(), wanted=(wanted,)).targets[0].block


def test_a_plan_that_worked_is_built_upon() -> None:
    task = ALL_TASKS["regression"]()
    parent = singles(task)[0]
    code = text_of(parent, task)
    block = next(t.block for t in extract(task, code, parent.to_json()).targets if "PARAMS = {" in t.block)
    good = Attempt(plan="Set num_leaves to 128. Because.", trial=trial({}, 2, score=0.9))
    inputs = PlanInputs(brief=task.brief, parent=trial(parent.to_json()), code=code, block=block, attempts=(good,))
    told = ask("plan", inputs, Plan).plan
    assert told.startswith("Set num_leaves to 128; then ")
    recipe = Recipe.from_json(code_of(task, code, parent.to_json(), block, told).recipe)
    assert recipe.params["num_leaves"] == 128
    assert recipe != Recipe.from_json(found_in(good.plan, parent, read_facts(task.brief)).mixture.to_json())


def test_drawn_numbers_are_understood_by_whoever_writes_the_lines() -> None:
    task = ALL_TASKS["regression"]()
    parent = singles(task)[0]
    move = found_in("Set learning_rate to 0.0417. Because.", parent, read_facts(task.brief))
    assert move.mixture.members[0].params["learning_rate"] == 0.0417
    assert found_in("Dance.", parent, read_facts(task.brief)) is None


def test_scripts_of_others_are_refined_by_their_syntax_tree() -> None:
    task = ALL_TASKS["regression"]()
    effect = (Finding(part="settings of Ridge", description="", effect=0.4, noise=0.01),)
    target = extract(task, FOREIGN, {}, findings=effect).targets[0]
    assert target.block.startswith("    model = Ridge(")
    first = code_of(task, FOREIGN, {}, target.block, target.plan)
    assert first.code == target.block.replace("1.0", "2.0")
    assert first.recipe == {}
    second = plan(task, FOREIGN, {}, target.block, target.plan)
    assert code_of(task, FOREIGN, {}, target.block, second.plan).code == target.block.replace("1.0", "0.5")


def test_a_script_that_is_no_longer_its_recipes_is_read_as_it_stands() -> None:
    task = ALL_TASKS["regression"]()
    parent = singles(task)[0]
    code = text_of(parent, task).replace('"learning_rate": 0.03', '"learning_rate": 0.07')
    target = extract(task, code, parent.to_json()).targets[0]
    reply = code_of(task, code, parent.to_json(), target.block, target.plan)
    assert reply.recipe == {}
    assert reply.code != target.block


def test_a_script_with_nothing_to_change_is_said_to_be_so() -> None:
    task = ALL_TASKS["regression"]()
    with pytest.raises(ReplyInvalid, match="no block"):
        extract(task, "print(1)\n", {})
    with pytest.raises(ReplyInvalid, match="tried"):
        plan(task, "print(1)\n", {}, "print(1)")
    with pytest.raises(ReplyInvalid, match="no change"):
        code_of(task, "print(1)\n", {}, "print(1)", "Dance.")


def test_the_summary_tells_helpful_from_harmful_from_luck() -> None:
    task = ALL_TASKS["regression"]()
    findings = (
        Finding(part="a", description="", effect=0.5, noise=0.1),
        Finding(part="b", description="", effect=-0.4, noise=0.1),
        Finding(part="c", description="", effect=0.05, noise=0.1),
        Finding(part="d", description="", effect=None),
    )
    inputs = SummarizeInputs(brief=task.brief, parent=trial({}), code="pass", findings=findings)
    said = ask("summarize", inputs, Summary).summary
    assert "without them): a (+0.5 ± 0.1)." in said
    assert "better without: b (-0.4 ± 0.1)." in said
    assert "beyond noise: c" in said
    assert "failed, so nothing is known: d." in said


@pytest.mark.parametrize("name", sorted(ALL_TASKS))
def test_a_recipe_that_comes_back_from_the_journal_is_still_that_of_its_script(name: str) -> None:
    task = ALL_TASKS[name]()
    for mixture in singles(task, count=20):
        kept = json.loads(canonical_json(mixture.to_json()))
        assert known_mixture(kept, text_of(mixture, task), read_facts(task.brief)) is not None, mixture.titles
