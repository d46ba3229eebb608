"""L02, L03: labels that reach a model as features, or a validation that has already seen them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from assay.grading.checks.finding import CheckFinding, Context, Severity, found
from assay.grading.checks.script import Script

_SPLITS = frozenset(
    {
        "cross_val_predict",
        "cross_val_score",
        "cross_validate",
        "train_test_split",
        "GridSearchCV",
        "RandomizedSearchCV",
    }
)
_AVERAGES = frozenset({"mean", "median"})
_FOREIGN_ENCODERS = frozenset(
    {
        "CatBoostEncoder",
        "GLMMEncoder",
        "JamesSteinEncoder",
        "LeaveOneOutEncoder",
        "MEstimateEncoder",
        "TargetEncoder",
        "WOEEncoder",
    }
)
_DEEPEST = 4
"""Names that are followed one to the next; two may be set to each other."""
_LEARNERS = frozenset({"StandardScaler", "MinMaxScaler", "RobustScaler", "SimpleImputer", "PCA", "SelectKBest"})


class _Frames:
    """The data frames of a script: which hold all labelled rows, and in which columns the target hides."""

    def __init__(self, script: Script, context: Context) -> None:
        self.script = script
        self.targets = frozenset(context.task.targets)
        self.train = {
            name
            for name, values in script.assigned.items()
            if len(values) == 1 and script.reads(values[0], context.task.data.train)
        }
        self.changed = {name for name in self.train if self._loses_columns(name)}

    def _loses_columns(self, frame: str) -> bool:
        """Return whether some statement takes columns out of the frame in place."""
        for node in self.script.nodes:
            if isinstance(node, ast.Delete):
                if any(isinstance(t, ast.Subscript) and _is_name(t.value, frame) for t in node.targets):
                    return True
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                in_place = any(k.arg == "inplace" for k in node.keywords)
                if _is_name(node.func.value, frame) and (node.func.attr == "pop" or in_place):
                    return True
        return False

    def is_target(self, node: ast.AST) -> bool:
        """Return whether `node` is the name of a target column."""
        return self.script.text(node) in self.targets

    def selects_target(self, node: ast.AST, depth: int = 0) -> bool:
        """Return whether `node` is a frame narrowed to a list of columns that surely has the target in it."""
        if isinstance(node, ast.Name) and depth < _DEEPEST:
            values = self.script.assigned.get(node.id, [])
            return len(values) == 1 and self.selects_target(values[0], depth + 1)
        if not isinstance(node, ast.Subscript):
            return False
        columns: ast.AST = node.slice
        if isinstance(columns, ast.Name):
            values = self.script.assigned.get(columns.id, [])
            if len(values) != 1 or _is_changed(self.script, columns.id):
                return False
            columns = values[0]
        return isinstance(columns, ast.List) and any(self.is_target(item) for item in columns.elts)


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_changed(script: Script, name: str) -> bool:
    """Return whether a list loses items somewhere."""
    methods = ("remove", "pop", "clear")
    return any(
        isinstance(call.func, ast.Attribute) and _is_name(call.func.value, name) and call.func.attr in methods
        for call in script.calls
    )


def target_as_feature(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L03: `fit` is given rows that still hold the target column."""
    frames = _Frames(script, context)
    for call in script.calls:
        if not (
            isinstance(call.func, ast.Attribute) and call.func.attr in ("fit", "fit_transform") and len(call.args) > 1
        ):
            continue
        features, labels = call.args[:2]
        whole = isinstance(features, ast.Name) and features.id in frames.train - frames.changed
        if (whole and _is_labels(frames, labels)) or frames.selects_target(features):
            yield found(
                "L03", Severity.REJECT, call, f"the target {context.task.target!r} is among the features of fit"
            )


