"""What each row costs a prediction: near to the metric, and never without bound."""

from __future__ import annotations

import math

import numpy as np
import pytest

from assay.core.metric import Needs
from assay.data.metric_names import METRICS
from assay.grading.arrays import Pairs
from assay.grading.row_losses import RowLosses, row_losses


def of_numbers(metric: str, truth: list[float], predicted: list[float]) -> RowLosses:
    pairs = Pairs(
        needs=Needs.VALUES, rows=len(truth), truth=np.array(truth)[:, None], numbers=np.array(predicted)[:, None]
    )
    return row_losses(METRICS[metric], pairs)


def of_chances(metric: str, truth: list[int], chances: list[float]) -> RowLosses:
    pairs = Pairs(
        needs=Needs.PROBABILITY,
        rows=len(truth),
        codes=np.array(truth)[:, None],
        numbers=np.array(chances)[:, None],
        classes=("no", "yes"),
    )
    return row_losses(METRICS[metric], pairs)


@pytest.mark.parametrize(
    ("metric", "truth", "predicted", "measure", "rooted", "loss"),
    [
        ("mae", [1.0, 5.0], [3.0, 4.0], "mean absolute error", False, [2.0, 1.0]),
        ("r2", [1.0, 5.0], [3.0, 4.0], "root mean squared error", True, [4.0, 1.0]),
        ("rmsle", [0.0, 1.0], [1.0, 1.0], "root mean squared error of logarithms", True, [math.log(2) ** 2, 0.0]),
        ("rmsle", [-2.0, 1.0], [1.0, 1.0], "mean absolute error", False, [3.0, 0.0]),
        ("rmsle", [0.5, 1.0], [-1.0, 1.0], "mean absolute error", False, [1.5, 0.0]),
        ("rmsle", [0.0], [-0.5], "root mean squared error of logarithms", True, [math.log(2) ** 2]),
    ],
)
def test_errors_of_numbers_are_those_of_the_metric(
    metric: str, truth: list[float], predicted: list[float], measure: str, rooted: bool, loss: list[float]
) -> None:
    rows = of_numbers(metric, truth, predicted)
    assert (rows.measure, rows.rooted) == (measure, rooted)
    assert rows.loss == pytest.approx(loss)
    assert (np.sign(rows.error) == np.sign(np.subtract(predicted, truth))).all()


def test_a_row_is_ordered_wrongly_against_rows_of_the_other_class_and_ties_count_half() -> None:
    rows = of_chances("roc_auc", [1, 0, 0, 1], [0.5, 0.5, 0.2, 0.1])
    assert rows.measure == "share of pairs ordered wrongly"
    assert rows.loss.tolist() == [0.25, 0.75, 0.5, 1.0]
    assert rows.true == ("yes", "no", "no", "yes")


def test_rows_of_one_class_have_no_order_and_a_probability_costs_its_logarithm_up_to_a_bound() -> None:
    for metric, truth, chances in (("roc_auc", [1, 1], [0.5, 0.0]), ("log_loss", [1, 0], [0.5, 1.0])):
        rows = of_chances(metric, truth, chances)
        assert rows.measure == "log loss"
        assert rows.loss == pytest.approx([math.log(2), -math.log(1e-6)])


def test_probabilities_of_classes_count_as_shares_of_their_sum() -> None:
    numbers = np.array([[2.0, 6.0], [0.0, 0.0]])
    pairs = Pairs(
        needs=Needs.CLASS_PROBABILITIES, rows=2, codes=np.array([[0], [1]]), numbers=numbers, classes=("a", "b")
    )
    rows = row_losses(METRICS["log_loss"], pairs)
    assert rows.loss == pytest.approx([math.log(4), -math.log(1e-6)])
    assert (rows.given, rows.true) == (("b", "a"), ("a", "b"))


def test_of_rankings_the_first_label_counts() -> None:
    pairs = Pairs(
        needs=Needs.RANKED_LABELS,
        rows=3,
        ranked=(("a", "b"), ("b",), ()),
        relevant=(("a",), ("a", "b"), ("b",)),
        classes=("a", "b"),
    )
    rows = row_losses(METRICS["map_at_k"], pairs)
    assert rows.loss.tolist() == [0.0, 1.0, 1.0]
    assert (rows.given, rows.true) == (("a", "b", ""), ("a", "a", "b"))
