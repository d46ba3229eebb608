"""Gate likeness: whether the winner is a published solution again, as far as a comparison of code can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.core.reference import Reference
from assay.core.validation import Standing
from assay.engine.gate_findings import Finding
from assay.grading import Likeness, likeness
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.models.roles import Retrieval

SAME = 0.8
"""Share of either script in the other one from which on they are the same."""
ALIKE = 0.4
"""Share from which on a person should look. Scripts that one author wrote for one task, reading and writing included,
shared 3 to 55 % where their models differed, and 74 to 93 % where one block had been rewritten."""


def judge_likeness(
    scripts: Mapping[int, str], references: Sequence[Reference], *, common: Sequence[str], examples: Sequence[str] = ()
) -> Finding:
    """Judge how much of any of `scripts` stands in any of the references: one that is the same decides.

    Args:
        scripts: Code by number of trial: the winner's, or that of all members of a blend.
        references: What was handed in, at least one.
        common: Code that every script of the task has: the baselines'.
        examples: What retrieval showed; how much of it is in the script is told and judged by nobody, since examples
            are there to be used.
    """
    found = [
        (max(like.of_script, like.of_reference), like, reference, number)
        for number, code in scripts.items()
        for reference in references
        if (like := likeness(code, reference.code, common)) is not None
    ]
    if not found:
        detail = "nothing to compare: too short, or no Python that can be read"
        return Finding(verdict=Standing.SKIPPED, detail=detail)
    share, like, reference, number = max(found, key=lambda one: one[0])
    numbers = {"of_script": like.of_script, "of_reference": like.of_reference, "references": float(len(references))}
    shown = [like.of_script for example in examples if (like := likeness(scripts[number], example, common)) is not None]
    if shown:
        numbers["of_examples"] = max(shown)
    verdict = _verdict(share)
    return Finding(verdict=verdict, detail=f"{_words(verdict, like)} {reference.name!r}", numbers=numbers)


def shown_examples(history: History, objects: ObjectStore) -> list[str]:
    """Return the examples that retrieval came back with in this run."""
    answers = (question.answer for question in history.questions.values() if question.role == "retrieve")
    replies = (objects.get(answer.reply) for answer in answers if answer is not None and answer.reply)
    return [idea.example for reply in replies for idea in Retrieval.model_validate_json(reply).models]


def _verdict(share: float) -> Standing:
    if share >= SAME:
        return Standing.FAILED
    return Standing.WARNING if share >= ALIKE else Standing.PASSED


def _words(verdict: Standing, like: Likeness) -> str:
    if verdict is Standing.FAILED:
        return "the same as" if like.of_script >= SAME else "it holds nearly all of"
    return "much the same as" if verdict is Standing.WARNING else "its own work; most like"
