"""Weak spots: where trials are wrong, out of their stored predictions on search folds, for those who plan what is next.

The labels stay with the grading process; what comes back are sums over many rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assay.core.codec import decode, encode
from assay.core.view import ViewKey
from assay.core.weakness import Weaknesses
from assay.engine.parts import Parts
from assay.engine.session import Session
from assay.journal.history import Trial

NOTE = "weak/"
"""How the keys of the notes begin under which weak spots are kept."""


def weak_spots(session: Session, trials: Sequence[Trial]) -> Weaknesses:
    """Return where trials are wrong on the folds that all of them have predictions on, and how alike their errors are.

    Noted when it is first asked, so that a resumed run puts the same questions and reads no file again.

    Args:
        session: The running session.
        trials: Those of the present partition; one without predictions leaves nothing to compare, and nothing is said.
    """
    known = session.note(NOTE + "+".join(trial.key for trial in trials), lambda: _encoded(session.parts, trials))
    return Weaknesses() if known is None else decode(Weaknesses, known)


def _encoded(parts: Parts, trials: Sequence[Trial]) -> object:
    keys = [key for key in parts.views.fold_keys() if all(_file(parts, trial, key) for trial in trials)]
    if not keys or not trials:
        return None
    members = {t.number: {k.name: path for k in keys if (path := _file(parts, t, k))} for t in trials}
    found = parts.grading.weaknesses(parts.task, [parts.views.build(key) for key in keys], members)
    return None if found is None else encode(found)


def _file(parts: Parts, trial: Trial, key: ViewKey) -> Path | None:
    """Return the stored predictions of a trial that were graded on a view, if there are any."""
    code = parts.objects.candidate(trial.candidate).digest
    known = parts.log.read(lambda history: history.measurement(code, key.name, key.seed))
    if known is None or known.score is None or known.execution is None:
        return None
    digest = known.execution.outputs.get(parts.task.output.file)
    return parts.objects.path(digest) if digest is not None else None
