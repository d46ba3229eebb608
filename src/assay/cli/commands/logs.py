"""The command `logs`: the journal as dated lines, or what one trial printed."""

from __future__ import annotations

import time
from pathlib import Path

from assay.cli.display.narrate import narrate
from assay.cli.lookup import find_run, find_trial
from assay.cli.output import clean
from assay.cli.shell import Shell
from assay.core.clock import iso_utc
from assay.core.errors import IntegrityError
from assay.journal.checkpoint import HistoryFile
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.history import Measurement
from assay.journal.lease import LEASE_FILE, read_holder
from assay.journal.objects import ObjectStore
from assay.journal.summary import Summary

POLL_S = 0.5
MOST_LOG_CHARACTERS = 200_000
"""Of one execution; the whole is in the run folder."""


def logs(shell: Shell, root: Path, name: str | None, *, follow: bool, trial: str | None, llm: bool) -> int:
    """Show what happened in a run, with `trial` what its processes printed, with `llm` where model calls are kept."""
    folder = find_run(root, name)
    shell.run_name = folder.name
    if llm:
        files = [str(path) for path in sorted((folder / "llm").glob("*"))]
        text = "\n".join(files) or f"{folder.name} made no call to a language model"
        shell.output.answer("llm", {"run": folder.name, "files": files}, text)
        return 0
    if trial is not None:
        return _trial_log(shell, folder, trial)
    journal = FileJournal(folder / "events.jsonl")
    offset, digest = 0, ""
    summary = Summary()
    while True:
        live = read_holder(folder / LEASE_FILE) is not None
        events, offset = journal.read_from(offset, digest)
        for event in events:
            summary.apply(event)
            _show(shell, event, summary)
            digest = event.digest
        if not follow or not live:
            return 0
        time.sleep(POLL_S)


def _show(shell: Shell, event: Event, summary: Summary) -> None:
    told = narrate(event, summary)
    text = f"{iso_utc(event.time)} {told}"
    value = {"number": event.number, "at": iso_utc(event.time), "kind": event.payload.kind, "text": told}
    shell.output.answer("event", value, text)


def _trial_log(shell: Shell, folder: Path, text: str) -> int:
    history = HistoryFile(folder).read()
    trial = find_trial(history, text)
    objects = ObjectStore(folder / "objects")
    for measurement in history.measurements(trial.number):
        log, cut = _log_of(objects, measurement)
        execution = measurement.execution
        outcome = "running" if execution is None else execution.outcome.value
        head = f"--- trial {trial.number} · attempt {measurement.attempt} · {measurement.view} · {outcome} ---"
        tail = "\n(only its end is shown)" if cut else ""
        value = {
            "trial": trial.number,
            "attempt": measurement.attempt,
            "view": measurement.view,
            "outcome": outcome,
            "log": log,
            "truncated": cut,
        }
        shell.output.answer("log", value, f"{shell.output.paint(head, 'bold')}\n{clean(log).rstrip()}{tail}")
    return 0


def _log_of(objects: ObjectStore, measurement: Measurement) -> tuple[str, bool]:
    """Return what was printed, and whether it is only the end."""
    execution = measurement.execution
    if execution is None:
        return "", False
    try:
        log = objects.get(execution.log).decode(errors="replace") if execution.log else execution.log_tail
    except IntegrityError:
        return execution.log_tail, True
    return log[-MOST_LOG_CHARACTERS:], len(log) > MOST_LOG_CHARACTERS
