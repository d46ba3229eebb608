from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from assay.core.codec import decode, encode


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    number: float
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outer:
    colour: Colour
    inner: Inner
    cost: Decimal | None = None
    path: Path | None = None
    table: Mapping[str, Inner] = field(default_factory=dict)
    pair: tuple[int, str] = (0, "")
    anything: Any = None


FULL = Outer(
    Colour.RED,
    Inner(1.5, ("a", "b")),
    cost=Decimal("0.10"),
    path=Path("/x/y"),
    table={"k": Inner(2.0)},
    pair=(3, "c"),
    anything={"deep": [1, None]},
)


@pytest.mark.parametrize("record", [FULL, Outer(Colour.RED, Inner(0.0))])
def test_what_is_encoded_decodes_to_the_same_record(record: Outer) -> None:
    assert decode(Outer, encode(record)) == record


def test_defaults_are_left_out_and_unknown_keys_ignored() -> None:
    value = encode(Outer(Colour.RED, Inner(1.0)))
    assert value == {"colour": "red", "inner": {"number": 1.0}}
    assert decode(Inner, {"number": 1, "later": "field"}) == Inner(1.0)


def test_a_whole_number_becomes_the_float_that_the_record_declares() -> None:
    assert isinstance(decode(Inner, {"number": 1}).number, float)


def test_a_missing_field_is_an_error() -> None:
    with pytest.raises(TypeError):
        decode(Outer, {"colour": "red"})


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        encode({1, 2})
