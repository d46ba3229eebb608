"""Time and cost: where both went, what the best score had cost by when, and what was done twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.core.execution import Outcome
from assay.journal.history import Measurement, Question
from assay.report.bill import Item, by_model, by_role
from assay.report.prose import clean_line
from assay.report.times import activities, gains, lab_gains, spans
from assay.strategies.known import LAB
from assay.web import told
from assay.web.view import RunView

MOST_BARS = 1_500
"""Executions and answers that the timeline draws: the latest."""
MOST_ROWS = 100
"""Repairs, and trials that were mended, that are listed: the latest."""


def cost(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return where time and money of a run went."""
    history = run.history
    usage, cap = history.usage, history.limits.cost_usd
    prices = history.started.prices if history.started is not None else None
    return {
        "total": {
            "running": told.seconds(history.wall_s),
            "limit": told.seconds(history.limits.wall_s),
            "resumes": history.resumes,
            "money": told.cost(usage),
            "cap": told.money(cap) if cap is not None else None,
            "requests": told.count(usage.requests, "request"),
            "tokens_in": told.count(usage.input_tokens),
            "tokens_out": told.count(usage.output_tokens),
            "cached": told.count(usage.cached_tokens),
            "paid": bool(usage.requests),
        },
        "prices": prices.words() if prices is not None and prices.known else "",
        "prices_from": f"{clean_line(prices.table, 60)}, read on {prices.read}" if prices and prices.known else "",
        "phases": [
            {
                "name": clean_line(span.phase, 40),
                "begun": told.seconds(span.begun_s),
                "time": told.seconds(span.seconds),
                "share": told.share(span.seconds / history.wall_s if history.wall_s else None),
            }
            for span in spans(history)
        ],
        "activities": [
            {"name": one.title, "times": told.count(one.count), "time": told.seconds(one.seconds)}
            for one in activities(run.facts)
        ],
        "timeline": _timeline(run),
        "roles": [_item(item, run) for item in by_role(history)],
        "models": [_item(item, run) for item in by_model(history)],
        "frontier": _frontier(run),
        "retries": _retries(run),
    }


def _item(item: Item, run: RunView) -> dict[str, Any]:
    usage = item.usage
    return {
        "name": clean_line(item.name, 60),
        "questions": told.count(item.questions),
        "failed": item.failed,
        "waiting": told.seconds(item.seconds),
        "requests": told.count(usage.requests),
        "repeats": item.repeats,
        "tokens_in": told.count(usage.input_tokens),
        "tokens_out": told.count(usage.output_tokens),
        "money": told.cost(usage),
        "share": told.share(item.share(run.history.usage)),
    }


def _frontier(run: RunView) -> dict[str, Any] | None:
    """Return the steps of the best score with what the run had taken by then; None where nothing has a score."""
    facts = run.facts
    if run.summary.strategy == LAB:
        found = lab_gains(run.history)
        if found is None:
            return None
        metric, steps = found
    elif not run.history.task.graded:
        return None
    else:
        metric, steps = facts.metric, list(gains(facts))
    scores = [step.score for step in reversed(steps)]
    return {
        "reported": run.summary.strategy == LAB,
        "metric": metric.name,
        "direction": str(metric.direction),
        "paid": any(step.cost_usd is not None for step in steps),
        "steps": [
            {
                "trial": step.trial.number,
                "title": clean_line(step.trial.title, 80),
                "verdict": str(step.trial.verdict or ""),
                "score": told.score(step.score, step.trial.std_error, scores),
                "time": told.seconds(step.seconds),
                "money": told.money(step.cost_usd, step.unpriced),
                "tokens": told.count(step.tokens),
            }
            for step in steps
        ],
        "end": {"time": told.seconds(facts.history.wall_s), "money": told.cost(facts.history.usage)},
    }


# --- timeline ------------------------------------------------------------------------------------------------------


def _timeline(run: RunView) -> dict[str, Any]:
    """Return executions and answers as bars by the calendar's clock, and the phases that they fall into."""
    history = run.history
    executions = [m for m in history.all_measurements() if m.started]
    questions = [q for q in history.questions.values() if q.asked]
    bars = [_bar(m, run) for m in executions[-MOST_BARS:]]
    asked = [_asked(q, run) for q in questions[-MOST_BARS:]]
    shown = [bar for bar in (*bars, *asked) if bar is not None]
    last = history.worked_until or run.now
    ends = [*(at for at, _ in history.phases), last][1:]
    phases = [
        {"name": clean_line(name, 40), "from": at, "to": end}
        for (at, name), end in zip(history.phases, ends, strict=True)
    ]
    begun = [*(phase["from"] for phase in phases), *(bar["from"] for bar in shown)]
    return {
        "from": min(begun, default=last),
        "to": max([last, *(bar["to"] for bar in shown)]),
        "phases": phases,
        "bars": shown,
        "left_out": max(0, len(executions) - MOST_BARS) + max(0, len(questions) - MOST_BARS),
    }


def _bar(measured: Measurement, run: RunView) -> dict[str, Any]:
    execution = measured.execution
    outcome = str(execution.outcome) if execution is not None else ("running" if run.holder else "cut off")
    end = measured.ended or measured.started + (execution.wall_s if execution is not None else 0.0)
    if execution is None and run.holder:
        end = max(measured.started, run.now)
    return {
        "lane": "executions",
        "from": measured.started,
        "to": max(end, measured.started),
        "trial": measured.trial,
        "what": clean_line(measured.view, 40),
        "outcome": outcome,
        "good": outcome in (Outcome.OK, "running"),
        "time": told.seconds(execution.wall_s if execution is not None else None)["text"],
    }


def _asked(question: Question, run: RunView) -> dict[str, Any] | None:
    answer = question.answer
    if answer is None and not run.holder:
        return None
    took = answer.latency_s if answer is not None else max(0.0, run.now - question.asked)
    return {
        "lane": "answers",
        "from": question.asked,
        "to": question.asked + took,
        "trial": None,
        "what": clean_line(question.role, 40),
        "outcome": "waiting" if answer is None else "no answer" if answer.error else "answered",
        "good": answer is None or not answer.error,
        "time": told.seconds(took)["text"],
    }


# --- what was done twice -------------------------------------------------------------------------------------------


def _retries(run: RunView) -> dict[str, Any]:
    history = run.history
    ended: dict[str, tuple[int, float]] = {}
    for measured in history.all_measurements():
        if measured.execution is not None:
            times, wall = ended.get(str(measured.execution.outcome), (0, 0.0))
            ended[str(measured.execution.outcome)] = (times + 1, wall + measured.execution.wall_s)
    mended = [trial for trial in run.facts.trials if trial.repairs]
    roles = by_role(history)
    return {
        "outcomes": [
            {"outcome": name, "times": told.count(times), "time": told.seconds(wall)}
            for name, (times, wall) in sorted(ended.items(), key=lambda one: -one[1][1])
        ],
        "repeats": sum(role.repeats for role in roles),
        "unanswered": sum(role.failed for role in roles),
        "repaired": told.count(len(mended), "trial"),
        "repairs": [
            {
                "trial": trial.number,
                "attempt": repair.attempt,
                "by": clean_line(repair.by, 40),
                "cause": clean_line(repair.cause, 300),
                "state": str(trial.state),
            }
            for trial in mended[-MOST_ROWS:]
            for repair in trial.repairs
        ][-MOST_ROWS:],
    }
