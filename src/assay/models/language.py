"""A language model as a `Model`: typed question to prompt, text to typed reply, and a bounded number of re-asks."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from assay.core.clock import Clock, SystemClock
from assay.core.errors import BudgetSpent, ModelError, QuestionRefused, ReplyInvalid, Unwanted
from assay.core.usage import Usage
from assay.models.base import Answer, Message, Request
from assay.models.completion import Completer, Completion, Finish, Prompt, Purpose, SearchRefused
from assay.models.form import FormError, assemble, describe, has_scripts, json_names
from assay.models.replies import split_reply, without_thoughts

R = TypeVar("R", bound=BaseModel)

_logger = logging.getLogger(__name__)

DEFAULT_OUTPUT_TOKENS = 16_384
"""Room for a long script and its thoughts, and what most providers allow."""
_FORMAT_CHARACTERS = 8_000
_FORMATTER = (
    "You put the reply of a colleague into the form that was asked for. "
    "You change nothing of what it says, solve nothing and add nothing."
)


class LanguageModel:
    """Answers by asking a completer and reading its text.

    Args:
        completer: Sends one prompt; retries of failed calls are its own business.
        max_output_tokens: Bound of one reply, at least 1.
        re_asks: How often a reply out of form is asked for again, at least 0.
        search: Whether the completer has a search tool to offer, where a question allows it.
        clock: Measures the latency.
    """

    def __init__(
        self,
        completer: Completer,
        *,
        max_output_tokens: int = DEFAULT_OUTPUT_TOKENS,
        re_asks: int = 2,
        search: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._completer = completer
        self._max_output_tokens = max_output_tokens
        self._re_asks = re_asks
        self._search = search
        self._clock = clock or SystemClock()

    @property
    def name(self) -> str:
        """The completer's name."""
        return self._completer.name

    def answer(self, request: Request[R]) -> Answer[R]:
        """Answer `request`; see `Model.answer` for what it raises. The error's `usage` says what was spent."""
        started = self._clock.monotonic()
        talk = _Talk(self._completer, request, self._max_output_tokens, search=self._search and request.search)
        try:
            reply = talk.settle(self._re_asks)
        except ModelError as error:
            error.usage = talk.usage + error.usage
            raise
        return Answer(
            reply=reply,
            model=talk.model,
            usage=talk.usage,
            latency_s=self._clock.monotonic() - started,
            raw=talk.raw,
            searched=talk.searched,
            sources=tuple(talk.sources),
        )


