"""Tracked: which experiment store a run is shown in, from what was typed to a tracker, and what is said at the end."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assay.cli.output import Output
from assay.report.formatting import format_count

if TYPE_CHECKING:
    from assay.tracking.tracker import Tracker

OPTION = "--mlflow"
LOCAL = "local"
AUTO = "auto"
"""What holds where nobody said anything: a store of its own in the folder of runs, if MLflow is installed."""
NO = "off"
VARIABLE = "ASSAY_MLFLOW"
END_WAIT_S = 3.0
"""Most seconds that the end of a run waits for the store; an interrupted run waits for a tenth of it."""
LEAST_FREE = 2 * 2**30
"""Bytes of memory that must be free for a store that nobody asked for: its process takes an eighth of it."""
_NEEDED = ("mlflow", "sqlalchemy", "alembic")
_OFF = ("", "0", "no", "off", "false")
_ON = ("1", "yes", "on", "true")
_FILES = (".db", ".sqlite", ".sqlite3")


def spelled_out(argv: Sequence[str]) -> list[str]:
    """Return the arguments with `--mlflow` given its value where none was typed: click knows no optional ones."""
    found: list[str] = []
    for place, word in enumerate(argv):
        if word == "--":
            return [*found, *argv[place:]]
        value = argv[place + 1] if place + 1 < len(argv) else ""
        found.append(f"{OPTION}={LOCAL}" if word == OPTION and not _is_store(value) else word)
    return found


@dataclass(frozen=True, kw_only=True)
class ChosenStore:
    """Where a run is tracked."""

    uri: str = ""
    """Address of the store; empty for none."""
    kept: str = ""
    """What is written down with the run for its resumption."""
    remark: str = ""
    """Why there is none although there could be; empty if there is nothing to say."""


def mlflow_wish(
    typed: str | None, *, off: bool, file: str = "", environ: Mapping[str, str] | None = None, default: str = AUTO
) -> str:
    """Return the store that is wanted, empty for none: what was typed, else `ASSAY_MLFLOW`, else the task file.

    Args:
        typed: The value of `--mlflow`; None where it was not typed.
        off: Whether `--no-mlflow` was typed: it goes before everything.
        file: What the task file or an earlier start says; empty for nothing.
        environ: The process's own if None.
        default: What holds where nobody says anything.
    """
    environ = os.environ if environ is None else environ
    if off:
        return ""
    said = typed if typed is not None else environ.get(VARIABLE, "").strip() or file.strip() or default
    plain = said.strip().lower()
    if plain in _OFF:
        return ""
    if plain == AUTO:
        return AUTO
    return LOCAL if plain in _ON else said.strip()


def choose_store(
    wish: str, runs: Path, *, free_bytes: Callable[[], int] | None = None, installed: bool | None = None
) -> ChosenStore:
    """Return where a run is tracked; checked before anything is spent.

    A store that nobody asked for is a file here, whatever `MLFLOW_TRACKING_URI` says, and is done without where MLflow
    is not installed or memory is short.

    Args:
        wish: Of `mlflow_wish`.
        runs: The folder of runs.
        free_bytes: Returns the memory that is free; of this machine if None.
        installed: Whether MLflow and what its local store needs are there; looked up, without an import, if None.

    Raises:
        UsageError: E070, no such kind of store; E061, there is a password in it.
        MachineError: E540, MLflow is not installed.
    """
    if wish != AUTO:
        uri = store_address(wish, runs)
        return ChosenStore(uri=uri, kept=uri)
    if installed is None:
        installed = all(importlib.util.find_spec(name) is not None for name in _NEEDED)
    if not installed:
        return ChosenStore(kept=AUTO)
    from assay.core.memory import free_memory_bytes

    free = (free_bytes or free_memory_bytes)()
    if free < LEAST_FREE:
        said = f"off: {free / 2**30:.1f} GB of memory are free; {OPTION} switches it on, assay export {OPTION} later"
        return ChosenStore(kept=AUTO, remark=said)
    from assay.tracking import resolve_place

    return ChosenStore(uri=resolve_place(LOCAL, runs, {}).uri, kept=AUTO)


def store_address(wish: str, runs: Path) -> str:
    """Return the address of the store that is wanted, empty for none; checked before anything is spent.

    Raises:
        UsageError: E070, no such kind of store; E061, there is a password in it.
        MachineError: E540, MLflow is not installed.
    """
    if wish in ("", AUTO):
        return ""
    from assay.tracking import require_mlflow, resolve_place

    place = resolve_place(wish, runs)
    require_mlflow()
    return place.uri


@contextmanager
def tracking(output: Output, uri: str) -> Iterator[Tracker | None]:
    """Track while the block runs; then wait a little for the store, and say where the runs are or what is missing."""
    if not uri:
        yield None
        return
    from assay.tracking import Place
    from assay.tracking.tracker import Tracker

    tracker = Tracker(Place(uri=uri))
    try:
        yield tracker
    except KeyboardInterrupt:
        if tracker.close(END_WAIT_S / 10).late:
            _handed_over(tracker)
        raise
    except BaseException:
        tracker.close(END_WAIT_S / 10)
        raise
    end = tracker.close(END_WAIT_S)
    if end.late and _handed_over(tracker):
        output.say(
            f" mlflow   the rest is written to {uri} in the background{_look(uri)} · what is not there later:"
            f" assay export {OPTION}"
        )
    elif end.dropped:
        lost = format_count(end.dropped, "run")
        output.complain(f" mlflow   {lost} not in {uri}: {end.reason}; assay export {OPTION} writes what is missing")
    elif end.written:
        output.say(f" mlflow   {format_count(end.written, 'run')} in {uri}{_look(uri)}")


def _handed_over(tracker: Tracker) -> bool:
    """Have a process of its own write what there was no time for; return whether it could be started."""
    from assay.core.errors import MachineError
    from assay.tracking.handover import hand_over

    folder = tracker.folder
    if folder is None or not (folder / "events.jsonl").is_file():
        return False
    try:
        hand_over(tracker.place, folder)
    except MachineError:
        return False
    return True


def _look(uri: str) -> str:
    """Return the command that shows a database; a server shows itself.

    The screen is in the whole of MLflow, not in what the extra brings.
    """
    from importlib.metadata import PackageNotFoundError, version

    if "://" in uri and not uri.startswith(("sqlite", "postgresql", "mysql", "mssql")):
        return ""
    try:
        version("mlflow")
    except PackageNotFoundError:
        # Another version would want to change the tables.
        return f" · uvx mlflow@{version('mlflow-skinny')} ui --backend-store-uri {uri}"
    return f" · mlflow ui --backend-store-uri {uri}"


def _is_store(word: str) -> bool:
    return "://" in word or word.endswith(_FILES) or word.lower() in (LOCAL, AUTO, "databricks", *_OFF[1:], *_ON)
