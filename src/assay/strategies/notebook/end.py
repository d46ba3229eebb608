"""End: the summary of the loop, written while it goes on, and the words of the report when it is over."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assay.core.codec import decode, encode
from assay.core.files import write_whole
from assay.engine.endings import NoAnswer
from assay.engine.session import Session
from assay.engine.step import Step
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.models.roles import NotebookReportInputs, ReportProse
from assay.operators.brief import brief
from assay.operators.expect import expect
from assay.strategies.notebook.analysis import Analysis, analyse
from assay.strategies.notebook.record import (
    ANALYSIS,
    PROSE,
    STOPPED,
    IterationRecord,
    RoundRecord,
    Status,
    iterations_of,
    rounds_of,
)

LOOP_SUMMARY = "loop_summary.json"
SHARES = (1.0, 0.5, 0.25)
"""Shares of the facts that are told: fewer, where nobody could answer on all of them."""
MOST_FACTS, MOST_STRATEGY = 120, 6_000


def analysed(step: Step, of: Callable[[], Path] | None = None) -> str:
    """Ask for the words of a report and note them with the facts that they rest on; without an answer, facts alone.

    Args:
        step: Asks.
        of: Returns the folder of another run that is told of, called once; None means this run.
    """
    session = step.session
    if of is None:
        analysis = analyse(session.view())
    else:
        analysis = decode(Analysis, session.note(ANALYSIS, lambda: _of_run(of()))["analysis"])
    prose = _asked(step, analysis)
    words = {"by": session.parts.model.name, **prose.model_dump(mode="json")} if prose is not None else None
    session.note(PROSE, lambda: words)
    return "report: words written" if words is not None else "report: no words, its template stands"


def tell_loop(session: Session) -> None:
    """Write the summary of the loop anew; it can be made again from the journal at any time."""
    write_whole(session.parts.folder / LOOP_SUMMARY, loop_summary(session.view(), running=True))


def loop_summary(history: History, *, running: bool) -> str:
    """Return the summary of the loop as JSON: every finished iteration or round, and whether there may be more.

    Args:
        history: The journal so far.
        running: Whether somebody works on the run. A run that nobody works on and that has no end was interrupted.
    """
    started, end = history.started, history.finished
    status = "finished" if end is not None else ("running" if running else "interrupted")
    usage = history.usage
    value = {
        "run": started.run if started else "",
        "strategy": started.strategy if started else "",
        "status": status,
        "stopped": history.notes.get(STOPPED),
        "metric": {"name": history.metric.name, "direction": str(history.metric.direction)},
        "usage": {"requests": usage.requests, "tokens": usage.tokens},
        "scoreboard": _scoreboard(history),
        "iterations": [_row(history, record) for record in iterations_of(history)],
        "rounds": [_row(history, record) for record in rounds_of(history)],
    }
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _scoreboard(history: History) -> dict[str, Any]:
    """Return how many notebooks were tried, how many were scored, without a repair and with one, and the best."""
    records: tuple[IterationRecord | RoundRecord, ...] = (*iterations_of(history), *rounds_of(history))
    trials = [history.trials[r.trial] for r in records if r.trial is not None and r.trial in history.trials]
    scored = [trial for trial in trials if trial.ranks]
    best = history.metric.ranked(scored, lambda trial: trial.score)
    return {
        "attempted": len(records),
        "succeeded": len(scored),
        "clean": sum(not trial.repairs for trial in scored),
        "repaired": sum(bool(trial.repairs) for trial in scored),
        "failed": len(records) - len(scored),
        "without_baseline": sum(one.status is Status.NO_BASELINE for one in iterations_of(history)),
        "repairs": sum(len(trial.repairs) for trial in trials),
        "best": best[0].score if best else None,
        "execution_s": round(sum(trial.wall_s * trial.folds for trial in trials), 1),
    }


def _row(history: History, record: Any) -> dict[str, Any]:
    trial = history.trials.get(record.trial) if record.trial is not None else None
    row: dict[str, Any] = encode(record)
    for long in ("graph", "diff", "strategy", "critique", "reflection", "candidate"):
        row.pop(long, None)
    row["score"] = trial.score if trial is not None else None
    row["repairs"] = len(trial.repairs) if trial is not None else 0
    if "begun_s" in row:
        row["duration_s"] = round(record.ended_s - record.begun_s, 1)
        row["criteria_met"] = str(record.status) == "SUCCESS"
    return row


def _of_run(folder: Path) -> dict[str, Any]:
    history = History(FileJournal(folder / "events.jsonl").read())
    return {"run": folder.name, "analysis": encode(analyse(history))}


def _asked(step: Step, analysis: Analysis) -> ReportProse | None:
    """Return the words; with less and less to tell where nobody can answer on all of it."""
    for number, share in enumerate(SHARES):
        count = max(1, int(share * min(len(analysis.facts), MOST_FACTS)))
        inputs = NotebookReportInputs(
            brief=brief(step, f"report-{number}"),
            title=analysis.title,
            strategy=analysis.strategy[: int(share * MOST_STRATEGY)],
            facts=analysis.facts[:count],
        )
        try:
            return expect(step.ask(f"report-{number}", "notebook_report", inputs), ReportProse)
        except NoAnswer:
            continue
    return None
