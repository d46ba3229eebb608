"""Slow answers: answers that take seconds, worked out beside the pages; a page shows what is known and asks again."""

from __future__ import annotations

import threading
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from assay.core.errors import AssayError

MOST = 24
"""Answers that are kept for one run; the oldest gives way."""
MOST_WAITING = 8
"""Answers that are waited for at a time, of all runs together."""
_ONE_AT_A_TIME = threading.Lock()
_ROOM = threading.BoundedSemaphore(MOST_WAITING)


@dataclass
class Look:
    """One answer, or that somebody is working on it."""

    done: threading.Event = field(default_factory=threading.Event)
    value: Any = None
    failed: str = ""
    """Why there is no answer, in a sentence."""

    def told(self) -> dict[str, Any]:
        """Return the look as a page shows it: `working`, `failed` or `done`."""
        if not self.done.is_set():
            return {"state": "working"}
        return {"state": "failed", "why": self.failed} if self.failed else {"state": "done", "value": self.value}


def look(cache: MutableMapping[str, Any], key: str, make: Callable[[], Any], *, wait: bool = False) -> dict[str, Any]:
    """Return what is known under `key`, and have it worked out if nobody has.

    Args:
        cache: Where answers are kept.
        key: Names the answer and all that it depends on.
        make: Works it out, on a thread of its own: it must use nothing that the caller may change.
        wait: Return only when there is an answer.
    """
    looks: dict[str, Look] = cache.setdefault("looks", {})
    known = looks.get(key)
    if known is None:
        if not _ROOM.acquire(blocking=wait):
            return {"state": "failed", "why": "too much is being worked out already; ask again in a minute"}
        known = looks[key] = Look()
        while len(looks) > MOST:
            looks.pop(next(iter(looks)))
        threading.Thread(target=_work, args=(known, make), daemon=True).start()
    if wait:
        known.done.wait()
    return known.told()


def _work(found: Look, make: Callable[[], Any]) -> None:
    found.failed = "it broke off unexpectedly"
    try:
        with _ONE_AT_A_TIME:
            found.value = make()
        found.failed = ""
    except AssayError as error:
        found.failed = f"{error.code}: {error.message}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        found.failed = f"{type(error).__name__}: {error}"
    finally:
        found.done.set()
        _ROOM.release()
