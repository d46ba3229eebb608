"""Completers for tests of the layers around them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from assay.core.usage import Usage
from assay.models.base import Message
from assay.models.completion import Completion, Prompt


class ScriptedCompleter:
    """Returns or raises what it was given, in order; costs a cent a thousand tokens if priced."""

    def __init__(self, outcomes: Iterable[Completion | Exception], *, priced: bool = True) -> None:
        self._outcomes = iter(outcomes)
        self._priced = priced
        self.prompts: list[Prompt] = []

    @property
    def name(self) -> str:
        return "test:model"

    def price(self, input_tokens: int, output_tokens: int) -> Decimal | None:
        return Decimal(input_tokens + output_tokens) / 100_000 if self._priced else None

    def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        outcome = next(self._outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def completion(text: str = "hello", *, tokens: int = 1_000, cost: str | None = "0.01") -> Completion:
    usage = Usage(requests=1, input_tokens=tokens, cost_usd=None if cost is None else Decimal(cost))
    return Completion(text=text, model="test:model-1", usage=usage)


def prompt(text: str = "x" * 300, *, role: str = "draft", key: str = "q/1", max_output_tokens: int = 899) -> Prompt:
    messages = (Message(role="user", content=text),)
    return Prompt(role=role, key=key, messages=messages, max_output_tokens=max_output_tokens)
