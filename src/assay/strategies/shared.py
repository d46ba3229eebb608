"""What every search has: the baselines at its start, and the study of what the parts of a script are worth."""

from __future__ import annotations

from collections.abc import Sequence

from assay.engine.endings import NoAnswer
from assay.engine.step import Step
from assay.journal.history import Trial
from assay.models.roles import Finding
from assay.operators.ablate import ablate
from assay.operators.propose import baseline

ABLATION_FOLDS = 3
"""Folds on which the variants of an ablation are run: they are compared with their parent, fold by fold, not ranked."""


def run_baseline(step: Step) -> Trial:
    """Return the trial of the baseline whose step this is; the noise floor is measured with the boosting.

    Raises:
        NoAnswer: Nobody wrote it.
    """
    if step.number == 0:
        return step.evaluate("trial", baseline(step, "constant"), baseline=True, repair=False)
    return step.evaluate("trial", baseline(step, "boosting"), baseline=True, reseed=True)


def baseline_step(step: Step) -> str:
    """Return what came of a step that is a baseline, in a few words."""
    try:
        trial = run_baseline(step)
    except NoAnswer as nothing:
        return f"baseline: no usable answer ({nothing})"
    return f"baseline: #{trial.number} {trial.state}"


def run_ablation(
    step: Step,
    parent: Trial,
    studied: Sequence[Finding] = (),
    *,
    most: int | None = None,
    folds: int = ABLATION_FOLDS,
) -> list[Trial]:
    """Return the trials of variants of `parent`, each with one part left out.

    Args:
        step: Asks, and runs them side by side.
        parent: What the variants are made from.
        studied: What earlier ablations of its ancestors found.
        most: Variants to run at most, those first that are expected to matter most; None runs all.
        folds: Folds that each is run on, at least 1.

    Raises:
        NoAnswer: Nobody wrote any.
    """
    variants = ablate(step, parent, tuple(studied))[:most]
    named = {f"variant-{index}": variant for index, variant in enumerate(variants)}
    return step.evaluate_all(named, counts=False, most_folds=folds)
