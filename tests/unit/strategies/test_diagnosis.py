from __future__ import annotations

import pytest

from assay.strategies.notebook.diagnosis import diagnose, words

BEFORE = {"pearson": 0.50, "mse": 1.00, "deg_rmse": 0.80}


@pytest.mark.parametrize(
    ("after", "pattern", "advice"),
    [
        ({"pearson": 0.55, "mse": 1.20, "deg_rmse": 0.80}, "scaling", "Keep the architecture"),
        ({"pearson": 0.45, "mse": 0.90, "deg_rmse": 0.80}, "mean-prediction", "looks at ranks"),
        ({"pearson": 0.55, "mse": 0.90, "deg_rmse": 0.95}, "changed-features", "weight the features"),
        ({"pearson": 0.55, "mse": 0.90, "deg_rmse": 0.70}, "stable", "no sign"),
        ({"pearson": 0.501, "mse": 1.001, "deg_rmse": 0.801}, "stable", "no sign"),
        ({"pearson": 0.55}, "stable", "no sign"),
    ],
)
def test_the_pattern_of_changes_gives_the_advice(after: dict[str, float], pattern: str, advice: str) -> None:
    found = diagnose(BEFORE, after)
    assert (found.pattern, advice in found.advice) == (pattern, True)
    assert f"pearson 0.5 -> {after['pearson']:.5g}" in words(BEFORE, after)


def test_the_same_holds_for_classification() -> None:
    assert diagnose({"roc_auc": 0.8, "log_loss": 0.4}, {"roc_auc": 0.85, "log_loss": 0.5}).pattern == "scaling"
    assert diagnose({"roc_auc": 0.8, "log_loss": 0.4}, {"roc_auc": 0.7, "log_loss": 0.3}).pattern == "mean-prediction"


def test_nothing_measured_is_said() -> None:
    assert words({}, {"mse": 1.0}) == "Nothing is measured beside the score itself."
