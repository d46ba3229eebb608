from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from assay.core.errors import TaskError
from assay.core.metric import Metric, Needs
from assay.data.metric_names import METRICS, with_params
from assay.grading.arrays import Pairs
from assay.grading.metrics import NoValue, compute, metric_functions
from assay.grading.weighted import prepare


def labels(truth: list[int], predicted: list[int], size: int = 2) -> Pairs:
    return Pairs(
        needs=Needs.LABELS,
        rows=len(truth),
        codes=np.array(truth)[:, None],
        labels=np.array(predicted)[:, None],
        classes=tuple(str(c) for c in range(size)),
    )


def values(truth: list[float], predicted: list[float]) -> Pairs:
    return Pairs(
        needs=Needs.VALUES,
        rows=len(truth),
        truth=np.array(truth, dtype=float)[:, None],
        numbers=np.array(predicted, dtype=float)[:, None],
    )


def profiles(truth: list[list[float]], predicted: list[list[float]]) -> Pairs:
    return Pairs(needs=Needs.VALUES, rows=len(truth), truth=np.array(truth, float), numbers=np.array(predicted, float))


def probabilities(truth: list[int], predicted: list[float]) -> Pairs:
    return Pairs(
        needs=Needs.PROBABILITY,
        rows=len(truth),
        codes=np.array(truth)[:, None],
        numbers=np.array(predicted)[:, None],
        classes=("0", "1"),
    )


def classes(truth: list[int], predicted: list[list[float]]) -> Pairs:
    return Pairs(
        needs=Needs.CLASS_PROBABILITIES,
        rows=len(truth),
        codes=np.array(truth)[:, None],
        numbers=np.array(predicted),
        classes=tuple(str(c) for c in range(len(predicted[0]))),
    )


def test_every_named_metric_has_a_function_and_no_function_lacks_a_name() -> None:
    assert metric_functions() == tuple(sorted(METRICS))


def profiles_of(codes: list[list[int]]) -> Pairs:
    """Return probabilities of several targets."""
    return Pairs(
        needs=Needs.PROBABILITY,
        rows=len(codes),
        codes=np.array(codes),
        numbers=np.full((len(codes), len(codes[0])), 0.5),
        classes=("0", "1"),
    )


