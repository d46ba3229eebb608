from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.budget import Limits
from assay.core.errors import IntegrityError
from assay.core.finish_plan import FinishPlan
from assay.core.trial import TrialState, Verdict
from assay.core.validation import Check, Standing
from assay.journal import FileJournal, History
from assay.journal import events as ev
from assay.journal.events import Event, Payload
from assay.journal.summary import Summary, SummaryFile
from support.histories import STORIES
from support.journals import chain, journals, started


@given(journals())
@settings(max_examples=150, deadline=None)
def test_summary_agrees_with_history_on_any_journal(events: list[Event]) -> None:
    history, summary = History(events), Summary.of(events)

    assert summary.trials == len(history.trials)
    states = {s: sum(t.state is s for t in history.trials.values()) for s in TrialState}
    assert summary.states == {s.value: n for s, n in states.items() if n}
    assert [row.number for row in summary.leaders] == [t.number for t in history.ranking()][:20]
    assert summary.scored == len(history.ranking())
    best = history.best
    assert (summary.best.number if summary.best else None) == (best.number if best else None)
    baselines = [t.number for t in history.ranking(lambda t: t.verdict is Verdict.BASELINE)]
    assert [row.number for row in summary.baselines] == baselines[:20]
    assert {row.number for row in summary.open} == {t.number for t in history.trials.values() if not t.state.is_final}
    for row in (*summary.open, *summary.lately, *summary.leaders, *summary.rejected):
        trial = history.trials[row.number]
        assert (row.state, row.score, row.verdict, row.attempts) == (
            trial.state,
            trial.score,
            trial.verdict,
            trial.attempts,
        )
    assert summary.wall_s == pytest.approx(history.wall_s)
    assert summary.usage == history.usage
    assert (summary.phase, summary.resumes, summary.finished) == (history.phase, history.resumes, history.finished)
    assert summary.noise == (history.noise.floor if history.noise else None)
    assert summary.limits == history.limits


@pytest.mark.parametrize("story", ["good_run", "checked_run", "interrupted", "second_wind"])
def test_summary_tells_of_a_whole_run_what_its_history_tells(story: str) -> None:
    events = list(STORIES[story]()[1])
    history, summary = History(events), Summary.of(events)
    begun = history.started
    assert begun is not None
    for name in ("run", "strategy", "model", "seed"):
        assert getattr(summary, name) == getattr(begun, name)
    assert (summary.arguments, summary.task) == (dict(begun.arguments), begun.task.name)
    assert (summary.metric, summary.sandbox) == (history.metric, history.sandboxes[-1])
    assert (summary.started, summary.time, summary.events) == (events[0].time, events[-1].time, len(events))
    for name in ("usage", "limits", "resumes", "phase", "finish_plan", "paused_since", "submission", "finished"):
        assert getattr(summary, name) == getattr(history, name)
    assert summary.wall_s == pytest.approx(history.wall_s)
    assert summary.sealed_score == (history.sealed.score if history.sealed else None)
    assert summary.noise == (history.noise.floor if history.noise else None)
    assert list(summary.remarks) == [remark for _, remark in history.remarks][-8:]
    assert summary.told == len(history.told)
    assert summary.repairs == sum(len(trial.repairs) for trial in history.trials.values())
    checks = {(one.winner, one.check): one for one in summary.validated}
    assert checks == {key: one for key, one in history.validations.items() if key in checks}
    assert bool(checks) is bool(history.validations)
    shown = (*summary.open, *summary.lately, *summary.leaders, *summary.baselines, *summary.rejected)
    for row in shown:
        trial = history.trials[row.number]
        for field in fields(row):
            if hasattr(trial, field.name):
                assert getattr(row, field.name) == getattr(trial, field.name), field.name
    assert {row.number for row in summary.rejected} == {
        trial.number for trial in history.trials.values() if trial.state is TrialState.REJECTED
    }


