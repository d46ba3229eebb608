"""Interrupts: the first Ctrl-C saves, the second stops at once; SIGTERM is as good as the first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from assay.cli.shell import Shell


@contextmanager
def interruptible(shell: Shell, on_first: Callable[[], None]) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into `KeyboardInterrupt` in the main thread, and tell the person what happens.

    Args:
        shell: Remembers which signals came, for the exit code.
        on_first: Called at the first signal; must only set flags.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _: FrameType | None) -> None:
        first = not shell.signals
        shell.signals.append(number)
        if first:
            on_first()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
