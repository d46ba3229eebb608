"""How long a run of many trials takes to go on: from the command to the first question of the strategy.

python benchmarks/resume.py [--trials 1000]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import deque
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine_overhead import answers
from figures import Figure, table
from scripted_run import started

from assay.core.budget import Limits
from assay.core.clock import SystemClock
from assay.engine.log import EventLog
from assay.journal.file import FileJournal
from assay.models.base import Answer, R, Request
from assay.models.scripted import ScriptedModel
from assay.strategies.assemble import assemble, open_shell
from assay.strategies.options import RunOptions


class Noticing:
    """Answers as the benchmark of the engine does, and notes when it was first asked."""

    name = "scripted"

    def __init__(self) -> None:
        self._inner = ScriptedModel(answers)
        self._inner.requests = deque(maxlen=0)  # type: ignore[assignment]
        self.first: float | None = None

    def answer(self, request: Request[R]) -> Answer[R]:
        """Answer `request`."""
        if self.first is None:
            self.first = time.perf_counter()
        return self._inner.answer(request)


def measured(trials: int) -> list[Figure]:
    """Return the row of a run that is taken up after so many trials."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = RunOptions(limits=Limits(trials=trials, workers=1), runs=folder, gate=False)
        model: Any = Noticing()
        with started(folder, model, options) as run:
            run.engine.work()
            task = run.shell.task
        more = replace(options, limits=Limits(trials=trials + 3, workers=1))
        began, again = time.perf_counter(), Noticing()
        log = EventLog(FileJournal(folder / "run" / "events.jsonl"), SystemClock())
        with ExitStack() as stack:
            shell = replace(open_shell(stack, folder / "run", task, more), model=again)
            assemble(shell, log, more).work()
        events = log.read(lambda history: history.last.number if history.last else 0)
    first = (again.first or time.perf_counter()) - began
    what = f"resume after {trials:,} trials ({events:,} events), to the next question"
    return [Figure(what=what, value=first, unit="s", beside="under 2 s")]


def figures(*, quick: bool) -> list[Figure]:
    """Return the rows of this benchmark."""
    return measured(100 if quick else 1000)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=1000)
    print(table(measured(parser.parse_args().trials)))


if __name__ == "__main__":
    main()
