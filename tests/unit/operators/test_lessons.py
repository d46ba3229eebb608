"""A failure that three scripts met is a rule in every later prompt; fewer are none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.errors import ReplyInvalid
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.operators.rendering import Prompts, render
from assay.strategies.tree import Tree, TreeOptions
from support.briefs import brief_of
from support.engine import Bench, program, propose
from unit.operators.test_rendering import QUESTIONS


def failing(request: Request[Any]) -> Scripted:
    """Drafts fail alike up to a number and are not mended; all else is as always."""
    if request.role == "draft":
        return program(f"draft {request.inputs.index}", fail=f"MemoryError: {request.inputs.index}00 MB")
    return ReplyInvalid("nothing") if request.role == "debug" else propose(request)


def lessons_of(made: Bench) -> dict[str, tuple[str, ...]]:
    return {r.key: r.inputs.brief.lessons for r in made.model.requests if hasattr(r.inputs, "brief")}  # type: ignore[attr-defined]


def bench(folder: Path, drafts: int, answers: Any = failing) -> Bench:
    return Bench(folder, Limits(trials=drafts + 4), answers=answers, strategy=Tree(TreeOptions(drafts=drafts)))


def test_the_third_of_a_kind_is_told_from_then_on(tmp_path: Path) -> None:
    made = bench(tmp_path, drafts=4)
    made.open().work()
    told = lessons_of(made)
    assert told["step-0003/draft"] == told["step-0004/draft"] == ()
    (lesson,) = told["step-0005/draft"]
    assert lesson.startswith("MemoryError: 200 MB (3 scripts, the last #2, #3, #4)")
    assert made.render("draft", made.model.requests[-1].inputs)[0].content.count("MemoryError")  # type: ignore[arg-type]


def test_what_was_mended_counts_by_its_cause(tmp_path: Path) -> None:
    def mended(request: Request[Any]) -> Scripted:
        if request.role == "draft":
            return program(f"draft {request.inputs.index}", fail="KeyError: 'town'")
        if request.role == "debug":
            return {"cause": "There is no column town.", "code": f'wish = {{"score": 1.{len(request.key)}}}'}
        return propose(request)

    made = bench(tmp_path, drafts=4, answers=mended)
    made.open().work()
    told = lessons_of(made)
    assert told["step-0004/draft"] == ()
    assert ("There is no column town (3 scripts, the last #2, #3, #4)",) in told.values()


def test_two_of_a_kind_are_no_rule(tmp_path: Path) -> None:
    made = Bench(tmp_path, Limits(trials=4), answers=failing)
    made.open().work()
    assert sum(trial.operator == "draft" for trial in made.log.read(lambda h: h.trials.values())) == 2
    assert not any(lessons_of(made).values())


@pytest.mark.parametrize("role", ["draft", "improve", "init", "code", "plan", "ensemble", "debug"])
def test_every_author_is_shown_them(role: str) -> None:
    from support.star_questions import star_questions

    lesson = "There is no column town (3 scripts, the last #2, #3, #4)"
    question = {**QUESTIONS, **star_questions(brief_of())}[role]
    shown = question.model_copy(update={"brief": brief_of(lessons=(lesson,))})
    told = "\n".join(message.content for message in Prompts().render(role, shown))
    assert f"- {lesson}" in told
    assert "failed in the same way" not in "\n".join(m.content for m in render(role, question))
