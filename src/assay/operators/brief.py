"""The brief: what every role is told, made from a pinned history."""

from __future__ import annotations

from typing import Any

from assay.core.digest import digest_json
from assay.engine.session import Session
from assay.engine.stage import Stage
from assay.engine.step import Step
from assay.journal.history import History, Trial
from assay.models.roles import Brief, Finding, Machine, TrialSummary
from assay.operators.difference import difference
from assay.operators.lessons import lessons

MOST_TRIALS = 40
"""Trials shown to a role: the best and the latest, so that prompts stay small however long the run."""


def summary(trial: Trial) -> TrialSummary:
    """Return a trial as a row of the table that roles see."""
    return TrialSummary(
        number=trial.number,
        title=trial.title,
        operator=trial.operator,
        plan=trial.plan,
        parents=trial.parents,
        state=str(trial.state),
        score=trial.score,
        std_error=trial.std_error,
        folds=trial.folds,
        verdict=str(trial.verdict or ""),
        wall_s=trial.wall_s,
        problem=trial.reason,
        scores=dict(trial.scores),
        recipe=dict(trial.recipe),
    )


def brief(step: Step, name: str = "") -> Brief:
    """Return what a role is told at this point of a step; see `brief_at`.

    Args:
        step: Who asks.
        name: Of the question within the step, where the step puts several.
    """
    return brief_at(step.session, step.history, f"{step.key}/{name}" if name else step.key, step.stage)


def brief_at(session: Session, history: History, key: str, stage: Stage | None = None) -> Brief:
    """Return what a role is told at this point of the run.

    A pinned history holds fixed trials, but what a person tells, the noise floor, the time left and the machine
    (another one, or another time limit, after a resumption) belong to no step: what was known of them when the run
    first came here is noted, so that a resumed run puts the same question.

    Args:
        session: The running session.
        history: The pinned history of the step that asks.
        key: Of the step or the question; names the note.
        stage: The part of the search that asks.
    """
    parts = session.parts
    heard = session.note(f"{key}/heard", lambda: _heard(session, history, stage))
    # Noted apart, once for each machine: it is long, and the same for almost every question.
    seen = session.note(f"machine/{heard['machine']}", lambda: parts.machine.model_dump(mode="json"))
    best = history.best
    return Brief(
        task=parts.task,
        profile=parts.profile,
        machine=Machine.model_validate(seen),
        history=tuple(summary(trial) for trial in _shown(history)),
        best=best.number if best else None,
        noise=heard["noise"],
        remarks=tuple(text for _, text in history.told[: heard["told"]]),
        lessons=lessons(history),
        remaining_s=heard.get("left"),
        stage=stage.name if stage else "",
        stage_s=heard.get("stage_left"),
    )


def _heard(session: Session, history: History, stage: Stage | None) -> dict[str, Any]:
    """Return what is known now and belongs to no step."""
    budget = session.budget
    left, until = budget.search_s, stage.until_s if stage else None
    stage_left = None if left is None or until is None else min(left, max(0.0, until - budget.elapsed_s))
    return {
        "told": len(history.told),
        "noise": history.noise.floor if history.noise else None,
        "machine": digest_json(session.parts.machine.model_dump(mode="json"))[:16],
        "left": None if left is None else round(left),
        "stage_left": None if stage_left is None else round(stage_left),
    }


def findings(session: Session, history: History, parent: Trial) -> tuple[Finding, ...]:
    """Return what ablations measured on a trial: the paired loss of score without each part, and the lines it was.

    Args:
        session: Holds the scripts.
        history: What is known.
        parent: The trial.
    """
    found = []
    objects = session.parts.objects
    for variant in sorted(history.trials.values(), key=_order):
        if variant.operator != "ablate" or parent.number not in variant.parents or not variant.state.is_final:
            continue
        shared = sorted(set(parent.scores) & set(variant.scores))
        gains = [history.metric.gain(parent.scores[view], variant.scores[view]) for view in shared]
        whole, changed = (objects.candidate(trial.candidate).source for trial in (parent, variant))
        left_out, instead = difference(whole, changed)
        found.append(
            Finding(
                part=variant.title,
                description=variant.plan,
                effect=sum(gains) / len(gains) if gains else None,
                noise=_std_error(gains),
                left_out=left_out,
                instead=instead,
            )
        )
    return tuple(found)


def _std_error(values: list[float]) -> float | None:
    if len(values) < 2:
        return None
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return float((variance / len(values)) ** 0.5)


def _shown(history: History) -> list[Trial]:
    finished = sorted((t for t in history.trials.values() if t.state.is_final and t.counts), key=_order)
    if len(finished) <= MOST_TRIALS:
        return finished
    best = history.ranking()[: MOST_TRIALS // 2]
    kept = {t.number for t in best} | {t.number for t in finished[-MOST_TRIALS // 2 :]}
    return [t for t in finished if t.number in kept]


def _order(trial: Trial) -> tuple[int, int]:
    """Order by step: numbers depend on which of two steps at a time was faster, steps do not."""
    return (-1 if trial.step is None else trial.step, trial.number)
