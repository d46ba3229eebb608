"""Columns: what is predicted, what identifies a row, and what the submission looks like."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.core.errors import TaskError
from assay.data.cells import as_text, is_missing
from assay.data.description import Reading
from assay.data.facts import Facts
from assay.data.given import Given
from assay.data.layout import words

if TYPE_CHECKING:
    import pandas as pd

_TARGET_NAMES = ("target", "label", "labels", "y", "class", "outcome", "response", "target_value")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Roles of columns, each with where it comes from."""

    targets: tuple[str, ...]
    target_origin: str
    id_column: str | None
    """Column of the data that identifies rows."""
    id_origin: str
    output_id: str | None
    """Column of the submission that identifies rows; a row number where `id_column` is None."""
    output: tuple[str, ...]
    """Prediction columns of the submission."""
    classes_by_column: tuple[str, ...] = ()
    """Label of each prediction column, where the sample file has one a class."""


def find_columns(facts: Facts, given: Given, reading: Reading) -> Columns:
    """Return the roles of the columns.

    Raises:
        TaskError: E102 a named column is not there, E103 no target can be told, E109 the test file lacks the id.
    """
    for name in given.target:
        require_column(name, facts.train.columns, facts.train.name, "--target")
    id_column, id_origin, output_id = _find_id(facts, given)
    asked = tuple(name for name in facts.sample.columns if name != output_id) if facts.sample else ()
    targets, origin = _find_targets(facts, given, reading, asked, id_column)
    by_column = classes_of_columns(facts.train.frame[targets[0]], asked, targets[0]) if len(targets) == 1 else ()
    output = asked if asked and (by_column or len(asked) == len(targets)) else targets
    if asked and output is targets and asked != targets:
        raise TaskError(
            "E103",
            f"the sample file asks for {', '.join(asked)}: neither columns of {facts.train.name} nor its labels",
            fix="--target COLUMN, or a grade.py",
        )
    return Columns(
        targets=targets,
        target_origin=origin,
        id_column=id_column,
        id_origin=id_origin,
        output_id=output_id,
        output=output,
        classes_by_column=by_column,
    )


def require_column(name: str, columns: Sequence[str], file: str, option: str) -> None:
    """Make sure that a column is there.

    Args:
        name: The column that is wanted.
        columns: Those that there are.
        file: What they are the columns of, for people.
        option: How a user names the column, such as `--target`.

    Raises:
        TaskError: E102, it is not there; the message offers the nearest name.
    """
    if name in columns:
        return
    near = difflib.get_close_matches(name, columns, n=1, cutoff=0.5)
    by_case = [column for column in columns if column.lower() == name.lower()]
    best = (by_case or near or [""])[0]
    hint = f"; did you mean {best!r}?" if best else f" (it has {', '.join(columns[:12])})"
    gap = "" if option.endswith("=") else " "
    raise TaskError("E102", f"no column {name!r} in {file}{hint}", fix=f"{option}{gap}{shlex.quote(best or 'COLUMN')}")


def _find_id(facts: Facts, given: Given) -> tuple[str | None, str, str | None]:
    """Return the id column of the data, its origin, and the id column of the submission."""
    asked_of = facts.test or facts.train
    if given.id_column is not None:
        require_column(given.id_column, asked_of.columns, asked_of.name, "--id")
        in_sample = facts.sample is None or given.id_column in facts.sample.columns
        return given.id_column, "given", given.id_column if in_sample else None
    if facts.sample is not None:
        return _id_by_sample(facts)
    for name in sorted(asked_of.columns, key=_id_rank):
        if _id_rank(name) < 9 and name not in given.target and _identifies(facts, name):
            return name, "guessed: named like an id and different in every row", name
    return None, "guessed: no column identifies rows, so their order does", None


