"""A finished run with real scores, small and quick, for what looks at runs from outside."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from assay.core.budget import Limits
from assay.engine.budget import Budget
from assay.engine.deliver import Delivery
from assay.engine.finish import Finish
from assay.engine.judging import Judge
from assay.engine.measure import Measurer
from assay.journal import events as ev
from assay.journal.history import EVERYTHING
from support.real_engine import RealEngine, limited

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
