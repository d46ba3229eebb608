"""A lab's cycle: what is refused, who decides, what ends an experiment, and that each is credited once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.errors import ProviderDown, ReplyInvalid
from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.strategies.lab.attending import IDLE_S, idle_s
from assay.strategies.lab.memory import remembered
from support.lab_bench import WHY, LabBench, QuickClock, act, calm, in_order, repository, run

pytestmark = pytest.mark.timeout(120)
ITEM = "Compare deeper residual blocks against wider convolution layers on the validation folds."
PIPELINE = 'python3 -c "import torchvision"\n'


def lab(folder: Path, *worker: Scripted, **fields: Any) -> LabBench:
    mentor = fields.pop("mentor", None)
    repo = repository(folder / "repo", fields.pop("more", ""), fields.pop("files", None))
    return LabBench(folder / "run", repo, in_order(*worker, mentor=mentor), **fields)


def test_what_the_gate_refuses_becomes_a_wait_and_is_told_to_the_worker(tmp_path: Path) -> None:
    edit = {"path": "lab.toml", "text": "command = 'true'"}
    bench = lab(
        tmp_path,
        run(0, "borrowed weights", command="bash -c \"sh -c './pipeline.sh 3'\""),
        run(0.9, "another judge", edits=[edit]),
        run(0.9, " "),
        act("wait"),
        files={"pipeline.sh": PIPELINE},
    )
    assert bench.work().stopped_by == "finished"
    first, second, third, fourth, fifth = bench.cycles
    assert [c.cycle.action for c in bench.cycles] == ["wait", "wait", "wait", "wait", "finish"]
    assert [set(c.cycle.refused) for c in (first, second, third)] == [{"Q05"}, {"Q08"}, {"Q03"}]
    assert fourth.refused == fifth.refused == ()
    assert "pipeline.sh" in bench.told(2).refused[0]
    assert "lab.toml may not be edited" in bench.told(3).refused[0]
    assert bench.told(4).refused == third.refused
    assert bench.told(5).refused == ()
    assert bench.history.trials == {}, "nothing was started"


def test_a_challenge_is_carried_out_and_its_item_enters_the_queue(tmp_path: Path) -> None:
    def challenge(request: Request[Any]) -> Scripted:
        fields = {"recommendation": "challenge", "todo_new": [ITEM]}
        told: Any = request.inputs
        assert told.proposed.label == "score 0.4"
        suggestion = {**run(0.8, "a richer model"), "rationale": f"{WHY}, for the screws are turned enough"}
        return {**calm(), **fields, "trajectory": "off_track", "suggestion": suggestion}

    bench = lab(tmp_path, run(0.4), more="[mentor]\nevery = 1\n", mentor=_once(challenge))
    bench.work()
    first = bench.cycles[0]
    assert (first.cycle.source, first.cycle.challenged, first.cycle.label) == ("mentor", True, "a richer model")
    (trial,) = bench.history.trials.values()
    assert (trial.title, trial.state) == ("a richer model", TrialState.COMPLETE)
    (item,) = remembered(bench.session, 2).queue
    assert (item.by, item.done) == ("mentor", False)
    assert [todo.text for todo in bench.told(2).view.todos] == [ITEM]
    assert bench.told(2).challenge == "", "it was carried out, so nothing is open"


def _once(first: Any) -> Any:
    def mentor(request: Request[Any]) -> Scripted:
        told: Any = request.inputs
        return first(request) if told.view.cycle == 1 else calm()  # type: ignore[no-any-return]

    return mentor


def test_a_printed_pattern_ends_an_experiment_whatever_its_case(tmp_path: Path) -> None:
    bench = lab(tmp_path, run("nan", "a rate too high", stop_patterns=["Loss=nan"]))
    bench.work()
    (trial,) = bench.history.trials.values()
    assert trial.state is TrialState.STOPPED
    assert "loss=nan" in trial.reason
    assert bench.cycles[0].outcome == f"stopped: {trial.reason}"


def test_a_worker_without_an_answer_costs_a_cycle_and_waits_grow(tmp_path: Path) -> None:
    def answer(request: Request[Any]) -> Scripted:
        told: Any = request.inputs
        if request.role == "lab_mentor":
            return calm()
        if told.view.cycle in (1, 2, 4):
            return ReplyInvalid("no reply in the asked form")
        return run(0.6) if told.view.cycle == 3 else act("finish")

    bench = lab(tmp_path)
    bench.answers = answer
    assert bench.work().stopped_by == "finished"
    assert [c.cycle.action for c in bench.cycles] == ["wait", "wait", "run", "wait", "finish"]
    assert [len(c.failed_calls) for c in bench.cycles] == [1, 1, 0, 1, 0]
    assert [c.cycle.reviewed for c in bench.cycles] == [False, False, False, True, False], "the cadence is not shifted"
    assert all("no reply in the asked form" in c.failed_calls[0] for c in bench.cycles if c.failed_calls)
    # Two failures in a row wait longer than one, and an answer between them begins anew.
    assert [idle_s(bench.cycles[:n]) for n in range(5)] == [IDLE_S, 2 * IDLE_S, 4 * IDLE_S, IDLE_S, 2 * IDLE_S]
    assert idle_s([bench.cycles[0]] * 50) == 600.0


def test_a_provider_that_is_away_for_an_hour_is_waited_for_with_growing_pauses(tmp_path: Path) -> None:
    bench = lab(tmp_path, run(0.6), clock=QuickClock(4_000.0))
    before, began = bench.answers, bench.clock.monotonic()

    def answer(request: Request[Any]) -> Scripted:
        away = bench.clock.monotonic() < began + 3_600.0
        return ProviderDown("nobody answers") if away else before(request)

    bench.answers = answer
    assert bench.work().stopped_by == "finished"
    assert [c.cycle.action for c in bench.cycles] == ["run", "finish"]
    # The pauses double up to two minutes, so an hour takes some thirty tries and not hundreds.
    assert len(bench.model.requests) < 60
    assert any("nobody answers" in remark.text for _, remark in bench.history.remarks)


def test_an_experiment_that_outlives_its_window_is_watched_on_and_credited_once(tmp_path: Path) -> None:
    early = run(0.9, "too early", monitor_s=15)
    bench = lab(tmp_path, run("slow", monitor_s=15), act("wait"), early, act("wait", monitor_s=7_200))

    def answer(request: Request[Any]) -> Scripted:
        told: Any = request.inputs
        if told.view.cycle == 4:
            (bench.folder / "long" / "job-0000-1" / "work" / "go").touch()
        return before(request)

    before, bench.answers = bench.answers, answer
    bench.work()
    first, second, third, fourth, _ = bench.cycles
    assert (first.outcome, second.outcome, third.outcome) == ("still running",) * 3
    assert third.cycle.refused == ("Q06",)
    assert fourth.outcome == "complete"
    assert bench.told(2).view.running.label == "score slow"
    (row,) = bench.told(5).view.experiments
    assert (row.state, row.score, row.repeats) == ("complete", 0.6, 1)
    kinds = [type(event.payload) for event in bench.log_events()]
    assert (kinds.count(ev.AttemptStarted), kinds.count(ev.Executed), kinds.count(ev.TrialFinished)) == (1, 1, 1)


def test_the_worker_stops_what_runs(tmp_path: Path) -> None:
    bench = lab(tmp_path, run("nan", "no end in sight", monitor_s=15), act("stop"))
    bench.work()
    (trial,) = bench.history.trials.values()
    assert (trial.state, trial.reason) == (TrialState.STOPPED, "stopped by the worker")
    assert bench.cycles[1].outcome == "stopped: stopped by the worker"


def test_no_more_experiments_than_trials_are_started_and_a_word_reaches_the_next_view(tmp_path: Path) -> None:
    bench = lab(tmp_path, run(0.5), run(0.6), run(0.7), run(0.8), limits=Limits(trials=2))

    def answer(request: Request[Any]) -> Scripted:
        told: Any = request.inputs
        if request.role == "lab_worker" and told.view.cycle == 1:
            bench.log.add(ev.Told(text="Mind the folds."))
        return before(request)

    before, bench.answers = bench.answers, answer
    assert bench.work().stopped_by == "trials"
    assert [t.title for t in bench.history.trials.values()] == ["score 0.5", "score 0.6"]
    assert [bench.told(n).view.remarks for n in (1, 2)] == [(), ("Mind the folds.",)]
    assert len(bench.cycles) == 2
    outcome = bench.history.notes["lab/outcome/0"]
    assert (outcome["default"]["score"], outcome["best"]["score"], outcome["verdict"]) == (0.5, 0.6, "noise")


def test_a_lab_that_its_worker_ended_goes_on_when_a_person_gives_it_more(tmp_path: Path) -> None:
    bench = lab(tmp_path, run(0.5), act("finish"), run(0.7))
    assert bench.work().stopped_by == "finished"
    again = LabBench(bench.folder, bench.repo, bench.answers)
    assert again.work().stopped_by == "finished"
    assert again.model.requests == [], "with the limits that it had it stays ended"
    more = LabBench(bench.folder, bench.repo, bench.answers, limits=Limits(trials=9))
    assert more.work().stopped_by == "finished"
    assert [c.cycle.action for c in more.cycles] == ["run", "finish", "run", "finish"]
    assert [t.title for t in more.history.trials.values()] == ["score 0.5", "score 0.7"]


def test_a_failed_experiment_has_no_score_and_its_log_is_shown(tmp_path: Path) -> None:
    bench = lab(tmp_path, run("fail"))
    bench.work()
    (trial,) = bench.history.trials.values()
    assert (trial.state, trial.score) == (TrialState.FAILED, None)
    told = bench.told(2).view
    assert "Traceback: it failed" in told.last_failure
    assert told.experiments[0].state == "failed"
