"""The tables that a journal folds into: what happened, in what order, and what may be seen of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.budget import Limits
from assay.core.execution import Execution, Outcome
from assay.core.finish_plan import FinishPlan
from assay.core.prices import Prices
from assay.core.score import Provenance, Score
from assay.core.trial import TrialState, Verdict
from assay.core.usage import Usage
from assay.core.validation import Check, Standing
from assay.journal import events as ev
from assay.journal.history import EVERYTHING, History
from support.histories import good_run
from support.run_writer import RMSE, Idea, RunWriter, tabular_task


def writer() -> RunWriter:
    return RunWriter("calm-otter", tabular_task(RMSE))


def idea(title: str = "trees", **fields: object) -> Idea:
    return Idea(title=title, **fields)  # type: ignore[arg-type]


def attempt(made: RunWriter, trial: int, view: str = "fold-0", *, number: int = 1, seed: int = 0) -> None:
    made.add(ev.AttemptStarted(trial=trial, attempt=number, code="c", view=view, seed=seed))


def graded(value: float, view: str = "fold-0") -> Score:
    return Score(value=value, provenance=Provenance.GRADED, view=view, rows=9)


def tables(history: History) -> dict[str, object]:
    return {**history.__dict__, "last": history.last and history.last.number}


# --- the fold ----------------------------------------------------------------------------------------------------

STORY = good_run()[1]


@settings(max_examples=15, deadline=None)
@given(cut=st.integers(0, len(STORY)))
def test_a_history_goes_on_where_it_stopped_as_if_it_had_been_read_at_once(cut: int) -> None:
    history = History(STORY[:cut])
    for event in STORY[cut:]:
        history.apply(event)
    assert tables(history) == tables(History(STORY))


def test_a_journal_without_a_beginning_has_no_task() -> None:
    for read in ("task", "metric", "limits"):
        with pytest.raises(LookupError, match="no run-started event"):
            getattr(History(), read)


def test_seconds_of_running_leave_pauses_and_jumps_of_the_clock_out() -> None:
    made = writer()
    made.wait(10.0)
    made.add(ev.PhaseEntered(phase="search"))
    made.wait(500.0)  # nobody ran
    made.add(ev.RunResumed(sandbox="T2"))
    made.wait(5.0)
    made.add(ev.Noted(key="k", value=1))
    made.wait(100.0)
    made.add(ev.Remarked(code="W1", text="the machine slept", jump_s=97.0))
    made.wait(-50.0)  # a clock put back takes nothing away
    made.add(ev.PhaseEntered(phase="finish"))
    history = made.history
    assert history.wall_s == pytest.approx(18.0)
    assert history.phases_s == pytest.approx([10.0, 18.0])
    assert [phase for _, phase in history.phases] == ["search", "finish"]
    assert history.phase == "finish"
    assert history.noted_s["k"] == pytest.approx(15.0)
    assert history.noted_at["k"] - history.phases[0][0] == pytest.approx(505.0)
    assert [remark.code for _, remark in history.remarks] == ["W1"]
    made.add(ev.Remarked(code="W1", text="again", jump_s=1e6))
    assert history.wall_s == 0.0


def test_a_pause_lasts_until_a_person_lets_go_on_or_the_search_ends() -> None:
    made = writer()
    made.wait(10.0)
    made.add(ev.Paused(on=True))
    assert made.history.paused_since == made.events[-1].time
    made.add(ev.Paused(on=False))
    assert made.history.paused_since is None
    made.add(ev.Paused(on=True))
    made.add(ev.PhaseEntered(phase="finish"))
    assert made.history.paused_since is None


def test_work_lasts_until_the_last_event_that_takes_time() -> None:
    made = writer()
    made.wait(10.0)
    made.add(ev.Noted(key="k", value=1))
    worked = made.events[-1].time
    assert made.history.worked_until == worked
    made.wait(500.0)
    made.add(ev.RunResumed(sandbox="T2"))
    assert made.history.worked_until == made.events[-1].time > worked


# --- trials ------------------------------------------------------------------------------------------------------


def test_a_trial_holds_what_its_events_tell() -> None:
    made = writer()
    number = made.create(idea(plan="why", parents=(4, 2), recipe={"depth": 3}, key="step-0000/draft"))
    trial = made.history.trials[number]
    assert (trial.state, trial.attempts, trial.created_as) == (TrialState.WAITING, 0, trial.candidate)
    assert (trial.plan, trial.recipe, trial.created) == ("why", {"depth": 3}, made.events[-1].time)
    assert trial.parents == (4, 2)
    attempt(made, number)
    assert made.history.trials[number].state is TrialState.RUNNING
    made.repaired(number, idea("mended"), cause="KeyError")
    attempt(made, number, number=2)
    made.ask("draft", cost=Decimal("0.25"))
    made.wait(3.0)
    made.finish_trial(number, TrialState.COMPLETE, scores={"fold-0": 1.0, "fold-1": 2.0}, flags=("C01 x",), reason="r")
    trial = made.history.trials[number]
    assert (trial.state, trial.attempts, trial.score, trial.folds) == (TrialState.COMPLETE, 2, 1.5, 2)
    assert trial.std_error == pytest.approx(0.5)
    assert (trial.scores, trial.flags, trial.reason) == ({"fold-0": 1.0, "fold-1": 2.0}, ("C01 x",), "r")
    assert [repair.cause for repair in trial.repairs] == ["KeyError"]
    assert trial.candidate == trial.repairs[0].candidate != trial.created_as
    assert (trial.finished, trial.finished_s) == (made.events[-1].time, made.history.wall_s)
    assert trial.finished_usage == made.history.usage
    assert made.history.trial_by_key("step-0000/draft") == trial
    assert made.history.trial_by_key("step-0001/draft") is None
    assert made.history.next_trial == 1
    assert trial.verdict is None
    made.judge(number, Verdict.BASELINE)
    assert made.history.trials[number].verdict is Verdict.BASELINE


def test_a_finished_trial_stays_finished_whatever_runs_for_it_later() -> None:
    made = writer()
    number = made.scored(idea(), 1.0)
    attempt(made, number, "fresh-1-fold-0", number=2)
    trial = made.history.trials[number]
    assert (trial.state, trial.attempts) == (TrialState.COMPLETE, 2)


def test_a_job_keeps_its_evidence_and_every_review() -> None:
    made = writer()
    number = made.create(idea())
    opened = ev.EvidenceOpened(trial=number, attempt=1, run="r1")
    verified = ev.EvidenceVerified(trial=number, attempt=1, passed=True)
    reviews = [
        ev.Reviewed(trial=number, attempt=1, point=point, reviewer="statistics", verdict="approve")
        for point in ("before", "after")
    ]
    for payload in (opened, verified, *reviews):
        made.add(payload)
    trial = made.history.trials[number]
    assert (trial.opened, trial.evidence, trial.reviews) == (opened, verified, tuple(reviews))


# --- measurements ------------------------------------------------------------------------------------------------


def test_a_measurement_is_found_by_code_view_and_seed_and_the_last_run_of_it_counts() -> None:
    made = writer()
    number = made.create(idea())
    attempt(made, number)
    started = made.events[-1].time
    assert made.history.measurement("c", "fold-0").execution is None  # type: ignore[union-attr]
    made.wait(2.0)
    ran = Execution(outcome=Outcome.OK, exit_code=0, wall_s=2.0)
    made.add(ev.Executed(trial=number, attempt=1, code="c", view="fold-0", execution=ran))
    first = made.history.measurement("c", "fold-0")
    assert first is not None
    assert (first.execution, first.graded, first.started, first.ended) == (ran, False, started, started + 2.0)
    score = graded(0.5)
    made.add(ev.Graded(trial=number, attempt=1, code="c", view="fold-0", score=score, reported=0.9))
    attempt(made, number, seed=3)
    made.add(ev.Graded(trial=number, attempt=1, code="c", view="fold-0", seed=3, problems=("a row is missing",)))
    attempt(made, number, number=2)
    history = made.history
    assert history.measurement("c", "fold-1") is None
    other = history.measurement("c", "fold-0", 3)
    assert other is not None
    assert (other.seed, other.score, other.problems, other.graded) == (3, None, ("a row is missing",), True)
    told = [(m.attempt, m.seed, m.score, m.reported) for m in history.measurements(number)]
    assert told == [(1, 0, score, 0.9), (1, 3, None, None), (2, 0, None, None)]
    assert history.measurement("c", "fold-0") == history.all_measurements()[-1]
    assert history.latest_measurements(2) == history.all_measurements()[1:]
    assert history.measurements(number + 1) == []


def test_a_grade_of_what_was_never_started_is_kept_under_its_own_seed() -> None:
    made = writer()
    number = made.create(idea())
    attempt(made, number)
    for value in (0.25, 0.5):
        made.add(ev.Graded(trial=number, attempt=1, code="c", view="fold-0", seed=5, score=graded(value)))
    found = made.history.measurement("c", "fold-0", 5)
    assert found is not None
    assert (found.seed, found.score) == (5, graded(0.5))
    assert made.history.measurement("c", "fold-0").score is None  # type: ignore[union-attr]
    assert len(made.history.measurements(number)) == 2


# --- the ranking -------------------------------------------------------------------------------------------------


def test_the_best_is_first_and_whoever_was_run_on_fewer_folds_comes_behind() -> None:
    made = writer()
    numbers = {
        name: made.scored(idea(name, **fields), mean, folds=folds, jitter=0.0)
        for name, mean, folds, fields in (
            ("worse", 3.0, None, {}),
            ("best", 1.0, None, {}),
            ("same as best", 1.0, None, {}),
            ("three folds", 0.5, 3, {}),
            ("two folds", 0.1, 2, {}),
            ("also three folds", 0.4, 3, {}),
            ("variant", 0.2, None, {"counts": False}),
        )
    }
    made.failed(idea("broken"), reason="it broke")
    order = ["best", "same as best", "worse", "also three folds", "three folds", "two folds"]
    assert [trial.title for trial in made.history.ranking()] == order
    assert made.history.best == made.history.trials[numbers["best"]]
    assert [t.title for t in made.history.ranking(lambda t: "folds" in t.title)] == order[3:]
    assert writer().history.best is None


# --- what a step sees --------------------------------------------------------------------------------------------


def test_a_step_sees_what_earlier_steps_made_and_nothing_of_the_finish() -> None:
    made = writer()
    early, late = made.scored(idea(), 1.0), made.scored(idea(), 1.1)
    loose = made.scored(idea(key="told/1"), 1.2)
    final = made.scored(idea(key="finish/blend"), 0.9)
    made.add(ev.NoiseMeasured(floor=0.1, reseeds=3, step=1))
    made.open_seal(early, idea(), 1.0, 0.1)
    made.end("trials", winner=early)
    history = made.history
    seen = history.pinned(1)
    assert set(seen.trials) == {early, loose}
    assert (seen.sealed, seen.finished, seen.noise) == (None, None, None)
    assert set(history.pinned(2).trials) == {early, late, loose}
    assert history.pinned(2).noise == history.noise is not None
    whole = history.pinned(EVERYTHING)
    assert set(whole.trials) == {early, late, loose, final}
    assert (whole.sealed, whole.finished) == (history.sealed, history.finished)
    assert whole.trials is not history.trials, "what the run makes later is not seen"
    assert whole.sealed is not None


def test_a_noise_that_no_step_measured_is_seen_by_all() -> None:
    made = writer()
    made.add(ev.NoiseMeasured(floor=0.1, reseeds=3))
    assert made.history.pinned(0).noise == made.history.noise is not None


def test_a_step_may_add_what_it_has_just_made() -> None:
    made = writer()
    first, second = made.scored(idea(), 1.0), made.scored(idea(), 0.5)
    seen = made.history.pinned(1)
    wider = seen.with_trials([made.history.trials[second]])
    assert wider.best == made.history.trials[second]
    assert set(seen.trials) == {first}
    assert set(wider.trials) == {first, second}


# --- resumption --------------------------------------------------------------------------------------------------


def test_a_resumed_run_takes_up_what_its_end_cut_off_and_nothing_else() -> None:
    made = writer()
    waiting, running, stopped = (made.create(idea()) for _ in range(3))
    attempt(made, running)
    for number in (waiting, running, stopped):
        made.finish_trial(number, TrialState.STOPPED, reason="stopped")
    made.add(ev.StepFinished(step=stopped, summary="done"))
    broken = made.failed(idea(), reason="it broke")
    made.end("user", winner=None)
    made.add(ev.RunResumed(sandbox="T1"))
    history = made.history
    states = [history.trials[number].state for number in (waiting, running, stopped, broken)]
    assert states == [TrialState.WAITING, TrialState.RUNNING, TrialState.STOPPED, TrialState.FAILED]
    again = history.trials[running]
    assert (again.reason, again.finished, again.finished_s, again.finished_usage) == ("", 0.0, 0.0, None)
    assert history.trials[stopped].reason == "stopped"
    assert history.finished is None
    assert (history.resumes, history.extensions, history.sandboxes) == (1, 0, ["T2", "T1"])
    assert history.steps == {stopped: ev.StepFinished(step=stopped, summary="done")}


def test_new_limits_hold_from_the_resumption_on_and_put_a_plan_aside() -> None:
    made = writer()
    plan = FinishPlan(at=5.0)
    made.add(ev.FinishPlanned(plan=plan))
    limits, prices = made.history.limits, Prices()
    made.add(ev.RunResumed(sandbox="T2", prices=prices))
    assert made.history.limits == limits
    assert made.history.finish_plan == plan
    assert made.history.started is not None
    assert made.history.started.prices == prices
    more = Limits(trials=99)
    made.add(ev.RunResumed(limits=more))
    assert made.history.limits == more
    assert made.history.finish_plan is None
    assert made.history.started.prices == prices
    assert (made.history.resumes, made.history.extensions, made.history.sandboxes) == (2, 1, ["T2"])
    made.add(ev.FinishPlanned(plan=plan))
    made.add(ev.FinishPlanned())
    assert made.history.finish_plan is None


# --- questions, words and the end ----------------------------------------------------------------------------------


def test_what_every_question_took_is_counted_by_role_and_by_who_answered() -> None:
    made = writer()
    made.ask("draft", cost=Decimal("0.25"))
    made.ask("draft", cost=Decimal("0.5"))
    one = Usage(requests=1, input_tokens=10, cost_usd=Decimal("0.125"))
    made.add(ev.Charged(key="draft-9", role="draft", request="r", usage=one))
    made.add(ev.Answered(key="late", role="debug", request="r", model="m", usage=one))
    history = made.history
    assert history.usage.cost_usd == Decimal("1.0")
    assert history.usage.requests == 4
    by = {key: usage.cost_usd for key, usage in history.usage_of.items()}
    assert by == {("draft", "playbook"): Decimal("0.75"), ("draft", ""): Decimal("0.125"), ("debug", "m"): one.cost_usd}
    question = history.questions["draft-0"]
    assert question.answer is not None
    assert question.asked == made.events[1].time
    assert history.questions["late"].role == "debug"


def test_words_of_a_person_go_where_they_belong() -> None:
    made = writer()
    for what in ev.Wish:
        made.add(ev.Told(text=what.value, what=what))
    history = made.history
    assert [text for _, text in history.told] == ["remark", "Worth a try: hint"]
    assert history.hints == ["hint"]
    assert [text for _, text in history.blocks] == ["block"]


def test_who_is_made_or_judged_after_the_sealed_rows_were_graded_is_remembered() -> None:
    made = writer()
    before = made.scored(idea(), 1.0)
    made.add(ev.SealedOpened(trial=before, score=None, problems=("no file",)))
    unseen = made.create(idea())
    made.open_seal(before, idea(), 1.0, 0.1)
    made.judge(before, Verdict.BASELINE)
    opened_at = made.events[-1].time
    made.wait(5.0)
    after = made.create(idea())
    made.judge(before, Verdict.BASELINE)
    history = made.history
    assert history.after_opening == {before: opened_at, after: made.events[-2].time}
    assert unseen not in history.after_opening
    assert [opened.score is None for _, opened in history.openings] == [True, False]
    assert history.sealed == history.openings[-1][1]


def test_the_checks_of_a_winner_come_in_their_order_and_the_last_of_each_counts() -> None:
    made = writer()
    for winner, trial, check, verdict in (
        (4, 4, Check.REPEAT, Standing.FAILED),
        (4, 4, Check.LINT, Standing.PASSED),
        (4, 4, Check.REPEAT, Standing.PASSED),
        (7, 2, Check.SEEDS, Standing.WARNING),
    ):
        made.add(ev.Validated(winner=winner, trial=trial, check=check, verdict=verdict))
    history = made.history
    assert [(v.check, v.verdict) for v in history.validated(4)] == [
        (Check.LINT, Standing.PASSED),
        (Check.REPEAT, Standing.PASSED),
    ]
    assert history.validated(2) == []
    assert [v.check for v in history.checks_of(2)] == [v.check for v in history.checks_of(7)] == [Check.SEEDS]


def test_the_end_of_a_run_is_kept_with_its_submission() -> None:
    made = writer()
    number = made.scored(idea(), 1.0)
    made.submission(number, rows=7)
    made.end("goal", winner=number)
    history = made.history
    assert history.submission is not None
    assert (history.submission.trial, history.submission.rows) == (number, 7)
    assert history.finished is not None
    assert (history.finished.stopped_by, history.finished.winner) == ("goal", number)
