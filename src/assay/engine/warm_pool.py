"""The pool of waiting sandboxes: what the next script will likely import, and when there is room to import it ahead."""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from assay.core.cores import usable_cores
from assay.core.errors import AssayError
from assay.core.memory import free_memory_bytes
from assay.kinds.early_imports import packages_of
from assay.sandbox import SandboxLimits, remove_tree
from assay.sandbox.base import Command
from assay.sandbox.warm import Warm, Warmable, WarmOrder

TOLD = ("ASSAY_SEED",)
"""Variables that differ from one execution to the next; no package reads them."""
FIRST = 2
"""Executions before the first sandbox is started ahead: a run of one or two gains nothing."""
MOST = 4
"""Sandboxes that wait at most."""
SHARE = 0.25
"""Of the memory that is available: what waiting sandboxes may hold."""
USUAL_BYTES = 300 * 2**20
"""Memory of one, until one was measured."""
READY_S = 120.0
LOOK_S = 0.5
_IDLE_CORES = 0.6
_REMEMBERED = 8
_MOST_FAILURES = 3

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What an execution would be handed to a waiting sandbox as."""

    command: Command
    limits: SandboxLimits
    imports: tuple[str, ...]
    """Modules that the script imports before it does anything else, in order."""

    @property
    def order(self) -> tuple[object, ...]:
        """What must be equal for a sandbox that was started for another execution."""
        command, limits = self.command, replace(self.limits, wall_s=0.0)
        env = tuple(sorted((name, value) for name, value in command.env.items() if name not in TOLD))
        return command.argv, command.interpreter, env, limits, packages_of(self.imports)


@dataclass(frozen=True)
class Target:
    """What is to wait: a sandbox for a wish, with these modules."""

    wish: Wish
    modules: tuple[str, ...]


class WarmPool:
    """Starts sandboxes ahead in the background and gives each away once. Safe for several threads.

    Args:
        sandbox: Starts them.
        folder: Where their workspaces are made; on the disk of the views.
        size: Executions that may run at a time.
        cores: How many there are.
        available: Returns the bytes of memory that can be used.
        idle: Returns how many cores were idle since it was last asked.
    """

    def __init__(
        self,
        sandbox: Warmable,
        folder: Path,
        *,
        size: int,
        cores: int | None = None,
        available: Callable[[], int] = free_memory_bytes,
        idle: Callable[[], float] | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self._size = min(MOST, max(1, size))
        self._cores = cores or usable_cores()
        self._available = available
        self._idle = idle or IdleCores()
        self._waiting: list[tuple[Target, Warm]] = []
        self._recent: deque[Wish] = deque(maxlen=_REMEMBERED)
        self._bytes = USUAL_BYTES
        self._running = 0
        self._seen = 0
        self._failures = 0
        self._closed = False
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self, wish: Wish | None) -> Warm | None:
        """Return a sandbox that an execution can be handed to, or None; either way the caller owes `done`.

        Whoever gets one owns it and its workspace.

        Args:
            wish: What is about to start; None for what cannot be started ahead.
        """
        with self._lock:
            self._running += 1
            chosen = self._choose(wish) if wish is not None else None
            if wish is not None and wish.imports:
                self._seen += 1
                self._recent.append(wish)
            # Below T1 the candidate could reach what waits beside it.
            others = [] if self._sandbox.waits_beside else [warm for _, warm in self._waiting]
            if others:
                self._waiting = []
            self._begin()
        for warm in others:
            _drop(warm)
        self._wake.set()
        return chosen

    def done(self, *, refused: bool = False) -> None:
        """Say that an execution has ended.

        Args:
            refused: Whether the sandbox that it was given did not take it.
        """
        with self._lock:
            self._running -= 1
            self._failures = self._failures + 1 if refused else self._failures
        self._wake.set()

    def close(self) -> None:
        """End every waiting sandbox and start none any more."""
        with self._lock:
            self._closed = True
            dropped, self._waiting = [warm for _, warm in self._waiting], []
        self._wake.set()
        for warm in dropped:
            _drop(warm)
        if self._thread is not None:
            self._thread.join()

    @property
    def waiting(self) -> int:
        """How many there are, those included that still get ready."""
        with self._lock:
            return len(self._waiting)

    # With the lock held.

    def _choose(self, wish: Wish) -> Warm | None:
        """Take out the sandbox that has most of the wish's imports done; one that gets ready is soon as good."""
        fitting = [entry for entry in self._waiting if suits(entry[0], wish) and entry[1].alive]
        if not fitting:
            return None
        best = max(fitting, key=lambda entry: (len(entry[0].modules), -self._waiting.index(entry)))
        self._waiting.remove(best)
        return best[1]

    def _begin(self) -> None:
        if self._thread is None and self._seen > FIRST and not self._closed:
            self._thread = threading.Thread(target=self._serve, name="assay-warmer", daemon=True)
            self._thread.start()

    def _missing(self) -> Target | None:
        """Return what should wait and does not."""
        wanted = targets(self._recent, self._size)
        for target, _ in self._waiting:
            match = next((one for one in wanted if suits(target, one.wish)), None)
            if match is not None:
                wanted.remove(match)
        return wanted[0] if wanted else None

    def _useless(self) -> list[Warm]:
        """Take out those that have died or that no recent script could use, and all if memory is short."""
        held = sum(warm.memory_bytes or self._bytes for _, warm in self._waiting)
        short = bool(self._waiting) and held > 2 * SHARE * (self._available() + held)
        gone = [
            entry
            for entry in self._waiting
            if short or not entry[1].alive or not any(suits(entry[0], wish) for wish in self._recent)
        ]
        self._waiting = [entry for entry in self._waiting if entry not in gone]
        return [warm for _, warm in gone]

    def _may_start(self, idle: float) -> bool:
        if self._closed or self._failures >= _MOST_FAILURES:
            return False
        if self._waiting and not self._sandbox.waits_beside:
            return False
        if self._running and not self._sandbox.waits_beside:
            return False
        threads = self._recent[-1].limits.threads
        if self._running and (self._running * threads >= self._cores or idle < _IDLE_CORES):
            return False
        held = sum(warm.memory_bytes or self._bytes for _, warm in self._waiting)
        return held + self._bytes <= SHARE * (self._available() + held)

    # --- the pool's thread -------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while not self._closed:
            self._wake.wait(LOOK_S)
            self._wake.clear()
            idle = self._idle()
            with self._lock:
                dropped = self._useless()
                target = self._missing()
                start = target is not None and self._may_start(idle)
            for warm in dropped:
                _drop(warm)
            if start and target is not None:
                self._start(target)

    def _start(self, target: Target) -> None:
        root: Path | None = None
        try:
            self._folder.mkdir(exist_ok=True)
            root = Path(tempfile.mkdtemp(prefix="warm-", dir=self._folder))
            wish = target.wish
            warm = self._sandbox.warm(
                WarmOrder(command=wish.command, limits=wish.limits, root=root, modules=target.modules, told=TOLD)
            )
        except (AssayError, OSError):
            _logger.warning("no sandbox could be started ahead", exc_info=True)
            self._failures += 1
            if root is not None:
                remove_tree(root)
            return
        with self._lock:
            keep = not self._closed and (self._sandbox.waits_beside or not self._running)
            if keep:
                self._waiting.append((target, warm))
        if not keep:
            _drop(warm)
        elif warm.get_ready(READY_S):
            self._failures = 0
            self._bytes = max(warm.memory_bytes, USUAL_BYTES // 3)
        else:
            self._failed(target, warm)

    def _failed(self, target: Target, warm: Warm) -> None:
        """Drop what did not get ready, unless somebody has taken or dropped it meanwhile."""
        with self._lock:
            ours = (target, warm) in self._waiting
            if ours:
                self._waiting.remove((target, warm))
                self._failures += 1
        if ours:
            _logger.info("a sandbox that was started ahead did not get ready: %s", ", ".join(target.modules))
            _drop(warm)


class IdleCores:
    """How many cores of the machine were idle between two calls, whoever uses them."""

    def __init__(self) -> None:
        self._before = self._read()

    def __call__(self) -> float:
        """Return it; 0 where too little time has passed to tell."""
        now = self._read()
        passed, idle = now[0] - self._before[0], now[1] - self._before[1]
        if passed < 0.1:
            return 0.0
        self._before = now
        return idle / passed

    @staticmethod
    def _read() -> tuple[float, float]:
        times = psutil.cpu_times()
        return time.monotonic(), times.idle + getattr(times, "iowait", 0.0)


def suits(target: Target, wish: Wish) -> bool:
    """Return whether a sandbox that waits as `target` has done nothing that the wish's script would not have done.

    All its modules are among those that the script begins with, and the packages come in the same order: which native
    libraries a process loads first can matter to those that come later.
    """
    mine, theirs = packages_of(target.modules), packages_of(wish.imports)
    return (
        target.wish.order[:-1] == wish.order[:-1]
        and set(target.modules) <= set(wish.imports)
        and mine == theirs[: len(mine)]
    )


def targets(recent: Sequence[Wish], size: int) -> list[Target]:
    """Return what should wait for the next `size` executions, judged by the last ones.

    Scripts that need the same start and import the same packages are of a class; its modules are those that the last
    three of the class have in common. The latest classes come first.
    """
    classes: dict[tuple[object, ...], list[Wish]] = {}
    for wish in reversed(recent):
        classes.setdefault(wish.order, []).append(wish)
    found = []
    for wishes in classes.values():
        common = set.intersection(*(set(wish.imports) for wish in wishes[:3]))
        modules = tuple(name for name in wishes[0].imports if name in common)
        if modules:
            found.append(Target(wishes[0], modules))
    return [found[number % len(found)] for number in range(size)] if found else []


def _drop(warm: Warm) -> None:
    warm.close()
    try:
        remove_tree(warm.root)
    except OSError:
        _logger.warning("the workspace of a waiting sandbox could not be removed", exc_info=True)
