"""Raced trials that may help a blend are run on the folds that they missed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.core.budget import Limits
from assay.core.codec import decode
from assay.core.trial import TrialState
from assay.engine.branches import voices
from assay.grading import Blend
from assay.journal import events as ev
from assay.journal.history import History, Trial
from assay.models.base import Request
from assay.models.scripted import Scripted
from support.engine import Bench, program, propose
from support.tasks import RMSE


class Past(History):
    """A history made of trials alone; RMSE, so lower is better."""

    def __init__(self, *trials: Trial) -> None:
        super().__init__()
        self.trials = {trial.number: trial for trial in trials}

    @property
    def metric(self):  # type: ignore[no-untyped-def]
        return RMSE


def trial(number: int, operator: str, *scores: float, parents: tuple[int, ...] = ()) -> Trial:
    return Trial(
        number=number,
        key=f"step-{number}",
        candidate="c",
        title="t",
        operator=operator,
        parents=parents,
        state=TrialState.COMPLETE,
        score=sum(scores) / len(scores),
        scores={f"fold-{n}": score for n, score in enumerate(scores)},
        folds=len(scores),
    )


BASELINE, BEST = trial(1, "baseline", 2.0, 2.0, 2.0), trial(2, "draft", 1.0, 1.0, 1.0)


def numbers(*trials: Trial) -> list[int]:
    return [t.number for t in voices(Past(BASELINE, BEST, *trials), 3)]


def test_the_nearest_to_the_best_come_first() -> None:
    assert numbers(trial(3, "draft", 1.5), trial(4, "draft", 1.2, 1.2)) == [4, 3]


def test_what_the_baseline_beats_is_no_voice() -> None:
    assert numbers(trial(3, "draft", 2.1), trial(4, "draft", 1.9)) == [4]


def test_a_branch_that_is_heard_already_needs_no_second_voice() -> None:
    assert numbers(trial(3, "improve", 1.1, parents=(2,))) == []


def test_of_a_branch_the_nearest_is_taken() -> None:
    assert numbers(trial(3, "draft", 1.5), trial(4, "improve", 1.3, parents=(3,))) == [4]


def far_behind(request: Request[Any]) -> Scripted:
    """Answer with a good first draft and a second one that races out, though it beats the baseline."""
    if request.role == "draft":
        return program("good", score=1.0) if request.inputs.index == 0 else program("other", score=1.6)  # type: ignore[attr-defined]
    return propose(request)


def test_a_raced_trial_is_filled_and_becomes_a_member(tmp_path: Path) -> None:
    bench = Bench(tmp_path, answers=far_behind, limits=Limits(trials=6))
    bench.open().work()
    history = bench.log.read(lambda h: h)
    raced = next(t for t in history.trials.values() if t.title == "other")
    assert raced.folds < 3, "its race ended early"
    code = bench.parts.objects.candidate(raced.candidate).digest
    filled = [history.measurement(code, key.name, 0) for key in bench.parts.views.fold_keys()]
    assert all(m is not None and m.score is not None for m in filled)
    blend = next(t for t in history.trials.values() if t.operator == "blend")
    mix = decode(Blend, blend.recipe["blend"])
    assert raced.number in {*mix.weights, *mix.left_out}


def test_a_resumed_finish_fills_nothing_twice(tmp_path: Path) -> None:
    bench = Bench(tmp_path, answers=far_behind, limits=Limits(trials=6))
    bench.open().work()
    first = runs(bench)
    bench.open().work()
    assert runs(bench) == first


def runs(bench: Bench) -> int:
    return sum(isinstance(e.payload, ev.AttemptStarted) for e in bench.backend.read())
