"""The metrics that Assay knows by name: direction, bounds and what predictions each needs.

The functions that compute them live in the grading package; this table is what intake, task files and prompts read.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from assay.core.errors import TaskError
from assay.core.metric import Direction, Metric, Needs


def _metric(name: str, direction: Direction, needs: Needs, lower: float, upper: float) -> tuple[str, Metric]:
    return name, Metric(name=name, direction=direction, needs=needs, lower=lower, upper=upper)


def _gain(name: str, needs: Needs, lower: float = 0.0, upper: float = 1.0) -> tuple[str, Metric]:
    return _metric(name, Direction.HIGHER, needs, lower, upper)


def _loss(name: str, needs: Needs, upper: float = math.inf) -> tuple[str, Metric]:
    return _metric(name, Direction.LOWER, needs, 0.0, upper)


_RANKED = Metric(
    name="map_at_k",
    direction=Direction.HIGHER,
    needs=Needs.RANKED_LABELS,
    lower=0.0,
    upper=1.0,
    params=(("k", 5),),
)

METRICS: Mapping[str, Metric] = MappingProxyType(
    dict(
        [
            _gain("accuracy", Needs.LABELS),
            _gain("balanced_accuracy", Needs.LABELS),
            _gain("f1", Needs.LABELS),
            _gain("f1_macro", Needs.LABELS),
            _gain("f1_micro", Needs.LABELS),
            _gain("mcc", Needs.LABELS, -1.0),
            _gain("roc_auc", Needs.PROBABILITY),
            _gain("roc_auc_ovr", Needs.CLASS_PROBABILITIES),
            _gain("roc_auc_mean_columnwise", Needs.PROBABILITY),
            _gain("average_precision", Needs.PROBABILITY),
            _loss("log_loss", Needs.PROBABILITY),
            _loss("brier", Needs.PROBABILITY, 2.0),
            _gain("quadratic_kappa", Needs.LABELS, -1.0),
            _loss("rmse", Needs.VALUES),
            _loss("rmsle", Needs.VALUES),
            _loss("rmse_mean_columnwise", Needs.VALUES),
            _loss("rmsle_mean_columnwise", Needs.VALUES),
            _loss("mae", Needs.VALUES),
            _loss("mape", Needs.VALUES),
            _loss("smape", Needs.VALUES, 200.0),
            _gain("r2", Needs.VALUES, -math.inf),
            _gain("pearson", Needs.VALUES, -1.0),
            _gain("pearson_mean_rowwise", Needs.VALUES, -1.0),
            _gain("spearman", Needs.VALUES, -1.0),
            ("map_at_k", _RANKED),
            _gain("jaccard", Needs.LABELS),
        ]
    )
)
"""Every metric by its own name.

