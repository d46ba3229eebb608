"""Control groups: the folders in which the kernel tells what bounds this process, in a container or a batch system."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

GROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


def group_folders(controller: str, *, groups: Path = GROUPS, own: Path = OWN) -> list[Path]:
    """Return the folders of the groups that the process is in, and of those around them; both versions.

    Args:
        controller: `cpu` or `memory`.
        groups: Where control groups are mounted.
        own: The file that names this process's.

    References:
        https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/admin-guide/cgroup-v1/
    """
    found = []
    for line in group_text(own).splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controllers and controller not in controllers.split(","):
            continue
        mounted = groups / controllers if controllers else groups
        inside = PurePosixPath(path.lstrip("/"))
        # In a container the path is that of the host, and only the mount itself is there.
        found += [mounted / inside, *(mounted / parent for parent in inside.parents)]
    return list(dict.fromkeys(found))


def group_text(path: Path) -> str:
    """Return the text of one of the kernel's files, empty where it cannot be read."""
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
