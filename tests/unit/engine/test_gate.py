"""The validation gate: leaky scripts fail, honest ones pass, whatever the balance of classes and the scale."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.budget import Limits
from assay.core.codec import encode
from assay.core.task import Problem, SplitKind
from assay.core.validation import Check, Standing
from assay.engine.budget import Budget
from assay.engine.gate_findings import Shuffle, judge_shuffles, turns_wanted
from assay.grading import Blend, CheckFinding, Grader, Severity
from support.gate_bench import (
    ACCURACY,
    MACRO_F1,
    MAE,
    RMSE,
    ROC_AUC,
    Data,
    GateBench,
    Rows,
    copies,
    knows,
    linear,
    nearest,
)

BALANCED, RARE = Data(metric=ACCURACY, rate=0.5), Data(metric=ACCURACY, rate=0.05)
KINDS = {
    "balanced accuracy": BALANCED,
    "95:5 accuracy": RARE,
    "95:5 roc_auc": Data(metric=ROC_AUC, rate=0.05),
    "macro F1": Data(metric=MACRO_F1, rate=0.5),
    "95:5 macro F1": Data(metric=MACRO_F1, rate=0.05),
    "rmse": Data(metric=RMSE),
    "rmse at 1e-6": Data(metric=RMSE, scale=1e-6),
    "rmse at 1e6": Data(metric=RMSE, scale=1e6),
    "groups": Data(metric=ROC_AUC, rate=0.5, split=SplitKind.GROUP),
    "one hold-out": Data(metric=ACCURACY, rate=0.3, split=SplitKind.HOLDOUT),
}


@pytest.fixture(scope="module")
def grader() -> Iterator[Grader]:
    with Grader() as opened:
        yield opened


def truth(data: Data) -> dict[str, str]:
    return {row["id"]: row["y"] for row in data.table()}


@pytest.mark.parametrize("data", KINDS.values(), ids=KINDS)
def test_an_honest_script_passes_and_one_with_the_labels_in_it_fails(
    tmp_path: Path, grader: Grader, data: Data
) -> None:
    honest = GateBench(tmp_path / "honest", grader, data, linear(data.metric.needs)).check()
    assert honest[Check.SHUFFLED].verdict is Standing.PASSED, honest[Check.SHUFFLED].detail
    assert {one.verdict for one in honest.values()} == {Standing.PASSED}
    leaky = GateBench(tmp_path / "leaky", grader, data, knows(truth(data), data.metric.needs))
    assert leaky.check()[Check.SHUFFLED].verdict is Standing.FAILED
    assert "W409" in {remark.code for _, remark in leaky.log.read(lambda history: history.remarks)}


@pytest.mark.parametrize(("data", "turned"), [(BALANCED, 1), (RARE, 3)], ids=["balanced", "95:5"])
def test_an_answer_that_is_copied_and_not_learned_fails(
    tmp_path: Path, grader: Grader, data: Data, turned: int
) -> None:
    found = GateBench(tmp_path, grader, data, copies("twin", data.metric.needs)).check()[Check.SHUFFLED]
    assert found.verdict is Standing.FAILED
    assert found.numbers["turned"] == found.numbers["turned_clear"] == turned


def test_a_lucky_shuffle_is_told_from_a_leak_by_labels_that_are_turned_round(tmp_path: Path, grader: Grader) -> None:
    """With one column that tells, what is learned from noise points the right way half of the time."""
    lucky = 0
    for seed in range(4):
        data = Data(metric=ROC_AUC, rate=0.5, seed=seed)
        found = GateBench(tmp_path / str(seed), grader, data, linear(data.metric.needs, columns=1)).check()
        assert found[Check.SHUFFLED].verdict is Standing.PASSED
        lucky += found[Check.SHUFFLED].numbers.get("turned", 0) > 0
    assert lucky > 0, "no seed was lucky: the test shows nothing"


def test_a_better_constant_than_the_baselines_is_no_leak(tmp_path: Path, grader: Grader) -> None:
    """The mean is a poor guess at a skewed target by absolute error: what is learned from noise is a better one."""
    data = Data(metric=MAE, skewed=True, signal=0.7, rows=6_000)
    found = GateBench(tmp_path, grader, data, linear(data.metric.needs, log=True)).check()[Check.SHUFFLED]
    assert found.verdict is Standing.PASSED
    assert found.numbers["score"] < 0.95 * found.numbers["constant"]
    assert found.numbers["chance"] < found.numbers["constant"], "chance is what the same predictions score elsewhere"


def test_a_script_that_crashes_on_shuffled_labels_tells_nothing(tmp_path: Path, grader: Grader) -> None:
    honest = linear(RARE.metric.needs)

    def picky(train: Rows, test: Rows, seed: int) -> Sequence[object]:
        told = [float(row["x1"]) for row in train if row["y"] == "yes"]
        if sum(told) / len(told) < 1.0:
            raise ValueError("the classes cannot be told apart")
        return honest(train, test, seed)

    found = GateBench(tmp_path, grader, RARE, picky).check()
    assert found[Check.SHUFFLED].verdict is Standing.SKIPPED
    assert "ValueError: the classes cannot be told apart" in found[Check.SHUFFLED].detail
    assert found[Check.GAP].verdict is Standing.PASSED


def test_without_time_nothing_runs_and_nothing_counts_as_passed(tmp_path: Path, grader: Grader) -> None:
    limits = Limits(wall_s=600.0)
    bench = GateBench(tmp_path, grader, BALANCED, linear(BALANCED.metric.needs), limits=limits, wall_s=601.0)
    found = bench.check()
    assert {check: one.verdict for check, one in found.items()} == {
        Check.LINT: Standing.PASSED,
        **dict.fromkeys([Check.SHUFFLED, Check.REPEAT, Check.SEEDS, Check.GAP], Standing.SKIPPED),
    }
    assert {one.detail for one in found.values() if one.verdict is Standing.SKIPPED} == {"no time left"}
    assert bench.runs == 0


def test_the_reserve_holds_what_the_checks_take_and_they_stay_within_a_twentieth(
    tmp_path: Path, grader: Grader
) -> None:
    limits, script = Limits(wall_s=600.0), linear(BALANCED.metric.needs)
    bench = GateBench(tmp_path, grader, BALANCED, script, limits=limits, wall_s=4.0)
    without = Budget(limits, bench.log, bench.clock)
    assert bench.budget.reserve_s() - without.reserve_s() == pytest.approx(5 * 4.0 + 2.0)
    assert bench.budget.gate_s == 30.0
    short = Budget(Limits(wall_s=60.0), bench.log, bench.clock, gate=True)
    assert short.gate_s == pytest.approx(4.8)
    assert short.reserve_s() - Budget(Limits(wall_s=60.0), bench.log, bench.clock).reserve_s() == pytest.approx(4.8)


def test_what_is_known_is_not_done_again_and_what_was_skipped_is(tmp_path: Path, grader: Grader) -> None:
    data = Data(metric=RMSE)
    bench = GateBench(tmp_path, grader, data, linear(data.metric.needs, noise=0.1), limits=Limits(wall_s=1e3))
    bench.clock.sleep(1e3)
    assert bench.check()[Check.SHUFFLED].verdict is Standing.SKIPPED
    bench.budget.limits = Limits(wall_s=1e4)
    assert {one.verdict for one in bench.check().values()} == {Standing.PASSED}
    events, runs = bench.log.read(lambda history: history.last), bench.runs
    assert runs == 5, "one with shuffled labels, two other seeds, the same one again, one on training rows"
    bench.check()
    assert (bench.log.read(lambda history: history.last), bench.runs) == (events, runs)


def test_a_script_that_does_as_told_by_no_seed_is_run_once_more_and_not_thrice(tmp_path: Path, grader: Grader) -> None:
    data = Data(metric=RMSE)
    bench = GateBench(tmp_path, grader, data, linear(data.metric.needs))
    found = bench.check()
    assert found[Check.SEEDS].numbers["spread"] == 0.0
    assert found[Check.REPEAT].verdict is Standing.PASSED
    assert bench.runs == 3


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize(("noise", "verdict"), [(0.01, Standing.PASSED), (9.0, Standing.FAILED)])
def test_a_score_that_hangs_on_the_seed_fails_at_every_scale(
    tmp_path: Path, grader: Grader, scale: float, noise: float, verdict: Standing
) -> None:
    data = Data(metric=RMSE, scale=scale)
    found = GateBench(tmp_path, grader, data, linear(data.metric.needs, noise=noise)).check()[Check.SEEDS]
    assert found.verdict is verdict
    assert found.numbers["runs"] == 3


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_learning_by_heart_is_a_warning_and_never_a_failure(tmp_path: Path, grader: Grader, scale: float) -> None:
    data = Data(metric=RMSE, scale=scale, signal=0.7)
    found = GateBench(tmp_path, grader, data, nearest(data.metric.needs)).check()
    assert found[Check.GAP].verdict is Standing.WARNING
    assert found[Check.GAP].numbers["trained"] == pytest.approx(0.0, abs=1e-5 * scale)
    assert found[Check.SHUFFLED].verdict is Standing.PASSED


def test_predictions_that_change_with_every_run_are_told(tmp_path: Path, grader: Grader) -> None:
    runs = itertools.count()
    data = Data(metric=RMSE)

    def restless(train: Rows, test: Rows, seed: int) -> Sequence[object]:
        del seed
        return linear(data.metric.needs, noise=0.05)(train, test, next(runs))

    found = GateBench(tmp_path, grader, data, restless).check()[Check.REPEAT]
    assert found.verdict is Standing.WARNING
    assert found.numbers["difference"] > 0.01


def test_what_the_static_checks_find_in_the_final_code_counts(tmp_path: Path, grader: Grader) -> None:
    bench = GateBench(tmp_path, grader, BALANCED, linear(BALANCED.metric.needs))
    bench.findings = (CheckFinding(code="L02", severity=Severity.REJECT, line=3, sentence="reads the answers"),)
    found = bench.check()[Check.LINT]
    assert (found.verdict, found.detail) == (Standing.FAILED, "L02 reads the answers")


def test_of_a_blend_the_heaviest_member_is_checked_and_the_event_says_so(tmp_path: Path, grader: Grader) -> None:
    bench = GateBench(tmp_path, grader, BALANCED, knows(truth(BALANCED), BALANCED.metric.needs))
    other = bench.evaluate("other", linear(BALANCED.metric.needs))
    weights = Blend(weights={other.number: 0.3, bench.trial.number: 0.7})
    blend = replace(bench.trial, number=7, operator="blend", recipe={"blend": encode(weights)})
    bench.gate().work(blend)
    found = {one.check: one for one in bench.log.read(lambda history: history.validated(7))}
    assert found[Check.SHUFFLED].verdict is Standing.FAILED
    assert {one.trial for one in found.values()} == {bench.trial.number}


def test_a_constant_that_wins_has_nothing_to_be_checked(tmp_path: Path, grader: Grader) -> None:
    bench = GateBench(tmp_path, grader, RARE, linear(RARE.metric.needs))
    bench.trial = bench.constant
    assert {one.verdict for check, one in bench.check().items() if check is not Check.LINT} == {Standing.SKIPPED}


def test_a_person_who_stops_the_checks_can_have_them_later(tmp_path: Path, grader: Grader) -> None:
    bench = GateBench(tmp_path, grader, BALANCED, linear(BALANCED.metric.needs))
    bench.parts.activities.stop()
    assert set(bench.check()) == set()
    bench.parts.activities.go_on()
    assert set(bench.check()) == set(Check) - {Check.PUBLISHED}


def test_a_clear_shuffle_without_time_for_more_tells_nothing() -> None:
    """Half of the honest scripts with one strong column are as lucky as that."""
    first = Shuffle(view="shuffled-0", score=0.7, chance=0.5, unit=0.02, excess=0.2, constant=0.5)
    alone = judge_shuffles(first, [], wanted=4, floor=None)
    assert alone.verdict is Standing.SKIPPED
    assert "no time left" in alone.detail
    some = judge_shuffles(first, [replace(first, view="turned-1")], wanted=4, floor=None)
    assert some.verdict is Standing.WARNING
    nobody = replace(first, constant=None)
    assert judge_shuffles(nobody, [nobody] * 4, wanted=4, floor=None).verdict is Standing.WARNING


@pytest.mark.parametrize(
    ("problem", "counts", "wanted"),
    [
        (Problem.REGRESSION, [], 1),
        (Problem.FORECAST, [], 1),
        (Problem.BINARY, [60, 40], 1),
        (Problem.MULTICLASS, [40, 30, 30], 1),
        (Problem.BINARY, [95, 5], 4),
        (Problem.MULTILABEL, [], 4),
    ],
)
def test_rare_classes_take_more_turns(problem: Problem, counts: list[int], wanted: int) -> None:
    assert turns_wanted(problem, counts, 5) == wanted
    assert turns_wanted(problem, counts, 1) == 1
