"""A lab as a person meets it: the command line on a repository of their own, killed, interrupted and taken up again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from assay.core.trial import TrialState
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.journal.history import History

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ENV = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_") and name != "CI"}
ENV["ASSAY_MLFLOW"] = "off"
TRAIN = """\
import json, os, sys, time

told = dict(pair.split("=") for pair in sys.argv[1:])
rate, kind = float(told.get("rate", "0.1")), told.get("kind", "plain")
noise = int(os.environ["ASSAY_SEED"]) % 7 / 1e4
score = 0.8 - (rate - 0.4) ** 2 + 0.1 * (kind == "rich") + noise
print("starts", flush=True)
time.sleep(float(os.environ.get("LAB_SLEEP", SLEEP)))
with open("metrics.json", "w") as stream:
    json.dump({"acc": score, "folds": [score - 0.01, score, score + 0.01, score + 0.002, score - 0.002]}, stream)
"""
LAB = """\
mission = "Raise acc."
command = "python train.py"
time = "60s"
files = ["train.py"]
[metric]
name = "acc"
direction = "max"
file = "metrics.json"
parts = "folds[*]"
[forbidden]
"other people's models" = ["torchvision"]
[[options]]
name = "rate"
flag = "{name}={value}"
default = "0.1"
low = 0.0
high = 1.0
category = "optimization"
[[options]]
name = "kind"
flag = "{name}={value}"
default = "plain"
values = ["plain", "rich"]
category = "model_arch"
"""


def repository(folder: Path, *, sleep: float = 0.0) -> Path:
    repo = folder / "repo"
    repo.mkdir()
    (repo / "train.py").write_text(TRAIN.replace("SLEEP", str(sleep)), encoding="utf-8")
    (repo / "lab.toml").write_text(LAB, encoding="utf-8")
    for argv in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *argv], cwd=repo, check=True, env=ENV)
    return repo


def assay(*argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    full = [sys.executable, "-m", "assay", *argv]
    return subprocess.run(full, capture_output=True, text=True, check=False, cwd=cwd, env=ENV, timeout=200)


def begin(*argv: str, cwd: Path) -> subprocess.Popen[str]:
    full = [sys.executable, "-m", "assay", *argv]
    return subprocess.Popen(full, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd, env=ENV)


def history(folder: Path) -> History:
    return History(FileJournal(folder / "runs" / "lab" / "events.jsonl").read())


def wait_until(true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not true():
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)


def starts(folder: Path) -> int:
    events = FileJournal(folder / "runs" / "lab" / "events.jsonl").read()
    return sum(isinstance(event.payload, ev.AttemptStarted) for event in events)


def runs(folder: Path) -> list[psutil.Process]:
    """The training scripts of this test that are running, with what holds them: all below their supervisors."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "assay.sandbox.longrun.supervisor" in words and words[-1].startswith(str(folder)):
            with suppress(psutil.Error):
                found += [child for child in process.children(recursive=True) if "train.py" in child.cmdline()]
    return found


def test_a_lab_improves_a_repository_that_it_never_touches(tmp_path: Path) -> None:
    tmp_path = tmp_path / "Räume & Wege"
    tmp_path.mkdir()
    repo = repository(tmp_path)
    done = assay(
        "run", "repo", "--strategy", "lab", "--trials", "7", "--name", "lab", "--display", "plain", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    after, folder = history(tmp_path), tmp_path / "runs" / "lab"
    assert after.finished is not None
    assert after.finished.stopped_by == "trials"
    assert sum(t.operator == "experiment" for t in after.trials.values()) == 7
    assert all(t.state is TrialState.COMPLETE and t.score is None for t in after.trials.values()), "nothing is graded"
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    outcome = report["outcome"]
    assert outcome["default"]["command"] == "python train.py"
    assert outcome["best"]["score"] > outcome["default"]["score"] + 0.05
    assert {number["source"] for name, number in report["numbers"].items() if name.endswith(".score")} == {"reported"}
    assert any(note.get("recommendation") for key, note in after.notes.items() if "lab/cycle/" in key), "reviewed"
    places = json.loads((folder / "leaderboard.json").read_text(encoding="utf-8"))
    assert str(outcome["best"]["trial"]) in json.dumps(places)
    assert "graded nothing" in (folder / "report.md").read_text(encoding="utf-8")
    assert "as reported, not graded" in done.stdout
    assert (folder / "story.md").read_text(encoding="utf-8").count("\n- C00") >= 7
    status = subprocess.run(["git", "status", "--porcelain"], cwd=repo, capture_output=True, text=True, check=True)
    assert status.stdout == ""


def test_an_experiment_outlives_a_killed_engine_and_is_credited_once(tmp_path: Path) -> None:
    repository(tmp_path, sleep=8.0)
    first = begin("run", "repo", "--strategy", "lab", "--trials", "1", "--name", "lab", cwd=tmp_path)
    folder = tmp_path / "runs" / "lab" / "long" / "job-0000-1" / "record" / "record.json"
    wait_until(folder.exists, first)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    record = json.loads(folder.read_text(encoding="utf-8"))
    assert "end" not in record, "it goes on without the engine"

    done = assay("resume", "lab", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert starts(tmp_path) == 1
    (trial,) = (t for t in history(tmp_path).trials.values() if t.operator == "experiment")
    assert trial.state is TrialState.COMPLETE
    executions = [e.payload for e in FileJournal(folder.parents[3] / "events.jsonl").read()]
    ended = [p for p in executions if isinstance(p, ev.Executed)]
    assert [p.execution.exit_code for p in ended] == [0]
    assert json.loads((tmp_path / "runs" / "lab" / "report.json").read_text(encoding="utf-8"))["outcome"]["runs"] == 1


def test_an_interrupted_lab_leaves_nothing_running(tmp_path: Path) -> None:
    repository(tmp_path, sleep=120.0)
    process = begin("run", "repo", "--strategy", "lab", "--trials", "1", "--name", "lab", cwd=tmp_path)
    wait_until(lambda: (tmp_path / "runs" / "lab" / "events.jsonl").exists() and starts(tmp_path) == 1, process)
    wait_until(lambda: bool(runs(tmp_path)), process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    (trial,) = (t for t in history(tmp_path).trials.values() if t.operator == "experiment")
    assert trial.state is TrialState.STOPPED
    assert runs(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("command = ", "comand = "), "comand"),
        (('direction = "max"', 'direction = "up"'), "direction"),
        (('time = "60s"', 'time = "60"'), "a unit is missing"),
        (('file = "metrics.json"', 'file = "metrics.txt"'), "metrics.txt"),
    ],
)
def test_a_wrong_lab_file_is_told_before_anything_starts(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    (repo / "lab.toml").write_text(LAB.replace(*change), encoding="utf-8")
    done = assay("run", "repo", "--strategy", "lab", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error[E170]")
    assert said in done.stderr
    assert not (tmp_path / "runs").exists()
