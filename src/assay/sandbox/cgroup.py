"""Control groups: memory and process limits that the kernel itself holds, where this process may make groups."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from assay.core.errors import MachineError
from assay.sandbox.base import SandboxLimits

_MOUNT = Path("/sys/fs/cgroup")
_REMOVE_TRIES = 50
_WANTED = frozenset(("memory", "pids"))


@dataclass(frozen=True, kw_only=True)
class _Files:
    """Names that differ between the two versions of the interface."""

    limit: str
    peak: tuple[str, ...]
    """The first that can be read."""
    oom: str
    oom_key: str


_V1 = _Files(
    limit="memory.limit_in_bytes", peak=("memory.max_usage_in_bytes",), oom="memory.oom_control", oom_key="oom_kill"
)
_V2 = _Files(limit="memory.max", peak=("memory.peak", "memory.current"), oom="memory.events", oom_key="oom_kill")


class Group:
    """One control group for one process tree.

    Args:
        folders: Controller (`memory`, `pids`, and `cpuacct` or `cpu` if there) to the group's folder; in version 2
            they are all the same folder.
        files: Names of the memory controller's files.
    """

    def __init__(self, folders: Mapping[str, Path], files: _Files) -> None:
        self._folders = folders
        self._files = files

    def join(self, pid: int) -> None:
        """Move `pid`, with whatever it will start, into the group.

        Raises:
            OSError: The kernel refused.
        """
        for folder in dict.fromkeys(self._folders.values()):
            (folder / "cgroup.procs").write_text(str(pid), encoding="ascii")

    def peak_bytes(self) -> int | None:
        """Return the most memory that the group has used, or None if the kernel does not tell."""
        for name in self._files.peak:
            with suppress(OSError, ValueError):
                return int((self._folders["memory"] / name).read_text(encoding="ascii"))
        return None

    def was_out_of_memory(self) -> bool:
        """Return whether the kernel has killed a process of the group for its memory."""
        with suppress(OSError):
            for line in (self._folders["memory"] / self._files.oom).read_text(encoding="ascii").splitlines():
                key, _, value = line.partition(" ")
                if key == self._files.oom_key:
                    return int(value) > 0
        return False

    def cpu_s(self) -> float | None:
        """Return the processor seconds that the group has used, or None if the kernel does not tell."""
        with suppress(OSError, ValueError, KeyError):
            return int((self._folders["cpuacct"] / "cpuacct.usage").read_text(encoding="ascii")) / 1e9
        with suppress(OSError, ValueError, StopIteration):
            lines = (self._folders["memory"] / "cpu.stat").read_text(encoding="ascii").splitlines()
            return int(next(line for line in lines if line.startswith("usage_usec")).split()[1]) / 1e6
        return None

    def kill(self) -> None:
        """Kill every process of the group; where the kernel cannot do it in one step, each that is listed."""
        folder = self._folders["pids"]
        with suppress(OSError):
            (folder / "cgroup.kill").write_text("1", encoding="ascii")
            return
        with suppress(OSError):
            for pid in (folder / "cgroup.procs").read_text(encoding="ascii").split():
                with suppress(ProcessLookupError):
                    os.kill(int(pid), 9)

    def remove(self) -> None:
        """Remove the group. A group that still holds a dying process is tried again for a quarter of a second."""
        for folder in dict.fromkeys(self._folders.values()):
            for _ in range(_REMOVE_TRIES):
                try:
                    folder.rmdir()
                    break
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.005)


class Groups:
    """A place where groups can be made.

    Args:
        parents: Controller to the folder under which groups are made.
        version: 1 or 2.
    """

    def __init__(self, parents: Mapping[str, Path], *, version: int) -> None:
        self._parents = parents
        self._numbers = itertools.count()
        self.version = version

    def remove_leftovers(self) -> None:
        """Remove groups of engines that were killed; one that is still in use cannot be removed and stays."""
        for parent in dict.fromkeys(self._parents.values()):
            for folder in parent.glob("assay-*-*"):
                # Of one execution: `assay-PID-NUMBER`; of an engine that moved: `assay-engine-PID`.
                pid = next((word for word in folder.name.split("-")[1:] if word.isdigit()), "")
                if pid and not Path(f"/proc/{pid}").exists():
                    with suppress(OSError):
                        folder.rmdir()

    def make(self, limits: SandboxLimits) -> Group:
        """Make a group with these limits.

        Raises:
            OSError: The kernel refused; nothing is left behind.
        """
        name = f"assay-{os.getpid()}-{next(self._numbers)}"
        group = Group({key: parent / name for key, parent in self._parents.items()}, _V1 if self.version == 1 else _V2)
        try:
            self._set_up(name, limits)
        except OSError:
            group.remove()
            raise
        return group

    def _set_up(self, name: str, limits: SandboxLimits) -> None:
        for parent in dict.fromkeys(self._parents.values()):
            (parent / name).mkdir()
        files = _V1 if self.version == 1 else _V2
        memory = self._parents["memory"] / name
        (memory / files.limit).write_text(str(limits.memory_bytes), encoding="ascii")
        for optional, value in _SWAP_OFF[self.version]:
            with suppress(OSError):
                (memory / optional).write_text(value.format(limit=limits.memory_bytes), encoding="ascii")
        (self._parents["pids"] / name / "pids.max").write_text(str(limits.processes), encoding="ascii")


_SWAP_OFF = {
    1: (("memory.memsw.limit_in_bytes", "{limit}"), ("memory.swappiness", "0")),
    2: (("memory.swap.max", "0"), ("memory.oom.group", "1")),
}


def make_group(groups: Groups | None, limits: SandboxLimits) -> Group | None:
    """Make a group where groups can be made.

    Raises:
        MachineError: E515, they could be made before and now cannot.
    """
    if groups is None:
        return None
    try:
        return groups.make(limits)
    except OSError as error:
        raise MachineError("E515", f"no control group could be made: {error}", fix="assay doctor") from error


def find_groups(*, move: bool = True) -> Groups | None:
    """Return a place where this process can make groups for memory and processes, or None.

    Args:
        move: Whether this process may move into a group of its own, as version 2 asks of whoever hands controllers
            down; without it, None where it would have to.
    """
    try:
        own = _own_paths(Path("/proc/self/cgroup").read_text(encoding="ascii"))
        groups = _version_1(own) or _version_2(own, move=move)
        if groups is not None:
            groups.remove_leftovers()
            groups.make(SandboxLimits(wall_s=1, memory_bytes=2**26)).remove()
        return groups
    except OSError:
        return None


def groups_after_move() -> bool:
    """Return whether `find_groups` would find a place only by moving this process; nothing is changed."""
    try:
        own = _own_paths(Path("/proc/self/cgroup").read_text(encoding="ascii"))
        return _version_1(own) is None and _delegated(own) is not None and _version_2(own, move=False) is None
    except OSError:
        return False


def _own_paths(text: str) -> dict[str, str]:
    paths: dict[str, str] = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            paths[controller] = path.lstrip("/")
    return paths


def _version_1(own: Mapping[str, str]) -> Groups | None:
    if not {"memory", "pids"} <= own.keys():
        return None
    parents = {key: _MOUNT / key / own[key] for key in ("memory", "pids", "cpuacct") if key in own}
    usable = {key: path for key, path in parents.items() if os.access(path, os.W_OK)}
    return Groups(usable, version=1) if {"memory", "pids"} <= usable.keys() else None


def _version_2(own: Mapping[str, str], *, move: bool, mount: Path = _MOUNT) -> Groups | None:
    folder = _delegated(own, mount)
    if folder is None:
        return None
    control = folder / "cgroup.subtree_control"
    if not set(control.read_text(encoding="ascii").split()) >= _WANTED:
        if not move:
            return None
        _hand_down(folder, control)
    return Groups(dict.fromkeys(_WANTED, folder), version=2)


def _delegated(own: Mapping[str, str], mount: Path = _MOUNT) -> Path | None:
    """Return the group of this process if it may hand memory and processes down to groups below, else None."""
    folder = mount / own.get("", "")
    if "" not in own or not os.access(folder / "cgroup.procs", os.W_OK):
        return None
    offered = set((folder / "cgroup.controllers").read_text(encoding="ascii").split())
    return folder if offered >= _WANTED else None


def _hand_down(folder: Path, control: Path) -> None:
    """Move this process into a leaf: a group with processes of its own cannot hand its controllers down.

    Raises:
        OSError: The kernel refused, for example because of other processes; this one is back where it was.
    """
    leaf = folder / f"assay-engine-{os.getpid()}"
    leaf.mkdir()
    try:
        (leaf / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
        control.write_text("+memory +pids", encoding="ascii")
    except OSError:
        with suppress(OSError):
            (folder / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
        with suppress(OSError):
            leaf.rmdir()
        raise
