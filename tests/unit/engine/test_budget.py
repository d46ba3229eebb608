"""What is kept of the time for the end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.budget import Limits
from assay.core.clock import FakeClock
from assay.core.execution import Execution, Outcome
from assay.engine.budget import FINISH_LEAST_S, FINISH_MARGIN, FINISH_SHARE, Budget
from assay.engine.log import EventLog
from assay.journal import events as ev
from assay.journal.memory import MemoryJournal
from support.tasks import regression_task

LIMITS = Limits(wall_s=1000.0, workers=2)


def log_with_a_trial_under_way(folder: Path, wall_s: float) -> EventLog:
    log = EventLog(MemoryJournal(), FakeClock())
    log.add(
        ev.RunStarted(
            run="r", task=regression_task(folder), task_digest="d", strategy="tree", model="m", seed=0,
            limits=LIMITS, sandbox="fake",
        )
    )  # fmt: skip
    log.add(ev.TrialCreated(trial=0, key="k", candidate="c", title="slow", operator="draft"))
    log.add(ev.AttemptStarted(trial=0, attempt=1, code="c", view="fold-0", seed=0))
    ran = Execution(outcome=Outcome.OK, exit_code=0, wall_s=wall_s)
    log.add(ev.Executed(trial=0, attempt=1, code="c", view="fold-0", seed=0, execution=ran))
    return log


@pytest.mark.parametrize(
    ("wall_s", "kept"), [(0.1, FINISH_LEAST_S), (40.0, FINISH_MARGIN * 40.0 * 2.5), (900.0, 300.0)]
)
def test_a_slow_trial_under_way_may_win_so_its_last_fit_is_reckoned_with(
    tmp_path: Path, wall_s: float, kept: float
) -> None:
    budget = Budget(LIMITS, log_with_a_trial_under_way(tmp_path, wall_s), FakeClock(), scale=1.5)
    assert FINISH_SHARE * 1000.0 == 300.0
    assert budget.reserve_s() == pytest.approx(kept)


def test_what_runs_side_by_side_takes_as_long_as_the_slowest_of_it(tmp_path: Path) -> None:
    budget = Budget(LIMITS, log_with_a_trial_under_way(tmp_path, 1.0), FakeClock(), scale=1.0)
    assert budget.finish_cost_s([]) == 0.0
    assert budget.finish_cost_s([10.0]) == 20.0
    assert budget.finish_cost_s([25.0, 5.0]) == 50.0
    assert budget.finish_cost_s([10.0, 10.0, 10.0, 10.0]) == 40.0
