"""What the screens say of a strategy that works in phases and on paths."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from assay.cli.display.narrate import narrate
from assay.cli.display.panel import MOST_LINES, best_words, panel_lines
from assay.cli.display.phases import cut_lines, layout_known, placed, where
from assay.cli.display.views import PlainView
from assay.cli.output import Output
from assay.core.clock import FakeClock
from assay.engine.pulse import Activity, Pulse
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.summary import Row, Summary
from assay.report.phase_words import Layout
from support.star_run import events_of, write_star_run

RAW_KEY = re.compile(r"step-\d{4}|phase/")


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    folder = tmp_path_factory.mktemp("star") / "run"
    write_star_run(folder)
    return list(events_of(folder))


def told(events: list[Event]) -> list[str]:
    summary = Summary()
    lines = []
    for event in events:
        summary.apply(event)
        lines.append(narrate(event, summary))
    return lines


def test_notes_are_told_in_words(events: list[Event]) -> None:
    lines = [line for line, event in zip(told(events), events, strict=True) if isinstance(event.payload, ev.Noted)]
    assert [line for line in lines if RAW_KEY.search(line)] == []
    for words in (
        "path 1: merging",
        "path 2: refining",
        "ensemble 2: combining the paths",
        "a last look at the winner",
    ):
        assert any(line.startswith(words) for line in lines), words
    assert any("would not sign for its score: The folds are few." in line for line in lines)


def test_the_plain_lines_say_which_phase_begins(events: list[Event]) -> None:
    stream = io.StringIO()
    view = PlainView(Output(json=False, out=stream, err=io.StringIO(), env={}, clock=FakeClock()))
    for event in events:
        view.on_event(event)
    shown = stream.getvalue()
    assert len(re.findall(r"Z path [12]: initial solutions$", shown, re.MULTILINE)) == 2
    assert "sees" not in shown
    assert not re.search(r"Z path 1: .* done$", shown, re.MULTILINE)


def test_the_panel_says_where_each_path_is_and_stays_small(events: list[Event]) -> None:
    summary = Summary()
    seen = set()
    for event in events:
        summary.apply(event)
        seen.update(where(summary))
        lines = panel_lines(summary, None, now=event.time, width=100)
        assert len(lines) <= MOST_LINES
        assert any(line.startswith(" where ") for line in lines) == bool(where(summary))
    for path in (1, 2):
        assert f"path {path}: retrieving models" in seen
        assert f"path {path}: merging, number 1" in seen
        assert f"path {path}: refining block 2 of 4, plan 2" in seen
    assert where(summary) == []


def test_the_status_says_which_phases_the_end_of_the_search_cut_off() -> None:
    summary = Summary()
    notes = [
        ("phase/step-0002/refine/begun", 1.0),
        ("phase/step-0002/refine/cut", {"skipped": "the goal was met", "begun": True}),
        ("phase/step-0004/ensemble/cut", {"skipped": "the goal was met", "begun": False}),
    ]
    event: Event | None = None
    for key, value in notes:
        event = Event.after(event, time=1.0, payload=ev.Noted(key=key, value=value))
        summary.apply(event)
    (line,) = cut_lines(summary)
    assert line == "cut off or not begun (the goal was met): path 1: refining, ensemble 1: combining the paths"
    later = ev.Noted(key="phase/step-0002/refine/ended", value={"skipped": ""})
    summary.apply(Event.after(event, time=3.0, payload=later))
    assert cut_lines(summary) == ["cut off or not begun (the goal was met): ensemble 1: combining the paths"]


@pytest.mark.parametrize("width", [40, 79, 200])
def test_two_paths_that_do_not_fit_a_line_get_two(width: int) -> None:
    activities = tuple(Activity(kind="run", label=f"#{n} fold-0", since=1.0) for n in range(5))
    pulse = Pulse(pid=1, process_started=1.0, time=1.0, phase="search", activities=activities)
    under_way = {f"step-000{n}/refine": f"step-000{n}/refine-0/plan-1/code" for n in (2, 3, 4)}
    lines = panel_lines(Summary(run="r", phase="search", under_way=under_way), pulse, now=3.0, width=width)
    assert len(lines) <= MOST_LINES
    assert all(len(line) <= width for line in lines)
    assert sum(" path " in line for line in lines) == (1 if width == 200 else 2)
    assert any(line.endswith("and 1 more") for line in lines) == (width == 79)
    assert any(line.endswith(f"and {2 if width == 200 else 3} more") for line in lines)


def test_paths_are_counted_after_a_shared_start() -> None:
    layout = Layout.of({"shared_start": "1", "outer": "2"}, first_round=5)
    assert layout.place(2, "init") == "shared start"
    assert layout.doing("step-0003/refine", "step-0003/refine-1/plan-0/code") == "path 1: refining block 2 of 2, plan 1"
    assert layout.doing("step-0006/ensemble") == "ensemble 2: combining the paths"


def test_a_summary_that_was_stored_goes_on_where_it_was(events: list[Event]) -> None:
    for cut in range(0, len(events), 9):
        summary = Summary.from_json(Summary.of(events[:cut]).as_json())
        for event in events[cut:]:
            summary.apply(event)
        assert summary == Summary.of(events)


def test_show_has_the_plan_and_the_change_of_a_refinement(assay: object, tmp_path: Path) -> None:
    history = write_star_run(tmp_path / "runs" / "bench")
    trial = next(t for t in history.trials.values() if t.key == "step-0003/refine-1/plan-1/trial")
    said = assay("show", str(trial.number))  # type: ignore[operator]
    assert said.code == 0
    assert f"made    by refine on path 2, block 2, plan 2 from #{trial.parents[0]}" in said.out
    assert " plan    " in said.out
    assert "\n-wish" in said.out
    assert "\n+wish" in said.out
    value = assay("show", str(trial.number), "--json").json  # type: ignore[operator]
    assert value["plan"] == trial.plan
    assert "+wish" in value["diff"]
    start = next(t for t in history.trials.values() if t.operator == "init")
    assert "\n+wish" not in assay("show", str(start.number)).out  # type: ignore[operator]
    ranked = assay("top", "-k", "40", "--json").json["trials"]  # type: ignore[operator]
    origins = {row["trial"]: row["origin"] for row in ranked}
    assert origins[trial.number] == "path 2, block 2, plan 2"
    assert origins[0] is None
    assert re.search(r"  ensemble [12]: ensemble [01]$", assay("top").out, re.MULTILINE)  # type: ignore[operator]
    listed = assay("logs").out  # type: ignore[operator]
    assert "path 2: refining block 2 of 4, plan 2" in listed or "path 2: refining done" in listed


def test_a_new_trial_is_told_with_its_path_and_phase(events: list[Event]) -> None:
    created = [line for line in told(events) if " created: " in line]
    assert any(line.endswith(" · path 1 plan 1.2") for line in created)
    assert any(line.endswith(" · path 2 model 2") for line in created)
    assert any(line.endswith(" · path 1 merge 1") for line in created)
    assert any(line.endswith(" · ensemble 2") for line in created)
    assert not any(" · " in line for line in created if "(baseline)" in line)


def test_the_rows_of_the_live_table_say_it_and_so_does_the_best_of_the_status(events: list[Event]) -> None:
    summary = Summary()
    titles = {}
    for event in events:
        summary.apply(event)
        if isinstance(event.payload, ev.TrialFinished) and (row := summary.row(event.payload.trial)) is not None:
            titles[row.key] = placed(row, layout_known(summary)).title
    assert titles["step-0002/init-1/trial"].startswith("path 1 model 2: ")
    assert titles["step-0003/refine-1/plan-0/trial"].startswith("path 2 plan 2.1: ")
    assert titles["step-0005/trial"].startswith("ensemble 2: ")
    assert not titles["step-0000/trial"].startswith("path")
    layout = layout_known(summary)
    assert layout is not None
    assert summary.best is not None
    place = layout.briefly(summary.best.key, summary.best.operator)
    assert f" · {place}" in best_words(summary)


@pytest.mark.parametrize(
    ("key", "operator", "told"),
    [
        ("step-0002/data-usage/trial", "data_usage", "path 1 all data"),
        ("step-0006/trial", "finalize", "for all rows"),
        ("step-0003/refine-1/variant-2", "ablate", "path 2 block 2"),
        ("step-0007/trial", "improve", ""),
    ],
)
def test_where_a_trial_comes_from_in_few_words(key: str, operator: str, told: str) -> None:
    assert Layout().briefly(key, operator) == told


def test_a_strategy_without_phases_has_no_places() -> None:
    row = Row(number=1, title="idea", operator="improve", key="step-0004/trial")
    assert layout_known(Summary()) is None
    assert placed(row, None) == row
