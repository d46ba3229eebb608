"""What `assay resume` costs as a whole process until it works again: processor seconds, its children included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from assay.core.codec import encode
from assay.journal.history import History
from assay.strategies.options import RunOptions

LOOK_S = 0.005
ASKED = b'"kind":"asked"'


@dataclass(frozen=True)
class TakenUp:
    """Processor seconds from the command on; of children those that had ended by then."""

    event_s: float
    """To the first new line of the journal: from here on the run is being worked on."""
    question_s: float
    """To the first question of the strategy."""


def taken_up(folder: Path, history: History) -> TakenUp:
    """Take up the run in `folder/run`, which nobody works on, and stop it at its first question.

    Args:
        folder: Folder of runs.
        history: The run's, as far as its first event; its limit on trials is reached, and raised by a few.
    """
    options = RunOptions(limits=history.limits)
    described = {"task": encode(history.task), "options": encode(options), "prices": None}
    (folder / "run" / "run.json").write_text(json.dumps(described), encoding="utf-8")
    journal = folder / "run" / "events.jsonl"
    before = journal.stat().st_size
    command = (
        sys.executable,
        "-m",
        "assay",
        "resume",
        "run",
        "--runs",
        str(folder),
        "--trials",
        str((history.limits.trials or 0) + 3),
    )
    engine = subprocess.Popen(
        command, env={**os.environ, "ASSAY_MLFLOW": "off"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    event = question = 0.0
    try:
        while not question and engine.poll() is None:
            time.sleep(LOOK_S)
            with journal.open("rb") as stream:
                stream.seek(before)
                new = stream.read()
            if new and not event:
                event = _spent(engine.pid)
            if ASKED in new:
                question = _spent(engine.pid)
    finally:
        engine.terminate()
        engine.wait()
    if not question:
        raise LookupError(f"the run in {str(folder)!r} asked nothing")
    return TakenUp(event, question)


def _spent(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system + times.children_user + times.children_system
