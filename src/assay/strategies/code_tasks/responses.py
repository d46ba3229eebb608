"""Responses: what agents wrote, from a file or a folder, kept whole and matched to the tasks of a queue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.core.errors import TaskError
from assay.strategies.code_tasks.intake import MOST_BYTES, read_data
from assay.strategies.code_tasks.queue import CodeTask, Queue

WRITERS = ("writer", "ops_commander", "ops", "coder", "developer")
"""Names under which the reply of whoever wrote the code is looked for; with one agent only, that one wrote."""
_LISTS = ("task_results", "results", "tasks")


@dataclass(frozen=True, kw_only=True)
class Responses:
    """What agents wrote about each task."""

    written: Mapping[str, str] = field(default_factory=dict)
    """Task id to the writer's reply."""
    reviews: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Task id to reviewer to what that one said before anything ran."""
    given: bool = False
    """Whether a person handed responses in: then nobody else writes."""


def read_responses(path: Path, queue: Queue) -> Responses:
    """Return the responses in `path`.

    Args:
        path: A JSON or YAML file: task to text, task to agent to text, or the `task_results` of an earlier system. Or a
            folder of Markdown: `TASK.md`, `TASK.AGENT.md` or `TASK/AGENT.md` (a reviewer's may end in `.json`).
        queue: The tasks.

    Raises:
        TaskError: It cannot be read (E160), or it speaks of tasks that are not in the queue (E162).
    """
    given = _from_folder(path) if path.is_dir() else _from_data(read_data(path), path)
    written: dict[str, str] = {}
    reviews: dict[str, dict[str, str]] = {}
    unknown: list[str] = []
    for name, agents in given.items():
        task = _meant(name, queue.tasks)
        if task is None:
            unknown.append(name)
            continue
        writer = _writer(agents)
        if writer is not None:
            written[task.id] = agents[writer]
        reviews[task.id] = {_plain(agent): text for agent, text in agents.items() if agent != writer}
    if unknown:
        told = ", ".join(repr(name) for name in unknown[:10])
        known = ", ".join(task.id for task in queue.tasks)
        raise TaskError("E162", f"{str(path)!r} answers {told}, but the tasks are {known}", fix="assay explain tasks")
    return Responses(written=written, reviews=reviews, given=True)


def _meant(name: str, tasks: Sequence[CodeTask]) -> CodeTask | None:
    text = name.strip()
    number = re.fullmatch(r"(?:task[ _-]?)?(\d+)", text, re.I)
    for task in tasks:
        if text in (task.id, task.action) or _plain(text) == _plain(task.id):
            return task
    if number and 1 <= int(number[1]) <= len(tasks):
        return tasks[int(number[1]) - 1]
    return None


def _writer(agents: Mapping[str, str]) -> str | None:
    by_name = {_plain(agent): agent for agent in agents}
    for name in WRITERS:
        if name in by_name:
            return by_name[name]
    return next(iter(agents)) if len(agents) == 1 else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _from_data(found: Any, path: Path) -> dict[str, dict[str, str]]:
    listed = _listed(found)
    if listed is not None:
        found = {str(e.get("task_id") or e.get("id") or e.get("action")): e.get("agent_responses", {}) for e in listed}
    elif isinstance(found, Mapping) and isinstance(found.get("responses"), Mapping):
        found = found["responses"]
    if not isinstance(found, Mapping):
        raise _shape(path)
    return {str(name): _agents(value, path) for name, value in found.items()}


def _listed(found: Any) -> list[Mapping[str, Any]] | None:
    if isinstance(found, Mapping):
        found = next((found[name] for name in _LISTS if isinstance(found.get(name), list)), None)
    if isinstance(found, list) and found and all(isinstance(entry, Mapping) for entry in found):
        return found
    return None


def _agents(value: Any, path: Path) -> dict[str, str]:
    if isinstance(value, str):
        return {WRITERS[0]: value}
    if isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values()):
        return {str(agent): text for agent, text in value.items()}
    raise _shape(path)


def _shape(path: Path) -> TaskError:
    return TaskError(
        "E162",
        f"{str(path)!r} holds no responses: a text, or one text an agent, is wanted for each task",
        fix="assay explain tasks",
    )


def _from_folder(folder: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for path in _files(folder):
        stem = path.relative_to(folder).with_suffix("").as_posix()
        task, _, agent = stem.partition("/") if "/" in stem else stem.partition(".")
        try:
            if path.stat().st_size > MOST_BYTES:
                raise TaskError("E160", f"{str(path)!r} has more than {MOST_BYTES:,} bytes")
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise TaskError("E160", f"{str(path)!r} cannot be read: {error}") from None
        found.setdefault(task, {})[agent or WRITERS[0]] = text
    return found


def _files(folder: Path) -> Iterable[Path]:
    kinds = (".md", ".markdown", ".txt", ".json")
    return sorted(p for p in (*folder.glob("*"), *folder.glob("*/*")) if p.suffix.lower() in kinds and p.is_file())
