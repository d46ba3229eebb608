"""Secrets masked in whatever is written down."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

MASK = "[secret]"

_SECRET_NAME = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|AUTH)(_|$|\d)", re.IGNORECASE)
_SHORTEST = 8
"""Shorter values are words as likely as secrets."""
# Bounded, or ended by what cannot be in them: a reply of a million characters must not take minutes to look through.
_SHAPES = (
    re.compile(r"\bsk-[A-Za-z0-9_-]{16,}"),
    re.compile(r"\b(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{20,}"),
    re.compile(r"\bgithub_pat_[A-Za-z0-9_]{20,}"),
    re.compile(r"\bglpat-[A-Za-z0-9_-]{16,}"),
    re.compile(r"\bhf_[A-Za-z0-9]{20,}"),
    re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    re.compile(r"\bAIza[0-9A-Za-z_-]{30,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,20000}\.[A-Za-z0-9_-]+"),
    re.compile(
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[^-]|-(?!----)){0,20000}-----END [A-Z ]{0,40}PRIVATE KEY-----"
    ),
)
_AFTER_WORD = (
    re.compile(r"(?i)\b((?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{16,}"),
    re.compile(r"(?i)(://[^/\s:@]*:)[^/\s@]+(?=@)"),
)


class Scrubber:
    """Masks the secrets of one environment and everything that is shaped like a known key.

    Args:
        environ: Variables whose names look like secrets; the process's own if None, read once, here.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        values = {v.strip() for name, v in environ.items() if _SECRET_NAME.search(name)}
        # Longest first: a secret that begins with another one is masked whole.
        known = sorted((v for v in values if len(v) >= _SHORTEST and not _is_path(v)), key=len, reverse=True)
        self._known = re.compile("|".join(re.escape(v) for v in known)) if known else None

    def scrub(self, text: str) -> str:
        """Return `text` with every secret replaced by a mask."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for shape in _SHAPES:
            text = shape.sub(MASK, text)
        for shape in _AFTER_WORD:
            text = shape.sub(rf"\1{MASK}", text)
        return text

    def scrub_json(self, value: Any) -> Any:
        """Return JSON `value` with every string in it scrubbed, before escapes can hide a secret."""
        if isinstance(value, str):
            return self.scrub(value)
        if isinstance(value, Mapping):
            return {self.scrub(str(key)): self.scrub_json(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.scrub_json(item) for item in value]
        return value


def scrub(text: str, environ: Mapping[str, str] | None = None) -> str:
    """Return `text` with every secret of the environment, and every known key shape, masked."""
    return Scrubber(environ).scrub(text)


def _is_path(value: str) -> bool:
    """Variables such as SSH_AUTH_SOCK name a place, not a secret."""
    return value.startswith(("/", "./", "~/"))
