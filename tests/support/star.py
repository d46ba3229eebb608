"""Scripted answers for every role of `mle_star`, over scripts that are wishes of the fake sandbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from assay.models.base import Request
from assay.models.scripted import Scripted
from support.engine import program, propose
from support.fakes import noise


def answer(request: Request[Any]) -> Scripted:
    """Answer every role as a fixed function of the question; scores are errors, lower is better."""
    make = _ANSWERS.get(request.role)
    return make(request) if make is not None else propose(request)


def score_of(code: str) -> float:
    """Return the score that a script wishes for."""
    return float(json.loads(code.removeprefix("wish = ").strip()).get("score", 9.0))


def _wish(score: float) -> str:
    return f'wish = {{"score": {score:.4f}}}'


def _retrieve(request: Request[Any]) -> Scripted:
    inputs = request.inputs
    models = [
        {"name": f"model {inputs.path}-{i}", "why": "it fits", "example": f"model_{i}()"} for i in range(inputs.count)
    ]
    return {"models": models}


def _init(request: Request[Any]) -> Scripted:
    name = request.inputs.model.name
    if name.endswith("-2"):
        return program(name, fail=f"ValueError: {name}")
    return program(name, score=round(1.8 + 2 * noise(name), 4))


def _merge(request: Request[Any]) -> Scripted:
    inputs = request.inputs
    base, other = score_of(inputs.base.code), score_of(inputs.other.code)
    title = f"{inputs.base.trial.title} + {inputs.other.trial.title}"
    return program(title[:80], score=round((base + other) / 2 - 0.1, 4))


def _extract(request: Request[Any]) -> Scripted:
    return {"targets": [{"block": request.inputs.code, "plan": "Raise the wish. It is low."}]}


def _plan(request: Request[Any]) -> Scripted:
    count = len(request.inputs.attempts)
    return {"title": f"Plan {count}", "plan": f"Wish for {count} more."}


def _code(request: Request[Any]) -> Scripted:
    return {"code": _wish(score_of(request.inputs.block) - 0.02 - 0.5 * abs(noise(request.key)))}


def _ensemble(request: Request[Any]) -> Scripted:
    best = min(score_of(solution.code) for solution in request.inputs.solutions)
    return program(f"ensemble {request.inputs.index}", score=round(best - 0.03 + 2 * noise(request.key), 4))


_ANSWERS: Mapping[str, Any] = {
    "research": lambda request: {"models": ["boosting"], "summary": "Trees do well."},
    "retrieve": _retrieve,
    "init": _init,
    "merge": _merge,
    "summarize": lambda request: {"summary": f"{len(request.inputs.findings)} parts matter."},
    "extract": _extract,
    "plan": _plan,
    "code": _code,
    "ensemble_plan": lambda request: {"title": "Mean", "plan": f"Mean of {len(request.inputs.solutions)}."},
    "ensemble": _ensemble,
    "leakage": lambda request: {"leaks": [], "remark": "Nothing leaks."},
    "data_usage": lambda request: {"complete": True},
    "finalize": lambda request: {"ready": True},
    "validate": lambda request: {"sound": True, "reasons": ["It is plain."]},
}
