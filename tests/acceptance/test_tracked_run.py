"""MLflow is down: the run ends as it would without, says so in its journal, and an export writes all of it later."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.tracking import Store, resolve_place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
OWN = ("ASSAY_RUNS", "ASSAY_MLFLOW", "MLFLOW_TRACKING_URI", "CI")
SERVER = "http://127.0.0.1:9"
"""Nobody listens there."""


def assay(*argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if name not in OWN}
    env |= {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "OPENAI_API_KEY": "correct-horse-battery"}
    command = [sys.executable, "-m", "assay", *argv]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env, timeout=400)


def test_a_server_that_is_down_changes_nothing_about_the_run(tmp_path: Path) -> None:
    rows = [f"{i},{i % 13},{(i * 7) % 11},{(i % 13) * 3 - (i * 7) % 11 + (i * 37 % 17) * 0.05}" for i in range(300)]
    (tmp_path / "train.csv").write_text("\n".join(["id,a,b,y", *rows]) + "\n", encoding="utf-8")
    limits = ("--time", "100s", "--trials", "2", "--workers", "1", "--no-gate", "--name", "calm-otter")
    ended = assay("run", "train.csv", "--target", "y", "--mlflow", SERVER, *limits, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "assay export --mlflow" in ended.stderr
    folder = tmp_path / "runs" / "calm-otter"
    history = History(FileJournal(folder / "events.jsonl").read())
    assert history.finished is not None
    assert history.ranking()
    # A run that is over before the store is given up has nothing to remark on.
    assert [remark.code for _, remark in history.remarks].count("W420") <= 1
    assert SERVER in json.loads((folder / "run.json").read_text(encoding="utf-8"))["options"]["mlflow"]

    exported = assay("export", "--mlflow", "--json", cwd=tmp_path)
    assert exported.returncode == 0, exported.stderr
    told = json.loads(exported.stdout)
    assert told["trials"] == len(history.trials)
    with Store(resolve_place("local", tmp_path / "runs", {})) as store:
        run = store.read(told["run_id"])
        best = store.find(f"{run.tags['assay.key']}/trial-{history.ranking()[0].number:04d}") if run else None
    assert run is not None
    assert best is not None
    assert (run.state, best.state) == ("FINISHED", "FINISHED")
    assert best.metrics["score"][-1].value == history.ranking()[0].score
    assert {"report.html", "report.md"} <= set(run.artifacts)
