"""The start-up probe: small attacks that are really run, because "the program is there" proves nothing."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from assay.core.errors import MachineError
from assay.core.execution import Outcome
from assay.sandbox.base import Command, Sandbox, SandboxLimits, Workspace
from assay.sandbox.tree import remove_tree

_ATTACK = Path(__file__).with_name("_attack.py")
_LIMITS = SandboxLimits(wall_s=30, memory_bytes=2**29)


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """What the attacks achieved."""

    ran: bool
    """Whether a process started at all."""
    worked: tuple[str, ...] = ()
    """Names of attacks that were not stopped."""
    said: str = ""
    """The sandbox's own words when nothing started."""


def probe(sandbox: Sandbox) -> ProbeResult:
    """Run the attacks inside `sandbox` and return what they achieved."""
    folder = Path(tempfile.mkdtemp(prefix="assay-probe-"))
    try:
        return _probe_in(sandbox, folder)
    finally:
        remove_tree(folder)


def _probe_in(sandbox: Sandbox, folder: Path) -> ProbeResult:
    # The secret is open to every user, so that what is tested is the sandbox and not a file's mode.
    folder.chmod(0o755)
    workspace, secret = folder / "workspace", folder / "secret"
    workspace.mkdir()
    secret.write_text("secret", encoding="ascii")
    secret.chmod(0o666)
    shutil.copyfile(_ATTACK, workspace / "attack.py")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        order = {"secret": str(secret), "engine": os.getpid(), "port": server.getsockname()[1]}
        command = Command(argv=("python", "attack.py", json.dumps(order)))
        try:
            finished = sandbox.start(command, Workspace(root=workspace), _LIMITS).wait()
        except MachineError as error:
            return ProbeResult(ran=False, said=error.message)
        called = _was_called(server)
    if finished is None or finished.outcome is not Outcome.OK:
        said = "" if finished is None else finished.log.decode(errors="replace").strip() or finished.detail
        return ProbeResult(ran=False, said=said[-400:])
    worked = json.loads(finished.log.splitlines()[-1])["worked"]
    return ProbeResult(ran=True, worked=tuple(sorted({*worked, *(("network",) if called else ())})))


def _was_called(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True
