"""What the small records of the core say of themselves."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from assay.core.budget import Limits
from assay.core.clock import FakeClock, iso_utc
from assay.core.collector import collector_at_rest
from assay.core.task import ungraded_task
from assay.core.trace import trace_id, trace_of
from assay.core.view import Twist, ViewKey, ViewKind
from assay.core.weakness import Weakness, Weaknesses


@pytest.mark.parametrize(("workers", "lanes"), [(0, 1), (1, 1), (2, 3), (4, 6)])
def test_there_are_half_as_many_lanes_again_as_workers(workers: int, lanes: int) -> None:
    assert Limits(workers=workers).lanes == lanes


def test_a_step_has_one_trace_whatever_is_asked_in_it() -> None:
    assert trace_of("run", "step-0011/draft") == trace_of("run", "step-0011") == trace_id("run", 12)
    assert trace_id("run", 12).startswith("C0012-")
    assert len({trace_id("run", 12), trace_id("run", 13), trace_id("other", 12)}) == 3
    assert trace_of("run", "finish/blend") == trace_of("run", "step-0011x") == ""


def test_a_view_is_named_by_its_kind_fold_seed_and_twist() -> None:
    fold = ViewKey(kind=ViewKind.FOLD, fold=0)
    assert fold.name == "fold-0"
    assert ViewKey(kind=ViewKind.FOLD, fold=1, seed=2).name == "fold-1-seed-2"
    assert ViewKey(kind=ViewKind.SEALED).name == "sealed"
    assert ViewKey(kind=ViewKind.FOLD, fold=0, twist=Twist.SHUFFLED).name == "shuffled-0"


def test_weaknesses_are_found_by_their_trial() -> None:
    first, second = (Weakness(measure="share wrong", rows=n, folds=1, loss=0.0) for n in (1, 2))
    found = Weaknesses(trials=(7, 3), found=(first, second))
    assert (found.of(3), found.of(7), found.of(1)) == (second, first, None)


def test_an_ungraded_task_is_asked_for_nothing() -> None:
    task = ungraded_task("jobs", Path("/work"), "do it")
    assert (task.name, task.folder, task.statement) == ("jobs", Path("/work"), "do it")
    assert not task.graded
    assert (task.holdout.fraction, task.split.k, task.output.file, task.targets) == (0.0, 1, "", ())


def test_a_fake_clock_moves_when_told() -> None:
    clock = FakeClock(10.0)
    clock.sleep(2.5)
    clock.advance(1.0)
    assert clock.now() == clock.monotonic() == 13.5
    assert iso_utc(FakeClock().now() + 0.9) == "2027-01-15T08:00:00Z"


@pytest.mark.parametrize("before", [True, False])
def test_the_collector_is_afterwards_as_it_was(before: bool) -> None:
    was = gc.isenabled()
    (gc.enable if before else gc.disable)()
    try:
        with collector_at_rest():
            assert not gc.isenabled()
        assert gc.isenabled() is before
    finally:
        (gc.enable if was else gc.disable)()
