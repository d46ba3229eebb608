"""Refinement of one block: what an ablation showed, which block to work on, plans for it, the rewritten script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assay.core.candidate import Candidate
from assay.engine.endings import NoAnswer
from assay.engine.step import Step
from assay.engine.weak_spots import weak_spots
from assay.journal.history import Trial
from assay.models.roles import (
    Attempt,
    Block,
    CodeInputs,
    ExtractInputs,
    Extraction,
    Finding,
    Plan,
    PlanInputs,
    Purpose,
    SummarizeInputs,
    Summary,
    Target,
)
from assay.operators.brief import brief, summary
from assay.operators.expect import expect
from assay.operators.prompt_trials import leader
from assay.operators.retold import refuse_retold, same_plan
from assay.operators.star.passage import counterpart, locate, replaced

ASKED = 2
"""How often the extractor is asked before an outer step goes without."""


@dataclass(frozen=True)
class Tried:
    """A plan for a block, and the trial that came of it, if one did."""

    plan: str
    trial: Trial | None


def summarize(step: Step, parent: Trial, found: Sequence[Finding], earlier: Sequence[str]) -> str:
    """Return in words what an ablation of `parent` showed."""
    inputs = SummarizeInputs(
        brief=brief(step),
        parent=summary(parent),
        code=source(step, parent),
        findings=tuple(found),
        earlier=tuple(earlier),
    )
    return expect(step.ask("summarize", "summarize", inputs), Summary).summary


def extract(
    step: Step,
    parent: Trial,
    shown: str,
    found: Sequence[Finding],
    refined: Sequence[str],
    wanted: Sequence[str],
) -> Target:
    """Return the block to work on next, exactly as it stands in the script of `parent`, with a first plan.

    Args:
        step: Asks.
        parent: Whose script.
        shown: What the last ablation showed, in words.
        found: What it measured.
        refined: Blocks that were worked on before; one that was not is preferred.
        wanted: Blocks that a person wants worked on first.

    Raises:
        NoAnswer: No answer names a block that stands in the script.
    """
    code, problem = source(step, parent), ""
    weakness = weak_spots(step.session, [parent]).of(parent.number)
    for asked in range(ASKED):
        inputs = ExtractInputs(
            brief=brief(step, f"extract-{asked}"),
            parent=summary(parent),
            code=code,
            summary=shown,
            findings=tuple(found),
            refined=tuple(refined),
            wanted=tuple(wanted),
            problem=problem,
            weakness=weakness,
        )
        targets = expect(step.ask(f"extract-{asked}", "extract", inputs), Extraction).targets
        placed = [(locate(code, target.block), target) for target in targets]
        usable = [target.model_copy(update={"block": block}) for block, target in placed if block is not None]
        if usable:
            return next((target for target in usable if target.block not in refined), usable[0])
        problem = "None of the blocks stands in the script exactly once, line by line. Copy whole lines as they are."
    raise NoAnswer("no block that stands in the script")


def next_plan(step: Step, parent: Trial, block: str, shown: str, tried: Sequence[Tried]) -> Plan:
    """Return the next plan for a block, made in view of all earlier ones and what came of them.

    Args:
        step: Asks.
        parent: Whose script.
        block: The lines, exactly as they stand there.
        shown: What the last ablation showed, in words.
        tried: The earlier plans, in order.

    Raises:
        NoAnswer: The plan is one of those that were tried.
    """
    told = list(attempts(tried))
    best, weak = leader(told, summary(parent), step.history.metric), parent
    if best >= 0:
        weak = tried[best].trial or parent
        told[best] = told[best].model_copy(update={"code": best_block(step, parent, block, tried)})
    inputs = PlanInputs(
        brief=brief(step),
        parent=summary(parent),
        code=source(step, parent),
        block=block,
        summary=shown,
        attempts=tuple(told),
        adds_up=any(one.trial is not None and one.trial.number == parent.number for one in tried),
        weakness=weak_spots(step.session, [weak]).of(weak.number),
    )
    found = expect(step.ask("plan", "plan", inputs), Plan)
    if same_plan(whole_plan(found), [one.plan for one in tried]):
        raise NoAnswer("the plan was tried before")
    return found


def next_titled(step: Step, parent: Trial, block: str, shown: str, tried: Sequence[Tried]) -> tuple[str, str]:
    """Return the title and the text of the next plan; see `next_plan`."""
    found = next_plan(step, parent, block, shown, tried)
    return found.title, whole_plan(found)


def whole_plan(plan: Plan) -> str:
    """Return the text of a plan with its title."""
    return f"{plan.title}. {plan.plan}" if plan.title not in plan.plan else plan.plan


def titled(title: str, plan: str) -> tuple[str, str]:
    """Return the title and the text of a plan that came with its block, whose title may be missing."""
    return title or plan.split("\n")[0].split(". ")[0][:80], plan


def best_block(step: Step, parent: Trial, block: str, tried: Sequence[Tried]) -> str:
    """Return what stands in the block's place in the attempt that beat `parent` by most; empty where none did."""
    best = leader(attempts(tried), summary(parent), step.history.metric)
    trial = tried[best].trial if best >= 0 else None
    return counterpart(source(step, parent), block, source(step, trial)) if trial is not None else ""


def attempts(tried: Sequence[Tried]) -> tuple[Attempt, ...]:
    """Return plans and what came of them as roles see them."""
    return tuple(Attempt(plan=t.plan, trial=summary(t.trial) if t.trial is not None else None) for t in tried)


def rewrite(
    step: Step,
    whole: Candidate,
    block: str,
    plan: str,
    *,
    earlier: str = "",
    purpose: Purpose = "refine",
    name: str = "code",
) -> Candidate:
    """Return `whole` with a block rewritten as planned.

    Args:
        step: Asks.
        whole: The script that the block stands in.
        block: The lines, exactly as they stand there.
        plan: What to do.
        earlier: What stands in the block's place in the best attempt so far; empty where there is none.
        purpose: Why.
        name: Of the question within the step.

    Raises:
        NoAnswer: The rewritten block changes nothing, makes a script that was tried, or leaves no Python.
    """
    inputs = CodeInputs(
        brief=brief(step, name),
        code=whole.source,
        block=block,
        plan=plan,
        earlier=earlier,
        purpose=purpose,
        recipe=dict(whole.recipe),
    )
    reply = expect(step.ask(name, "code", inputs), Block)
    code = replaced(whole.source, block, reply.code, reply.imports)
    if code == whole.source:
        raise NoAnswer("the block came back as it was")
    if purpose == "refine":
        refuse_retold(step, code)
    try:
        compile(code, whole.entry, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise NoAnswer(f"the rewritten block leaves no Python: {error}") from error
    return replace(whole, files={**whole.files, whole.entry: code}, recipe=reply.recipe)


def source(step: Step, trial: Trial) -> str:
    """Return the text of a trial's script."""
    return step.session.parts.objects.candidate(trial.candidate).source
