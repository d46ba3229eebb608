"""The providers' own web search: who has it, how it is offered, and what a reply says was looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

_MOST_SEARCHES = 5
"""Searches of one question, where the provider lets itself be bounded: each is paid for."""
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


def looked_at(response: ModelResponse) -> tuple[bool, tuple[str, ...]]:
    """Return whether the web was searched for `response`, and the addresses that it names, each once."""
    searched = False
    found: dict[str, None] = {}
    for part in response.parts:
        if getattr(part, "tool_name", None) == TOOL:
            searched = True
            found.update(dict.fromkeys(_addresses(getattr(part, "content", None))))
    return searched, tuple(found)[:_MOST_SOURCES]


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
