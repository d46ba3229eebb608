"""Export: a run from its journal alone into an experiment store, by the same records that a tracked run gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from assay.core.errors import NothingFound
from assay.journal.file import FileJournal
from assay.journal.objects import ObjectStore
from assay.tracking.artifacts import TrialFiles, report_files
from assay.tracking.projection import Projection
from assay.tracking.records import RunRecord
from assay.tracking.store import RunWriter

_BATCH = 10


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What the store holds now."""

    experiment: str
    run_id: str
    """Id of the run that all others are nested in."""
    trials: int
    """How many were written."""
    refused: int = 0
    """Trials that the store did not take."""


def export_run(folder: Path, writer: RunWriter, *, paused: bool = True) -> Exported:
    """Write the run in `folder` to a store; again and again it changes nothing but what is new.

    Args:
        folder: The run's folder; only read.
        writer: The store.
        paused: Whether nobody works on the run, for one that has not finished.

    Raises:
        NothingFound: E201, the run never started.
        StoreLost: The store did not do it; what is written may be written again.
        MachineError: MLflow is not installed, or its process cannot be started.
    """
    projection = Projection(FileJournal(folder / "events.jsonl").read())
    if not projection.started:
        raise NothingFound("E201", f"the run {folder.name!r} never started", fix="assay ls")
    ids: dict[str, str] = {}
    records = _records(projection, folder, paused)
    while batch := tuple(islice(records, _BATCH)):
        ids |= writer.write(batch)
    trials = len(projection.history.trials)
    written = len(ids) - (projection.key in ids)
    return Exported(
        experiment=projection.experiment,
        run_id=ids.get(projection.key, ""),
        trials=written,
        refused=trials - written,
    )


def _records(projection: Projection, folder: Path, paused: bool) -> Iterator[RunRecord]:
    objects = ObjectStore(folder / "objects")
    finished = projection.history.finished is not None
    yield replace(projection.run_record(paused=paused and not finished), artifacts=report_files(folder))
    for number, trial in projection.history.trials.items():
        record = projection.trial_record(number, paused=paused)
        if trial.state.is_final:
            record = replace(record, artifacts=TrialFiles(projection.history, number).read(objects))
        yield record
