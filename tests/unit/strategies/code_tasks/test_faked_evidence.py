"""The dark twin of the story: ways of faking evidence, none of which passes, beside honest and broken tasks."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.fakes_of_evidence import FAKES, HONEST, PRELUDE, Fake, entry
from support.task_bench import Cycle, TaskBench, fenced

BROKEN = {
    "hangs": "while True: pass",
    "crashes": "import ctypes\nctypes.string_at(0)",
    "prints": "line = 'x' * 1_000_000\nfor _ in range(1_100): print(line)",
    "forks": "import os, time\nwhile True:\n    if os.fork() == 0: time.sleep(60)",
    "allocates": "kept = []\nwhile True: kept.append(bytearray(64 * 2**20))",
}


@pytest.fixture(scope="module")
def cycle(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Cycle:
    base = {"type": "experimental", "evidence_paths": ["results/x.json"], "expected": {"metrics": ["accuracy"]}}
    tasks = [{"id": "honest", "action": "measure", "priority": "HIGH", **base}]
    tasks += [entry(number, fake) for number, fake in enumerate(FAKES)]
    tasks += [{"id": name, "action": name, "timeout": 60 if name == "allocates" else 4, **base} for name in BROKEN]
    tasks += [{"id": "last", "action": "measure again", "priority": "LOW", **base}]
    replies = {f"fake_{number}": fake.reply for number, fake in enumerate(FAKES)}
    replies |= {name: fenced("x = 1", body) for name, body in BROKEN.items()}
    replies |= {name: fenced(PRELUDE, HONEST) for name in ("honest", "last")}
    return TaskBench(tmp_path_factory.mktemp("fakes"), template).work(tasks, replies)


@pytest.mark.parametrize(("number", "fake"), list(enumerate(FAKES)), ids=[fake.name for fake in FAKES])
def test_no_fake_passes(cycle: Cycle, number: int, fake: Fake) -> None:
    id = f"fake_{number}"
    assert cycle.status(id) == fake.status, cycle.ends[id].reason
    assert not fake.code or fake.code in cycle.codes(id)
    assert cycle.ends[id].run == ""


@pytest.mark.parametrize(
    ("name", "word"),
    [("hangs", "timeout"), ("crashes", "block 2"), ("prints", "output"), ("forks", "block 2"), ("allocates", "memory")],
)
def test_a_broken_task_fails_with_its_reason(cycle: Cycle, name: str, word: str) -> None:
    assert cycle.status(name) == "failed"
    assert word in cycle.ends[name].reason.lower()


def test_the_others_go_on(cycle: Cycle) -> None:
    assert cycle.status("honest") == "completed"
    assert cycle.status("last") == "completed"


def test_the_report_tells_the_final_statuses_and_flags_the_cycle(cycle: Cycle) -> None:
    results = cycle.results()
    told = {task["task_id"]: task["final_status"] for task in results["task_results"]}
    assert told == cycle.statuses()
    flagged = {id for id, status in cycle.statuses().items() if status == "downgraded"}
    assert set(results["cycle"]["claims_that_did_not_hold"]) == flagged
    assert not results["cycle"]["success"]
    claimed = [task for task in results["task_results"] if task["final_status"] == "completed"]
    assert {task["task_id"] for task in claimed} == {"honest", "last"}


def test_failures_seen_three_times_became_rules_for_later_tasks(cycle: Cycle) -> None:
    rules = cycle.history.notes["tasks/last/rules"]
    assert any("mlflow.start_run()" in rule for rule in rules)
    assert cycle.history.notes["tasks/honest/rules"] == []
