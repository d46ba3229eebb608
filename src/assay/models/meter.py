"""Tokens and money added up by role."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from pydantic import BaseModel

from assay.core.errors import ModelError
from assay.core.usage import Usage
from assay.models.base import Answer, Model, Request

R = TypeVar("R", bound=BaseModel)


class MeteredModel:
    """Counts what each role's questions took, failed ones included.

    Args:
        model: Answers.
        before: Totals to go on from, for a resumed run.
    """

    def __init__(self, model: Model, *, before: Mapping[str, Usage] | None = None) -> None:
        self._model = model
        self._by_role = dict(before or {})
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The inner model's name."""
        return self._model.name

    @property
    def by_role(self) -> Mapping[str, Usage]:
        """Totals so far; a snapshot."""
        with self._lock:
            return MappingProxyType(dict(self._by_role))

    @property
    def total(self) -> Usage:
        """The sum over all roles; its cost is None as soon as one request's price is unknown."""
        return sum(self.by_role.values(), Usage())

    def answer(self, request: Request[R]) -> Answer[R]:
        """Return the inner model's answer and count it."""
        try:
            answer = self._model.answer(request)
        except ModelError as error:
            self._count(request.role, error.usage)
            raise
        self._count(request.role, answer.usage)
        return answer

    def _count(self, role: str, usage: Usage) -> None:
        with self._lock:
            self._by_role[role] = self._by_role.get(role, Usage()) + usage
