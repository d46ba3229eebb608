"""Runs looked at from outside: audits, replays, comparisons, and new runs like old ones."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.core.digest import canonical_json
from assay.core.trial import Verdict
from assay.journal import events as ev
from assay.journal.events import Event, Payload
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.report.compare import gains_between, read_side
from assay.ship.audit import audit
from assay.ship.kept import read_chain

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def copied(searched: Path, tmp_path: Path) -> Path:
    """The run as a copy that may be changed, in a folder of runs of its own, with its data as they lay beside it."""
    target = tmp_path / "runs" / searched.name
    shutil.copytree(searched, target)
    shutil.copytree(searched.parent.parent / "data", tmp_path / "data")
    return target


def retold(folder: Path, change: Callable[[Payload], Payload]) -> None:
    """Write the journal anew, chained as if it had always been so, with some of its payloads changed."""
    events: list[Event] = []
    for event in FileJournal(folder / "events.jsonl").read():
        last = events[-1] if events else None
        events.append(Event.after(last, time=event.time, payload=change(event.payload)))
    text = "".join(canonical_json(event.as_dict()) + "\n" for event in events)
    (folder / "events.jsonl").write_text(text, encoding="utf-8")


def test_an_audit_tells_what_happened_and_opens_without_a_network(assay: Any, copied: Path) -> None:
    retold(copied, lambda payload: payload)
    code, out, err = assay("audit", copied.name, "--runs", str(copied.parent), "--json")
    assert code == 0, err
    told = json.loads(out)
    assert told["sound"] is True
    assert told["timeline"]["edit"] >= 6  # five trials and the repair of one
    assert told["interventions"] == []
    assert told["holdout"] == {"opened": 1, "decisions_after": 0}
    assert {"numpy", "pandas"} <= {package["name"] for package in told["packages"]}
    page = (copied / "audit.html").read_text(encoding="utf-8")
    assert not re.search(r"(src|href)=\"?https?:|url\(|<script", page)
    assert "mended by" in page
    assert "What people did" not in page


def test_people_and_looks_at_the_holdout_before_a_decision_are_told(assay: Any, copied: Path) -> None:
    events = list(FileJournal(copied / "events.jsonl").read())
    opened = next(e.payload for e in events if isinstance(e.payload, ev.SealedOpened))
    FileJournal(copied / "events.jsonl").append(
        [
            (told := Event.after(events[-1], time=events[-1].time + 1, payload=ev.Told(text="<b>try less</b>"))),
            (again := Event.after(told, time=told.time + 1, payload=opened)),
            Event.after(again, time=again.time + 1, payload=ev.Judged(trial=2, verdict=Verdict.REAL)),
        ]
    )
    found = audit(copied)
    assert (found.opened, found.chosen_after) == (2, 1)
    assert [moment.said for moment in found.people] == ["<b>try less</b>"]
    code, out, _ = assay("audit", copied.name, "--runs", str(copied.parent))
    assert code == 0
    assert "opened 2 times; decisions that it could have informed: 1" in out
    assert "&lt;b&gt;try less" in (copied / "audit.html").read_text(encoding="utf-8")


def test_a_changed_line_breaks_the_chain_and_the_audit_says_where(assay: Any, copied: Path) -> None:
    path = copied / "events.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    number = next(i for i, line in enumerate(lines) if '"trial-finished"' in line)
    lines[number] = lines[number].replace('"score":0.', '"score":0.9', 1)
    path.write_text("".join(lines), encoding="utf-8")
    events, chain = read_chain(path)
    assert (len(events), chain.broken.startswith(f"line {number + 1} ")) == (number, True)
    code, out, err = assay("audit", copied.name, "--runs", str(copied.parent))
    assert code == 4, err
    assert "NOT SOUND" in out
    assert f"line {number + 1} is not what was written" in (copied / "audit.html").read_text(encoding="utf-8")
    assert assay("replay", copied.name, "--runs", str(copied.parent))[0] == 4


def test_a_changed_file_and_a_key_in_a_file_are_found(assay: Any, copied: Path) -> None:
    path = next(path for path in (copied / "objects").rglob("*") if path.is_file())
    path.write_bytes(path.read_bytes() + b" ")
    (copied / "notes.md").write_text("my key is sk-" + "a1" * 12, encoding="utf-8")
    code, out, _ = assay("audit", copied.name, "--runs", str(copied.parent), "--json")
    told = json.loads(out)
    assert code == 4
    assert told["objects"]["changed"] == [path.name]
    assert told["secrets"] == ["notes.md"]


def test_a_replay_comes_to_the_same_decisions_and_changes_nothing(assay: Any, copied: Path) -> None:
    before = {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}
    code, out, err = assay("replay", copied.name, "--runs", str(copied.parent), "--json")
    told = json.loads(out)
    assert code == 0, (told["differences"], err)
    assert told["same"] is True
    assert told["differences"] == []
    assert told["trials"] >= 5
    assert told["scores"] >= 5
    assert told["questions"] >= 4  # three drafts and a repair
    assert {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()} == before


def test_a_replay_without_the_data_makes_all_decisions_again_and_says_what_it_cannot(assay: Any, copied: Path) -> None:
    assay("report", copied.name, "--runs", str(copied.parent))
    with_data = json.loads(assay("replay", copied.name, "--runs", str(copied.parent), "--json")[1])
    shutil.rmtree(copied.parent.parent / "data")
    for folder in ("views", "private"):
        shutil.rmtree(copied / folder)
    names = set(tables_of(copied))
    for path in [path for path in (copied / "objects").rglob("*") if path.is_file()]:
        if path.name not in names:
            path.unlink()  # predictions and logs
    code, out, err = assay("replay", copied.name, "--runs", str(copied.parent), "--json")
    told = json.loads(out)
    assert code == 0, (told, err)
    for name in ("steps", "questions", "candidates", "scores", "verdicts", "trials", "report_numbers"):
        assert told[name] == with_data[name] > 0, name
    assert (with_data["journal_alone"], told["journal_alone"]) == (False, True)
    assert told["objects"]["missing"] > 0
    assert [sentence.partition(":")[0] for sentence in told["not_checked"][:1]] == ["the grades"]
    code, out, _ = assay("replay", copied.name, "--runs", str(copied.parent))
    assert "from the journal alone" in out
    assert "not checked: the grades" in out
    assert assay("replay", copied.name, "--runs", str(copied.parent), "--execute")[0] == 2  # no data to run on
    assert assay("replay", copied.name, "--runs", str(copied.parent), "--execute", "--journal")[0] == 2


def tables_of(folder: Path) -> list[str]:
    """Return the digests of candidates, replies and the description of the data: all that a journal needs beside it."""
    history = History(FileJournal(folder / "events.jsonl").read())
    trials = [(t.candidate, t.created_as, *(repair.candidate for repair in t.repairs)) for t in history.trials.values()]
    replies = [question.answer.reply for question in history.questions.values() if question.answer is not None]
    assert history.started is not None
    return [digest for found in trials for digest in found] + replies + [history.started.given]


@pytest.mark.parametrize("kind", ["graded", "trial-finished", "judged", "number"])
def test_a_grade_a_score_a_verdict_and_a_number_that_were_changed_are_found_without_the_data(
    assay: Any, copied: Path, kind: str
) -> None:
    def other(payload: Payload) -> Payload:
        if isinstance(payload, ev.Graded) and kind == "graded" and payload.score is not None and payload.trial == 3:
            return replace(payload, score=replace(payload.score, value=0.25))
        if isinstance(payload, ev.TrialFinished) and kind == "trial-finished" and payload.trial == 3:
            return replace(payload, scores=dict.fromkeys(payload.scores, 0.25))
        if isinstance(payload, ev.Judged) and kind == "judged" and payload.trial == 3:
            return replace(payload, verdict=Verdict.REAL)
        return payload

    assay("report", copied.name, "--runs", str(copied.parent))
    if kind == "number":
        path = copied / "report.json"
        told = json.loads(path.read_text(encoding="utf-8"))
        next(iter(told["numbers"].values()))["value"] += 1
        path.write_text(json.dumps(told), encoding="utf-8")
    retold(copied, other)
    code, out, _ = assay("replay", copied.name, "--runs", str(copied.parent), "--journal", "--json")
    told = json.loads(out)
    assert code == 4
    expected = {"graded": "score", "trial-finished": "score", "judged": "verdict", "number": "report"}[kind]
    assert expected in {difference["what"] for difference in told["differences"]}


def test_a_journal_names_no_folder_of_the_machine(copied: Path, searched: Path) -> None:
    for path in (copied / "events.jsonl", copied / "run.json"):
        text = path.read_text(encoding="utf-8")
        assert str(searched.parent) not in text
        assert not re.search(r'"folder": ?"/', text)


def test_a_decision_that_the_record_does_not_bear_out_is_found(assay: Any, copied: Path) -> None:
    def better(payload: Payload) -> Payload:
        if isinstance(payload, ev.TrialFinished) and payload.trial == 3:
            return replace(payload, score=0.99, scores=dict.fromkeys(payload.scores, 0.99))
        return payload

    retold(copied, better)
    code, out, _ = assay("replay", copied.name, "--runs", str(copied.parent), "--json")
    told = json.loads(out)
    assert code == 4
    assert ("score", "0.99") in {(d["what"], d["then"]) for d in told["differences"]}


def test_runs_are_compared_fold_by_fold_only_where_task_and_folds_are_one(
    assay: Any, copied: Path, runs: Path, tmp_path: Path
) -> None:
    other = copied.with_name("other-run")
    shutil.copytree(copied, other)

    def worse(payload: Payload) -> Payload:
        if isinstance(payload, ev.TrialFinished) and payload.score is not None:
            scores = {view: score - 0.01 for view, score in payload.scores.items()}
            return replace(payload, score=payload.score - 0.01, scores=scores)
        return payload

    retold(other, worse)
    gains = gains_between(read_side(other), read_side(copied))
    assert gains is not None
    assert gains.gains == pytest.approx([0.01])
    assert gains_between(read_side(runs / "calm-otter"), read_side(copied)) is None  # other folds
    code, out, err = assay("compare", "other-run", copied.name, "--runs", str(copied.parent), "--json")
    assert code == 0, err
    told = json.loads(out)
    assert [side["run"] for side in told["runs"]] == ["other-run", copied.name]
    assert told["paired"][0]["old"] == "other-run"
    assert assay("compare", copied.name, "--runs", str(copied.parent))[0] == 2


def test_a_rerun_is_a_new_run_with_another_seed(assay: Any, copied: Path) -> None:
    before = (copied / "events.jsonl").read_bytes()
    root = str(copied.parent)
    code, _, err = assay(
        "rerun", copied.name, "--seed", "7", "--trials", "1", "--name", "again", "--runs", root, "--display", "none"
    )
    assert code == 0, err
    old = History(FileJournal(copied / "events.jsonl").read()).started
    new = History(FileJournal(copied.parent / "again" / "events.jsonl").read()).started
    assert old is not None
    assert new is not None
    assert (new.seed, new.limits.trials) == (7, 1)
    assert (new.task, new.strategy, new.arguments) == (old.task, old.strategy, old.arguments)
    assert (copied / "events.jsonl").read_bytes() == before
    assert assay("rerun", copied.name, "--seed", "-1", "--runs", root)[0] == 2
