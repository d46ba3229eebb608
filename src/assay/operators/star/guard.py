"""Guards: whether a script leaks, uses all of the data, is fit for the full data, and would be signed for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assay.core.candidate import Candidate
from assay.engine.endings import NoAnswer
from assay.engine.step import Step
from assay.journal.history import Trial
from assay.models.roles import (
    DataUsage,
    DataUsageInputs,
    FinalizeInputs,
    LeakageInputs,
    LeakageReport,
    Purpose,
    Readiness,
    ValidateInputs,
    Validation,
)
from assay.operators.brief import brief
from assay.operators.expect import expect
from assay.operators.star.passage import locate
from assay.operators.star.refine import rewrite
from assay.operators.star.start import solution


def without_leaks(step: Step, candidate: Candidate) -> tuple[Candidate, tuple[str, ...]]:
    """Return `candidate` with the blocks that leak rewritten, and remarks on what could not be said or mended.

    Static checks come first and are told; what they reject is rejected by the engine whatever a model thinks. Labels
    of a view are out of reach of any script, so a leak that slips through costs a score that does not hold on the
    sealed rows, never a wrong one.
    """
    lint = static_findings(step, candidate)
    inputs = LeakageInputs(brief=brief(step, "leakage"), code=candidate.source, lint=lint)
    try:
        leaks = expect(step.ask("leakage", "leakage", inputs), LeakageReport).leaks
    except NoAnswer as nothing:
        return candidate, (f"L16 nobody could say whether it leaks ({nothing})",)
    remarks = []
    for index, leak in enumerate(leaks):
        block = locate(candidate.source, leak.block)
        try:
            if block is None:
                raise NoAnswer("its block does not stand in the script")
            candidate = rewrite(step, candidate, block, leak.why, purpose="leakage", name=f"unleak-{index}")
        except NoAnswer as nothing:
            remarks.append(f"L17 a leak was named and not mended ({nothing}): {leak.why}")
    return candidate, tuple(remarks)


def with_all_data(step: Step, trial: Trial) -> Candidate | None:
    """Return the script of `trial` changed to use what it leaves unused, or None where it uses all that can help.

    Raises:
        NoAnswer: Nobody can say, or nothing usable came of it.
    """
    whole = step.session.parts.objects.candidate(trial.candidate)
    inputs = DataUsageInputs(brief=brief(step), code=whole.source)
    found = expect(step.ask("data-usage", "data_usage", inputs), DataUsage)
    if found.complete:
        return None
    return _revised(step, whole, trial, found.plan, purpose="data_usage", title=_titled(trial, "all data used"))


def fit_for_all_rows(step: Step, trial: Trial) -> Candidate | None:
    """Return the script of `trial` without what only fits the search, or None where there is nothing of the kind.

    Raises:
        NoAnswer: Nobody can say, or nothing usable came of it.
    """
    whole = step.session.parts.objects.candidate(trial.candidate)
    inputs = FinalizeInputs(brief=brief(step), winner=solution(step, trial))
    found = expect(step.ask("finalize", "finalize", inputs), Readiness)
    if found.ready:
        return None
    return _revised(step, whole, trial, found.plan, purpose="finalize", title=_titled(trial, "fit for all rows"))


def last_look(step: Step, trial: Trial) -> Validation:
    """Return what somebody who did not write the best script says of it.

    Raises:
        NoAnswer: Nobody says anything.
    """
    whole = step.session.parts.objects.candidate(trial.candidate)
    inputs = ValidateInputs(
        brief=brief(step),
        winner=solution(step, trial),
        lint=static_findings(step, whole),
    )
    return expect(step.ask("validate", "validate", inputs), Validation)


def static_findings(step: Step, candidate: Candidate) -> tuple[str, ...]:
    """Return what the static checks say of a script, a sentence each."""
    found: Sequence[str] = [f"{f.code} {f.sentence}" for f in step.session.parts.check(candidate)]
    return tuple(found)


def _titled(trial: Trial, change: str) -> str:
    """Return a title that still says what the script is."""
    return f"{trial.title[: 80 - len(change) - 2].rstrip()}; {change}"


def _revised(step: Step, whole: Candidate, trial: Trial, plan: str, *, purpose: Purpose, title: str) -> Candidate:
    block = whole.source.strip("\n")
    changed = rewrite(step, whole, block, plan, purpose=purpose)
    return replace(changed, title=title, plan=plan, operator=purpose, parents=(trial.number,))
