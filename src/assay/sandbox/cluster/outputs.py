"""Outputs: what an execution left in its workspace on a node, and how it comes to stand in the engine's."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assay.core.errors import MachineError
from assay.sandbox.cluster.files import Folder, Sent, digest_of, plain
from assay.sandbox.collect import collect
from assay.sandbox.tree import remove_tree

_DEEPEST = 32
_ODD = {"symbolic link": "link", "hard link": "twin"}


@dataclass(frozen=True, kw_only=True)
class Left:
    """What was found when every process was dead."""

    folder: Folder = field(default_factory=Folder)
    odd: Mapping[str, str] = field(default_factory=dict)
    """Path to `link`, `twin` or `other`, for what is no plain file: it is told and never opened."""


def look(root: Path, into: Path, *, but: Collection[str], most_files: int, now: float) -> tuple[Left, dict[str, Path]]:
    """Return what a hostile folder holds, and private copies of its plain files by digest.

    Args:
        root: The workspace.
        into: Folder of ours for the copies.
        but: Paths that are not its own: the places of mounts.
        most_files: Most files that are looked at.
        now: Seconds since the epoch.
    """
    names, folders, infos = _named(root, frozenset(but), most_files)
    taken = collect(root, names, into, max_bytes=max([info.st_size for info in infos.values()], default=0))
    files, sources = {}, {}
    for name, one in taken.taken.items():
        info = infos[name]
        age = now - info.st_mtime
        files[name] = Sent(digest=one.digest, size=one.size, mode=stat.S_IMODE(info.st_mode), age_s=age)
        sources[one.digest] = one.path
    odd = {name: _ODD.get(reason, "other") for name, reason in taken.refused.items() if reason != "missing"}
    return Left(folder=Folder(files=files, folders=tuple(folders)), odd=odd), sources


def _named(root: Path, but: frozenset[str], most: int) -> tuple[list[str], list[str], dict[str, os.stat_result]]:
    names: list[str] = []
    folders: list[str] = []
    infos: dict[str, os.stat_result] = {}
    waiting = [("", root, 0)]
    while waiting and len(names) < most:
        prefix, folder, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue  # what cannot be listed cannot be taken either
        for entry in entries:
            name = f"{prefix}{entry.name}"
            if name in but:
                continue
            info = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(info.st_mode) and depth < _DEEPEST:
                folders.append(name)
                waiting.append((f"{name}/", Path(entry.path), depth + 1))
            else:
                names.append(name)
                infos[name] = info
    return names, folders, infos


def put_back(root: Path, left: Left, fetch: Callable[[str, Sent, Path], None], now: float) -> None:
    """Make the engine's workspace what the node's was at the end.

    What did not change stays. Nothing is followed: the new content is built beside and then moved in.

    Args:
        root: The workspace; nothing runs in it.
        left: What the node told.
        fetch: Writes the file of a path to a place.
        now: Seconds since the epoch.

    Raises:
        MachineError: What came is not what was told (E524).
    """
    fresh = Path(tempfile.mkdtemp(prefix=".back-", dir=root.parent))
    try:
        _build(root, fresh, left, fetch, now)
        with os.scandir(root) as entries:
            old = [Path(entry.path) for entry in entries]
        for path in old:
            remove_tree(path)
        for path in list(fresh.iterdir()):
            path.rename(root / path.name)
    except (ValueError, OSError) as error:
        raise MachineError("E524", f"what a node left could not be taken: {error}") from error
    finally:
        remove_tree(fresh)


def _build(root: Path, fresh: Path, left: Left, fetch: Callable[[str, Sent, Path], None], now: float) -> None:
    for name in left.folder.folders:
        (fresh / plain(name)).mkdir()
    for name, sent in left.folder.files.items():
        place, known = fresh / plain(name), root / name
        if _is_plain(root, name) and known.stat().st_size == sent.size and digest_of(known) == sent.digest:
            shutil.copyfile(known, place)
        else:
            fetch(name, sent, place)
            if digest_of(place) != sent.digest:
                raise ValueError(f"{name!r} arrived with another digest")
        place.chmod(sent.mode & 0o777 | 0o600)
        os.utime(place, (now - sent.age_s, now - sent.age_s))
    for number, (name, kind) in enumerate(left.odd.items()):
        _stand_in(fresh, fresh / plain(name), kind, number)


def _is_plain(root: Path, name: str) -> bool:
    """Return whether neither the file nor a folder above it is a link."""
    path = root / name
    folders = [parent for parent in path.parents if parent != root and parent.is_relative_to(root)]
    return not any(one.is_symlink() for one in (path, *folders)) and path.is_file()


def _stand_in(fresh: Path, place: Path, kind: str, number: int) -> None:
    """Put something of the same sort there, so that whoever looks refuses it for the same reason."""
    if kind == "link":
        place.symlink_to("nowhere")
    elif kind == "twin":
        place.touch()
        os.link(place, fresh / f".twin-{number}")
    else:
        os.mkfifo(place)
