"""Tracked: the option --mlflow, from what was typed to a tracker, and what is said of it at the end."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from assay.cli.output import Output

if TYPE_CHECKING:
    from assay.tracking.tracker import Tracker

OPTION = "--mlflow"
LOCAL = "local"
VARIABLE = "ASSAY_MLFLOW"
END_WAIT_S = 20.0
"""Most seconds that the end of a run waits for the store; an interrupted run waits for a tenth of it."""
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


def mlflow_wish(typed: str | None, *, off: bool, file: str = "", environ: Mapping[str, str] | None = None) -> str:
    """Return the store that is wanted, empty for none: what was typed, else `ASSAY_MLFLOW`, else the task file.

    Args:
        typed: The value of `--mlflow`; None where it was not typed.
        off: Whether `--no-mlflow` was typed: it goes before everything.
        file: What the task file or an earlier start says.
        environ: The process's own if None.
    """
    environ = os.environ if environ is None else environ
    if off:
        return ""
    said = typed if typed is not None else environ.get(VARIABLE, file)
    plain = said.strip().lower()
    if plain in _OFF:
        return ""
    return LOCAL if plain in _ON else said.strip()


def store_address(wish: str, runs: Path) -> str:
    """Return the address of the store that is wanted, empty for none; checked before anything is spent.

    Raises:
        UsageError: E070, no such kind of store; E061, there is a password in it.
        MachineError: E540, MLflow is not installed.
    """
    if not wish:
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
    except BaseException:
        tracker.close(END_WAIT_S / 10)
        raise
    end = tracker.close(END_WAIT_S)
    if end.dropped:
        output.complain(
            f" mlflow   {end.dropped} runs are not in {uri}: {end.reason}; assay export {OPTION} writes them"
        )
    elif end.written:
        output.say(f" mlflow   {end.written} runs in {uri} · mlflow ui --backend-store-uri {uri}")


def _is_store(word: str) -> bool:
    return "://" in word or word.endswith(_FILES) or word.lower() in (LOCAL, "databricks", *_OFF[1:], *_ON)
