"""GO only where every criterion is met; what is undefined never gives it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from assay.grading.stats import holm
from assay.strategies.code_tasks.decision import Answer, State, decide
from assay.strategies.code_tasks.queue import Arm, Criterion

BASE = [0.70, 0.72, 0.69, 0.71, 0.73]
BETTER = [0.75, 0.76, 0.75, 0.75, 0.79]


def criterion(name: str = "better", **changes: Any) -> Criterion:
    fields: dict[str, Any] = {"treatment": Arm(task="b", metric="m"), "control": Arm(task="a", metric="m"), **changes}
    return Criterion(name=name, **fields)


def answer(a: list[float], b: list[float], **changes: Any) -> tuple[Answer, Any]:
    found = decide([criterion(**changes)], {("a", "m"): a, ("b", "m"): b}, alpha=0.05)
    return found.answer, found.results[0]


def test_a_clear_gain_is_a_go() -> None:
    said, result = answer(BASE, BETTER)
    assert said is Answer.GO
    assert result.low > 0


def test_effect_and_interval_are_those_computed_by_hand() -> None:
    _, result = answer(BASE, BETTER)
    # Differences .05 .04 .06 .04 .06: mean .05, deviation .01, so d = 5; t(4) = 2.776445, half width .01/sqrt(5)*t.
    assert result.gain == pytest.approx(0.05)
    assert result.effect == pytest.approx(5.0)
    half = 2.776445105 * 0.01 / math.sqrt(5)
    assert (result.low, result.high) == (pytest.approx(0.05 - half), pytest.approx(0.05 + half))


def test_unpaired_effect_uses_the_pooled_deviation() -> None:
    _, result = answer([1.0, 2.0, 3.0], [3.0, 4.0, 5.0], paired=False)
    # Means 2 and 4, both deviations 1: d = 2; Welch t(4) = 2.776445, half width t*sqrt(2/3).
    assert result.effect == pytest.approx(2.0)
    half = 2.776445105 * math.sqrt(2 / 3)
    assert (result.low, result.high) == (pytest.approx(2 - half), pytest.approx(2 + half))


def test_a_clear_loss_is_a_no_go_and_direction_belongs_to_the_criterion() -> None:
    assert answer(BETTER, BASE)[0] is Answer.NO_GO
    assert answer(BETTER, BASE, higher_is_better=False)[0] is Answer.GO


def test_a_gain_below_what_was_asked_for_is_a_no_go() -> None:
    assert answer(BASE, BETTER, min_gain=0.1)[0] is Answer.NO_GO
    assert answer(BASE, BETTER, min_gain=0.05)[0] is Answer.INCONCLUSIVE
    assert answer(BASE, BETTER, min_effect=6.0)[0] is Answer.INCONCLUSIVE


@pytest.mark.parametrize(
    ("a", "b", "paired", "word"),
    [
        (BASE, BASE, True, "identical"),
        (BASE, BASE[::-1], True, "identical"),
        (BASE, [value + 0.1 for value in BASE], True, "no variance"),
        ([0.5] * 5, BETTER, False, "no variance"),
        (BASE, [*BETTER[:4], math.nan], True, "finite"),
        (BASE, [*BETTER[:4], math.inf], True, "finite"),
        ([0.1, 0.2], [0.3, 0.5], True, "at least 3"),
        (BASE, BETTER[:4], True, "paired"),
        (BASE, [], True, "no verified values"),
        (BASE, [1e200, 2e200, 4e200, 3e200, 9e200], True, "not finite"),
        ([7e200, 5e200, 6e200], [1e200, 2e200, 4e200], False, "not finite"),
        ([0.0, 0.0, 0.0], [1e-200, 2e-200, 4e-200], True, "not finite"),
    ],
)
def test_undefined_statistics_never_give_go(a: list[float], b: list[float], paired: bool, word: str) -> None:
    said, result = answer(a, b, paired=paired)
    assert said is Answer.INCONCLUSIVE
    assert result.state is State.UNDEFINED
    assert word in result.reason


def test_one_undefined_criterion_keeps_the_rest_from_a_go() -> None:
    values = {("a", "m"): BASE, ("b", "m"): BETTER}
    other = criterion("other", treatment=Arm(task="c", metric="m"))
    assert decide([criterion(), other], values, alpha=0.05).answer is Answer.INCONCLUSIVE
    assert decide([], values, alpha=0.05).answer is Answer.INCONCLUSIVE


@pytest.mark.parametrize(
    ("steps", "paired", "wanted"),
    [
        ([0, 1, 2, 3, 4], True, Answer.GO),
        ([0, 1, 2, 3, 5], True, Answer.INCONCLUSIVE),
        ([5, 6, 7, 8, 9], False, Answer.GO),
    ],
)
def test_only_values_of_the_same_steps_are_paired(steps: list[int], paired: bool, wanted: Answer) -> None:
    values, places = {("a", "m"): BASE, ("b", "m"): BETTER}, {("a", "m"): range(5), ("b", "m"): steps}
    found = decide([criterion(paired=paired)], values, alpha=0.05, steps=places)
    assert found.answer is wanted
    assert ("same steps" in found.reason) is (wanted is Answer.INCONCLUSIVE)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.01, None], tests=2) == (0.02, None)
    assert holm([0.01, None]) == (0.01, None)


def test_many_criteria_on_noise_rarely_give_a_wrong_met() -> None:
    draw, wrong = np.random.default_rng(3), 0
    for _ in range(150):
        values = {(name, "m"): list(draw.normal(size=8)) for name in "abcdef"}
        criteria = [criterion(name, treatment=Arm(task=name, metric="m")) for name in "bcdef"]
        found = decide(criteria, values, alpha=0.05)
        wrong += any(result.state is State.MET for result in found.results)
    assert wrong <= 14  # half of 5 % is expected, since only gains count; 14 of 150 is far beyond it
