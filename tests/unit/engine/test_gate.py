"""The validation gate: leaky scripts fail, honest ones pass, whatever the balance of classes and the scale."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.core.task import SplitKind
from assay.core.validation import Check, Standing
from assay.grading import Grader
from support.gate_bench import (
    ACCURACY,
    MACRO_F1,
    RMSE,
    ROC_AUC,
    Data,
    GateBench,
    knows,
    linear,
)

BALANCED, RARE = Data(metric=ACCURACY, rate=0.5), Data(metric=ACCURACY, rate=0.05)
KINDS = {
    "balanced accuracy": BALANCED,
    "95:5 accuracy": RARE,
    "95:5 roc_auc": Data(metric=ROC_AUC, rate=0.05),
    "macro F1": Data(metric=MACRO_F1, rate=0.5),
    "95:5 macro F1": Data(metric=MACRO_F1, rate=0.05),
    "rmse": Data(metric=RMSE),
    "rmse at 1e-6": Data(metric=RMSE, scale=1e-6),
    "rmse at 1e6": Data(metric=RMSE, scale=1e6),
    "groups": Data(metric=ROC_AUC, rate=0.5, split=SplitKind.GROUP),
    "one hold-out": Data(metric=ACCURACY, rate=0.3, split=SplitKind.HOLDOUT),
}


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as opened:
        yield opened


def truth(data: Data) -> dict[str, str]:
    return {row["id"]: row["y"] for row in data.table()}


@pytest.mark.parametrize("data", KINDS.values(), ids=KINDS)
def test_an_honest_script_passes_and_one_with_the_labels_in_it_fails(
    tmp_path: Path, grader: Grader, data: Data
) -> None:
    honest = GateBench(tmp_path / "honest", grader, data, linear(data.metric.needs)).check()
    assert honest[Check.SHUFFLED].verdict is Standing.PASSED, honest[Check.SHUFFLED].detail
    assert {one.verdict for one in honest.values()} == {Standing.PASSED}
    leaky = GateBench(tmp_path / "leaky", grader, data, knows(truth(data), data.metric.needs))
    assert leaky.check()[Check.SHUFFLED].verdict is Standing.FAILED
    assert "W409" in {remark.code for _, remark in leaky.log.read(lambda history: history.remarks)}
