"""Probes: how much one column, or a few together, tell about another; quick and rough, for warnings only."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

MOST_ROWS = 10_000
_LEAVES = 32
_SEED = 7


def sampled(count: int, most: int = MOST_ROWS) -> np.ndarray:
    """Return at most `most` of the row numbers below `count`, at random but always the same ones."""
    import numpy as np

    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(_SEED).choice(count, size=most, replace=False))


def coded(column: pd.Series) -> np.ndarray:
    """Return a typed column as floats: numbers as they are, dates as moments, others by frequency.

    Missing values come below everything else. Categories are ordered by how often they occur, so that a rare one is
    never next to a common one by the accident of its name.
    """
    import numpy as np

    from assay.data.dates import as_times

    times = None if column.dtype.kind == "b" else as_times(column)
    if times is not None:
        finite = times.replace([np.inf, -np.inf], np.nan)
        low = finite.min()
        values: np.ndarray = finite.fillna((0.0 if low != low else low) - 1).to_numpy(dtype=float)
        return values
    texts = column.astype(str).where(column.notna(), None)
    ranks = {value: rank for rank, value in enumerate(texts.value_counts().index)}
    codes: np.ndarray = texts.map(ranks).fillna(-1).to_numpy(dtype=float)
    return codes


def tells(features: np.ndarray, labels: np.ndarray, *, classes: bool) -> float:
    """Return how well a small tree on `features` predicts `labels` on rows that it has not seen.

    Args:
        features: One row an example.
        labels: Numbers, or class numbers.
        classes: Whether labels are classes: then the balanced accuracy, rescaled so that 0 is chance and 1 perfect;
            else R2, at least 0.

    Returns:
        A share in [0, 1]; the mean of two halves that learn from each other.
    """
    # scikit-learn wonders aloud at many rare classes; a person is told of them by a finding of their own.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return _told(features, labels, classes=classes)


def _told(features: np.ndarray, labels: np.ndarray, *, classes: bool) -> float:
    import numpy as np
    from sklearn.metrics import balanced_accuracy_score, r2_score
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    order = np.random.default_rng(_SEED).permutation(len(labels))
    halves = order[::2], order[1::2]
    shares = []
    for learn, see in (halves, halves[::-1]):
        if classes:
            known = np.unique(labels[learn])
            see = see[np.isin(labels[see], known)]
            if len(known) < 2 or len(np.unique(labels[see])) < 2:
                return 0.0
            tree = DecisionTreeClassifier(
                max_leaf_nodes=max(_LEAVES, 4 * len(known)), class_weight="balanced", random_state=0
            )
            guess = tree.fit(features[learn], labels[learn]).predict(features[see])
            chance = 1 / len(np.unique(labels[see]))
            shares.append((balanced_accuracy_score(labels[see], guess) - chance) / (1 - chance))
        else:
            tree = DecisionTreeRegressor(max_leaf_nodes=4 * _LEAVES, random_state=0)
            shares.append(r2_score(labels[see], tree.fit(features[learn], labels[learn]).predict(features[see])))
    return float(min(1.0, max(0.0, float(np.mean(shares)))))


def told_apart(features: np.ndarray, side: np.ndarray) -> float:
    """Return the ROC AUC with which a small model tells rows of one side from the other; 0.5 is not at all.

    Args:
        features: Coded columns, one row an example.
        side: 0 or 1 a row.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    # One thread and no OpenMP: a check may run beside trials, whose cores it must not fight for.
    model = RandomForestClassifier(60, min_samples_leaf=20, n_jobs=1, random_state=0)
    folds = StratifiedKFold(3, shuffle=True, random_state=_SEED)
    chance = cross_val_predict(model, features, side, cv=folds, method="predict_proba")[:, 1]
    return float(roc_auc_score(side, chance))
