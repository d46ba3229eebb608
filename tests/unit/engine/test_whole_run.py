"""Whole runs on fakes: direction, limits, failures, the end game, work side by side."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.clock import FakeClock, SystemClock
from assay.core.codec import decode, encode
from assay.core.execution import Outcome
from assay.core.metric import Direction, Metric, Needs
from assay.core.trial import TrialState
from assay.engine.blending import BLEND_KEY, TOO_LONG
from assay.engine.control import Message, Verb
from assay.engine.pulse import Pulse, read_pulse
from assay.engine.session import Session
from assay.grading import Blend
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.journal.memory import MemoryJournal
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult, FakeSandbox
from support.engine import Bench, behave, propose
from support.fakes import script
from support.tasks import RMSE

GAIN = Metric(name="gain", direction=Direction.HIGHER, needs=Needs.VALUES)


def view_of(workspace: Workspace) -> str:
    return workspace.mounts[0].source.name


@pytest.mark.parametrize("metric", [RMSE, GAIN], ids=["lower", "higher"])
def test_the_direction_decides_winner_submission_and_parents(tmp_path: Path, metric: Metric) -> None:
    bench = Bench(tmp_path, metric=metric)
    end = bench.open().work()
    history = bench.log.read(lambda h: h)
    whole = {t.number: t.score for t in history.trials.values() if t.ranks and t.folds == bench.k}
    best = (min if metric is RMSE else max)(whole, key=lambda number: whole[number] or 0.0)
    assert end.winner == best
    assert history.submission is not None
    assert history.submission.trial == best
    shown: list[Any] = [r.inputs for r in bench.model.requests if r.role == "draft"][-1:]
    table = {t.number: t.score for t in shown[0].brief.history if t.score is not None and t.folds == bench.k}
    assert shown[0].brief.best == (min if metric is RMSE else max)(table, key=lambda number: table[number])


def test_a_goal_is_reached_from_below_where_higher_is_better(tmp_path: Path) -> None:
    met = Bench(tmp_path / "met", metric=GAIN, limits=Limits(trials=6, goal=2.5))
    assert met.open().work().stopped_by == "goal"
    not_met = Bench(tmp_path / "not", metric=GAIN, limits=Limits(trials=3, goal=90.0))
    end = not_met.open().work()
    assert (end.stopped_by, end.exit_code) == ("trials", 1)


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_the_search_never_makes_more_trials_than_asked_for(tmp_path: Path, most: int) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=most))
    assert bench.open().work().stopped_by == "trials"
    history = bench.log.read(lambda h: h)
    searched = [t for t in history.trials.values() if t.counts and t.operator != "blend"]
    assert 0 < len(searched) <= most
    assert sorted(history.steps) == list(range(most))


def test_failing_candidates_are_passed_over(tmp_path: Path) -> None:
    def half(request: Request[Any]) -> Scripted:
        if request.role == "debug":
            return {"cause": "none", "code": request.inputs.code}  # type: ignore[attr-defined]
        return propose(request)

    bench = Bench(tmp_path, answers=half, limits=Limits(trials=9))
    end = bench.open().work()
    states = [t.state for t in bench.log.read(lambda h: h.trials).values()]
    assert TrialState.FAILED in states
    assert end.exit_code == 0


def test_where_nothing_could_be_scored_the_exit_code_says_so(tmp_path: Path) -> None:
    def hopeless(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        return FakeResult(outcome=Outcome.ERROR, exit_code=1, log="MemoryError\n")

    bench = Bench(tmp_path, limits=Limits(trials=4))
    bench.sandbox = FakeSandbox(hopeless)
    end = bench.open().work()
    assert (end.winner, end.exit_code) == (None, 3)
    assert not (tmp_path / "submission.csv").exists()
    assert bench.log.read(lambda h: h.sealed) is None


def timed(bench: Bench, clock: FakeClock, seconds: float) -> None:
    """Let every execution take that long by the bench's clock."""

    def takes_time(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        clock.advance(min(seconds, limits.wall_s))
        if seconds > limits.wall_s:
            return FakeResult(outcome=Outcome.TIMEOUT, exit_code=None, wall_s=limits.wall_s)
        return replace(behave(command, workspace, limits), wall_s=seconds)

    bench.sandbox = FakeSandbox(takes_time)


def test_a_short_time_limit_still_delivers_and_says_what_was_left_out(tmp_path: Path) -> None:
    clock = FakeClock()
    bench = Bench(tmp_path, clock=clock, limits=Limits(wall_s=150.0))
    timed(bench, clock, 10.0)
    begun = clock.monotonic()
    end = bench.open().work()
    history = bench.log.read(lambda h: h)
    assert (end.stopped_by, end.exit_code) == ("time", 0)
    assert end.winner is not None
    assert history.submission is not None
    assert (tmp_path / "submission.csv").is_file()
    assert clock.monotonic() - begun <= 150.0 + 1.0, "one execution is granted a last second"
    assert "W402" in {remark.code for _, remark in history.remarks}
    assert not any(t.operator == "blend" for t in history.trials.values())
    assert TOO_LONG in decode(Blend, history.notes[BLEND_KEY]).left_out.values()
    assert all(t.state.is_final for t in history.trials.values())


def test_a_time_limit_too_short_for_the_end_keeps_the_early_submission(tmp_path: Path) -> None:
    clock = FakeClock()
    bench = Bench(tmp_path, clock=clock, limits=Limits(wall_s=60.0))

    def slow_ends(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        needed = 500.0 if view_of(workspace) == "sealed" or "2.0" in text(workspace) else 6.0
        clock.advance(min(needed, limits.wall_s))
        if needed > limits.wall_s:
            return FakeResult(outcome=Outcome.TIMEOUT, exit_code=None, wall_s=limits.wall_s)
        return replace(behave(command, workspace, limits), wall_s=needed)

    def text(workspace: Workspace) -> str:
        return (workspace.root / "solution.py").read_text(encoding="utf-8")

    bench.sandbox = FakeSandbox(slow_ends)
    end = bench.open().work()
    history = bench.log.read(lambda h: h)
    assert end.stopped_by == "time"
    assert history.submission is not None
    assert (tmp_path / "submission.csv").is_file()
    assert history.sealed is not None
    assert history.sealed.score is None
    assert any("time limit" in problem for problem in history.sealed.problems)


def test_where_the_winners_last_fit_fails_the_best_earlier_submission_stays_and_the_reason_is_kept(
    tmp_path: Path,
) -> None:
    scored: list[float] = []

    def no_later_fit(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        wish = json.loads((workspace.root / "solution.py").read_text(encoding="utf-8").removeprefix("wish = "))
        scored.append(wish.get("score", 9.0))
        if view_of(workspace) == "final" and wish.get("score") != 3.0:
            return FakeResult(outcome=Outcome.ERROR, exit_code=1, log="ValueError: unseen category\n")
        return behave(command, workspace, limits)

    bench = Bench(tmp_path, limits=Limits(trials=4))
    bench.sandbox = FakeSandbox(no_later_fit)
    end = bench.open().work()
    history = bench.log.read(lambda h: h)
    assert min(scored) < 3.0
    assert end.winner != 0
    assert history.submission is not None
    assert history.submission.trial == 0, "the constant's, from the first scored trial on"
    told = [remark.text for _, remark in history.remarks if remark.code == "W401"]
    assert len(told) == 3, "the winner and the next two were tried"
    assert f"#{end.winner}" in told[0]


def test_where_the_winners_last_fit_fails_the_next_best_is_fitted_if_there_is_time(tmp_path: Path) -> None:
    clock = FakeClock()
    bench = Bench(tmp_path, clock=clock, limits=Limits(wall_s=250.0, trials=4))
    timed(bench, clock, 10.0)
    usual = bench.sandbox._behaviour

    def not_the_winner(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        wish = json.loads((workspace.root / "solution.py").read_text(encoding="utf-8").removeprefix("wish = "))
        if view_of(workspace) == "final" and wish.get("score", 9.0) < 1.87:
            return FakeResult(outcome=Outcome.ERROR, exit_code=1, log="ValueError: unseen category\n")
        return usual(command, workspace, limits)

    bench.sandbox = FakeSandbox(not_the_winner)
    end = bench.open().work()
    history = bench.log.read(lambda h: h)
    assert end.winner is not None
    assert history.trials[end.winner].title == "improve step-0003/improve"
    assert history.submission is not None
    assert history.trials[history.submission.trial].title == "draft 0"
    assert [remark.code for _, remark in history.remarks].count("W401") == 1


def test_no_more_candidates_run_at_a_time_than_there_are_workers(tmp_path: Path) -> None:
    lock = threading.Lock()
    running: list[int] = [0]
    most: list[int] = [0]

    def counted(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.005)
        try:
            return behave(command, workspace, limits)
        finally:
            with lock:
                running[0] -= 1

    bench = Bench(tmp_path, limits=Limits(trials=12, workers=3))
    bench.sandbox = FakeSandbox(counted)
    bench.open().work()
    assert 1 < most[0] <= 3


def test_the_seal_is_opened_once_after_the_search_for_the_winner_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    end = bench.open().work()
    history = bench.log.read(lambda h: h)
    assert end.winner is not None
    winner = history.trials[end.winner]
    allowed = {winner.number, *winner.parents} if winner.operator == "blend" else {winner.number}
    places = [(m.trial, m.view) for m in history.all_measurements()]
    sealed = [index for index, (_, view) in enumerate(places) if view == "sealed"]
    assert sealed
    assert {places[index][0] for index in sealed} <= allowed
    assert max(i for i, (_, view) in enumerate(places) if view.startswith("fold")) < sealed[0]
    assert history.sealed is not None
    assert history.sealed.trial == end.winner
    # What the search was judged by does not hold the sealed score, nor did any question.
    assert not any("sealed" in t.scores for t in history.trials.values())
    events = [event.payload for event in bench.backend.read()]
    opened = next(i for i, p in enumerate(events) if isinstance(p, ev.SealedOpened))
    assert not [p for p in events[opened:] if isinstance(p, ev.Asked | ev.TrialCreated | ev.Judged)]


@pytest.mark.parametrize("reseeds", [0, 2])
def test_the_noise_is_measured_on_as_many_partitions_as_asked_for(tmp_path: Path, reseeds: int) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=4), reseeds=reseeds)
    bench.open().work()
    history = bench.log.read(lambda h: h)
    assert history.noise is not None
    assert (history.noise.reseeds, history.noise.floor is None) == (reseeds, reseeds == 0)
    fresh = {m.seed for m in history.all_measurements() if m.seed}
    assert fresh >= set(range(1, reseeds + 1))
    assert bool(fresh) == bool(reseeds), "without a noise there is nothing to confirm"


def test_equal_inputs_give_equal_records(tmp_path: Path) -> None:
    records = []
    for _ in range(2):
        bench = Bench(tmp_path, backend=MemoryJournal(), limits=Limits(trials=9))
        bench.open().work()
        records.append([(event.payload.kind, encode(event.payload)) for event in bench.backend.read()])
    assert records[0] == records[1]


def test_the_heart_beats_and_the_summary_grows_while_a_candidate_runs(tmp_path: Path) -> None:
    beats: list[Pulse] = []
    summaries: list[int] = []

    def long_run(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        if "2.0" in (workspace.root / "solution.py").read_text(encoding="utf-8") and not beats:
            deadline = time.monotonic() + 60
            while len({beat.time for beat in beats}) < 2 and time.monotonic() < deadline:
                beat = read_pulse(tmp_path)
                if beat is not None and any(a.trial == 1 and a.kind == "run" for a in beat.activities):
                    beats.append(beat)
                time.sleep(0.05)
            stored = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
            summaries.append(int("finished" in stored and stored["finished"] is not None))
        return behave(command, workspace, limits)

    bench = Bench(
        tmp_path, clock=SystemClock(), backend=FileJournal(tmp_path / "events.jsonl"), limits=Limits(trials=2)
    )
    bench.sandbox = FakeSandbox(long_run)
    bench.open().work()
    assert len({beat.time for beat in beats}) >= 2
    assert beats[-1].phase == "search"
    (activity,) = [a for a in beats[-1].activities if a.trial == 1]
    assert activity.last_output_age_s is not None
    assert summaries == [0], "a summary was stored while the run was under way, and does not call it finished"


@pytest.mark.parametrize("verb", [Verb.STOP, Verb.STOP_NOW])
def test_a_stop_between_the_last_step_and_the_finish_spares_the_finish_unless_it_is_for_now(
    tmp_path: Path, verb: Verb
) -> None:
    class StoppedLate:
        def run(self, session: Session) -> None:
            session.steps(lambda step: str(step.evaluate("trial", script(score=2.0)).number), stop=1)
            run._obey(Message(verb=verb))

    bench = Bench(tmp_path, strategy=StoppedLate())
    run = bench.open()
    if verb is Verb.STOP_NOW:
        with pytest.raises(KeyboardInterrupt):
            run.work()
        assert bench.log.read(lambda h: (h.phase, h.sealed)) == ("search", None)
        return
    assert run.work().exit_code == 0
    sealed = bench.log.read(lambda h: h.sealed)
    assert sealed is not None
    assert sealed.score is not None
