"""What a rehearsal on few rows saves where a candidate has a fault at its end, and what it costs where it has none.

    python benchmarks/rehearsal.py [--seconds 60] [--rows 37000]

A run with the scripted model and all else real, twice: with rehearsals and without. Of its two drafts the first trains
so many seconds on a whole fold, in proportion to its rows, and then writes a file without its last row; the model mends
it at once. The second has no fault and boosts trees, which take less than in proportion to the rows: what a rehearsal
costs it is measured in the run with rehearsals, as the share of its own seconds.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from figures import Figure, table
from scripted_run import started

from assay.core.budget import Limits
from assay.core.rehearse import Rehearse
from assay.core.view import is_rehearsal
from assay.journal.history import History, Trial
from assay.models.base import Request
from assay.models.scripted import Scripted, ScriptedModel
from assay.strategies.options import RunOptions

QUICK = """\
import csv
import os

with open("input/test.csv") as file:
    ids = [row["id"] for row in csv.DictReader(file)]
os.makedirs("output", exist_ok=True)
with open("output/submission.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["id", "y"])
    writer.writerows([number, {value}] for number in ids{asked})
"""
SLOW = """\
import time

with open("input/train.csv") as file:
    time.sleep({seconds} * min(1, (len(file.readlines()) - 1) / {rows}))
"""
BOOSTED = """\
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

train, test = pd.read_csv("input/train.csv"), pd.read_csv("input/test.csv")
model = HistGradientBoostingRegressor(max_iter={rounds}, early_stopping=False, random_state=0)
model.fit(train[["x", "id"]], train["y"])
test[["id"]].assign(y=model.predict(test[["x", "id"]])).to_csv("output/submission.csv", index=False)
"""
HELD_OUT = (1 - 0.15) * (1 - 0.2)
"""Share of the rows that the only fold learns from: what is sealed and what it tests are left out."""


class Drafts:
    """Answers with both drafts, and mends the one that has a fault.

    Args:
        seconds: That the first trains on a whole fold.
        rows: That a whole fold has.
        rounds: Of boosting, of the second.
    """

    def __init__(self, seconds: float, rows: int, rounds: int) -> None:
        self._slow = SLOW.format(seconds=seconds, rows=rows)
        self._boosted = BOOSTED.format(rounds=rounds)
        self._drafts = 0

    def __call__(self, request: Request[Any]) -> Scripted:
        """Answer a question."""
        if request.role == "debug":
            return {"cause": "the last row was left out", "code": self._slow + QUICK.format(value=1.0, asked="")}
        if request.role == "ablate":
            code = QUICK.format(value=0.5, asked="")
            return {"variants": [{"part": "all", "description": "half", "code": code}]}
        if request.role != "draft":
            return {"title": request.key, "plan": "-", "code": QUICK.format(value=len(request.key), asked="")}
        self._drafts += 1
        faulty = self._slow + QUICK.format(value=1.0, asked="[:-1]")
        return {"title": f"draft {self._drafts}", "plan": "-", "code": faulty if self._drafts == 1 else self._boosted}


def drafts(wish: Rehearse, model: Drafts, rows: int) -> tuple[History, list[Trial]]:
    """Run baselines, both drafts and two quick trials more; return the history, and the drafts in their order."""
    with tempfile.TemporaryDirectory() as name:
        limits = Limits(trials=6, workers=1)  # of which the strategy makes two drafts
        options = RunOptions(limits=limits, runs=Path(name), gate=False, reseeds=0, rehearse=wish)
        with started(Path(name), ScriptedModel(model), options, rows=rows, split="holdout") as run:
            run.engine.work()
            history = run.log.read(lambda known: known)
    return history, [trial for trial in history.trials.values() if trial.operator == "draft"]


def measured(seconds: float, rows: int) -> list[Figure]:
    """Return the rows for a fold of so many seconds."""
    fold, rounds = min(30_000, int(rows * HELD_OUT)), round(20 * seconds)
    known, (faulty, sound) = drafts(Rehearse.ALWAYS, Drafts(seconds, fold, rounds), rows)
    _, (alone, _) = drafts(Rehearse.NEVER, Drafts(seconds, fold, 1), rows)
    took, without = faulty.finished - faulty.created, alone.finished - alone.created
    few, whole = _seconds(known, faulty)
    boosted_few, boosted = _seconds(known, sound)
    what = f"a candidate that trains {seconds:g} s a fold of {fold:,} rows"
    return [
        Figure(
            what=f"{what} and leaves out a row, until the mended one is scored",
            value=took,
            unit="s",
            beside=f"without a rehearsal {without:.1f} s",
        ),
        Figure(what="how much sooner", value=without / took, unit="times"),
        Figure(what="the mended one's rehearsal", value=few, unit="s", beside=_share(few, whole)),
        Figure(
            what=f"that of one without a fault that boosts {rounds:,} trees in {boosted:.1f} s a fold",
            value=boosted_few,
            unit="s",
            beside=_share(boosted_few, boosted),
        ),
    ]


def _share(few: float, whole: float) -> str:
    return f"{100 * few / whole:.1f} % of one fold, {20 * few / whole:.1f} % of five"


def _seconds(history: History, trial: Trial) -> tuple[float, float]:
    """Return the seconds of a trial's last rehearsal and of its fold."""
    ran = {m.view: m.execution.wall_s for m in history.measurements(trial.number) if m.execution is not None}
    return next(wall_s for view, wall_s in ran.items() if is_rehearsal(view)), ran["fold-0"]


def figures(*, quick: bool) -> list[Figure]:
    """Return the rows of this benchmark."""
    return measured(10.0 if quick else 60.0, 37_000)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rows", type=int, default=37_000)
    given = parser.parse_args()
    print(table(measured(given.seconds, given.rows)))


if __name__ == "__main__":
    main()
