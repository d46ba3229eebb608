"""Rehearsals: what fails on few rows is mended before a whole training, and nothing else comes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.clock import FakeClock
from assay.core.execution import Outcome
from assay.core.profile import ColumnKind, ColumnProfile
from assay.core.rehearse import Rehearse
from assay.core.task import DataFiles, Split, SplitKind, Task
from assay.core.trial import TrialState
from assay.core.view import View, is_rehearsal
from assay.engine.rehearsal import MOST_S, expected_s, many_values, rehearsal_rows, shown_rows
from assay.engine.session import Session
from assay.grading import Grade
from assay.journal import events as ev
from assay.journal.history import History, Trial
from assay.journal.rehearsals import rehearsal_of
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.report.facts import Facts
from assay.report.times import activities
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult
from support.engine import Bench, behave
from support.fakes import FakeGrading, script
from support.tasks import empty_profile, regression_task

PROFILE = replace(empty_profile(), train_rows=6_000)
"""Of which a fold of three shows 4,000, and a rehearsal 400."""


class Evaluates:
    """Evaluates these wishes one after the other."""

    def __init__(self, *wishes: dict[str, Any], **options: Any) -> None:
        self._wishes = wishes
        self._options = options

    def run(self, session: Session) -> None:
        for number, wish in enumerate(self._wishes):
            session.evaluate(f"t{number}", script(**wish), **self._options)


class NoLabels(FakeGrading):
    """Refuses to score a rehearsal."""

    def grade(self, task: Task, view: View, predictions: Path) -> Grade:
        assert not is_rehearsal(view.key.name)
        return super().grade(task, view, predictions)

    def validate(self, task: Task, view: View, predictions: Path) -> tuple[str, ...]:
        assert view.answers is None
        return super().validate(task, view, predictions)


def on_few(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
    """Do as `behave` does; `few` says what differs on few rows, `wall_s` how long a fold takes."""
    wish = json.loads((workspace.root / "solution.py").read_text(encoding="utf-8").removeprefix("wish = "))
    view = (workspace.mounts[0].source / "view.txt").read_text(encoding="utf-8")
    if is_rehearsal(view):
        assert limits.wall_s <= wish.get("most_s", MOST_S)
        if wish.get("few") == "timeout":
            return FakeResult(outcome=Outcome.TIMEOUT, exit_code=None, wall_s=limits.wall_s)
        if "few" in wish:
            return FakeResult(outcome=Outcome.ERROR, exit_code=1, log=f"Traceback\n{wish['few']}\n")
    return replace(behave(command, workspace, limits), wall_s=float(wish.get("wall_s", 0.01)))


def bench(folder: Path, *wishes: dict[str, Any], wish: Rehearse = Rehearse.ALWAYS, **fields: Any) -> Bench:
    """Return an engine that has evaluated `wishes`."""
    options = fields.pop("options", {})
    made = Bench(
        folder,
        strategy=Evaluates(*wishes, **options),
        profile=PROFILE,
        behaviour=on_few,
        grading=NoLabels(),
        rehearse=wish,
        **fields,
    )
    made.open()._search()
    return made


def trial_of(made: Bench, number: int = 0) -> Trial:
    return made.log.read(lambda history: history.trials[number])


def started(made: Bench, number: int = 0) -> list[tuple[int, str]]:
    """Return attempt and view of everything that was run for a trial in the search."""
    ran = made.log.read(lambda history: history.measurements(number))
    return [(m.attempt, m.view) for m in ran if m.view != "final"]


def test_a_bad_prediction_file_is_mended_before_the_first_whole_fold(tmp_path: Path) -> None:
    made = bench(tmp_path, {"silent": True})
    trial = trial_of(made)
    assert (trial.state, trial.folds, len(trial.repairs)) == (TrialState.COMPLETE, 3, 1)
    assert started(made) == [
        (1, "rehearsal-0"),
        (2, "rehearsal-0"),
        *((2, f"fold-{number}") for number in range(3)),
    ]
    (asked,) = [request.inputs for request in made.model.requests if request.role == "debug"]
    assert "submission.csv was not taken" in asked.error  # type: ignore[attr-defined]
    assert "rehearsal on 400 of about 4,000 training rows" in asked.error  # type: ignore[attr-defined]


def test_a_rehearsal_has_no_score_and_changes_none(tmp_path: Path) -> None:
    wishes = [{"score": 2.0}, {"score": 1.5}]
    rehearsed = bench(tmp_path / "a", *wishes)
    plain = bench(tmp_path / "b", *wishes, wish=Rehearse.NEVER)
    for number in range(2):
        one, other = trial_of(rehearsed, number), trial_of(plain, number)
        assert (one.scores, one.wall_s, one.judgement) == (other.scores, other.wall_s, other.judgement)
    (measured,) = [m for m in rehearsed.log.read(lambda h: h.measurements(0)) if is_rehearsal(m.view)]
    assert measured.graded
    assert (measured.score, measured.problems, measured.reported) == (None, (), None)


def test_what_only_fails_on_few_rows_is_run_on_all_of_them(tmp_path: Path) -> None:
    def unable(request: Request[Any]) -> Scripted:
        return {"cause": "guess", "code": 'wish = {"few": "ValueError: n_splits=5", "score": 1.5}'}

    made = bench(tmp_path, {"few": "ValueError: n_splits=9", "score": 2.0}, answers=unable)
    trial = trial_of(made)
    assert trial.state is TrialState.COMPLETE
    assert len(trial.repairs) == 1, "the same failure again, seen on few rows alone, costs no second repair"
    assert [view for attempt, view in started(made) if attempt == 1] == ["rehearsal-0"]
    assert [view for attempt, view in started(made) if attempt == 2] == ["rehearsal-0", "fold-0", "fold-1", "fold-2"]
    plan = made.log.read(lambda history: rehearsal_of(history, trial))
    assert plan is not None
    assert (plan.rows, plan.shown, plan.given_up) == (400, 4_000, 2)


def test_a_trial_whose_rehearsal_was_given_up_is_not_rehearsed_again(tmp_path: Path) -> None:
    """Nobody offers a repair for what fails on few rows; on all rows something else fails, and that is mended."""

    def later(request: Request[Any]) -> Scripted:
        if request.key.endswith("/rehearsal-1"):
            return {"cause": "none", "code": request.inputs.code}  # type: ignore[attr-defined]
        return {"cause": "that", "code": 'wish = {"few": "ValueError: x", "score": 1.5}'}

    made = bench(tmp_path, {"few": "ValueError: x", "fail": "KeyError: 'age'"}, answers=later)
    trial = trial_of(made)
    assert trial.state is TrialState.COMPLETE
    assert started(made) == [(1, "rehearsal-0"), (1, "fold-0"), *((2, f"fold-{number}") for number in range(3))]


def test_a_failure_of_a_whole_fold_that_comes_back_on_few_rows_is_mended_again(tmp_path: Path) -> None:
    """It was seen on all rows, so few rows are not to blame: no training is spent on it once more."""

    def slowly(request: Request[Any]) -> Scripted:
        again = request.key.endswith("/repair-1")
        return {"cause": "x", "code": f"wish = {json.dumps({'fail': 'KeyError: 1'} if again else {'score': 1.5})}"}

    def only_whole(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        wish = (workspace.root / "solution.py").read_text(encoding="utf-8")
        if "first" in wish and is_rehearsal(workspace.mounts[0].source.name):
            (workspace.root / "output" / "submission.csv").write_text("1.0\n", encoding="utf-8")
            return FakeResult()
        return behave(command, workspace, limits)

    made = Bench(
        tmp_path,
        strategy=Evaluates({"fail": "KeyError: 1", "first": True}),
        profile=PROFILE,
        behaviour=only_whole,
        answers=slowly,
        rehearse=Rehearse.ALWAYS,
    )
    made.open()._search()
    assert trial_of(made).state is TrialState.COMPLETE
    assert started(made)[:3] == [(1, "rehearsal-0"), (1, "fold-0"), (2, "rehearsal-0")]
    assert [request.key for request in made.model.requests] == ["t0/repair-1", "t0/rehearsal-2"]


def test_one_that_is_slow_on_few_rows_goes_on_to_its_folds(tmp_path: Path) -> None:
    made = bench(tmp_path, {"few": "timeout", "score": 1.5})
    assert trial_of(made).state is TrialState.COMPLETE
    assert not trial_of(made).repairs
    assert started(made)[0] == (1, "rehearsal-0")


def test_it_may_take_a_third_of_the_fold_that_is_expected(tmp_path: Path) -> None:
    made = bench(tmp_path, {"score": 2.0, "wall_s": 90.0}, {"score": 1.5, "few": "timeout", "most_s": 30.0})
    (cut,) = [m for m in made.log.read(lambda history: history.measurements(1)) if is_rehearsal(m.view)]
    assert cut.execution is not None
    assert cut.execution.wall_s == 30.0


def test_the_search_ends_where_not_even_the_rehearsals_time_is_left(tmp_path: Path) -> None:
    clock = FakeClock()

    def slow(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        clock.advance(50.0)
        return replace(on_few(command, workspace, limits), wall_s=50.0)

    made = Bench(
        tmp_path,
        limits=Limits(wall_s=110.0),
        strategy=Evaluates({"score": 1.5}),
        profile=PROFILE,
        behaviour=slow,
        clock=clock,
        rehearse=Rehearse.ALWAYS,
    )
    end = made.open().work()
    assert end.stopped_by == "time"
    assert started(made) == [(1, "rehearsal-0")], "no fold was begun that could not end"


@pytest.mark.parametrize(
    ("wish", "wall_s", "rehearsed"),
    [
        (Rehearse.AUTO, 59.0, False),
        (Rehearse.AUTO, 61.0, True),
        (Rehearse.NEVER, 61.0, False),
        (Rehearse.ALWAYS, 1.0, True),
    ],
)
def test_long_folds_are_rehearsed(tmp_path: Path, wish: Rehearse, wall_s: float, rehearsed: bool) -> None:
    made = bench(tmp_path, {"score": 2.0, "wall_s": wall_s}, {"score": 1.5}, wish=wish)
    assert [view for _, view in started(made, 1)].count("rehearsal-0") == rehearsed


@pytest.mark.parametrize("options", [{"baseline": True}, {"counts": False}, {"most_folds": 1}, {"repair": False}])
def test_baselines_and_variants_are_not_rehearsed(tmp_path: Path, options: dict[str, Any]) -> None:
    made = bench(tmp_path, {"score": 2.0}, options=options)
    assert not any(is_rehearsal(view) for _, view in started(made))


def test_equal_code_and_one_that_nobody_may_mend_are_not_rehearsed(tmp_path: Path) -> None:
    made = bench(tmp_path / "equal", {"score": 2.0}, {"score": 2.0})
    assert started(made, 1) == []
    made = bench(tmp_path / "unmended", {"score": 2.0}, max_repairs=0)
    assert not any(is_rehearsal(view) for _, view in started(made))


def test_rehearsals_have_a_line_of_their_own_in_the_times(tmp_path: Path) -> None:
    made = bench(tmp_path, {"score": 2.0, "wall_s": 3.0})
    facts = Facts(made.log.read(lambda history: history), made.parts.objects, final=True)
    found = {one.name: (one.seconds, one.count) for one in activities(facts)}
    assert (found["rehearsals"], found["folds"]) == ((3.0, 1), (9.0, 3))


# --- what is expected ------------------------------------------------------------------------------------------------


def history_of(*walls: tuple[str, float]) -> History:
    history = History()
    history.trials = {
        number: Trial(
            number=number,
            key=f"t{number}",
            candidate="",
            title="",
            operator=operator,
            state=TrialState.COMPLETE,
            score=1.0,
            wall_s=wall_s,
        )
        for number, (operator, wall_s) in enumerate(walls)
    }
    return history


def test_a_fold_is_expected_to_take_as_long_as_the_parents_or_else_as_the_middle_one() -> None:
    history = history_of(("baseline", 1.0), ("draft", 10.0), ("draft", 30.0), ("improve", 80.0), ("blend", 0.0))
    assert expected_s(history, ()) == 30.0
    assert expected_s(history, (1, 3)) == 80.0
    assert expected_s(history, (1,)) == 10.0
    assert expected_s(history_of(("baseline", 1.0)), (0,)) is None


def test_the_rows_of_a_rehearsal_are_a_tenth_within_bounds() -> None:
    task = regression_task(Path("/nowhere"), k=5)
    assert [rehearsal_rows(task, shown) for shown in (900, 4_000, 30_000)] == [200, 400, 2_000]
    classes = replace(task.output, classes=tuple(str(number) for number in range(99)))
    assert rehearsal_rows(replace(task, output=classes), 1_000) == 990
    assert shown_rows(task, replace(PROFILE, train_rows=1_000)) == 800
    assert shown_rows(task, replace(PROFILE, train_rows=10**6)) == task.row_cap
    in_time = replace(task, split=Split(kind=SplitKind.TIME, k=4, column="date"))
    assert shown_rows(in_time, replace(PROFILE, train_rows=1_000)) == 200


def test_before_anything_is_scored_the_size_of_the_data_decides() -> None:
    task = regression_task(Path("/nowhere"))
    column = ColumnProfile(name="x", kind=ColumnKind.NUMBER, dtype="float64", missing=0.0, distinct=9)
    wide = replace(PROFILE, columns=(column,) * 300)
    assert not many_values(task, PROFILE, 4_000)
    assert many_values(task, wide, 4_000)
    assert many_values(replace(task, data=DataFiles(train="train.csv", side=("images",))), PROFILE, 4_000)


def test_what_was_noted_is_not_decided_again(tmp_path: Path) -> None:
    """A run that goes on without the wish still rehearses what it began to: its table must not depend on a crash."""
    made = Bench(
        tmp_path,
        strategy=Evaluates({"score": 1.5}),
        profile=PROFILE,
        behaviour=on_few,
        rehearse=Rehearse.NEVER,
    )
    run = made.open()
    made.log.add(ev.Noted(key="t0/rehearsal", value={"rows": 400, "of": 4_000, "expected_s": None}))
    run._search()
    assert started(made)[0] == (1, "rehearsal-0")
