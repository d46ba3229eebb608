"""Weak spots: where trials are wrong, out of their stored predictions on search folds, for those who plan what is next.

The labels stay with the grading process; what comes back are sums over many rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from assay.core.codec import decode, encode
from assay.core.view import View, ViewKey
from assay.core.weakness import NOTE, Weaknesses
from assay.engine.parts import Parts
from assay.engine.session import Session
from assay.journal.history import Trial

_PLAYBOOK = "playbook"
MOST_ROWS = 30_000
"""Of as many rows shares and means hardly change any more, and the grading process has other work."""


def weak_spots(session: Session, trials: Sequence[Trial], *, most_rows: int = MOST_ROWS) -> Weaknesses:
    """Return where trials are wrong on the folds that all of them have predictions on, and how alike their errors are.

    Noted when it is first asked, so that a resumed run puts the same questions and reads no file again. Where the
    playbook answers nothing is worked out: its recipes do not read it, and graders have other work.

    Args:
        session: The running session.
        trials: Those of the present partition; one without predictions leaves nothing to compare, and nothing is said.
        most_rows: With so many rows no further fold is read.
    """
    key = NOTE + "+".join(trial.key for trial in trials)
    known = session.note(key, lambda: _encoded(session.parts, trials, most_rows))
    return Weaknesses() if known is None else decode(Weaknesses, known)


def _encoded(parts: Parts, trials: Sequence[Trial], most_rows: int) -> object:
    if parts.model.name == _PLAYBOOK:
        return None
    whole = [key for key in parts.views.fold_keys() if all(_file(parts, trial, key) for trial in trials)]
    views = list(_enough(parts, whole, most_rows))
    if not views or not trials:
        return None
    keys = [view.key for view in views]
    members = {t.number: {k.name: path for k in keys if (path := _file(parts, t, k))} for t in trials}
    found = parts.grading.weaknesses(parts.task, views, members)
    return None if found is None else encode(found)


def _enough(parts: Parts, keys: Sequence[ViewKey], most_rows: int) -> Iterator[View]:
    """Yield the views of the first keys, until they have rows enough."""
    rows = 0
    for key in keys:
        if rows >= most_rows:
            return
        view = parts.views.build(key)
        rows += view.test_rows
        yield view


def _file(parts: Parts, trial: Trial, key: ViewKey) -> Path | None:
    """Return the stored predictions of a trial that were graded on a view, if there are any."""
    code = parts.objects.candidate(trial.candidate).digest
    known = parts.log.read(lambda history: history.measurement(code, key.name, key.seed))
    if known is None or known.score is None or known.execution is None:
        return None
    digest = known.execution.outputs.get(parts.task.output.file)
    return parts.objects.path(digest) if digest is not None else None
