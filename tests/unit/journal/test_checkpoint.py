"""A history out of its checkpoint and the rest of the journal is the history out of the journal."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from assay.core.clock import FakeClock
from assay.core.errors import IntegrityError
from assay.core.finish_plan import FinishPlan
from assay.core.prices import Prices
from assay.core.trial import TrialState
from assay.core.usage import Usage
from assay.core.validation import Check, Standing
from assay.engine.checkpoint import LEAST, LEAST_AT_END, Checkpoint
from assay.engine.log import EventLog
from assay.journal import events as ev
from assay.journal.checkpoint import NAME, HistoryFile, sources_digest
from assay.journal.events import Event
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.memory import MemoryJournal
from support.histories import STORIES
from support.journals import chain, journals, started

SHARED = Path("/dev/shm")
MORE = (
    ev.Asked(key="q", role="draft", request="r"),
    ev.Asked(key="step-0001/draft", role="draft", request="r2"),
    ev.Charged(key="q", role="draft", request="r", usage=Usage(requests=1, cost_usd=Decimal("0.10"))),
    ev.Noted(key="engine/x", value={"a": [1, 2.5, None], "b": {"c": "ü"}}),
    ev.Noted(key="engine/x", value=[]),
    ev.StepFinished(step=0, summary="one"),
    ev.Told(text="boosting", what=ev.Wish.HINT),
    ev.Told(text="model.fit(x)", what=ev.Wish.BLOCK),
    ev.FinishPlanned(plan=FinishPlan(at=10.0, deadline=20.0)),
    ev.Paused(),
    ev.SubmissionWritten(trial=0, digest="d", rows=3),
    ev.ScoredElsewhere(trial=0, score=0.5, where="titanic", apart=True),
    ev.Validated(winner=0, trial=0, check=Check.SHUFFLED, verdict=Standing.PASSED, numbers={"x": 0.5}),
    ev.RunResumed(prices=Prices(table="t", read="2026-01-01")),
)


def same(one: History, other: History) -> bool:
    """Return whether two histories are the same, the order of their tables included; fail with what is not."""
    tables = [
        {name: list(value.items()) if isinstance(value, dict) else value for name, value in vars(history).items()}
        for history in (one, other)
    ]
    assert {name: value for name, value in tables[0].items() if value != tables[1][name]} == {}
    return vars(one).keys() == vars(other).keys()


def written(folder: Path, events: list[Event], cut: int) -> Path:
    """Write a journal whose checkpoint was made after `cut` events."""
    FileJournal(folder / "events.jsonl").append(events)
    HistoryFile(folder).write(History(events[:cut]))
    return folder


@given(journals(MORE), st.data())
@settings(max_examples=12, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_at_any_cut_of_any_journal(events: list[Event], data: st.DataObject) -> None:
    # In memory where there is such a folder: what is flushed to a busy disk each time would take minutes.
    with TemporaryDirectory(dir=SHARED if SHARED.is_dir() else None) as name:
        folder = written(Path(name), events, data.draw(st.integers(1, len(events))))
        found = HistoryFile(folder).read()
        assert same(found, History(FileJournal(folder / "events.jsonl").read()))
    # What is fed to it afterwards arrives as it would have otherwise.
    after = Event.after(events[-1], time=9e9, payload=ev.RunResumed(sandbox="T2"))
    found.apply(after)
    assert same(found, History([*events, after]))


@pytest.mark.parametrize("story", sorted(STORIES))
def test_of_every_story(tmp_path: Path, story: str) -> None:
    _, events = STORIES[story]()
    for part in (1, 2, 3):
        folder = tmp_path / str(part)
        folder.mkdir()
        written(folder, events, len(events) * part // 3)
        assert same(HistoryFile(folder).read(), History(FileJournal(folder / "events.jsonl").read()))


def a_run(count: int) -> list[Event]:
    noted = [ev.Noted(key=f"n{number}", value=number) for number in range(count)]
    return chain([started(), *noted])


def test_what_the_checkpoint_covers_is_not_folded_again_but_its_chain_is_checked(tmp_path: Path) -> None:
    events = a_run(20)
    # The checkpoint of another history with the same last event would be believed: it is what is read.
    other = History(events[:15])
    other.notes["only-here"], other.noted_s["only-here"], other.noted_at["only-here"] = 1, 0.0, 0.0
    FileJournal(tmp_path / "events.jsonl").append(events)
    HistoryFile(tmp_path).write(other)
    assert HistoryFile(tmp_path).read().notes.keys() == {"only-here", *(f"n{number}" for number in range(20))}
    for line in (3, 17):
        path = tmp_path / "events.jsonl"
        whole = path.read_text(encoding="utf-8")
        lines = whole.splitlines()
        lines[line] = lines[line].replace(f'"value":{line - 1}', '"value":99')
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with pytest.raises(IntegrityError, match=f"line {line + 1} "):
            HistoryFile(tmp_path).read()
        path.write_text(whole, encoding="utf-8")


def changed(**changes: Any) -> Any:
    def change(content: bytes) -> bytes:
        head, _, body = content.partition(b"\n")
        return json.dumps({**json.loads(head), **changes}).encode() + b"\n" + body

    return change


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: b"[]\n{}",
        lambda content: content[:-5],
        lambda content: content.replace(b'"n3"', b'"n4"'),
        changed(code="of yesterday"),
        changed(digest="ab" * 32),
        changed(events=7),
        changed(events=10_000),
        changed(events="x"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_left_aside(tmp_path: Path, spoil: Any) -> None:
    events = a_run(12)
    path = written(tmp_path, events, 9) / NAME
    path.write_bytes(spoil(path.read_bytes()))
    assert same(HistoryFile(tmp_path).read(), History(events))


def test_one_of_another_journal_is_left_aside(tmp_path: Path) -> None:
    events = a_run(12)
    written(tmp_path, events, 9)
    others = chain([started(), *(ev.Noted(key=f"m{number}", value=0) for number in range(12))])
    (tmp_path / "events.jsonl").unlink()
    FileJournal(tmp_path / "events.jsonl").append(others)
    assert same(HistoryFile(tmp_path).read(), History(others))


def test_no_journal_and_a_torn_line_are_as_ever(tmp_path: Path) -> None:
    assert same(HistoryFile(tmp_path).read(), History())
    HistoryFile(tmp_path).write(History())
    assert not (tmp_path / NAME).exists()
    events = a_run(5)
    written(tmp_path, events, 4)
    with (tmp_path / "events.jsonl").open("ab") as stream:
        stream.write(b'{"data":{}')
    assert same(HistoryFile(tmp_path).read(), History(events))


def test_it_is_kept_when_enough_is_new(tmp_path: Path) -> None:
    log = EventLog(MemoryJournal(), FakeClock(1000.0), history=History(a_run(LEAST_AT_END - 2)))
    checkpoint = Checkpoint(tmp_path, log)
    assert not checkpoint.keep(at_end=True)
    log.add(ev.PhaseEntered(phase="finish"))
    assert not checkpoint.keep()
    assert checkpoint.keep(at_end=True)
    assert HistoryFile(tmp_path).events == LEAST_AT_END
    assert not checkpoint.keep(at_end=True)

    log = EventLog(MemoryJournal(), FakeClock(1000.0), history=History(a_run(LEAST_AT_END + LEAST - 1)))
    checkpoint = Checkpoint(tmp_path, log)  # a later process goes by what lies there
    assert checkpoint.keep()
    assert HistoryFile(tmp_path).events == LEAST_AT_END + LEAST


def test_a_full_disk_ends_nothing(tmp_path: Path) -> None:
    log = EventLog(MemoryJournal(), FakeClock(1000.0), history=History(a_run(LEAST_AT_END)))
    assert not Checkpoint(tmp_path / "gone", log).keep(at_end=True)


def test_a_snapshot_stays_as_it_is() -> None:
    history = History(a_run(3))
    kept = history.snapshot()
    assert same(kept, history)
    created = ev.TrialCreated(trial=0, key="k", candidate="c", title="t", operator="draft")
    for payload in (created, ev.TrialFinished(trial=0, state=TrialState.FAILED, candidate="c"), *MORE):
        assert history.last is not None
        history.apply(Event.after(history.last, time=2000.0, payload=payload))
    assert same(kept, History(a_run(3)))


def test_code_in_a_folder_of_its_own_is_code_too(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "trials.py").write_text("x = 1\n", encoding="utf-8")
    before = sources_digest(tmp_path)
    assert sources_digest(tmp_path) == before
    (tmp_path / "events" / "trials.py").write_text("x = 2\n", encoding="utf-8")
    edited = sources_digest(tmp_path)
    (tmp_path / "events" / "trials.py").rename(tmp_path / "trials.py")
    assert len({before, edited, sources_digest(tmp_path)}) == 3