class _Talk(Generic[R]):
    """One question with its re-asks. What was right in an earlier reply is kept: only the rest is asked for again."""

    def __init__(self, completer: Completer, request: Request[R], max_output_tokens: int, *, search: bool) -> None:
        self._completer = completer
        self._request = request
        self._form = describe(request.reply_type)
        self._names = json_names(request.reply_type)
        self._object: dict[str, Any] = {}
        self._code: tuple[str, ...] = ()
        self._formatted = False
        self._base = Prompt(
            role=request.role,
            key=request.key,
            messages=_with_form(request.messages, self._form),
            max_output_tokens=max_output_tokens,
            search=search,
            wanted=request.wanted,
        )
        self.usage = Usage()
        self.model = completer.name
        self.raw = ""
        self.searched = False
        self.sources: dict[str, None] = {}

    def settle(self, re_asks: int) -> R:
        """Ask until a reply is in form, at most `re_asks` times again."""
        prompt = self._base
        problems: list[str] = []
        for left in range(re_asks, -1, -1):
            completion = self._complete(prompt)
            try:
                return self._read(completion, prompt.purpose)
            except FormError as error:
                problems.append(str(error))
                if left and not prompt.wanted():
                    raise Unwanted(f"{self.model} was not asked again after a reply out of form: {error}") from error
                if left:
                    prompt = self._next(completion, error)
        told = "; then: ".join(problems)
        raise ReplyInvalid(
            f"{self.model} gave role {self._request.role!r} {len(problems)} replies and none in the asked form: {told}",
            raw=self.raw,
        )

    def _complete(self, prompt: Prompt) -> Completion:
        # What is mended or put into form has been found already.
        completion = self._call(replace(prompt, search=prompt.search and prompt.purpose is Purpose.ASK))
        self.usage += completion.usage
        self.searched = self.searched or completion.searched
        self.sources.update(dict.fromkeys(completion.sources))
        self.model = completion.model
        self.raw = completion.text
        if completion.finish is Finish.REFUSED:
            said = f": {completion.text.strip()[:200]!r}" if completion.text.strip() else ""
            raise QuestionRefused(f"{completion.model} refused to answer role {prompt.role!r}{said}")
        return completion

    def _call(self, prompt: Prompt) -> Completion:
        try:
            return self._completer.complete(prompt)
        except (SearchRefused, BudgetSpent) as error:
            # What a search may find counts in advance: without it, the question may still be within the cap.
            if not prompt.search:
                raise
            _logger.info("%s: asked again without the search tool: %s", self.model, error.message)
            self.usage += error.usage
            self._base = replace(self._base, search=False)
            return self._completer.complete(replace(prompt, search=False))

    def _read(self, completion: Completion, purpose: Purpose) -> R:
        parts = split_reply(completion.text, self._names)
        cut = completion.finish in (Finish.LENGTH, Finish.CUT)
        if cut and (parts.open_end or parts.repaired or (self._names and parts.object is None)):
            raise FormError("the reply was cut off before its end")
        if not without_thoughts(completion.text):
            raise FormError("the reply was empty")
        if purpose is Purpose.FORMAT and self._code:
            parts = replace(parts, code=self._code)
        known = {**self._object, **(parts.object or {})}
        parts = replace(parts, object=known or None, code=parts.code or self._code)
        try:
            return assemble(parts, self._request.reply_type)
        except FormError:
            self._object, self._code = known, parts.code
            raise

    def _next(self, completion: Completion, error: FormError) -> Prompt:
        said = without_thoughts(completion.text)
        if completion.finish is Finish.CUT:
            return self._base
        if completion.finish is Finish.LENGTH:
            limit = self._base.max_output_tokens
            return self._noted(f"Your last reply was cut off at {limit} tokens. Be brief; keep the code short.")
        if not said:
            return self._noted("Your last reply was empty.")
        if error.only_form and not self._formatted:
            self._formatted = True
            return self._format(said)
        wrong = f"That reply cannot be used: {error}.\nReply again, complete and in the asked form.\n\n{self._form}"
        again = (Message(role="assistant", content=said), Message(role="user", content=wrong))
        return replace(self._base, messages=(*self._base.messages, *again), purpose=Purpose.MEND)

    def _noted(self, note: str) -> Prompt:
        *before, last = self._base.messages
        last = replace(last, content=f"{last.content}\n\n{note}")
        return replace(self._base, messages=(*before, last), purpose=Purpose.MEND)

    def _format(self, said: str) -> Prompt:
        keeps_code = bool(self._code) and has_scripts(self._request.reply_type)
        form = describe(self._request.reply_type, scripts=not keeps_code)
        text = said if len(said) <= _FORMAT_CHARACTERS or not keeps_code else said[:_FORMAT_CHARACTERS] + "\n[...]"
        messages = (
            Message(role="system", content=_FORMATTER),
            Message(role="user", content=f"The reply:\n<reply>\n{text}\n</reply>\n\n{form}"),
        )
        return replace(self._base, messages=messages, purpose=Purpose.FORMAT)


def _with_form(messages: tuple[Message, ...], form: str) -> tuple[Message, ...]:
    """Append the form to the last message: it comes last so that the prompt's stable beginning stays cacheable."""
    *before, last = messages
    return (*before, replace(last, content=f"{last.content.rstrip()}\n\n{form}"))
