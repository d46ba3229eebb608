"""Packages: what a reply asks to install, installed only where a person allows it, into the run's own environment."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from assay.core.errors import UsageError
from assay.engine.session import Session
from assay.kinds.command import Layer, is_requirement
from assay.models.scrub import Scrubber

REFUSED = "W431"
FOLDER = "environment"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def allowed(wanted: Sequence[str]) -> dict[str, str]:
    """Return what may be installed, by its plain name.

    Args:
        wanted: Requirements as a person typed them: a name, perhaps with extras and versions.

    Raises:
        UsageError: One is none (E167).
    """
    found = {}
    for text in wanted:
        name = plain(text)
        if not (name and is_requirement(text)):
            raise UsageError("E167", f"{text!r} is no package that could be installed", fix="--allow 'NAME==VERSION'")
        found[name] = text
    return found


def plain(requirement: str) -> str:
    """Return the name of a distribution as indexes compare it; empty for an address or an option."""
    found = _NAME.match(requirement.strip())
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


class Packages:
    """The run's own environment, over the interpreter of the tasks. Called from the steps of a run.

    Args:
        session: The running session.
        allow: What a person allows; nothing else is ever installed.
    """

    def __init__(self, session: Session, allow: Sequence[str]) -> None:
        self._session = session
        self._allow = allowed(allow)
        self._lock = threading.Lock()
        parts = session.parts
        self._layer = Layer(folder=parts.folder / FOLDER, over=parts.python, is_over=lambda: parts.activities.stopped)

    @property
    def python(self) -> Path | None:
        """The interpreter with what was added; None where nothing was."""
        return self._layer.python if self._allow else None

    def provide(self, key: str, task: str, asked: Sequence[str]) -> None:
        """Install of `asked` what is allowed, as the person wrote it, and remark on the rest.

        Args:
            key: Under which it is noted what came of it; a resumed run does not install twice.
            task: Id of the task, for people.
            asked: What its reply wants to install.
        """
        for one in asked:
            requirement = self._allow.get(plain(one))
            if requirement is None:
                self._remark(f"task {task} asked to install {one}: it is not allowed, and not installed")
                continue
            place = f"{key}/installed/{plain(one)}"
            said = self._session.note(place, partial(self._install, requirement))
            if not said["done"]:
                self._remark(f"{requirement}, which task {task} asked for, was not installed: {said['said']}")

    def _install(self, requirement: str) -> dict[str, Any]:
        parts = self._session.parts
        with self._lock, parts.activities.doing("install", requirement, limit_s=self._layer.most_s):
            said = self._layer.install(requirement)
        self._session.budget.check()
        told = Scrubber().scrub_json({"package": requirement, "done": said.done, "said": said.words})
        return dict(told)

    def _remark(self, text: str) -> None:
        self._session.parts.log.remark_once(REFUSED, text)
