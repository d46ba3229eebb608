from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.core.metric import Direction, Metric, Needs
from assay.core.task import OutputContract, Task
from assay.engine.side_grades import companions
from assay.grading.arrays import Pairs
from assay.grading.metrics import compute
from support.tasks import regression_task


def task(needs: Needs, *columns: str) -> Task:
    output = OutputContract(needs=needs, id_column="id", columns=columns)
    return replace(regression_task(Path("data")), targets=columns, output=output)


def shown(found: tuple[Metric, ...]) -> list[tuple[str, Direction]]:
    return [(metric.name, metric.direction) for metric in found]


def test_one_metric_of_order_and_one_of_scale_stand_beside_the_tasks_own() -> None:
    values = [("pearson", Direction.HIGHER), ("rmse", Direction.LOWER)]
    assert shown(companions(task(Needs.VALUES, "a"))) == values
    assert shown(companions(task(Needs.VALUES, "a", "b", "c"))) == values, "a screen has many targets"
    assert [name for name, _ in shown(companions(task(Needs.PROBABILITY, "a")))] == ["roc_auc", "log_loss"]
    assert companions(task(Needs.PROBABILITY, "a", "b", "c")) == ()
    assert companions(task(Needs.LABELS, "a")) == ()


def test_of_several_targets_they_are_means_over_them() -> None:
    truth = np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 5.0]])
    pairs = Pairs(needs=Needs.VALUES, rows=3, truth=truth, numbers=truth * np.array([2.0, -1.0]))
    order, scale = (compute(metric, pairs) for metric in companions(task(Needs.VALUES, "a", "b")))
    assert order == pytest.approx(0.0)
    columns = [np.sqrt(np.mean(truth[:, 0] ** 2)), np.sqrt(np.mean((2 * truth[:, 1]) ** 2))]
    assert scale == pytest.approx(np.mean(columns))
