"""The arguments of bubblewrap: what a candidate's private world is made of, in the order in which it is made."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from assay.sandbox.base import Mount
from assay.sandbox.policy import ETC_ENTRIES, SYSTEM_FOLDERS

_WORKPLACES = ("/work", "/workspace", "/assay-work")
_DEVICE_TREE = ("--ro-bind-try", "/sys/devices", "/sys/devices")
_MADE_BY_US = ("/tmp", "/dev", "/run", "/proc", "/usr")


@dataclass(frozen=True, kw_only=True)
class Bwrap:
    """A bubblewrap program."""

    path: Path
    version: tuple[int, int, int]

    @property
    def version_text(self) -> str:
        """The version as it prints it."""
        return ".".join(map(str, self.version))


def find_bwrap(path: Path | None = None) -> Bwrap | None:
    """Return the program at `path`, or the system's, or the one that was installed beside Python; None without one.

    Versions before 0.7 are treated as missing: they cannot bound the size of a private `/tmp`.
    """
    found = shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin")
    beside = Path(sys.prefix) / "bin" / "bwrap"
    for candidate in [path] if path else [Path(found) if found else None, beside]:
        if candidate is None or not candidate.is_file():
            continue
        with suppress(OSError, subprocess.SubprocessError):
            said = subprocess.run([candidate, "--version"], capture_output=True, text=True, timeout=10, env={})
            match = re.search(r"(\d+)\.(\d+)\.(\d+)", said.stdout)
            if match and (version := (int(match[1]), int(match[2]), int(match[3]))) >= (0, 7, 0):
                return Bwrap(path=candidate, version=version)
    return None


@dataclass(frozen=True, kw_only=True)
class World:
    """What one candidate sees."""

    workspace: Path
    mounts: tuple[Mount, ...]
    folders: tuple[Path, ...]
    """Readable at their own paths: the interpreter's."""
    env: Mapping[str, str]
    tmp_bytes: int
    shm_bytes: int
    user: int
    """User and group id inside."""
    devices: tuple[Path, ...] = ()
    """Device nodes to show besides the usual ones."""
    keep_user_switch: bool
    """Started by root: no user namespace, and the right to change the user stays until it has been used."""


def workplace(folders: Iterable[Path]) -> str:
    """Return where the workspace appears: a neutral path that no folder which must be visible lies in."""
    taken = {Path(*folder.parts[:2]) for folder in folders}
    return next(place for place in _WORKPLACES if Path(place) not in taken)


def arguments(world: World, bwrap: Bwrap, *, passwd_fd: int, group_fd: int) -> list[str]:
    """Return bubblewrap's options; the caller adds the descriptors for filter, status and start, and the command.

    Args:
        world: What is to be seen.
        bwrap: For what its version can do.
        passwd_fd: Descriptor with the content of `/etc/passwd`.
        group_fd: Descriptor with the content of `/etc/group`.
    """
    place = workplace(world.folders)
    shown = [folder for folder in world.folders if not folder.is_relative_to("/usr")]
    result = _namespaces(world, bwrap)
    result += _system(passwd_fd, group_fd)
    result += ["--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"]
    result += _devices(world.devices)
    result += ["--perms", "1777", "--size", str(world.shm_bytes), "--tmpfs", "/dev/shm"]
    result += ["--perms", "1777", "--size", str(world.tmp_bytes), "--tmpfs", "/tmp", "--tmpfs", "/run"]
    result += _ancestors([*shown, Path(place)])
    for folder in sorted(shown):
        result += ["--ro-bind", str(folder), str(folder)]
    result += ["--bind", str(world.workspace), place]
    for mount in world.mounts:
        result += ["--ro-bind", str(mount.source), f"{place}/{mount.target}"]
    result += ["--remount-ro", "/dev", "--remount-ro", "/run", "--remount-ro", "/"]
    for name, value in world.env.items():
        result += ["--setenv", name, value]
    return [*result, "--unsetenv", "JPY_PARENT_PID", "--chdir", place]


def _namespaces(world: World, bwrap: Bwrap) -> list[str]:
    result = ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-net", "--unshare-cgroup-try"]
    result += ["--die-with-parent", "--new-session", "--hostname", "assay", "--cap-drop", "ALL"]
    if world.keep_user_switch:
        return [*result, "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    result += ["--unshare-user"]
    return [*result, "--disable-userns"] if bwrap.version >= (0, 8, 0) else result


def _system(passwd_fd: int, group_fd: int) -> list[str]:
    result: list[str] = []
    for name in SYSTEM_FOLDERS:
        folder = Path(name)
        if folder.is_symlink():
            result += ["--symlink", str(folder.readlink()), name]
        elif folder.is_dir():
            result += ["--ro-bind", name, name]
    result += ["--perms", "0755", "--dir", "/etc"]
    for name in ETC_ENTRIES:
        if len(Path(name).parts) > 3:
            result += ["--perms", "0755", "--dir", str(Path(name).parent)]
        result += ["--ro-bind-try", name, name]
    result += ["--perms", "0644", "--ro-bind-data", str(passwd_fd), "/etc/passwd"]
    return [*result, "--perms", "0644", "--ro-bind-data", str(group_fd), "/etc/group"]


def _devices(devices: Iterable[Path]) -> list[str]:
    """Show device nodes, and with them the part of `/sys` in which their libraries look for them."""
    nodes = [str(device) for device in devices]
    shown = [argument for node in nodes for argument in ("--dev-bind", node, node)]
    return [*shown, "--ro-bind-try", "/sys/bus/pci", "/sys/bus/pci", *_DEVICE_TREE] if nodes else []


def _ancestors(paths: Iterable[Path]) -> list[str]:
    """Make the folders above each mount open to every user; bubblewrap's own would be root's alone."""
    folders: dict[Path, None] = {}
    for path in paths:
        folders |= dict.fromkeys(reversed(path.parents))
        folders[path] = None
    wanted = [folder for folder in folders if str(folder) not in ("/", *_MADE_BY_US)]
    return [argument for folder in wanted for argument in ("--perms", "0755", "--dir", str(folder))]
