"""Where a path starts: what is known of such tasks, models retrieved for it, a script for each, and their merge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.core.candidate import Candidate
from assay.core.weakness import Weaknesses
from assay.engine.step import Step
from assay.journal.history import Trial
from assay.models.roles import (
    InitInputs,
    Known,
    MergeInputs,
    ModelIdea,
    Research,
    ResearchInputs,
    Retrieval,
    RetrieveInputs,
    Solution,
)
from assay.operators.brief import brief, summary
from assay.operators.expect import expect
from assay.operators.propose import script


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What retrieval may draw on."""

    known: tuple[Known, ...] = ()
    """What the catalogue offers for the task."""
    hints: tuple[str, ...] = ()
    """What a person wants tried."""
    search: bool = False
    """Whether the model may look on the web."""


def research(step: Step, sources: Sources) -> str:
    """Return what is known of tasks like this one, as text for whoever chooses models."""
    inputs = ResearchInputs(
        brief=brief(step),
        known=sources.known,
        hints=sources.hints,
        search=sources.search,
    )
    found = expect(step.ask("research", "research", inputs), Research)
    lists = {
        "Models": found.models,
        "Features": found.features,
        "Preparation": found.preprocessing,
        "Also": found.insights,
    }
    lines = [f"{name}: {'; '.join(items)}" for name, items in lists.items() if items]
    return "\n".join([found.summary.strip(), *lines])


def retrieve(
    step: Step, sources: Sources, *, count: int, path: int, paths: int, found: str = ""
) -> tuple[ModelIdea, ...]:
    """Return up to `count` models to start from, the most promising first.

    Args:
        step: Asks.
        sources: What it may draw on.
        count: How many are wanted.
        path: 0 .. paths-1.
        paths: How many search side by side.
        found: What `research` returned; empty where nobody was asked.
    """
    inputs = RetrieveInputs(
        brief=brief(step),
        count=count,
        path=path,
        paths=paths,
        known=sources.known,
        research=found,
        hints=sources.hints,
        search=sources.search,
    )
    return expect(step.ask("retrieve", "retrieve", inputs), Retrieval).models[:count]


def first_script(step: Step, idea: ModelIdea) -> Candidate:
    """Return a simple script around one retrieved model."""
    inputs = InitInputs(brief=brief(step), model=idea)
    return script(step.ask("init", "init", inputs), operator="init")


def merge(step: Step, base: Trial, other: Trial) -> Candidate:
    """Return one script that holds the models of both."""
    inputs = MergeInputs(
        brief=brief(step),
        base=solution(step, base),
        other=solution(step, other),
    )
    reply = step.ask("merge", "merge", inputs)
    return script(reply, operator="merge", parents=(base.number, other.number))


def solution(step: Step, trial: Trial) -> Solution:
    """Return a trial with its script."""
    return Solution(trial=summary(trial), code=step.session.parts.objects.candidate(trial.candidate).source)


def solutions(step: Step, trials: Sequence[Trial], spots: Weaknesses | None = None) -> tuple[Solution, ...]:
    """Return trials with their scripts, and with where they are wrong if that is given."""
    known = spots or Weaknesses()
    return tuple(solution(step, trial).model_copy(update={"weakness": known.of(trial.number)}) for trial in trials)
