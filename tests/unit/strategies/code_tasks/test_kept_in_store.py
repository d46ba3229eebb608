"""What is handed on: to the experiment store, which may not take it, and to the reader of the next cycle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import UsageError
from assay.strategies.code_tasks.handoff import newest_results
from assay.strategies.code_tasks.launching import work_on
from assay.strategies.code_tasks.options import TaskOptions
from assay.strategies.options import RunOptions
from assay.tracking import Store, resolve_place
from support.fakes_of_evidence import PRELUDE
from support.task_bench import Cycle, TaskBench, fenced

TASK: dict[str, Any] = {"id": "one", "action": "Write", "type": "documentation", "evidence_paths": ["output/a.txt"]}


def worked(folder: Path, text: str, store: str, meeting: str = "week-1") -> Cycle:
    code = f"from pathlib import Path\nPath('output/a.txt').write_text({text!r})"
    return TaskBench(folder, meeting=meeting).work([TASK], {"one": fenced(code)}, mlflow=store)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, template: Path) -> str:
    place = tmp_path_factory.mktemp("store") / "mlflow.db"
    place.write_bytes(template.read_bytes())
    return f"sqlite:///{place}"


def test_runs_of_one_name_in_two_folders_stay_apart_in_one_store(tmp_path: Path, address: str) -> None:
    ids = [
        worked(tmp_path / text, text, address).history.notes["tasks/one/stored"]["run"] for text in ("first", "second")
    ]
    assert ids[0] != ids[1]
    with Store(resolve_place(address, tmp_path, {})) as store:
        found = [store.read(id) for id in ids]
    assert [run.artifacts["output/a.txt"] for run in found if run is not None] == [5, 6]


def test_a_name_that_the_store_does_not_take_is_told_and_ends_nothing(tmp_path: Path, address: str) -> None:
    cycle = worked(tmp_path, "words", address, meeting="m" * 600)
    assert cycle.status("one") == "completed"
    assert "tasks/one/stored" not in cycle.history.notes
    assert [remark.code for _, remark in cycle.history.remarks if "does not take" in remark.text] == ["W432"]
    assert cycle.results()["task_results"][0]["experiment_store"] is None


@pytest.mark.parametrize(
    ("address", "code"), [("ftp://x", "E070"), ("http://me:hunter2-canary@localhost:1", "E061"), ("mlruns", "E070")]
)
def test_an_address_that_cannot_be_used_is_refused_before_it_is_written_anywhere(
    tmp_path: Path, address: str, code: str
) -> None:
    queue = tmp_path / "queue.json"
    queue.write_text(json.dumps({"decisions": [TASK]}), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        work_on(TaskOptions(file=queue, mlflow=address), RunOptions(runs=tmp_path / "runs"))
    assert caught.value.code == code
    assert "hunter2" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["queue.json"]


def test_a_reader_finds_the_newest_results(tmp_path: Path) -> None:
    assert newest_results(tmp_path) is None
    names = [f"execution_results_2025{rest}.json" for rest in ("1015_090000", "1103_080000", "1015_235959")]
    for name in (*names, "execution_results.json", "next_meeting_trigger.json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    assert newest_results(tmp_path) == tmp_path / names[1]


def test_a_step_that_is_logged_again_and_again_is_one_value(tmp_path: Path, template: Path) -> None:
    task = {"id": "one", "action": "Measure", "type": "experimental", "evidence_paths": ["results/x.json"]}
    steps = "for _ in range(40):\n    metric('accuracy', [0.7, 0.8])\nmetric('accuracy', ACCURACY)"
    reply = fenced(PRELUDE.replace("INSERT INTO", "INSERT OR REPLACE INTO"), f"{steps}\nresult()\nfinish()")
    cycle = TaskBench(tmp_path, template).work([{**task, "expected": {"metrics": ["accuracy"]}}], {"one": reply})
    assert cycle.status("one") == "completed"
    assert cycle.results()["task_results"][0]["reported_metrics"] == {"accuracy": [0.70, 0.80, 0.75]}
