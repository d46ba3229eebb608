"""What may be shown to a process at all: checked before anything is started."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from assay.core.errors import IntegrityError, MachineError
from assay.sandbox.base import Workspace

SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""Programs and libraries of the system; on most systems all but the first are links into it."""

ETC_ENTRIES = (
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ssl/certs", "/etc/localtime"),
    *("/etc/alternatives", "/etc/fonts", "/etc/nsswitch.conf", "/etc/mime.types", "/etc/timezone"),
)
"""The few settings that libraries read; never all of `/etc`."""


def check_workspace(workspace: Workspace, readable: Iterable[Path]) -> None:
    """Refuse a workspace that cannot be used, and mounts that would show a secret.

    Args:
        workspace: As given to `Sandbox.start`.
        readable: Whatever else the process will see, for example the interpreter's folders.

    Raises:
        IntegrityError: E410, a secret or hidden folder lies in what would be shown, or a mount lies in a secret.
        MachineError: E514, the workspace or a mount is not there, or a target is not a plain relative path.
    """
    if not workspace.root.is_dir():
        raise MachineError("E514", f"the workspace {str(workspace.root)!r} is not a folder")
    for mount in workspace.mounts:
        target = PurePosixPath(mount.target)
        if target.is_absolute() or not target.parts or ".." in target.parts:
            raise MachineError("E514", f"the mount target {mount.target!r} is not a plain relative path")
        if not mount.source.exists():
            raise MachineError("E514", f"there is nothing to mount at {str(mount.source)!r}")
    given = [mount.source.resolve() for mount in workspace.mounts]
    for shown in (workspace.root.resolve(), *given, *(path.resolve() for path in readable)):
        for secret in workspace.secrets:
            real = secret.resolve()
            if real.is_relative_to(shown) or (shown in given and shown.is_relative_to(real)):
                raise _exposed(shown, secret)
        for folder in workspace.hidden:
            if folder.resolve().is_relative_to(shown):
                raise _exposed(shown, folder)


def _exposed(shown: Path, secret: Path) -> IntegrityError:
    return IntegrityError(
        "E410",
        f"{str(shown)!r} would show {str(secret)!r} to generated code",
        kept="nothing was started",
        fix="keep private files outside the workspace, the data and the interpreter's folder",
    )
