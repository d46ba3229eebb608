"""Given: what the user said about a task, by option or task file; everything else is looked up or guessed."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from assay.core.errors import TaskError
from assay.core.metric import Direction
from assay.core.task import Split, SplitKind

_DIRECTIONS = {
    **dict.fromkeys(("lower", "min", "minimize", "minimise", "minimum", "less", "smaller"), Direction.LOWER),
    **dict.fromkeys(
        ("higher", "max", "maximize", "maximise", "maximum", "more", "larger", "greater"), Direction.HIGHER
    ),
}


_BY_COLUMN = (SplitKind.GROUP, SplitKind.TIME, SplitKind.COLUMN)
_FORMS = {SplitKind.KFOLD: "kfold=5", SplitKind.STRATIFIED: "stratified=5", SplitKind.FORECAST: "forecast=HORIZON"}
"""How splits that take a number are written."""


@dataclass(frozen=True, kw_only=True)
class SplitWish:
    """A split with the parts that were left open as None."""

    kind: SplitKind
    k: int | None = None
    """Number of folds."""
    seed: int | None = None
    """Decides which row is in which fold."""
    column: str | None = None
    """Group, time or fold column, by `kind`."""
    horizon: int | None = None
    """Steps ahead, for forecasts."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a user said about a task; None, or an empty tuple, stands for what was not said."""

    target: tuple[str, ...] = ()
    """Columns to predict."""
    metric: str | None = None
    """Its name, with `:min` or `:max` after it if wanted."""
    direction: str | None = None
    """Which way is better: `lower` or `higher`."""
    id_column: str | None = None
    """Column that identifies rows."""
    split: SplitWish | None = None
    about: str | None = None
    """What is to be done, in words."""
    name: str | None = None
    """What tables and reports call the task."""
    problem: str | None = None
    """As `Problem` calls it."""
    train: str | None = None
    """Name of the file in the folder of the data; an empty text for none, as for the others."""
    test: str | None = None
    sample: str | None = None
    description: str | None = None
    side: tuple[str, ...] | None = None
    """Files and folders that every candidate may read."""
    grader: str | None = None
    """Python file of the user's own metric."""
    prepare: str | None = None
    """Python file of the user's own split."""
    series: tuple[str, ...] = ()
    """Columns that name a series, for forecasts."""
    time_column: str | None = None
    """Column that orders rows in time."""
    holdout: float | None = None
    """Share of the labelled rows that is sealed, in [0, 0.5]."""
    row_cap: int | None = None
    """Most training rows that a candidate is shown during the search, at least 1."""
    positive: str | None = None
    """The label that counts as positive, for two classes."""
    top_k: int | None = None
    """The k of `map_at_k`."""

    def overlaid(self, other: Given) -> Given:
        """Return this with whatever `other` says in its place; another metric takes its own direction along."""
        spoken = {f.name: value for f in fields(other) if (value := getattr(other, f.name)) != f.default}
        if "metric" in spoken:
            spoken = {"direction": None, **spoken}
        return replace(self, **spoken)


def parse_direction(text: str) -> Direction:
    """Return the direction that `text` says: `min`, `lower`, `maximise` ...

    Raises:
        TaskError: E107, it says neither.
    """
    direction = _DIRECTIONS.get(text.strip().lower().removesuffix(" is better"))
    if direction is None:
        raise TaskError("E107", f"better must be 'lower' or 'higher', not {text!r}", fix='better = "lower"')
    return direction


def parse_split(wish: str | Split | SplitWish) -> SplitWish:
    """Return what `wish` asks for: `group=donor`, `time:date`, `kfold`, `kfold=10`, or a record.

    Raises:
        TaskError: E120, no split has this name.
    """
    if isinstance(wish, SplitWish):
        return wish
    if isinstance(wish, Split):
        return SplitWish(kind=wish.kind, k=wish.k, seed=wish.seed, column=wish.column, horizon=wish.horizon)
    kind_text, _, detail = wish.replace(":", "=", 1).partition("=")
    try:
        kind = SplitKind(kind_text.strip().lower())
    except ValueError:
        known = ", ".join(member.value for member in SplitKind)
        raise TaskError(
            "E120", f"no split is called {kind_text!r} (known: {known})", fix="--split group=COLUMN"
        ) from None
    detail = detail.strip()
    if not detail:
        return SplitWish(kind=kind)
    if kind in (SplitKind.KFOLD, SplitKind.STRATIFIED) and detail.isdigit():
        return SplitWish(kind=kind, k=int(detail))
    if kind is SplitKind.FORECAST and detail.isdigit():
        return SplitWish(kind=kind, horizon=int(detail))
    if kind not in _BY_COLUMN:
        form = _FORMS.get(kind, kind.value)
        raise TaskError("E120", f"the split {wish!r} cannot be meant: it is written {form}", fix=f"--split {form}")
    return SplitWish(kind=kind, column=detail)
