"""The command `apply`: what a run found for a user's notebook, written into its open cells and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assay.cli.commands.read import open_history
from assay.cli.lookup import find_trial
from assay.cli.output import clean
from assay.cli.shell import Shell
from assay.core.candidate import Candidate
from assay.core.digest import digest_text
from assay.core.errors import IntegrityError, NothingFound, UsageError
from assay.core.files import write_whole
from assay.journal.history import History, Trial
from assay.journal.objects import ObjectStore
from assay.kinds.notebook import NOTEBOOK, Notebook, diff_text, locks_of, notebook_of, parse, write
from assay.strategies.data_location import found_from
from assay.strategies.notebook.record import source_of


@dataclass(frozen=True, kw_only=True)
class Change:
    """What would be written."""

    path: Path
    before: Notebook
    after: Notebook
    text: str
    """Of the file as it was read."""
    cells: tuple[str, ...]
    """Ids of the cells that change."""


def apply(shell: Shell, root: Path, name: str | None, trial: str, *, yes: bool) -> int:
    """Show what a trial changes in the open cells of the user's notebook, and write it once that is confirmed."""
    folder, history = open_history(shell, root, name)
    objects = ObjectStore(folder / "objects")
    chosen = best_notebook(history, objects) if trial == "best" else find_trial(history, trial)
    change = planned(folder, history, objects.candidate(chosen.candidate), chosen)
    value = {"run": folder.name, "trial": chosen.number, "file": str(change.path), "cells": list(change.cells)}
    if not change.cells:
        shell.output.answer("apply", {**value, "written": False}, f"{change.path.name} has these cells already")
        return 0
    shell.output.say(clean(diff_text(change.before, change.after)))
    if not yes and not _confirmed(shell, change):
        shell.output.answer("apply", {**value, "written": False}, "nothing was written")
        return 0
    kept = folder / "notebook_before.ipynb"
    write_whole(kept, change.text)
    _write(change)
    many = f"{len(change.cells)} cell{'s' if len(change.cells) != 1 else ''}"
    shell.output.answer(
        "apply",
        {**value, "written": True, "kept": str(kept)},
        f"wrote {many} of #{chosen.number} into {change.path}: {', '.join(change.cells)}\nas it was: {kept}",
    )
    return 0


def best_notebook(history: History, objects: ObjectStore) -> Trial:
    """Return the best trial that is a notebook.

    Raises:
        NothingFound: No notebook has a score (E202).
    """
    for trial in history.ranking():
        if objects.candidate(trial.candidate).kind == NOTEBOOK:
            return trial
    raise NothingFound("E202", "no notebook of this run has a valid score", fix="assay top")


def planned(folder: Path, history: History, candidate: Candidate, trial: Trial) -> Change:
    """Return what a trial changes in the notebook that the run started from.

    Raises:
        UsageError: The run did not start from a file (E040), or the trial is no notebook (E040).
        IntegrityError: The file is not what the run started from any more (E420).
    """
    source = source_of(history)
    if source is None or not source.file or candidate.kind != NOTEBOOK:
        why = (
            "did not start from a notebook of yours"
            if candidate.kind == NOTEBOOK
            else f"has no notebook in #{trial.number}"
        )
        raise UsageError("E040", f"the run {why}: there is no file to write to", fix="assay show best --content")
    path = found_from(folder, Path(source.file))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NothingFound("E201", f"the notebook {source.file!r} cannot be read: {error}") from error
    if digest_text(text) != source.digest:
        raise _changed(path)
    before, after, cells = parse(text, path.name), parse(text, path.name), []
    locked = locks_of(candidate).ids
    for cell in notebook_of(candidate).code_cells:
        if cell.id not in locked and cell.id in before.ids and before.cell(cell.id).source != cell.source:
            after = after.with_source(cell.id, cell.source)
            cells.append(cell.id)
    return Change(path=path, before=before, after=after, text=text, cells=tuple(cells))


def _confirmed(shell: Shell, change: Change) -> bool:
    if shell.output.json or not shell.output.abilities.terminal:
        raise UsageError("E041", "nobody can be asked here whether to write this", fix="assay apply best --yes")
    import typer

    return typer.confirm(f"Write this into {change.path}?", default=False)


def _write(change: Change) -> None:
    # Read again: it may have been saved in an editor while the question stood.
    if change.path.read_text(encoding="utf-8") != change.text:
        raise _changed(change.path)
    write_whole(change.path, write(change.after, change.path.name))


def _changed(path: Path) -> IntegrityError:
    return IntegrityError(
        "E420",
        f"{str(path)!r} was changed since the run started from it",
        kept="the file as it is",
        fix="assay diff best shows what the run changed; or start a new run from the file as it is",
    )
