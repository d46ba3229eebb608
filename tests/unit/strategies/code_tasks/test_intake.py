"""Queues and responses are read whole, and everything that is wrong is told at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import TaskError
from assay.strategies.code_tasks.intake import read_queue
from assay.strategies.code_tasks.queue import Priority, TaskKind, in_order
from assay.strategies.code_tasks.responses import read_responses

PENDING: dict[str, Any] = {
    "meeting_id": "week-1",
    "generated_at": "2025-10-15T09:00:00",
    "context": {"goal": "attention"},
    "decisions": [
        {"action": "Write the summary", "priority": "LOW", "dependencies": ["Task 3"], "evidence_paths": ["docs/s.md"]},
        {"action": "Run the diagnostic model test", "priority": "MEDIUM", "owner": "ops", "acceptance_criteria": ["a"]},
        {"action": "Integrate CLIP", "priority": "HIGH", "dependencies": None, "deadline": "2025-10-20"},
    ],
}


def written(folder: Path, value: Any, name: str = "pending_actions.json") -> Path:
    path = folder / name
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def test_the_file_of_the_planning_team_is_read_as_it_is(tmp_path: Path) -> None:
    queue = read_queue(written(tmp_path, PENDING))
    assert [task.id for task in queue.tasks] == ["task_1", "task_2", "task_3"]
    assert queue.tasks[0].dependencies == ("task_3",)
    assert queue.tasks[0].expected.files == ("docs/s.md",)
    assert queue.meeting == "week-1"


def test_high_goes_before_low_and_a_dependent_after_what_it_needs(tmp_path: Path) -> None:
    queue = read_queue(written(tmp_path, PENDING))
    assert [task.id for task in in_order(queue.tasks)] == ["task_3", "task_2", "task_1"]
    assert in_order(queue.tasks)[0].priority is Priority.HIGH


def test_a_declared_type_wins_and_words_are_only_a_hint(tmp_path: Path) -> None:
    entries = [
        {"action": "Write the documentation of the attention model test", "type": "documentation"},
        {"action": "Write the documentation of the model", "type": "experimental"},
        {"action": "Document the experiment"},
        {"action": "Complete the written exam of the model"},
    ]
    queue = read_queue(written(tmp_path, {"decisions": entries}))
    assert [task.kind for task in queue.tasks] == [
        TaskKind.DOCUMENT,
        TaskKind.EXPERIMENT,
        TaskKind.DOCUMENT,
        TaskKind.EXPERIMENT,
    ]
    assert [task.guessed for task in queue.tasks] == [False, False, True, True]
    assert len(queue.remarks) == 2


def test_yaml_with_criteria(tmp_path: Path) -> None:
    text = """
meeting: week-2
tasks:
  - {id: base, action: Train the baseline, type: experimental, expected: {metrics: [acc]}, timeout: 60}
  - {id: new, action: Train the other, type: experimental, dependencies: [base], deadline: 2025-10-20}
decision:
  alpha: 0.01
  criteria:
    - {name: better, treatment: {task: new, metric: acc}, control: {task: base, metric: acc}, min_effect: 0.2}
