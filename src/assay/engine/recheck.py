"""Recheck: a notebook's own metrics are made again, by its locked cells alone, in a fresh kernel.

An open cell shares the kernel with the locked ones that score: it can give the metric another meaning, or write the
file of metrics itself. So nothing but the saved files is carried over, the old metrics not among them, and the locked
cells run once more by themselves. What they make otherwise rejects the trial; what they cannot make at all is only
reported. The score that counts is graded from the predictions in any case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from assay.core.candidate import Candidate
from assay.core.codec import decode, encode
from assay.core.execution import Outcome
from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.journal import events as ev
from assay.journal.history import Measurement, Trial
from assay.kinds.notebook import NOTEBOOK
from assay.kinds.notebook.launch import EXECUTED
from assay.kinds.notebook.recheck import METRICS_FILE, differences, locked_part, read_metrics

_MOST_SENTENCES = 5


class Vouched(StrEnum):
    """Who vouches for a notebook's own metrics."""

    LOCKED = "locked"
    """The locked cells, in a fresh kernel, made the same numbers of the saved predictions."""
    REPORTED = "reported"
    """The open cells alone."""
    DIFFERENT = "different"
    """The locked cells made other numbers."""


@dataclass(frozen=True, kw_only=True)
class Recheck:
    """What became of it."""

    vouched: Vouched
    metrics: Mapping[str, float] = field(default_factory=dict)
    """What the locked cells made in the fresh kernel; empty where they made nothing."""
    reasons: tuple[str, ...] = ()


def recheck(parts: Parts, measurer: Measurer, trial: Trial, candidate: Candidate, first: Measurement) -> Recheck | None:
    """Return what the locked cells say of the metrics that a trial wrote on its first fold; None if it wrote none.

    Args:
        parts: What the run is put together from.
        measurer: Runs it; it takes the place of one execution.
        trial: The trial. What was found is noted under its key, and not looked for again.
        candidate: Its final candidate.
        first: Its clean run on one fold.
    """
    execution = first.execution
    if candidate.kind != NOTEBOOK or execution is None or METRICS_FILE not in execution.outputs:
        return None
    key = f"{trial.key}/recheck/{first.view}"
    noted = parts.log.read(lambda history: history.notes.get(key))
    if noted is not None:
        return decode(Recheck, noted)
    found = _made_again(parts, measurer, trial, candidate, first)
    parts.log.add(ev.Noted(key=key, value=encode(found)))
    return found


def _made_again(parts: Parts, measurer: Measurer, trial: Trial, candidate: Candidate, first: Measurement) -> Recheck:
    part, execution = locked_part(candidate), first.execution
    if part is None or execution is None:
        return Recheck(vouched=Vouched.REPORTED, reasons=("no cell is locked",))
    kept = (METRICS_FILE, EXECUTED.rpartition("/")[2])
    given = {f"output/{name}": digest for name, digest in execution.outputs.items() if name not in kept}
    again = measurer.run_apart(trial.number, part, first.view, first.seed, given)
    if again.outcome is not Outcome.OK or METRICS_FILE not in again.outputs:
        why = again.detail or f"they wrote no {METRICS_FILE}"
        return Recheck(vouched=Vouched.REPORTED, reasons=(f"the locked cells alone do not make them: {why[:200]}",))
    fresh = read_metrics(_text(parts, again.outputs[METRICS_FILE]))
    if not fresh:
        return Recheck(vouched=Vouched.REPORTED, reasons=("the locked cells made no number",))
    other = differences(read_metrics(_text(parts, execution.outputs[METRICS_FILE])), fresh)
    state = Vouched.DIFFERENT if other else Vouched.LOCKED
    return Recheck(vouched=state, metrics=fresh, reasons=tuple(other[:_MOST_SENTENCES]))


def _text(parts: Parts, digest: str) -> str:
    return parts.objects.get(digest).decode(errors="replace")
