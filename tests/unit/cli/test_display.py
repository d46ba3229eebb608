from __future__ import annotations

import io
import json
import os
import pty
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.cli.display.feed import Feed, Shown
from assay.cli.display.live import LiveView
from assay.cli.display.narrate import narrate
from assay.cli.display.panel import MOST_LINES, panel_lines, trial_words, used_words
from assay.cli.display.table import HEADER, spark, trial_line
from assay.cli.display.views import JsonView, PlainView
from assay.cli.output import Output
from assay.core.budget import Limits
from assay.core.clock import FakeClock
from assay.core.trial import TrialState
from assay.engine.pulse import Activity, Pulse, pulse_json
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.summary import Summary
from assay.report.formatting import MISSING
from support.histories import STORIES, good_run, hostile_texts, interrupted, nothing_found


def output(stream: io.StringIO, *, json_too: bool = False) -> Output:
    return Output(json=json_too, out=stream, err=io.StringIO(), env={}, clock=FakeClock())


@pytest.mark.parametrize("name", sorted(STORIES))
@pytest.mark.parametrize("width", [40, 80, 200])
def test_panel_fits_at_every_moment_of_every_story(name: str, width: int) -> None:
    summary = Summary()
    for event in STORIES[name](None)[1]:
        summary.apply(event)
        lines = panel_lines(summary, None, now=event.time + 3, width=width)
        assert len(lines) <= MOST_LINES
        assert max(len(line) for line in lines) <= width
        assert not any("\x1b" in line or "\n" in line for line in lines)


@given(st.integers(0, 40))
def test_panel_fits_with_any_number_of_activities(number: int) -> None:
    events = interrupted()[1]
    activities = tuple(
        Activity(kind="run", label=f"#{n} fold-0", since=1.0, trial=n, last_output_age_s=2.0) for n in range(number)
    )
    pulse = Pulse(pid=1, process_started=1.0, time=events[-1].time, phase="search", activities=activities)
    lines = panel_lines(Summary.of(events), pulse, now=events[-1].time, width=100)
    assert len(lines) <= MOST_LINES
    assert any(f"and {number - 3} more" in line for line in lines) == (number > 3)


def created(number: int, step: int | None, *, operator: str = "draft", counts: bool = True) -> ev.TrialCreated:
    return ev.TrialCreated(
        trial=number, key=f"k{number}", candidate="c", title="t", operator=operator, step=step, counts=counts
    )


@pytest.mark.parametrize(
    ("limits", "words"), [(Limits(trials=4), "4 of 4 trials, 2 variants"), (Limits(), "4 trials, 2 variants")]
)
def test_variants_and_the_blend_are_not_counted_against_the_bound_on_trials(limits: Limits, words: str) -> None:
    summary = Summary(limits=limits)
    trials = [created(0, 0), created(1, 1), created(2, 2)]
    variants = [created(n, 3, operator="ablate", counts=False) for n in (3, 4)]
    previous: Event | None = None
    for payload in (*trials, *variants, created(5, None, operator="blend")):
        previous = Event.after(previous, time=1.0, payload=payload)
        summary.apply(previous)
    assert used_words(summary, 1.0).endswith(words)
    assert trial_words(summary) == "4 trials, 2 variants"


def test_panel_says_better_and_worse_in_words_whatever_the_direction() -> None:
    for story in (good_run, nothing_found):
        events = story()[1]
        (best,) = [line for line in panel_lines(Summary.of(events), None, now=0, width=120) if line.startswith(" best")]
        assert re.search(r" \d\.\d\s% better than the baseline ", best)


def test_rows_say_in_words_what_colour_says() -> None:
    stream = io.StringIO()
    rows: list[str] = []
    feed = Feed(
        on_trial=lambda shown, summary: rows.append(
            trial_line(output(stream), shown.row, summary.metric, shown.best, width=110)  # type: ignore[arg-type]
        )
    )
    for event in good_run()[1]:
        feed.take(event)
    text = "\n".join(rows)
    assert "\x1b" not in text
    for word in ("baseline", "noise 0/5", "real 5/5", "rejected", "failed", "maybe"):
        assert word in text
    head = HEADER.index("verdict")
    for row in rows:
        assert row[head - 2 : head] == "  "
        assert row[head].islower() or row[head] == MISSING


def test_each_finished_trial_is_shown_once_with_its_verdict() -> None:
    shown: list[Shown] = []
    feed = Feed(on_trial=lambda one, _: shown.append(one))
    history, events = good_run()
    for event in events:
        feed.take(event)
    feed.flush()
    assert sorted(s.row.number for s in shown) == sorted(history.trials)
    for s in shown:
        assert s.row.verdict == history.trials[s.row.number].verdict


