"""Typical: inputs of a role as they look in the middle of a run, made up to measure how long its prompt gets."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from assay.core.profile import DataProfile
from assay.core.task import Task
from assay.models.roles import Brief, Fenced, Inputs, Machine, TrialSummary

_LINE = "features = train.drop(columns=[target]).assign(total=train.sum(axis=1, numeric_only=True))\n"
_SENTENCE = "Replace the mean of the group by one that is fitted inside the fold and shrunk towards the whole. "
_SCRIPTS = ("code", "block", "example")
"""Names of fields that hold Python."""


@dataclass(frozen=True, kw_only=True)
class Fullness:
    """How far a run has come, and how much its authors write."""

    trials: int
    """Rows of the table of earlier trials."""
    script: int
    """Characters of a script."""
    prose: int
    """Characters of a plan, an error or a summary."""
    items: int
    """Entries of every other list."""


SPARSE = Fullness(trials=2, script=1_500, prose=200, items=1)
"""Early in a run, with the scripts and plans of a terse author: the shortest of tests/recordings on 2026-11-21."""
FULL = Fullness(trials=40, script=8_000, prose=500, items=3)
"""Late in a run, when the table of trials is at its longest, with scripts five times as long. Assumed, not measured."""


def typical_brief(task: Task, profile: DataProfile, machine: Machine, fullness: Fullness) -> Brief:
    """Return what every role of a run on `task` is told."""
    rows = tuple(_row(number, fullness) for number in range(fullness.trials))
    return Brief(
        task=task,
        profile=profile,
        machine=machine,
        history=rows,
        best=0 if rows else None,
        noise=0.001,
        remaining_s=600.0,
    )


def typical_inputs(inputs: type[Inputs], brief: Brief, fullness: Fullness) -> Inputs:
    """Return inputs of this type with every field filled.

    Raises:
        TypeError: A field is of a kind that nothing can be made up for.
        ValueError: The type refuses what was made up.
    """
    made: Inputs = _Maker(brief, fullness).record(inputs)
    return made


class _Maker:
    def __init__(self, brief: Brief, fullness: Fullness) -> None:
        self._brief = brief
        self._fullness = fullness

    def record(self, kind: type[Any]) -> Any:
        """Return a record with every field filled."""
        fields: dict[str, FieldInfo] = kind.model_fields
        return kind(**{name: self._field(name, field) for name, field in fields.items()})

    def _field(self, name: str, field: FieldInfo) -> Any:
        python = name in _SCRIPTS or any(isinstance(mark, Fenced) for mark in field.metadata)
        return _fitted(self._value(field.annotation, python=python), field.metadata)

    def _value(self, hint: Any, *, python: bool = False) -> Any:
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if origin is typing.Annotated:
            marks = [mark for one in args[1:] for mark in (one.metadata if isinstance(one, FieldInfo) else [one])]
            value = self._value(args[0], python=python or any(isinstance(mark, Fenced) for mark in marks))
            return _fitted(value, marks)
        if origin in (typing.Union, types.UnionType):
            return self._value(next(arg for arg in args if arg is not type(None)), python=python)
        if origin is Literal:
            return args[0]
        if origin is tuple and args[-1] is not Ellipsis:
            return tuple(self._value(arg) for arg in args)
        if origin is tuple:
            return tuple(self._value(args[0], python=python) for _ in range(self._fullness.items))
        if origin is dict or hint is dict:
            return {}
        if hint is str:
            full = self._fullness
            return _long(_LINE, full.script) if python else _long(_SENTENCE, full.prose)
        return self._made(hint)

    def _made(self, hint: Any) -> Any:
        if hint in (int, float, bool):
            return hint(1)
        if hint is Brief:
            return self._brief
        if hint is TrialSummary:
            return _row(1, self._fullness)
        if isinstance(hint, type) and issubclass(hint, BaseModel):
            return self.record(hint)
        if isinstance(hint, type) and dataclasses.is_dataclass(hint):
            types_of = typing.get_type_hints(hint)
            return hint(**{field.name: self._value(types_of[field.name]) for field in dataclasses.fields(hint)})
        raise TypeError(f"no typical value of {hint!r}")


def _fitted(value: Any, marks: Sequence[Any]) -> Any:
    """Return what a field that is marked so takes of a text or a list, or a number that it takes."""
    for mark in marks:
        most, least = getattr(mark, "max_length", None), getattr(mark, "ge", None)
        value = value if most is None else value[:most]
        value = value if least is None else max(value, least)
    return value


def _row(number: int, fullness: Fullness) -> TrialSummary:
    return TrialSummary(
        number=number,
        title=_long(_SENTENCE, 50),
        operator="improve",
        plan=_long(_SENTENCE, fullness.prose),
        parents=(0,),
        state="complete",
        score=0.123456,
        std_error=0.001234,
        folds=5,
        verdict="noise",
        wall_s=12.3,
    )


def _long(text: str, characters: int) -> str:
    """Return `text` over and over, whole each time, in about so many characters."""
    if characters < len(text):
        return text[:characters]
    return text * (characters // len(text))
