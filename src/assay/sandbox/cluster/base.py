"""The seam of runners: who lends them, and what one on a node can be told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

from assay.sandbox.base import SandboxLimits


class NodeLost(Exception):
    """The node, or our process on it, is gone or out of reach."""


class Remote(Protocol):
    """A runner on a node, as seen from here."""

    @property
    def node(self) -> str:
        """Names the node, for the record."""
        ...

    @property
    def tier(self) -> str:
        """Isolation there."""
        ...

    @property
    def sending(self) -> threading.Lock:
        """Held by whoever sends files to that node, so that each travels once."""
        ...

    def call(self, method: str, *arguments: Any) -> Any:
        """Call a method of `Runner` and return what it returns.

        Raises:
            NodeLost: There will be no answer.
        """
        ...

    def begin(self, method: str, *arguments: Any) -> Callable[[], Any]:
        """Call a method without waiting; what is returned waits, may be left alone, and raises what `call` raises."""
        ...


class Pool(Protocol):
    """Lends runners."""

    def lease(self, limits: SandboxLimits, wanted: Callable[[], bool]) -> Remote | None:
        """Wait for a runner with what `limits` asks for; None once it is no longer wanted.

        Args:
            limits: Cores, memory and graphics processors.
            wanted: Asked again and again while there is none.

        Raises:
            MachineError: There will be none.
        """
        ...

    def give_back(self, remote: Remote, limits: SandboxLimits, *, lost: bool) -> None:
        """Take a runner back.

        Args:
            remote: It was lent by this pool.
            limits: What it was asked for with.
            lost: Whether its node is gone or out of reach, so that nobody else gets it.
        """
        ...