def test_gain_is_against_the_best_before() -> None:
    shown: dict[int, Shown] = {}
    feed = Feed(on_trial=lambda one, _: shown.update({one.row.number: one}))
    for event in good_run()[1]:
        feed.take(event)
    assert shown[0].best is None
    assert (shown[1].best and shown[1].best.number) == 0
    assert (shown[3].best and shown[3].best.number) == 1


@pytest.mark.parametrize("name", sorted(STORIES))
def test_plain_view_writes_dated_safe_lines(name: str) -> None:
    stream = io.StringIO()
    with PlainView(output(stream)) as view:
        for event in STORIES[name](None)[1]:
            view.on_event(event)
    for line in stream.getvalue().splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \S", line)
        assert line.isprintable()
    assert ("warning[W12]: the sandbox has no memory limit" in stream.getvalue()) == (name == "interrupted")


def test_json_view_streams_launch_and_trials(tmp_path: Path) -> None:
    stream = io.StringIO()
    history, events = good_run()
    with JsonView(output(stream, json_too=True), tmp_path) as view:
        for event in events:
            view.on_event(event)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert lines[0]["event"] == "launch"
    assert lines[0]["run"] == "brisk-otter"
    assert lines[0]["folder"] == str(tmp_path / "brisk-otter")
    trials = [line for line in lines if line["event"] == "trial"]
    assert sorted(t["trial"] for t in trials) == sorted(history.trials)
    failed = next(t for t in trials if t["state"] == TrialState.FAILED)
    assert failed["score"] is None
    assert all(line["schema"].startswith("assay.") and line["time"].endswith("Z") for line in lines)


@pytest.mark.parametrize("name", sorted(STORIES))
def test_every_event_can_be_told(name: str) -> None:
    for event in STORIES[name](None)[1]:
        text = narrate(event)
        assert text.isprintable()
        assert 0 < len(text) <= 160


def test_spark_rises_with_the_values() -> None:
    assert spark([1.0]) == ""
    assert spark([0.0, 1.0, 2.0]) == "▁▅█"
    assert len(spark(range(100))) == 12


def drive(events: list[Event], runs: Path, env: dict[str, str], wait: Callable[[], None]) -> bytes:
    """Return what the live view writes to a terminal of its own."""
    master, slave = pty.openpty()
    try:
        with os.fdopen(slave, "w", encoding="utf-8") as terminal:
            screen = Output(out=terminal, env=env, clock=FakeClock(events[-1].time))
            with LiveView(screen, runs) as view:
                for event in events:
                    view.on_event(event)
                wait()
            os.set_blocking(master, False)
            return _drain(master)
    finally:
        os.close(master)


def _drain(master: int) -> bytes:
    chunks = []
    while True:
        try:
            chunks.append(os.read(master, 65536))
        except BlockingIOError:
            return b"".join(chunks)


def beat(runs: Path, name: str, now: float) -> None:
    activity = Activity(kind="run", label="#3 fold-0", since=now - 90, trial=3, limit_s=600.0, last_output_age_s=1.0)
    (runs / name).mkdir()
    pulse = Pulse(pid=1, process_started=1.0, time=now, phase="search", activities=(activity,))
    (runs / name / "heartbeat.json").write_text(pulse_json(pulse), encoding="utf-8")


def test_live_view_on_a_terminal(tmp_path: Path) -> None:
    events = interrupted()[1]
    beat(tmp_path, "late-falcon", events[-1].time)
    raw = drive(events, tmp_path, {"TERM": "xterm-256color"}, lambda: time.sleep(0.8))
    text = raw.decode()
    assert "\x1b[?1049h" not in text
    assert "Boosting on log target" in text
    assert "#3 fold-0 1m30s of 10m00s" in text
    assert "Stack with a ridge" in text
    assert "^C save and stop" in text
    assert "warning[W12]: the sandbox has no memory limit" in text
    assert text.count("Boosting on log target") == 1


def test_live_view_without_colour_and_beyond_ascii(tmp_path: Path) -> None:
    env = {"TERM": "xterm-256color", "NO_COLOR": "1", "ASSAY_ASCII": "1"}
    raw = drive(hostile_texts()[1], tmp_path, env, lambda: None)
    text = raw.decode()
    assert text.isascii()
    assert not re.search(r"\x1b\[[0-9;]*m", text.replace("\x1b[0m", "").replace("\x1b[m", ""))
    assert "\x07" not in text
