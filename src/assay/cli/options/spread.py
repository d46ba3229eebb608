"""Spread: verbs that take whole records of options; typer itself knows single options only."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, fields, is_dataclass
from functools import wraps
from types import GenericAlias
from typing import Annotated, Any, get_args, get_origin, get_type_hints


class Picked:
    """Names the fields of a record that a verb has as options; the others keep their defaults.

    Args:
        *names: At least one.
    """

    def __init__(self, *names: str) -> None:
        self.names = names


def spread(verb: Callable[..., int]) -> Callable[..., int]:
    """Return `verb` as typer can read it: in the place of each record stand its fields, in their order.

    A record is a parameter of a dataclass whose fields are options (see `records`); `Annotated` with `Picked` it gives
    some of them only. A field that is a tuple is an option that may be given again.

    Raises:
        LookupError: A record has no field of a picked name.
    """
    hints = get_type_hints(verb, include_extras=True)
    records: dict[str, _Record] = {}
    options: list[inspect.Parameter] = []
    for parameter in inspect.signature(verb).parameters.values():
        record = _record_of(hints[parameter.name])
        if record is None:
            options.append(parameter.replace(kind=parameter.KEYWORD_ONLY, annotation=hints[parameter.name]))
        else:
            records[parameter.name] = record
            options += map(_option, record.fields)

    @wraps(verb)
    def called(**given: Any) -> int:
        taken = {name: record.taken_from(given) for name, record in records.items()}
        return verb(**given, **taken)

    called.__annotations__ = {option.name: option.annotation for option in options}
    vars(called)["__signature__"] = inspect.Signature(options)
    return called


@dataclass(frozen=True)
class _Record:
    """A parameter that is a record."""

    kind: Callable[..., Any]
    fields: tuple[Field[Any], ...]

    def taken_from(self, given: dict[str, Any]) -> Any:
        """Return the record of what was given; its values are taken out of there."""
        values: Mapping[str, Any] = {field.name: given.pop(field.name) for field in self.fields}
        return self.kind(
            **{
                field.name: tuple(values[field.name] or ()) if _many(field) else values[field.name]
                for field in self.fields
            }
        )


def _record_of(hint: Any) -> _Record | None:
    kind, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if not (isinstance(kind, type) and is_dataclass(kind)):
        return None
    known = {field.name: field for field in fields(kind)}
    picked = [name for mark in marks if isinstance(mark, Picked) for name in mark.names] or list(known)
    unknown = [name for name in picked if name not in known]
    if unknown:
        raise LookupError(f"{kind.__name__} has no {', '.join(unknown)}")
    return _Record(kind, tuple(field for name, field in known.items() if name in picked))


def _many(field: Field[Any]) -> bool:
    return get_origin(get_args(field.type)[0]) is tuple


def _option(field: Field[Any]) -> inspect.Parameter:
    """Return the parameter that typer reads for a field; of a tuple, a list that is None where nothing was given."""
    kind, option, default = *get_args(field.type), field.default
    if _many(field):
        kind, default = GenericAlias(list, get_args(kind)[:1]) | None, None
    return inspect.Parameter(
        field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, option]
    )
