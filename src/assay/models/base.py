"""The model seam: whoever answers roles, be it a language model, a program or the built-in playbook."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

from assay.core.digest import digest_json
from assay.core.usage import Usage

R = TypeVar("R", bound=BaseModel)


def always() -> bool:
    """Return that the answer is wanted."""
    return True


@dataclass(frozen=True, kw_only=True)
class Message:
    """One rendered message of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, kw_only=True)
class Request(Generic[R]):
    """One question: a role with its typed inputs, and the same rendered for language models."""

    role: str
    """Name of the role, for example `draft`; a key of `assay.models.roles.ROLES`."""
    inputs: BaseModel
    """What the playbook answers from."""
    messages: tuple[Message, ...]
    """What a language model answers from: the inputs rendered by the role's prompt."""
    reply_type: type[R]
    key: str
    """The journal's key of this question; makes an otherwise equal question a new one."""
    seed: int = 0
    """Drawn from the run's seed and the key; all randomness of the answer comes from it."""
    search: bool = False
    """Whether a model that can may search the web before it answers; without effect on any other."""
    wanted: Callable[[], bool] = field(default=always, compare=False, repr=False)
    """Whether somebody still waits for the answer; looked at before each call after the first."""

    @cached_property
    def digest(self) -> str:
        """The SHA-256 over role, messages and reply schema: equal digests may be answered from a recording."""
        told = {
            "role": self.role,
            "messages": [[m.role, m.content] for m in self.messages],
            "schema": self.reply_type.model_json_schema(),
        }
        # Only where it is true, so that a question that never searches keeps the digest of its recordings.
        return digest_json({**told, "search": True} if self.search else told)


@dataclass(frozen=True, kw_only=True)
class Answer(Generic[R]):
    """A validated reply and what it took."""

    reply: R
    model: str
    """Who answered: `playbook`, `scripted`, or the provider's own model name."""
    usage: Usage = field(default_factory=Usage)
    latency_s: float = 0.0
    raw: str = ""
    """The reply's text as it came; empty where there is none."""
    searched: bool = False
    """Whether the web was searched for it."""
    sources: tuple[str, ...] = ()
    """Addresses that the provider says were looked at, in order, each once."""
    kept: str = ""
    """ISO date of the earlier run's search that this is the answer of; empty for one that was asked for now."""


class Model(Protocol):
    """Answers requests. Called by the engine from several threads."""

    @property
    def name(self) -> str:
        """Short name for tables, for example `playbook` or `openai:gpt-5`."""
        ...

    def answer(self, request: Request[R]) -> Answer[R]:
        """Answer `request`; retries, re-asks and limits have happened when this returns.

        Raises:
            ReplyInvalid: Answers came, none in the asked form.
            ProviderDown: The provider could not be reached or kept failing.
            ProviderRefused: No key, wrong key, no credit: no question would be answered.
            QuestionRefused: This question is refused for its content or its length.
            BudgetSpent: The request would pass the cap; it was not sent.
        """
        ...