def _is_labels(frames: _Frames, node: ast.AST, depth: int = 0) -> bool:
    if isinstance(node, ast.Name):
        values = frames.script.assigned.get(node.id, [])
        return len(values) == 1 and depth < _DEEPEST and _is_labels(frames, values[0], depth + 1)
    return isinstance(node, ast.Subscript) and frames.is_target(node.slice)


def statistics_before_split(script: Script, context: Context) -> Iterator[CheckFinding]:
    """L02: a mean of the target over all labelled rows becomes a column, and only then the rows are split."""
    split = _first_split(script)
    if split is None:
        return
    frames = _Frames(script, context)
    for statement in script.tree.body:
        if statement.lineno >= split:
            break
        if (
            isinstance(statement, ast.Assign)
            and _sets_column(statement, frames)
            and _from_target_mean(statement.value, frames)
        ):
            sentence = "a column is made of the mean target over all labelled rows before the script's own split"
            yield found("L02", Severity.REJECT, statement, sentence)
        for call in (node for node in ast.walk(statement) if isinstance(node, ast.Call)):
            yield from _encoder(script, call)


def _first_split(script: Script) -> int | None:
    """Return the first line at module level, functions included as they are defined, that splits the rows."""
    lines = [
        call.lineno
        for call in script.calls
        if script.called(call).rsplit(".", 1)[-1] in _SPLITS
        or (
            isinstance(call.func, ast.Attribute) and call.func.attr == "split" and _is_splitter(script, call.func.value)
        )
    ]
    return min(lines, default=None)


def _is_splitter(script: Script, node: ast.AST, depth: int = 0) -> bool:
    if isinstance(node, ast.Name):
        values = script.assigned.get(node.id, []) if depth < _DEEPEST else []
        return any(_is_splitter(script, value, depth + 1) for value in values)
    return isinstance(node, ast.Call) and script.called(node).endswith(("KFold", "ShuffleSplit", "TimeSeriesSplit"))


def _sets_column(statement: ast.Assign, frames: _Frames) -> bool:
    return any(
        isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id in frames.train
        for target in statement.targets
    )


def _from_target_mean(node: ast.AST, frames: _Frames) -> bool:
    """Return whether an expression is, or maps by, a mean of the target within groups of a whole frame."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            values = frames.script.assigned.get(part.id, [])
            if len(values) == 1 and _is_target_mean(values[0], frames):
                return True
        elif _is_target_mean(part, frames):
            return True
    return False


def _is_target_mean(node: ast.AST, frames: _Frames) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    average = node.func.attr
    if average in ("transform", "agg", "aggregate") and node.args:
        average = frames.script.text(node.args[0]) or ""
    picked = node.func.value
    if average not in _AVERAGES or not (isinstance(picked, ast.Subscript) and frames.is_target(picked.slice)):
        return False
    grouped = picked.value
    return (
        isinstance(grouped, ast.Call)
        and isinstance(grouped.func, ast.Attribute)
        and grouped.func.attr == "groupby"
        and isinstance(grouped.func.value, ast.Name)
        and grouped.func.value.id in frames.train
    )


def _encoder(script: Script, call: ast.Call) -> Iterator[CheckFinding]:
    """Find encoders and scalers fitted before the split; scikit-learn's TargetEncoder cross-fits and passes."""
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "fit_transform" and call.args):
        return
    owner = call.func.value
    if isinstance(owner, ast.Name):
        values = script.assigned.get(owner.id, [])
        owner = values[0] if len(values) == 1 else owner
    name = script.called(owner) if isinstance(owner, ast.Call) else ""
    short = name.rsplit(".", 1)[-1]
    if name.startswith("category_encoders.") and short in _FOREIGN_ENCODERS and len(call.args) > 1:
        sentence = f"{short} learns from the target of all labelled rows before the script's own split"
        yield found("L02", Severity.REJECT, call, sentence)
    elif short in _LEARNERS:
        yield found("L02", Severity.WARN, call, f"{short} is fitted on rows that the script then validates on")
