"""Answers that a test wrote beforehand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from assay.core.errors import ModelError
from assay.core.usage import Usage
from assay.models.base import Answer, Request

R = TypeVar("R", bound=BaseModel)

Scripted = BaseModel | Mapping[str, Any] | Exception
"""A reply, the fields of one, or an error to be raised."""


class ScriptedModel:
    """Answers from a list, in order, or from a function; keeps the requests it got.

    Args:
        answers: Replies in order, or a function from a request to its reply. Thread-safe as a list.
        usage: What every answer is said to have taken.
        name: Who answered.
    """

    def __init__(
        self,
        answers: Iterable[Scripted] | Callable[[Request[Any]], Scripted],
        *,
        usage: Usage | None = None,
        name: str = "scripted",
    ) -> None:
        self._function = answers if callable(answers) else None
        self._left = iter(()) if callable(answers) else iter(answers)
        self._usage = usage or Usage()
        self._name = name
        self._lock = threading.Lock()
        self.requests: list[Request[Any]] = []
        """Every request so far, oldest first."""

    @property
    def name(self) -> str:
        """Short name for tables."""
        return self._name

    def answer(self, request: Request[R]) -> Answer[R]:
        """Return the next answer.

        Raises:
            ModelError: The list is used up.
            pydantic.ValidationError: The scripted fields do not make a reply of the asked type.
        """
        with self._lock:
            self.requests.append(request)
            number = len(self.requests)
            scripted = None if self._function else next(self._left, None)
        if self._function:
            scripted = self._function(request)
        if scripted is None:
            raise ModelError("E305", f"no scripted answer is left for request {number}, role {request.role!r}")
        if isinstance(scripted, Exception):
            raise scripted
        fields = scripted.model_dump() if isinstance(scripted, BaseModel) else dict(scripted)
        reply = scripted if isinstance(scripted, request.reply_type) else request.reply_type.model_validate(fields)
        return Answer(reply=reply, model=self._name, usage=self._usage)
