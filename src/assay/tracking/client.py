"""What the store's process does with MLflow: runs written once under their keys, and read back."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from assay.core.codec import decode, encode
from assay.tracking.place import Place
from assay.tracking.records import KEY, Artifact, Point, RunRecord, RunState, StoredRun

_PARENT = "mlflow.parentRunId"
_METRICS = 1000
"""Most of them in one batch, by MLflow's rule; of params and tags 100."""
_FEW = 100
_PARAM_CHARS = 6000
_TAG_CHARS = 5000
_PAGE = 500
_INVALID = "INVALID_PARAMETER_VALUE"
_UNUSED = "./mlruns"
"""Where MLflow would keep artefacts of its default experiment."""


def handlers() -> dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]:
    """Return what can be asked, by its name."""
    writer = Writer(Place(uri=os.environ["MLFLOW_TRACKING_URI"]))
    return {
        "open": lambda request: {"opened": writer.open()},
        "write": lambda request: {"ids": writer.write([decode(RunRecord, one) for one in request["records"]])},
        "find": lambda request: {"run": encode(writer.find(str(request["key"])))},
        "keys": lambda request: {"keys": writer.keys(str(request["experiment"]))},
        "read": lambda request: {"run": encode(writer.read(str(request["run_id"])))},
    }


class Writer:
    """One store through MLflow's own client.

    Args:
        place: The store.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._client: MlflowClient | None = None
        self._experiments: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    def open(self) -> str:
        """Make the store if it is not there, one process after the other, and return its address."""
        self._opened()
        return self._place.uri

    def write(self, records: Sequence[RunRecord]) -> dict[str, str]:
        """Bring the store to what `records` say and return the id of each run by its key; one refused has none."""
        ids = {}
        for record in records:
            try:
                ids[record.key] = self._write(record)
            except MlflowException as error:
                # One record with a name that the store does not take must not keep back the others.
                if error.error_code != _INVALID:
                    raise
        return ids

    def find(self, key: str) -> StoredRun | None:
        """Return the run written under `key`."""
        run = self._by_key(key, [one.experiment_id for one in self._opened().search_experiments()])
        return None if run is None else self._stored(run)

    def keys(self, experiment: str) -> dict[str, str]:
        """Return the key of every run of an experiment that Assay wrote, and its id."""
        client, token = self._opened(), None
        found: dict[str, str] = {}
        known = client.get_experiment_by_name(experiment)
        while known is not None:
            page = client.search_runs([known.experiment_id], max_results=_PAGE, page_token=token)
            found |= {run.data.tags[KEY]: run.info.run_id for run in page if KEY in run.data.tags}
            token = page.token
            if not token:
                break
        return found

    def read(self, run_id: str) -> StoredRun | None:
        """Return the run with this id, None if there is none."""
        try:
            return self._stored(self._opened().get_run(run_id))
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise

    # --- writing

    def _write(self, record: RunRecord) -> str:
        client = self._opened()
        run = self._ensured(record)
        run_id = run.info.run_id
        self._log(run, record)
        for artifact in record.artifacts:
            self._keep(run_id, artifact)
        if (run.info.status, run.info.end_time) != (record.state.value, record.ended_ms):
            if record.state is RunState.RUNNING:
                client.update_run(run_id, status=record.state.value)
            else:
                client.set_terminated(run_id, status=record.state.value, end_time=record.ended_ms)
        return str(run_id)

    def _ensured(self, record: RunRecord) -> Run:
        client = self._opened()
        known = self._ids.get(record.key)
        if known is not None:
            return client.get_run(known)
        experiment = self._experiment(record.experiment)
        # Two processes that export one run at the same time must not both find nothing.
        with self._alone():
            run = self._by_key(record.key, [experiment])
            if run is None:
                tags = {**_short(record.tags, _TAG_CHARS), KEY: record.key}
                if record.parent:
                    tags[_PARENT] = self._parent(record, experiment)
                run = client.create_run(experiment, start_time=record.started_ms, tags=tags, run_name=record.name)
        self._ids[record.key] = run.info.run_id
        return run

    def _parent(self, record: RunRecord, experiment: str) -> str:
        known = self._ids.get(record.parent)
        if known is None:
            found = self._by_key(record.parent, [experiment])
            if found is None:
                raise LookupError(f"the run {record.parent!r}, which {record.key!r} belongs to, is not in the store")
            known = self._ids[record.parent] = found.info.run_id
        return known

    def _log(self, run: Run, record: RunRecord) -> None:
        """Log what is new; a param once written cannot be changed and stays as it is."""
        client, run_id = self._opened(), run.info.run_id
        new_params = {name: value for name, value in record.params.items() if name not in run.data.params}
        new_tags = {name: value for name, value in record.tags.items() if run.data.tags.get(name) != value}
        params = [Param(name, value) for name, value in _short(new_params, _PARAM_CHARS).items()]
        tags = [RunTag(name, value) for name, value in _short(new_tags, _TAG_CHARS).items()]
        metrics = [
            Metric(name, point.value, point.at_ms, point.step)
            for name, points in record.metrics.items()
            for point in points
        ]
        for start in range(0, len(params), _FEW):
            client.log_batch(run_id, params=params[start : start + _FEW])
        for start in range(0, len(tags), _FEW):
            client.log_batch(run_id, tags=tags[start : start + _FEW])
        for start in range(0, len(metrics), _METRICS):
            client.log_batch(run_id, metrics=metrics[start : start + _METRICS])

    def _keep(self, run_id: str, artifact: Artifact) -> None:
        client = self._opened()
        if not artifact.file:
            client.log_text(run_id, artifact.text, artifact.path)
            return
        source, target = Path(artifact.file), PurePosixPath(artifact.path)
        folder = None if str(target.parent) == "." else str(target.parent)
        if source.name == target.name:
            client.log_artifact(run_id, str(source), folder)
            return
        # MLflow keeps a file under the name that it has.
        with tempfile.TemporaryDirectory() as place:
            shutil.copyfile(source, Path(place) / target.name)
            client.log_artifact(run_id, str(Path(place) / target.name), folder)

    # --- reading

    def _stored(self, run: Run) -> StoredRun:
        client, info = self._opened(), run.info
        metrics = {}
        for name in run.data.metrics:
            history = client.get_metric_history(info.run_id, name)
            points = (Point(value=one.value, step=one.step, at_ms=one.timestamp) for one in history)
            metrics[name] = tuple(sorted(points, key=lambda point: (point.step, point.at_ms)))
        return StoredRun(
            run_id=info.run_id,
            name=info.run_name or "",
            state=info.status,
            started_ms=info.start_time or 0,
            ended_ms=info.end_time,
            lifecycle=info.lifecycle_stage,
            artifact_uri=info.artifact_uri or "",
            params=dict(run.data.params),
            tags=dict(run.data.tags),
            metrics=metrics,
            artifacts=dict(self._listed(info.run_id, None)),
        )

    def _listed(self, run_id: str, folder: str | None) -> Iterator[tuple[str, int]]:
        for entry in self._opened().list_artifacts(run_id, folder):
            if entry.is_dir:
                yield from self._listed(run_id, entry.path)
            else:
                yield entry.path, int(entry.file_size or 0)

    def _by_key(self, key: str, experiments: Sequence[str]) -> Run | None:
        said = key.replace("'", "")
        found = self._opened().search_runs(
            list(experiments), f"tags.`{KEY}` = '{said}'", run_view_type=ViewType.ACTIVE_ONLY, max_results=1
        )
        return found[0] if found else None

    # --- the store itself

    def _opened(self) -> MlflowClient:
        if self._client is None:
            # Two processes that make the tables at the same time break each other.
            with self._alone():
                self._make()
                client = MlflowClient(self._place.uri, registry_uri=self._place.uri)
                client.search_experiments(max_results=1)
            self._client = client
        return self._client

    def _make(self) -> None:
        """Make a local database whole before it has its name: MLflow's tables come by many migrations.

        Whoever is killed between two of them would leave a store that nobody can open again.
        """
        database = self._place.database
        if database is None or database.exists():
            return
        part = database.with_name(f"{database.name}.part")
        for left in database.parent.glob(f"{part.name}*"):
            left.unlink()
        made = SqlAlchemyStore(f"sqlite:///{part}", _UNUSED)  # type: ignore[no-untyped-call]
        made.engine.dispose()
        part.replace(database)

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            client = self._opened()
            with self._alone():
                known = client.get_experiment_by_name(name)
                if known is None:
                    folder = self._place.artifacts
                    location = None if folder is None else folder.as_uri()
                    self._experiments[name] = client.create_experiment(name, artifact_location=location)
                else:
                    self._experiments[name] = known.experiment_id
        return self._experiments[name]

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock beside a local database; a server orders its writers itself."""
        database = self._place.database
        if database is None:
            yield
            return
        database.parent.mkdir(parents=True, exist_ok=True)
        with database.with_name(f"{database.name}.lock").open("a") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield


def _short(values: Mapping[str, str], most: int) -> dict[str, str]:
    return {name: value if len(value) <= most else f"{value[: most - 1]}…" for name, value in values.items()}
