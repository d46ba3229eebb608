"""What the store shows of a run as a whole: its parameters, tags and metrics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from assay.core.codec import encode
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.history import History
from assay.tracking.names import NOTE
from assay.tracking.records import PREFIX, Point


def run_params(start: ev.RunStarted) -> dict[str, Any]:
    """Return what was fixed for the run."""
    task = start.task
    measured = {"metric": task.metric.name, "direction": task.metric.direction.value, "folds": task.split.k}
    return {
        "strategy": start.strategy,
        "model": start.model,
        "seed": start.seed,
        "sandbox": start.sandbox,
        **(measured if task.graded else {}),
        **{f"set.{name}": value for name, value in start.arguments.items()},
    }


def run_tags(start: ev.RunStarted, finished: ev.RunFinished | None, first: Event, last: Event) -> dict[str, Any]:
    """Return what the run is told apart by, and once it ended, how.

    Args:
        start: What was fixed for it.
        finished: Its end; None before.
        first: Its first event.
        last: The last one there is.
    """
    limits = {name: value for name, value in encode(start.limits).items() if value is not None}
    tags: dict[str, Any] = {
        f"{PREFIX}kind": "run",
        f"{PREFIX}run": start.run,
        f"{PREFIX}task": start.task.name,
        f"{PREFIX}task_digest": start.task_digest,
        f"{PREFIX}journal": first.digest,
        f"{PREFIX}limits": json.dumps(limits, sort_keys=True),
        f"{PREFIX}version": start.versions.get("assay", ""),
        NOTE: start.task.statement,
    }
    if finished is not None:
        tags |= {
            # The last event's digest covers all before it.
            f"{PREFIX}event": last.number,
            f"{PREFIX}event_digest": last.digest,
            f"{PREFIX}stopped_by": finished.stopped_by,
            f"{PREFIX}winner": "" if finished.winner is None else finished.winner,
        }
    return tags


def run_metrics(history: History, best: Sequence[Point], at_ms: int) -> dict[str, tuple[Point, ...]]:
    """Return the scores and costs of the run.

    Args:
        history: All that happened.
        best: Every new best score so far.
        at_ms: Time of the single values, milliseconds since the epoch.
    """
    metrics = {"best_score": tuple(best)} if best else {}
    sealed, finished = history.sealed, history.finished
    values: dict[str, float | None] = {}
    if sealed is not None and sealed.score is not None:
        values |= {"sealed_score": sealed.score.value, "sealed_low": sealed.score.low}
        values |= {"sealed_high": sealed.score.high}
    if finished is not None:
        values |= {"trials": float(len(history.trials)), "wall_s": finished.wall_s}
        values |= {"shrunk_score": finished.shrunk_score, "tokens": float(history.usage.tokens)}
        values |= {"cost_usd": None if finished.cost_usd is None else float(finished.cost_usd)}
    points = {name: (Point(value=v, at_ms=at_ms),) for name, v in values.items() if v is not None}
    return {**metrics, **points}
