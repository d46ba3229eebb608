"""When the mentor is due and obeyed; the phases of the finish-up; the leaderboard."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import UsageError
from assay.core.finish_plan import FinishPlan
from assay.core.metric import Direction, Metric, Needs
from assay.models.roles import Decision, Housekeeping, Review, Signals
from assay.operators.lab.finish_up import Phase, phase_at, rounds
from assay.operators.lab.gate import gate
from assay.operators.lab.leaderboard import as_json, as_markdown, leaderboard
from assay.operators.lab.mentor import MentorRules, choose, housekeeping_of, mentor_todos, mode_named, review_due
from assay.operators.lab.record import Cycle, Result

METRIC = Metric(name="val_loss", direction=Direction.LOWER, needs=Needs.VALUES)
CALM = Signals()


def test_every_nth_cycle_has_a_review_and_no_other() -> None:
    due = [n for n in range(1, 25) if review_due(MentorRules(every=4), n, CALM, [])]
    assert due == [4, 8, 12, 16, 20, 24]
    assert review_due(MentorRules(enabled=False), 4, Signals(streak=9), []) == ()


@pytest.mark.parametrize(
    ("below", "at"),
    [
        (Signals(research=0.89), Signals(research=0.90)),
        (Signals(non_training=0.89), Signals(non_training=0.90)),
        (Signals(breakout=0.89), Signals(breakout=0.90)),
        (Signals(streak=4), Signals(streak=5)),
    ],
)
def test_each_sign_of_being_stuck_forces_a_review_by_itself(below: Signals, at: Signals) -> None:
    assert review_due(MentorRules(), 5, below, []) == ()
    assert len(review_due(MentorRules(), 5, at, [])) == 1
    assert review_due(MentorRules(when_stuck=False), 5, at, []) == ()


def test_challenges_force_one_only_where_nothing_was_run_for_a_while() -> None:
    cycles = [Cycle(number=1, action="run")]
    cycles += [Cycle(number=n, action="wait", reviewed=True, challenged=True) for n in (2, 3)]
    assert review_due(MentorRules(), 5, CALM, [*cycles, Cycle(number=4, action="wait")])
    assert not review_due(MentorRules(), 5, CALM, [*cycles, Cycle(number=4, action="run")])
    calmed = [*cycles, Cycle(number=4, action="wait", reviewed=True)]
    assert not review_due(MentorRules(), 5, CALM, calmed)
    assert not review_due(MentorRules(least_idle=5), 5, CALM, [*cycles, Cycle(number=4, action="wait")])


@pytest.mark.parametrize("name", ["builder_health_helper", "builder", "Builder_Only", "health"])
def test_an_onlooker_has_its_own_cadence_and_is_never_forced_nor_obeyed(name: str) -> None:
    rules = MentorRules(mode=name)
    assert [n for n in range(1, 31) if review_due(rules, n, Signals(streak=9, research=1.0), [])] == [10, 20, 30]
    worker, suggested = gate(decision("light shifts"), running=False), gate(decision("wider kernels"), running=False)
    chosen = choose(worker, review(), suggested, rules, searched=True)
    assert (chosen.source, chosen.decision.label) == ("worker", "light shifts")
    assert "not applied" in chosen.ignored
    assert mentor_todos(review(), rules) == ()
    with pytest.raises(UsageError):
        mode_named("boss")


def decision(label: str, **more: object) -> Decision:
    usual: dict[str, object] = {
        "action": "run",
        "rationale": "Nothing of this kind has been tried before.",
        "command": "python train.py",
        "label": label,
    }
    return Decision.model_validate(usual | more)


def review(recommendation: str = "challenge") -> Review:
    challenge = recommendation == "challenge"
    return Review(
        trajectory="off_track",
        recommendation="challenge" if challenge else "continue",
        critique="Three runs in a row changed only the step size.",
        todo_new=("plot the errors by class and look at them",),
        suggestion=decision("wider kernels") if challenge else None,
    )


def test_a_challenge_takes_the_place_of_the_decision_where_everything_holds() -> None:
    worker = gate(decision("light shifts", housekeeping=Housekeeping(notes="mine")), running=False)
    suggested = gate(decision("wider kernels"), running=False)
    rules = MentorRules()
    chosen = choose(worker, review(), suggested, rules, searched=False)
    assert (chosen.source, chosen.decision.label, chosen.ignored) == ("mentor", "wider kernels", "")
    assert housekeeping_of(chosen, worker.decision).notes == "mine"
    assert mentor_todos(review(), rules) == ("plot the errors by class and look at them",)
    assert choose(worker, review("continue"), None, rules, searched=False).source == "worker"
    assert mentor_todos(review("continue"), rules) == ()
    assert choose(worker, None, None, rules, searched=False).source == "worker"


def test_a_challenge_that_may_not_be_applied_is_ignored_with_the_reason() -> None:
    worker = gate(decision("light shifts"), running=False)
    good, bad = gate(decision("wider kernels"), running=False), gate(decision("run"), running=False)
    for suggested, rules, why in (
        (good, MentorRules(applies=False), "not applied"),
        (good, MentorRules(needs_search=True), "had to be searched"),
        (bad, MentorRules(), "the gate refused it"),
        (None, MentorRules(), "suggested nothing"),
    ):
        chosen = choose(worker, review(), suggested, rules, searched=False)
        assert chosen.source == "worker"
        assert why in chosen.ignored
    assert choose(worker, review(), good, MentorRules(needs_search=True), searched=True).source == "mentor"


# --- finish-up -------------------------------------------------------------------------------------------------------

PLAN = FinishPlan(at=1_000.0, deadline=4_600.0, final_rounds=2)


def ended(number: int, at: float, **more: object) -> Result:
    usual: dict[str, object] = {"state": "complete", "exit_code": 0, "score": 0.5, "ended": at, "points": 9}
    return Result(number=number, cycle=number, **(usual | more))  # type: ignore[arg-type]


def test_phases_follow_the_clock_and_the_rounds() -> None:
    assert phase_at(None, 9e9, []) is Phase.SEARCH
    assert phase_at(PLAN, 999, []) is Phase.SEARCH
    assert phase_at(PLAN, 1_000, []) is Phase.FINAL_TRAINING
    assert phase_at(PLAN, 3_399, [ended(1, 1_500)]) is Phase.FINAL_TRAINING
    assert phase_at(PLAN, 3_400, [ended(1, 1_500)]) is Phase.REPORTING
    assert phase_at(PLAN, 1_600, [ended(1, 1_500), ended(2, 1_550)]) is Phase.REPORTING
    assert phase_at(FinishPlan(at=1_000.0, final_rounds=0), 1_000, []) is Phase.REPORTING


def test_a_short_finish_up_still_trains_and_one_without_a_deadline_goes_by_its_rounds() -> None:
    short = FinishPlan(at=0.0, deadline=600.0, final_rounds=1)
    assert phase_at(short, 399, []) is Phase.FINAL_TRAINING
    assert phase_at(short, 400, []) is Phase.REPORTING
    assert phase_at(FinishPlan(at=0.0, final_rounds=1), 9e9, []) is Phase.FINAL_TRAINING


@pytest.mark.parametrize(
    "result",
    [
        ended(1, 999.0),
        ended(1, 1_500, state="failed", exit_code=1),
        ended(1, 1_500, state="stopped"),
        ended(1, 1_500, state="lost", exit_code=None),
        ended(1, 1_500, score=None),
        ended(1, 1_500, training=False),
        Result(number=1, cycle=1, state="running"),
    ],
)
def test_only_what_truly_trained_in_the_finish_up_is_a_round(result: Result) -> None:
    assert rounds(PLAN, [result]) == 0


@given(st.lists(st.floats(0, 10_000), max_size=8), st.floats(0, 10_000), st.floats(0, 10_000))
def test_the_phase_never_goes_back(ends: list[float], one: float, other: float) -> None:
    order = [Phase.SEARCH, Phase.FINAL_TRAINING, Phase.REPORTING]
    earlier, later = sorted((one, other))
    results = [ended(n, at) for n, at in enumerate(ends)]
    before = phase_at(PLAN, earlier, [r for r in results if r.ended is not None and r.ended <= earlier])
    after = phase_at(PLAN, later, [r for r in results if r.ended is not None and r.ended <= later])
    assert order.index(before) <= order.index(after)


# --- leaderboard -----------------------------------------------------------------------------------------------------


def test_the_leaderboard_is_3_to_20_long_best_first_and_says_whose_word_it_is() -> None:
    results = [ended(n, float(n), score=(n * 7 % 30) / 10, label=f"idea | {n}") for n in range(1, 31)]
    for asked, length in ((1, 3), (3, 3), (10, 10), (50, 20)):
        assert len(leaderboard(results, METRIC, top_k=asked)) == length
    places = leaderboard(results, METRIC, top_k=5)
    assert [place.score for place in places] == sorted(place.score for place in places)
    read = json.loads(as_json(places, METRIC))
    assert (read["provenance"], read["direction"], len(read["places"])) == ("reported", "lower", 5)
    assert all(place["provenance"] == "reported" for place in read["places"])
    text = as_markdown(places, METRIC)
    assert "did not grade" in text
    assert "idea \\| " in text
    assert as_markdown((), METRIC) == "No experiment has ended with a score.\n"


def test_equal_scores_share_a_place_and_failures_have_none() -> None:
    results = [
        ended(1, 1.0, score=0.2),
        ended(2, 2.0, score=0.2),
        ended(3, 3.0, score=0.3),
        ended(4, 4.0, state="failed"),
    ]
    places = leaderboard([*results, ended(5, 5.0, score=None)], METRIC)
    assert [(place.place, place.number) for place in places] == [(1, 1), (1, 2), (3, 3)]
    assert places[1].gain == 0.0
