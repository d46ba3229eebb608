"""A run on a cluster whose engine is killed: the nodes end, nothing is lost, and the winner is that of a local run."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from assay.core.clock import SystemClock
from assay.engine.log import EventLog
from assay.journal import events as ev
from assay.journal.file import FileJournal
from support.engine import table
from support.real_engine import TARGET, write_data

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(900)]

OPTIONS = "--trials 2 --workers 1 --seed 3 --split stratified:2 --no-gate --no-mlflow --display plain"


def assay(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    with (folder / "err.txt").open("ab") as stream:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "assay", *words],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=stream,
            env={**os.environ, "XDG_CACHE_HOME": str(folder / "cache")},
        )


def events(folder: Path, name: str) -> list[ev.Event]:
    path = folder / "runs" / name / "events.jsonl"
    return list(FileJournal(path).read()) if path.exists() else []


def outcome(folder: Path, name: str) -> tuple[dict[str, tuple[Any, ...]], str]:
    """Return what the search made, by key, with scores and verdicts, and the key of the winner."""
    log = EventLog(FileJournal(folder / "runs" / name / "events.jsonl"), SystemClock())
    history = log.read(lambda known: known)
    assert history.finished is not None
    assert history.finished.winner is not None
    return {key: row[2:7] for key, row in table(log).items()}, history.trials[history.finished.winner].key


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 400
    while not happened():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.1)


def test_a_killed_engine_resumes_to_the_trials_of_a_local_run(tmp_path: Path) -> None:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    write_data(tmp_path / "data", rows=120, tests=10, leak=False)
    words = ["run", "data", "--target", TARGET, *OPTIONS.split()]
    assert assay(tmp_path, *words, "--name", "here").wait() == 0, (tmp_path / "err.txt").read_text(encoding="utf-8")

    engine = assay(tmp_path, *words, "--name", "there", "--executor", "ray")
    until(
        lambda: (
            engine.poll() is not None or any(isinstance(one.payload, ev.Executed) for one in events(tmp_path, "there"))
        )
    )
    assert engine.poll() is None, (tmp_path / "err.txt").read_text(encoding="utf-8")
    nodes = [p for p in psutil.Process(engine.pid).children(recursive=True) if p.name() in ("raylet", "gcs_server")]
    assert len(nodes) == 2
    engine.send_signal(signal.SIGKILL)
    engine.wait()
    until(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in nodes))

    assert assay(tmp_path, "resume", "there", "--no-mlflow", "--display", "plain").wait() == 0
    assert outcome(tmp_path, "there") == outcome(tmp_path, "here")
    started = Counter(
        (one.payload.code, one.payload.view, one.payload.seed)
        for one in events(tmp_path, "there")
        if isinstance(one.payload, ev.AttemptStarted)
    )
    assert max(started.values()) <= 2
    ran = [one.payload.execution for one in events(tmp_path, "there") if isinstance(one.payload, ev.Executed)]
    assert all(one.node and one.tier for one in ran)
    assert not any(
        one.payload.execution.node for one in events(tmp_path, "here") if isinstance(one.payload, ev.Executed)
    )
