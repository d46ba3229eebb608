"""Signals and streaks from histories: exact values, invariants, and what waiting must not do."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.metric import Direction, Metric, Needs
from assay.core.trace import trace_id
from assay.operators.lab.record import Cycle, Result, best_of, gains, streak
from assay.operators.lab.signals import Counted, count, model_names, signals

METRIC = Metric(name="val_accuracy", direction=Direction.HIGHER, needs=Needs.LABELS)
LOSS = Metric(name="val_loss", direction=Direction.LOWER, needs=Needs.VALUES)
CATEGORIES = (
    "augmentation",
    "preprocessing",
    "data_sampling",
    "loss",
    "model_arch",
    "optimization",
    "evaluation",
    "other",
)


def cycle(number: int, action: str = "run", **more: object) -> Cycle:
    return Cycle(number=number, action=action, training=action == "run", **more)  # type: ignore[arg-type]


def result(number: int, score: float | None, state: str = "complete") -> Result:
    return Result(number=number, cycle=number, state=state, score=score, exit_code=0, ended=float(number))


def counted(**changes: object) -> Counted:
    nothing = Counted(
        training_runs=0,
        since_search=0,
        streak=0,
        challenges=0,
        ended=0,
        drift=False,
        data_gap=False,
        dominant="",
        open_todos=0,
        search_unmet=False,
    )
    return dataclasses.replace(nothing, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "research", "non_training", "breakout"),
    [
        (counted(), 0.0, 0.0, 0.0),
        (counted(training_runs=2), 0.28, 0.32, 0.0),
        (counted(since_search=3), 0.36, 0.0, 0.0),
        (counted(streak=4), 0.32, 0.32, 0.24),
        (counted(search_unmet=True, open_todos=4), 0.13, 0.03, 0.0),
        (counted(open_todos=80), 0.06, 0.06, 0.0),
        (counted(ended=7), 0.0, 0.0, 0.0),
        (counted(ended=8, drift=True, dominant="resnet34", challenges=2), 0.0, 0.12, 0.76),
        (counted(training_runs=50, since_search=50, streak=50, ended=50), 1.0, 1.0, 1.0),
    ],
)
def test_the_formulas_give_their_exact_values(
    found: Counted, research: float, non_training: float, breakout: float
) -> None:
    seen = signals(found)
    assert (seen.research, seen.non_training, seen.breakout) == pytest.approx((research, non_training, breakout))


NUMBERS = ("training_runs", "since_search", "streak", "challenges", "ended", "open_todos")
COUNTED = st.builds(
    counted,
    **{name: st.integers(0, 60) for name in NUMBERS},
    drift=st.booleans(),
    dominant=st.sampled_from(["", "resnet34"]),
    search_unmet=st.booleans(),
)


@given(COUNTED, st.sampled_from(NUMBERS), st.integers(1, 20))
def test_each_signal_stays_between_0_and_1_and_never_falls_with_what_it_counts(
    found: Counted, name: str, more: int
) -> None:
    before = signals(found)
    after = signals(dataclasses.replace(found, **{name: getattr(found, name) + more}))
    for signal in ("research", "non_training", "breakout"):
        assert 0.0 <= getattr(before, signal) <= getattr(after, signal) <= 1.0


CYCLES = st.lists(
    st.builds(
        lambda action, category, searched, reviewed, challenged: dict(
            action=action, category=category, searched=searched, reviewed=reviewed, challenged=reviewed and challenged
        ),
        st.sampled_from(["run", "wait", "stop"]),
        st.sampled_from(CATEGORIES),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    max_size=30,
)
SCORES = st.lists(st.none() | st.floats(0, 1), max_size=12)


@given(CYCLES, SCORES, st.integers(1, 60))
def test_waiting_alone_never_changes_any_signal(
    given_cycles: list[dict[str, object]], scores: list[float | None], waits: int
) -> None:
    cycles = [cycle(n + 1, **one) for n, one in enumerate(given_cycles)]  # type: ignore[arg-type]
    results = [result(n + 1, score, "complete" if score is not None else "failed") for n, score in enumerate(scores)]
    idle = [cycle(len(cycles) + n + 1, "wait") for n in range(waits)]
    assert count([*cycles, *idle], results, METRIC) == count(cycles, results, METRIC)


def test_a_streak_counts_experiments_against_the_best_and_each_once() -> None:
    results = [result(1, 0.5), result(2, 0.7), result(3, 0.6), result(4, 0.65), result(5, None, "failed")]
    assert streak(results, METRIC) == 3  # better than the one before is not better than the best
    assert streak([*results, Result(number=6, cycle=6, state="running")], METRIC) == 3
    assert streak([*results, result(7, 0.71)], METRIC) == 0
    assert streak([*results, result(7, 0.71)], METRIC, noise=0.02) == 4
    assert streak([result(1, 0.5), result(2, 0.4)], LOSS) == 0
    assert streak([], METRIC) == 0
    assert gains(results, METRIC)[4] == pytest.approx(-0.05)
    assert gains(results, METRIC)[1] is None


def test_a_run_that_outlives_many_cycles_is_credited_by_its_end_not_its_number() -> None:
    long = Result(number=1, cycle=1, state="complete", score=0.9, exit_code=0, ended=100.0)
    results = [long, result(2, 0.5), result(3, 0.6)]
    assert streak(results, METRIC) == 0
    assert gains(results, METRIC)[1] == pytest.approx(0.3)
    assert best_of(results, METRIC) == long


def test_drift_and_data_gap_are_seen_and_end() -> None:
    small = [cycle(n, category="optimization") for n in range(1, 7)]
    assert count(small, [], METRIC).drift
    assert count(small, [], METRIC).data_gap
    assert not count(small[:5], [], METRIC).drift
    varied = [*small, *(cycle(n, category="augmentation") for n in range(7, 10))]
    assert not count(varied, [], METRIC).drift
    assert not count(varied, [], METRIC).data_gap
    sampling = [*small[:5], cycle(6, category="data_sampling")]
    assert count(sampling, [], METRIC).drift
    assert not count(sampling, [], METRIC).data_gap


def test_names_of_models_are_learnt_from_the_mission() -> None:
    names = model_names("Beat our ResNet-34 and EfficientNet b0 on digits in 2 days; see model_v2.", ["tiny-vit"])
    assert {"resnet34", "efficientnet", "tinyvit", "modelv2"} <= set(names)
    assert not {"beat", "digits", "days"} & set(names)
    runs = [cycle(n, label=f"resnet34 try {n}", command="python train.py --model ResNet_34") for n in range(1, 5)]
    assert count(runs, [], METRIC, names=names).dominant == "resnet34"
    assert count(runs, [], METRIC, names=["unet"]).dominant == ""
    mixed = [*runs, *(cycle(n, label="tiny-vit") for n in range(5, 9))]
    assert count(mixed, [], METRIC, names=names).dominant == ""


def test_rows_run_on_since_the_last_search_and_a_search_ends_them() -> None:
    cycles = [cycle(1), cycle(2, "wait"), cycle(3), cycle(4, "stop")]
    assert count(cycles, [], METRIC).since_search == 3
    assert count([*cycles, cycle(5, "wait", searched=True)], [], METRIC).since_search == 0
    assert count(cycles, [], METRIC).training_runs == 2
    assert count([*cycles, dataclasses.replace(cycle(5), training=False)], [], METRIC).training_runs == 0


def test_a_trace_id_is_one_of_a_run_and_cycle() -> None:
    assert trace_id("calm-otter", 12).startswith("C0012-")
    assert len({trace_id(run, n) for run in ("a", "b") for n in (1, 2)}) == 4
    assert trace_id("a", 1) == trace_id("a", 1)
