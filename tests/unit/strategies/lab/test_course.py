"""The course of a lab over its cycles: when the mentor looks, what its word is worth, and what is remembered."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assay.core.trace import trace_id
from assay.journal import events as ev
from assay.models.base import Request
from assay.models.roles import Decision, Review
from assay.models.scripted import Scripted
from assay.strategies.lab.memory import remembered
from support.lab_bench import WHY, LabBench, QuickClock, act, calm, in_order, repository, run

pytestmark = pytest.mark.timeout(120)
WAITS = [act("wait")] * 6


def lab(folder: Path, *worker: Scripted, more: str = "", mentor: Any = None, files: Any = None) -> LabBench:
    repo = repository(folder / "repo", more, files)
    return LabBench(folder / "run", repo, in_order(*worker, mentor=mentor), clock=QuickClock(400.0))


def challenge(_: Request[Any] | None = None, **suggestion: Any) -> dict[str, Any]:
    made = {**run(0.9, "something else"), "rationale": WHY, **suggestion}
    item = "Compare deeper residual blocks against wider convolution layers."
    fields = {"recommendation": "challenge", "trajectory": "off_track", "suggestion": made, "todo_new": [item]}
    return {**calm(), **fields}


def test_each_cycle_is_noted_once_with_one_action_and_one_line(tmp_path: Path) -> None:
    bench = lab(tmp_path, run(0.5), act("wait"), run(0, command="import torchvision"), run(0.6), more="")
    bench.work()
    assert [c.cycle.action for c in bench.cycles] == ["run", "wait", "wait", "run", "finish"]
    assert [c.cycle.number for c in bench.cycles] == [1, 2, 3, 4, 5]
    noted = Counter(e.payload.key for e in bench.log_events() if isinstance(e.payload, ev.Noted))
    assert {key: count for key, count in noted.items() if key.startswith("lab/cycle/")} == {
        f"lab/cycle/{n}": 1 for n in range(1, 6)
    }
    steps = Counter(trial.step for trial in bench.history.trials.values())
    assert steps == {0: 1, 3: 1}, "no cycle starts two"
    lines = remembered(bench.session, 6).storyline
    assert [line.partition(" | ")[0] for line in lines] == [trace_id("run", n) for n in range(1, 6)]
    assert all("\n" not in line for line in lines)
    assert [line.split(" | ")[1] for line in lines] == ["run", "wait", "wait", "run", "finish"]


def test_the_mentor_looks_every_so_many_cycles_and_no_other(tmp_path: Path) -> None:
    bench = lab(tmp_path, *WAITS, more="[mentor]\nevery = 3\n")
    bench.work()
    assert [c.cycle.reviewed for c in bench.cycles] == [False, False, True, False, False, True, False]
    assert bench.cycles[2].reasons == ("every 3 cycles",)


def test_a_stuck_course_brings_a_review_forward_each_sign_by_itself(tmp_path: Path) -> None:
    worse = [run(f"0.{n}") for n in (49, 48, 47, 46, 45)]
    bench = lab(tmp_path, run(0.5), *worse, more="[mentor]\nevery = 50\n")
    bench.work()
    assert not any(c.cycle.reviewed for c in bench.cycles[:5])
    assert bench.cycles[5].reasons == ("much training in a row (1.00)",)
    assert any("5 experiments without a gain" in reason for reason in bench.cycles[6].reasons)
    assert bench.told(7).view.signals.streak == 5


@pytest.mark.parametrize(
    ("more", "suggestion", "why"),
    [
        ("every = 1", {"command": "bash -c 'python3 -m torchvision'"}, "the gate refused it"),
        ("every = 1\nneeds_search = true", {}, "the web had to be searched for it, and was not"),
        ("every = 1\napplies = false", {}, "suggestions are not applied in this mode"),
    ],
)
def test_a_challenge_that_may_not_be_carried_out_is_ignored_with_the_reason(
    tmp_path: Path, more: str, suggestion: dict[str, Any], why: str
) -> None:
    bench = lab(tmp_path, *WAITS[:1], more=f"[mentor]\n{more}\n", mentor=lambda _: challenge(**suggestion))
    bench.work()
    first = bench.cycles[0]
    assert (first.cycle.source, first.cycle.action, first.cycle.challenged) == ("worker", "wait", True)
    assert first.ignored.startswith(why)
    assert bench.history.trials == {}
    assert bench.told(2).challenge == first.critique, "the worker is told what was objected to"


def test_an_onlooker_has_its_own_cadence_replaces_nothing_and_adds_nothing(tmp_path: Path) -> None:
    more = '[mentor]\nmode = "builder_only"\nevery = 1\nhealth_every = 2\n'
    bench = lab(tmp_path, *WAITS[:3], more=more, mentor=challenge)
    bench.work()
    assert [c.cycle.reviewed for c in bench.cycles] == [False, True, False, True]
    assert {c.cycle.source for c in bench.cycles} == {"worker"}
    assert bench.history.trials == {}
    assert remembered(bench.session, 5).queue == ()
    assert bench.model.requests[-1].inputs.may_replace is False  # type: ignore[attr-defined]


def test_notes_and_items_are_remembered_and_settled(tmp_path: Path) -> None:
    first = {
        "todo_new": ["Measure the spread of the default over four seeds.", "Plot confusion between similar digits."],
        "notes": "The default is stable.",
        "data_notes": "Two classes look alike.",
    }
    again = {"todo_new": ["Measure spread of the default over four seeds."], "todo_done": ["C0001-W02"]}
    bench = lab(
        tmp_path,
        act("wait", housekeeping=first),
        act("wait", housekeeping=again),
        more="[mentor]\nevery = 1\n",
        files={"MISSION.md": "Raise acc for all.", "MENTOR_MISSION.md": "Look at the errors."},
    )
    bench.work()
    assert [todo.id for todo in bench.told(2).view.todos] == ["C0001-W01", "C0001-W02"]
    assert "The experiments so far lead towards the goal." in bench.told(2).view.mentor_notes
    view = bench.told(3).view
    assert [todo.id for todo in view.todos] == ["C0001-W01"], "one is settled, the other was there already"
    assert view.todos_open == 1
    assert "The default is stable." in view.workpad
    assert "Two classes look alike." in view.workpad
    settled = next(item for item in remembered(bench.session, 3).queue if item.done)
    assert (settled.id, settled.note) == ("C0001-W02", "C0002")
    assert view.mission == "Raise acc for all."
    assert bench.told(1, "lab_mentor").view.mission == "Look at the errors."


def test_rules_of_a_person_are_shown_within_their_budget(tmp_path: Path) -> None:
    rules = ", ".join(f'"Rule {n}."' for n in range(20))
    bench = lab(tmp_path, *WAITS[:1], more=f"rules = [{rules}]\n[mentor]\nevery = 1\n")
    bench.work()
    worker, mentor = bench.told(1).view.rules, bench.told(1, "lab_mentor").view.rules
    assert (len(worker), len(mentor)) == (12, 8)
    assert "Rule 0." in worker


def test_a_cycle_watches_no_longer_than_a_person_allows(tmp_path: Path) -> None:
    bench = lab(tmp_path, run("slow", monitor_s=7_200), act("stop"), more='most_watch = "30s"\n')
    bench.work()
    assert [c.outcome for c in bench.cycles][:2] == ["still running", "stopped: stopped by the worker"]


USUAL: dict[str, Any] = {"action": "run", "rationale": WHY, "command": "sh train.sh 0.5", "label": "the default"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "sleep"},
        {"action": None},
        {"rationale": ""},
        {"rationale": "x" * 2_001},
        {"command": "x" * 4_001},
        {"label": "x" * 61},
        {"category": "luck"},
        {"edits": [{"path": "../train.py", "text": ""}]},
        {"edits": [{"path": "train.py"}]},
        {"edits": [{"path": f"{n}.py", "text": ""} for n in range(9)]},
        {"monitor_s": "soon"},
        {"monitor_s": float("nan")},
        {"stop_patterns": [""]},
        {"stop_patterns": ["x"] * 9},
        {"housekeeping": {"todo_new": ["a", "b", "c"]}},
        {"housekeeping": {"todo_done": ["C0001-W01"] * 7}},
        {"housekeeping": {"notes": "x" * 501}},
        {"housekeeping": "none"},
    ],
)
def test_a_decision_out_of_form_is_sent_back(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Decision.model_validate({**USUAL, **wrong})


@pytest.mark.parametrize("missing", ["action", "rationale"])
def test_a_decision_needs_its_action_and_its_reason_and_has_defaults_for_the_rest(missing: str) -> None:
    made = Decision.model_validate({"action": "wait", "rationale": WHY})
    assert (made.command, made.category, made.monitor_s, made.edits, made.stop_patterns) == ("", "other", 600, (), ())
    with pytest.raises(ValidationError):
        Decision.model_validate({key: value for key, value in USUAL.items() if key != missing})


@pytest.mark.parametrize(
    "wrong",
    [
        {"trajectory": "fine"},
        {"recommendation": "maybe"},
        {"critique": "too short"},
        {"questions": ["one?", "two?"]},
        {"todo_new": ["one", "two"]},
        {"recommendation": "challenge"},
        {"suggestion": {"action": "run", "rationale": WHY}},
    ],
)
def test_a_review_out_of_form_is_sent_back(wrong: dict[str, Any]) -> None:
    assert Review.model_validate(calm()).questions == ()
    with pytest.raises(ValidationError):
        Review.model_validate({**calm(), **wrong})
