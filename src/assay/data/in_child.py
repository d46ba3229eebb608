"""Inspect, load, check and profile in a child process, for callers that must stay small and quick to start."""

from __future__ import annotations

from pathlib import Path

from assay.core.codec import decode, encode
from assay.core.profile import DataProfile
from assay.core.task import Task
from assay.data.child import run_child
from assay.data.findings import DataFinding
from assay.data.given import Given
from assay.data.inspection import Inspection


def inspect_apart(path: Path, given: Given) -> Inspection:
    """Return what `inspect` returns for `path` and `given`, and raise what it raises."""
    job = {"do": "inspect", "path": str(path.absolute()), "given": encode(given)}
    return decode(Inspection, run_child(job))


def check_apart(task: Task) -> list[DataFinding]:
    """Return what `check` returns for `task`, and raise what it raises."""
    return [decode(DataFinding, finding) for finding in run_child({"do": "check", "task": encode(task)})]


def profile_apart(task: Task) -> DataProfile:
    """Return what `profile` returns for `task`, and raise what it raises."""
    return decode(DataProfile, run_child({"do": "profile", "task": encode(task)}))
