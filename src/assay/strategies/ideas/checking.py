"""Checking: what a statement is worth on rows that no notebook saw, measured by the engine alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.strategies.ideas.statements import Kind, Statement

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

ALPHA = 0.05
"""Chance that any true-less statement of a notebook passes; shared by all of them (Bonferroni)."""
LEAST_EFFECT = 0.005
"""Share of the target under which columns tell nothing worth knowing."""
LEAST_GAIN = 0.01
"""By how much several columns must tell more than the best of them."""
LEAST_SHIFT = 0.1
"""Kolmogorov-Smirnov distance under which a shift changes no model."""
GIVEN_AWAY = 0.95
"""Share of the target at which a column is suspected to hold it."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A statement with what the engine found."""

    statement: Statement
    holds: bool
    effect: float
    """As measured, 0 .. 1."""
    p: float | None
    why: str
    """In words, why it holds or not."""

    @property
    def warns(self) -> bool:
        """Whether it is about a weakness of the data."""
        return self.statement.kind is not Kind.TELLS or self.effect >= GIVEN_AWAY

    @property
    def sentence(self) -> str:
        """What was found, in words with the measured effect."""
        return f"{self.statement.sentence}: {self.why}"


class Checker:
    """Measures statements.

    Args:
        seen: The rows that notebooks saw, typed, with targets.
        held: Rows held back, with the same columns.
        test: Rows of the real test file, or None.
        targets: Columns to predict.
        classes: Whether they hold labels.
        features: Columns that statements may be about.
    """

    def __init__(
        self,
        *,
        seen: pd.DataFrame,
        held: pd.DataFrame,
        test: pd.DataFrame | None,
        targets: Sequence[str],
        classes: bool,
        features: Sequence[str],
    ) -> None:
        import pandas as pd

        from assay.data.probe import coded

        self._classes = classes
        self._features = tuple(features)
        self._rows = (seen[list(features)], held[list(features)])
        frames = [seen[list(features)], held[list(features)], *([test[list(features)]] if test is not None else [])]
        both = pd.concat(frames, ignore_index=True)
        self._codes = {name: coded(both[name]) for name in features}
        self._ends = (len(seen), len(seen) + len(held))
        self._has_test = test is not None
        self._y, self._truth = _target(seen, held, tuple(targets), classes=classes)
        self._told: dict[tuple[str, ...], tuple[float, float]] = {}

    def check(self, statements: Sequence[Statement]) -> tuple[Checked, ...]:
        """Return each statement with what holds of it; the more are made, the stronger each must be."""
        alpha = ALPHA / max(1, len(statements))
        measure = {Kind.TELLS: self._tells, Kind.SHIFT: self._shift, Kind.REPEATS: self._repeats}
        return tuple(measure[statement.kind](statement, alpha) for statement in statements)

    def _tells(self, statement: Statement, alpha: float) -> Checked:
        effect, p = self._share(statement.columns)
        holds, why = effect >= LEAST_EFFECT and p < alpha, f"{effect:.1%} of it on rows held back"
        if holds and len(statement.columns) > 1:
            gain = effect - max(self._share((name,))[0] for name in statement.columns)
            holds, why = gain >= LEAST_GAIN, f"{effect:.1%} of it on rows held back, {gain:+.1%} over the best alone"
            effect = max(0.0, gain)
        elif not holds:
            why = f"no more than chance on rows held back ({effect:.1%}, p = {p:.2g})"
        if holds and effect >= GIVEN_AWAY:
            why += "; it may give the target away"
        return Checked(statement=statement, holds=holds, effect=effect if holds else 0.0, p=p, why=why)

    def _share(self, columns: tuple[str, ...]) -> tuple[float, float]:
        """Return the share of the target that a small tree finds on the rows held back, and the chance of that."""
        if columns not in self._told:
            import numpy as np

            first, second = self._ends
            features = np.column_stack([self._codes[name][:second] for name in columns])
            self._told[columns] = _told(features[:first], self._y, features[first:], self._truth, classes=self._classes)
        return self._told[columns]

    def _shift(self, statement: Statement, alpha: float) -> Checked:
        from scipy.stats import ks_2samp

        first, second = self._ends
        if not self._has_test:
            return Checked(statement=statement, holds=False, effect=0.0, p=None, why="there is no test file")
        codes = self._codes[statement.columns[0]]
        found = ks_2samp(codes[first:second], codes[second:])
        distance, p = float(found.statistic), float(found.pvalue)
        holds = distance >= LEAST_SHIFT and p < alpha
        why = f"distance {distance:.2f} between rows held back and test rows (p = {p:.2g})"
        return Checked(statement=statement, holds=holds, effect=distance if holds else 0.0, p=p, why=why)

    def _repeats(self, statement: Statement, alpha: float) -> Checked:
        del alpha  # counted, not estimated
        names = list(statement.columns or self._features)
        seen, held = self._rows
        known = set(map(tuple, seen[names].astype(str).to_numpy()))
        share = sum(tuple(row) in known for row in held[names].astype(str).to_numpy()) / max(1, len(held))
        why = f"{share:.1%} of the rows held back are among those seen"
        return Checked(statement=statement, holds=share > 0, effect=float(share), p=None, why=why)


