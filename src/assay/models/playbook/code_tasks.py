"""The playbook as a reviewer of code tasks: what can be checked without reading the meaning of code."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from assay.models.roles import TaskReview, TaskReviewInputs

SURE = 0.9
_TRACKING = ("mlflow",)


def review(inputs: TaskReviewInputs) -> TaskReview:
    """Return a verdict by rules: whether the code parses, does anything, and left what was declared.

    It does not know whether code answers its task; a person or a language model does.
    """
    critical = tuple(_before(inputs) if inputs.point == "before" else _after(inputs))
    if critical:
        return TaskReview(verdict="reject", critical=critical, confidence=SURE, reason=critical[0])
    warnings = tuple(_warnings(inputs))
    passed = "what can be checked by rules holds" if inputs.point == "before" else "the declared evidence is there"
    reason = f"By rules alone: {passed}. Whether it answers the task was not read."
    return TaskReview(verdict="approve", critical=(), warnings=warnings, confidence=SURE, reason=reason)


def _before(inputs: TaskReviewInputs) -> Iterator[str]:
    if inputs.reviewer == "operations":
        for number, block in enumerate(inputs.blocks, start=1):
            try:
                ast.parse(block)
            except (SyntaxError, ValueError) as error:
                yield f"block {number} is no Python: {error}"
    elif not any(_does_something(block) for block in inputs.blocks):
        yield "the code does nothing"


def _after(inputs: TaskReviewInputs) -> Iterator[str]:
    for result in inputs.results:
        if result.state != "ok":
            yield f"block {result.number} {result.state}: {result.error[:200]}"
    yield from inputs.findings


def _warnings(inputs: TaskReviewInputs) -> Iterator[str]:
    logs = any(name in block for block in inputs.blocks for name in _TRACKING)
    if inputs.point == "before" and inputs.brief.kind == "experimental" and not logs:
        yield "the code logs nothing to the tracking run"


def _does_something(block: str) -> bool:
    try:
        return any(not isinstance(node, ast.Pass | ast.Import | ast.ImportFrom) for node in ast.parse(block).body)
    except (SyntaxError, ValueError):
        return True  # whoever reviews for operations says so
