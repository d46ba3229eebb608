"""What is said when a run is over."""

from __future__ import annotations

import io
from pathlib import Path

from assay.cli.ending import done_json, exit_code, summary_lines
from assay.cli.output import Output
from assay.core.clock import FakeClock
from assay.journal.summary import Summary
from assay.report.lineage import way_to, winner_of
from assay.strategies.notebook.options import NotebookOptions
from assay.strategies.notebook.strategy import NotebookSearch
from support.histories import STORIES
from support.notebook_bench import answers, bench, cells


def closing(story: str) -> dict[str, str]:
    """Return the lines that close a run, by their heads."""
    history, events = STORIES[story](None)
    output = Output(json=False, out=io.StringIO(), err=io.StringIO(), env={}, clock=FakeClock())
    way = way_to(history, winner_of(history))
    lines = summary_lines(output, Summary.of(events), Path("nowhere"), way)
    return {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1] for line in lines[1:]}


def test_a_sealed_score_is_the_winners_or_nobodys() -> None:
    assert closing("rejected_leak")["sealed"].startswith("0.887 ")
    assert closing("second_wind")["sealed"] == "opened for #2, not for the winner #4; it is opened once"


def test_the_last_line_for_programs_says_whose_the_sealed_score_is() -> None:
    history, events = STORIES["second_wind"](None)
    way = way_to(history, winner_of(history))
    value = done_json(Summary.of(events), Path("nowhere"), 0, way)
    assert (value["best"]["trial"], value["sealed_trial"]) == (4, 2)
    assert (value["verdict"], value["real_gain"], value["way"]) == ("maybe", True, [4, 3, 2, 1])


def test_a_stage_that_is_done_is_no_failure(tmp_path: Path) -> None:
    strategy = NotebookSearch(NotebookOptions(only="generate"))
    made = bench(tmp_path, strategy, answers(lambda _: cells(1.0)), strategy_name="notebook")
    assert made.open().work().exit_code == 0
    output = Output(json=False, out=io.StringIO(), err=io.StringIO(), env={}, clock=FakeClock())
    text = "\n".join(summary_lines(output, Summary.of(made.backend.read()), tmp_path, None))
    assert "the one stage that was asked for is done" in text
    assert "assay run DIR --only execute" in text


def test_the_verdict_says_whether_the_gain_over_the_baseline_is_real() -> None:
    assert closing("rejected_leak")["verdict"].startswith("real: #3 beats the baseline #1 by 0.0")
    said = closing("second_wind")["verdict"]
    assert "real: #2 beats the baseline #1 by 0.0" in said
    assert "; none of the 2 steps from #2 to #4 is established" in said
    assert closing("nothing_found")["verdict"].startswith("nothing beat the baseline for sure")


def test_a_gain_is_required_on_the_way_to_the_winner_not_of_its_last_step() -> None:
    for story, code in (("second_wind", 0), ("good_run", 0), ("nothing_found", 1)):
        history, events = STORIES[story](None)
        way = way_to(history, winner_of(history))
        assert exit_code(Summary.of(events), 0, way=way, require_gain=True) == code, story


def test_a_run_without_a_score_says_what_failed_and_where_a_missing_module_may_be_had() -> None:
    lines = closing("all_failed")
    assert lines["why"] == "#3 ModuleNotFoundError: No module named 'torch' (line 3)"
    assert lines["next"].startswith("assay run ... --python ENVIRONMENT")
