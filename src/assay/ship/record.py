"""Record: what a solution says of itself that can be measured again, kept as `verify.toml`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.core.codec import decode, encode
from assay.core.errors import NothingFound
from assay.core.task import Task

NAME = "verify.toml"
TASK = "evidence/task.json"
SCHEMA = 1
NO_SOLUTION = "E207"


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """One data file as it was."""

    name: str
    digest: str
    rows: int | None = None
    """Lines below the header; None where the file is no text table."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """One candidate whose files lie below `code/`: the solution itself, or a member of a blend."""

    name: str
    """`solution`, or `member 7`."""
    folder: str
    """Below the solution's folder: `code`, or `code/members/7`."""
    kind: str
    entry: str
    files: tuple[str, ...]
    """Relative to `folder`."""
    code: str
    """Content digest of the candidate in the run's journal."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One graded score that the run recorded."""

    program: str
    view: str
    score: float
    rows: int
    fold: int | None = None
    seed: int = 0
    """Told to the program."""
    answers: str = ""
    """Digest of the hidden answers: equal ones mean equal rows in equal order. Empty when unknown."""


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """How far a score may be from the recorded one and still count as the same."""

    value: float
    """In units of the metric, above 0."""
    source: str
    """What it was taken from, in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """Everything that `assay verify` compares with."""

    run: str
    trial: int
    events: int
    journal: str
    """Digest of the journal's last event."""
    python: str
    workers: int
    """Executions side by side in the run: they shared the cores."""
    data_digest: str
    data: tuple[DataFile, ...]
    programs: tuple[Program, ...]
    folds: tuple[Measured, ...]
    sealed: Measured | None = None
    tolerance: Tolerance
    packages: Mapping[str, str] = field(default_factory=dict)
    """Those in `requirements.txt` whose versions are known."""
    predicts: bool = True
    """Whether `predict.py` is there and can be run on a view."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Digests of all other files of the solution, by path."""
    task: Mapping[str, Any] = field(default_factory=dict)
    """The task without its folder, as it was encoded; kept in a file of its own, since TOML cannot say null."""

    def task_in(self, folder: Path, *, digest: str) -> Task:
        """Return the task on the data in `folder`, which have this digest; empty where nobody compares them."""
        task = decode(Task, {**self.task, "folder": str(folder)})
        return replace(task, data_digest=digest)


def record_toml(record: Record) -> str:
    """Return the text of `verify.toml`."""
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment("What `assay verify` measures again. Written by `assay export`; do not edit."))
    document.add("schema", tomlkit.item(SCHEMA))
    for key, value in _without_none(encode(replace(record, task={}))).items():
        document.add(key, tomlkit.item(value))
    return tomlkit.dumps(document)


def read_record(folder: Path) -> Record:
    """Return the record of the solution in `folder`.

    Raises:
        NothingFound: There is none, or it is none of this version (E207).
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        value = tomlkit.parse((folder / NAME).read_text(encoding="utf-8")).unwrap()
        if value.pop("schema", None) != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        task = json.loads((folder / TASK).read_text(encoding="utf-8"))
        return decode(Record, {**value, "task": task})
    except (OSError, ValueError, KeyError, TypeError, TOMLKitError) as error:
        raise NothingFound(
            NO_SOLUTION,
            f"{str(folder)!r} holds no solution with a {NAME} that can be read: {error}",
            fix="assay export",
        ) from error


def _without_none(value: Any) -> Any:
    """Leave out what is None, which TOML cannot say: every such field has None as its default."""
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list | tuple) else value
