"""`assay init` for a notebook: the table of its cells, guessed locked or open, for a person to confirm."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.cli.output import one_line
from assay.core.errors import MachineError, TaskError, UsageError

if TYPE_CHECKING:
    from assay.kinds.notebook import Decision, Notebook

SUFFIX = ".ipynb"
_OWN_KERNELS = ("", "python3", "python")


@dataclass(frozen=True, kw_only=True)
class CellTable:
    """A notebook and what was guessed about its code cells."""

    path: Path
    decisions: tuple[Decision, ...]
    kernel: str = ""
    """Name of the kernel that it asks for."""

    def lines(self) -> list[str]:
        """Return a line for each cell, with the reason."""
        width = max((len(one_line(d.info.name, 40)) for d in self.decisions), default=0)
        shown = [f" cells of {self.path.name}, guessed:"]
        for decision in self.decisions:
            state = "locked" if decision.locked else "open"
            name = one_line(decision.info.name, 40)
            shown.append(f" {decision.info.index + 1:>3}  {name:<{width}}  {state:<6}  {one_line(decision.reason, 80)}")
        if self.kernel not in _OWN_KERNELS:
            note = "not started: cells run in this environment, or in that of `assay run --python`"
            shown.append(f" kernel {one_line(self.kernel, 40)} {note}")
        return shown

    def json(self) -> dict[str, Any]:
        """Return the same for programs."""
        cells = [{"id": d.info.id, "name": d.info.name, "locked": d.locked, "reason": d.reason} for d in self.decisions]
        return {"file": self.path.name, "cells": cells}


def find_notebook(path: Path) -> Path | None:
    """Return the notebook that `path` is, or the only one in the folder that it is; None where there is none or many.

    Raises:
        TaskError: `path` is named as a notebook and is not there (E110).
    """
    if path.suffix == SUFFIX:
        if not path.is_file():
            raise TaskError("E110", f"there is no file {str(path)!r}")
        return path
    inside = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else []
    return inside[0] if len(inside) == 1 else None


def read_cells(path: Path) -> CellTable:
    """Return the guess about the notebook at `path`.

    Raises:
        TaskError: It cannot be read (E110) or is no notebook (E138).
    """
    from assay.kinds.notebook import parse, require_python
    from assay.kinds.notebook.guess import guess_locks

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError("E110", f"{str(path)!r} cannot be read: {error}") from error
    notebook = parse(text, path.name)
    require_python(notebook, path.name)
    return CellTable(path=path, decisions=guess_locks(notebook), kernel=_kernel(notebook))


def _kernel(notebook: Notebook) -> str:
    spec = notebook.metadata.get("kernelspec")
    return str(spec.get("name", "")) if isinstance(spec, dict) else ""


def locks_line(path: Path, table: Mapping[str, Any], folder: Path) -> str:
    """Return in a line how many cells of the notebook at `path` are locked, and by whom.

    Args:
        path: The notebook.
        table: The task file's table; one about another notebook is left aside, and so is an empty one.
        folder: The data folder, which paths in the table are relative to.

    Raises:
        TaskError: It cannot be read (E110), is no notebook (E138) or written in another language (E141), or the table
            does not fit it (E140).
    """
    from assay.kinds.notebook import make_locks, parse
    from assay.kinds.notebook.table import policy_of

    guessed = read_cells(path)
    cells = len(guessed.decisions)
    if table and (folder / str(table["file"])).resolve() == path.resolve():
        notebook = parse(path.read_text(encoding="utf-8-sig"), path.name)
        locked = len(make_locks(notebook, policy_of(table, notebook)).items)
        return f" cells    {locked} locked, {cells - locked} open, as the task file says"
    locked = sum(decision.locked for decision in guessed.decisions)
    return f" cells    {locked} locked, {cells - locked} open by a guess; look at it: assay init {path}"


def has_table(file: Path) -> bool:
    """Return whether a task file has a table `[notebook]` already.

    Raises:
        TaskError: It cannot be read (E110) or is not valid TOML (E120).
    """
    return "notebook" in _document(file)


def write_table(file: Path, table: CellTable, folder: Path) -> None:
    """Put the table into the task file, whole or not at all; everything else in it stays.

    Args:
        file: The task file.
        table: What to write.
        folder: The data folder, which paths in the file are relative to.

    Raises:
        MachineError: The file cannot be written (E531).
    """
    import tomlkit

    from assay.core.files import write_whole
    from assay.kinds.notebook.table import table_text

    document = _document(file)
    document.pop("notebook", None)
    rest = tomlkit.dumps(document).rstrip()
    name = Path(os.path.relpath(table.path.absolute(), folder)).as_posix()
    try:
        write_whole(file, f"{rest}\n\n{table_text(name, table.decisions)}")
    except OSError as error:
        raise MachineError(
            "E531", f"{str(file)!r} cannot be written: {error.strerror or error}", fix="assay init DATA --out FOLDER"
        ) from error


def already_there(file: Path, path: Path) -> UsageError:
    """Return the error for a table that a person may have corrected."""
    return UsageError(
        "E028",
        f"there is a table [notebook] already in {str(file)!r}",
        kept="the file, unchanged",
        fix=f"edit it, or: assay init {path} --force",
    )


def _document(file: Path) -> Any:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise TaskError("E110", f"{str(file)!r} cannot be read: {error}") from error
    except TOMLKitError as error:
        raise TaskError("E120", f"{file.name} is not valid TOML: {error}", fix=f"mend {file.name}") from error
