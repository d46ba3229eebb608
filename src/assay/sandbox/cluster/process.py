"""RemoteProcess: an execution on a node, attended from here; one whose node is lost is started again elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.core.clock import Clock
from assay.core.codec import decode, encode
from assay.core.errors import AssayError, MachineError
from assay.core.execution import Outcome
from assay.sandbox.base import Command, Finished, SandboxLimits, Workspace
from assay.sandbox.cluster.base import NodeLost, Pool, Remote
from assay.sandbox.cluster.files import Digests, Sent, chunks_of, folder_of
from assay.sandbox.cluster.outputs import Left, put_back
from assay.sandbox.output import OutputBuffer

MOST_LOST = 3
"""An execution that lost so many nodes is given up: it may be what ends them."""
_POLL_S, _LIVE_POLL_S, _BUSY_S = 1.0, 0.2, 0.2
_IN_FLIGHT = 4


class RemoteProcess:
    """A `SandboxProcess` on some node.

    Args:
        pool: Lends runners.
        command: What to run.
        workspace: Its root is sent, and becomes at the end what the node's was.
        limits: Its bounds; also what is asked of the node.
        digests: Remembers those of files.
        clock: For ages.
        handle: Its name.
    """

    def __init__(
        self,
        pool: Pool,
        command: Command,
        workspace: Workspace,
        limits: SandboxLimits,
        digests: Digests,
        clock: Clock,
        handle: str,
    ) -> None:
        self._pool = pool
        self._command = command
        self._workspace = workspace
        self._limits = limits
        self._digests = digests
        self._clock = clock
        self._handle = handle
        self._buffer = OutputBuffer(limits.log_bytes)
        self._last_output_s = clock.monotonic()
        self._asked: Outcome | None = None
        self._remote: Remote | None = None
        self._lost: list[str] = []
        self._finished: Finished | None = None
        self._done = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._attend, name="assay-remote", daemon=True).start()

    @property
    def handle(self) -> str:
        """Its number as text."""
        return self._handle

    def wait(self, timeout_s: float | None = None) -> Finished | None:
        """Return how it ended, or None if it still runs after `timeout_s` seconds."""
        return self._finished if self._done.wait(timeout_s) else None

    def tail(self, size: int = 8_000) -> str:
        """Return the last `size` characters that have come from the node so far."""
        return self._buffer.tail(size)

    def news(self, position: int) -> tuple[bytes, int]:
        """Return what was printed from the `position`-th byte on, and the position after it."""
        return self._buffer.news(position)

    def last_output_age_s(self) -> float:
        """Return the seconds since it last printed, or since its start."""
        return self._clock.monotonic() - self._last_output_s

    def kill(self, outcome: Outcome = Outcome.STOPPED) -> None:
        """End the whole tree now."""
        with self._lock:
            self._asked = self._asked or outcome
            remote, asked = self._remote, self._asked
        if remote is not None and not self._done.is_set():
            remote.begin("kill", asked.value, self._handle)

    # From here on only the attendant thread runs.

    def _attend(self) -> None:
        finished = _ended(Outcome.INFRA, "the attendant of the execution failed")
        try:
            finished = self._run()
        except AssayError as error:
            finished = _ended(Outcome.INFRA, error.message)
        except Exception as error:  # whoever waits must hear of it
            finished = _ended(Outcome.INFRA, f"{type(error).__name__}: {error}")
        finally:
            told = "; ".join(f"the node {name} was lost and it ran again elsewhere" for name in self._lost)
            if told and finished.outcome is Outcome.OK:
                finished = replace(finished, detail=told)
            self._finished = finished
            self._done.set()

    def _run(self) -> Finished:
        while len(self._lost) < MOST_LOST:
            remote = self._pool.lease(self._limits, lambda: self._asked is None)
            if remote is None:
                return _ended(self._asked or Outcome.STOPPED, "it was ended before a node was free")
            lost = True
            try:
                finished = self._run_on(remote)
                lost = False
                return finished
            except NodeLost:
                self._lost.append(remote.node)
            finally:
                with self._lock:
                    self._remote = None
                self._pool.give_back(remote, self._limits, lost=lost)
        return _ended(Outcome.INFRA, f"{len(self._lost)} nodes were lost while it ran: {', '.join(self._lost)}")

    def _run_on(self, remote: Remote) -> Finished:
        self._buffer = OutputBuffer(self._limits.log_bytes)
        shown = self._send(remote)
        with self._lock:
            self._remote = remote
            asked = self._asked
        if asked is not None:
            remote.begin("kill", asked.value, self._handle)
        self._last_output_s = self._clock.monotonic()
        position = 0
        while True:
            told = remote.call("poll", position, _LIVE_POLL_S if shown else _POLL_S)
            if told.get("gone"):
                raise NodeLost
            position = told["position"]
            if told["news"]:
                self._buffer.add(told["news"])
            self._last_output_s = self._clock.monotonic() - told["age"]
            if "finished" in told:
                self._take(remote, told)
                with suppress(NodeLost):  # what it left is here
                    remote.call("clear")  # waited for: a call that comes late would meet the next execution
                end = told["finished"]
                return Finished(**{**end, "outcome": Outcome(end["outcome"])}, tier=remote.tier, node=remote.node)
            self._show(remote, shown)

    def _send(self, remote: Remote) -> dict[Path, set[str]]:
        """Start it there; return the live mounts with the names of the files that were sent."""
        order, sources = self._pack()
        while True:
            told = remote.call("start", order)
            if told.get("busy"):
                if self._asked is not None:
                    raise MachineError("E516", "it was ended before it began")
                time.sleep(_BUSY_S)
            elif missing := told.get("missing"):
                with remote.sending:
                    still = remote.call("missing", missing)  # somebody beside us may have sent some meanwhile
                    self._push(remote, [digest for digest in still if digest in sources], sources)
            elif "error" in told:
                raise MachineError(told["error"]["code"], f"{told['error']['message']} (on {remote.node})")
            else:
                live = [mount.source for mount in self._workspace.mounts if mount.live]
                return {source: {path.name for path in source.iterdir()} for source in live}

    def _pack(self) -> tuple[dict[str, Any], dict[str, Path]]:
        now = self._clock.now()
        files, sources = folder_of(self._workspace.root, self._digests, now)
        mounts = []
        for mount in self._workspace.mounts:
            folder, more = folder_of(mount.source, self._digests, now)
            sources |= more
            file = mount.source.is_file()
            mounts.append({"target": mount.target, "file": file, "folder": encode(folder)})
        interpreter = self._command.interpreter
        order = {
            "token": self._handle,
            "argv": list(self._command.argv),
            "env": dict(self._command.env),
            "interpreter": str(interpreter) if interpreter else "",
            "limits": encode(self._limits),
            "files": encode(files),
            "mounts": mounts,
        }
        return order, sources

    def _push(self, remote: Remote, digests: list[str], sources: Mapping[str, Path]) -> None:
        for digest in digests:
            under_way: list[Callable[[], Any]] = []
            for offset, data in chunks_of(sources[digest]):
                if len(under_way) == _IN_FLIGHT:
                    under_way.pop(0)()
                under_way.append(remote.begin("chunk", digest, offset, data))
            for finish in under_way:
                finish()
            told = remote.call("finish", digest)
            if "error" in told:
                raise MachineError(told["error"]["code"], told["error"]["message"])

    def _show(self, remote: Remote, shown: dict[Path, set[str]]) -> None:
        """Let files that were added to live mounts since appear on the node."""
        for mount in self._workspace.mounts:
            if not mount.live:
                continue
            new = {
                path.name: path.read_bytes()
                for path in mount.source.iterdir()
                if path.name not in shown[mount.source] and not path.name.startswith(".") and path.is_file()
            }
            if new:
                remote.call("add", mount.target, new)
                shown[mount.source] |= new.keys()

    def _take(self, remote: Remote, told: Mapping[str, Any]) -> None:
        left, inline = decode(Left, told["left"]), told["inline"]

        def fetch(name: str, sent: Sent, place: Path) -> None:
            del name
            with place.open("xb") as stream:
                if sent.digest in inline:
                    stream.write(inline[sent.digest])
                    return
                while stream.tell() < sent.size:
                    data = remote.call("read", sent.digest, stream.tell())
                    if not data:
                        break
                    stream.write(data)

        put_back(self._workspace.root, left, fetch, self._clock.now())


def _ended(outcome: Outcome, detail: str) -> Finished:
    return Finished(
        outcome=outcome, exit_code=None, wall_s=0.0, cpu_s=None, peak_memory_bytes=None, log=b"", detail=detail
    )


if TYPE_CHECKING:
    from assay.sandbox.base import SandboxProcess

    def _conforms(process: RemoteProcess) -> SandboxProcess:
        return process
