"""A run is in MLflow without being asked; where that is down it ends as it would without, and an export mends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assay.core.memory import free_memory_bytes
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.tracking import Store, resolve_place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
OWN = ("ASSAY_RUNS", "ASSAY_MLFLOW", "MLFLOW_TRACKING_URI", "CI")
SERVER = "http://127.0.0.1:9"
"""Nobody listens there."""


def assay(*argv: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in OWN}
    env |= {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "OPENAI_API_KEY": "correct-horse-battery", **more}
    command = [sys.executable, "-m", "assay", *argv]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env, timeout=400)


LIMITS = ("--time", "100s", "--trials", "2", "--workers", "1", "--reseeds", "0", "--no-gate", "--name", "calm-otter")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [f"{i},{i % 13},{(i * 7) % 11},{(i % 13) * 3 - (i * 7) % 11 + (i * 37 % 17) * 0.05}" for i in range(300)]
    (tmp_path / "train.csv").write_text("\n".join(["id,a,b,y", *rows]) + "\n", encoding="utf-8")
    return tmp_path


@pytest.mark.skipif(free_memory_bytes() < 3 * 2**30, reason="too little memory for a store that nobody asked for")
def test_a_run_is_in_a_store_of_its_own_although_nobody_asked_and_it_was_over_at_once(data: Path) -> None:
    ended = assay("run", "train.csv", "--target", "y", *LIMITS, cwd=data, MLFLOW_TRACKING_URI=SERVER)
    assert ended.returncode == 0, ended.stderr
    uri = f"sqlite:///{data}/runs/mlflow.db"
    assert f"ui --backend-store-uri {uri}" in ended.stdout
    folder = data / "runs" / "calm-otter"
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["options"]["mlflow"] == "auto"
    history = History(FileJournal(folder / "events.jsonl").read())
    top = f"calm-otter/{next(iter(FileJournal(folder / 'events.jsonl').read())).digest[:16]}"
    wanted = [f"{top}/trial-{number:04d}" for number in history.trials]
    with Store(resolve_place("local", data / "runs", {})) as store:
        while missing := [key for key in (top, *wanted) if (run := store.find(key)) is None or run.state == "RUNNING"]:
            time.sleep(0.5)  # another process writes them; the limit is that of the test
        assert missing == []
        best = store.find(f"{top}/trial-{history.ranking()[0].number:04d}")
    assert best is not None
    assert best.metrics["score"][-1].value == history.ranking()[0].score


def test_a_server_that_is_down_changes_nothing_about_the_run(data: Path) -> None:
    ended = assay("run", "train.csv", "--target", "y", "--mlflow", SERVER, *LIMITS, cwd=data)
    assert ended.returncode == 0, ended.stderr
    assert "assay export --mlflow" in ended.stdout + ended.stderr
    folder = data / "runs" / "calm-otter"
    history = History(FileJournal(folder / "events.jsonl").read())
    assert history.finished is not None
    assert history.ranking()
    # A run that is over before the store is given up has nothing to remark on.
    assert [remark.code for _, remark in history.remarks].count("W420") <= 1
    assert SERVER in json.loads((folder / "run.json").read_text(encoding="utf-8"))["options"]["mlflow"]

    exported = assay("export", "--mlflow", "--json", cwd=data)
    assert exported.returncode == 0, exported.stderr
    told = json.loads(exported.stdout)
    assert told["trials"] == len(history.trials)
    with Store(resolve_place("local", data / "runs", {})) as store:
        run = store.read(told["run_id"])
        best = store.find(f"{run.tags['assay.key']}/trial-{history.ranking()[0].number:04d}") if run else None
    assert run is not None
    assert best is not None
    assert (run.state, best.state) == ("FINISHED", "FINISHED")
    assert best.metrics["score"][-1].value == history.ranking()[0].score
    assert {"report.html", "report.md"} <= set(run.artifacts)
