"""The command `gc`: shows what can be made again, or what was asked for, and removes it when told to."""

from __future__ import annotations

from pathlib import Path

from assay.cli.lookup import find_run
from assay.cli.shell import Shell
from assay.core.exits import Exit
from assay.journal.folders import run_folders
from assay.report.formatting import format_bytes
from assay.strategies.garbage import Piece, garbage_of, remove, whole_run


def gc(shell: Shell, root: Path, names: tuple[str, ...], *, whole: bool, yes: bool) -> int:
    """Show or remove the garbage of runs.

    Args:
        shell: Speaks.
        root: Folder of the run folders.
        names: Runs that are meant; none means all, for which `whole` is refused.
        whole: Whether the whole run folders are meant.
        yes: Whether to remove, not only to show.
    """
    folders = [find_run(root, name) for name in names] if names else ([] if whole else run_folders(root))
    found = [(folder, (whole_run(folder),) if whole else garbage_of(folder)) for folder in folders]
    lines, rows, total = [], [], 0
    for folder, pieces in found:
        total += remove(folder, pieces) if yes and pieces else sum(piece.size_bytes for piece in pieces)
        lines += [_line(folder, piece) for piece in pieces]
        rows += [{"run": folder.name, "path": str(p.path), "bytes": p.size_bytes, "what": p.what} for p in pieces]
    verb = "removed" if yes else "can go"
    lines.append(f"{format_bytes(total)} {verb}" if rows else "there is nothing that can go")
    if rows and not yes:
        lines.append(" next   assay gc --yes" + "".join(f" {name}" for name in names) + (" --whole" if whole else ""))
    if whole and not names:
        lines = ["name the runs whose folders shall go: assay gc RUN --whole"]
    shell.output.answer("gc", {"removed": yes, "bytes": total, "pieces": rows}, "\n".join(lines))
    return Exit.REFUSED if whole and not names else 0


def _line(folder: Path, piece: Piece) -> str:
    where = piece.path.relative_to(folder).as_posix()
    return f"{folder.name:<24}  {format_bytes(piece.size_bytes):>9}  {'' if where == '.' else where + ': '}{piece.what}"
