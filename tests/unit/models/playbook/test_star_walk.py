"""The whole algorithm once with the playbook's answers, without an engine: every script it leads to holds together."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from assay.models.playbook import read_facts
from assay.models.playbook.star.solutions import known_mixture
from assay.models.roles import AblateInputs, Ablation, Finding, Program
from assay.models.roles.star import (
    Attempt,
    Block,
    CodeInputs,
    EnsembleInputs,
    EnsemblePlanInputs,
    ExtractInputs,
    Extraction,
    InitInputs,
    MergeInputs,
    ModelIdea,
    Plan,
    PlanInputs,
    Retrieval,
    RetrieveInputs,
    Solution,
)
from assay.operators.star.passage import locate, replaced
from support.playbook_tasks import TinyTask

from .shapes import ALL_TASKS
from .test_roles import ask
from .test_scripts import assert_valid, lay_out, run_scripts, submission_of
from .test_star_refine import trial


@dataclass
class Walk:
    """Two paths, two models each, two outer steps with two plans each, three ensembles; scores are drawn."""

    task: TinyTask
    made: list[Solution] = field(default_factory=list)

    def keep(self, program: Program, operator: str) -> Solution:
        number = len(self.made) + 1
        score = zlib.crc32(program.code.encode()) % 1000 / 1000
        kept = trial(program.recipe, number, title=program.title, score=score, operator=operator)
        self.made.append(Solution(trial=kept, code=program.code))
        return self.made[-1]

    def path(self, path: int) -> Solution:
        brief = self.task.brief
        inputs = RetrieveInputs(brief=brief, count=2, path=path, paths=2)
        ideas = [quick(idea) for idea in ask("retrieve", inputs, Retrieval).models]
        starts = [self.keep(ask("init", InitInputs(brief=brief, model=idea), Program), "init") for idea in ideas]
        best = starts[0]
        for other in starts[1:]:
            best = self.keep(ask("merge", MergeInputs(brief=brief, base=best, other=other), Program), "merge")
        refined: list[str] = []
        for _ in range(2):
            best = self.outer(best, refined)
        return best

    def outer(self, parent: Solution, refined: list[str]) -> Solution:
        brief = self.task.brief
        inputs = AblateInputs(brief=brief, parent=parent.trial, code=parent.code)
        variants = ask("ablate", inputs, Ablation).variants
        found = tuple(Finding(part=v.part, description="", effect=0.1 * k, noise=0.15) for k, v in enumerate(variants))
        asked = ExtractInputs(
            brief=brief, parent=parent.trial, code=parent.code, summary="", findings=found, refined=tuple(refined)
        )
        target = ask("extract", asked, Extraction).targets[0]
        block = locate(parent.code, target.block)
        assert block == target.block
        refined.append(block)
        best, attempts, plan = parent, list[Attempt](), target.plan
        for seed in range(2):
            child = self.keep(self.rewritten(parent, block, plan), "refine")
            attempts.append(Attempt(plan=plan, trial=child.trial))
            best = max(best, child, key=lambda solution: solution.trial.score or 0.0)
            next_inputs = PlanInputs(
                brief=brief, parent=parent.trial, code=parent.code, block=block, attempts=tuple(attempts)
            )
            plan = ask("plan", next_inputs, Plan, seed=seed).plan
        return best

    def rewritten(self, parent: Solution, block: str, plan: str) -> Program:
        inputs = CodeInputs(
            brief=self.task.brief, code=parent.code, block=block, plan=plan, recipe=dict(parent.trial.recipe)
        )
        reply = ask("code", inputs, Block)
        code = replaced(parent.code, block, reply.code, reply.imports)
        return Program(title=plan.partition(".")[0][:80], plan=plan, code=code, recipe=reply.recipe)

    def ensembles(self, members: tuple[Solution, ...]) -> None:
        attempts: list[Attempt] = []
        for index in range(3):
            asked = EnsemblePlanInputs(brief=self.task.brief, solutions=members, attempts=tuple(attempts))
            plan = ask("ensemble_plan", asked, Plan).plan
            inputs = EnsembleInputs(brief=self.task.brief, plan=plan, solutions=members, index=index)
            made = self.keep(ask("ensemble", inputs, Program), "ensemble")
            attempts.append(Attempt(plan=plan, trial=made.trial))


def quick(idea: ModelIdea) -> ModelIdea:
    """The same idea with fewer rounds: the code paths are the same."""
    fewer = {name: 20 for name in ("n_estimators", "max_iter") if name in idea.recipe["params"]}
    params = {**idea.recipe["params"], **fewer}
    return idea.model_copy(update={"recipe": {**idea.recipe, "params": params}})


def walked(make: Callable[[], TinyTask]) -> list[Solution]:
    walk = Walk(make())
    walk.ensembles((walk.path(0), walk.path(1)))
    return walk.made


@pytest.mark.parametrize("name", ["forecast"])
def test_every_script_on_the_way_is_the_one_of_its_recipe(name: str) -> None:
    made = walked(ALL_TASKS[name])
    assert len(made) == 2 * (2 + 1 + 4) + 3
    facts = read_facts(ALL_TASKS[name]().brief)
    assert all(known_mixture(solution.trial.recipe, solution.code, facts) for solution in made)
    assert [(s.code, s.trial) for s in walked(ALL_TASKS[name])] == [(s.code, s.trial) for s in made]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["text-labels", "pairs", "forecast", "multiclass-ranked"])
def test_refined_scripts_and_ensembles_run(name: str, tmp_path: Path) -> None:
    task = ALL_TASKS[name]()
    made = walked(ALL_TASKS[name])[-5:]
    assert [s.trial.operator for s in made] == ["refine"] * 2 + ["ensemble"] * 3
    folders = [tmp_path / str(s.trial.number) for s in made]
    for solution, folder in zip(made, folders, strict=True):
        lay_out(solution.code, task, folder)
    run_scripts(folders)
    for folder in folders:
        assert_valid(submission_of(folder), task, folder)