def _target(
    seen: pd.DataFrame, held: pd.DataFrame, targets: tuple[str, ...], *, classes: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the targets of both: labels as numbers; numbers as columns, in units of their spread in the rows seen."""
    import numpy as np
    import pandas as pd

    if classes:
        codes, _ = pd.factorize(pd.concat([seen[targets[0]], held[targets[0]]]).astype(str), sort=True)
        return codes[: len(seen)], codes[len(seen) :]
    y, truth = (frame[list(targets)].to_numpy(float) for frame in (seen, held))
    mean, spread = y.mean(axis=0), np.maximum(y.std(axis=0), 1e-12)
    return (y - mean) / spread, (truth - mean) / spread


def _told(
    features: np.ndarray, y: np.ndarray, asked: np.ndarray, truth: np.ndarray, *, classes: bool
) -> tuple[float, float]:
    """Return the share of the target on other rows, 0 .. 1, and the chance of so much without any relation.

    For numbers the share of their squares that the guess takes away, over all columns, with Student's test that it
    takes something away from rows in the mean; for labels balanced accuracy above chance with the chi-squared test of
    the table of guesses against labels. Rows of one group count as if they were independent.
    """
    import numpy as np
    from scipy.stats import chi2_contingency, ttest_1samp
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    leaf = max(10, len(y) // 100)
    if not classes:
        model = DecisionTreeRegressor(min_samples_leaf=leaf, max_leaf_nodes=32, random_state=0).fit(features, y)
        guess = model.predict(asked).reshape(truth.shape)
        level = truth.mean(axis=0)
        taken = (truth - level) ** 2 - (truth - guess) ** 2
        whole = float(((truth - level) ** 2).sum())
        if np.ptp(guess) == 0 or whole == 0:
            return 0.0, 1.0
        found = ttest_1samp(taken.mean(axis=1), 0.0, alternative="greater")
        return float(min(1.0, max(0.0, taken.sum() / whole))), float(found.pvalue)
    tree = DecisionTreeClassifier(min_samples_leaf=leaf, max_leaf_nodes=32, class_weight="balanced", random_state=0)
    guess = tree.fit(features, y).predict(asked)
    labels = np.unique(truth)
    if len(labels) < 2 or len(np.unique(guess)) < 2:
        return 0.0, 1.0
    known = np.isin(guess, labels)
    table = np.array([[np.sum((guess == g) & (truth == t)) for t in labels] for g in np.unique(guess)]) + 0.5
    recall = balanced_accuracy_score(truth[known], guess[known]) if known.any() else 0.0
    share = (recall - 1 / len(labels)) / (1 - 1 / len(labels))
    return float(min(1.0, max(0.0, share))), float(chi2_contingency(table).pvalue)
