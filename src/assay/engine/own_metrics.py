"""Own metrics: what a notebook without a graded score says of itself; it is shown as reported and ranks nowhere."""

from __future__ import annotations

from assay.engine.session import Session
from assay.journal.history import Trial
from assay.kinds.notebook.recheck import METRICS_FILE, read_metrics

MOST = 20
"""Numbers that are kept."""


def own_metrics(session: Session, trial: Trial) -> dict[str, float]:
    """Return the numbers in the metrics file of a trial's last execution that left one, by their path in it.

    Nothing has checked them: they come from the cells that are to be judged. Empty for a trial with a graded score,
    whose own metrics are compared with what its locked cells make (`assay.engine.recheck`).

    Args:
        session: The running session.
        trial: A finished trial.
    """
    if trial.score is not None:
        return {}
    left = session.parts.log.read(lambda history: history.measurements(trial.number))
    digests = [m.execution.outputs.get(METRICS_FILE) for m in left if m.execution is not None]
    found = [digest for digest in digests if digest is not None]
    if not found:
        return {}
    numbers = read_metrics(session.parts.objects.get(found[-1]).decode(errors="replace"))
    return dict(list(numbers.items())[:MOST])
