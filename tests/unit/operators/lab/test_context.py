"""What the roles are told: missions, rules, memory and logs, each within its budget; and the storyline."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.metric import Direction, Metric, Needs
from assay.models.roles import LabView, Option, Signals
from assay.operators.lab import context
from assay.operators.lab.context import Given, Now, failure_tail, read_missions, rules_for, view_of
from assay.operators.lab.memory import DATA, NOTES, mentor_noted, noted, one_line, section, story_line, tail
from assay.operators.lab.record import Cycle, Result
from assay.operators.lab.todo import Item
from unit.operators.lab.test_todo import text

METRIC = Metric(name="val_accuracy", direction=Direction.HIGHER, needs=Needs.LABELS)
GIVEN = Given(
    missions={"worker": "Raise the accuracy.\n" * 400, "mentor": "Judge."},
    rules=("Never touch eval.py.",),
    metric=METRIC,
    command="python train.py",
    options=(Option(name="--lr", default="0.1"),),
)


def results(number: int, last: str = "complete") -> list[Result]:
    made = [
        Result(
            number=n,
            cycle=n,
            state="complete",
            score=(n * 37 % 101) / 101,
            exit_code=0,
            ended=float(n),
            command="x" * 200,
        )
        for n in range(1, number)
    ]
    return [
        *made,
        Result(number=number, cycle=number, state=last, exit_code=1, ended=float(number), problem="KeyError"),
    ]


def now(cycle: int, **more: object) -> Now:
    usual: dict[str, object] = {
        "cycle": cycle,
        "results": results(cycle),
        "signals": Signals(),
        "queue": [Item(id=f"C{n:04d}-W01", by="worker", text=text(n)) for n in range(1, cycle)],
        "storyline": [f"C{n:04d} | run | some idea number {n}" for n in range(1, cycle)],
        "workpad": "\n".join(f"- note {n} " + "y" * 100 for n in range(cycle)),
        "mentor_notes": "\n".join(f"- review {n} " + "z" * 100 for n in range(cycle)),
        "last_log": "epoch 1\n" * 10_000,
    }
    return Now(**(usual | more))  # type: ignore[arg-type]


def size(view: LabView) -> int:
    return len(view.model_dump_json())


def test_what_a_role_is_told_does_not_grow_with_the_number_of_cycles() -> None:
    sizes = [size(view_of("worker", GIVEN, now(n, signals=Signals(streak=9)))) for n in (200, 10_000)]
    assert sizes[1] <= 1.05 * sizes[0]
    assert sizes[1] < 60_000


def test_each_part_keeps_its_budget_and_the_newest_stays() -> None:
    view = view_of("worker", GIVEN, now(500, signals=Signals(streak=9)))
    assert len(view.mission) <= context.MISSION
    assert view.mission.startswith("Raise")
    assert len(view.workpad) <= context.WORKPAD
    assert view.workpad.startswith("## Notes\n- note")
    assert view.workpad.endswith("y\n\n## Data\n")
    assert len(view.workpad) > 0.9 * context.WORKPAD, "an empty section takes no room"
    assert "note 499" in view.workpad
    assert len(view.mentor_notes) <= context.MENTOR_NOTES
    assert sum(len(line) + 1 for line in view.storyline) <= context.STORYLINE
    assert view.storyline[-1] == "C0499 | run | some idea number 499"
    assert len(view.experiments) <= context.MOST_EXPERIMENTS
    numbers = [experiment.number for experiment in view.experiments]
    assert {1, 500, view.best} <= set(numbers)
    assert view.todos_open == 499


def test_the_log_is_told_after_a_failure_only_and_the_storyline_when_work_fails_or_stalls() -> None:
    good = view_of("worker", GIVEN, now(20))
    assert (good.last_failure, good.storyline) == ("", ())
    failed = view_of("worker", GIVEN, now(20, results=results(20, "failed"), last_log="Traceback\nKeyError: 'shift'"))
    assert "KeyError" in failed.last_failure
    assert failed.storyline
    assert view_of("worker", GIVEN, now(20, results=results(20, "lost"))).last_failure
    assert not view_of("worker", GIVEN, now(20, results=results(20, "stopped"))).last_failure
    assert view_of("worker", GIVEN, now(20, signals=Signals(streak=5))).storyline
    assert view_of("worker", GIVEN, now(20, signals=Signals(breakout=0.7))).storyline
    assert not view_of("worker", GIVEN, now(20, signals=Signals(streak=4, breakout=0.69))).storyline


def test_a_traceback_is_kept_when_much_is_printed_after_it() -> None:
    log = "epoch 1\n" * 500 + "Traceback (most recent call last):\n  File a\nKeyError: 'x'\n" + "cleaning up\n" * 1000
    told = failure_tail(log, 1_000)
    assert "KeyError: 'x'" in told
    assert told.endswith("cleaning up\n")
    assert len(told) <= 1_000
    assert failure_tail("short") == "short"


@pytest.mark.parametrize(("role", "most"), [("worker", 12), ("mentor", 8)])
@pytest.mark.parametrize("theirs", [0, 1, 5, 30])
def test_rules_are_within_their_budget_and_a_persons_go_first(role: context.Role, most: int, theirs: int) -> None:
    given = [f"Rule {n} of theirs: " + "be brief " * 100 for n in range(theirs)]
    rules = rules_for(role, given)
    assert len(rules) <= most
    assert sum(rule.startswith("Rule") for rule in rules) == min(theirs, most)
    assert all(len(rule) <= context.RULE_CHARACTERS for rule in rules)
    assert len(set(rules)) == len(rules)


def test_missions_fall_back_from_the_own_file_to_the_workers_to_the_common_one_to_what_was_asked(
    tmp_path: Path,
) -> None:
    assert read_missions(tmp_path, "asked") == {"worker": "asked", "mentor": "asked"}
    (tmp_path / "MISSION.md").write_text("common\n")
    assert read_missions(tmp_path, "asked") == {"worker": "common", "mentor": "common"}
    (tmp_path / "WORKER_MISSION.md").write_text("work")
    (tmp_path / "MENTOR_MISSION.md").write_text("  \n")
    assert read_missions(tmp_path, "asked") == {"worker": "work", "mentor": "work"}
    (tmp_path / "MENTOR_MISSION.md").write_text("judge")
    assert read_missions(tmp_path, "asked") == {"worker": "work", "mentor": "judge"}
    (tmp_path / "WORKER_MISSION.md").write_bytes(b"\xff\xfe")
    assert read_missions(tmp_path, "asked")["worker"] == "common"


def test_notes_go_under_their_heading_and_nothing_is_lost() -> None:
    pad = noted("an old line\n", 3, notes="first\nnote", data_notes="classes are even")
    pad = noted(pad, 4, notes="second")
    assert section(pad, NOTES) == ("an old line", "- [C0003] first note", "- [C0004] second")
    assert section(pad, DATA) == ("- [C0003] classes are even",)
    assert noted(pad, 5) == pad
    notes = mentor_noted(
        "", 4, trajectory="off_track", recommendation="challenge", critique="a\nb", said="look at data"
    )
    assert notes == "- [C0004] off_track, challenge: a b\n  note: look at data\n"


def test_a_cycle_is_one_line_with_all_its_parts() -> None:
    cycle = Cycle(
        number=7,
        action="run",
        category="loss",
        label="focal\nloss",
        source="mentor",
        reviewed=True,
        challenged=True,
        refused=("Q03",),
    )
    result = Result(number=6, cycle=5, state="complete", score=0.91, ended=1.0)
    line = story_line("calm-otter", cycle, result, METRIC, 0.02)
    assert "\n" not in line
    parts = line.split(" | ")
    assert parts[0].startswith("C0007-")
    assert parts[1:] == [
        "run",
        "loss",
        "focal loss",
        "by mentor, challenged",
        "#6 complete: val_accuracy 0.910 (+0.020 over the best)",
        "refused Q03",
    ]
    waiting = story_line("calm-otter", Cycle(number=8, action="wait"), None, METRIC, None)
    assert waiting.split(" | ")[1:] == ["wait", "by worker"]


@given(st.text(max_size=400), st.integers(1, 80))
def test_bounds_hold_for_any_text(text: str, bound: int) -> None:
    assert len(tail(text, bound)) <= bound
    assert text.endswith(tail(text, bound))
    line = one_line(text, bound)
    assert len(line) <= bound
    assert len(line.splitlines()) <= 1
