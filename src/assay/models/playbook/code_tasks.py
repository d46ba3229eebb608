"""The playbook in code tasks: it reviews what can be checked without reading the meaning of code.

And it writes a document that says no more than the verified results of the tasks that it builds on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from assay.models.roles import TaskBrief, TaskCode, TaskReview, TaskReviewInputs, TaskWriteInputs

SURE = 0.9
_TRACKING = ("mlflow",)


def write(inputs: TaskWriteInputs) -> TaskCode | None:
    """Return the code of a document with one file: its task, and the verified results; None for any other task.

    What a task asks for beyond that is not read, and an experiment is nothing that rules can think of.
    """
    brief = inputs.brief
    if brief.kind != "documentation" or len(brief.files) != 1 or any(sign in brief.files[0] for sign in "?["):
        return None
    path = brief.files[0].replace("*", f"{brief.id}.md")
    code = (
        "from pathlib import Path\n\n"
        f"TEXT = {_document(brief)!r}\n"
        f"place = Path({path!r})\nplace.parent.mkdir(parents=True, exist_ok=True)\n"
        'place.write_text(TEXT, encoding="utf-8")\n'
    )
    return TaskCode(plan="Tell the verified results of the tasks that this one builds on, and nothing else.", code=code)


def _document(brief: TaskBrief) -> str:
    lines = [f"# {' '.join(brief.action.split())}", ""]
    lines += ["## Verified results", "", *(f"- {line}" for line in brief.results)] if brief.results else []
    lines += [] if brief.results else ["It builds on no task with verified results, so there is nothing to report."]
    lines += ["", "## To be accepted if", "", *(f"- {line}" for line in brief.acceptance)] if brief.acceptance else []
    return "\n".join(lines) + "\n"


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
