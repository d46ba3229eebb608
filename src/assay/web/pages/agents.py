"""Agents: who decided what: a lab's worker and mentor, reviewers, roles that were asked, and people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from assay.core.codec import decode
from assay.core.errors import IntegrityError
from assay.journal.history import History, Question
from assay.report.bill import by_role
from assay.report.prose import clean, clean_line
from assay.strategies.known import LAB, TASKS
from assay.web import told
from assay.web.view import RunView

MOST_CYCLES = 200
MOST_QUESTIONS = 60
MOST_WORDS = 4_000
NOTEBOOKS = ("notebook", "notebook_review")


def agents(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return who decided what in a run; all words are those of models and people."""
    strategy = run.summary.strategy
    return {
        "strategy": strategy,
        "lab": _lab(run) if strategy == LAB else None,
        "reviews": _reviews(run) if strategy == TASKS else None,
        "rounds": _rounds(run.history) if strategy in NOTEBOOKS else None,
        "people": _people(run.history),
        "roles": [
            {
                "name": clean_line(item.name, 60),
                "questions": told.count(item.questions, "question"),
                "failed": item.failed,
                "waiting": told.seconds(item.seconds),
            }
            for item in by_role(run.history)
        ],
        "questions": [_question(one) for one in list(run.history.questions.values())[: -MOST_QUESTIONS - 1 : -1]],
        "asked": len(run.history.questions),
    }


def _people(history: History) -> list[dict[str, Any]]:
    said = [(at, "said", text) for at, text in history.told]
    said += [(at, "wants this refined first", text) for at, text in history.blocks]
    return [{"at": told.moment(at), "what": what, "text": clean(text, MOST_WORDS)} for at, what, text in sorted(said)]


def _question(question: Question) -> dict[str, Any]:
    answer = question.answer
    return {
        "role": clean_line(question.role, 60),
        "key": clean_line(question.key, 120),
        "at": told.moment(question.asked),
        "by": clean_line(answer.model, 60) if answer is not None else "",
        "took": told.seconds(answer.latency_s if answer is not None else None),
        "money": told.cost(answer.usage) if answer is not None else told.money(None),
        "tokens": told.count(answer.usage.tokens if answer is not None else 0),
        "state": "waiting" if answer is None else "no answer" if answer.error else "answered",
        "error": clean_line(answer.error, 300) if answer is not None else "",
        "searched": bool(answer is not None and answer.searched),
    }


# --- labs ----------------------------------------------------------------------------------------------------------


def _lab(run: RunView) -> dict[str, Any]:
    from assay.strategies.lab.memory import MEMORY, Memory, noted_cycles

    history = run.history
    cycles = noted_cycles(history.notes, upto=len(history.steps) + 2, last=MOST_CYCLES)
    noted = [key for key in history.notes if key.startswith(f"{MEMORY}/")]
    newest = max(noted, key=lambda key: int(key.rpartition("/")[2]), default=None)
    memory, why = Memory(), ""
    if newest is not None:
        try:
            memory = decode(Memory, json.loads(run.objects.get(history.notes[newest])))
        except (IntegrityError, ValueError, KeyError, TypeError):
            why = "The memory of the last cycle is not kept any more, or was changed."
    challenges = [one for one in cycles if one.recommendation == "challenge"]
    return {
        "counts": {
            "cycles": told.count(len(cycles), "cycle"),
            "reviewed": told.count(sum(one.cycle.reviewed for one in cycles), "review"),
            "challenges": told.count(len(challenges), "challenge"),
            "by_mentor": told.count(sum(one.cycle.source == "mentor" for one in cycles)),
        },
        "cycles": [_cycle(one) for one in reversed(cycles)],
        "todo": [
            {"id": item.id, "by": item.by, "text": clean(item.text, 400), "done": item.done, "note": item.note}
            for item in sorted(memory.queue, key=lambda item: item.done)
        ],
        "workpad": clean(memory.workpad, 20_000),
        "mentor_notes": clean(memory.mentor_notes, 20_000),
        "storyline": [clean_line(line, 400) for line in memory.storyline],
        "missing": why,
    }


def _cycle(one: Any) -> dict[str, Any]:
    cycle = one.cycle
    return {
        "number": cycle.number,
        "action": cycle.action,
        "category": cycle.category if cycle.action == "run" else "",
        "label": clean_line(cycle.label, 120),
        "command": clean_line(cycle.command, 600),
        "source": cycle.source,
        "reviewed": cycle.reviewed,
        "challenged": cycle.challenged,
        "rationale": clean(one.rationale, MOST_WORDS),
        "outcome": clean_line(one.outcome, 400),
        "refused": [clean_line(why, 300) for why in one.refused],
        "reasons": [clean_line(why, 200) for why in one.reasons],
        "trajectory": one.trajectory.replace("_", " "),
        "recommendation": one.recommendation,
        "critique": clean(one.critique, MOST_WORDS),
        "questions": [clean_line(text, 400) for text in one.questions],
        "ignored": clean_line(one.ignored, 300),
        "failed_calls": [clean_line(text, 200) for text in one.failed_calls],
    }


# --- code tasks and notebooks --------------------------------------------------------------------------------------


def _reviews(run: RunView) -> list[dict[str, Any]]:
    return [
        {
            "trial": trial.number,
            "title": clean_line(trial.title, 100),
            "point": review.point,
            "attempt": review.attempt,
            "reviewer": clean_line(review.reviewer, 60),
            "verdict": review.verdict,
            "reason": clean(review.reason, MOST_WORDS),
            "critical": [clean_line(text, 300) for text in review.critical],
            "warnings": [clean_line(text, 300) for text in review.warnings],
        }
        for trial in run.facts.trials
        for review in trial.reviews
    ]


def _rounds(history: History) -> list[dict[str, Any]]:
    from assay.strategies.notebook.record import iterations_of, rounds_of

    made = [
        {
            "name": f"iteration {one.number}",
            "trial": one.trial,
            "verdict": str(one.status),
            "title": clean_line(one.title, 120),
            "strategy": clean(one.strategy, MOST_WORDS),
            "critique": "",
            "reflection": "",
            "focus": "",
            "problem": clean_line(one.problem, 400),
        }
        for one in iterations_of(history)
    ]
    made += [
        {
            "name": f"round {one.number}",
            "trial": one.trial,
            "verdict": str(one.verdict),
            "title": clean_line(one.title or one.decision, 120),
            "strategy": clean(one.strategy, MOST_WORDS),
            "critique": clean(one.critique, MOST_WORDS),
            "reflection": clean(one.reflection, MOST_WORDS),
            "focus": clean_line(one.focus, 200),
            "problem": clean_line("; ".join(one.refused) or one.problem, 400),
        }
        for one in rounds_of(history)
    ]
    return made[::-1]
