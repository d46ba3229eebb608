"""A page that was seen is told only what changed since, and gets all of it where that cannot be told."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from assay.core.candidate import Candidate
from assay.core.trial import TrialState, Verdict
from assay.journal import events as ev
from assay.journal.checkpoint import HistoryFile
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.web.pages.overview import overview
from assay.web.view import RunReader
from support.dashboard import append, dashboard_of, let_in, write_run
from support.histories import good_run, interrupted, paid_run


def rows_of(page: str, data: dict[str, Any]) -> dict[int, list[Any]]:
    """Return what a page tells of each trial, by its number."""
    if page == "overview":
        return {point[3]: point for point in data["curve"]["points"]}
    return {row[0]: row for row in data["rows"]}


def ask(client: TestClient, page: str, after: str = "") -> tuple[str, dict[str, Any]]:
    """Return the mark of an answer, and the answer."""
    value = client.get(f"/api/run/otter/{page}", params={"after": after} if after else {}).json()
    return value["run"]["mark"], value["data"]


def more(folder: Path, number: int) -> None:
    """Let one more trial fail, and take the judgement of #3 back to maybe."""
    record = ObjectStore(folder / "objects").put_candidate(Candidate(kind="script", files={"a.py": ""}, entry="a.py"))
    late = ev.TrialCreated(trial=number, key="late/trial", candidate=record, title="Late", operator="draft")
    failed = ev.TrialFinished(trial=number, state=TrialState.FAILED, candidate=record, reason="no")
    append(folder, [late, failed, ev.Judged(trial=3, verdict=Verdict.MAYBE)])


@pytest.mark.parametrize("page", ["overview", "tree", "trials"])
def test_what_was_seen_and_what_changed_are_together_what_there_is(tmp_path: Path, page: str) -> None:
    folder = write_run(tmp_path, "otter", good_run)
    client = let_in(dashboard_of(tmp_path))
    mark, first = ask(client, page)
    known = rows_of(page, first)
    assert rows_of(page, ask(client, page, mark)[1]) == {}
    more(folder, len(History(FileJournal(folder / "events.jsonl").read()).trials))
    changed = rows_of(page, ask(client, page, mark)[1])
    assert 0 < len(changed) <= 2 < len(known)
    assert known | changed == rows_of(page, ask(client, page)[1])


@pytest.mark.parametrize("mark", ["", "x", "5", "0123abcd.9", ".", "9" * 5_000])
def test_a_mark_that_is_none_gets_everything(tmp_path: Path, mark: str) -> None:
    write_run(tmp_path, "otter", good_run)
    client = let_in(dashboard_of(tmp_path))
    whole = ask(client, "trials")[1]
    assert ask(client, "trials", mark)[1] == whole
    assert whole["partial"] is False


def test_another_journal_under_the_same_name_is_told_from_the_beginning(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "otter", good_run)
    client = let_in(dashboard_of(tmp_path))
    mark, _ = ask(client, "tree")
    shutil.rmtree(folder)
    write_run(tmp_path, "otter", paid_run)
    _, now = ask(client, "tree", mark)
    assert now["partial"] is False
    assert len(now["rows"]) == len(History(FileJournal(folder / "events.jsonl").read()).trials)


@pytest.mark.parametrize("share", [0.4, 1.0])
@pytest.mark.parametrize("story", [good_run, paid_run, interrupted], ids=lambda story: story.__name__)
def test_a_run_is_the_same_by_way_of_a_checkpoint(tmp_path: Path, story: Any, share: float) -> None:
    folder = write_run(tmp_path, "otter", story)
    events = FileJournal(folder / "events.jsonl").read()
    with RunReader(folder).view() as run:
        whole = overview(run, {})
    HistoryFile(folder).write(History(events[: int(share * len(events))]))
    reader = RunReader(folder)
    with reader.view() as run:
        assert {**overview(run, {}), "now": None} == {**whole, "now": None}
        assert run.events == len(events)
    assert reader.catch_up() == len(events)
    assert [mark.number for mark in reader.marks(len(events) - 1)] == [len(events) - 1]
    assert reader.marks(0)[-1].number == len(events) - 1
    append(folder, [ev.Told(text="one more")])
    assert reader.catch_up() == len(events) + 1
    assert reader.marks(len(events))[0].kind == "told"


def test_a_checkpoint_of_a_journal_that_was_changed_is_not_believed(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "otter", good_run)
    path = folder / "events.jsonl"
    HistoryFile(folder).write(History(FileJournal(path).read()))
    path.write_text(path.read_text(encoding="utf-8").replace("boosting", "boasting"), encoding="utf-8")
    answer = let_in(dashboard_of(tmp_path)).get("/api/run/otter/overview")
    assert answer.json()["error"]["code"] == "E401"


def test_the_first_sight_of_much_is_sent_compressed(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "otter", good_run)
    (folder / "long.txt").write_text("the same line\n" * 10_000, encoding="utf-8")
    answer = let_in(dashboard_of(tmp_path)).get("/api/run/otter/files/long.txt")
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 10_000
    assert answer.json()["data"]["text"].startswith("the same line")
