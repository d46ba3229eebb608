"""Evidence: what jobs left behind, and whether it held when it was verified."""

from __future__ import annotations

from typing import Any

from assay.report.prose import clean_line
from assay.strategies.known import TASKS
from assay.web.view import RunView

_MOST_FILES = 20


def evidence(run: RunView) -> dict[str, Any]:
    """Return each job with the findings of its evidence; of code tasks also how the queue stands."""
    jobs = [
        {
            "trial": trial.number,
            "title": clean_line(trial.title, 100),
            "state": str(trial.state),
            "reason": clean_line(trial.reason, 300),
            "passed": found.passed,
            "run": found.run,
            "findings": [
                {"name": one.name, "passed": one.passed, "sentence": clean_line(one.sentence, 300)}
                for one in found.findings
            ],
            "files": [
                {"name": clean_line(name, 160), "digest": digest}
                for name, digest in sorted(found.files.items())[:_MOST_FILES]
            ],
        }
        for trial in run.facts.trials
        if (found := trial.evidence) is not None
    ]
    return {"jobs": jobs, "queue": _queue(run)}


def _queue(run: RunView) -> dict[str, Any] | None:
    if run.summary.strategy != TASKS:
        return None
    from assay.strategies.code_tasks.handoff_text import HEAD, rows
    from assay.strategies.code_tasks.handoff_values import decision_of, headline
    from assay.strategies.code_tasks.record import read_queue_of

    if read_queue_of(run.history) is None:
        return {"headline": "The queue is not read yet.", "head": [], "rows": [], "decision": ""}
    decision = decision_of(run.history)
    return {
        "headline": clean_line(headline(run.history), 300),
        "head": list(HEAD),
        "rows": [[clean_line(cell, 300) for cell in row] for row in rows(run.history)],
        "decision": "" if decision is None else clean_line(f"{decision.answer}: {decision.reason}".rstrip(": "), 400),
    }