`f1` and the probability metrics of two classes take a `positive` label as parameter, `map_at_k` takes `k`. `smape` is
the M4 definition in percent, 200 |y - p| / (|y| + |p|); `mape` is a share, not percent. `pearson` of several targets is
the mean over their columns; `pearson_mean_rowwise` correlates the targets of each row and takes the mean over rows.
Where a metric serves both two and more classes (`log_loss`, `brier`), `needs` here is that of two classes."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "acc": "accuracy",
        "categorization accuracy": "accuracy",
        "classification accuracy": "accuracy",
        "balanced acc": "balanced_accuracy",
        "mean recall": "balanced_accuracy",
        "f1 score": "f1",
        "f score": "f1",
        "f measure": "f1",
        "binary f1": "f1",
        "macro f1": "f1_macro",
        "f1 macro score": "f1_macro",
        "macro f1 score": "f1_macro",
        "macro averaged f1": "f1_macro",
        "macro averaged f1 score": "f1_macro",
        "micro f1": "f1_micro",
        "micro f1 score": "f1_micro",
        "micro averaged f1": "f1_micro",
        "micro averaged f1 score": "f1_micro",
        "matthews correlation coefficient": "mcc",
        "matthews correlation": "mcc",
        "matthews corrcoef": "mcc",
        "auc": "roc_auc",
        "auroc": "roc_auc",
        "auc roc": "roc_auc",
        "roc": "roc_auc",
        "area under the roc curve": "roc_auc",
        "area under the receiver operating characteristic curve": "roc_auc",
        "area under receiver operating characteristic curve": "roc_auc",
        "roc auc ovr": "roc_auc_ovr",
        "multiclass roc auc": "roc_auc_ovr",
        "one vs rest roc auc": "roc_auc_ovr",
        "one vs rest auc": "roc_auc_ovr",
        "mean column wise roc auc": "roc_auc_mean_columnwise",
        "mean columnwise roc auc": "roc_auc_mean_columnwise",
        "column wise mean roc auc": "roc_auc_mean_columnwise",
        "mean column wise auc": "roc_auc_mean_columnwise",
        "ap": "average_precision",
        "auprc": "average_precision",
        "pr auc": "average_precision",
        "area under the precision recall curve": "average_precision",
        "logloss": "log_loss",
        "logarithmic loss": "log_loss",
        "cross entropy": "log_loss",
        "cross entropy loss": "log_loss",
        "multi class log loss": "log_loss",
        "multiclass log loss": "log_loss",
        "multi class logarithmic loss": "log_loss",
        "multiclass logarithmic loss": "log_loss",
        "binary cross entropy": "log_loss",
        "brier score": "brier",
        "qwk": "quadratic_kappa",
        "quadratic weighted kappa": "quadratic_kappa",
        "quadratically weighted kappa": "quadratic_kappa",
        "weighted kappa": "quadratic_kappa",
        "cohen kappa quadratic": "quadratic_kappa",
        "root mean squared error": "rmse",
        "root mean square error": "rmse",
        "root mean squared logarithmic error": "rmsle",
        "root mean squared log error": "rmsle",
        "root mean square logarithmic error": "rmsle",
        "mcrmse": "rmse_mean_columnwise",
        "mean columnwise root mean squared error": "rmse_mean_columnwise",
        "mean column wise root mean squared error": "rmse_mean_columnwise",
        "mcrmsle": "rmsle_mean_columnwise",
        "mean columnwise root mean squared logarithmic error": "rmsle_mean_columnwise",
        "mean column wise root mean squared logarithmic error": "rmsle_mean_columnwise",
        "column wise root mean squared logarithmic error": "rmsle_mean_columnwise",
        "mean absolute error": "mae",
        "mean absolute percentage error": "mape",
        "symmetric mean absolute percentage error": "smape",
        "symmetric mape": "smape",
        "r squared": "r2",
        "r2 score": "r2",
        "r 2": "r2",
        "coefficient of determination": "r2",
        "pearson r": "pearson",
        "pearson correlation": "pearson",
        "pearson correlation coefficient": "pearson",
        "pearsons correlation": "pearson",
        "pearsonr": "pearson",
        "pcc": "pearson",
        "mean pearson": "pearson",
        "mean pearson correlation": "pearson",
        "mean columnwise pearson correlation": "pearson",
        "mean column wise pearson correlation": "pearson",
        "rowwise pearson": "pearson_mean_rowwise",
        "row wise pearson": "pearson_mean_rowwise",
        "mean rowwise pearson correlation": "pearson_mean_rowwise",
        "mean row wise pearson correlation": "pearson_mean_rowwise",
        "mean profile correlation": "pearson_mean_rowwise",
        "spearman r": "spearman",
        "spearman rho": "spearman",
        "spearman correlation": "spearman",
        "spearman rank correlation": "spearman",
        "spearman s rank correlation": "spearman",
        "spearmanr": "spearman",
        "map at k": "map_at_k",
        "mean average precision at k": "map_at_k",
        "iou": "jaccard",
        "intersection over union": "jaccard",
        "jaccard index": "jaccard",
        "jaccard score": "jaccard",
    }
)
"""Other names, in lower case with single spaces, as `normalised` writes them."""

_AT_K = re.compile(r"^(?:map|mean average precision)(?: at)? ?(\d+)$")


def normalised(text: str) -> str:
    """Return `text` in lower case with every run of other characters than letters and digits as one space."""
    apart = text.lower().replace("@", " at ").replace("\N{SUPERSCRIPT TWO}", "2")
    return " ".join(re.findall(r"[a-z0-9]+", re.sub(r"['\N{RIGHT SINGLE QUOTATION MARK}]s\b", "", apart)))


def find(text: str) -> Metric | None:
    """Return the metric whose name or alias is `text`, whatever its case and punctuation, or None.

    `map@3` and `MAP at 3` carry their k.
    """
    words = normalised(text)
    at_k = _AT_K.match(words)
    if at_k:
        return with_params(METRICS["map_at_k"], k=int(at_k.group(1)))
    by_words = {normalised(name): name for name in METRICS}
    name = by_words.get(words) or ALIASES.get(words)
    return METRICS[name] if name else None


def named(text: str) -> Metric:
    """Return the metric called `text`.

    Raises:
        TaskError: E106, no metric has this name; the message offers the nearest ones.
    """
    metric = find(text)
    if metric is not None:
        return metric
    spoken = {normalised(name): name for name in METRICS} | dict(ALIASES)
    near = dict.fromkeys(
        spoken[words] for words in difflib.get_close_matches(normalised(text), spoken, n=3, cutoff=0.6)
    )
    hint = f"; did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
    raise TaskError(
        "E106",
        f"no metric called {text!r}{hint} (known: {', '.join(sorted(METRICS))})",
        fix=f"--metric {next(iter(near), 'rmse')}, or put a grade.py with grade(submission, answers) in the folder",
    )


def with_params(metric: Metric, **params: str | float) -> Metric:
    """Return `metric` with fixed arguments added or replaced; they are kept in order of their names."""
    return replace(metric, params=tuple(sorted((dict(metric.params) | params).items())))
