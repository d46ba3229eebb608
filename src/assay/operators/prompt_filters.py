"""What prompts are rendered with: numbers, times and facts as a reader of a prompt wants them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assay.core.digits import fixed
from assay.core.metric import Needs
from assay.core.plain import plain
from assay.core.profile import ColumnProfile
from assay.core.task import OutputContract, Problem, Split, SplitKind, Task
from assay.operators.prompt_text import (
    cell,
    clip,
    fenced,
    most,
    names,
    number,
    pairs,
    percent,
    seconds,
    tail,
    thousands,
    three,
    two,
)
from assay.operators.prompt_trials import (
    apart,
    decimals,
    effect,
    foremost,
    gain_decimals,
    leader,
    origin,
    outcome,
    pace,
    rows,
    score,
    worst,
)

_SHOWN_CLASSES = 30
_ORDER_ONLY = frozenset({"average_precision", "roc_auc", "roc_auc_mean_columnwise", "spearman"})
"""Metrics that see only the order of each prediction column."""
_TELLING = 0.005
"""Share of the target from which on a column is told to tell something."""


def values(column: ColumnProfile) -> str:
    """Return what is known of a column's values, in a few words."""
    told = []
    if column.low is not None and column.high is not None:
        told.append(f"{number(column.low)} to {number(column.high)}")
    if column.mean is not None:
        told.append(f"mean {number(column.mean)}")
    if column.std is not None:
        told.append(f"sd {number(column.std)}")
    if column.mean_words is not None:
        told.append(f"{column.mean_words:.0f} words on average")
    if column.examples and column.low is None:
        told.append("e.g. " + ", ".join(cell(example, 40) for example in column.examples[:4]))
    return "; ".join(told)


def telling(columns: Sequence[ColumnProfile]) -> list[ColumnProfile]:
    """Return the columns that tell something of the target by themselves, the most telling first."""
    told = [c for c in columns if c.relation is not None and c.relation.explained >= _TELLING]
    return sorted(told, key=lambda c: -c.relation.explained if c.relation else 0.0)


def relation(column: ColumnProfile) -> str:
    """Return what a column alone tells of the target."""
    known = column.relation
    if known is None:
        return ""
    told = [percent(known.explained)]
    if known.rank is not None:
        told.append(f"rank correlation {known.rank:+.2f}")
    if known.fifths:
        told.append(f"mean from its low to its high values {' / '.join(plain(mean, 3) for mean in known.fifths)}")
    if known.groups:
        told.append(" / ".join(f"{cell(name, 40)} {plain(mean, 3)} ({n:,} rows)" for name, mean, n in known.groups))
    return "; ".join(told)


def split(value: Split) -> str:
    """Return how the folds are made, as far as it tells what a script must generalise to."""
    folds = f"{value.k} folds" if value.k > 1 else "one fold"
    said = {
        SplitKind.STRATIFIED: f"{folds} of random rows, stratified by the target",
        SplitKind.GROUP: f"{folds} by `{value.column}`: no group is in train and test at once",
        SplitKind.TIME: f"{folds} in the order of `{value.column}`: test rows are later than training rows",
        SplitKind.HOLDOUT: "a random share of the rows",
        SplitKind.COLUMN: f"folds given by `{value.column}`",
        SplitKind.FORECAST: f"the last {value.horizon or 'few'} steps of each series, rolled back {value.k} times",
        SplitKind.PREPARED: "a split that the user prepared",
    }
    return said.get(value.kind, f"{folds} of random rows")


def header(contract: OutputContract) -> str:
    """Return the header line of the output file."""
    return ",".join(([contract.id_column] if contract.id_column else []) + list(contract.columns))


def cells(contract: OutputContract, task: Task) -> str:
    """Return in a sentence or two what stands in the prediction columns."""
    if contract.needs is Needs.LABELS:
        return f"Each prediction is a label: {_classes(contract)}."
    if contract.needs is Needs.PROBABILITY:
        positive = f" of `{_positive(task)}`" if task.problem is Problem.BINARY and contract.classes else ""
        return f"Each prediction is a probability{positive} in [0, 1], not a label."
    if contract.needs is Needs.CLASS_PROBABILITIES:
        order = "" if contract.columns == contract.classes else f", for the labels {_classes(contract)} in this order"
        rows = "; each row sums to one" if contract.sum_to_one else ""
        return f"Each column is the probability of its class in [0, 1]{order}{rows}."
    if contract.needs is Needs.RANKED_LABELS:
        return f"Each prediction is up to {task.metric.param('k', 5)} labels, best first, separated by spaces."
    return "Each prediction is one finite number."


def wants_probabilities(contract: OutputContract, task: Task) -> bool:
    """Return whether a second file lets solutions be blended that are graded on labels."""
    needs = contract.needs in (Needs.LABELS, Needs.RANKED_LABELS)
    return needs and task.problem in (Problem.BINARY, Problem.MULTICLASS) and len(contract.columns) == 1


