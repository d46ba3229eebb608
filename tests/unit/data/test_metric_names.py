"""Metric names as people write them."""

import pytest

from assay.core.errors import TaskError
from assay.core.metric import Direction, Needs
from assay.data.metric_names import ALIASES, METRICS, find, named, normalised


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("RMSE", "rmse"),
        ("ROC AUC", "roc_auc"),
        ("roc-auc", "roc_auc"),
        ("F1-score", "f1"),
        ("Quadratic Weighted Kappa", "quadratic_kappa"),
        ("Pearson's correlation", "pearson"),
        ("R\N{SUPERSCRIPT TWO}", "r2"),
        ("MCRMSLE", "rmsle_mean_columnwise"),
        ("log_loss", "log_loss"),
    ],
)
def test_a_metric_is_found_however_it_is_written(text: str, name: str) -> None:
    assert named(text).name == name


def test_map_at_k_carries_its_k() -> None:
    assert named("MAP@3").param("k", 0) == 3
    assert named("mean average precision at 12").param("k", 0) == 12


def test_every_alias_is_in_normal_form_and_leads_to_a_metric() -> None:
    for alias, name in ALIASES.items():
        assert normalised(alias) == alias
        assert find(alias) == METRICS[name]


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(TaskError, match=r"'rmsse'.*did you mean 'rmse'") as caught:
        named("rmsse")
    assert caught.value.code == "E106"


def test_losses_fall_and_gains_rise() -> None:
    lower = {name for name, metric in METRICS.items() if metric.direction is Direction.LOWER}
    errors = {"rmse", "rmsle", "rmse_mean_columnwise", "rmsle_mean_columnwise", "mae", "mape", "smape"}
    assert lower == errors | {"log_loss", "brier"}
    assert METRICS["roc_auc_ovr"].needs is Needs.CLASS_PROBABILITIES
