"""A planned finish in words, for `status` and `finish`."""

from __future__ import annotations

from assay.core.clock import iso_utc
from assay.core.finish_plan import FinishPlan
from assay.report.formatting import format_duration


def plan_words(plan: FinishPlan, now: float) -> str:
    """Return when the finish-up begins and by when it must be over."""
    when = f"in {format_duration(plan.at - now)}" if plan.at > now else "due"
    until = f", everything delivered by {iso_utc(plan.deadline)}" if plan.deadline is not None else ""
    note = f" ({plan.note})" if plan.note else ""
    return f"{iso_utc(plan.at)}, {when}{until}{note}"
