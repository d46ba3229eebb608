"""Runs whose model is a program, as a person meets them: the command line against a stand-in on PATH."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from assay.journal.file import FileJournal
from assay.journal.history import History
from support.slopes import good_reply, write_data
from support.stand_in_program import StandIn, install
from support.survivors import is_alive, wait_until_gone

KEY = "of-claude-7f3b91c2d4e85a60"
NAME = "keen-heron"


def environment(program: StandIn) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_") and name != "CI"}
    own["ASSAY_MLFLOW"] = "off"
    return {
        **own,
        "PATH": f"{program.path.parent}:{own['PATH']}",
        "HOME": str(program.folder),
        "ANTHROPIC_API_KEY": KEY,
    }


def argv(*more: str) -> list[str]:
    options = [
        "--metric",
        "rmse",
        "--split",
        "holdout",
        "--workers",
        "1",
        "--name",
        NAME,
        "--display",
        "plain",
        "--no-gate",
        "--reseeds",
        "0",
    ]
    return [sys.executable, "-m", "assay", "run", "data", *options, *more]


def assay(program: StandIn, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        list(words), capture_output=True, text=True, check=False, cwd=cwd, env=environment(program), timeout=300
    )


def history(cwd: Path) -> History:
    return History(FileJournal(cwd / "runs" / NAME / "events.jsonl").read())


def calls(cwd: Path) -> list[dict[str, Any]]:
    paths = sorted((cwd / "runs" / NAME / "llm").glob("*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def test_without_the_program_nothing_is_spent_and_nothing_is_left(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    program = install(tmp_path / "home", "claude", {})
    done = assay(program, tmp_path, *argv("--model", "cli:no-such-program", "--trials", "3"))
    assert done.returncode == 6
    assert done.stderr.startswith("error[E309]")
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_good_run_retries_re_asks_counts_and_keeps_no_key(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    program = install(
        tmp_path / "home",
        "claude",
        {"fail": "API Error: Repeated 529 Overloaded errors", "status": 529},
        {"say": f"{KEY}: I would draw a line."},
        {"say": good_reply(1)},
        {"say": good_reply(2)},
    )
    done = assay(program, tmp_path, *argv("--model", "cli:claude --model opus", "--trials", "4"))
    assert done.returncode == 0, done.stderr
    assert [call["argv"][-2:] for call in program.calls] == [["--model", "opus"]] * 4
    refused, asked, mended, second = (call["stdin"] for call in program.calls)
    assert refused == asked
    assert "Slope through the origin, 1" not in mended
    assert "Slope through the origin, 1" in second, "the table of what was tried"

    after = history(tmp_path)
    titles = [trial.title for trial in after.trials.values() if trial.step in (2, 3)]
    assert titles == ["Slope through the origin, 1", "Slope through the origin, 2"]
    assert after.usage.requests == 3
    assert str(after.usage.cost_usd) == "0.0075"
    assert [call.get("error", {}).get("code") for call in calls(tmp_path)] == ["E302", None, None, None]
    run = tmp_path / "runs" / NAME
    assert [path for path in run.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()] == []


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_an_interrupted_run_leaves_no_program_running_and_goes_on_later(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    program = install(tmp_path / "home", "claude", {"hang": True, "child": "group"}, {"say": good_reply(1)})
    words = argv("--model", "cli:claude", "--trials", "3")
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment(program)
    )
    try:
        while not program.calls:
            assert process.poll() is None, "the run ended without a question"
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=200)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130, err
    call = program.calls[0]
    pids = [call["pid"], call["child"]]
    assert not wait_until_gone(lambda: [p for p in pids if psutil.pid_exists(p) and is_alive(psutil.Process(p))])

    done = assay(program, tmp_path, sys.executable, "-m", "assay", "resume", NAME)
    assert done.returncode == 0, done.stderr
    assert "stopped by: trials" in done.stdout
    assert program.calls[0]["stdin"] == program.calls[1]["stdin"]