def probabilities(contract: OutputContract, task: Task) -> str:
    """Return what that second file holds."""
    first = f"`{contract.id_column}`, then " if contract.id_column else "rows in the order of the test file; "
    if task.problem is Problem.BINARY and contract.needs is Needs.LABELS:
        positive = _positive(task)
        of_what = f"`{positive}`" if positive else "the label that sorts last"
        return f"{first}one column `probability`, the probability of {of_what} before any threshold."
    return f"{first}one column a class with the label as its name and its probability as value."


def averaging(task: Task) -> str:
    """Return how the predictions of several models are averaged with equal weights, as the metric asks."""
    needs = task.output.needs
    if needs in (Needs.LABELS, Needs.RANKED_LABELS) and task.problem in (Problem.BINARY, Problem.MULTICLASS):
        labels = "the labels" if needs is Needs.LABELS else "the labels in order"
        return (
            f"the mean of their probabilities, and {labels} derived from that mean as the base derives them "
            "(a threshold is chosen for the mean, not taken over)"
        )
    if needs is Needs.LABELS:
        return "the mean of their scores before rounding, made a label as the base does it"
    if task.metric.name in _ORDER_ONLY:
        bounds = ", scaled to [0, 1]" if needs is not Needs.VALUES else ""
        return f"the mean of their ranks among the test rows{bounds} ({task.metric.name} sees only the order)"
    if needs in (Needs.PROBABILITY, Needs.CLASS_PROBABILITIES):
        return "the mean of their probabilities"
    return "the mean of their predictions, each back on the scale of the target"


def traps(packages: Mapping[str, str]) -> list[str]:
    """Return the traps of the installed versions in which code written from memory is caught."""
    told = []
    if _major(packages, "pandas") >= 3:
        told.append(
            "pandas 3: text columns have dtype `str`, so `dtype == object` is False (use `select_dtypes(exclude="
            '"number")` or `pd.api.types.is_numeric_dtype`); `df["a"].fillna(x, inplace=True)` and `df["a"][mask] = x` '
            'change nothing (assign: `df["a"] = df["a"].fillna(x)`, `df.loc[mask, "a"] = x`); fill text with text and '
            "numbers with numbers; `.values` is read-only and for text no NumPy array (use `.to_numpy(copy=True)`); "
            "times are stored in microseconds; `append`, `applymap` and the frequencies `H`, `M` are gone."
        )
    if _major(packages, "numpy") >= 2:
        told.append("NumPy 2: `np.float_`, `np.Inf`, `np.NaN`, `np.in1d`, `np.trapz` are gone.")
    if _major(packages, "scikit-learn") >= 1:
        told.append(
            "scikit-learn: `OneHotEncoder(sparse_output=...)`, `root_mean_squared_error` instead of `squared=False`, "
            "no `multi_class` and no `penalty` in LogisticRegression (use `l1_ratio`, `C`)."
        )
    if _major(packages, "lightgbm") >= 4:
        told.append(
            "LightGBM: text columns must be `category` (with the categories of train in both files) or numbers; early "
            "stopping is `callbacks=[lgb.early_stopping(50, verbose=False)]`; pass `verbose=-1`, and for repeatable "
            'results `deterministic=True, force_row_wise=True`; names with `[]{}":,` are refused.'
        )
    if _major(packages, "xgboost") >= 2 or _major(packages, "xgboost-cpu") >= 2:
        told.append("XGBoost: `early_stopping_rounds` belongs to the constructor.")
    return told


def _major(packages: Mapping[str, str], name: str) -> int:
    first = packages.get(name, "0").partition(".")[0]
    return int(first) if first.isdigit() else 0


def _classes(contract: OutputContract) -> str:
    if not contract.classes:
        return "one of the labels of the training file, spelled as there"
    more = f" and {len(contract.classes) - _SHOWN_CLASSES} more" if len(contract.classes) > _SHOWN_CLASSES else ""
    return ", ".join(f"`{clip(label, 60)}`" for label in contract.classes[:_SHOWN_CLASSES]) + more


def _positive(task: Task) -> str:
    """Return the label that counts as positive: the metric's own, else the last one."""
    chosen = str(task.metric.param("positive", ""))
    classes = task.output.classes
    return chosen if chosen in classes else (classes[-1] if classes else chosen)


FILTERS: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        apart, averaging, cell, cells, clip, decimals, effect, fenced, fixed, foremost, gain_decimals, header,
        leader, most, names, number, origin, outcome, pace, pairs, percent, probabilities, relation, rows, score,
        seconds, split, tail, telling, thousands, three, two, traps, values, wants_probabilities, worst,
    )
}  # fmt: skip
"""Filters by the name that templates use."""
