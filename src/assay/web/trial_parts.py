"""The long parts of a trial's page: its code and what changed, what it printed, what was asked, notebook outputs."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import HTMLResponse, Response

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError, NothingFound
from assay.journal.history import Measurement, Question, Trial
from assay.report.diffs import patch
from assay.report.facts import load_candidate
from assay.report.formatting import format_duration, format_money
from assay.report.prose import clean, clean_line
from assay.report.trials import EXECUTED
from assay.web.view import RunView

MOST_CODE = 200_000
"""Characters of a candidate's file."""
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
    names = {"old_name": f"#{base.number}" if base is not None else "", "new_name": f"#{found.number}"}
    return {
        "kind": candidate.kind,
        "entry": candidate.entry,
        "files": [
            {"name": clean_line(name), "text": clean(text, MOST_CODE)}
            for name, text in sorted(candidate.files.items(), key=lambda item: _first(candidate, item[0]))
            if not name.endswith(".ipynb")
        ],
        "cells": _cells(run, found),
        "diff": patch(before, candidate, **names) if before is not None else "",
        "against": base.number if before is not None and base is not None else None,
    }


def _first(candidate: Candidate, name: str) -> tuple[bool, str]:
    """Return a key that puts what was written for the trial first: the entry, or the blocks that it runs."""
    return (not name.startswith("blocks/") if candidate.kind == "blocks" else name != candidate.entry, name)


def _executed(run: RunView, found: Trial) -> dict[str, Any] | None:
    """Return the notebook as it came back from its last execution; None where there is none."""
    digests = [
        m.execution.outputs[EXECUTED]
        for m in run.history.measurements(found.number)
        if m.execution is not None and EXECUTED in m.execution.outputs
    ]
    candidate = load_candidate(run.objects, found.candidate)
    try:
        if digests:
            content = run.objects.get(digests[-1]).decode("utf-8", "replace")
        elif candidate is not None and candidate.entry.endswith(".ipynb"):
            content = candidate.source
        else:
            return None
        value = json.loads(content)
    except (IntegrityError, ValueError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("cells"), list) else None


def _cells(run: RunView, found: Trial) -> list[dict[str, Any]]:
    """Return the cells of a notebook with their outputs as text; HTML is shown in a frame, by its place."""
    notebook = _executed(run, found)
    cells: list[dict[str, Any]] = []
    for cell in notebook["cells"] if notebook is not None else []:
        if isinstance(cell, dict):
            outputs = [_output(one) for one in cell.get("outputs") or [] if isinstance(one, dict)]
            source = clean(_text(cell.get("source")), MOST_CODE)
            cells.append({"type": str(cell.get("cell_type", "")), "source": source, "outputs": outputs})
    return cells


def _output(one: dict[str, Any]) -> dict[str, Any]:
    data = one.get("data")
    shown: dict[str, Any] = data if isinstance(data, dict) else {}
    if one.get("output_type") == "error":
        return {"kind": "error", "text": clean(_text(one.get("traceback"), "\n"), 8_000)}
    if "text/html" in shown or "image/png" in shown:
        return {"kind": "frame"}
    return {"kind": "text", "text": clean(_text(one.get("text", shown.get("text/plain"))), 8_000)}


def _text(value: Any, glue: str = "") -> str:
    """Return a text of a notebook, which may be kept as its lines."""
    return glue.join(map(str, value)) if isinstance(value, list) else str(value or "")


def notebook_output(run: RunView, rest: str, query: object) -> Response:
    """Return the HTML or the picture that a cell of a notebook made, for a frame without scripts.

    Args:
        run: The run.
        rest: `trial/cell/output`, numbers from 0.
        query: Not used.

    Raises:
        NothingFound: There is no such output (E202).
    """
    parts = rest.split("/")
    if len(parts) == 3 and all(part.isdecimal() for part in parts):
        trial, cell, output = map(int, parts)
        found = run.history.trials.get(trial)
        notebook = _executed(run, found) if found is not None else None
        try:
            data = notebook["cells"][cell]["outputs"][output]["data"] if notebook is not None else {}
        except (LookupError, TypeError):
            data = {}
        if isinstance(data, dict) and "text/html" in data:
            return HTMLResponse(_text(data["text/html"]))
        if isinstance(data, dict) and "image/png" in data:
            encoded = "".join(c for c in _text(data["image/png"]) if c.isalnum() or c in "+/=")
            return HTMLResponse(f'<!doctype html><img alt="output of a cell" src="data:image/png;base64,{encoded}">')
    raise NothingFound("E202", f"there is no output {rest!r} of a notebook", fix="assay top")


def log_value(run: RunView, found: Trial, wished: str) -> dict[str, Any]:
    """Return what one execution printed: the wished one, or else the last that failed, or else the last."""
    measured = run.history.measurements(found.number)
    if not measured:
        return {"at": None, "text": "", "cut": False}
    failed = [i for i, m in enumerate(measured) if m.execution is not None and m.score is None]
    at = int(wished) if wished.isdecimal() and int(wished) < len(measured) else (failed or [len(measured) - 1])[-1]
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
        except (IntegrityError, ValueError):
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
