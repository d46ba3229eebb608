"""Expect: a reply as the type that its role promises."""

from __future__ import annotations

from typing import TypeVar

from assay.models.roles import Reply

R = TypeVar("R", bound=Reply)


def expect(reply: Reply, kind: type[R]) -> R:
    """Return `reply`, known to be a `kind`.

    Raises:
        TypeError: It is another one: a role is wired to the wrong type.
    """
    if not isinstance(reply, kind):
        raise TypeError(f"expected {kind.__name__}, got {type(reply).__name__}")
    return reply
