"""Creating trials: each under a key of its own, once whatever happens."""

from __future__ import annotations

from assay.core.candidate import Candidate
from assay.engine.parts import Parts
from assay.journal import events as ev
from assay.journal.history import Trial


def trial_under(parts: Parts, key: str, candidate: Candidate, *, step: int | None = None, counts: bool = True) -> Trial:
    """Return the trial under `key`, created now of `candidate` if the journal does not know it.

    Args:
        parts: What the run is put together from.
        key: Names it for good.
        candidate: What it is to be.
        step: The step that made it; None outside of steps.
        counts: Whether it takes part in the ranking.
    """
    log = parts.log
    known = log.read(lambda history: history.trial_by_key(key))
    if known is None:
        record = parts.objects.put_candidate(candidate)
        log.create(
            lambda history: ev.TrialCreated(
                trial=history.next_trial,
                key=key,
                candidate=record,
                title=candidate.title,
                operator=candidate.operator,
                plan=candidate.plan,
                parents=candidate.parents,
                recipe=candidate.recipe,
                step=step,
                counts=counts,
            )
        )
        known = log.read(lambda history: history.trial_by_key(key))
    if known is None:
        raise LookupError(f"no trial under {key!r}")
    return known
