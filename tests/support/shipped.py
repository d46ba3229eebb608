"""A finished run with real scores, small and quick, for what looks at runs from outside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from assay.core.budget import Limits
from assay.core.rehearse import Rehearse
from assay.engine.budget import Budget
from assay.engine.deliver import Delivery
from assay.engine.finish import Finish
from assay.engine.judging import Judge
from assay.engine.measure import Measurer
from assay.journal import events as ev
from assay.journal.history import EVERYTHING
from assay.strategies.launch import launch
from assay.strategies.options import RunOptions
from support.real_engine import RealEngine, binary_task, limited
from support.recorded_run import RESEEDS, TRIALS, prepare

BETTER = 'WEIGHTS = {"größe": 1.0, "x2": 0.5}\npredictions = list(zip(ids, predict(fit(train), test)))\n'
HELPED = f"import helper\n{BETTER}write(predictions)"


def finished_run(folder: Path) -> Path:
    """Return the folder of a run that ended: a baseline, a better script with a helper beside it, perhaps a blend."""
    folder.mkdir(parents=True)
    with ExitStack() as stack:
        engine = RealEngine(folder, stack)
        engine.evaluate(HELPED, files={"helper.py": '"""Helps."""\n'})
        parts = engine.parts()
        budget = Budget(Limits(), engine.log, engine.clock)
        measurer = Measurer(parts, limited())
        judge = Judge(parts, measurer, budget)
        finish = Finish(parts, measurer, judge, budget, Delivery(parts, measurer, budget))
        winner = finish.work("trials")
        history = engine.log.pinned(EVERYTHING)
        engine.log.add(
            ev.RunFinished(
                stopped_by="trials", exit_code=finish.exit_code(history, "trials", winner), winner=winner, wall_s=1.0
            )
        )
    return folder


def searched_run(base: Path) -> Path:
    """Return the folder of a whole run of the strategy `tree`, answered from recordings; one draft was mended.

    Every candidate of the search is rehearsed.
    """
    base.mkdir(parents=True)
    folder = prepare(base, rehearsed=True)
    options = RunOptions(
        limits=Limits(trials=TRIALS, workers=1),
        model=f"recorded:{base / 'recordings'}",
        name=folder.name,
        runs=base / "runs",
        arguments={"drafts": "3"},
        reseeds=RESEEDS,
        gate=False,
        warm=False,
        rehearse=Rehearse.ALWAYS,
    )
    with _one_core():
        launch(binary_task(base / "data", k=1), options)
    return folder


@contextmanager
def _one_core() -> Iterator[None]:
    """Work on one core while the block runs: busy ones slow OpenMP down a lot."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
