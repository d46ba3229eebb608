"""Finish-up: in which phase of its planned end the lab is, by the clock and by what truly trained."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from assay.core.finish_plan import FinishPlan
from assay.operators.lab.record import Result

MARGIN_S = 1_200.0
"""So long before the deadline the report has the word, ..."""
MARGIN_SHARE = 1 / 3
"""... of a short finish-up no more than this share."""


class Phase(StrEnum):
    """Where the lab is on its way to the end."""

    SEARCH = "search"
    FINAL_TRAINING = "final_training"
    """The last rounds: what is most promising, once more."""
    REPORTING = "reporting"
    """Nothing is started any more; the engine writes the report whatever the model says."""


def phase_at(plan: FinishPlan | None, now: float, results: Sequence[Result]) -> Phase:
    """Return where the lab stands. Nothing a model says enters.

    Args:
        plan: As the journal has it; None where no end is planned.
        now: Seconds since the epoch.
        results: All experiments. A round counts if it ended in the finish-up and truly trained.
    """
    if plan is None or now < plan.at:
        return Phase.SEARCH
    report_by = _report_by(plan)
    over = report_by is not None and now >= report_by
    return Phase.REPORTING if over or rounds(plan, results) >= plan.final_rounds else Phase.FINAL_TRAINING


def work_ends(plan: FinishPlan, round_s: float) -> float:
    """Return when the work is ended whatever the worker says, seconds since the epoch.

    Args:
        plan: As the journal has it.
        round_s: Most seconds of one experiment. Without a deadline, the one under way and every final round get them.
    """
    if plan.final_rounds == 0:
        return plan.at
    report_by = _report_by(plan)
    return plan.at + (plan.final_rounds + 1) * round_s if report_by is None else report_by


def _report_by(plan: FinishPlan) -> float | None:
    if plan.deadline is None:
        return None
    return plan.deadline - min(MARGIN_S, MARGIN_SHARE * max(0.0, plan.deadline - plan.at))


def rounds(plan: FinishPlan, results: Sequence[Result]) -> int:
    """Return how many experiments that ended in the finish-up truly trained.

    One that was cut off, failed or only outlived its watch does not count.
    """
    return sum(1 for r in results if r.trained and r.ended is not None and r.ended >= plan.at)
