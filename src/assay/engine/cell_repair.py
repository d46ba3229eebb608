"""Cell repair: a repair that keeps to the cells which the trial itself may change, as a REFINE of one part does."""

from __future__ import annotations

from dataclasses import replace

from assay.core.candidate import Candidate
from assay.engine.parts import Mended, Repairer
from assay.kinds.base import Failure
from assay.kinds.notebook import held, locks_of, notebook_of, with_locks_of


def repaired_within(
    repairer: Repairer,
    key: str,
    candidate: Candidate,
    failure: Failure,
    units: tuple[str, ...] | None,
    *,
    round: int,
    same: bool,
) -> Mended | None:
    """Return what the repairer offers; None where that is nothing new or leaves the cells that it may change.

    Every other cell is shown to it as locked, so that an edit there is refused as one of a locked cell is; the mended
    candidate carries the locks that it had.

    Args:
        repairer: Mends.
        key: See `Repairer.repair`.
        candidate: What failed.
        failure: How.
        units: Ids of cells of a notebook; None lets it change every open one.
        round: See `Repairer.repair`.
        same: See `Repairer.repair`.
    """
    shown = candidate if units is None else held(candidate, units)
    mended = repairer.repair(key, shown, failure, round=round, same=same)
    if mended is None or mended.candidate.digest == shown.digest:
        return None
    if units is None:
        return mended
    if locks_of(shown).verify(notebook_of(mended.candidate)):
        return None
    return replace(mended, candidate=with_locks_of(mended.candidate, candidate))