def test_phases_of_a_step_are_under_way_until_they_end_or_are_cut_off() -> None:
    def noted(key: str, value: Any = None) -> Payload:
        return ev.Noted(key=key, value=value)

    payloads: list[Payload] = [
        started(),
        noted("phase/step-0001/merge/begun"),
        noted("phase/step-0002/refine/begun"),
        noted("other/step-0003/merge/begun"),
        ev.Asked(key="step-0002/refine-0/plan", role="plan", request="d"),
    ]
    summary = Summary.of(chain(payloads))
    assert summary.under_way == {"step-0001/merge": "", "step-0002/refine": "step-0002/refine-0/plan"}
    assert summary.first_steps == {"merge": 1, "refine": 2}
    payloads += [
        noted("phase/step-0001/merge/ended"),
        noted("phase/step-0000/refine/begun"),
        noted("phase/step-0002/refine/cut", {"skipped": "no time"}),
        noted("phase/step-0003/merge/cut", {}),
        noted("phase/step-0004/refine/cut", {"skipped": "x"}),
        noted("phase/step-0004/refine/ended"),
    ]
    summary = Summary.of(chain(payloads))
    assert summary.under_way.keys() == {"step-0002/refine", "step-0000/refine"}
    assert summary.cut == {"step-0002/refine": "no time", "step-0003/merge": ""}
    assert summary.first_steps == {"merge": 1, "refine": 0}


def test_the_checks_of_another_winner_put_those_of_the_first_aside() -> None:
    first, other = (ev.Validated(winner=n, trial=n, check=Check.SEEDS, verdict=Standing.PASSED) for n in (0, 1))
    static = replace(first, check=Check.LINT)
    assert Summary.of(chain([*a_run(2), first, static])).validated == (first, static)
    assert Summary.of(chain([*a_run(2), first, static, first])).validated == (static, first)
    assert Summary.of(chain([*a_run(2), first, static, other])).validated == (other,)


@given(journals(), st.data())
@settings(max_examples=60, deadline=None)
def test_stored_and_continued_summary_equals_an_unbroken_one(events: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(events)))
    stored: dict[str, Any] = json.loads(json.dumps(Summary.of(events[:cut]).as_json()))
    summary = Summary.from_json(stored)
    for event in events[cut:]:
        summary.apply(event)
    assert summary.as_json() == Summary.of(events).as_json()


def a_run(count: int) -> list[Payload]:
    payloads: list[Payload] = [started()]
    for number in range(count):
        payloads += [
            ev.TrialCreated(trial=number, key=f"k{number}", candidate="c", title="t", operator="draft"),
            ev.AttemptStarted(trial=number, attempt=1, code=f"{number}", view="fold-0"),
            ev.TrialFinished(trial=number, state=TrialState.COMPLETE, candidate="c", score=1.0 / (1 + number), folds=1),
        ]
    return payloads


def test_size_does_not_grow_with_the_number_of_trials() -> None:
    sizes = [len(json.dumps(Summary.of(chain(a_run(n))).as_json())) for n in (100, 400)]
    assert sizes[1] < sizes[0] * 1.1


def test_file_reads_only_what_is_new(tmp_path: Path) -> None:
    events = chain(a_run(40))
    journal = FileJournal(tmp_path / "events.jsonl")
    journal.append(events[:80])
    assert SummaryFile(tmp_path).refresh().events == 80
    # The stored part is believed: a change in it is for `assay audit` to find, not for `status`.
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"X" + path.read_bytes()[1:])
    assert SummaryFile(tmp_path).read().events == 80
    FileJournal(path).append(events[80:])
    assert SummaryFile(tmp_path).read().as_json() == Summary.of(events).as_json()


