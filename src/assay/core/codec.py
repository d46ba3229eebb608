"""Frozen records to JSON values and back, by their type hints.

Covers what the records of this package are made of: dataclasses, enums, paths, decimals, tuples, mappings,
optionals and JSON's own types. Anything else is a programming error and says so when the record's class is first used.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_JSON_TYPES = (str, int, bool, type(None))
_PLAIN = frozenset((*_JSON_TYPES, float))


def encode(value: Any) -> Any:
    """Return `value` as JSON values. Fields that equal their default are left out of records.

    Raises:
        TypeError: `value` holds something this codec does not know.
    """
    cls = type(value)
    if cls in _PLAIN:
        return value
    if cls is tuple or cls is list:
        return [encode(item) for item in value]
    if dataclasses.is_dataclass(cls):
        return _encoded(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (*_JSON_TYPES, float)):
        return value
    if isinstance(value, (Decimal, Path)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    raise TypeError(f"cannot encode {type(value).__name__}")


def decode(cls: type[T], value: Any) -> T:
    """Return the record of type `cls` that `encode` made `value` from. Unknown keys are ignored.

    Raises:
        TypeError, ValueError, KeyError: `value` does not have the shape of `cls`.
    """
    hint: Any = cls
    result: T = _decoder(hint)(value)
    return result


def _encoded(record: Any) -> dict[str, Any]:
    encoded = {}
    cls: Any = type(record)
    for name, default in _defaults(cls):
        value = getattr(record, name)
        if value is not default and value != (default() if isinstance(default, _Made) else default):
            encoded[name] = encode(value)
    return encoded


class _Made:
    """A default that is made anew each time."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __call__(self) -> Any:
        return self._make()


@cache
def _defaults(cls: Any) -> tuple[tuple[str, Any], ...]:
    """Return each field of a record with its default; `MISSING`, which nothing equals, where it has none."""
    missing = dataclasses.MISSING
    return tuple(
        (f.name, f.default if f.default_factory is missing else _Made(f.default_factory))
        for f in dataclasses.fields(cls)
    )


@lru_cache(maxsize=256)
def _decoder(hint: Any) -> Callable[[Any], Any]:
    origin = typing.get_origin(hint)
    if hint is float:
        return float
    if hint is Any or hint in _JSON_TYPES:
        return _identity
    if origin in (typing.Union, types.UnionType):
        return _optional(hint)
    if origin is typing.Literal:
        return _one_of(typing.get_args(hint))
    if origin is tuple:
        return _tuple(typing.get_args(hint))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        item = _decoder(typing.get_args(hint)[1])
        return lambda value: {key: item(entry) for key, entry in value.items()}
    if isinstance(hint, type) and issubclass(hint, (Enum, Decimal, Path)):
        return hint
    if dataclasses.is_dataclass(hint):
        return _record(hint)
    raise TypeError(f"cannot decode {hint!r}")


def _identity(value: Any) -> Any:
    return value


def _one_of(values: tuple[Any, ...]) -> Callable[[Any], Any]:
    def decode_one(value: Any) -> Any:
        if value not in values:
            raise ValueError(f"{value!r} is none of {', '.join(map(repr, values))}")
        return value

    return decode_one


def _optional(hint: Any) -> Callable[[Any], Any]:
    members = [m for m in typing.get_args(hint) if m is not type(None)]
    if all(m in (str, int, float) for m in members):
        inner: Callable[[Any], Any] = float if members == [float] else _identity
    elif len(members) == 1:
        inner = _decoder(members[0])
    else:
        raise TypeError(f"cannot decode {hint!r}")
    return lambda value: None if value is None else inner(value)


def _tuple(args: tuple[Any, ...]) -> Callable[[Any], Any]:
    if len(args) == 2 and args[1] is Ellipsis:
        item = _decoder(args[0])
        return lambda value: tuple(item(entry) for entry in value)
    items = [_decoder(arg) for arg in args]
    return lambda value: tuple(d(entry) for d, entry in zip(items, value, strict=True))


def _record(cls: Any) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(cls)
    decoders: dict[str, Callable[[Any], Any]] = {f.name: _decoder(hints[f.name]) for f in dataclasses.fields(cls)}

    def build(value: Any) -> Any:
        known = {name: decoders[name](item) for name, item in value.items() if name in decoders}
        return cls(**known)

    return _filled(cls, decoders) if _is_plain(cls) else build


def _is_plain(cls: Any) -> bool:
    """Return whether a record's fields are all there is to making one."""
    return (
        not hasattr(cls, "__post_init__")
        and not hasattr(cls, "__slots__")
        and all(f.init for f in dataclasses.fields(cls))
    )


def _filled(cls: Any, decoders: Mapping[str, Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """Return what makes a plain record without `__init__`, which a frozen one pays for field by field."""
    fields = dataclasses.fields(cls)
    missing = dataclasses.MISSING
    fixed = {f.name: f.default for f in fields if f.default is not missing}
    made = [(f.name, f.default_factory) for f in fields if f.default_factory is not missing]
    names = frozenset(decoders)
    needed = names - fixed.keys() - {name for name, _ in made}
    changing = [(name, decoder) for name, decoder in decoders.items() if decoder is not _identity]

    def build(value: Any) -> Any:
        given = value.keys()
        if not needed <= given:
            raise TypeError(f"{cls.__name__} lacks {', '.join(sorted(needed - given))}")
        record = object.__new__(cls)
        fields_of = record.__dict__
        fields_of.update(fixed)
        for name, make in made:
            if name not in value:
                fields_of[name] = make()
        fields_of.update(value if given <= names else {name: value[name] for name in given & names})
        for name, decoder in changing:
            if name in value:
                fields_of[name] = decoder(value[name])
        return record

    return build
