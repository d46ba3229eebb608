"""Side grades: another file that a trial left, or the same file by another metric, graded as the submission is."""

from __future__ import annotations

from dataclasses import replace

from assay.core.errors import TaskError
from assay.core.metric import Direction, Metric, Needs
from assay.core.task import Task
from assay.engine.session import Session
from assay.grading import Graded
from assay.journal.history import Trial

SUBMISSION = "submission.csv"
_COMPANIONS: dict[Needs, tuple[str, str]] = {
    Needs.VALUES: ("pearson", "rmse"),
    Needs.PROBABILITY: ("roc_auc", "log_loss"),
}
"""For a kind of prediction: what sees its order, higher is better, and what sees its scale, lower is better."""


def side_grades(
    session: Session, key: str, trial: Trial, file: str = SUBMISSION, *, metric: Metric | None = None
) -> dict[str, float]:
    """Return the graded scores of a file that a finished trial left, by search fold; noted once under `key`.

    The scores describe: they take no part in any ranking. A fold whose execution did not leave the file, or on which
    the file cannot be graded, has none.

    Args:
        session: The running session.
        key: Names the note.
        trial: Whose executions; they are not run again.
        file: Name under `./output`, one that the candidate's kind takes.
        metric: Grades by it in place of the task's own.
    """
    return dict(session.note(key, lambda: _graded(session, trial, file, metric)))


def companions(task: Task) -> tuple[Metric, ...]:
    """Return the metrics that a diagnosis needs beside the task's own: one of order, one of scale; empty for none.

    Of several targets they are means over them; for more than two classes there are none.
    """
    names = _COMPANIONS.get(task.output.needs)
    if names is None or (task.output.needs is not Needs.VALUES and len(task.output.columns) != 1):
        return ()
    order, scale = names
    return (
        replace(task.metric, name=order, direction=Direction.HIGHER),
        replace(task.metric, name=scale, direction=Direction.LOWER),
    )


def _graded(session: Session, trial: Trial, file: str, metric: Metric | None) -> dict[str, float]:
    parts = session.parts
    code = parts.objects.candidate(trial.candidate).digest
    task = parts.task if metric is None else replace(parts.task, metric=metric, grader=None)
    found: dict[str, float] = {}
    for view in trial.scores:
        key = next(k for k in parts.views.fold_keys() if k.name == view)
        known = parts.log.read(lambda h, key=key: h.measurement(code, key.name, key.seed))  # type: ignore[misc]
        digest = known.execution.outputs.get(file) if known is not None and known.execution is not None else None
        if digest is None:
            continue
        try:
            grade = parts.grading.grade(task, parts.views.build(key), parts.objects.path(digest))
        except TaskError:
            continue  # this metric has no value on these rows
        if isinstance(grade, Graded):
            found[view] = grade.score.value
    return found
