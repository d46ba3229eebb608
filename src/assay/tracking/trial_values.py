"""What the store shows of a trial: its parameters, tags and metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from assay.journal.events import Event
from assay.journal.history import History, Trial
from assay.tracking.names import NOTE, clean_name, ms
from assay.tracking.records import PREFIX, Point

_FOLD = re.compile(r"fold-(\d+)")
_MOST_PARAMS = 200
LAB_RESULT = "lab/result/"
"""Key, followed by the trial's number, under which a lab notes what an experiment reported."""


def trial_tags(run: str, trial: Trial, created: Event, ended: Event | None) -> dict[str, Any]:
    """Return what the trial is told apart by, and what came of it.

    Args:
        run: Name of the run.
        trial: The trial.
        created: The event that made it.
        ended: The event that ended it; None before.
    """
    judged = trial.judgement
    tags = {
        f"{PREFIX}kind": "trial",
        f"{PREFIX}run": run,
        f"{PREFIX}trial": trial.number,
        f"{PREFIX}trial_key": trial.key,
        f"{PREFIX}state": trial.state.value,
        f"{PREFIX}attempt": trial.attempts,
        f"{PREFIX}repairs": len(trial.repairs),
        f"{PREFIX}counts": str(trial.counts).lower(),
        f"{PREFIX}parents": ",".join(str(parent) for parent in trial.parents),
        f"{PREFIX}candidate": trial.candidate,
        f"{PREFIX}event": created.number,
        f"{PREFIX}event_digest": created.digest,
        NOTE: trial.plan,
    }
    if ended is not None:
        tags |= {f"{PREFIX}event_finished": ended.number, f"{PREFIX}event_finished_digest": ended.digest}
    if trial.reason:
        tags[f"{PREFIX}reason"] = trial.reason
    if trial.flags:
        tags[f"{PREFIX}flags"] = "; ".join(trial.flags)
    if judged is not None:
        tags[f"{PREFIX}verdict"] = judged.verdict.value
    if trial.evidence is not None:
        failed = [finding.name for finding in trial.evidence.findings if not finding.passed]
        tags[f"{PREFIX}evidence"] = "verified" if trial.evidence.passed else ", ".join(dict.fromkeys(failed))
        tags[f"{PREFIX}issued"] = trial.evidence.run
    return tags


def trial_params(trial: Trial) -> dict[str, Any]:
    """Return what made the trial."""
    own = {"operator": trial.operator, "title": trial.title}
    if trial.step is not None:
        own["step"] = str(trial.step)
    flat = dict(_flat("recipe", trial.recipe))
    return {**own, **dict(list(flat.items())[:_MOST_PARAMS])}


def trial_metrics(
    history: History, trial: Trial, ended: Event | None, scrub: Callable[[str], str]
) -> Mapping[str, tuple[Point, ...]]:
    """Return scores by fold and their running mean, once the trial is over; what was printed stands apart.

    Args:
        history: All that happened.
        trial: The trial.
        ended: The event that ended it; None before.
        scrub: Takes secrets out of the names of what code reported.
    """
    if ended is None:
        return {}
    measured = {m.view: m for m in history.measurements(trial.number) if m.graded}
    folds: list[Point] = []
    for view, score in trial.scores.items():
        known, at = measured.get(view), ended.time
        found = _FOLD.fullmatch(view)
        step = int(found[1]) if found else len(folds)
        folds.append(Point(value=score, step=step, at_ms=ms(known.ended or at if known else at)))
    folds.sort(key=lambda point: point.step)
    metrics = {"fold_score": tuple(folds), "score": _means(folds, trial.score)}
    printed = [(m, m.reported) for m in measured.values() if m.view in trial.scores]
    metrics["reported"] = tuple(
        Point(value=value, step=step, at_ms=ms(m.ended or ended.time))
        for step, (m, value) in enumerate(printed)
        if value is not None and abs(value) < 1e300
    )
    metrics |= _told(history, trial, ms(ended.time), scrub)
    single = {"std_error": trial.std_error, "fold_wall_s": trial.wall_s or None, "folds": trial.folds or None}
    for name, value in single.items():
        if value is not None:
            metrics[name] = (Point(value=float(value), at_ms=ms(ended.time)),)
    return {name: points for name, points in metrics.items() if points}


def _told(history: History, trial: Trial, at_ms: int, scrub: Callable[[str], str]) -> dict[str, tuple[Point, ...]]:
    """Return what ungraded code said of itself: verified metrics of a task, the score of a lab's experiment."""
    said: dict[str, Sequence[float]] = {}
    if trial.evidence is not None and trial.evidence.passed:
        said |= {f"reported.{name}": values for name, values in trial.evidence.numbers.items()}
    noted = history.notes.get(f"{LAB_RESULT}{trial.number}") or {}
    if noted.get("score") is not None:
        said |= {"reported": [noted["score"]], "reported.parts": noted.get("parts", ())}
    return {
        clean_name(scrub(name)): tuple(
            Point(value=float(value), step=step, at_ms=at_ms) for step, value in enumerate(values) if abs(value) < 1e300
        )
        for name, values in said.items()
    }


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the leaves of JSON values, each under its path."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flat(f"{prefix}.{name}", item)
    elif isinstance(value, str):
        yield prefix, value
    else:
        yield prefix, json.dumps(value, sort_keys=True)


def _means(folds: list[Point], score: float | None) -> tuple[Point, ...]:
    """Return the mean over the folds so far at each of them; the last is the score that the journal has."""
    means, total = [], 0.0
    for count, point in enumerate(folds, 1):
        total += point.value
        last = score if count == len(folds) else None
        at_ms = max(one.at_ms for one in folds[:count])
        means.append(Point(value=total / count if last is None else last, step=count - 1, at_ms=at_ms))
    return tuple(means)
