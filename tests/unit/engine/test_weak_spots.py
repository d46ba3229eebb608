"""Where trials are wrong is worked out once, on the folds that all of them have, and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.task import Task
from assay.core.view import View
from assay.core.weakness import Weaknesses
from assay.engine.session import Session
from assay.engine.weak_spots import weak_spots
from assay.journal.history import Trial
from assay.models.playbook.model import Playbook
from support.engine import Bench
from support.fakes import FakeGrading, script


class Counting(FakeGrading):
    """Remembers which folds it was asked about."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def weaknesses(
        self, task: Task, views: Sequence[View], members: Mapping[int, Mapping[str, Path]]
    ) -> Weaknesses | None:
        self.asked.append([view.key.name for view in views])
        return super().weaknesses(task, views, members)


@pytest.fixture
def made(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path, grading=Counting(), max_repairs=0)
    bench.open()
    return bench


def tried(bench: Bench, key: str, **wish: float) -> Trial:
    return bench.session.evaluate(key, script(**wish))


def test_it_is_worked_out_once_on_all_folds(made: Bench) -> None:
    trial = tried(made, "one", score=1.5)
    first = weak_spots(made.session, [trial])
    assert weak_spots(made.session, [trial]) == first
    assert made.grading.asked == [["fold-0", "fold-1", "fold-2"]]  # type: ignore[attr-defined]
    found = first.of(trial.number)
    assert found is not None
    assert (found.folds, [segment.name for segment in found.segments]) == (3, ["red"])


def test_two_are_compared_on_the_folds_that_both_have(made: Bench) -> None:
    whole, part = tried(made, "one", score=1.5), made.session.evaluate("two", script(score=1.6), most_folds=1)
    found = weak_spots(made.session, [whole, part])
    assert made.grading.asked == [["fold-0"]]  # type: ignore[attr-defined]
    assert found.alike == ((whole.number, part.number, 0.5),)


def test_for_the_playbook_nothing_is_worked_out_and_that_is_noted(made: Bench) -> None:
    trial = tried(made, "one", score=1.5)
    made.parts = replace(made.parts, model=Playbook())
    session = Session(made.parts, made.session._evaluator, made.session.budget)
    assert weak_spots(session, [trial]) == Weaknesses()
    assert weak_spots(made.session, [trial]) == Weaknesses(), (
        "so that whoever answers after a resumption is asked the same"
    )
    assert made.grading.asked == []  # type: ignore[attr-defined]


def test_a_failed_trial_has_none(made: Bench) -> None:
    failed = tried(made, "one", score=1.0, silent=True)
    assert weak_spots(made.session, [failed]) == Weaknesses()
    assert made.grading.asked == []  # type: ignore[attr-defined]


def test_no_more_folds_are_read_than_are_needed(made: Bench) -> None:
    weak_spots(made.session, [tried(made, "one", score=1.5)], most_rows=15)  # folds have ten rows each
    assert made.grading.asked == [["fold-0", "fold-1"]]  # type: ignore[attr-defined]
