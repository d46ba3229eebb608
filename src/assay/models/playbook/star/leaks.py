"""Leaks that can be told from the text of a script for certain, and how the same is done honestly."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from assay.core.task import Task
from assay.models.playbook.star.passages import passage, statements_of

_MEANS = frozenset({"mean", "median", "std", "sum", "max", "min"})
_READERS = re.compile(r"(^|\.)(read_\w+|open|load|loadtxt|genfromtxt|imread)$")
_OUTSIDE = re.compile(r"^(/|\.\./|~|[A-Za-z]:\\)|(^|/)private/")
_JOINED = frozenset({"concat", "vstack", "hstack", "concatenate", "append"})


@dataclass(frozen=True, kw_only=True)
class LeakingBlock:
    """Lines that leak."""

    block: str
    why: str
    mended: str
    """What does the same honestly; empty where that is not known."""
    imports: tuple[str, ...] = ()


def leaks_in(code: str, task: Task) -> Sequence[LeakingBlock]:
    """Return the leaks of `code`, in order of lines, each block standing in it once."""
    found: list[LeakingBlock] = []
    tree = ast.parse(code)
    top = {node.lineno for node in tree.body}
    averages = {name: call for node in tree.body for name, call in _target_means(node, task)}
    for node, first, last in statements_of(code):
        block = passage(code, first, last)
        if code.count(block) != 1:
            continue
        if first in top and isinstance(node, ast.Assign):
            found += _own_target(node, block, averages, task)
        found += _outside(node, block, task)
        found += _fitted_on_target(node, block, task)
    return found


def _own_target(node: ast.Assign, block: str, averages: dict[str, ast.Call], task: Task) -> Iterator[LeakingBlock]:
    """A column made of the mean target of the very rows that it is a feature of."""
    target = node.targets[0]
    if not (isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name)):
        return
    call = next((c for c in _calls(node.value) if _is_target_mean(c, task)), None)
    if call is None and isinstance(node.value, ast.Call) and _method(node.value) == "map" and node.value.args:
        mapped = node.value.args[0]
        call = averages.get(mapped.id) if isinstance(mapped, ast.Name) else None
    if call is None or _grouped_frame(call) != target.value.id:
        return
    frame, column, by, name = target.value.id, ast.unparse(target.slice), _grouped_by(call), _target_of(call)
    why = (
        f"The column {column} holds statistics of the target over rows that include the row itself. "
        "Compute them out of fold: for each row from the rows of the other folds."
    )
    if by is None or name is None or _statistic(call) != "mean":
        yield LeakingBlock(block=block, why=why, mended="")
        return
    mended = (
        f"# A row must not see its own target: each gets the means of the rows in other folds.\n"
        f"{frame}[{column}] = {frame}[{name}].mean()\n"
        f"for known, wanted in KFold(5, shuffle=True, random_state=0).split({frame}):\n"
        f"    means = {frame}.iloc[known].groupby({by})[{name}].mean()\n"
        f"    values = {frame}[{by}].iloc[wanted].map(means).fillna({frame}[{name}].iloc[known].mean())\n"
        f"    {frame}.iloc[wanted, {frame}.columns.get_loc({column})] = values"
    )
    yield LeakingBlock(block=block, why=why, mended=mended, imports=("from sklearn.model_selection import KFold",))


def _outside(node: ast.stmt, block: str, task: Task) -> Iterator[LeakingBlock]:
    """A file that is read from elsewhere than ./input."""
    known = {PurePosixPath(name).name: name for name in (task.data.train, task.data.test, task.data.sample) if name}
    for call in _calls(node):
        if not (_READERS.search(ast.unparse(call.func)) and call.args and isinstance(call.args[0], ast.Constant)):
            continue
        path = call.args[0].value
        if isinstance(path, str) and _OUTSIDE.search(path):
            own = known.get(PurePosixPath(path).name)
            why = f"It reads {path}, which is outside ./input: nothing there may be known to the script."
            quoted = rf"(['\"]){re.escape(path)}\1"
            mended = re.sub(quoted, rf"\g<1>input/{own}\g<1>", block) if own else ""
            yield LeakingBlock(block=block, why=why, mended=mended)
            return


def _fitted_on_target(node: ast.stmt, block: str, task: Task) -> Iterator[LeakingBlock]:
    """A scaler or the like that is fitted on train and test together, the target among the columns."""
    for call in _calls(node):
        if _method(call) in ("fit", "fit_transform") and call.args:
            joined = [c for c in _calls(call.args[0]) if ast.unparse(c.func).rsplit(".", 1)[-1] in _JOINED]
            named = {n.value for c in joined for n in ast.walk(c) if isinstance(n, ast.Constant)}
            if named & set(task.targets):
                why = "It is fitted on joined rows with the target among the columns: fit it on the features alone."
                yield LeakingBlock(block=block, why=why, mended="")
                return


def _target_means(node: ast.stmt, task: Task) -> Iterator[tuple[str, ast.Call]]:
    """Yield names that hold a statistic of the target by group."""
    if (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Call)
        and _is_target_mean(node.value, task)
    ):
        yield node.targets[0].id, node.value


def _is_target_mean(call: ast.Call, task: Task) -> bool:
    """Return whether `call` is `frame.groupby(...)[target].mean()` or the like, with nothing taken out before."""
    picked = call.func.value if isinstance(call.func, ast.Attribute) else None
    return (
        _statistic(call) in _MEANS
        and isinstance(picked, ast.Subscript)
        and isinstance(picked.slice, ast.Constant)
        and picked.slice.value in task.targets
        and isinstance(picked.value, ast.Call)
        and _method(picked.value) == "groupby"
        and _grouped_frame(call) != ""
    )


def _statistic(call: ast.Call) -> str:
    name = _method(call)
    if name in ("transform", "agg", "aggregate") and call.args and isinstance(call.args[0], ast.Constant):
        return str(call.args[0].value)
    return name


def _groupby(call: ast.Call) -> ast.Call | None:
    picked = call.func.value if isinstance(call.func, ast.Attribute) else None
    grouped = picked.value if isinstance(picked, ast.Subscript) else None
    return grouped if isinstance(grouped, ast.Call) else None


def _grouped_frame(call: ast.Call) -> str:
    grouped = _groupby(call)
    owner = grouped.func.value if grouped is not None and isinstance(grouped.func, ast.Attribute) else None
    return owner.id if isinstance(owner, ast.Name) else ""


def _grouped_by(call: ast.Call) -> str | None:
    """Return the one column that is grouped by, as source; None for several."""
    grouped = _groupby(call)
    if grouped is None or len(grouped.args) != 1:
        return None
    by = grouped.args[0]
    return ast.unparse(by) if isinstance(by, ast.Constant) and isinstance(by.value, str) else None


def _target_of(call: ast.Call) -> str | None:
    picked = call.func.value if isinstance(call.func, ast.Attribute) else None
    return ast.unparse(picked.slice) if isinstance(picked, ast.Subscript) else None


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (part for part in ast.walk(node) if isinstance(part, ast.Call))
