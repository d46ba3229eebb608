"""Data location: how a run tells where its data are, so that its folder can be moved and shown to others."""

from __future__ import annotations

import os
from pathlib import Path


def told_to_run(data: Path, run: Path) -> Path:
    """Return how `run.json` tells where the data are, for `found_from`.

    Data that lie below the folder which also holds the folder of runs move with it, and are told from the run's folder
    on. Others are told by where they are on this machine.

    Args:
        data: The user's folder, absolute.
        run: The run's folder, absolute.
    """
    return _from_run(data, run) or data


def told_to_people(data: Path, run: Path) -> Path:
    """Return how the journal tells where the data are: from the run's folder on, or by the last part of the name alone.

    Nothing finds data by it, and it may be shown to others, whom the folders of this machine do not concern.
    """
    return _from_run(data, run) or Path(data.name)


def found_from(run: Path, told: Path) -> Path:
    """Return the absolute path that `told_to_run` told in the run's folder `run`, wherever that lies now."""
    return Path(os.path.normpath(run.absolute() / told))


def _from_run(data: Path, run: Path) -> Path | None:
    if not data.is_relative_to(run.parent.parent) or data.anchor == str(run.parent.parent):
        return None
    return Path(os.path.relpath(data, run))
