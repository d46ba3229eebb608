"""The brief: what every role is told, made from a pinned history."""

from __future__ import annotations

from assay.core.digest import digest_json
from assay.engine.session import Session
from assay.journal.history import History, Trial
from assay.models.roles import Brief, Finding, Machine, TrialSummary

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
        recipe=dict(trial.recipe),
    )


def brief(session: Session, history: History, key: str) -> Brief:
    """Return what a role is told at this point of the run.

    A pinned history holds fixed trials, but what a person tells, the noise floor and the machine (another one, or
    another time limit, after a resumption) belong to no step: what was known of them when the run first came here is
    noted, so that a resumed run puts the same question.

    Args:
        session: The running session.
        history: The pinned history of the step that asks.
        key: Of the step or the question; names the note.
    """
    parts = session.parts
    noise = history.noise.floor if history.noise else None
    now = digest_json(parts.machine.model_dump(mode="json"))[:16]
    heard = session.note(f"{key}/heard", lambda: {"told": len(history.told), "noise": noise, "machine": now})
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
    )


def findings(history: History, parent: Trial) -> tuple[Finding, ...]:
    """Return what ablations measured on a trial: the paired loss of score without each part."""
    found = []
    for variant in sorted(history.trials.values(), key=_order):
        if variant.operator != "ablate" or parent.number not in variant.parents or not variant.state.is_final:
            continue
        shared = sorted(set(parent.scores) & set(variant.scores))
        gains = [history.metric.gain(parent.scores[view], variant.scores[view]) for view in shared]
        found.append(
            Finding(
                part=variant.title,
                description=variant.plan,
                effect=sum(gains) / len(gains) if gains else None,
                noise=_std_error(gains),
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
