"""Which provider, which model, at which address, with which key: resolved once, from a spec and the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from assay.core.errors import ProviderRefused, UsageError
from assay.models.scrub import scrub
from assay.models.searching import has_search

Dialect = Literal["openai", "anthropic", "google"]

_SECRET_NAME = re.compile(r"key|token|secret|passw|pwd|credential|auth|sig(nature)?$", re.IGNORECASE)
_OLLAMA = "http://localhost:11434/v1"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """Who can be asked by name, and which variables it goes by."""

    dialect: Dialect
    keys: tuple[str, ...]
    """Variables that may hold the key, first one first."""
    base_urls: tuple[str, ...]
    """Variables that may hold the address, first one first."""
    default_url: str | None = None
    """Where it is without any; None for the provider's own address."""
    key_needed: bool = True


PROVIDERS = {
    "openai": Provider(dialect="openai", keys=("OPENAI_API_KEY",), base_urls=("ASSAY_BASE_URL", "OPENAI_BASE_URL")),
    "anthropic": Provider(dialect="anthropic", keys=("ANTHROPIC_API_KEY",), base_urls=("ANTHROPIC_BASE_URL",)),
    "google": Provider(
        dialect="google", keys=("GOOGLE_API_KEY", "GEMINI_API_KEY"), base_urls=("GOOGLE_GEMINI_BASE_URL",)
    ),
    "ollama": Provider(
        dialect="openai",
        keys=("OLLAMA_API_KEY",),
        base_urls=("OLLAMA_BASE_URL",),
        default_url=_OLLAMA,
        key_needed=False,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where requests go. Holds no key: that is read when a request is made."""

    provider: str
    """`openai`, `anthropic`, `google` or `ollama`."""
    dialect: Dialect
    model: str
    base_url: str | None = None
    """None for the provider's own address."""
    keys: tuple[str, ...] = ()
    """Variables that may hold the key, first one first."""
    key_needed: bool = True
    search: bool = False
    """Whether the provider's own search tool may be offered."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The spec that this endpoint was made from."""
        return f"{self.provider}:{self.model}"

    @property
    def address(self) -> str:
        """The address for people: without a user name, a password or a query."""
        if self.base_url is None:
            return f"{self.provider}'s own address"
        parts = urlsplit(self.base_url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

    def key(self) -> str | None:
        """Return the key from the environment; None where none is needed.

        Raises:
            ProviderRefused: There is none, and the provider needs one.
        """
        found = next((self.environ[name] for name in self.keys if self.environ.get(name)), None)
        if found is None and self.key_needed:
            names = " or ".join(self.keys)
            raise ProviderRefused(f"{self.name} needs a key and {names} is not set", fix=f"export {self.keys[0]}=...")
        return found


def require_no_secret(base_url: str | None) -> None:
    """Refuse an address that a person typed with a password or a key in it: it is written down with the run.

    Raises:
        UsageError: E061.
    """
    if base_url is None:
        return
    parts = urlsplit(base_url)
    held = [name for name, value in parse_qsl(parts.query) if _SECRET_NAME.search(name) or value != scrub(value, {})]
    what = "a user name or a password" if "@" in parts.netloc else f"the key {held[0]!r}" if held else ""
    if what:
        raise UsageError(
            "E061",
            f"the address at {parts.hostname!r} holds {what} and would be written down with the run; "
            "put the key into ASSAY_API_KEY, or the whole address into ASSAY_BASE_URL",
            fix="export ASSAY_BASE_URL=..., without --base-url",
        )


def resolve(spec: str, *, base_url: str | None = None, environ: Mapping[str, str]) -> Endpoint:
    """Return the endpoint that `spec` names.

    Args:
        spec: `PROVIDER:MODEL`, for example `openai:gpt-5` or `ollama:qwen3`.
        base_url: The address of an OpenAI-compatible server, for `openai:` the one in ASSAY_BASE_URL or
            OPENAI_BASE_URL if None.
        environ: The variables to read.

    Raises:
        UsageError: The provider is not known, the model is not named, the address is none, or it holds a secret; or
            ASSAY_WEB_SEARCH says neither on nor off.
    """
    name, _, model = spec.partition(":")
    provider = PROVIDERS.get(name)
    if provider is None or not model.strip():
        known = ", ".join(f"{p}:NAME" for p in PROVIDERS)
        raise UsageError(
            "E060", f"a model is named as one of {known}, cli:PROGRAM, not {spec!r}", fix="--model openai:gpt-5"
        )
    require_no_secret(base_url)
    from_environ = next((environ[v] for v in provider.base_urls if environ.get(v)), None)
    address = base_url or from_environ or provider.default_url
    if address is not None and urlsplit(address).scheme not in ("http", "https"):
        raise UsageError("E061", f"a base URL starts with http:// or https://, got {address!r}")
    own = address is None
    # Another server than OpenAI's may need no key; one meant for it alone goes first.
    keys = provider.keys if own or name != "openai" else ("ASSAY_API_KEY", *provider.keys)
    key_needed = provider.key_needed and (own or provider.dialect != "openai")
    return Endpoint(
        provider=name,
        dialect=provider.dialect,
        model=model.strip(),
        base_url=address,
        keys=keys,
        key_needed=key_needed,
        search=has_search(name, address, environ),
        environ=environ,
    )
