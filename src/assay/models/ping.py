"""Ping: one small question to a model, to see whether it answers, how fast and at what price."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from assay.models.base import Answer, Message, Request
from assay.models.llm import open_model
from assay.models.prices import prices_of
from assay.models.program.choice import is_program
from assay.models.program.completer import open_program

MOST_TOKENS = 4_000
"""Bound of the reply: room for one that thinks first."""


class Sum(BaseModel):
    """The reply."""

    model_config = ConfigDict(extra="forbid")

    answer: int
    """The sum."""


class Numbers(BaseModel):
    """What is asked about."""

    one: int = 17
    other: int = 25


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked, and what the answer must be. Nothing of the user's is in it."""

    text: str
    right: int


QUESTION = Question(text="What is the sum of 17 and 25?", right=42)


def ping(spec: str, *, base_url: str | None, timeout_s: float, at: float) -> Answer[Sum]:
    """Return the answer of the model that `spec` names to `QUESTION`; a call that fails is not repeated.

    Args:
        spec: As for `open_model`; neither the playbook nor recordings, which answer other questions.
        base_url: As for `open_model`.
        timeout_s: Longest silence, in seconds.
        at: The present, seconds since the epoch, for prices.

    Raises:
        ModelError: It did not answer, or never in the asked form.
        UsageError: There is no such model.
    """
    prices = prices_of(spec, base_url=base_url, at=at)
    if is_program(spec):
        model = open_program(spec, prices=prices, timeout_s=timeout_s, attempts=1)
    else:
        model = open_model(
            spec, base_url=base_url, prices=prices, timeout_s=timeout_s, attempts=1, max_output_tokens=MOST_TOKENS
        )
    request = Request(
        role="test",
        inputs=Numbers(),
        messages=(Message(role="user", content=QUESTION.text),),
        reply_type=Sum,
        key="test",
    )
    return model.answer(request)