def test_one_file_object_follows_a_growing_journal(tmp_path: Path) -> None:
    events = chain(a_run(5))
    journal = FileJournal(tmp_path / "events.jsonl")
    file = SummaryFile(tmp_path)
    assert file.read().events == 0
    stored = tmp_path / "summary.json"
    for event in events:
        journal.append([event])
        assert file.refresh().events == event.number + 1
        assert json.loads(stored.read_text())["offset"] == (tmp_path / "events.jsonl").stat().st_size
    written = stored.stat().st_ino
    file.refresh()
    assert stored.stat().st_ino == written, "what is known is not written again"
    stored.unlink()
    file.refresh()
    assert stored.exists()
    assert SummaryFile(tmp_path).read().as_json() == Summary.of(events).as_json()


@pytest.mark.parametrize("stored", ["", "{", "[]", '{"offset": "x"}', '{"offset": 10**9, "digest": "", "summary": {}}'])
def test_unreadable_summary_is_made_anew(tmp_path: Path, stored: str) -> None:
    events = chain(a_run(5))
    FileJournal(tmp_path / "events.jsonl").append(events)
    (tmp_path / "summary.json").write_text(stored, encoding="utf-8")
    assert SummaryFile(tmp_path).read().as_json() == Summary.of(events).as_json()


@pytest.mark.parametrize("offset", [7, 10**9])
def test_offset_that_does_not_fit_the_journal_is_not_believed(tmp_path: Path, offset: int) -> None:
    events = chain(a_run(5))
    FileJournal(tmp_path / "events.jsonl").append(events)
    stored = {"offset": offset, "digest": "", "summary": {"trials": 99}}
    (tmp_path / "summary.json").write_text(json.dumps(stored), encoding="utf-8")
    assert SummaryFile(tmp_path).read().as_json() == Summary.of(events).as_json()