BY_HAND: list[tuple[str, Pairs, float]] = [
    ("accuracy", labels([0, 1, 1, 1], [0, 1, 0, 1]), 3 / 4),
    ("balanced_accuracy", labels([0, 1, 1, 1], [0, 1, 0, 1]), (1 + 2 / 3) / 2),
    ("f1", labels([0, 1, 1, 1], [0, 1, 0, 1]), 2 * 2 / (2 * 2 + 1)),
    ("f1_macro", labels([0, 1, 1, 1], [0, 1, 0, 1]), (4 / 5 + 2 / 3) / 2),
    ("f1_micro", labels([0, 1, 2, 2], [0, 1, 0, 2], 3), 3 / 4),
    ("mcc", labels([0, 1, 1, 1], [0, 1, 0, 1]), 2 / math.sqrt(2 * 3 * 1 * 2)),
    ("jaccard", labels([0, 1, 1, 1], [0, 1, 0, 1]), 2 / 3),
    # 0 1 2 against 0 2 2: observed distance 1; expected by the margins (1 1 1) and (1 0 2): (0+1+4 + 2 (4+1+0)) / 3.
    ("quadratic_kappa", labels([0, 1, 2], [0, 2, 2], 3), 1 - 1 / ((0 + 1 + 4 + 2 * (4 + 1 + 0)) / 3)),
    # The margins (1 1 0 1) and (1 0 0 2) of four classes, of which one never occurs.
    ("quadratic_kappa", labels([0, 1, 3], [0, 3, 3], 4), 1 - 4 / ((9 + 9 + 1 + 4 + 4 + 9) / 3)),
    ("jaccard", labels([0, 1, 2, 2], [0, 1, 0, 2], 3), (1 / 2 + 1 + 1 / 2) / 3),
    ("roc_auc", probabilities([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), 3 / 4),
    ("roc_auc", probabilities([0, 1], [0.5, 0.5]), 1 / 2),
    ("average_precision", probabilities([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), (1 + 2 / 3) / 2),
    ("log_loss", probabilities([0, 1], [0.2, 0.5]), -(math.log(0.8) + math.log(0.5)) / 2),
    ("brier", probabilities([0, 1], [0.2, 0.5]), (0.04 + 0.25) / 2),
    # One column a class: the loss of the right one, and the squared errors summed over both.
    ("log_loss", classes([0, 1], [[0.8, 0.2], [0.5, 0.5]]), -(math.log(0.8) + math.log(0.5)) / 2),
    ("brier", classes([0, 1], [[0.8, 0.2], [0.5, 0.5]]), (2 * 0.04 + 2 * 0.25) / 2),
    # The surest error costs the most that a float can tell, and no more.
    ("log_loss", probabilities([1, 0], [0.0, 1.0]), -math.log(2.0**-52)),
    ("log_loss", probabilities([0, 1], [0.0, 1.0]), 0.0),
    ("log_loss", classes([1, 0], [[1.0, 0.0], [0.0, 1.0]]), -math.log(2.0**-52)),
    ("log_loss", classes([0, 1], [[1.0, 0.0], [0.0, 1.0]]), 0.0),
    ("rmse", values([0, 0], [3, 4]), math.sqrt(12.5)),
    ("rmsle", values([0, 0], [math.e - 1, math.e - 1]), 1.0),
    ("mae", values([0, 0], [3, -4]), 3.5),
    ("mape", values([10, 20], [11, 18]), 0.1),
    ("smape", values([1, 0], [3, 0]), 200 * (2 / 4) / 2),
    ("r2", values([1, 2, 3], [1, 2, 2]), 1 - 1 / 2),
    ("pearson", values([1, 2, 3], [2, 4, 6]), 1.0),
    ("spearman", values([1, 2, 3], [1, 8, 9]), 1.0),
    # One row right, one the wrong way round, one whose guess does not vary.
    ("pearson_mean_rowwise", profiles([[1, 2, 3], [1, 2, 3], [0, 5, 9]], [[2, 4, 6], [7, 5, 3], [1, 1, 1]]), 0.0),
    ("pearson_mean_rowwise", profiles([[1, 2, 3]], [[1, 3, 2]]), 0.5),
]


@pytest.mark.parametrize(("name", "pairs", "expected"), BY_HAND)
def test_values_match_the_hand_computation(name: str, pairs: Pairs, expected: float) -> None:
    assert compute(METRICS[name], pairs) == pytest.approx(expected, abs=1e-12)
    statistic = prepare(METRICS[name], pairs)
    assert statistic is not None
    assert statistic(np.ones((1, pairs.rows)))[0] == pytest.approx(expected, abs=1e-12)


def test_mean_column_wise_is_the_mean_of_the_columns() -> None:
    first, second = values([0, 0], [3, 4]), values([1, 1], [1, 3])
    both = replace(
        first, truth=np.hstack([first.truth, second.truth]), numbers=np.hstack([first.numbers, second.numbers])
    )
    expected = (compute(METRICS["rmse"], first) + compute(METRICS["rmse"], second)) / 2
    assert compute(METRICS["rmse_mean_columnwise"], both) == pytest.approx(expected)


def test_hundreds_of_correlated_columns_are_resampled_at_once_and_one_value_has_no_correlation() -> None:
    draw = np.random.default_rng(5)
    truth = draw.normal(1e4, 1.0, (300, 250))
    pairs = Pairs(needs=Needs.VALUES, rows=300, truth=truth, numbers=truth + draw.normal(0, 1, truth.shape))
    statistic = prepare(METRICS["pearson"], pairs)
    assert statistic is not None
    weights = np.vstack([draw.multinomial(300, np.full(300, 1 / 300), 20), np.eye(300)[:1] * 300]).astype(float)
    found = statistic(weights)

    index = np.repeat(np.arange(300), weights[7].astype(int))
    assert found[7] == pytest.approx(compute(METRICS["pearson"], pairs.take(index)), rel=1e-8)
    assert np.isnan(found[-1])
    assert np.isfinite(found[:-1]).all()


def test_map_at_k_counts_each_right_label_once() -> None:
    pairs = Pairs(
        needs=Needs.RANKED_LABELS,
        rows=3,
        relevant=(("a",), ("b", "c"), ("d",)),
        ranked=(("x", "a", "a"), ("b", "b", "c"), ("x", "y", "z", "d")),
    )
    # 1/2; (1/1 + 2/3) / 2; nothing within 3.
    assert compute(with_params(METRICS["map_at_k"], k=3), pairs) == pytest.approx((1 / 2 + 5 / 6 + 0) / 3)


def test_class_probabilities_of_several_classes() -> None:
    pairs = Pairs(
        needs=Needs.CLASS_PROBABILITIES,
        rows=2,
        codes=np.array([[0], [2]]),
        numbers=np.array([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]]),
        classes=("a", "b", "c"),
    )
    assert compute(METRICS["log_loss"], pairs) == pytest.approx(-(math.log(0.5) + math.log(0.6)) / 2)
    assert compute(METRICS["brier"], pairs) == pytest.approx((0.25 + 0.0625 * 2 + 0.04 * 2 + 0.16) / 2)
    assert compute(METRICS["roc_auc_ovr"], pairs) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "pairs", "words", "by_predictions"),
    [
        ("roc_auc", probabilities([1, 1], [0.1, 0.9]), "all 2 answers are positive", False),
        ("average_precision", probabilities([0, 0], [0.1, 0.9]), "all 2 answers are negative", False),
        ("pearson", values([1, 2, 3], [5, 5, 5]), "predictions do not vary", True),
        ("pearson", values([1, 2, 3], [1e9, 1e9 + 1e-6, 1e9]), "predictions do not vary", True),
        ("spearman", values([4, 4, 4], [1, 2, 3]), "answers do not vary", False),
        ("pearson_mean_rowwise", values([1, 2, 3], [1, 2, 3]), "needs several", False),
        ("pearson_mean_rowwise", profiles([[1, 1], [1, 3]], [[1, 2], [1, 2]]), "answers of some row", False),
        ("r2", values([4, 4], [1, 2]), "answers do not vary", False),
        ("r2", profiles([[1, 4], [2, 4]], [[1, 2], [1, 2]]), "answers do not vary", False),
        ("r2", values([4], [1]), "answers do not vary", False),
        ("pearson", profiles([[1, 4], [2, 4]], [[1, 2], [2, 3]]), "answers do not vary", False),
        ("pearson", profiles([[1, 4], [2, 5]], [[1, 2], [2, 2]]), "predictions do not vary", True),
        ("roc_auc_ovr", classes([1, 1], [[0.5, 0.5], [0.5, 0.5]]), "all answers are of one class", False),
        ("roc_auc", profiles_of([[0, 1], [1, 1]]), "all 2 answers of target 2 are positive", False),
        ("rmsle", values([1, 2], [1, -1]), "1 predictions are -1 or below", True),
        ("rmsle", values([1, -2], [1, 1]), "some answers are -1 or below", False),
        ("quadratic_kappa", labels([1, 1], [1, 1], 3), "more than one label", False),
        ("f1", labels([0, 1, 2], [0, 1, 2], 3), "needs two classes", False),
        ("rmse", values([0, 1], [1e200, 1]), "too large", True),
        ("accuracy", labels([], []), "no rows", False),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_what_is_undefined_is_a_stated_reason(name: str, pairs: Pairs, words: str, by_predictions: bool) -> None:
    with pytest.raises(NoValue, match=words) as caught:
        compute(METRICS[name], pairs)
    assert caught.value.by_predictions is by_predictions


def test_an_unknown_name_is_the_tasks_fault() -> None:
    with pytest.raises(TaskError, match="no metric is named 'rmsee'") as caught:
        compute(replace(METRICS["rmse"], name="rmsee"), values([1], [1]))
    assert caught.value.code == "E130"
    assert "rmse, rmse_mean_columnwise" in caught.value.fix


def any_pairs(metric: Metric, rows: int, seed: int) -> Pairs:
    draw = np.random.default_rng(seed)
    columns = 4 if "rowwise" in metric.name else 2 if "columnwise" in metric.name else 1
    if metric.needs is Needs.LABELS:
        size = 2 if metric.name in ("f1", "jaccard") else 4
        codes = draw.integers(0, size, (rows, columns))
        guess = np.where(draw.random((rows, columns)) < 0.5, codes, draw.integers(0, size, (rows, columns)))
        return Pairs(
            needs=metric.needs, rows=rows, codes=codes, labels=guess, classes=tuple(str(c) for c in range(size))
        )
    if metric.needs is Needs.PROBABILITY:
        codes = draw.integers(0, 2, (rows, columns))
        numbers = np.round(np.clip(draw.normal(0.4 + 0.2 * codes, 0.3), 0, 1), 1)
        return Pairs(needs=metric.needs, rows=rows, codes=codes, numbers=numbers, classes=("0", "1"))
    if metric.needs is Needs.CLASS_PROBABILITIES:
        numbers = draw.dirichlet(np.ones(3), rows)
        return Pairs(
            needs=metric.needs,
            rows=rows,
            codes=draw.integers(0, 3, (rows, 1)),
            numbers=numbers,
            classes=("a", "b", "c"),
        )
    if metric.needs is Needs.RANKED_LABELS:
        relevant = tuple((str(draw.integers(0, 6)),) for _ in range(rows))
        ranked = tuple(tuple(str(c) for c in draw.permutation(6)) for _ in range(rows))
        return Pairs(needs=metric.needs, rows=rows, relevant=relevant, ranked=ranked)
    truth = np.round(draw.gamma(2.0, 2.0, (rows, columns)), 1)
    return Pairs(
        needs=metric.needs, rows=rows, truth=truth, numbers=np.round(np.abs(truth + draw.normal(0, 1, truth.shape)), 1)
    )


@pytest.mark.parametrize("name", sorted(METRICS))
def test_a_weighted_value_is_the_value_of_the_repeated_rows(name: str) -> None:
    metric = METRICS[name]
    for seed in range(3):
        pairs = any_pairs(metric, 60, seed)
        index = np.random.default_rng(100 + seed).integers(0, 60, 60)
        counts = np.bincount(index, minlength=60).astype(float)
        statistic = prepare(metric, pairs)
        assert statistic is not None
        one, resampled = statistic(np.stack([np.ones(60), counts]))
        assert one == pytest.approx(compute(metric, pairs), rel=1e-9)
        assert resampled == pytest.approx(compute(metric, pairs.take(index)), rel=1e-9)


@pytest.mark.parametrize("name", ["f1_macro", "jaccard", "balanced_accuracy", "roc_auc_ovr"])
def test_a_class_that_a_resample_has_not_counts_for_nothing(name: str) -> None:
    metric = METRICS[name]
    pairs = replace(any_pairs(metric, 60, 4), classes=("a", "b", "c", "d")[: 3 if name == "roc_auc_ovr" else 4])
    draw = np.random.default_rng(5)
    if metric.needs is Needs.LABELS:
        pairs = replace(pairs, codes=draw.integers(0, 4, (60, 1)), labels=draw.integers(0, 4, (60, 1)))
    kept = np.flatnonzero((pairs.codes[:, 0] != 1) & (pairs.labels[:, 0] != 1 if pairs.labels.size else True))
    statistic = prepare(metric, pairs)
    assert statistic is not None
    counts = np.bincount(kept, minlength=60).astype(float)
    assert statistic(counts[None, :])[0] == pytest.approx(compute(metric, pairs.take(kept)), rel=1e-9)


@pytest.mark.parametrize("scale", [1e-7, 1e7])
def test_a_correlation_of_resamples_has_no_unit(scale: float) -> None:
    draw = np.random.default_rng(6)
    pairs = values(draw.normal(0, 1, 30).tolist(), draw.normal(0, 1, 30).tolist())
    scaled = replace(pairs, truth=pairs.truth * scale, numbers=pairs.numbers * scale)
    weights = draw.multinomial(30, np.full(30, 1 / 30), 4).astype(float)
    for name in ("pearson", "spearman"):
        plain, other = prepare(METRICS[name], pairs), prepare(METRICS[name], scaled)
        assert plain is not None
        assert other is not None
        assert other(weights) == pytest.approx(plain(weights), rel=1e-6)


@pytest.mark.parametrize("name", ["log_loss", "brier"])
def test_weighted_values_of_several_classes(name: str) -> None:
    pairs = any_pairs(replace(METRICS[name], needs=Needs.CLASS_PROBABILITIES), 50, 1)
    statistic = prepare(METRICS[name], pairs)
    assert statistic is not None
    assert statistic(np.ones((1, 50)))[0] == pytest.approx(compute(METRICS[name], pairs))


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "f1", "f1_macro", "f1_micro", "mcc", "jaccard"])
def test_several_zero_one_targets(name: str) -> None:
    draw = np.random.default_rng(3)
    codes, guess = draw.integers(0, 2, (40, 3)), draw.integers(0, 2, (40, 3))
    pairs = Pairs(needs=Needs.LABELS, rows=40, codes=codes, labels=guess, classes=("0", "1"))
    value = compute(METRICS[name], pairs)
    assert 0 < abs(value) < 1
    statistic = prepare(METRICS[name], pairs)
    assert (statistic is None) == (name in ("f1_macro", "f1_micro")), "they mix the columns"
    if statistic is not None:
        assert statistic(np.ones((1, 40)))[0] == pytest.approx(value)
