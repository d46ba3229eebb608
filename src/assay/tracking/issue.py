"""Issue: the run that an attempt may write to, opened before its code starts, in a store of its own.

The real store is never within reach of generated code. What it gets is a fresh MLflow database in its workspace with
one run in it. Whatever it does there, only the run with the issued id is looked at afterwards (`verify`).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.core.clock import Clock
from assay.core.errors import MachineError
from assay.tracking.records import KEY, PREFIX

FOLDER = "mlflow"
"""Folder below the workspace."""
DATABASE = f"{FOLDER}/mlflow.db"
ARTIFACTS = f"{FOLDER}/artifacts"
TOKEN = f"{PREFIX}token"
_EXPERIMENT = 0
"""The experiment that every MLflow database has."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Whose run it is."""

    run: str
    """Name of Assay's run."""
    task: str
    """Key of the task or trial."""
    attempt: int
    """1 for the first."""
    candidate: str = ""
    """Digest of the code that will run."""

    @property
    def key(self) -> str:
        """The name of the attempt, for good."""
        return f"{self.run}/{self.task}/attempt-{self.attempt}"


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A run that was opened for one attempt. Belongs into the journal before the code starts."""

    attempt: Attempt
    run_id: str
    token: str
    """Stands in the run's tags: another store with the same id is not this one."""
    started_ms: int
    """Milliseconds since the epoch; what is older is not evidence of this attempt."""

    @property
    def env(self) -> Mapping[str, str]:
        """Variables for the sandboxed process: with them `mlflow.start_run()` goes on with the issued run."""
        return {
            "MLFLOW_TRACKING_URI": f"sqlite:///{DATABASE}",
            "MLFLOW_REGISTRY_URI": f"sqlite:///{DATABASE}",
            "MLFLOW_RUN_ID": self.run_id,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
            "GIT_PYTHON_REFRESH": "quiet",
            "DO_NOT_TRACK": "1",
        }


def issue(workspace: Path, attempt: Attempt, *, template: Path, clock: Clock) -> Issued:
    """Open a run for `attempt` in a fresh store below `workspace`.

    Args:
        workspace: The folder that the code will run in and may write to; anything under `mlflow` in it is removed.
        attempt: Whose run it is.
        template: An empty database of MLflow, from `make_template`.
        clock: Gives the start.

    Raises:
        MachineError: E542: the store cannot be made.
    """
    issued = Issued(
        attempt=attempt, run_id=uuid.uuid4().hex, token=secrets.token_hex(16), started_ms=int(clock.now() * 1000)
    )
    folder = workspace / FOLDER
    try:
        if folder.is_symlink():
            folder.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        (workspace / ARTIFACTS).mkdir(parents=True)
        database = workspace / DATABASE
        shutil.copyfile(template, database)
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            _open_run(connection, issued)
        # In the database the path stands relative: the workspace has another name inside of the sandbox.
        (workspace / ARTIFACTS / issued.run_id / "artifacts").mkdir(parents=True)
        for path in (folder, *folder.rglob("*")):
            os.utime(path, (issued.started_ms / 1000 - 1, issued.started_ms / 1000 - 1))
    except (OSError, sqlite3.Error) as error:
        raise MachineError(
            "E542", f"no run could be opened for {attempt.key!r}: {error}", fix="free some space, then assay resume"
        ) from error
    return issued


def _open_run(connection: sqlite3.Connection, issued: Issued) -> None:
    connection.execute("UPDATE experiments SET artifact_location = ?", (ARTIFACTS,))
    connection.execute(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,"
        " source_version, lifecycle_stage, artifact_uri, experiment_id)"
        " VALUES (?, ?, 'UNKNOWN', '', '', 'assay', 'RUNNING', ?, '', 'active', ?, ?)",
        (
            issued.run_id,
            issued.attempt.key[:250],
            issued.started_ms,
            f"{ARTIFACTS}/{issued.run_id}/artifacts",
            _EXPERIMENT,
        ),
    )
    tags = {KEY: issued.attempt.key, TOKEN: issued.token, "mlflow.runName": issued.attempt.key[:250]}
    for name, value in tags.items():
        connection.execute("INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)", (name, value, issued.run_id))
