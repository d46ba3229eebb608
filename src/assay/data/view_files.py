"""Files of views: written beside their place and renamed, so that a view is there whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.core.digest import digest_file
from assay.core.errors import IntegrityError
from assay.core.files import write_whole
from assay.core.task import Task
from assay.core.view import View, ViewKey, ViewKind
from assay.data.side_files import side_files


@dataclass(frozen=True, kw_only=True)
class ViewPlace:
    """Where the views of a run lie."""

    root: Path
    """Holds a folder and a small JSON file for each view."""
    private: Path
    """Holds the answers; readable for the owner alone."""

    def input(self, key: ViewKey, task: Task) -> Path:
        """Return the input folder of a view."""
        return self.root / folder_name(key, task)

    def answers(self, key: ViewKey, task: Task) -> Path:
        """Return the private answers of a view."""
        return self.private / f"{folder_name(key, task)}.csv"

    def record(self, key: ViewKey, task: Task) -> Path:
        """Return the small file that is written last: its view is whole when it is there."""
        return self.root / f"{folder_name(key, task)}.json"

    def load(self, key: ViewKey, task: Task) -> View | None:
        """Return the view if it has been built, else None.

        Raises:
            IntegrityError: E411, the answers are not those that were written.
        """
        facts = self._facts(key, task)
        if facts is None or not self.input(key, task).is_dir():
            return None
        answers = self.answers(key, task) if facts["answers"] else None
        if answers is not None and not answers.is_file():
            return None
        if answers is not None and digest_file(answers) != facts["answers"]:
            raise IntegrityError(
                "E411",
                f"the private answers of {key.name} are not those that were written",
                kept="every finished trial",
                fix=f"remove {self.record(key, task)} to have the view built again",
            )
        return View(
            key=key,
            input=self.input(key, task),
            answers=answers,
            train_rows=facts["train_rows"],
            test_rows=facts["test_rows"],
            partial=facts["partial"],
        )

    def rows(self, key: ViewKey, task: Task) -> tuple[int, int] | None:
        """Return how many labelled rows a built view shows and how many it asks for; None if it is not there."""
        facts = self._facts(key, task)
        return (int(facts["train_rows"]), int(facts["test_rows"])) if facts is not None else None

    def _facts(self, key: ViewKey, task: Task) -> dict[str, Any] | None:
        try:
            facts = json.loads(self.record(key, task).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None  # a damaged record is as good as none: the view is built again
        return facts if isinstance(facts, dict) and facts.get("task") == task.data_digest else None

    def save(self, key: ViewKey, task: Task, *, train_rows: int, test_rows: int, partial: bool = False) -> None:
        """Record that a view is whole, with the digest of its answers if it has any."""
        answers = self.answers(key, task)
        facts = {
            "task": task.data_digest,
            "train_rows": train_rows,
            "test_rows": test_rows,
            "answers": None if key.kind in (ViewKind.FINAL, ViewKind.REHEARSAL) else digest_file(answers),
            "partial": partial,
        }
        write_whole(self.record(key, task), json.dumps(facts))


def default_cap(kind: ViewKind, task: Task) -> int | None:
    """Return the most training rows that a view of this kind shows unless asked otherwise."""
    return task.row_cap if kind is ViewKind.FOLD else None


def folder_name(key: ViewKey, task: Task) -> str:
    """Return the name of a view's folder; an unusual cap on rows is part of it."""
    usual = key.row_cap == default_cap(key.kind, task)
    return key.name if usual else f"{key.name}-rows-{key.row_cap or 'all'}"


@contextmanager
def fresh_folder(place: Path) -> Iterator[Path]:
    """Yield an empty folder beside `place` that takes its name when the block ends well, and vanishes otherwise."""
    temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        for path in temporary.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o444)
        temporary.chmod(0o755)
        if place.exists():
            shutil.rmtree(place)
        temporary.rename(place)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def show_side(task: Task, root: Path, into: Path) -> None:
    """Show the side files in the view folder `into`.

    They are copied once for all views and hard-linked from there: a view costs no space, and nothing a candidate could
    do to its copy reaches the user's own files.
    """
    kept = root / ".side"
    if not kept.is_dir():
        with fresh_folder(kept) as folder:
            for path in side_files(task.folder, task.data.side, task.data.hidden):
                target = folder / path.relative_to(task.folder)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    link_tree(kept, into)


def link_tree(source: Path, into: Path) -> None:
    """Hard-link every file under `source` to the same place under `into`; copy where links are not possible."""
    for path in sorted(source.rglob("*")):
        target = into / path.relative_to(source)
        if path.is_symlink():
            continue
        if path.is_dir():
            target.mkdir(exist_ok=True)
            continue
        try:
            target.hardlink_to(path)
        except OSError:
            shutil.copyfile(path, target)