"""
    queue = read_queue(written(tmp_path, text, "queue.yaml"))
    assert queue.tasks[1].deadline == "2025-10-20"
    assert (queue.alpha, queue.criteria[0].treatment.task, queue.criteria[0].min_effect) == (0.01, "new", 0.2)
    assert queue.tasks[0].timeout_s == 60


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        ("{", "E160", ["cannot be read"]),
        ("[]", "E160", ["holds no queue"]),
        ({"decisions": []}, "E161", ["decisions"]),
        ({"decisions": [{"priority": "HIGH"}]}, "E161", ["action"]),
        (
            {
                "decisions": [
                    {"id": "a/b", "action": "x", "priority": "URGENT", "type": "odd"},
                    {"action": "y", "dependencies": ["nobody"], "evidence_paths": ["/etc/passwd", "../x"]},
                    {"action": "z", "type": "other"},
                ]
            },
            "E161",
            ["a/b", "URGENT", "odd", "nobody", "/etc/passwd", "../x", "type other"],
        ),
        (
            {"decisions": [{"action": "a", "dependencies": [2]}, {"action": "b", "dependencies": [1]}]},
            "E161",
            ["circle"],
        ),
        (
            {
                "decisions": [{"action": "a"}],
                "decision": {
                    "criteria": [
                        {
                            "name": "c",
                            "treatment": {"task": "q", "metric": "m"},
                            "control": {"task": "q", "metric": "m"},
                        }
                    ]
                },
            },
            "E161",
            ["'q' is no task", "compares nothing"],
        ),
    ],
)
def test_everything_that_is_wrong_is_told(tmp_path: Path, value: Any, code: str, words: list[str]) -> None:
    with pytest.raises(TaskError) as caught:
        read_queue(written(tmp_path, value))
    assert caught.value.code == code
    assert [word for word in words if word not in caught.value.message] == []


@pytest.mark.parametrize(
    "given",
    [
        {"task_1": "T1", "task_2": {"ops_commander": "T2", "Quality & Safety": "Q"}},
        {"responses": {"1": "T1", "Run the diagnostic model test": {"writer": "T2", "quality_safety": "Q"}}},
        {
            "task_results": [
                {"task_id": 1, "agent_responses": {"ops_commander": "T1"}},
                {"task_id": 2, "agent_responses": {"ops_commander": "T2", "quality_safety": "Q"}},
            ]
        },
    ],
)
def test_responses_in_a_file(tmp_path: Path, given: Any) -> None:
    queue = read_queue(written(tmp_path, PENDING))
    found = read_responses(written(tmp_path, given, "responses.json"), queue)
    assert found.written == {"task_1": "T1", "task_2": "T2"}
    assert found.reviews["task_2"] == {"quality_safety": "Q"}


def test_responses_in_a_folder_of_markdown(tmp_path: Path) -> None:
    queue, folder = read_queue(written(tmp_path, PENDING)), tmp_path / "replies"
    (folder / "task_2").mkdir(parents=True)
    long = "x" * 300_000
    (folder / "task_1.md").write_text(long, encoding="utf-8")
    (folder / "task_1.quality.json").write_text("{}", encoding="utf-8")
    (folder / "task_2" / "ops_commander.md").write_text("T2", encoding="utf-8")
    (folder / "task_2" / "safety.md").write_text("S", encoding="utf-8")
    found = read_responses(folder, queue)
    assert found.written == {"task_1": long, "task_2": "T2"}
    assert found.reviews == {"task_1": {"quality": "{}"}, "task_2": {"safety": "S"}}


@pytest.mark.parametrize(
    "given",
    [
        {"task_1": {"writer": "T1", "Quality": "reject", "quality": "approve"}},
        {"task_1": {"writer": "T1", "quality": "reject"}, "1": {"quality": "approve"}},
        {"task_results": [{"task_id": 1, "agent_responses": {"ops": text}} for text in ("T1", "T2")]},
    ],
)
def test_two_responses_of_one_agent_are_refused_and_neither_is_chosen(tmp_path: Path, given: Any) -> None:
    queue = read_queue(written(tmp_path, PENDING))
    with pytest.raises(TaskError, match="more than one response to task_1") as caught:
        read_responses(written(tmp_path, given, "responses.json"), queue)
    assert caught.value.code == "E162"


def test_files_that_speak_of_one_task_under_two_names_are_read_together(tmp_path: Path) -> None:
    queue, folder = read_queue(written(tmp_path, PENDING)), tmp_path / "replies"
    folder.mkdir()
    (folder / "1.md").write_text("T1", encoding="utf-8")
    (folder / "task_1.safety.md").write_text("no", encoding="utf-8")
    found = read_responses(folder, queue)
    assert (found.written, found.reviews) == ({"task_1": "T1"}, {"task_1": {"safety": "no"}})


def test_what_a_lone_reviewer_wrote_is_not_the_code(tmp_path: Path) -> None:
    queue = read_queue(written(tmp_path, PENDING))
    found = read_responses(written(tmp_path, {"task_1": {"Quality": "```python\nx = 1\n```"}}, "r.json"), queue)
    assert found.written == {}
    assert list(found.reviews["task_1"]) == ["quality"]


@pytest.mark.parametrize("given", [{"nobody": "x"}, {"task_1": [1]}, [1]])
def test_responses_that_fit_no_task_are_refused(tmp_path: Path, given: Any) -> None:
    queue = read_queue(written(tmp_path, PENDING))
    with pytest.raises(TaskError) as caught:
        read_responses(written(tmp_path, given, "responses.json"), queue)
    assert caught.value.code == "E162"
