"""A model that has some roles answered by another one first."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from assay.core.errors import ReplyInvalid
from assay.models.base import Answer, Model, R, Request


class RoutedModel:
    """Answers through `model`, but asks `first[role]` before it for the roles named there.

    Baselines come from the playbook whoever answers the rest, so that they cost nothing and mean the same in every
    report.

    Args:
        model: Answers everything that nobody else does.
        first: Role to who is asked first; one that has no answer leaves the question to `model`.
    """

    def __init__(self, model: Model, first: Mapping[str, Model]) -> None:
        self._model = model
        self._first = dict(first)

    @property
    def name(self) -> str:
        """Name of the model that answers most."""
        return self._model.name

    def answer(self, request: Request[R]) -> Answer[R]:
        """Answer `request`; raises what `model` raises."""
        other = self._first.get(request.role)
        if other is not None:
            with contextlib.suppress(ReplyInvalid):
                return other.answer(request)
        return self._model.answer(request)
