"""The long parts of a trial's page: its code and what changed, what it printed, what was asked."""

from __future__ import annotations

import json
from typing import Any

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.journal.history import Measurement, Question, Trial
from assay.report.diffs import patch
from assay.report.facts import load_candidate
from assay.report.formatting import format_duration, format_money
from assay.report.prose import clean, clean_line
from assay.web.asked import whole
from assay.web.notebook import cells_value
from assay.web.view import RunView

MOST_CODE = 200_000
"""Characters of a candidate's file."""
MOST_FILES = 40
"""Of a candidate."""
MOST_LOG = 100_000
"""Characters of one execution's output, its end."""
MOST_REPLY = 20_000
MOST_QUESTIONS = 30
MOST_CALLS = 3_000
"""Calls to a model whose files are looked through for the prompts of a trial."""


def code_value(run: RunView, found: Trial, base: Trial | None) -> dict[str, Any]:
    """Return a candidate's files and what differs from the trial it is compared with."""
    candidate = load_candidate(run.objects, found.candidate)
    if candidate is None:
        return {"missing": True, "files": [], "diff": "", "cells": []}
    before = load_candidate(run.objects, base.candidate) if base is not None else None
    named = sorted(candidate.files.items(), key=lambda item: _first(candidate, item[0]))
    shown = [(name, text) for name, text in named if not name.endswith(".ipynb")]
    names = {"old_name": f"#{base.number}" if base is not None else "", "new_name": f"#{found.number}"}
    return {
        "kind": candidate.kind,
        "entry": candidate.entry,
        "files": [{"name": clean_line(name), "text": clean(text, MOST_CODE)} for name, text in shown[:MOST_FILES]],
        "left_out": max(0, len(shown) - MOST_FILES),
        "cells": cells_value(run, found),
        "diff": patch(before, candidate, **names) if before is not None else "",
        "against": base.number if before is not None and base is not None else None,
    }


def _first(candidate: Candidate, name: str) -> tuple[bool, str]:
    """Return a key that puts what was written for the trial first: the entry, or the blocks that it runs."""
    return (not name.startswith("blocks/") if candidate.kind == "blocks" else name != candidate.entry, name)


def log_value(run: RunView, found: Trial, wished: str) -> dict[str, Any]:
    """Return what one execution printed: the wished one, or else the last that failed, or else the last."""
    measured = run.history.measurements(found.number)
    if not measured:
        return {"at": None, "text": "", "cut": False}
    failed = [i for i, m in enumerate(measured) if m.execution is not None and m.score is None]
    place = whole(wished)
    at = place if place is not None and place < len(measured) else (failed or [len(measured) - 1])[-1]
    text, cut = _printed(run, measured[at])
    return {"at": at, "text": text, "cut": cut}


def _printed(run: RunView, measurement: Measurement) -> tuple[str, bool]:
    execution = measurement.execution
    if execution is None:
        return "", False
    try:
        log = run.objects.get(execution.log).decode(errors="replace") if execution.log else execution.log_tail
    except IntegrityError:
        return clean(execution.log_tail), True
    return clean(log[-MOST_LOG:]), len(log) > MOST_LOG


def questions_value(run: RunView, found: Trial) -> list[dict[str, Any]]:
    """Return what was asked for a trial, with the answers, and the prompts where a language model was asked."""
    place, _, name = found.key.rpartition("/")
    whole = f"{place}/" if name == "trial" else f"{found.key}/"
    asked = [q for key, q in run.history.questions.items() if key.startswith(whole) or key.rpartition("/")[0] == place]
    return [_question(run, question) for question in asked[:MOST_QUESTIONS]]


def _question(run: RunView, question: Question) -> dict[str, Any]:
    answer = question.answer
    reply = ""
    if answer is not None and answer.reply:
        try:
            value = json.loads(run.objects.get(answer.reply))
            reply = json.dumps(value, indent=1, ensure_ascii=False) if not isinstance(value, str) else value
        except (IntegrityError, ValueError, RecursionError):
            reply = "the answer is missing from the run folder"
    usage = answer.usage if answer is not None else None
    return {
        "key": clean_line(question.key),
        "role": clean_line(question.role, 80),
        "by": clean_line(answer.model, 80) if answer is not None else "",
        "error": clean_line(answer.error, 400) if answer is not None else "",
        "tokens": f"{usage.tokens:,}" if usage is not None and usage.requests else "",
        "cost": format_money(usage.cost_usd, usage.unpriced) if usage is not None and usage.requests else "",
        "latency": format_duration(answer.latency_s) if answer is not None and answer.latency_s else "",
        "reply": clean(reply, MOST_REPLY),
        "prompt": _prompt(run, question.key),
    }


def _prompt(run: RunView, key: str) -> str:
    """Return the last prompt that was sent for a question, from the log of the calls; empty where there is none."""
    known: dict[str, str] = run.cache.setdefault("calls", {})  # type: ignore[assignment]
    seen: set[str] = run.cache.setdefault("calls-seen", set())  # type: ignore[assignment]
    folder = run.folder / "llm"
    paths = sorted(folder.glob("*.json"))[:MOST_CALLS] if folder.is_dir() else []
    for path in paths:
        if path.name in seen:
            continue
        try:
            known[str(json.loads(path.read_text(encoding="utf-8"))["key"])] = path.name
        except (OSError, ValueError, KeyError, TypeError):
            continue
        seen.add(path.name)
    if key not in known:
        return ""
    try:
        call = json.loads((folder / known[key]).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return clean(_messages(call.get("messages", call.get("prompt", ""))), MOST_CODE)


def _messages(value: Any) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return json.dumps(value, indent=1, ensure_ascii=False)
    pieces = [m if isinstance(m, dict) else {"role": "", "text": m} for m in value]
    return "\n\n".join(f"--- {m.get('role', '')} ---\n{m.get('content', m.get('text', ''))}" for m in pieces)
