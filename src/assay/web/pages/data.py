"""Data and checks: how the rows are split, what is sealed, what is locked, and what was found wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.core.task import SplitKind, Task
from assay.core.trial import TrialState
from assay.data.findings import DataFinding
from assay.journal.history import History
from assay.report.facts import Facts
from assay.report.prose import clean, clean_line
from assay.strategies.known import LAB, TASKS
from assay.web import told
from assay.web.pages.evidence import evidence
from assay.web.pages.locked import locked
from assay.web.pages.split import split
from assay.web.slow_answers import look
from assay.web.view import RunView

MOST_ROWS = 100
"""Rejected trials, remarks and claims that are listed, each: the latest."""
_LOOK = "data findings"


def data(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what a run rests on, and what its checks found.

    Args:
        run: The run.
        query: `look=1`: also look for leaks and the like in the user's data, which takes seconds; `wait=1`: return only
            when that is done.
    """
    history = run.history
    found: dict[str, Any] = {
        "graded": history.task.graded,
        "finished": history.finished is not None,
        "strategy": run.summary.strategy,
        "isolation": _isolation(history),
        "digests": _digests(run),
        "locks": locked(run),
        "rejected": _rejected(run.facts),
        "remarks": [
            {"at": told.moment(at), "code": clean_line(one.code, 8), "text": clean_line(one.text, 400)}
            for at, one in history.remarks[-MOST_ROWS:]
        ],
    }
    if not history.task.graded:
        return {**found, "evidence": evidence(run), "why_no_split": _why_no_split(run)}
    return {
        **found,
        "task": _task(_here(run)),
        "split": split(run),
        "holdout": _holdout(history),
        "findings": _findings(run, asked="look" in query, wait="wait" in query),
        "checks": _checks(run.facts),
        "claims": _claims(run.facts),
    }


def _here(run: RunView) -> Task:
    """Return the task with the folder where its data lie now: the journal tells it for people only."""
    from assay.strategies.description import task_of

    return task_of(run.folder, run.history)


def _task(task: Task) -> dict[str, Any]:
    files = [("train", task.data.train), ("test", task.data.test), ("sample", task.data.sample)]
    files += [("description", task.data.description), *(("beside", name) for name in task.data.side)]
    return {
        "name": clean_line(task.name, 80),
        "problem": str(task.problem),
        "targets": [clean_line(name, 80) for name in task.targets],
        "metric": task.metric.name,
        "direction": str(task.metric.direction),
        "id_column": clean_line(task.id_column or "", 80),
        "files": [{"role": role, "name": clean_line(name, 200)} for role, name in files if name],
        "folder": clean_line(str(task.folder), 400),
        "there": task.folder.is_dir(),
        "statement": clean(task.statement, 8_000),
    }


def _why_no_split(run: RunView) -> str:
    return {
        LAB: "A lab works on a repository: its experiments read their own data and report their own scores, which "
        "Assay runs and does not grade.",
        TASKS: "Code tasks have no labels: they are done when the evidence that was declared is there and holds.",
    }.get(run.summary.strategy, "Nothing in this run is graded.")


def _isolation(history: History) -> dict[str, Any]:
    started = history.started
    return {
        "tiers": list(history.sandboxes),
        "words": clean_line(started.sandbox_description, 300) if started is not None else "",
        "off": "off" in history.sandboxes,
    }


def _digests(run: RunView) -> list[dict[str, str]]:
    history, started = run.history, run.history.started
    rows = [("task", started.task_digest if started is not None else ""), ("data", history.task.data_digest)]
    if history.submission is not None:
        rows.append((f"submission of #{history.submission.trial}", history.submission.digest))
    if history.last is not None:
        rows.append((f"journal, event {history.last.number:,}", history.last.digest))
    return [{"name": name, "digest": digest} for name, digest in rows if digest]


# --- the sealed rows -----------------------------------------------------------------------------------------------


def _holdout(history: History) -> dict[str, Any]:
    fraction = history.task.holdout.fraction
    after = sorted(history.after_opening)
    return {
        "fraction": told.share(fraction),
        "sealed": bool(fraction),
        "openings": [
            {
                "at": told.moment(at),
                "trial": opened.trial,
                "score": _interval(opened.score),
                "problems": [clean_line(problem, 300) for problem in opened.problems],
            }
            for at, opened in history.openings
        ],
        "after": after[-MOST_ROWS:],
        "after_count": len(after),
    }


def _interval(found: Any) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        **told.score(found.value, found.std_error),
        "low": told.score(found.low, found.std_error),
        "high": told.score(found.high, found.std_error),
        "rows": told.count(found.rows, "row"),
    }


# --- what was found ------------------------------------------------------------------------------------------------


def _findings(run: RunView, *, asked: bool, wait: bool) -> dict[str, Any]:
    task = _here(run)
    command = f"assay check {task.folder}"
    if task.split.kind is SplitKind.PREPARED:
        return {
            "state": "none",
            "why": "Your own prepare makes these data; only tables are looked into.",
            "command": "",
        }
    if not (task.folder / task.data.train).is_file():
        why = f"The data are no longer where the run read them: {clean_line(str(task.folder), 300)}"
        return {"state": "none", "why": why, "command": "assay check FOLDER"}
    looks = run.cache.get("looks")
    if not asked and not (isinstance(looks, dict) and _LOOK in looks):
        return {"state": "idle", "command": command}
    return {**look(run.cache, _LOOK, lambda: _examined(task), wait=wait), "command": command}


def _examined(task: Task) -> list[dict[str, Any]]:
    from assay.data.check import check

    return [_finding(one) for one in check(task)]


def _finding(found: DataFinding) -> dict[str, Any]:
    return {
        "code": found.code,
        "severity": str(found.severity),
        "sentence": clean_line(found.sentence, 500),
        "columns": [clean_line(name, 80) for name in found.columns[:20]],
        "fix": clean_line(found.fix, 300),
    }


def _rejected(facts: Facts) -> list[dict[str, Any]]:
    """Return trials that a check rejected, and others that it made a remark on, the latest first."""
    found: list[dict[str, Any]] = []
    for trial in reversed(facts.trials):
        said = [trial.reason] if trial.state is TrialState.REJECTED else []
        for text in (*said, *trial.flags):
            if len(found) < MOST_ROWS:
                found.append(
                    {
                        "trial": trial.number,
                        "title": clean_line(trial.title, 80),
                        "state": str(trial.state),
                        "text": clean_line(text, 400),
                    }
                )
    return found


def _checks(facts: Facts) -> list[dict[str, Any]]:
    from assay.report.validation_numbers import made

    return [
        {
            "name": one.check.words,
            "verdict": str(one.verdict),
            "trial": one.trial,
            "winner": one.winner,
            "detail": clean_line(one.detail, 400),
        }
        for one in made(facts)
    ]


def _claims(facts: Facts) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for trial in facts.ranking:
        claim = facts.claim(trial)
        if claim is not None and claim.differs and len(found) < MOST_ROWS:
            found.append(
                {
                    "trial": trial.number,
                    "title": clean_line(trial.title, 80),
                    "claimed": told.score(claim.value, None, [claim.graded]),
                    "graded": told.score(claim.graded, None, [claim.value]),
                }
            )
    return found
