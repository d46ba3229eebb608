"""The story of agents that wrote code and never ran it: three tasks, run for real, killed once, and reported truly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assay.journal.events import AttemptStarted
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.strategies.code_tasks.handoff import newest_results
from assay.tracking import Store, resolve_place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SETUP = """
import json
from pathlib import Path

import mlflow
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

X, y = load_digits(return_X_y=True)
X, y = X[:600] / 16, y[:600]
"""
TRAIN = """
scores = []
with mlflow.start_run():
    mlflow.log_param("C", C)
    for step, (train, test) in enumerate(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y)):
        scores.append(LogisticRegression(C=C, max_iter=200).fit(X[train], y[train]).score(X[test], y[test]))
        mlflow.log_metric("accuracy", scores[-1], step=step)
Path("results").mkdir(exist_ok=True)
Path("results/scores.json").write_text(json.dumps(scores))
print("\u2705 MLflow Run ID: 0123456789abcdef0123456789abcdef")
"""
DOCUMENT = """
from pathlib import Path
import json

means = {}
for name in ("baseline", "attention"):
    scores = json.loads(Path(f"input/{name}/results/scores.json").read_text())
    means[name] = sum(scores) / len(scores)
Path("docs").mkdir()
Path("docs/comparison.md").write_text("# Comparison\\n\\n" + "\\n".join(f"- {k}: {v:.4f}" for k, v in means.items()))
"""
EXPERIMENT = {
    "type": "experimental",
    "priority": "HIGH",
    "evidence_paths": ["results/scores.json"],
    "expected": {"metrics": ["accuracy"], "params": ["C"]},
}
QUEUE: dict[str, Any] = {
    "meeting_id": "week 1",
    "generated_at": "2025-10-15T09:00:00",
    "context": "Do weaker penalties help?",
    "decisions": [
        {
            "id": "comparison",
            "action": "Write the comparison of the diagnostic model test",
            "type": "documentation",
            "priority": "LOW",
            "dependencies": ["baseline", "attention"],
            "evidence_paths": ["docs/comparison.md"],
        },
        {"id": "attention", "action": "Train the other model", **EXPERIMENT, "dependencies": ["baseline"]},
        {"id": "baseline", "action": "Train the baseline", **EXPERIMENT},
    ],
    "decision": {
        "criteria": [
            {
                "name": "the other model is better",
                "treatment": {"task": "attention", "metric": "accuracy"},
                "control": {"task": "baseline", "metric": "accuracy"},
                "min_effect": 0.5,
            }
        ]
    },
}
REPLIES = {
    "baseline.md": f"I wrote it. \u274c\n\n```Python \n{SETUP}```\n\nThen:\n\n~~~py\nC = 0.0005\n{TRAIN}~~~\n",
    "attention.ops_commander.md": f"```python\n{SETUP}\nC = 1.0\n{TRAIN}```\n\u2705 done, run_id documented",
    "comparison.md": f"```python\n{DOCUMENT}\n",
}


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "assay", "tasks", *words, "--runs", str(folder / "runs")]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW", "ASSAY"))}
    return {**kept, "OPENAI_API_KEY": "sk-canary-of-the-code-tasks"}


def called(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(folder, *words), capture_output=True, text=True, check=False, env=environment(), timeout=400
    )


@dataclass(frozen=True)
class Told:
    """What came of the story."""

    folder: Path
    second: subprocess.CompletedProcess[str]
    seen: Sequence[str]
    """Tasks that had ended before the engine was killed."""

    @property
    def run(self) -> Path:
        return self.folder / "runs" / "week-1"

    @property
    def history(self) -> History:
        return History(FileJournal(self.run / "events.jsonl").read())

    @property
    def results(self) -> Any:
        path = newest_results(self.run / "handoff")
        assert path is not None
        return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The queue is worked on by a process that is killed after the first task, and then by another."""
    folder = tmp_path_factory.mktemp("a story")
    replies = folder / "replies"
    replies.mkdir()
    (folder / "pending_actions.json").write_text(json.dumps(QUEUE), encoding="utf-8")
    for name, text in REPLIES.items():
        (replies / name).write_text(text, encoding="utf-8")
    words = ("run", str(folder / "pending_actions.json"), "--responses", str(replies))
    with subprocess.Popen(
        command(folder, *words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment()
    ) as first:
        assert first.stdout is not None
        seen = []
        for line in first.stdout:
            seen.append(line.strip())
            if line.startswith(" baseline completed"):
                break
        first.send_signal(signal.SIGKILL)
    return Told(folder, called(folder, *words), seen)


def test_everything_was_run_and_verified_once_although_the_engine_was_killed(story: Told) -> None:
    assert story.second.returncode == 0, story.second.stdout + story.second.stderr
    assert story.seen[-1].startswith("baseline completed"), story.seen
    statuses = {task["task_id"]: task["final_status"] for task in story.results["task_results"]}
    assert statuses == {"baseline": "completed", "attention": "completed", "comparison": "completed"}
    events = FileJournal(story.run / "events.jsonl").read()
    starts = [event.payload.trial for event in events if isinstance(event.payload, AttemptStarted)]
    assert starts.count(0) == 1


def test_three_runs_are_found_in_a_real_store_and_hold_what_was_measured(story: Told) -> None:
    with Store(resolve_place("", story.folder / "runs", {})) as store:
        for task in story.results["task_results"]:
            found = store.read(task["experiment_store"]["run"])
            assert found is not None
            assert found.state == "FINISHED"
            assert found.tags["assay.task"] == task["task_id"]
            for name, values in task["reported_metrics"].items():
                assert [point.value for point in found.metrics[name]] == values


def test_the_id_that_the_code_printed_is_nowhere(story: Told) -> None:
    assert "0123456789abcdef" not in json.dumps(story.results)


def test_the_report_is_true_and_all_files_share_one_timestamp(story: Told) -> None:
    names = sorted(path.name for path in (story.run / "handoff").iterdir())
    stamp = story.results["timestamp"]
    assert names == [
        f"execution_progress_update_{stamp}.md",
        f"execution_results_{stamp}.json",
        f"execution_summary_{stamp}.md",
    ]
    ends = {key: value["status"] for key, value in story.history.notes.items() if key.endswith("/end")}
    assert ends == {f"tasks/{task['task_id']}/end": task["final_status"] for task in story.results["task_results"]}
    summary = (story.run / "handoff" / names[2]).read_text(encoding="utf-8")
    accuracy = next(t for t in story.results["task_results"] if t["task_id"] == "baseline")["reported_metrics"]
    assert f"{accuracy['accuracy'][0]:.6g}" in summary


def test_the_decision_follows_from_the_criterion_that_stood_before_the_run(story: Told) -> None:
    decision = story.results["decision"]
    assert decision["answer"] == "GO"
    assert decision["criteria"][0]["ci95"][0] > 0
    events = FileJournal(story.run / "events.jsonl").read()
    registered = next(e.number for e in events if getattr(e.payload, "key", "") == "tasks/queue")
    assert registered < next(e.number for e in events if isinstance(e.payload, AttemptStarted))


def test_the_next_cycle_is_triggered_only_once_a_person_approves(story: Told) -> None:
    trigger = story.run / "handoff" / "next_meeting_trigger.json"
    assert not trigger.exists()
    assert "assay tasks approve week-1" in story.second.stdout
    approved = called(story.folder, "approve", "week-1", "--by", "Ada")
    assert approved.returncode == 0, approved.stderr
    value = json.loads(trigger.read_text(encoding="utf-8"))
    assert value["manual_checkpoint"] == {"approved": True, "by": "Ada"}
    assert all((story.run / "handoff" / name).exists() for name in value["required_inputs"])
    again = called(story.folder, "approve", "week-1")
    assert (again.returncode, "E164" in again.stderr) == (5, True)


def test_the_status_table_shows_every_task(story: Told) -> None:
    shown = called(story.folder, "status").stdout
    assert [word in shown for word in ("baseline", "attention", "comparison", "GO")] == [True] * 4


def test_a_changed_queue_is_refused_under_the_same_name(story: Told) -> None:
    changed = {**QUEUE, "decision": {"alpha": 0.2, **QUEUE["decision"]}}
    path = story.folder / "changed.json"
    path.write_text(json.dumps(changed), encoding="utf-8")
    refused = called(story.folder, "run", str(path), "--responses", str(story.folder / "replies"))
    assert (refused.returncode, "E163" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["ls"], 0, ["3 done", "3 tasks"]),
        (["status"], 0, ["3 tasks: 3 completed. Decision: GO.", "assay tasks status week-1"]),
        (["status", "--oneline"], 0, ["week-1 3 done 3t finished"]),
        (["top"], 0, ["tasks, which have no score: assay tasks status week-1"]),
        (["show", "0"], 0, ["before attempt 1 quality: approve", "verified, tracking run", "reported, not graded"]),
        (["show", "best"], 5, ["fix: assay tasks status"]),
        (["logs"], 0, ["#0 evidence verified", "#0 operations, after attempt 1: approve"]),
        (["report"], 0, ["execution_results_"]),
    ],
)
def test_the_other_verbs_tell_the_truth_about_such_a_run(
    story: Told, words: list[str], code: int, told: list[str]
) -> None:
    line = [sys.executable, "-m", "assay", *words, "--runs", str(story.folder / "runs")]
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment(), timeout=120)
    assert done.returncode == code, done.stderr
    said = done.stdout + done.stderr
    assert [word for word in told if word not in said] == [], said
    assert [word for word in ("no valid score", "score none", "higher is better", "Traceback") if word in said] == []
