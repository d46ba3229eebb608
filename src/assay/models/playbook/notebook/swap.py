"""Swaps: another estimator in the place of the one that an open cell of a foreign notebook makes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assay.models.playbook.facts import MANY_TARGETS, Facts
from assay.models.playbook.imports import import_lines

_ESTIMATORS = re.compile(r"(Classifier|Regressor|Regression|Ridge|RidgeCV|Lasso|ElasticNet|SVC|SVR)$")
_WRAPPERS = re.compile(r"^(TransformedTarget|Voting|Stacking|Bagging|MultiOutput|CalibratedClassifier)")
_SEED = "random_state=0"
_FILLED = 'SimpleImputer(strategy="median"), StandardScaler()'
_BOOSTED = f"max_iter=300, learning_rate=0.05, l2_regularization=1.0, {_SEED}"
_TREES = f"n_estimators=300, min_samples_leaf=2, max_features=0.5, {_SEED}"
_ALPHAS = "alphas=np.logspace(-1, 5, 13)"
_DIRECTIONS = f"TransformedTargetRegressor({{}}, transformer=PCA(12, {_SEED}), check_inverse=False)"


@dataclass(frozen=True, kw_only=True)
class Swap:
    """A cell with another estimator in it."""

    title: str
    reason: str
    code: str


def swaps(code: str, facts: Facts) -> Sequence[Swap]:
    """Return the cell with each estimator that suits the task in the place of the first one that it makes.

    Args:
        code: A cell.
        facts: Of the task.
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    node = next(_made(tree), None)
    if node is None:
        return ()
    return [_swapped(code, node, *choice) for choice in _choices(facts) if choice[1] not in code]


def _choices(facts: Facts) -> Sequence[tuple[str, str, str]]:
    """Return name, expression and reason of estimators, the most promising first."""
    if facts.shape == "regression" and len(facts.task.targets) >= MANY_TARGETS:
        near = f"make_pipeline({_FILLED}, Nystroem(gamma=0.01, n_components=300, {_SEED}), RidgeCV())"
        return (
            (
                "standardised columns, their main directions and ridge with a chosen strength",
                f"make_pipeline({_FILLED}, PCA(0.99, {_SEED}), RidgeCV({_ALPHAS}))",
                "Main directions leave noise out, and how much to shrink is chosen by leaving rows out.",
            ),
            (
                "randomised trees on directions that the targets share",
                _DIRECTIONS.format(f"ExtraTreesRegressor({_TREES})"),
                "Targets move together, and trees take thresholds without being told.",
            ),
            (
                "kernel ridge on directions that the targets share",
                _DIRECTIONS.format(near),
                "Rows that are alike have like targets, which no linear model sees.",
            ),
        )
    kind, end = ("Regressor", "") if facts.shape == "regression" else ("Classifier", ', voting="soft"')
    boosting, trees = f"HistGradientBoosting{kind}({_BOOSTED})", f"ExtraTrees{kind}({_TREES})"
    blend = f'Voting{kind}([("boosting", {boosting}), ("trees", make_pipeline({_FILLED}, {trees}))]{end})'
    return (
        ("gradient boosting", boosting, "It takes curves, thresholds and combinations of columns without being told."),
        (
            "gradient boosting and randomised trees, averaged",
            blend,
            "Models that err differently err less in the mean.",
        ),
        (
            "the most similar rows",
            f'make_pipeline({_FILLED}, KNeighbors{kind}(20, weights="distance"))',
            "What is alike in its columns may be alike in its answer.",
        ),
    )


def _swapped(code: str, node: ast.Call, name: str, expression: str, reason: str) -> Swap:
    lines = code.splitlines(keepends=True)
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head = lines[first].encode()[: node.col_offset].decode()
    tail = lines[last].encode()[node.end_col_offset :].decode()
    changed = "".join([*lines[:first], head + expression + tail, *lines[last + 1 :]])
    old = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "model")
    return Swap(
        title=f"Put in place of {old}: {name}", reason=reason, code=f"{import_lines(expression)}\n\n{changed.strip()}\n"
    )


def _made(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield the calls that make an estimator, in the order of the text; of nested ones the inner, of wrappers none."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for node in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if _ESTIMATORS.search(name) and not _WRAPPERS.search(name):
            yield node
