from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.codec import decode, encode


class Colour(StrEnum):
    RED = "red"


class Named(NamedTuple):
    number: int
    path: Path


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


@dataclass(frozen=True)
class Checked:
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("too small")


@dataclass(frozen=True, slots=True)
class Slotted:
    number: int


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
    later = decode(Inner, {"number": 1, "later": "field"})
    assert later == Inner(1.0)
    assert not hasattr(later, "later")


def test_a_whole_number_becomes_the_float_that_the_record_declares() -> None:
    assert isinstance(decode(Inner, {"number": 1}).number, float)


def test_a_missing_field_is_an_error() -> None:
    with pytest.raises(TypeError, match="Outer lacks inner"):
        decode(Outer, {"colour": "red"})
    with pytest.raises(TypeError, match="Outer lacks colour, inner"):
        decode(Outer, {"path": "x"})


def test_pairs_with_names_are_written_as_lists() -> None:
    assert encode(Named(1, Path("a/b"))) == [1, "a/b"]


def test_a_text_that_is_none_of_a_few_is_told_them() -> None:
    with pytest.raises(ValueError, match="'c' is none of 'a', 'b'"):
        decode(Literal["a", "b"], "c")  # type: ignore[arg-type]


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        encode({1, 2})
    for hint in (set[int], Inner | Outer, int | Inner, list):
        with pytest.raises(TypeError, match="cannot decode"):
            decode(hint, {})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("hint", "value", "wanted"),
    [
        (float | None, 1, 1.0),
        (float | None, None, None),
        (int | None, 1, 1),
        (str | float, 1, 1),
        (str | float, "a", "a"),
        (Inner | None, {"number": 2}, Inner(2.0)),
        (Path | None, None, None),
        (Literal["a", "b"], "b", "b"),
        (tuple[int, Decimal], [1, "0.5"], (1, Decimal("0.5"))),
        (tuple[Decimal, ...], [], ()),
        (tuple[Decimal, ...], ["1", "2", "3"], (Decimal(1), Decimal(2), Decimal(3))),
        (dict[str, float], {"a": 1}, {"a": 1.0}),
        (Any, {"a": [1]}, {"a": [1]}),
    ],
)
def test_each_kind_of_hint_gives_its_own_type(hint: Any, value: Any, wanted: Any) -> None:
    found = decode(hint, value)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Literal["a"], "b"),
        (tuple[int, int], [1]),
        (tuple[int, int], [1, 2, 3]),
        (Colour, "blue"),
        (Inner, {"names": []}),
    ],
)
def test_a_value_of_another_shape_is_an_error(hint: Any, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        decode(hint, value)


def test_a_record_that_checks_itself_is_made_by_its_own_constructor() -> None:
    assert decode(Checked, {"number": 2, "more": 1}) == Checked(2)
    with pytest.raises(ValueError, match="too small"):
        decode(Checked, {"number": -1})
    assert decode(Slotted, {"number": 2, "more": 1}) == Slotted(2)


def test_defaults_that_are_made_are_made_for_each_record() -> None:
    one, other = (decode(Outer, {"colour": "red", "inner": {"number": 1}}) for _ in range(2))
    assert one == other == Outer(Colour.RED, Inner(1.0))
    assert one.table is not other.table


@given(
    st.builds(
        Outer,
        colour=st.just(Colour.RED),
        inner=st.builds(Inner, st.floats(allow_nan=False), st.lists(st.text()).map(tuple)),
        cost=st.none() | st.decimals(allow_nan=False),
        path=st.none() | st.just(Path("a/b")),
        table=st.dictionaries(st.text(), st.builds(Inner, st.floats(allow_nan=False))),
        pair=st.tuples(st.integers(), st.text()),
        anything=st.none() | st.booleans() | st.lists(st.integers()),
    )
)
def test_every_record_survives_the_way_through_json(record: Outer) -> None:
    assert decode(Outer, json.loads(json.dumps(encode(record)))) == record
