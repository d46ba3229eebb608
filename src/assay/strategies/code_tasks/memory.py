"""Memory: the failures of a run and of the runs before it, noted so that a resumed run has the same rules."""

from __future__ import annotations

import threading

from assay.engine.session import Session
from assay.strategies.code_tasks.record import EARLIER
from assay.strategies.code_tasks.rules import Failure, earlier_failures, failure, keep_failures, rules

MARK = "/failure-"


class Memory:
    """Keeps failures by pattern. Called from the steps of a run.

    Args:
        session: Where they are noted.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        folder = session.parts.folder
        earlier = session.note(EARLIER, lambda: [_noted(one) for one in earlier_failures(folder.parent, folder)])
        self._earlier = [Failure(**one) for one in earlier]

    def own(self) -> list[Failure]:
        """Return the failures of this run, in the order of their keys."""
        noted = self._session.parts.log.read(lambda history: dict(history.notes))
        return [Failure(**value) for key, value in sorted(noted.items()) if MARK in key]

    def add(self, key: str, point: str, name: str, sentence: str) -> None:
        """Note one failure of the task under `key`; the same one of the same task is noted once."""
        one = failure(point, name, " ".join(sentence.split()))
        with self._lock:
            known = self._session.parts.log.read(lambda history: dict(history.notes))
            mine = [value for place, value in known.items() if place.startswith(key + MARK)]
            if _noted(one) not in mine:
                self._session.note(f"{key}{MARK}{len(mine):02d}", lambda: _noted(one))
                keep_failures(self._session.parts.folder, self.own())

    def rules(self) -> tuple[str, ...]:
        """Return what the failures so far taught."""
        return rules([*self._earlier, *self.own()])


def _noted(one: Failure) -> dict[str, str]:
    return {"pattern": one.pattern, "example": one.example, "point": one.point}
