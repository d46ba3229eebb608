"""Bill: what answers took, by role and by who answered. Its rows add up to the total of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assay.core.usage import Usage
from assay.journal.history import History, Question


@dataclass(frozen=True, kw_only=True)
class Item:
    """What one role, or one model, was asked and what that took."""

    name: str
    questions: int
    """Those that were settled: answered, or given up for good."""
    failed: int
    """Those of them without a usable answer."""
    seconds: float
    """Waited for answers; questions may wait side by side."""
    usage: Usage
    repeats: int
    """Requests beyond one for each question: asked again for a reply out of form, or broken off. One that the
    provider turned away took nothing and is not among them."""

    def share(self, total: Usage) -> float | None:
        """Return this item's part of the cost of `total`, 0 to 1; None where that is nothing, or not wholly known."""
        if self.usage.cost_usd is None or not total.cost_usd or total.unpriced:
            return None
        return float(self.usage.cost_usd / total.cost_usd)


def by_role(history: History) -> list[Item]:
    """Return the roles that were asked, by name."""
    return _items(history, lambda role, model: role)


def by_model(history: History) -> list[Item]:
    """Return who answered, by name; what a question took that nobody answered is put down to the run's model."""
    default = history.started.model if history.started is not None else ""
    return _items(history, lambda role, model: model or default)


def _items(history: History, name: Callable[[str, str], str]) -> list[Item]:
    asked: dict[str, list[Question]] = {}
    for question in history.questions.values():
        if question.answer is not None:
            asked.setdefault(name(question.role, question.answer.model), []).append(question)
    used: dict[str, list[Usage]] = {}
    for (role, model), usage in history.usage_of.items():
        used.setdefault(name(role, model), []).append(usage)
    return [_item(key, asked.get(key, []), used.get(key, [])) for key in sorted({*asked, *used})]


def _item(name: str, asked: list[Question], used: list[Usage]) -> Item:
    answers = [question.answer for question in asked if question.answer is not None]
    usage = sum(used, Usage())
    return Item(
        name=name,
        questions=len(answers),
        failed=sum(bool(answer.error) for answer in answers),
        seconds=sum(answer.latency_s for answer in answers),
        usage=usage,
        repeats=max(0, usage.requests - sum(1 for answer in answers if answer.usage.requests)),
    )
