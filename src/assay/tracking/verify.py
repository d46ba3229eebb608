"""Verify: whether what an attempt left is evidence. An id in a text is none, and no run but the issued one is."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from assay.tracking.evidence import (
    FOREIGN,
    NO_PARAM,
    NO_RUN,
    NO_STORE,
    NOT_FINISHED,
    OLD,
    OTHER_RUNS,
    REFUSED,
    Evidence,
    Finding,
)
from assay.tracking.files import FilesFound, check_files
from assay.tracking.issue import ARTIFACTS, FOLDER, TOKEN, Issued
from assay.tracking.metric_checks import check_metrics
from assay.tracking.private_store import PrivateStore, read_private_store
from assay.tracking.records import KEY, RunState, StoredRun
from assay.tracking.required import Required

_SLACK_MS = 2_000
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. /:-]{0,248}")


def verify(
    issued: Issued,
    required: Required,
    workspace: Path,
    into: Path,
    *,
    ended_ms: int,
    given: Mapping[str, str] | None = None,
    own: Sequence[str] = (),
) -> Evidence:
    """Return what the attempt left, and everything that is wrong with it.

    Call it when every process of the attempt is dead. Nothing that generated code wrote is followed, unpickled or
    executed; its database is read in a locked-down process; what counts is copied.

    Args:
        issued: The run that was opened for this attempt, as the journal has it.
        required: What the task declared before anything ran.
        workspace: The folder that the code ran in.
        into: Private folder for copies, each named by its digest; out of reach of generated code.
        ended_ms: End of the attempt by the engine's clock, milliseconds since the epoch.
        given: Digest to name of files that the code was given; a copy of one is no result.
        own: Files of the workspace that the engine put there, and folders of such with a slash at the end: a pattern
            that fits one has found nothing. Its experiment store is always one of them.

    Raises:
        OSError: A folder of ours cannot be used.
    """
    given = given or {}
    files = check_files(
        workspace,
        required.files,
        into,
        least=0,
        started_ms=issued.started_ms,
        given=given,
        what="file",
        own=(*own, f"{FOLDER}/"),
    )
    if not required.run:
        return Evidence(run_id="", findings=tuple(files.findings), files=files.good, started_ms=issued.started_ms)
    store = read_private_store(workspace, issued, into)
    if store.run is None:
        return Evidence(
            run_id=issued.run_id,
            findings=(_absent(store), *files.findings),
            remarks=tuple(_others(store)),
            files=files.good,
            started_ms=issued.started_ms,
        )
    return _judged(issued, required, store, store.run, files, workspace, into, ended_ms, given)


def _judged(
    issued: Issued,
    required: Required,
    store: PrivateStore,
    run: StoredRun,
    files: FilesFound,
    workspace: Path,
    into: Path,
    ended_ms: int,
    given: Mapping[str, str],
) -> Evidence:
    artifacts = check_files(
        workspace / ARTIFACTS / issued.run_id / "artifacts",
        required.artifacts,
        into,
        least=max(required.least_artifacts, len(required.artifacts) and 1),
        started_ms=issued.started_ms,
        given=given,
        what="artefact",
    )
    findings = [
        *_identity(run, issued),
        *_state(run, issued, ended_ms),
        *_names(run),
        *_params(run, required),
        *check_metrics(run.metrics, required, started_ms=issued.started_ms, ended_ms=ended_ms),
        *artifacts.findings,
        *files.findings,
    ]
    finite = {name: tuple(p for p in points if math.isfinite(p.value)) for name, points in run.metrics.items()}
    return Evidence(
        run_id=issued.run_id,
        findings=tuple(findings),
        remarks=tuple(_others(store)),
        params=run.params,
        metrics={name: points for name, points in finite.items() if points},
        artifacts=artifacts.good,
        files=files.good,
        started_ms=run.started_ms,
        ended_ms=run.ended_ms,
    )


def _absent(store: PrivateStore) -> Finding:
    if store.problem:
        return Finding(code=NO_STORE, sentence=f"the experiment store of the attempt cannot be read: {store.problem}")
    return Finding(code=NO_RUN, sentence="the run that was opened for the attempt is not in its store any more")


def _others(store: PrivateStore) -> Iterator[Finding]:
    if store.others:
        sentence = (
            f"the code opened {len(store.others)} further runs, which count for nothing: the one that counts is that"
            " of the first mlflow.start_run(), without an experiment or an id"
        )
        yield Finding(code=OTHER_RUNS, sentence=sentence, subject=store.others[0])


def _identity(run: StoredRun, issued: Issued) -> Iterator[Finding]:
    """The run is this attempt's: by token, key, start and place, none of which an honest program changes."""
    place = f"{ARTIFACTS}/{issued.run_id}/artifacts"
    wrong = {
        "its token is not the one that was issued": run.tags.get(TOKEN) != issued.token,
        "it names another attempt": run.tags.get(KEY) != issued.attempt.key,
        "it began at another time": run.started_ms != issued.started_ms,
        "its artefacts are said to lie elsewhere": run.artifact_uri != place,
        "it was deleted": run.lifecycle != "active",
    }
    said = [reason for reason, is_wrong in wrong.items() if is_wrong]
    if said:
        yield Finding(code=FOREIGN, sentence=f"the run is not that of the attempt: {'; '.join(said)}")


def _state(run: StoredRun, issued: Issued, ended_ms: int) -> Iterator[Finding]:
    if run.state != RunState.FINISHED:
        untouched = run.state == RunState.RUNNING and not run.metrics and not run.params
        hint = ": nothing was recorded in it" if untouched else ""
        yield Finding(code=NOT_FINISHED, sentence=f"the run is {run.state or 'without a state'}, not FINISHED{hint}")
    elif run.ended_ms is None or not issued.started_ms <= run.ended_ms <= ended_ms + _SLACK_MS:
        yield Finding(code=OLD, sentence="the run did not end within the time of the attempt")


def _names(run: StoredRun) -> Iterator[Finding]:
    """MLflow itself would not have taken other names."""
    for name in (*run.params, *run.metrics):
        if not _NAME.fullmatch(name) or ".." in name or "//" in name:
            yield Finding(code=REFUSED, sentence=f"{name[:100]!r} is no name that MLflow writes", subject=name[:100])


def _params(run: StoredRun, required: Required) -> Iterator[Finding]:
    for name in required.params:
        if not run.params.get(name, "").strip():
            yield Finding(code=NO_PARAM, sentence=f"the param {name!r} was not recorded", subject=name)
    if len(run.params) < required.least_params:
        yield Finding(code=NO_PARAM, sentence=f"{required.least_params} params required, {len(run.params)} recorded")
