"""One run as a person drives it: started, asked after, told, stopped twice by signals, resumed, read."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assay.journal.file import FileJournal
from assay.journal.history import History

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ENV = {name: value for name, value in os.environ.items() if name not in ("ASSAY_RUNS", "CI")}
NAME = "slow-lizard"


def assay(*argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assay", *argv]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=ENV, timeout=300)


def said(*argv: str, cwd: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(assay(*argv, "--json", cwd=cwd).stdout)
    return value


@contextmanager
def working(*argv: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "assay", *argv]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd, env=ENV
    ) as process:
        yield process
        process.kill()


def wait_until(true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not true():
        if process.poll() is not None:
            pytest.fail(f"ended early: {process.communicate()}")
        time.sleep(0.2)


def history(cwd: Path) -> History:
    return History(FileJournal(cwd / "runs" / NAME / "events.jsonl").read())


def write_data(folder: Path) -> None:
    folder.mkdir()
    rows = [(i, i % 13, (i * 7) % 11, ((i % 13) * 3 - (i * 7) % 11) * 0.5 + (i * 37 % 17) * 0.05) for i in range(420)]
    train = "".join(f"{i},{x},{y},{z:.3f}\n" for i, x, y, z in rows[:340])
    test = "".join(f"{i},{x},{y}\n" for i, x, y, _ in rows[340:])
    (folder / "train.csv").write_text("id,x,y,price\n" + train, encoding="utf-8")
    (folder / "test.csv").write_text("id,x,y\n" + test, encoding="utf-8")


def signalled(process: subprocess.Popen[str], number: int) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_started_told_interrupted_terminated_resumed_and_read(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    start = ("run", "data", "--split", "holdout", "--trials", "3", "--time", "3m", "--workers", "1", "--reseeds", "2",
             "--no-gate", "--name", NAME, "--goal", "0.000001")  # fmt: skip

    with working(*start, "--json", cwd=tmp_path) as process:
        assert process.stdout is not None
        launch = json.loads(process.stdout.readline())
        assert (launch["event"], launch["run"], launch["pid"]) == ("launch", NAME, process.pid)
        first = json.loads(process.stdout.readline())
        assert (first["event"], first["trial"], first["state"]) == ("trial", 0, "complete")

        state = said("status", cwd=tmp_path)
        assert state["state"] in ("working", "quiet")
        assert (state["pid"], state["best"]["trial"]) == (process.pid, 0)
        assert re.fullmatch(rf"{NAME} \S+↓ \dt \S+ left \w+ ●\n", assay("status", "--oneline", cwd=tmp_path).stdout)
        assert said("ls", cwd=tmp_path)["runs"][0]["run"] == NAME

        assert assay("resume", NAME, cwd=tmp_path).stderr.startswith("error[E021]")
        assert assay(*start, cwd=tmp_path).stderr.startswith("error[E023]")
        assert assay("tell", "prefer linear models", cwd=tmp_path).returncode == 0
        wait_until(lambda: bool(history(tmp_path).told), process)

        code, out, err = signalled(process, signal.SIGINT)
    assert code == 130
    assert json.loads(out.splitlines()[-1])["resume"] == f"assay resume {NAME}"
    assert f"everything is saved. continue: assay resume {NAME}" in err
    assert "Traceback" not in err
    assert history(tmp_path).told[0][1] == "prefer linear models"

    state = said("status", cwd=tmp_path)
    assert (state["state"], state["fix"]) == ("dead", f"assay resume {NAME}")
    scored = {t.number: t.score for t in history(tmp_path).trials.values() if t.state.is_final}
    assert scored

    with working("resume", cwd=tmp_path) as process:
        wait_until(lambda: history(tmp_path).resumes == 1 and said("status", cwd=tmp_path)["pid"] is not None, process)
        code, _, err = signalled(process, signal.SIGTERM)
    assert code == 143
    assert "saving" in err
    assert "Traceback" not in err

    done = assay("resume", NAME, "--json", cwd=tmp_path)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    end = lines[-1]
    assert (end["event"], end["run"], end["exit"]) == ("done", NAME, done.returncode)
    assert done.returncode == 1, "a goal that nobody can reach was not reached"
    assert lines[0]["resumed"] is True
    after = history(tmp_path)
    assert after.resumes == 2
    assert {n: after.trials[n].score for n in scored} == scored
    assert sum(trial.operator != "blend" for trial in after.trials.values()) <= 3
    must_have_files(tmp_path / "runs" / NAME, end)
    must_be_readable(tmp_path, end)


def must_have_files(folder: Path, end: dict[str, Any]) -> None:
    assert Path(end["submission"]) == folder / "submission.csv"
    assert len((folder / "submission.csv").read_text(encoding="utf-8").splitlines()) == 81
    for name in ("report.html", "report.md", "report.json", "leaderboard.md", "leaderboard.csv", "results.tsv"):
        assert (folder / name).stat().st_size > 0
    assert (folder / "best").is_dir()
    assert not list(folder.rglob("*.tmp"))


def must_be_readable(cwd: Path, end: dict[str, Any]) -> None:
    state = said("status", cwd=cwd)
    assert (state["state"], state["best"]["score"]) == ("finished", end["best"]["score"])
    assert state["sealed"] is not None
    best = said("show", "best", cwd=cwd)
    assert best["trial"] == end["best"]["trial"]
    assert assay("diff", "best", "0", cwd=cwd).returncode == 0
    assert "prefer linear models" in assay("logs", cwd=cwd).stdout
    assert assay("report", cwd=cwd).returncode == 0
    text = assay("top", cwd=cwd).stdout
    assert "rmse, lower is better" in text
    again = assay("resume", NAME, cwd=cwd)
    assert "Traceback" not in again.stderr


def test_stop_ends_with_a_finish_and_stop_now_without(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    quick = ("--split", "holdout", "--reseeds", "0", "--no-gate", "--workers", "1")
    with working("run", "data", "--time", "5m", *quick, "--name", NAME, cwd=tmp_path) as process:
        wait_until(
            lambda: (tmp_path / "runs" / NAME / "events.jsonl").exists() and bool(history(tmp_path).best), process
        )
        told = assay("stop", "--now", cwd=tmp_path)
        assert (told.returncode, "assay resume slow-lizard" in told.stdout) == (0, True)
        process.communicate(timeout=60)
        assert process.returncode == 130
    assert history(tmp_path).finished is None

    with working("resume", cwd=tmp_path) as process:
        wait_until(lambda: history(tmp_path).resumes == 1 and said("status", cwd=tmp_path)["pid"] is not None, process)
        assert assay("stop", NAME, cwd=tmp_path).returncode == 0
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "stopped by: user" in out
    finished = history(tmp_path).finished
    assert finished is not None
    assert finished.winner is not None
    assert (tmp_path / "runs" / NAME / "submission.csv").is_file()


def test_demo_shows_a_cheat_rejected_and_a_winner(tmp_path: Path) -> None:
    done = assay("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "PLAYBOOK MODE" in done.stdout
    assert re.search(r"rejected 1, #\d Read the answers \(cheats on purpose\): L01", done.stdout)
    assert re.search(r"sealed +\d\.\d+ \(95 % interval", done.stdout)
    assert "error" not in done.stderr
    (folder,) = (p for p in (tmp_path / "runs").iterdir() if (p / "events.jsonl").exists())
    assert folder.name.startswith("demo-")
    assert (folder / "report.html").is_file()
    assert (folder / "submission.csv").is_file()
