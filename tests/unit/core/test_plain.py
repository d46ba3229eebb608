from __future__ import annotations

import pytest

from assay.core.plain import plain, plain_with_error


@pytest.mark.parametrize(
    ("value", "error", "told"),
    [
        (40_936.2, 550.3, "40,936 ± 550"),
        (0.871234, 0.00123, "0.87123 ± 0.0012"),
        (999.4, 99.0, "999.4 ± 99"),
        (-1_234_567.0, 12_345.0, "-1,234,567 ± 12,345"),
        (0.5, None, "0.5"),
        (0.0123456, None, "0.012346"),
        (9_999.0, None, "9999"),
        (10_000.0, None, "10,000"),
    ],
)
def test_a_value_and_its_error_are_written_in_full_whatever_their_size(
    value: float, error: float | None, told: str
) -> None:
    assert plain_with_error(value, error) == told


def test_a_gain_has_its_sign() -> None:
    assert plain_with_error(0.5, 0.25, 2, "+") == "+0.5 ± 0.25"
    assert (plain(0.1234, 2, "+"), plain(15_640.0, 3, "+"), plain(-0.5, 3, "+")) == ("+0.12", "+15,640", "-0.5")


def test_what_has_more_digits_than_are_asked_for_is_still_written_in_full() -> None:
    assert (plain(99.4, 2), plain(100.4, 2), plain(105.0, 2), plain(-120.0, 2)) == ("99", "100", "105", "-120")
