"""How well waiting for a model and running candidates overlap: trials an hour against a strictly sequential loop.

    python benchmarks/overlap.py [--seconds 20] [--paths 4] [--workers 2]

Runs `mle_star` for real (journal, sandbox, grading) with a scripted model of which every answer takes that many
seconds, and scripts of which every run takes as many, then puts the same questions and runs the same scripts one after
the other. Prints both and their ratio; fewer seconds make the engine's own time count for more, so the ratio is lower.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from figures import Figure, table
from scripted_run import started

from assay.core.budget import Limits
from assay.core.digest import digest_text
from assay.engine.log import EventLog
from assay.journal.objects import ObjectStore
from assay.models.base import Answer, R, Request
from assay.models.scripted import Scripted, ScriptedModel
from assay.strategies.options import RunOptions

SCRIPT = """\
import csv
import os
import time

time.sleep({seconds})
shift = {shift}
with open("input/train.csv") as file:
    targets = [float(row["y"]) for row in csv.DictReader(file)]
with open("input/test.csv") as file:
    ids = [row["id"] for row in csv.DictReader(file)]
os.makedirs("output", exist_ok=True)
with open("output/submission.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["id", "y"])
    writer.writerows([number, sum(targets) / len(targets) + shift] for number in ids)
"""


class SlowModel:
    """Answers every role of `mle_star` after a while.

    Args:
        seconds: How long each answer takes.
    """

    name = "scripted"

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._inner = ScriptedModel(lambda request: self._scripted(request))
        self.requests = self._inner.requests

    def answer(self, request: Request[R]) -> Answer[R]:
        """Answer `request` after the time has passed."""
        time.sleep(self._seconds)
        return self._inner.answer(request)

    def script(self, key: str) -> str:
        """Return a script whose constant depends on `key`, so that scores differ."""
        shift = int(digest_text(key)[:4], 16) / 65_536
        return SCRIPT.format(seconds=self._seconds, shift=round(shift, 4))

    def _scripted(self, request: Request[Any]) -> Scripted:
        inputs, script = request.inputs, self.script(request.key)
        program = {"title": request.role, "plan": "a constant", "code": script}
        answers: dict[str, Scripted] = {
            "retrieve": {"models": [{"name": f"m{i}", "why": "-", "example": "x = 1"} for i in range(inputs.count)]}
            if request.role == "retrieve"
            else {},
            "ablate": {"variants": [{"part": "shift", "description": "none", "code": script}]},
            "summarize": {"summary": "The shift matters."},
            "extract": {"targets": [{"block": _shift_line(inputs.code), "plan": "Shift it."}]}
            if request.role == "extract"
            else {},
            "plan": {"title": "Shift", "plan": "Shift it again."},
            "code": {"code": _shift_line(script)},
            "ensemble_plan": {"title": "Mean", "plan": "The mean."},
            "leakage": {"leaks": []},
            "data_usage": {"complete": True},
            "finalize": {"ready": True},
            "validate": {"sound": True},
        }
        return answers.get(request.role, program)


def _shift_line(code: str) -> str:
    return next(line for line in code.splitlines() if line.startswith("shift = "))


def overlapped(folder: Path, model: SlowModel, options: RunOptions) -> tuple[float, EventLog]:
    """Run the strategy; return the seconds of its search and its log."""
    with started(folder, model, options, rows=300, split="holdout") as run:
        run.engine.work()
    phases = dict((name, at) for at, name in run.log.read(lambda history: history.phases))
    return phases["finish"] - phases["search"], run.log


def sequential(folder: Path, model: SlowModel, log: EventLog) -> tuple[float, int, int]:
    """Ask what was asked and run what was run, one after the other; return the seconds and both counts."""
    asked = list(model.requests)
    store = ObjectStore(folder / "run" / "objects")
    history = log.read(lambda h: h)
    before = next(at for at, name in history.phases if name == "finish")
    ran = [m.trial for m in history.all_measurements() if m.execution is not None and m.started < before]
    place = folder / "alone"
    place.mkdir()
    (place / "input").symlink_to(folder / "data", target_is_directory=True)
    started = time.perf_counter()
    for request in asked:
        model.answer(request)
    for trial in ran:
        (place / "solution.py").write_text(store.candidate(history.trials[trial].candidate).source, encoding="utf-8")
        subprocess.run([sys.executable, "solution.py"], cwd=place, check=True)
    return time.perf_counter() - started, len(asked), len(ran)


def measured(seconds: float, paths: int, workers: int) -> list[Figure]:
    """Return the rows for answers and runs of so many seconds each."""
    arguments = {"paths": str(paths), "models": "2", "outer": "1", "inner": "3", "rounds": "1"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = RunOptions(
            limits=Limits(workers=workers), runs=folder, strategy="mle_star", arguments=arguments, gate=False
        )
        model = SlowModel(seconds)
        together, log = overlapped(folder, model, options)
        alone, questions, runs = sequential(folder, model, log)
        trials = log.read(lambda history: sum(trial.counts for trial in history.trials.values()))
    what = f"`mle_star`, {paths} paths, {workers} workers, answers and runs of {seconds:g} s"
    return [
        Figure(
            what=f"{what}: search", value=together, unit="s", beside=f"{3600 * trials / together:.0f} trials an hour"
        ),
        Figure(
            what=f"the same {questions} questions and {runs} runs one after the other",
            value=alone,
            unit="s",
            beside=f"{3600 * trials / alone:.0f} trials an hour",
        ),
        Figure(what="how much faster", value=alone / together, unit="times", beside="at least 1.8 times"),
    ]


def figures(*, quick: bool) -> list[Figure]:
    """Return the rows of this benchmark."""
    return measured(2.0 if quick else 20.0, 4, 2)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--paths", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    print(table(measured(given.seconds, given.paths, given.workers)))


if __name__ == "__main__":
    main()
