"""Results: what an experiment that is over reported of itself, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from statistics import fmean
from typing import Any

from assay.core.execution import Execution, Outcome
from assay.core.trial import TrialState
from assay.journal.objects import ObjectStore
from assay.kinds.command import read_metrics
from assay.kinds.command.paths import follow, parse_path
from assay.strategies.lab.config import LabConfig
from assay.strategies.lab.experiments import Reported

_SIGNALS = {Outcome.TIMEOUT: "did not end in time", Outcome.MEMORY: "used too much memory"}


def reported_by(execution: Execution, config: LabConfig, objects: ObjectStore) -> Reported:
    """Return what an execution says of itself, by its files and its log.

    Args:
        execution: It is over, however it ended.
        config: Says where the metric and its parts are found.
        objects: Holds files and log.
    """
    told = config.metric
    files = {name: objects.get(digest) for name, digest in execution.outputs.items()}
    log = objects.get(execution.log) if execution.log else b""
    got = read_metrics((config.source,), files=files, log=log.decode(errors="replace"))
    parts = _parts(files.get(told.file), told.parts) if told.parts else ()
    score = got.values.get(told.name)
    if score is None and parts and not told.path:
        score = fmean(parts)
    return Reported(score=score, parts=parts, counts=got.counts.get(told.name, 0), problems=tuple(got.problems))


def end_of(execution: Execution, found: Reported) -> tuple[TrialState, str]:
    """Return how an experiment ended, and why. One that failed has no score, whatever it wrote before."""
    if execution.outcome is Outcome.STOPPED:
        return TrialState.STOPPED, execution.detail
    if execution.outcome is not Outcome.OK:
        words = _SIGNALS.get(execution.outcome) or execution.detail or f"exit code {execution.exit_code}"
        return TrialState.FAILED, words
    if found.score is None:
        return TrialState.FAILED, next(iter(found.problems), "it reported no score")
    return TrialState.COMPLETE, ""


def _parts(content: bytes | None, path: str) -> tuple[float, ...]:
    """Return the numbers that a path leads to in a JSON file, or nothing if they are not all numbers."""
    try:
        found: Sequence[Any] = follow(json.loads(content or b"null"), parse_path(path))
    except ValueError:
        return ()
    numbers = [one for one in found if isinstance(one, int | float) and not isinstance(one, bool)]
    return tuple(float(one) for one in numbers) if len(numbers) == len(found) else ()
