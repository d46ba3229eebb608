"""The narrower seam below a language model: messages in, one text out.

`LanguageModel` turns typed questions into prompts and texts into typed replies; a completer only carries text.
Retries, caps and logs wrap a completer, so that each single call to a provider is seen, failed ones included.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from assay.core.errors import ProviderDown, QuestionRefused
from assay.core.usage import Usage
from assay.models.base import Message, always


class Purpose(StrEnum):
    """Why a call is made."""

    ASK = "ask"
    """The question itself."""
    MEND = "mend"
    """The question again, with what was wrong with the last reply."""
    FORMAT = "format"
    """The last reply alone, to be put into the asked form."""


class Finish(StrEnum):
    """Why a text ended."""

    STOP = "stop"
    LENGTH = "length"
    """The limit of output tokens was reached: the text is cut."""
    REFUSED = "refused"
    """The provider's own filter, or an explicit refusal."""
    CUT = "cut"
    """The stream ended without its end marker: the text may be cut."""


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """One call's worth of messages."""

    role: str
    key: str
    messages: tuple[Message, ...]
    max_output_tokens: int
    purpose: Purpose = Purpose.ASK
    search: bool = False
    """Whether the provider's own search tool is offered to the model, where it has one."""
    wanted: Callable[[], bool] = field(default=always, compare=False, repr=False)
    """Whether somebody still waits for the answer."""

    @property
    def characters(self) -> int:
        """Length of all messages."""
        return sum(len(m.content) for m in self.messages)


@dataclass(frozen=True, kw_only=True)
class Completion:
    """The text that came back."""

    text: str
    model: str
    """The provider's own name of the model that answered."""
    finish: Finish = Finish.STOP
    usage: Usage = field(default_factory=Usage)
    thinking: str = ""
    """What the provider hands out of the model's thoughts, kept apart from the text."""
    searched: bool = False
    """Whether the model searched the web."""
    sources: tuple[str, ...] = ()
    """Addresses that the provider says were looked at, in order, each once."""


class Completer(Protocol):
    """Sends one prompt. Called from several threads."""

    @property
    def name(self) -> str:
        """Short name for tables, for example `openai:gpt-5`."""
        ...

    def complete(self, prompt: Prompt) -> Completion:
        """Return what the provider made of `prompt`.

        Raises:
            Unreachable: It could not be reached or failed; the same call may succeed later.
            ProviderDown: The same, and waiting is of no use.
            ProviderRefused: No key, wrong key, no credit: it would take no request.
            QuestionRefused: It will not take this prompt, for its content or its length.
            SearchRefused: It may be the search tool that it will not take: the same without may be answered.
            ReplyInvalid: The reply is larger than anybody should read.
            BudgetSpent: The call would pass the cap; it was not sent.
        """
        ...

    def price(self, input_tokens: int, output_tokens: int) -> Decimal | None:
        """Return what a call of this size costs in US dollars; None when the price is unknown."""
        ...


class Around:
    """What wraps a completer: it has the name and the prices of the one inside.

    Args:
        completer: Makes the calls.
    """

    def __init__(self, completer: Completer) -> None:
        self._completer = completer

    @property
    def name(self) -> str:
        """The inner completer's name."""
        return self._completer.name

    def price(self, input_tokens: int, output_tokens: int) -> Decimal | None:
        """Return the inner completer's price."""
        return self._completer.price(input_tokens, output_tokens)


Layer = Callable[[Completer], Completer]
"""Wraps a completer: a cap, a log."""


class Unreachable(ProviderDown):
    """One call failed in a way that may pass.

    Args:
        message: What happened.
        retry_after_s: The wait that the provider asked for, if it did.
    """

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SearchRefused(QuestionRefused):
    """A call that offered the search tool was refused."""
