"""Intake: a queue from `pending_actions.json` or YAML, checked whole before anything is spent."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import yaml
from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from assay.core.errors import TaskError
from assay.strategies.code_tasks.queue import (
    ANY_DOCUMENT,
    Arm,
    CodeTask,
    Criterion,
    Expected,
    Priority,
    Queue,
    TaskKind,
    in_order,
)

MOST_BYTES = 16 * 2**20
_KINDS = {
    "experimental": TaskKind.EXPERIMENT,
    "experiment": TaskKind.EXPERIMENT,
    "documentation": TaskKind.DOCUMENT,
    "document": TaskKind.DOCUMENT,
    "doc": TaskKind.DOCUMENT,
    "other": TaskKind.OTHER,
}
_WRITING = re.compile(r"^\W*(?:write|document|draft|summari[sz]e|describe|update the (?:docs?|readme|report))\b", re.I)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def _text(value: Any) -> Any:
    return value if isinstance(value, str | list | dict) or value is None else str(value)


Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else _text(value))]
Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(lambda value: () if value is None else (value,) if isinstance(value, str) else value),
]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)


class _Expected(_Shape):
    model_config = ConfigDict(frozen=True, extra="forbid")

    params: Texts = ()
    metrics: Texts = ()
    constant: Texts = ()
    arms: dict[str, str] = Field(default_factory=dict)
    artifacts: Texts = Field(default=(), validation_alias=AliasChoices("artifacts", "artefacts"))
    files: Texts = ()


class _Entry(_Shape):
    id: Text = Field(default="", validation_alias=AliasChoices("id", "task_id"))
    action: Annotated[Text, Field(min_length=1)]
    priority: Text = "MEDIUM"
    owner: Text = ""
    deadline: Text = ""
    rationale: Text = ""
    acceptance_criteria: Texts = ()
    dependencies: Annotated[tuple[Any, ...], BeforeValidator(lambda v: () if v is None else v)] = ()
    evidence_paths: Texts = ()
    type: Text = Field(default="", validation_alias=AliasChoices("type", "task_type", "kind"))
    expected: _Expected = Field(
        default_factory=_Expected, validation_alias=AliasChoices("expected", "expected_evidence", "evidence")
    )
    timeout_s: float | None = Field(default=None, gt=0, validation_alias=AliasChoices("timeout_s", "timeout"))


class _Arm(_Shape):
    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Text
    metric: Text


class _Criterion(_Shape):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    treatment: _Arm
    control: _Arm
    paired: bool = True
    better: Text = "higher"
    min_gain: float = 0.0
    min_effect: float = Field(default=0.0, ge=0)


class _Decision(_Shape):
    model_config = ConfigDict(frozen=True, extra="forbid")

    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    criteria: tuple[_Criterion, ...] = ()


class _File(_Shape):
    meeting_id: Text = Field(default="", validation_alias=AliasChoices("meeting_id", "meeting"))
    generated_at: Text = ""
    context: Any = ""
    decisions: tuple[_Entry, ...] = Field(min_length=1, validation_alias=AliasChoices("decisions", "tasks", "actions"))
    decision: _Decision = Field(default_factory=_Decision)


def read_queue(path: Path) -> Queue:
    """Return the queue in the file.

    Args:
        path: `pending_actions.json` of the planning team, or the same in YAML.

    Raises:
        TaskError: It cannot be read (E160), or something in it is wrong (E161): everything that is wrong is told.
    """
    found = read_data(path)
    if not isinstance(found, Mapping):
        raise TaskError("E160", f"{str(path)!r} holds no queue but a {type(found).__name__}", fix=_FIX)
    try:
        shape = _File.model_validate(found)
    except ValidationError as error:
        raise _wrong(path, [_told(problem) for problem in error.errors()]) from None
    problems: list[str] = []
    queue = _Reading(shape, problems).queue(path.stem)
    if problems:
        raise _wrong(path, problems)
    return queue


def read_data(path: Path) -> Any:
    """Return what a JSON or YAML file holds.

    Raises:
        TaskError: It cannot be read (E160).
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise TaskError("E160", f"{str(path)!r} has more than {MOST_BYTES:,} bytes", fix=_FIX)
        text = path.read_text(encoding="utf-8-sig")
        return json.loads(text) if path.suffix.lower() == ".json" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, ValueError, yaml.YAMLError, RecursionError) as error:
        told = " ".join(str(error).split())[:300]
        raise TaskError("E160", f"{str(path)!r} cannot be read: {told}", fix=_FIX) from None


_FIX = "assay explain tasks"


def _wrong(path: Path, problems: Sequence[str]) -> TaskError:
    head = f"{str(path)!r}: " if len(problems) == 1 else f"{str(path)!r} has {len(problems)} mistakes:\n  "
    return TaskError("E161", head + "\n  ".join(problems), fix=_FIX)


def _told(problem: Any) -> str:
    return f"{'.'.join(str(part) for part in problem['loc']) or 'file'}: {problem['msg']}"


