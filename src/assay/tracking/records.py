"""Records: what an experiment store holds of a run, as Assay writes it and reads it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

PREFIX = "assay."
"""How the names of all tags begin that lead back to the journal."""
KEY = f"{PREFIX}key"
"""The tag by which a run is found again: it is never written twice under one key."""


class RunState(StrEnum):
    """The states of a run in an MLflow store, by their names there."""

    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


@dataclass(frozen=True, kw_only=True)
class Point:
    """One value of a metric."""

    value: float
    """Any float when it was read from a store; finite when Assay writes it."""
    step: int = 0
    """Place on the axis of the metric, such as the number of the fold."""
    at_ms: int = 0
    """Milliseconds since the epoch."""


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A file to be kept with a run: a text, or a file on this machine."""

    path: str
    """Relative, with `/`."""
    text: str = ""
    file: str = ""
    """Absolute path of the file to copy; empty when `text` is the content."""


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run as the store should show it. Written again under its key it changes what is new and repeats nothing."""

    key: str
    """Names the run for good: equal keys are one run, whoever writes it and however often."""
    name: str
    experiment: str = "assay"
    parent: str = ""
    """Key of the run that it is nested in; that one is written first."""
    state: RunState = RunState.RUNNING
    started_ms: int = 0
    """Milliseconds since the epoch."""
    ended_ms: int | None = None
    """None while it runs."""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    """Finite values only. A point with the step, the time and the value of a known one is that one."""
    artifacts: tuple[Artifact, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StoredRun:
    """One run as it was read from a store."""

    run_id: str
    name: str
    state: str
    """A name of `RunState`, or whatever the store holds."""
    started_ms: int
    """Milliseconds since the epoch."""
    ended_ms: int | None = None
    """The same of its end; None while it runs."""
    lifecycle: str = "active"
    """`deleted` where somebody removed it."""
    artifact_uri: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, tuple[Point, ...]] = field(default_factory=dict)
    """By name, the points in the order of their steps."""
    artifacts: Mapping[str, int] = field(default_factory=dict)
    """Path to bytes; only for runs of the real store."""
