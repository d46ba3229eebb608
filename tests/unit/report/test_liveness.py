from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from assay.engine.pulse import Activity, Pulse
from assay.journal.summary import Summary
from assay.report.liveness import Life, judge
from support.histories import good_run, interrupted, just_started

HOLDER = (4121, 900.0)
SUMMARY = Summary.of(interrupted()[1])
NOW = SUMMARY.time


def pulse(*activities: Activity, age: float = 2.0) -> Pulse:
    return Pulse(pid=4121, process_started=900.0, time=NOW + 1000 - age, phase="search", activities=activities)


def running(**changes: float | int | str | None) -> Activity:
    activity = Activity(
        kind="run", label="#3 fold-0", since=NOW, limit_s=2000.0, last_output_age_s=4.0, pid=os.getpid()
    )
    return replace(activity, **changes)  # type: ignore[arg-type]


def test_gone_without_an_end_is_dead_and_says_how_to_resume() -> None:
    life = judge(SUMMARY, pulse(running()), None, NOW + 1000)
    assert (life.life, life.fix) == (Life.DEAD, "assay resume late-falcon")


def test_finished() -> None:
    life = judge(Summary.of(good_run()[1]), None, None, NOW)
    assert (life.life, life.reason) == (Life.FINISHED, "stopped by: trials")


def test_recent_output_is_work() -> None:
    life = judge(SUMMARY, pulse(running()), HOLDER, NOW + 1000)
    assert life.life is Life.WORKING
    assert "#3 fold-0 16m40s of 33m20s · idle 6s" in life.reason


def test_long_silent_fold_is_quiet_with_its_reason() -> None:
    life = judge(SUMMARY, pulse(running(last_output_age_s=600.0)), HOLDER, NOW + 1000)
    assert life.life is Life.QUIET
    assert "#3 fold-0" in life.reason


def test_long_model_call_is_quiet_with_its_reason() -> None:
    call = Activity(kind="model", label="draft", since=NOW + 640)
    life = judge(SUMMARY, pulse(call), HOLDER, NOW + 1000)
    assert life.life is Life.QUIET
    assert "model call draft 6m00s" in life.reason


def test_old_heartbeat_of_a_living_process_is_stalled() -> None:
    life = judge(SUMMARY, pulse(running(), age=200), HOLDER, NOW + 1000)
    assert life.life is Life.STALLED
    assert "no heartbeat for 3m20s" in life.reason


def test_process_far_past_its_limit_is_stalled() -> None:
    life = judge(SUMMARY, pulse(running(limit_s=300.0)), HOLDER, NOW + 1000)
    assert life.life is Life.STALLED
    assert "past its limit" in life.reason


def test_vanished_child_is_stalled() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    life = judge(SUMMARY, pulse(running(pid=child.pid)), HOLDER, NOW + 1000)
    assert life.life is Life.STALLED
    assert f"process {child.pid} is gone" in life.reason


def test_one_stuck_among_working_is_no_stall() -> None:
    life = judge(SUMMARY, pulse(running(limit_s=300.0), running()), HOLDER, NOW + 1000)
    assert life.life is Life.WORKING


def test_engine_that_does_nothing_is_stalled() -> None:
    assert judge(SUMMARY, pulse(), HOLDER, NOW + 1000).life is Life.STALLED


@pytest.mark.parametrize(("age", "life"), [(5.0, Life.WORKING), (500.0, Life.STALLED)])
def test_heartbeat_of_an_earlier_process_does_not_count(age: float, life: Life) -> None:
    summary = Summary.of(just_started()[1])
    now = summary.time + age
    old = Pulse(pid=4121, process_started=1.0, time=now, phase="search")
    assert judge(summary, old, HOLDER, now).life is life
