"""Runner: the part of an executor that lives on a node; starts what is sent to it in the sandbox of that node.

It is an actor of Ray that holds the cores, the memory and the graphics processor of one execution, and serves one
execution after the other. Everything that goes in and out is made of the standard library's types.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from assay import __version__
from assay.core.clock import SystemClock
from assay.core.codec import decode, encode
from assay.core.errors import AssayError, MachineError
from assay.core.execution import Outcome
from assay.sandbox.base import Command, Mount, SandboxLimits, SandboxProcess, Workspace
from assay.sandbox.choose import Mode, Require, open_sandbox
from assay.sandbox.cluster.files import CHUNK, Folder, plain
from assay.sandbox.cluster.outputs import look
from assay.sandbox.cluster.store import Store
from assay.sandbox.gpus import VISIBLE, find_gpus
from assay.sandbox.leftovers import own_prefix
from assay.sandbox.protect import protect_engine
from assay.sandbox.tree import remove_tree

INLINE = 2**20
"""Files up to this size, this many bytes together, come with the news of the end."""


class Runner:
    """Runs one execution at a time. Its methods return `{"error": ...}` where an `AssayError` was raised.

    Args:
        mode: As for `open_sandbox`.
        require: As for `open_sandbox`.
    """

    def __init__(self, mode: Mode, require: Require = "landlock") -> None:
        protect_engine()
        self._sandbox: Any = None
        self._refused: dict[str, Any] = {}
        try:
            self._sandbox = open_sandbox(mode, require=require)
        except AssayError as error:
            self._refused = _told(error)
        self._store = Store(Path(tempfile.gettempdir()) / f"{_node_prefix()}store")
        self._gpus = find_gpus()
        self._process: SandboxProcess | None = None
        self._place: Path | None = None
        self._lock = -1
        self._order: dict[str, Any] = {}
        self._copies: dict[str, Path] = {}

    def hello(self) -> dict[str, Any]:
        """Return what the engine must know of this node before it sends anything."""
        if self._refused:
            return self._refused
        return {
            "tier": self._sandbox.tier,
            "description": self._sandbox.description,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "assay": __version__,
            "python": platform.python_version(),
            "interpreter": sys.executable,
            "gpus": [gpu.name for gpu in self._gpus],
            "memory": psutil.virtual_memory().total,
        }

    def missing(self, digests: list[str]) -> list[str]:
        """Return those of `digests` that are not kept here."""
        return self._store.missing(digests)

    def chunk(self, digest: str, offset: int, data: bytes) -> None:
        """Take a piece of a file."""
        self._store.write(digest, offset, data)

    def finish(self, digest: str) -> dict[str, Any]:
        """Keep a file whose pieces have all come."""
        try:
            self._store.finish(digest)
        except AssayError as error:
            return _told(error)
        return {}

    def start(self, order: dict[str, Any]) -> dict[str, Any]:
        """Start an execution; say what is missing first, or that another one has this machine for itself."""
        wanted = [sent.digest for folder in _folders(order) for sent in folder.files.values()]
        missing = self._store.missing(wanted)
        if missing:
            return {"missing": missing}
        if self._sandbox.tier in ("T2", "T3") and not self._take_machine():
            return {"busy": True}
        self._order = order
        try:
            self._process = self._start(order)
        except AssayError as error:
            self.clear()
            return _told(error)
        return {"handle": self._process.handle}

    def add(self, target: str, files: Mapping[str, bytes]) -> None:
        """Let files appear in a mount while the execution runs."""
        if self._place is None:
            return
        number = next(n for n, mount in enumerate(self._order["mounts"]) if mount["target"] == target)
        for name, data in files.items():
            place = self._place / "mounts" / str(number) / plain(name)
            part = place.with_name(f".part-{place.name}")
            part.write_bytes(data)
            part.chmod(0o644)
            part.replace(place)

    def poll(self, position: int, wait_s: float) -> dict[str, Any]:
        """Return what was printed since `position`, and how it ended if it has; waits for the end at most `wait_s`."""
        process = self._process
        if process is None:
            return {"gone": True}
        finished = process.wait(wait_s)
        news, position = process.news(position)
        told: dict[str, Any] = {"news": news, "position": position, "age": process.last_output_age_s()}
        if finished is not None:
            told["finished"] = {**_fields(finished), "outcome": finished.outcome.value}
            told |= self._left()
        return told

    def kill(self, outcome: str, token: str) -> None:
        """End the execution that `token` names, if it is still the one here."""
        if self._process is not None and self._order.get("token") == token:
            self._process.kill(Outcome(outcome))

    def read(self, digest: str, offset: int) -> bytes:
        """Return a piece of a file that the execution left."""
        with self._copies[digest].open("rb") as stream:
            stream.seek(offset)
            return stream.read(CHUNK)

    def clear(self) -> None:
        """Forget the execution and remove what it left."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
        if self._place is not None:
            with suppress(OSError):
                remove_tree(self._place)
        self._place, self._copies = None, {}
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    # --- starting ------------------------------------------------------------------------------------------------

    def _start(self, order: dict[str, Any]) -> SandboxProcess:
        place = self._place = Path(tempfile.mkdtemp(prefix=own_prefix()))
        place.chmod(0o755)
        root = place / "work"
        root.mkdir(mode=0o755)
        limits = decode(SandboxLimits, order["limits"])
        try:
            self._lay_out(root, decode(Folder, order["files"]), shared=False)
            mounts = tuple(self._mount(number, told) for number, told in enumerate(order["mounts"]))
        except OSError as error:
            raise MachineError("E514", f"the workspace could not be prepared: {error}") from error
        devices = tuple(device for gpu in self._gpus for device in gpu.devices) if limits.gpus else ()
        command = Command(
            argv=tuple(order["argv"]),
            interpreter=Path(order["interpreter"]) if order["interpreter"] else None,
            env={**order["env"], VISIBLE: ",".join(gpu.visible for gpu in self._gpus) if limits.gpus else ""},
        )
        started: SandboxProcess = self._sandbox.start(
            command,
            Workspace(root=root, mounts=mounts, devices=devices, secrets=(self._store.folder,)),
            replace(limits, threads=max(1, limits.threads)),
        )
        return started

    def _lay_out(self, root: Path, folder: Folder, *, shared: bool) -> None:
        now = SystemClock().now()
        for name in folder.folders:
            (root / plain(name)).mkdir(mode=0o755)
        for name, sent in folder.files.items():
            place = root / plain(name)
            self._store.put(sent.digest, place, None if shared else sent.mode | 0o600)
            if not shared:
                os.utime(place, (now - sent.age_s, now - sent.age_s))

    def _mount(self, number: int, told: Mapping[str, Any]) -> Mount:
        if self._place is None:
            raise LookupError("no execution is being started")
        (self._place / "mounts").mkdir(exist_ok=True)
        source = self._place / "mounts" / str(number)
        folder = decode(Folder, told["folder"])
        if told["file"]:
            self._store.put(folder.files[""].digest, source, None)
        else:
            source.mkdir(mode=0o755)
            self._lay_out(source, folder, shared=True)
        return Mount(source=source, target=told["target"])

    def _take_machine(self) -> bool:
        """Lock this machine: below T1 two executions could talk to each other through what they share."""
        name = Path(tempfile.gettempdir()) / f"assay-alone-{os.geteuid()}.lock"
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    # --- ending --------------------------------------------------------------------------------------------------

    def _left(self) -> dict[str, Any]:
        if self._place is None:
            return {}
        into = self._place / "taken"
        limits = decode(SandboxLimits, self._order["limits"])
        if into.exists():
            shutil.rmtree(into)
        left, self._copies = look(
            self._place / "work",
            into,
            but=[mount["target"] for mount in self._order["mounts"]],
            most_files=limits.workspace_files,
            now=SystemClock().now(),
        )
        inline, room = {}, INLINE
        for digest, path in self._copies.items():
            size = path.stat().st_size
            if size <= room:
                inline[digest] = path.read_bytes()
                room -= size
        return {"left": encode(left), "inline": inline}


def _folders(order: Mapping[str, Any]) -> list[Folder]:
    return [decode(Folder, told) for told in (order["files"], *(mount["folder"] for mount in order["mounts"]))]


def _fields(finished: Any) -> dict[str, Any]:
    names = ("exit_code", "wall_s", "cpu_s", "peak_memory_bytes", "log", "stuck_at", "detail")
    return {name: getattr(finished, name) for name in names}


def _told(error: AssayError) -> dict[str, Any]:
    return {"error": error.as_dict()}


def _node_prefix() -> str:
    """Return how the name of this node's store begins: it may be removed once the process that started us is dead."""
    name, _, _ = own_prefix().rstrip("-").rpartition("-")
    return f"{name}-{os.getppid()}-"
