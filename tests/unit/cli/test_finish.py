from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assay.cli.commands.finish import When, read_plan
from assay.cli.detach import detached_argv
from assay.core.errors import UsageError
from assay.core.finish_plan import FinishPlan
from assay.engine import control
from assay.journal.events import Event, FinishPlanned
from assay.journal.history import History
from assay.journal.summary import Summary
from unit.cli.conftest import Assay
from unit.cli.test_lookup import held

NOW = datetime(2026, 2, 18, 12, 0, tzinfo=UTC).timestamp()


def running(wall_s: float = 3600.0, ago_s: float = 60.0) -> Summary:
    return Summary(run="calm-otter", wall_s=wall_s, time=NOW - ago_s)


@pytest.mark.parametrize(
    ("when", "at", "deadline"),
    [
        (When(), NOW, None),
        (When(last="1h"), NOW, NOW + 3600),
        (When(after="30m"), NOW + 1800, None),
        (When(after="30m", last="20m"), NOW + 1800, NOW + 3000),
        (When(at="2026-02-18T22:00:00Z"), NOW + 36_000, None),
        (When(at="2026-02-18T22:00:00+02:00"), NOW + 28_800, None),
        (When(run_hours="8", last="1h"), NOW + 8 * 3600 - 3660 - 3600, NOW + 8 * 3600 - 3660),
        (When(run_hours="7h30m"), NOW + 7.5 * 3600 - 3660, None),
        (When(run_hours="1", last="1h"), NOW, NOW + 3600),
        (When(report_now=True), NOW, None),
    ],
)
def test_now_in_a_while_at_a_time_and_after_hours_of_running(when: When, at: float, deadline: float | None) -> None:
    plan = read_plan(when, NOW, running())
    assert (plan.at, plan.deadline) == (at, deadline)


def test_a_time_of_day_is_the_next_one() -> None:
    local = datetime.fromtimestamp(NOW + 7200, UTC).astimezone()
    assert read_plan(When(at=f"{local:%H:%M}"), NOW, running()).at == NOW + 7200


@pytest.mark.parametrize(
    "when",
    [
        When(after="1h", report_now=True),
        When(after="30"),
        When(at="yesterday"),
        When(at="2020-01-01T00:00:00Z"),
        When(after="1h", run_hours="8"),
    ],
)
def test_what_cannot_be_meant_is_told(when: When) -> None:
    with pytest.raises(UsageError) as caught:
        read_plan(when, NOW, running())
    assert caught.value.code == "E002"


def test_a_report_now_leaves_no_round_of_training(
    assay: Assay, story: Callable[[str], History], tmp_path: Path
) -> None:
    assert read_plan(When(report_now=True, final_rounds=3), NOW, running()).final_rounds == 0
    started = story("good_run").started
    assert started is not None
    folder = tmp_path / "runs" / started.run
    with held(folder):
        assert assay("finish", "--report-now").code == 0
    assert (folder / "report.md").is_file()
    assert [message.verb for message in control.take(folder)] == [control.Verb.FINISH]


def test_a_plan_travels_as_a_message_without_secrets(tmp_path: Path) -> None:
    plan = FinishPlan(at=NOW, deadline=NOW + 60, note="key sk-proj-0123456789abcdefghijABCD")
    control.send(tmp_path, control.Message(verb=control.Verb.FINISH, plan=plan))
    (message,) = control.take(tmp_path)
    assert message.plan is not None
    assert message.plan.at == NOW
    assert "0123456789" not in message.plan.note


def test_the_last_plan_holds_until_it_is_taken_back() -> None:
    first, second = FinishPlan(at=NOW), FinishPlan(at=NOW + 60, top_k=5)
    for plans, found in (((first, second), second), ((first, None), None)):
        events: list[Event] = []
        for plan in plans:
            events.append(Event.after(events[-1] if events else None, time=NOW, payload=FinishPlanned(plan=plan)))
        read = [Event.from_dict(event.as_dict()) for event in events]
        assert History(read).finish_plan == found
        assert Summary.of(read).finish_plan == found
        assert Summary.from_json(Summary.of(read).as_json()).finish_plan == found


def test_the_verb_leaves_a_message_for_a_live_run_only(assay: Assay, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "calm-otter"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").touch()
    assert assay("finish", "--in", "5m").code == 5
    assert assay("finish", "calm-otter", "--show", "--json").json["plan"] is None
    with held(folder):
        assert assay("finish", "--in", "5m", "--note", "tea").code == 0
        assert assay("finish", "--cancel").out == "calm-otter: no finish is planned\n"
    (message,) = control.take(folder)
    assert message.plan is not None
    assert message.plan.note == "tea"


def test_a_detached_command_is_the_same_command_in_the_foreground() -> None:
    typed = ("run", "data", "--detach", "--time", "8h", "--json", "--", "--detach")
    assert detached_argv(typed, ["--name", "calm-otter"]) == [
        "run",
        "data",
        "--time",
        "8h",
        "--display",
        "plain",
        "--name",
        "calm-otter",
        "--",
        "--detach",
    ]


def test_skip_names_a_trial_or_all_that_runs(assay: Assay, story: Callable[[str], History], tmp_path: Path) -> None:
    started = story("good_run").started
    assert started is not None
    folder = tmp_path / "runs" / started.run
    assert assay("skip").code == 5
    with held(folder):
        assert assay("skip", "#1").code == 0
        assert assay("skip").code == 0
        assert assay("skip", "9999").code == 5
    assert [(m.verb, m.trial) for m in control.take(folder)] == [(control.Verb.SKIP, 1), (control.Verb.SKIP, None)]
