from __future__ import annotations

import math
from decimal import Decimal

import pytest

from assay.report.formatting import (
    format_bytes,
    format_count,
    format_duration,
    format_gain,
    format_money,
    format_percent,
    format_score,
    format_spread,
    score_decimals,
)


@pytest.mark.parametrize(
    ("values", "std_error", "expected"),
    [
        ([0.14211, 0.13361], None, 3),
        ([0.13361, 0.13342], None, 3),
        ([0.133612, 0.133648], None, 5),
        ([0.133612, 0.133648], 0.0041, 4),
        ([0.95, 0.94], 0.2, 2),
        ([52340.2, 51000.0], 812.0, 0),
        ([0.5, 0.5], None, 3),
        ([], None, 3),
        ([None, math.nan], None, 3),
        ([0.0, 0.0], None, 2),
    ],
)
def test_digits_grow_until_the_top_two_differ_or_noise_is_reached(
    values: list[float], std_error: float | None, expected: int
) -> None:
    assert score_decimals(values, std_error) == expected


def test_scores() -> None:
    assert format_score(0.13172, 0.0037, [0.13361]) == "0.132"
    assert format_score(0.13345, 0.0037, [0.13341]) == "0.1335"
    assert format_score(52340.4, 812.0) == "52,340"
    assert format_score(-0.25) == "\N{MINUS SIGN}0.250"
    assert format_score(-0.0001, decimals=2) == "0.00"
    assert format_score(None) == format_score(math.nan) == format_score(math.inf) == "\N{EN DASH}"
    assert format_spread(0.0041, decimals=4) == "± 0.0041"
    assert format_spread(None, decimals=4) == ""


def test_a_gain_is_positive_when_better_and_says_its_error() -> None:
    assert format_gain(0.0085, 0.0012) == "+0.0085 ± 0.0012"
    assert format_gain(-0.0085) == "\N{MINUS SIGN}0.0085"
    assert format_gain(0.00001, decimals=3) == "0.000"
    assert format_gain(0.0) == "0.000"
    assert format_gain(None) == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "\N{EN DASH}"),
        (math.nan, "\N{EN DASH}"),
        (0, "0s"),
        (0.14, "140ms"),
        (0.9999, "1s"),
        (3.14, "3.1s"),
        (9.96, "10s"),
        (59.6, "1m00s"),
        (100, "1m40s"),
        (3599.9, "1h00m"),
        (32700, "9h05m"),
        (183_600, "2d03h"),
    ],
)
def test_durations(seconds: float | None, expected: str) -> None:
    assert format_duration(seconds) == expected


def test_unknown_money_is_never_zero() -> None:
    assert format_money(Decimal("0.194")) == "$0.19"
    assert format_money(Decimal(0)) == "$0"
    assert format_money(Decimal("0.0042")) == "$0.0042"
    assert format_money(Decimal("0.000001")) == "< $0.0001"
    assert format_money(Decimal("1234.5")) == "$1,234.50"
    assert format_money(Decimal("0.19"), 3) == "≥ $0.19"
    assert format_money(None, 3) == format_money(Decimal(0), 3) == "unknown"
    assert format_money(None) == "\N{EN DASH}"


def test_sizes_counts_and_shares() -> None:
    assert [format_bytes(n) for n in (None, 0, 812, 999_999, 3_400_000, 11_200_000_000)] == [
        "\N{EN DASH}",
        "0 B",
        "812 B",
        "1.0 MB",
        "3.4 MB",
        "11 GB",
    ]
    assert format_count(1, "trial") == "1 trial"
    assert format_count(1200, "trial") == "1,200 trials"
    assert format_count(2, "query", "queries") == "2 queries"
    assert format_percent(0.0731) == "7.3\N{NO-BREAK SPACE}%"
    assert format_percent(None) == "\N{EN DASH}"
