from __future__ import annotations

import pytest

from assay.data.metric_names import METRICS
from assay.grading.reported import reported_mismatch, reported_score


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Final Validation Performance: 0.91", 0.91),
        ("loading\nFinal Validation Performance: 0.91\ndone\n", 0.91),
        ("score: 0.5\nscore: 0.6\nsome 0.7", 0.6),
        ("score: 91.2%", 0.912),
        ("Score = 1.2e-3.", 0.0012),
        ("score: -0.5 (lower is better)", -0.5),
        ("CV score (rmse, lower is better): 12,345.6", 12345.6),
        ("Mean OOF score [accuracy] = +.85", 0.85),
        ("validation score is 3", 3.0),
        ("final score: 1E5", 1e5),
        ("score: 0.9\nscore: nan", None),
        ("score: inf", None),
        ("score: none", None),
        ("underscore: 5", None),
        ("scores: [1, 2]", None),
        ("", None),
    ],
)
def test_the_last_stated_score_is_read(text: str, value: float | None) -> None:
    assert reported_score(text) == (None if value is None else pytest.approx(value))


@pytest.mark.parametrize(
    ("name", "reported", "graded", "error", "flagged"),
    [
        ("roc_auc", 0.99, 0.55, None, True),
        ("roc_auc", 0.56, 0.55, None, False),
        ("roc_auc", 0.40, 0.55, None, False),
        ("roc_auc", 0.60, 0.55, 0.02, False),
        ("roc_auc", 0.62, 0.55, 0.02, True),
        ("rmse", 1.0, 5.0, None, True),
        ("rmse", 9.0, 5.0, None, False),
        ("rmse", 4.95, 5.0, None, False),
        ("roc_auc", 99.0, 0.95, None, True),
        ("rmse", None, 5.0, None, False),
        ("rmse", 1.0, None, None, False),
        ("rmse", float("nan"), 1.0, None, False),
    ],
)
def test_only_a_claim_that_is_too_good_is_flagged(
    name: str, reported: float | None, graded: float | None, error: float | None, flagged: bool
) -> None:
    told = reported_mismatch(reported, graded, METRICS[name], error)
    assert (told is not None) is flagged
    if told:
        assert f"{reported:.6g}" in told
        assert f"{graded:.6g}" in told


def test_words_without_a_score_take_no_time() -> None:
    assert reported_score("cv " * 60_000) is None
