"""A model that has some roles answered by another one, first or in its place."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from assay.core.errors import ReplyInvalid
from assay.models.base import Answer, Model, R, Request


class RoutedModel:
    """Answers through `model`, but asks `first[role]` before it, or `instead[role]` in its place, where there is one.

    Baselines come from the playbook whoever answers the rest, so that they cost nothing and mean the same in every
    report.

    Args:
        model: Answers everything that nobody else does.
        first: Role to who is asked first; one that has no answer leaves the question to who answers it otherwise.
        instead: Role to who answers it in the place of `model`, whatever comes of it.
    """

    def __init__(self, model: Model, first: Mapping[str, Model], instead: Mapping[str, Model] | None = None) -> None:
        self._model = model
        self._first = dict(first)
        self._instead = dict(instead or {})

    @property
    def name(self) -> str:
        """Name of the model that answers most."""
        return self._model.name

    def answer(self, request: Request[R]) -> Answer[R]:
        """Answer `request`; raises what whoever answers its role raises."""
        other = self._first.get(request.role)
        if other is not None:
            with contextlib.suppress(ReplyInvalid):
                return other.answer(request)
        return self._instead.get(request.role, self._model).answer(request)
