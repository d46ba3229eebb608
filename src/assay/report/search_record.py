"""How the search went, as values of `report.json`."""

from __future__ import annotations

from typing import Any

from assay.report.course import Phase, Plan, Start, course_of
from assay.report.facts import Facts
from assay.report.prose import clean, clean_line


def search_record(facts: Facts) -> dict[str, Any] | None:
    """Return the same as JSON values; None for a strategy that has no phases."""
    course = course_of(facts)
    if course is None:
        return None
    return {
        "phases": [_phase_record(phase) for phase in course.phases],
        "catalogue": {"offered": course.offered, "dated": course.dated or None},
        "starts": [_start_record(start) for start in course.starts],
        "blocks": [
            {
                "path": block.place,
                "number": block.number,
                "block": clean(block.text),
                "parent": block.parent.number,
                "ablation": [trial.number for trial in block.ablation],
                "plans": [_plan_record(plan) for plan in block.plans],
            }
            for block in course.blocks
        ],
        "ensembles": [_plan_record(plan) for plan in course.rounds],
        "leaks": {"looked_at": course.looked, "rewritten": course.rewritten},
        "last_look": None
        if course.last_look is None
        else {
            "trial": course.last_look.trial,
            "sound": course.last_look.sound,
            "reasons": [clean_line(reason, 1000) for reason in course.last_look.reasons],
        },
    }


def _phase_record(phase: Phase) -> dict[str, Any]:
    return {
        "step": phase.step,
        "where": phase.place or None,
        "phase": phase.name,
        "trials": [trial.number for trial in phase.trials],
        "variants": [trial.number for trial in phase.variants],
        "best": phase.best.number if phase.best is not None else None,
        "score": phase.best.score if phase.best is not None else None,
        "seconds": phase.seconds,
        "note": clean_line(phase.state, 300) or None,
    }


def _start_record(start: Start) -> dict[str, Any]:
    return {
        "path": start.place,
        "models": [
            {"name": clean_line(name, 200), "trial": trial.number if trial is not None else None}
            for name, trial in start.models
        ],
        "searched": start.answer.searched if start.answer is not None else False,
        "kept": start.answer.kept if start.answer is not None and start.answer.kept else None,
        "sources": [clean_line(source, 500) for source in start.answer.sources] if start.answer is not None else [],
        "by": start.answer.model if start.answer is not None else None,
    }


def _plan_record(plan: Plan) -> dict[str, Any]:
    trial = plan.trial
    return {
        "plan": clean(plan.text, 4000),
        "trial": trial.number if trial is not None else None,
        "score": trial.score if trial is not None else None,
        "verdict": str(trial.verdict) if trial is not None and trial.verdict else None,
        "against": plan.against.number if plan.against is not None else None,
        "reason": clean_line(plan.reason, 300) or None,
    }
