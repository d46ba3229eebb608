"""Language models of the providers, through pydantic-ai, which is imported when the first request is made."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from assay.core.errors import MachineError, ModelError, ProviderDown, ProviderRefused, QuestionRefused, ReplyInvalid
from assay.core.prices import Prices
from assay.core.usage import Usage
from assay.models.base import Message
from assay.models.completion import Completer, Completion, Finish, Layer, Prompt, SearchRefused, Unreachable
from assay.models.endpoint import Endpoint, resolve
from assay.models.language import DEFAULT_OUTPUT_TOKENS, LanguageModel
from assay.models.retry import ATTEMPTS, RetryingCompleter
from assay.models.scrub import Scrubber
from assay.models.searching import REFUSED_STATUSES, fee_usd, looked_at, offered

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import Model as ProviderModel

_LONGEST_REPLY = 1_000_000
_CHARACTERS_PER_TOKEN = 4
_EXTRAS = {"openai": "llm", "anthropic": "anthropic", "google": "google"}
_SAY_SOURCES = {"openai_include_web_search_sources": True}
_NO_KEY = "none"
"""What is sent where no key is needed: the client insists on one."""
_FINISH = {"length": Finish.LENGTH, "content_filter": Finish.REFUSED}


def open_model(
    spec: str,
    *,
    base_url: str | None = None,
    timeout_s: float = 300.0,
    max_output_tokens: int = DEFAULT_OUTPUT_TOKENS,
    attempts: int = ATTEMPTS,
    prices: Prices | None = None,
    environ: Mapping[str, str] | None = None,
    layers: Sequence[Layer] = (),
    sleep: Callable[[float], None] = time.sleep,
) -> LanguageModel:
    """Return a language model, ready to ask; nothing is imported or sent yet.

    Args:
        spec: `openai:NAME`, `anthropic:NAME`, `google:NAME` or `ollama:NAME`.
        base_url: Address of an OpenAI-compatible server, or of a gateway; from the environment if None.
        timeout_s: Longest silence of the provider, in seconds; a whole reply may take four times as long.
        max_output_tokens: Bound of one reply.
        attempts: Calls in all when the provider is overloaded or cannot be reached.
        prices: What the model's tokens cost; None means unknown.
        environ: Variables to read addresses and keys from; the process's own if None.
        layers: Put around every single call, the innermost first; retries and re-asks go through them anew.
        sleep: Waits between attempts.

    Raises:
        UsageError: The spec or the address cannot be meant.
    """
    endpoint = resolve(spec, base_url=base_url, environ=os.environ if environ is None else environ)
    completer: Completer = ProviderCompleter(endpoint, timeout_s=timeout_s, prices=prices)
    for layer in layers:
        completer = layer(completer)
    retrying = RetryingCompleter(completer, attempts=attempts, sleep=sleep)
    return LanguageModel(retrying, max_output_tokens=max_output_tokens, search=endpoint.search)


class ProviderCompleter:
    """Sends one prompt to a provider, once. The reply is streamed, so that silence and excess are noticed early.

    Args:
        endpoint: Where to.
        timeout_s: Longest silence, in seconds.
        total_s: Longest duration of one call; four times `timeout_s` if None.
        longest_reply: Characters at which reading stops.
        prices: What tokens cost; None means unknown.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        timeout_s: float = 300.0,
        total_s: float | None = None,
        longest_reply: int = _LONGEST_REPLY,
        prices: Prices | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._total_s = 4 * timeout_s if total_s is None else total_s
        self._longest_reply = longest_reply
        self._prices = prices or Prices()
        self._scrubber = Scrubber(endpoint.environ)

    @property
    def name(self) -> str:
        """The endpoint's name, for example `openai:gpt-5`."""
        return self._endpoint.name

    def price(self, input_tokens: int, output_tokens: int) -> Decimal | None:
        """Return what a call of this size costs in US dollars; None when the price is unknown."""
        return self._prices.of(input_tokens, output_tokens)

    def complete(self, prompt: Prompt) -> Completion:
        """Send `prompt`; see `Completer.complete` for what it raises, and MachineError if the extra is missing."""
        key = self._endpoint.key()
        try:
            from pydantic_ai.exceptions import AgentRunError, UserError
        except ImportError as error:
            raise _missing_extra(self._endpoint, error) from error
        received = _Received(search=prompt.search)
        try:
            return asyncio.run(self._stream(prompt, key, received))
        except (AgentRunError, UserError) as error:
            told = self._translate(error, search=received.search)
            if received.begun is not None:
                # What broke off after it began is paid for: the prompt in full, the reply as far as it came.
                told.usage = self._usage(received.begun(), prompt, received.size)
            raise told from error

    async def _stream(self, prompt: Prompt, key: str | None, received: _Received) -> Completion:
        from pydantic_ai.direct import model_request_stream
        from pydantic_ai.settings import ModelSettings

        settings = ModelSettings(
            max_tokens=prompt.max_output_tokens,
            timeout=self._timeout_s,
            request_timeout=self._total_s,
            max_retries=0,
            cache={"messages": False},
        )
        offer = offered(self._endpoint.provider) if received.search else None
        if received.search:
            settings = {**settings, **_SAY_SOURCES}  # type: ignore[typeddict-item]
        # A client belongs to one event loop, so each call has its own; its cost vanishes beside the reply's.
        async with _connect(self._endpoint, key, search=received.search) as model:
            history = _history(prompt.messages)
            async with model_request_stream(
                model, history, model_settings=settings, model_request_parameters=offer
            ) as stream:
                received.begun = stream.get
                async for event in stream:
                    received.size += _size(event)
                    if received.size > self._longest_reply:
                        raise self._too_long(stream.get(), prompt, received.size)
            return self._completion(stream.get(), prompt, received.size)

    def _completion(self, response: ModelResponse, prompt: Prompt, size: int) -> Completion:
        details, looked = response.provider_details or {}, looked_at(response)
        finish = _FINISH.get(response.finish_reason or "", Finish.STOP)
        if self._endpoint.dialect == "openai" and finish is Finish.STOP and not details.get("finish_reason"):
            finish = Finish.CUT
        # A key that is said back would go into the journal with the reply.
        text = self._scrubber.scrub(response.text or str(details.get("refusal") or ""))
        return Completion(
            text=text,
            model=f"{self._endpoint.provider}:{response.model_name or self._endpoint.model}",
            finish=finish,
            usage=self._usage(response, prompt, size),
            thinking=self._scrubber.scrub(response.thinking or ""),
            searched=looked.searches > 0,
            sources=tuple(map(self._scrubber.scrub, looked.sources)),
        )

    def _usage(self, response: ModelResponse, prompt: Prompt, size: int) -> Usage:
        used = response.usage
        # A server that does not count, or had no time to, must not get past a cap on tokens.
        tokens_in = used.input_tokens or prompt.characters // _CHARACTERS_PER_TOKEN
        tokens_out = used.output_tokens
        if used.input_tokens == 0 or response.finish_reason is None:
            tokens_out = max(tokens_out, size // _CHARACTERS_PER_TOKEN)
        cached, written = used.cache_read_tokens, used.cache_write_tokens
        cost = self._prices.of(tokens_in, tokens_out, cached_tokens=cached, cache_write_tokens=written)
        # Tokens that are free are those of a machine of one's own.
        fee = fee_usd(self._endpoint.provider, looked_at(response).searches) if cost else Decimal(0)
        return Usage(
            requests=1,
            input_tokens=tokens_in,
            cached_tokens=cached,
            output_tokens=tokens_out,
            reasoning_tokens=used.output_reasoning_tokens,
            cost_usd=None if cost is None else cost + fee,
        )

    def _too_long(self, response: ModelResponse, prompt: Prompt, size: int) -> ReplyInvalid:
        text = response.text or ""
        error = ReplyInvalid(
            f"{self.name} sent a reply of more than {self._longest_reply:,} characters; reading was stopped",
            raw=self._scrubber.scrub(text[:10_000]),
        )
        error.usage = self._usage(response, prompt, size)
        return error

    def _translate(self, error: Exception, *, search: bool) -> ModelError:
        """Return our error for the library's: may it pass, is it down, or does it refuse?"""
        from pydantic_ai import exceptions as theirs

        said = self._scrubber.scrub(_words(error))
        where = f"{self.name} at {self._endpoint.address}"
        if isinstance(error, theirs.ModelRequestTimeout | theirs.ModelTimeoutError) and not _never_sent(error):
            return ProviderDown(f"{where} gave no answer within {self._timeout_s:g} s")
        if isinstance(error, theirs.ModelQuotaExceededError):
            return ProviderRefused(f"{where}: the account's quota or credit is used up: {said}", fix="assay resume")
        if isinstance(error, theirs.ModelContextWindowExceededError):
            return QuestionRefused(f"{where}: the prompt is longer than the model can read: {said}")
        if search and getattr(error, "status_code", None) in REFUSED_STATUSES:
            return SearchRefused(f"{where} refused this question with the search tool: {said}")
        if isinstance(error, theirs.ModelAuthenticationError):
            names = " or ".join(self._endpoint.keys)
            return ProviderRefused(f"{where} did not accept the key in {names}: {said}", fix=f"check {names}")
        # Most filters and some servers' limits of length come as a plain "bad request": the next one may be good.
        if isinstance(error, theirs.ContentFilterError) or getattr(error, "status_code", None) in (400, 413, 422):
            return QuestionRefused(f"{where} refused this question: {said}")
        if isinstance(error, theirs.ModelRequestRejectedError | theirs.UserError):
            return ProviderRefused(f"{where} refused the request: {said}")
        if isinstance(error, theirs.ModelAPIError):
            return Unreachable(f"{where}: {said}", retry_after_s=error.retry_after)
        return Unreachable(f"{where} sent no usable reply: {said}")


@dataclass
class _Received:
    """What has come of one call so far."""

    begun: Callable[[], ModelResponse] | None = None
    """Returns the reply as far as it is there; None until it begins."""
    size: int = 0
    """Characters, thoughts included."""
    search: bool = False
    """Whether the search tool is offered."""


def _connect(endpoint: Endpoint, key: str | None, *, search: bool) -> ProviderModel[Any]:
    try:
        if endpoint.dialect == "anthropic":
            from pydantic_ai.models.anthropic import AnthropicModel
            from pydantic_ai.providers.anthropic import AnthropicProvider

            return AnthropicModel(endpoint.model, provider=AnthropicProvider(api_key=key, base_url=endpoint.base_url))
        if endpoint.dialect == "google":
            from pydantic_ai.models.google import GoogleModel
            from pydantic_ai.providers.google import GoogleProvider

            return GoogleModel(endpoint.model, provider=GoogleProvider(api_key=key, base_url=endpoint.base_url))
        return _connect_openai(endpoint, key, search=search)
    except ImportError as error:
        raise _missing_extra(endpoint, error) from error


def _connect_openai(endpoint: Endpoint, key: str | None, *, search: bool) -> ProviderModel[Any]:
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    if search:
        # Chat completions have no search tool.
        own = OpenAIProvider(api_key=key or _NO_KEY, base_url=endpoint.base_url)
        return OpenAIResponsesModel(endpoint.model, provider=own)
    if endpoint.base_url is None:
        return OpenAIChatModel(endpoint.model, provider=OpenAIProvider(api_key=key))
    provider = OpenAICompatibleProvider(endpoint.provider, base_url=endpoint.base_url, api_key=key)
    return OpenAIChatModel(endpoint.model, provider=provider)


def _history(messages: tuple[Message, ...]) -> list[ModelMessage]:
    from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart, UserPromptPart

    # As instructions, which stay the same for a whole run, the system messages are what providers cache.
    system = "\n\n".join(m.content for m in messages if m.role == "system") or None
    history: list[ModelMessage] = []
    for message in messages:
        if message.role == "user":
            history.append(ModelRequest(parts=[UserPromptPart(content=message.content)], instructions=system))
        elif message.role == "assistant":
            history.append(ModelResponse(parts=[TextPart(content=message.content)]))
    return history


def _size(event: object) -> int:
    """Return the characters that a stream event brings."""
    delta = getattr(event, "delta", None)
    if delta is not None:
        return len(getattr(delta, "content_delta", None) or "")
    # Ends of parts repeat what their deltas brought.
    part = getattr(event, "part", None) if type(event).__name__ == "PartStartEvent" else None
    return len(getattr(part, "content", None) or "")


def _words(error: Exception) -> str:
    """Return what the provider said, without the wrapping around it."""
    body = getattr(error, "body", None)
    status = getattr(error, "status_code", None)
    inner = body.get("error", body) if isinstance(body, dict) else body
    message = inner.get("message", inner) if isinstance(inner, dict) else inner
    said = str(message or getattr(error, "message", "") or error).strip()
    return (f"status {status}, " if status else "") + said[:500]


def _never_sent(error: Exception) -> bool:
    """Whether the connection never came about, so that trying again is harmless and quick."""
    return getattr(error, "phase", None) in ("pool", "connect")


def _missing_extra(endpoint: Endpoint, error: ImportError) -> MachineError:
    extra = _EXTRAS[endpoint.dialect]
    return MachineError(
        "E560",
        f"{endpoint.name} needs the optional dependencies [{extra}], and {error.name or 'one of them'} is missing",
        fix=f"uv sync --extra {extra}",
    )
