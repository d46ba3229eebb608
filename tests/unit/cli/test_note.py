"""A score that was measured elsewhere: in the journal, shown, compared, and never part of what the run decides."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.engine.control import Verb, take
from assay.journal.checkpoint import HistoryFile
from assay.journal.events import ScoredElsewhere
from assay.journal.file import FileJournal
from assay.journal.history import EVERYTHING, History
from assay.journal.lease import LEASE_FILE, Lease
from assay.journal.summary import SummaryFile
from unit.cli.conftest import Assay

Write = Callable[[str], History]


@pytest.fixture
def otter(tmp_path: Path, story: Write) -> Path:
    story("good_run")
    return tmp_path / "runs" / "brisk-otter"


def test_it_is_appended_after_the_end_and_takes_no_time(otter: Path, assay: Assay) -> None:
    journal, before = FileJournal(otter / "events.jsonl"), HistoryFile(otter).read()
    lines = (otter / "events.jsonl").read_bytes()
    said = assay("note", "--lb", "0.8790", "--trial", "3")
    assert said.code == 0, said.err
    assert "noted for #3 of brisk-otter: 0.879 on leaderboard" in said.out
    after = (otter / "events.jsonl").read_bytes()
    assert after.startswith(lines)
    # Reading checks the chain of digests from the first event on.
    assert journal.read()[-1].payload == ScoredElsewhere(trial=3, score=0.879, apart=True)
    history, summary = HistoryFile(otter).read(), SummaryFile(otter).read()
    assert (history.wall_s, history.worked_until) == (before.wall_s, before.worked_until)
    assert summary.wall_s == pytest.approx(history.wall_s)
    assert history.finished == before.finished
    assert history.ranking() == before.ranking()
    assert "finished" in assay("status").out


def test_no_strategy_and_no_operator_sees_it(otter: Path, assay: Assay) -> None:
    assay("note", "--lb", "0.1", "--trial", "3")
    history = HistoryFile(otter).read()
    assert len(history.elsewhere) == 1
    for steps in (1, 1000, EVERYTHING):
        assert history.pinned(steps).elsewhere == []


def test_show_tells_it_as_measured_elsewhere(otter: Path, assay: Assay) -> None:
    assay("note", "--lb", "0.8790", "--trial", "3", "--where", "adult\x1b[31m income")
    out = assay("show", "3").out
    assert " noted   0.879 on adult" in out
    assert "(measured elsewhere, never ranked)" in out
    assert "\x1b" not in out
    assert " noted " not in assay("show", "4").out
    (value,) = assay("show", "3", "--json").json["elsewhere"]
    assert value["score"] == 0.879


def test_one_is_told_and_two_are_compared_in_the_report(otter: Path, assay: Assay) -> None:
    assay("note", "--lb", "0.8710", "--trial", "3")
    text = (otter / "report.md").read_text(encoding="utf-8")
    assert "## Measured elsewhere" in text
    assert "in the same order" not in text
    assert not (otter / "plots" / "elsewhere.svg").exists()
    # The search has #1 below #3, and the leaderboard above.
    assay("note", "--lb", "0.8690", "--trial", "3")
    assay("note", "--lb", "0.8722", "--trial", "1")
    assay("note", "--lb", "0.8650", "--trial", "2")
    text = (otter / "report.md").read_text(encoding="utf-8")
    assert "put 2 of 3 pairs of trials in the same order" in " ".join(text.split())
    assert "0.869 " in text
    assert "0.871 " not in text
    assert (otter / "plots" / "elsewhere.svg").exists()
    numbers = json.loads((otter / "report.json").read_text(encoding="utf-8"))["numbers"]
    assert numbers["elsewhere.1.leaderboard"]["source"] == "elsewhere"


def test_without_a_trial_it_is_that_of_the_submission(otter: Path, assay: Assay) -> None:
    assert assay("note", "--lb", "0.88", "--json").json["trial"] == HistoryFile(otter).read().best.number  # type: ignore[union-attr]


def test_a_run_under_way_writes_it_itself(otter: Path, assay: Assay) -> None:
    lines = (otter / "events.jsonl").read_bytes()
    lease = Lease(otter / LEASE_FILE)
    try:
        said = assay("note", "--lb", "0.88", "--trial", "3")
    finally:
        lease.release()
    assert said.code == 0
    assert "taken up by the running search" in said.out
    assert (otter / "events.jsonl").read_bytes() == lines
    (message,) = take(otter)
    assert (message.verb, message.scored) == (Verb.NOTE, ScoredElsewhere(trial=3, score=0.88))


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--lb", "high"], 2, "E002"),
        (["--lb", "nan"], 2, "E002"),
        (["--lb", "0.5", "--trial", "99"], 5, "E202"),
        (["--lb", "0.5", "--trial", "x"], 2, "E027"),
        ([], 2, "E001"),
    ],
)
def test_what_cannot_be_meant_writes_nothing(otter: Path, assay: Assay, words: list[str], code: int, told: str) -> None:
    lines = (otter / "events.jsonl").read_bytes()
    said = assay("note", *words)
    assert said.code == code
    assert f"error[{told}]" in said.err
    assert (otter / "events.jsonl").read_bytes() == lines
