"""Garbage: what lies in a run folder and can be made again, and its removal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assay.core.errors import UsageError
from assay.journal.lease import LEASE_FILE, Lease, read_holder
from assay.sandbox import remove_tree
from assay.sandbox.watchdog import folder_size

_ANY = 2**31


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Something that may go."""

    path: Path
    size_bytes: int
    what: str
    """What it is and why it may go, in a few words."""


def garbage_of(folder: Path) -> tuple[Piece, ...]:
    """Return what in a run folder can be made again.

    Never the journal, objects, answers, reports or what was delivered. A run that a process works on has none: what it
    needs is no garbage.
    """
    if read_holder(folder / LEASE_FILE) is not None:
        return ()
    private = folder / "private"
    places = [
        (folder / "work", "workspaces of ended processes"),
        (folder / "views", "views of the data, built again when they are needed"),
        (private / "taken", "outputs on their way into the store"),
        *((path, "files of an ended grader") for path in sorted(private.glob("grader-*"))),
        *((path, "temporary files") for path in sorted(private.glob("tmp*"))),
    ]
    found = [Piece(path=path, size_bytes=size_of(path), what=what) for path, what in places if _is_there(path)]
    return tuple(piece for piece in found if piece.size_bytes > 0)


def whole_run(folder: Path) -> Piece:
    """Return a run's whole folder, for whoever asks for that.

    Raises:
        UsageError: A process works on the run (E080).
    """
    holder = read_holder(folder / LEASE_FILE)
    if holder is not None:
        raise UsageError(
            "E080", f"process {holder[0]} works on the run {folder.name!r}", fix=f"assay stop --now {folder.name}"
        )
    return Piece(path=folder, size_bytes=size_of(folder), what="the whole run, its journal and results included")


def remove(folder: Path, pieces: tuple[Piece, ...]) -> int:
    """Remove pieces of a run folder, or the folder itself; return the bytes that they took.

    Raises:
        UsageError: A process has taken the run up meanwhile (E021).
        OSError: Something cannot be removed; what came before it is gone.
    """
    lease = Lease(folder / LEASE_FILE)
    try:
        for piece in pieces:
            remove_tree(piece.path)
    finally:
        lease.release()
    return sum(piece.size_bytes for piece in pieces)


def size_of(path: Path) -> int:
    """Return the bytes that a folder takes on the disk."""
    return folder_size([path], stop_after=_ANY)[0]


def _is_there(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
