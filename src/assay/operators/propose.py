"""Operators that propose a candidate: baseline, draft, improve. Each asks one role and returns a candidate."""

from __future__ import annotations

from typing import Literal

from assay.core.candidate import Candidate
from assay.engine.step import Step
from assay.engine.weak_spots import weak_spots
from assay.journal.history import Trial
from assay.models.playbook import cheating_program, read_facts
from assay.models.roles import BaselineInputs, DraftInputs, ImproveInputs, Program, Reply
from assay.operators.brief import brief, findings, summary
from assay.operators.expect import expect
from assay.operators.retold import refuse_retold

ENTRY = "solution.py"


def baseline(step: Step, name: Literal["constant", "boosting"]) -> Candidate:
    """Return one of the two baselines that every run starts with."""
    inputs = BaselineInputs(brief=brief(step), name=name)
    return script(step.ask("baseline", "baseline", inputs), operator="baseline")


def cheat(step: Step) -> Candidate:
    """Return the playbook's recipe that cheats on purpose, to be seen rejected."""
    return script(cheating_program(read_facts(brief(step))), operator="cheat")


def draft(step: Step, index: int) -> Candidate:
    """Return a new solution, unlike those tried; `index` counts the drafts of the run.

    Raises:
        NoAnswer: It is one that was tried, in other words.
    """
    inputs = DraftInputs(brief=brief(step), index=index)
    return _new(step, script(step.ask("draft", "draft", inputs), operator="draft"))


def improve(step: Step, parent: Trial) -> Candidate:
    """Return a better version of `parent`, planned from what its ablations and earlier improvements showed.

    Raises:
        NoAnswer: It is a script that was tried, in other words.
    """
    history = step.history
    earlier = [t for t in history.trials.values() if t.operator == "improve" and parent.number in t.parents]
    inputs = ImproveInputs(
        brief=brief(step),
        parent=summary(parent),
        code=step.session.parts.objects.candidate(parent.candidate).source,
        findings=findings(step.session, history, parent),
        attempts=tuple(summary(t) for t in earlier if t.state.is_final),
        index=len(earlier),
        lane=step.lane,
        lanes=step.lanes,
        weakness=weak_spots(step.session, [parent]).of(parent.number),
    )
    return _new(step, script(step.ask("improve", "improve", inputs), operator="improve", parents=(parent.number,)))


def _new(step: Step, candidate: Candidate) -> Candidate:
    refuse_retold(step, candidate.source)
    return candidate


def script(reply: Reply, *, operator: str, parents: tuple[int, ...] = ()) -> Candidate:
    """Return a reply of type `Program` as a script candidate."""
    program = expect(reply, Program)
    return Candidate(
        kind="script",
        files={ENTRY: program.code},
        entry=ENTRY,
        title=program.title,
        plan=program.plan,
        operator=operator,
        parents=parents,
        recipe=program.recipe,
    )