def _id_by_sample(facts: Facts) -> tuple[str | None, str, str | None]:
    if facts.sample is None:
        raise LookupError("no sample file")
    columns = facts.sample.columns
    origin = f"from {facts.sample.name}"
    if facts.test is not None:
        shared = next((name for name in columns if name in facts.test.columns and _id_rank(name) < 9), None)
        if shared is None and columns[0] in facts.test.columns and facts.test.frame[columns[0]].is_unique:
            shared = columns[0]
        if shared is not None:
            return shared, origin, shared
    elif columns[0] in facts.train.columns and facts.train.frame[columns[0]].is_unique and len(columns) > 1:
        return columns[0], origin, columns[0]
    if len(columns) > 1 and _counts_rows(as_text(facts.sample.frame[columns[0]])):
        return None, f"{origin}: {columns[0]} counts the rows", columns[0]
    if len(columns) > 1 and _id_rank(columns[0]) < 9:
        raise TaskError(
            "E109",
            f"{facts.sample.name} identifies rows by {columns[0]!r}, which {(facts.test or facts.train).name} lacks",
            fix=f"add the column {columns[0]}, or --id COLUMN",
        )
    return None, f"{origin}: it has no id column, so rows go by their order", None


def _counts_rows(values: list[str]) -> bool:
    if not all(value.isdigit() for value in values):
        return False
    first = int(values[0])
    return values == [str(first + step) for step in range(len(values))]


def _id_rank(name: str) -> int:
    spoken = words(name)
    if name.lower() == "id":
        return 0
    if spoken[-1:] == ("id",) or (name.lower().endswith("id") and len(name) > 5):
        return 1
    if spoken and spoken[-1] in ("index", "key", "uuid", "identifier", "no") and len(spoken) <= 2:
        return 2
    return 3 if name.startswith("Unnamed: 0") else 9


def _identifies(facts: Facts, name: str) -> bool:
    frames = [table.frame for table in (facts.train, facts.test) if table is not None and name in table.columns]
    return all(frame[name].is_unique and not is_missing(frame[name]).any() for frame in frames)


def _find_targets(
    facts: Facts, given: Given, reading: Reading, asked: tuple[str, ...], id_column: str | None
) -> tuple[tuple[str, ...], str]:
    if given.target:
        return given.target, "given"
    if asked and all(name in facts.train.columns for name in asked) and facts.sample is not None:
        return asked, f"from {facts.sample.name}"
    pool = tuple(n for n in (facts.train_only if facts.test else facts.train.columns) if n != id_column)
    if len(asked) > 1 and facts.sample is not None:
        for name in pool:
            if classes_of_columns(facts.train.frame[name], asked, name):
                return (name,), f"from {facts.sample.name}: its columns are the labels of {name}"
    if facts.test is not None and len(pool) == 1:
        return pool, f"guessed: in {facts.train.name}, not in {facts.test.name}"
    mentioned = _mentioned(reading, pool, bool(facts.test))
    if mentioned:
        return (mentioned,), "from the description"
    known = [name for wanted in _TARGET_NAMES for name in pool if name.lower() == wanted]
    if known:
        return (known[0],), "guessed: named like a target"
    raise TaskError(
        "E103",
        f"no target can be told in {facts.train.name} (columns: {', '.join(pool[:20] or facts.train.columns[:20])})",
        fix=f"--target {shlex.quote((pool or facts.train.columns)[-1])}",
    )


def _mentioned(reading: Reading, pool: tuple[str, ...], has_test: bool) -> str | None:
    """Return the column that the description says is predicted; any mention counts among train-only columns."""
    named = [name for name in reading.predicted if name in pool]
    if not named and has_test:
        named = [name for name in reading.code_words if name in pool]
    return named[0] if named else None


def classes_of_columns(target: pd.Series, asked: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return the label that each of the prediction columns stands for, or nothing if they are not labels.

    Columns may carry a common prefix before the label, as in `Status_C`.
    """
    if len(asked) < 2:
        return ()
    labels = set(as_text(target[~is_missing(target)]))
    if len(labels) > 10 * len(asked) or len(labels) < 2:
        return ()
    shared = _common_prefix(asked)
    for prefix in dict.fromkeys(("", f"{name}_", f"{name.lower()}_", shared, shared.rsplit("_", 1)[0] + "_")):
        bare = tuple(column.removeprefix(prefix) for column in asked)
        if set(bare) >= labels:
            return bare
    return ()


def _common_prefix(names: tuple[str, ...]) -> str:
    low, high = min(names), max(names)
    for position, letter in enumerate(low):
        if position >= len(high) or high[position] != letter:
            return low[:position]
    return low
