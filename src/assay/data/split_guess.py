"""Which split fits the data, when nobody said: by what the test file does to the training file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.core.errors import TaskError
from assay.core.task import Problem, Split, SplitKind
from assay.data.cells import as_text
from assay.data.columns import Columns, require_column
from assay.data.dates import as_times, looks_dated
from assay.data.facts import Facts
from assay.data.findings import DataFinding, note, warn
from assay.data.forecast import Forecast, folds_that_fit
from assay.data.given import SplitWish
from assay.data.layout import words

if TYPE_CHECKING:
    from assay.data.shape import Shape

GROUP_WORDS = {"group", "patient", "subject", "donor", "participant", "person", "user", "customer", "client"} | {
    "session", "household", "family", "site", "hospital", "speaker", "author", "batch", "plate", "well", "device",
    "machine", "store", "shop", "account", "player", "driver", "animal", "mouse", "case", "study", "sample", "slide",
    "compound", "molecule", "scaffold"
}  # fmt: skip
_STRONG = {"patient", "subject", "donor", "participant", "speaker"}
_FOLD_NAMES = {"fold", "kfold", "cv_fold", "fold_id"}
_FEW_ROWS = 300
"""Below this, a sealed share would be too small to say anything and too large to do without."""
LEAST_ROWS = 20


@dataclass(frozen=True, kw_only=True)
class SplitChoice:
    """A split with where it comes from and what was noticed on the way."""

    split: Split
    origin: str
    fraction: float
    """Share of the labelled rows that is sealed, in [0, 0.5]."""
    holdout_origin: str
    findings: tuple[DataFinding, ...] = ()


def choose_split(
    facts: Facts,
    columns: Columns,
    shape: Shape,
    forecast: Forecast | None,
    wish: SplitWish | None,
    holdout: float | None,
    labelled: int,
) -> SplitChoice:
    """Return how the rows are split.

    Raises:
        TaskError: E102 the wished column is not there, E116 there are too few rows or groups, E120 a column is needed.
    """
    if labelled < LEAST_ROWS:
        raise TaskError(
            "E116", f"only {labelled} rows have a target; at least {LEAST_ROWS} are needed", fix="add labelled rows"
        )
    guess, origin = _guess(facts, columns, shape, forecast)
    if wish is not None:
        guess, origin = _wished(facts, wish, guess, forecast), "given"
    fraction, holdout_origin, findings = _fraction(guess, holdout, labelled)
    k = guess.k
    if guess.kind is SplitKind.FORECAST and forecast is not None:
        fraction, k, more = _windows(forecast, guess, fraction, given=wish is not None and wish.k is not None)
        findings += more
    if guess.kind is SplitKind.COLUMN:
        fraction, k, more = _own_folds(facts, guess, fraction)
        findings += more
    if guess.kind is SplitKind.GROUP:
        k = _group_folds(facts, guess)
    if guess.kind is SplitKind.STRATIFIED and shape.problem is Problem.BINARY and (wish is None or wish.k is None):
        k, more = _both_classes(shape, guess, fraction)
        findings += more
    if guess.kind is SplitKind.HOLDOUT:
        k = 1
    split = Split(kind=guess.kind, k=k, seed=guess.seed, column=guess.column, horizon=guess.horizon)
    return SplitChoice(
        split=split, origin=origin, fraction=fraction, holdout_origin=holdout_origin, findings=tuple(findings)
    )


def group_columns(facts: Facts, columns: Columns) -> tuple[str, ...]:
    """Return columns named like a group whose values repeat, the most telling names first."""
    frame = facts.train.frame
    barred = {*columns.targets, columns.id_column}
    named = [n for n in facts.train.columns if n not in barred and _is_group_name(n)]
    repeated = [n for n in named if 5 <= frame[n].nunique() <= len(frame) // 2 and not _is_measured(facts, n)]
    return tuple(sorted(repeated, key=lambda name: not set(words(name)) & _STRONG))


def date_columns(facts: Facts, columns: Columns) -> tuple[str, ...]:
    """Return the columns that hold dates."""
    barred = {*columns.targets, columns.id_column}
    return tuple(n for n in facts.train.columns if n not in barred and looks_dated(facts.train_typed[n]))


def tests_are_later(facts: Facts, column: str) -> bool:
    """Return whether every test row is at least as late as every training row."""
    if facts.test_typed is None or column not in facts.test_typed:
        return False
    train, test = as_times(facts.train_typed[column]), as_times(facts.test_typed[column])
    return train is not None and test is not None and bool(test.min() >= train.max())


def tests_are_other_groups(facts: Facts, column: str) -> bool:
    """Return whether no group of the test file is in the training file."""
    if facts.test is None or column not in facts.test.columns:
        return False
    return not set(as_text(facts.train.frame[column])) & set(as_text(facts.test.frame[column]))


def _is_group_name(name: str) -> bool:
    spoken = words(name)
    return bool(set(spoken[:1]) & GROUP_WORDS or set(spoken) & _STRONG) and len(spoken) <= 2


def _is_measured(facts: Facts, name: str) -> bool:
    column = facts.train_typed[name].dropna()
    return column.dtype.kind == "f" and bool((column % 1 != 0).any())


def _guess(facts: Facts, columns: Columns, shape: Shape, forecast: Forecast | None) -> tuple[Split, str]:
    if forecast is not None:
        split = Split(kind=SplitKind.FORECAST, column=forecast.time_column, horizon=forecast.horizon)
        return split, f"guessed: the test goes on {forecast.horizon} steps after the training rows of each series"
    own = next((n for n in facts.train.columns if n.lower() in _FOLD_NAMES and _is_fold_column(facts, n)), None)
    if own is not None:
        return Split(kind=SplitKind.COLUMN, column=own), f"guessed: {own} numbers the folds"
    for name in date_columns(facts, columns):
        if tests_are_later(facts, name):
            return Split(kind=SplitKind.TIME, column=name), f"guessed: by {name}, every test row is later"
    groups = group_columns(facts, columns)
    for name in groups:
        if tests_are_other_groups(facts, name):
            return Split(kind=SplitKind.GROUP, column=name), f"guessed: no {name} of the test file is in the train file"
        if facts.test is None and set(words(name)) & _STRONG:
            return Split(kind=SplitKind.GROUP, column=name), f"guessed: rows of the same {name} belong together"
    if shape.problem in (Problem.BINARY, Problem.MULTICLASS):
        return Split(kind=SplitKind.STRATIFIED), "guessed: no group or date column"
    return Split(kind=SplitKind.KFOLD), "guessed: no group or date column"


def _is_fold_column(facts: Facts, name: str) -> bool:
    return 2 <= facts.train.frame[name].nunique() <= 20 and (facts.test is None or name in facts.train_only)


def _wished(facts: Facts, wish: SplitWish, guess: Split, forecast: Forecast | None) -> Split:
    column = wish.column or (guess.column if guess.kind is wish.kind else None)
    if wish.kind in (SplitKind.GROUP, SplitKind.TIME, SplitKind.COLUMN):
        if column is None:
            raise TaskError(
                "E120", f"a {wish.kind.value} split needs a column", fix=f"--split {wish.kind.value}=COLUMN"
            )
        require_column(column, facts.train.columns, facts.train.name, f"--split {wish.kind.value}=")
    if wish.kind is SplitKind.FORECAST and forecast is None:
        raise TaskError(
            "E120",
            "a forecast split needs test rows that go on after the training rows of each series",
            fix="--split time=COLUMN",
        )
    if wish.kind is SplitKind.TIME and column is not None and as_times(facts.train_typed[column]) is None:
        raise TaskError(
            "E120", f"the column {column!r} holds neither dates nor numbers", fix="--split time=OTHER-COLUMN"
        )
    if wish.k is not None and wish.k < 1:
        raise TaskError("E120", f"the number of folds must be at least 1, not {wish.k}", fix="k = 5")
    if wish.kind in (SplitKind.KFOLD, SplitKind.STRATIFIED, SplitKind.GROUP) and wish.k == 1:
        raise TaskError("E120", f"a {wish.kind.value} split needs at least 2 folds", fix='kind = "holdout"')
    return Split(
        kind=wish.kind,
        k=guess.k if wish.k is None else wish.k,
        seed=guess.seed if wish.seed is None else wish.seed,
        column=column,
        horizon=wish.horizon or guess.horizon,
    )


def nothing_sealed(labelled: int) -> DataFinding:
    """Return the warning that no rows are sealed, with the reason, out of `labelled` rows with a target."""
    why = f"{labelled} labelled rows are too few to set some aside" if labelled < _FEW_ROWS else "the task says so"
    return warn(
        "W215",
        f"no rows are sealed: {why}; the final score rests on the search folds alone and is optimistic",
        fix="add labelled rows, or set holdout = { fraction = 0.15 }",
        rows=float(labelled),
    )


def _fraction(split: Split, holdout: float | None, labelled: int) -> tuple[float, str, list[DataFinding]]:
    if holdout is not None:
        return holdout, "given", []
    if labelled < _FEW_ROWS and split.kind is not SplitKind.FORECAST:
        return 0.0, f"guessed: fewer than {_FEW_ROWS} labelled rows", [nothing_sealed(labelled)]
    return 0.15, "default", []


def _windows(forecast: Forecast, split: Split, fraction: float, *, given: bool) -> tuple[float, int, list[DataFinding]]:
    """Return the sealed share and number of folds that the length of the series allows, with what to say about it."""
    horizon = split.horizon or forecast.horizon
    if fraction and forecast.shortest // horizon < 4:
        text = f"no horizon is sealed: the shorter series have {forecast.shortest} rows, fewer than 4 x {horizon}"
        return 0.0, folds_that_fit(forecast.shortest, horizon, wanted=split.k, sealed=False), [warn("W215", text)]
    fits = folds_that_fit(forecast.shortest, horizon, wanted=split.k, sealed=fraction > 0)
    if fits < split.k and given:
        text = f"{fits} folds instead of {split.k}: the shorter series have {forecast.shortest} rows"
        return fraction, fits, [note("W217", text)]
    return fraction, fits, []


def _own_folds(facts: Facts, split: Split, fraction: float) -> tuple[float, int, list[DataFinding]]:
    """Return the sealed share and number of search folds for folds that the user numbered."""
    name = split.column or ""
    folds = int(facts.train.frame[name].nunique())
    if folds < 2:
        raise TaskError(
            "E116", f"the fold column {name!r} has {folds} values; at least 2 are needed", fix="--split kfold"
        )
    if fraction and folds < 3:
        text = f"no fold is sealed: {name!r} has only {folds}"
        return 0.0, folds, [warn("W215", text, columns=(name,), fix="number at least 3 folds")]
    if not fraction:
        return 0.0, folds, []
    text = f"the last of the {folds} folds of {name!r} is the sealed one; the search sees the others"
    return fraction, folds - 1, [note("W215", text, columns=(name,))]


def _both_classes(shape: Shape, split: Split, fraction: float) -> tuple[int, list[DataFinding]]:
    """Return the number of folds that can each have a row of both classes; a fold of one class has no ROC AUC."""
    rows = min(shape.counts)
    rare = shape.classes[shape.counts.index(rows)]
    if rows < 2:
        raise TaskError(
            "E116",
            f"only one row has the label {rare!r}; two folds need one each",
            fix="add labelled rows, or join labels",
        )
    fits = min(split.k, max(2, int(rows * (1 - fraction))))
    if fits == split.k:
        return fits, []
    return fits, [warn("W217", f"{fits} folds instead of {split.k}: only {rows} rows have the label {rare!r}")]


def _group_folds(facts: Facts, split: Split) -> int:
    name = split.column or ""
    groups = int(facts.train.frame[name].nunique())
    if groups < 3:
        raise TaskError(
            "E116", f"the group column {name!r} has {groups} groups; at least 3 are needed", fix="--split kfold"
        )
    return min(split.k, groups - 1)
