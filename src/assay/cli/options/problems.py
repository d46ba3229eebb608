"""Problems: what is wrong with typed options, gathered so that all of it is told at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from assay.core.errors import UsageError

T = TypeVar("T")


class Problems:
    """Collects what is wrong with options."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def read(self, flag: str, value: str | None, parse: Callable[[str], T], default: T) -> T:
        """Return `parse(value)`, or `default` when the flag was not given or is wrong."""
        if value is None:
            return default
        try:
            return parse(value.strip())
        except ValueError as error:
            self.add(f"{flag} {value!r}: {error}")
            return default

    def add(self, problem: str) -> None:
        """Note one more."""
        self._found.append(problem)

    def raise_any(self, command: str) -> None:
        """Raise one error that names every problem.

        Raises:
            UsageError: Something is wrong (E002).
        """
        if self._found:
            head = "" if len(self._found) == 1 else f"{len(self._found)} options cannot be used:\n  "
            raise UsageError("E002", head + "\n  ".join(self._found), fix=f"assay {command} --help")
