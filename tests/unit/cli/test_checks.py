"""The checks of the winner on screen: where a run ends, in `assay show` and in the lines of words."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.cli.display.narrate import narrate
from assay.cli.ending import done_json, summary_lines
from assay.cli.options.flags import read_choices
from assay.cli.options.problems import Problems
from assay.cli.options.records import RunFlags
from assay.cli.output import Output
from assay.core.clock import FakeClock
from assay.core.validation import FAILED, Check
from assay.journal import events as ev
from assay.journal.history import History
from assay.journal.summary import Summary
from support.histories import STORIES

Assay = Any


def closing(story: str) -> list[str]:
    _, events = STORIES[story](None)
    output = Output(json=False, out=io.StringIO(), err=io.StringIO(), env={}, clock=FakeClock())
    return [line for line in summary_lines(output, Summary.of(events), Path("nowhere"), None) if " checks " in line]


def test_a_failed_check_is_a_warning_where_the_run_ends() -> None:
    (line,) = closing("checked_run")
    assert line.startswith(f" checks   warning[{FAILED}]: shuffled labels: 0.9604 with shuffled labels")
    assert "2 of 6 passed" in line
    assert "skipped: other seeds, training against graded score (no time left)" in line


def test_a_run_without_checks_says_nothing_of_them() -> None:
    assert closing("good_run") == []


def test_programs_get_every_check_with_its_numbers() -> None:
    _, events = STORIES["checked_run"](None)
    checks = done_json(Summary.of(events), Path("nowhere"), 0, None)["checks"]
    assert [one["check"] for one in checks] == [check.value for check in Check]
    assert checks[1]["verdict"] == "failed"
    assert checks[1]["numbers"]["chance"] == 0.5


def test_show_has_a_line_for_each_check(assay: Assay, story: Callable[[str], History]) -> None:
    story("checked_run")
    lines = [line for line in assay("show", "best").out.splitlines() if line.startswith(" check ")]
    assert len(lines) == len(Check)
    assert lines[1].startswith(" check   shuffled labels: failed · 0.9604 with shuffled labels")
    assert lines[4] == " check   training against graded score: skipped · no time left"
    assert [one["verdict"] for one in assay("show", "best", "--json").json["checks"]].count("skipped") == 2


def test_the_line_of_a_check_says_whose_script_was_run() -> None:
    _, events = STORIES["checked_run"](None)
    told = [narrate(event) for event in events if isinstance(event.payload, ev.Validated)]
    assert told[0] == "#2 checked for contract lint: passed: the static checks find nothing"


@pytest.mark.parametrize("no_gate", [False, True])
def test_no_gate_is_a_choice(no_gate: bool) -> None:
    assert read_choices(RunFlags(no_gate=no_gate), Problems()).gate is not no_gate
