"""Store: the experiment store as the engine and strategies use it, through a process of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from assay.core.codec import decode, encode
from assay.core.errors import MachineError
from assay.tracking.place import Place
from assay.tracking.process import StoreLost, StoreProcess
from assay.tracking.records import RunRecord, StoredRun

START_S = 300.0
"""Importing MLflow and making the tables may take long on a cold disk, or beside trials that leave it little time."""
WRITE_S = 60.0


class RunWriter(Protocol):
    """Whoever brings a store to what records say. Called from one thread at a time."""

    def write(self, records: Sequence[RunRecord]) -> Mapping[str, str]:
        """Write `records` in order and return the id of each run by its key; one that was refused has none.

        Raises:
            StoreLost: The store did not do it, or not in time; some records may be written, and may be again.
            MachineError: There is no store here.
        """
        ...

    def rest(self) -> None:
        """Give back what is held while nothing is to be written; the next `write` takes it up again."""
        ...

    def close(self) -> None:
        """Give the store up. Callable from any thread, also while somebody writes, whose call then fails."""
        ...


class Store:
    """An MLflow store. A context manager that owns one process, started when first asked.

    Every method may take seconds: the first one imports MLflow. Nothing of it happens in this process.

    Args:
        place: Which store.
        write_s: Most seconds of one request, above 0.
        start_s: Most seconds until it is open, above 0.
        environment: All variables of its process; those that the place needs if None.
    """

    def __init__(
        self,
        place: Place,
        *,
        write_s: float = WRITE_S,
        start_s: float = START_S,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.place = place
        self._write_s = write_s
        self._start_s = start_s
        self._folder = tempfile.TemporaryDirectory(prefix="assay-tracking-")
        given = place.environment() if environment is None else environment
        self._process = StoreProcess(given, Path(self._folder.name))
        self._opened = False

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id of the worker, None while it does not run."""
        return self._process.pid

    def open(self) -> None:
        """Start the process and make the store, if either is not there.

        Raises:
            StoreLost: The store cannot be reached or made.
            MachineError: E540, MLflow is not installed; E541.
        """
        self._process.ask({"op": "open"}, time_limit_s=self._start_s)
        self._opened = True

    def write(self, records: Sequence[RunRecord]) -> Mapping[str, str]:
        """Bring the store to what `records` say and return the id of each run by its key; idempotent.

        A record that the store does not take, for a name that it does not allow, has no id.

        Raises:
            StoreLost, MachineError: As for `RunWriter`.
        """
        ids: dict[str, str] = self._ask({"op": "write", "records": [encode(record) for record in records]})["ids"]
        return ids

    def find(self, key: str) -> StoredRun | None:
        """Return the run that was written under `key`, None if there is none.

        Raises:
            StoreLost, MachineError: As for `open`.
        """
        return _run(self._ask({"op": "find", "key": key})["run"])

    def read(self, run_id: str) -> StoredRun | None:
        """Return the run with this id, None if there is none.

        Raises:
            StoreLost, MachineError: As for `open`.
        """
        return _run(self._ask({"op": "read", "run_id": run_id})["run"])

    def keys(self, experiment: str) -> Mapping[str, str]:
        """Return the keys of all runs of an experiment that Assay wrote, with their ids.

        Raises:
            StoreLost, MachineError: As for `open`.
        """
        found: dict[str, str] = self._ask({"op": "keys", "experiment": experiment})["keys"]
        return found

    def rest(self) -> None:
        """End the process; whoever asks next starts another one."""
        self._process.close()

    def close(self) -> None:
        """End the process, also while somebody waits for it."""
        self._process.kill()
        self._process.close()
        self._folder.cleanup()

    def _ask(self, request: Mapping[str, object]) -> Mapping[str, dict[str, str]]:
        if not self._opened or self._process.pid is None:
            self.open()
        return self._process.ask(request, time_limit_s=self._write_s)


def make_template(folder: Path) -> Path:
    """Make an empty MLflow database in `folder` and return it; one that is there is used again.

    Takes some six seconds of a processor the first time, for MLflow is imported and makes its tables.

    Args:
        folder: A private folder that no generated code can write to.

    Raises:
        MachineError: E540, MLflow is not installed; E542, it cannot be made.
    """
    template = folder / "mlflow-empty.db"
    if template.exists():
        return template
    try:
        with Store(Place(uri=f"sqlite:///{template.absolute()}")) as store:
            store.open()
    except (StoreLost, OSError) as error:
        raise MachineError("E542", f"no empty experiment store could be made: {error}", fix="assay doctor") from error
    return template


def _run(value: Mapping[str, str] | None) -> StoredRun | None:
    return None if value is None else decode(StoredRun, value)
