"""The providers' own web search: who has it, how it is offered, and what a reply says was looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from assay.core.errors import UsageError

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelResponse
    from pydantic_ai.models import ModelRequestParameters

SEARCH_VARIABLE = "ASSAY_WEB_SEARCH"
"""Variable that allows the search tool at an address of one's own (`on`), or forbids it anywhere (`off`)."""
TOOL = "web_search"
REFUSED_STATUSES = (400, 403, 404, 405, 415, 422, 501)
"""Statuses with which a provider may answer to a tool that it does not take."""
SEARCH_TOKENS = 40_000
"""What a question is taken to read of the pages it finds, for caps: providers state no bound."""

_MOST_SEARCHES = 5
"""Searches of one question, where the provider lets itself be bounded: each is paid for."""
_FEES_USD = {"openai": Decimal("0.01"), "anthropic": Decimal("0.01"), "google": Decimal("0.035")}
_MOST_SOURCES, _LONGEST_SOURCE = 40, 1_000
_OPENAI_HOST = "api.openai.com"


def has_search(provider: str, address: str | None, environ: Mapping[str, str]) -> bool:
    """Return whether the search tool is offered to models of `provider` at `address`.

    The dialects of Anthropic and Google carry the tool through a gateway. OpenAI's needs its Responses interface, which
    most compatible servers do not have, so that it is offered at another address only where a person says so.

    Args:
        provider: `openai`, `anthropic`, `google` or `ollama`.
        address: None for the provider's own.
        environ: Holds ASSAY_WEB_SEARCH, or not.

    Raises:
        UsageError: The variable is neither `on` nor `off` (E066).
    """
    said = environ.get(SEARCH_VARIABLE, "").strip().lower()
    if said not in ("", "on", "off"):
        raise UsageError("E066", f"{SEARCH_VARIABLE} is on or off, not {said!r}", fix=f"export {SEARCH_VARIABLE}=on")
    if said == "off" or provider == "ollama":
        return False
    own = address is None or urlsplit(address).hostname == _OPENAI_HOST
    return provider != "openai" or own or said == "on"


def offered(provider: str) -> ModelRequestParameters:
    """Return the parameters that offer the tool; a model that is known to lack it is asked without."""
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.native_tools import WebSearchTool

    # A bound that a provider does not know would take the tool away.
    most = _MOST_SEARCHES if provider == "anthropic" else None
    return ModelRequestParameters(native_tools=[WebSearchTool(max_uses=most, optional=True)])


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was searched for one reply."""

    searches: int
    sources: tuple[str, ...]
    """Addresses that were found, each once."""


def looked_at(response: ModelResponse) -> Looked:
    """Return what the provider says was searched for `response`."""
    searches = 0
    found: dict[str, None] = {}
    for part in response.parts:
        if getattr(part, "tool_name", None) != TOOL:
            continue
        if part.part_kind == "builtin-tool-call":
            # Google tells all of its searches as one.
            queries = (part.args if isinstance(part.args, dict) else {}).get("queries")
            searches += max(1, len(queries)) if isinstance(queries, list) else 1
        found.update(dict.fromkeys(_addresses(getattr(part, "content", None))))
    return Looked(searches=searches, sources=tuple(found)[:_MOST_SOURCES])


def fee_usd(provider: str, searches: int) -> Decimal:
    """Return what a provider takes for searches, beside tokens: its dearest list price of November 2026."""
    return searches * _FEES_USD.get(provider, Decimal(0))


def _addresses(value: Any) -> Iterator[str]:
    """Yield what stands under `url` or `uri`, however deep."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in ("url", "uri") and isinstance(item, str):
                if item.startswith(("http://", "https://")):
                    yield item[:_LONGEST_SOURCE]
            else:
                yield from _addresses(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _addresses(item)
