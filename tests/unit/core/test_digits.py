from __future__ import annotations

import pytest

from assay.core.digits import fixed, magnitude, score_decimals
from assay.core.plain import plain


@pytest.mark.parametrize(
    ("values", "decimals"),
    [([612.5, 590.0], 0), ([40_936.2, 40_936.9], 0), ([61.25], 1), ([0.0], 2), ([1e-30, 2e-30], 10), ([0.0, 0.0], 2)],
)
def test_large_scores_have_no_decimals_and_small_ones_no_more_than_ten(values: list[float], decimals: int) -> None:
    assert score_decimals(values) == decimals


@pytest.mark.parametrize(
    ("value", "decimals", "sign", "text"),
    [
        (1234.5, 1, False, "1,234.5"),
        (0.25, 1, True, "+0.2"),
        (-0.25, 2, True, "-0.25"),
        (-0.004, 2, False, "0.00"),
        (0.004, 2, True, "0.00"),
        (-0.0, 0, True, "0"),
    ],
)
def test_what_rounds_to_nothing_has_no_sign(value: float, decimals: int, sign: bool, text: str) -> None:
    assert fixed(value, decimals, sign=sign) == text


def test_the_power_of_ten_of_the_first_digit() -> None:
    assert [magnitude(value) for value in (0.0, 1.0, 9.9, -10.0, 0.05)] == [0, 0, 0, 1, -2]


def test_five_digits_are_written_unless_told_otherwise() -> None:
    assert (plain(0.1234567), plain(0.1234567, 3)) == ("0.12346", "0.123")