def test_broken_chain_is_told(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    FileJournal(path).append(chain(a_run(5)))
    path.write_text(path.read_text(encoding="utf-8").replace("idea", "x").replace('"t"', '"u"'), encoding="utf-8")
    with pytest.raises(IntegrityError, match="not what was written"):
        SummaryFile(tmp_path).read()


def test_torn_tail_is_not_an_event(tmp_path: Path) -> None:
    events = chain(a_run(3))
    path = tmp_path / "events.jsonl"
    FileJournal(path).append(events)
    with path.open("ab") as stream:
        stream.write(b'{"number": 99, "ki')
    assert SummaryFile(tmp_path).refresh().events == len(events)
    assert SummaryFile(tmp_path).read().events == len(events)


def test_curve_holds_each_new_best() -> None:
    summary = Summary.of(chain(a_run(4)))
    assert summary.curve == ((0, 1.0), (1, 0.5), (2, 1 / 3), (3, 0.25))


def test_trial_taken_back_leaves_the_ranking() -> None:
    back = ev.TrialFinished(trial=3, state=TrialState.REJECTED, candidate="c", reason="L02")
    summary = Summary.of(chain([*a_run(4), back]))
    assert summary.best is not None
    assert summary.best.number == 2
    assert summary.scored == 3
    assert summary.states == {"complete": 3, "rejected": 1}


def test_a_verdict_says_against_whom_and_by_how_much() -> None:
    verdict = ev.Judged(trial=1, verdict=Verdict.REAL, against=0, effect=0.25, same_sign=4, folds=5)
    baseline = ev.Judged(trial=0, verdict=Verdict.BASELINE)
    summary = Summary.of(chain([*a_run(3), verdict, baseline]))
    row = summary.row(1)
    assert row is not None
    assert (row.verdict, row.against, row.effect) == (Verdict.REAL, 0, 0.25)
    assert (row.same_sign, row.judged_folds) == (4, 5)
    assert [one.number for one in summary.baselines] == [0]
    again = ev.TrialFinished(trial=0, state=TrialState.COMPLETE, candidate="c", score=2.0, folds=1)
    again_judged = Summary.of(chain([*a_run(3), verdict, baseline, again]))
    assert [(one.number, one.score) for one in again_judged.baselines] == [(0, 2.0)]


def test_a_pause_and_a_plan_hold_until_they_are_taken_back_or_overtaken() -> None:
    plan = FinishPlan(at=5.0)
    told: list[Payload] = [ev.Paused(on=True), ev.FinishPlanned(plan=plan)]
    events = chain([*a_run(1), *told])
    assert (Summary.of(events).paused_since, Summary.of(events).finish_plan) == (events[-2].time, plan)

    def after(*payloads: Payload) -> tuple[bool, bool]:
        summary = Summary.of(chain([*a_run(1), *told, *payloads]))
        return summary.paused_since is not None, summary.finish_plan is not None

    assert after(ev.PhaseEntered(phase="search")) == (True, True)
    assert after(ev.PhaseEntered(phase="finish")) == (False, True)
    assert after(ev.Paused(on=False)) == (False, True)
    assert after(ev.RunResumed()) == (True, True)
    assert after(ev.RunResumed(limits=Limits(wall_s=9.0)))[1] is False
    assert after(ev.FinishPlanned(plan=None)) == (True, False)


def stopped_in_steps() -> list[Payload]:
    """A run whose end cut off two trials of its third step and one that belongs to none; step 1 is done."""
    payloads: list[Payload] = [started()]
    for number, step in enumerate((0, 1, 2, 2, None)):
        payloads.append(
            ev.TrialCreated(trial=number, key=f"k{number}", candidate="c", title="t", operator="o", step=step)
        )
    payloads.append(ev.AttemptStarted(trial=2, attempt=1, code="x", view="fold-0"))
    for number, state in enumerate((TrialState.FAILED, *[TrialState.STOPPED] * 4)):
        payloads.append(ev.TrialFinished(trial=number, state=state, candidate="c", reason="the run ended first (time)"))
    return [*payloads, ev.StepFinished(step=0), ev.StepFinished(step=1), ev.RunFinished(stopped_by="time", exit_code=0)]


def test_trials_of_unfinished_steps_are_open_again_once_the_run_goes_on() -> None:
    before = chain(stopped_in_steps())
    assert [str(t.state) for t in History(before).trials.values()] == ["failed", *["stopped"] * 4]
    assert Summary.of(before).states == {"failed": 1, "stopped": 4}
    after = chain([*stopped_in_steps(), ev.RunResumed(limits=Limits(wall_s=90.0))])
    history, summary = History(after), Summary.of(after)
    assert [str(t.state) for t in history.trials.values()] == ["failed", "stopped", "running", "waiting", "waiting"]
    assert {t.reason for t in history.trials.values() if not t.state.is_final} == {""}
    assert summary.states == {"failed": 1, "stopped": 1, "running": 1, "waiting": 2}
    assert [row.number for row in summary.open] == [2, 3, 4]
    assert {(row.reason, row.finished) for row in summary.open} == {("", 0.0)}
    assert [row.number for row in summary.lately] == [0, 1]
    assert Summary.from_json(summary.as_json()) == summary


def test_proposals_are_the_steps_begun_and_trials_do_not_include_variants() -> None:
    payloads: list[Payload] = [started()]
    for number, step in enumerate((0, 1, 1, 3)):
        payloads.append(
            ev.TrialCreated(
                trial=number, key=f"k{number}", candidate="c", title="t", operator="o", step=step, counts=number != 2
            )
        )
    summary = Summary.of(chain(payloads))
    assert (summary.trials, summary.variants, summary.counted, summary.proposals) == (4, 1, 3, 4)
    assert summary.spent.trials == 3
    assert Summary.of(chain([*payloads, ev.StepFinished(step=3)])).proposals == 4
    assert Summary.of(chain([*payloads, ev.StepFinished(step=4)])).proposals == 5
    assert Summary.of(chain(a_run(2))).proposals == 0, "what belongs to no step is no proposal"
