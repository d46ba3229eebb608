from __future__ import annotations

import pytest

from assay.core.durations import duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("1h30m", 5_400),
        ("2d", 172_800),
        ("1d2h3m4s", 93_784),
        ("1.5 H", 5_400),
        ("0.5s", 0.5),
        ("0h5s", 5),
    ],
)
def test_a_length_of_time_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "unit_missing"), [("90", True), ("1.5", True), ("5 parsecs", False), ("1.2.3", False)]
)
def test_what_is_none_is_refused_and_a_missing_unit_is_told(text: str, unit_missing: bool) -> None:
    with pytest.raises(ValueError, match="no length of time") as caught:
        duration(text)
    assert (f"{text}s or {text}m" in str(caught.value)) is unit_missing


@pytest.mark.parametrize("text", ["", " ", "30m1h", "-5m", "m"])
def test_nothing_a_wrong_order_and_less_than_nothing_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no length of time"):
        duration(text)


def test_no_time_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="more than nothing"):
        duration("0h0m")
