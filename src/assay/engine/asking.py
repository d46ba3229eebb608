"""Asking: a question to a model is waited for only as long as the run has a use for the answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LOOK_S = 0.2
"""Seconds between two looks at whether the answer is still wanted."""


class Unwanted(Exception):
    """The answer was not waited for to the end."""


def wait_for(call: Callable[[], T], unwanted: Callable[[], bool]) -> T:
    """Return what `call` returns, unless the answer becomes unwanted before it is there.

    A provider may be silent for minutes and then be asked again, and no library can break off a call from another
    thread; so the call has a thread of its own, which is left to itself when nobody waits any more.

    Args:
        call: Asks; must write nothing that the run rests on.
        unwanted: Whether to stop waiting; looked at several times a second.

    Raises:
        Unwanted: The answer became unwanted first.
        BaseException: What `call` raised.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:  # handed over to whoever waits
            errors.append(error)
        finally:
            done.set()

    # A daemon, so that a call nobody waits for does not keep the process from ending.
    threading.Thread(target=work, name="question", daemon=True).start()
    while not done.wait(LOOK_S):
        if unwanted():
            raise Unwanted
    if errors:
        raise errors[0]
    return results[0]
