"""Runs beside each other: the lines of `assay compare`, and what the winner of each gains over that of the first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assay.core.errors import NothingFound
from assay.journal.folders import run_folders
from assay.journal.objects import ObjectStore
from assay.report.compare import Side, gains_between, gains_words, read_side, rows
from assay.report.diffs import patch
from assay.report.facts import Facts
from assay.web import told
from assay.web.view import RunView

_MOST_NEIGHBOURS = 100
_MOST_DIFF = 60_000


def neighbours(run: RunView) -> list[str]:
    """Return the names of other runs in the same folder, the latest first."""
    found = (folder.name for folder in run_folders(run.folder.parent))
    return [name for name in found if name != run.name][:_MOST_NEIGHBOURS]


def beside(run: RunView, names: Sequence[str]) -> dict[str, Any]:
    """Return this run and others as `assay compare` tells them.

    Raises:
        NothingFound: Nothing in this run is scored (E209); of the others it is said.
    """
    if not run.history.task.graded:
        raise NothingFound("E209", f"the run {run.name!r} has no scores to compare", fix="assay ls")
    this = Side(name=run.name, facts=Facts(run.history, ObjectStore(run.folder / "objects"), final=True))
    sides, refused = [this], []
    for name in dict.fromkeys(names):
        try:
            sides.append(_read(run, name))
        except NothingFound as error:
            refused.append({"name": name, "why": error.message})
    return {
        "refused": refused,
        "names": [side.name for side in sides],
        "rows": [{"name": name, "cells": cells} for name, cells in rows(sides)],
        "paired": [_paired(this, side) for side in sides[1:]],
        "diffs": [_diff(this, side) for side in sides[1:]],
    }


def _read(run: RunView, name: str) -> Side:
    known = {folder.name: folder for folder in run_folders(run.folder.parent)}
    if name not in known:
        raise NothingFound("E201", f"there is no run {name!r} beside {run.name!r}", fix="assay ls")
    size = (known[name] / "events.jsonl").stat().st_size
    kept: dict[tuple[Path, int], Side] = run.cache.setdefault("sides", {})  # type: ignore[assignment]
    place = (known[name], size)
    if place not in kept:
        kept.clear() if len(kept) > 2 * len(known) else None
        kept[place] = read_side(known[name])
    return kept[place]


def _paired(old: Side, new: Side) -> dict[str, Any]:
    head = {"old": old.name, "new": new.name}
    found = gains_between(old, new)
    if found is None:
        why = "their winners share no fold of one task: no score of one says anything about the other"
        return {**head, "words": f"{new.name} and {old.name}: {why}."}
    return {
        **head,
        "words": gains_words(found),
        "views": list(found.views),
        "gains": [told.gain(gain) for gain in found.gains],
        "low": told.gain(found.low),
        "high": told.gain(found.high),
    }


def _diff(old: Side, new: Side) -> dict[str, Any]:
    head = {"old": old.name, "new": new.name}
    before = old.facts.candidate(old.winner) if old.winner is not None else None
    after = new.facts.candidate(new.winner) if new.winner is not None else None
    if before is None or after is None:
        return {**head, "text": "", "why": "one of them has no winner whose files are kept"}
    text = patch(before, after, old_name=old.name, new_name=new.name)
    return {**head, "text": text[:_MOST_DIFF], "cut": len(text) > _MOST_DIFF, "why": "" if text else "the same code"}
