"""Responses: what agents wrote, from a file or a folder, kept whole and matched to the tasks of a queue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from assay.core.errors import TaskError
from assay.models.roles.tasks import Reviewer
from assay.strategies.code_tasks.intake import MOST_BYTES, read_data
from assay.strategies.code_tasks.queue import CodeTask, Queue

WRITERS = ("writer", "ops_commander", "ops", "coder", "developer")
"""Names under which the reply of whoever wrote the code is looked for; with one agent only, that one wrote."""
REVIEWERS = frozenset(get_args(Reviewer))
"""Names of reviewers: what one of them wrote is never taken for the code."""
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
        TaskError: It cannot be read (E160); it speaks of tasks that are not in the queue, or of one twice by the same
            agent (E162).
    """
    given = _from_folder(path) if path.is_dir() else _from_data(read_data(path), path)
    written: dict[str, str] = {}
    reviews: dict[str, dict[str, str]] = {}
    by_task: dict[str, dict[str, str]] = {}
    unknown: list[str] = []
    twice: list[str] = []
    for name, agent, text in given:
        task = _meant(name, queue.tasks)
        if task is None:
            unknown.append(name)
            continue
        mine = by_task.setdefault(task.id, {})
        if _plain(agent) in mine:
            twice.append(f"{task.id} by {agent!r}")
        mine[_plain(agent)] = text
    for id, agents in by_task.items():
        writer = _writer(agents)
        if writer is not None:
            written[id] = agents[writer]
        reviews[id] = {agent: text for agent, text in agents.items() if agent != writer}
    if unknown:
        told = ", ".join(repr(name) for name in unknown[:10])
        known = ", ".join(task.id for task in queue.tasks)
        raise TaskError("E162", f"{str(path)!r} answers {told}, but the tasks are {known}", fix="assay explain tasks")
    if twice:
        told = (
            f"{str(path)!r} holds more than one response to {', '.join(twice[:10])}: which of them counts is not said"
        )
        raise TaskError("E162", told, fix="assay explain tasks")
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
    """Return who wrote the code: a lone agent did, unless it is known as a reviewer."""
    known = next((name for name in WRITERS if name in agents), None)
    lone = len(agents) == 1 and not REVIEWERS & set(agents)
    return known or (next(iter(agents)) if lone else None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _from_data(found: Any, path: Path) -> list[tuple[str, str, str]]:
    """Return task, agent and text of each response, as they come: what is there twice is told, not merged."""
    listed = _listed(found)
    if listed is not None:
        named = [(e.get("task_id") or e.get("id") or e.get("action"), e.get("agent_responses", {})) for e in listed]
    else:
        if isinstance(found, Mapping) and isinstance(found.get("responses"), Mapping):
            found = found["responses"]
        if not isinstance(found, Mapping):
            raise _shape(path)
        named = list(found.items())
    return [(str(name), agent, text) for name, value in named for agent, text in _agents(value, path).items()]


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


def _from_folder(folder: Path) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    for path in _files(folder):
        stem = path.relative_to(folder).with_suffix("").as_posix()
        task, _, agent = stem.partition("/") if "/" in stem else stem.partition(".")
        try:
            if path.stat().st_size > MOST_BYTES:
                raise TaskError("E160", f"{str(path)!r} has more than {MOST_BYTES:,} bytes")
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise TaskError("E160", f"{str(path)!r} cannot be read: {error}") from None
        found.append((task, agent or WRITERS[0], text))
    return found


def _files(folder: Path) -> Iterable[Path]:
    kinds = (".md", ".markdown", ".txt", ".json")
    return sorted(p for p in (*folder.glob("*"), *folder.glob("*/*")) if p.suffix.lower() in kinds and p.is_file())
