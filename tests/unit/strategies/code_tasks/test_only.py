"""Single tasks of a queue done again: what of the run before is taken, and what is not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import NothingFound, UsageError
from assay.journal.events import AttemptStarted
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.strategies.code_tasks import record
from assay.strategies.code_tasks.handoff import newest_results
from assay.strategies.code_tasks.launching import work_on
from assay.strategies.code_tasks.options import TaskOptions
from assay.strategies.launch import RunEnd
from assay.strategies.options import RunOptions
from support.task_bench import fenced

DOCUMENT = {"type": "documentation", "priority": "HIGH"}
TASKS: list[dict[str, Any]] = [
    {"id": "base", "action": "Write", **DOCUMENT, "evidence_paths": ["output/a.txt"]},
    {"id": "next", "action": "Go on", **DOCUMENT, "evidence_paths": ["output/b.txt"], "dependencies": ["base"]},
    {"id": "aside", "action": "Write more", **DOCUMENT, "evidence_paths": ["output/c.txt"]},
]
HEAD = "from pathlib import Path\n"
GOOD = {
    "base": f"{HEAD}Path('output/a.txt').write_text('the base')",
    "next": f"{HEAD}Path('output/b.txt').write_text(Path('input/base/output/a.txt').read_text() + ', and more')",
    "aside": f"{HEAD}Path('output/c.txt').write_text('aside')",
}
BAD = {**GOOD, "next": "raise ValueError('a slip')"}


@dataclass(frozen=True)
class Worked:
    """What came of one call."""

    end: RunEnd

    @property
    def events(self) -> Sequence[Any]:
        return FileJournal(self.end.folder / "events.jsonl").read()

    @property
    def history(self) -> History:
        return History(self.events)

    @property
    def results(self) -> Mapping[str, Any]:
        path = newest_results(self.end.folder / "handoff")
        assert path is not None
        found = json.loads(path.read_text(encoding="utf-8"))
        return {task["task_id"]: task for task in found["task_results"]}

    @property
    def statuses(self) -> dict[str, str]:
        return {id: task["final_status"] for id, task in self.results.items()}

    @property
    def ran(self) -> list[str]:
        numbers = [event.payload.trial for event in self.events if isinstance(event.payload, AttemptStarted)]
        return [self.history.trials[number].title for number in numbers]


def work(
    folder: Path, replies: Mapping[str, str], *, only: tuple[str, ...] = (), name: str | None = None, **options: Any
) -> Worked:
    folder.mkdir(exist_ok=True)
    queue, responses = folder / "queue.json", folder / "responses.json"
    value = {"meeting_id": "week-1", "decisions": TASKS, **options.pop("queue", {})}
    queue.write_text(json.dumps(value), encoding="utf-8")
    responses.write_text(json.dumps({id: fenced(code) for id, code in replies.items()}), encoding="utf-8")
    chosen = TaskOptions(
        file=queue, responses=responses, checkpoint=False, retries=0, mlflow="off", only=only, **options
    )
    return Worked(work_on(chosen, RunOptions(runs=folder / "runs", name=name)))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Worked]:
    """A queue of which one task failed."""
    folder = tmp_path_factory.mktemp("story")
    return folder, work(folder, BAD)


def test_the_failed_task_is_done_again_and_the_others_are_taken_as_they_are(story: tuple[Path, Worked]) -> None:
    folder, first = story
    assert (first.end.exit_code, first.statuses["next"]) == (1, "failed")
    again = work(folder, GOOD, only=("next",))
    assert (again.end.folder.name, again.end.exit_code) == ("week-1-2", 0)
    assert again.statuses == {"base": "completed", "next": "completed", "aside": "completed"}
    assert again.ran == ["next"]
    (digest,) = [one["sha256"] for one in again.results["next"]["outputs"]]
    assert (again.end.folder / "objects" / digest[:2] / digest).read_text() == "the base, and more"
    taken = again.results["base"]["taken_from"]
    there = first.events[taken["event"]]
    assert (taken["run"], taken["journal"]) == ("week-1", first.events[0].digest)
    assert (there.payload.key, there.digest) == ("tasks/base/end", taken["event_digest"])
    assert again.results["base"]["outputs"] == first.results["base"]["outputs"]
    assert again.results["next"]["taken_from"] is None
    third = work(folder, GOOD, only=("aside",))
    assert third.results["base"]["taken_from"] == taken, "from where it was measured, however often it was taken"
    assert third.results["next"]["taken_from"]["run"] == "week-1-2"


def test_what_builds_on_a_task_that_is_done_again_is_not_taken(story: tuple[Path, Worked]) -> None:
    folder, _ = story
    again = work(folder, GOOD, only=("base",))
    assert again.statuses == {"base": "completed", "next": "pending", "aside": "completed"}
    told = [remark.text for _, remark in again.history.remarks if remark.code == "W434"]
    assert any("next is not done" in text and "builds on base, which is done again" in text for text in told)


def test_a_result_of_which_a_file_was_changed_is_not_taken_and_what_needs_it_is_blocked(tmp_path: Path) -> None:
    first = work(tmp_path, BAD)
    (digest,) = [one["sha256"] for one in first.results["base"]["outputs"]]
    (first.end.folder / "objects" / digest[:2] / digest).write_text("forged", encoding="utf-8")
    again = work(tmp_path, GOOD, only=("next",))
    assert again.statuses == {"base": "pending", "next": "blocked", "aside": "completed"}
    assert again.ran == []
    assert record.taken_of(again.history, "base") is None


def test_a_task_that_is_not_in_the_queue_is_told(story: tuple[Path, Worked]) -> None:
    folder, first = story
    with pytest.raises(UsageError) as unknown:
        work(folder, GOOD, only=("next", "nobody"))
    assert (unknown.value.code, "nobody" in unknown.value.message) == ("E166", True)
    assert first.statuses["next"] == "failed"


def test_results_are_taken_under_the_same_criteria_alone_and_a_second_decision_is_told_as_one(tmp_path: Path) -> None:
    arms = {"treatment": {"task": "base", "metric": "m"}, "control": {"task": "aside", "metric": "m"}}
    strict, loose = (
        {"decision": {"criteria": [{"name": name, **arms, "min_gain": gain}]}}
        for name, gain in (("strict", 1.0), ("loose", -1.0))
    )
    work(tmp_path, GOOD, queue=strict)
    with pytest.raises(NothingFound) as caught:
        work(tmp_path, GOOD, only=("next",), queue=loose)
    assert caught.value.code == "E203"
    again = work(tmp_path, GOOD, only=("aside",), queue=strict)
    other = work(tmp_path, GOOD, name="other", queue=loose)
    told = {run: [remark.text for _, remark in run.history.remarks if remark.code == "W435"] for run in (again, other)}
    assert ["week-1 decided inconclusive on the same tasks by the same criteria" in text for text in told[again]] == [
        True
    ]
    assert len(told[other]) == 2
    assert all("were known from week-1" in text for text in told[other])
    summary = next((other.end.folder / "handoff").glob("execution_summary_*.md")).read_text(encoding="utf-8")
    assert summary.count("weaker than it looks: results of the same tasks") == 2


def test_tasks_that_need_nothing_of_each_other_are_done_side_by_side_in_an_order_that_stays(tmp_path: Path) -> None:
    done = work(tmp_path, GOOD, workers=2)
    assert done.statuses == {"base": "completed", "next": "completed", "aside": "completed"}
    starts = {title: place for place, title in enumerate(done.ran)}
    assert starts["next"] > max(starts["base"], starts["aside"])
    same = work(tmp_path, GOOD, workers=2)
    assert (same.end.folder, same.ran) == (done.end.folder, done.ran)