class _Reading:
    """Turns the file's shape into a queue and collects what is wrong with it."""

    def __init__(self, shape: _File, problems: list[str]) -> None:
        self._shape = shape
        self._problems = problems
        self._remarks: list[str] = []
        self._ids = [entry.id or f"task_{number}" for number, entry in enumerate(shape.decisions, start=1)]

    def queue(self, stem: str) -> Queue:
        shape, context = self._shape, self._shape.context
        self._check_ids()
        tasks = tuple(self._task(id, entry) for id, entry in zip(self._ids, shape.decisions, strict=True))
        if not self._problems:
            try:
                in_order(tasks)
            except ValueError as error:
                self._problems.append(str(error))
        return Queue(
            meeting=shape.meeting_id or stem,
            generated=shape.generated_at,
            context=context if isinstance(context, str) else json.dumps(context, ensure_ascii=False, default=str),
            tasks=tasks,
            criteria=tuple(self._criteria()),
            alpha=shape.decision.alpha,
            remarks=tuple(self._remarks),
        )

    def _check_ids(self) -> None:
        for id in self._ids:
            if not _NAME.fullmatch(id):
                self._problems.append(f"{id!r} is no id: letters, digits, dot, dash and _ only, 64 at most")
            elif self._ids.count(id) > 1:
                self._problems.append(f"the id {id!r} is there {self._ids.count(id)} times")

    def _task(self, id: str, entry: _Entry) -> CodeTask:
        kind, guessed = self._kind(id, entry)
        expected = self._expected(id, entry, kind)
        priority = entry.priority.strip().upper()
        if priority not in list(Priority):
            self._problems.append(f"{id}: the priority {entry.priority!r} is none of {', '.join(Priority)}")
        unknown = sorted(entry.model_extra or ())
        if unknown:
            self._remarks.append(f"{id}: left aside: {', '.join(unknown)}")
        return CodeTask(
            id=id,
            action=entry.action.strip(),
            priority=Priority(priority) if priority in list(Priority) else Priority.MEDIUM,
            kind=kind,
            guessed=guessed,
            owner=entry.owner,
            deadline=entry.deadline,
            rationale=entry.rationale,
            acceptance=entry.acceptance_criteria,
            dependencies=tuple(dict.fromkeys(self._dependency(id, given) for given in entry.dependencies)),
            expected=expected,
            timeout_s=entry.timeout_s,
        )

    def _kind(self, id: str, entry: _Entry) -> tuple[TaskKind, bool]:
        if entry.type:
            known = _KINDS.get(entry.type.strip().lower())
            if known is None:
                self._problems.append(f"{id}: the type {entry.type!r} is none of {', '.join(TaskKind)}")
            return known or TaskKind.EXPERIMENT, False
        kind = TaskKind.DOCUMENT if _WRITING.match(entry.action) else TaskKind.EXPERIMENT
        self._remarks.append(f"{id}: no type is declared; taken as {kind} by its first words")
        return kind, True

    def _expected(self, id: str, entry: _Entry, kind: TaskKind) -> Expected:
        given = entry.expected
        files = tuple(dict.fromkeys((*entry.evidence_paths, *given.files)))
        for path in (*files, *given.artifacts):
            if not _is_plain(path):
                self._problems.append(f"{id}: the evidence {path!r} is not a plain relative path")
        if kind is TaskKind.DOCUMENT and not files:
            files = (ANY_DOCUMENT,)
        if kind is TaskKind.OTHER and not (files or given.metrics or given.params or given.artifacts):
            self._problems.append(f"{id}: a task of type other must say what its evidence is (`expected`)")
        return Expected(
            params=given.params,
            metrics=given.metrics,
            constant=given.constant,
            arms=given.arms,
            artifacts=given.artifacts,
            files=files,
        )

    def _dependency(self, id: str, given: Any) -> str:
        """Return the id that is meant: an id, a number in the order of the file, or the text of an action."""
        text = str(given).strip()
        number = re.fullmatch(r"(?:task[ _-]?)?(\d+)", text, re.I)
        actions = [entry.action.strip() for entry in self._shape.decisions]
        if text in self._ids:
            found = text
        elif text in actions:
            found = self._ids[actions.index(text)]
        elif number and 1 <= int(number[1]) <= len(self._ids):
            found = self._ids[int(number[1]) - 1]
        else:
            self._problems.append(f"{id}: the dependency {text!r} is no task of this file")
            return id
        if found == id:
            self._problems.append(f"{id}: it depends on itself")
        return found

    def _criteria(self) -> Iterator[Criterion]:
        for given in self._shape.decision.criteria:
            for arm in (given.treatment, given.control):
                if arm.task not in self._ids:
                    self._problems.append(f"criterion {given.name!r}: {arm.task!r} is no task of this file")
            if given.better not in ("higher", "lower"):
                self._problems.append(f"criterion {given.name!r}: better must be higher or lower, not {given.better!r}")
            if not math.isfinite(given.min_gain) or given.treatment == given.control:
                self._problems.append(f"criterion {given.name!r}: it compares nothing")
            yield Criterion(
                name=given.name,
                treatment=Arm(task=given.treatment.task, metric=given.treatment.metric),
                control=Arm(task=given.control.task, metric=given.control.metric),
                paired=given.paired,
                higher_is_better=given.better != "lower",
                min_gain=given.min_gain,
                min_effect=given.min_effect,
            )


def _is_plain(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith(("/", "~")) and ".." not in parts and "\\" not in path
