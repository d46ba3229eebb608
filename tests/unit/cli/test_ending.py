"""What is said when a run is over."""

from __future__ import annotations

import io
from pathlib import Path

from assay.cli.ending import done_json, summary_lines
from assay.cli.output import Output
from assay.core.clock import FakeClock
from assay.journal.summary import Summary
from support.histories import STORIES


def closing(story: str) -> dict[str, str]:
    """Return the lines that close a run, by their heads."""
    output = Output(json=False, out=io.StringIO(), err=io.StringIO(), env={}, clock=FakeClock())
    lines = summary_lines(output, Summary.of(STORIES[story](None)[1]), Path("nowhere"))
    return {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1] for line in lines[1:]}


def test_a_sealed_score_is_the_winners_or_nobodys() -> None:
    assert closing("rejected_leak")["sealed"].startswith("0.887 ")
    assert closing("second_wind")["sealed"] == "opened for #2, not for the winner #4; it is opened once"


def test_the_last_line_for_programs_says_whose_the_sealed_score_is() -> None:
    value = done_json(Summary.of(STORIES["second_wind"](None)[1]), Path("nowhere"), 0)
    assert (value["best"]["trial"], value["sealed_trial"]) == (4, 2)
