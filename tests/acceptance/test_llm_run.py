"""Runs with a language model as a person with a key meets them: the command line against a real loopback server."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assay.core.trial import TrialState
from assay.journal.file import FileJournal
from assay.journal.history import History
from support.chat_server import After, ChatServer, Hang, Status, Step, Text, serving
from support.slopes import good_reply, write_data

KEY = "sk-loop-7f3b91c2d4e85a60"
NAME = "keen-heron"
ENV = {
    **{
        name: value for name, value in os.environ.items() if not name.startswith(("ASSAY_", "OPENAI_")) and name != "CI"
    },
    "OPENAI_API_KEY": KEY,
    "ASSAY_MLFLOW": "off",
}


def program(number: int, **fields: Any) -> Text:
    """A good reply: title, plan and a script of its own."""
    return Text(content=good_reply(number), **fields)


def command(url: str, *more: str) -> list[str]:
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
    return ["run", "data", "--model", "openai:gpt-loop", "--base-url", url, *options, *more]


def assay(*argv: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    full = [sys.executable, "-m", "assay", *argv]
    return subprocess.run(full, capture_output=True, text=True, check=False, cwd=cwd, env={**ENV, **env}, timeout=300)


def said(*argv: str, cwd: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(assay(*argv, "--json", cwd=cwd).stdout)
    return value


def history(cwd: Path) -> History:
    return History(FileJournal(cwd / "runs" / NAME / "events.jsonl").read())


def asked(server: ChatServer) -> list[str]:
    """The text of each request."""
    return ["\n".join(message["content"] for message in request["messages"]) for request in server.requests]


def must_hold_no_key(folder: Path) -> None:
    found = [path for path in folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
    assert found == []


@contextmanager
def working(*argv: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    full = [sys.executable, "-m", "assay", *argv]
    with subprocess.Popen(full, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd, env=ENV) as process:
        yield process
        process.kill()


def tell(text: str, cwd: Path) -> None:
    """Tell the run something, and return when it has heard."""
    assert assay("tell", text, cwd=cwd).returncode == 0
    deadline = time.monotonic() + 60
    while not any(text in told for _, told in history(cwd).told):
        assert time.monotonic() < deadline, "the run never heard"
        time.sleep(0.2)


def test_without_a_key_nothing_is_spent_and_nothing_is_left(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    argv = ("run", "data", "--model", "openai:gpt-loop", "--trials", "3", "--name", NAME)
    done = assay(*argv, cwd=tmp_path, OPENAI_API_KEY="")
    assert done.returncode == 6
    assert done.stderr.startswith("error[E303]")
    assert "export OPENAI_API_KEY=" in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_good_run_retries_hears_what_it_is_told_counts_and_keeps_no_key(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    (tmp_path / "house.md").write_text("House rule: prefer slopes to trees.", encoding="utf-8")
    steps: tuple[Step, ...] = (
        Status(code=429, headers={"Retry-After": "1"}),
        After(lambda: tell("x is the floor area", tmp_path), program(1)),
        program(2, input_tokens=700, output_tokens=300),
    )
    with serving(*steps) as server:
        argv = command(server.base_url, "--trials", "4", "--prompt-file", "house.md", "--reseeds", "5")
        done = assay(*argv, cwd=tmp_path, ASSAY_PRICE="1,10")
    assert done.returncode == 0, done.stderr
    assert len(server.requests) == 3, "the baselines are the playbook's, and the refused call is made again"
    first, again, second = asked(server)
    assert first == again
    assert "House rule: prefer slopes to trees." in first
    assert "x is the floor area" not in first
    assert "House rule: prefer slopes to trees." in second
    assert "x is the floor area" in second
    assert "Slope through the origin, 1" in second, "the table of what was tried"
    assert all(headers["authorization"] == f"Bearer {KEY}" for headers in server.headers)

    run = tmp_path / "runs" / NAME
    must_hold_no_key(run)
    must_hold_no_key(tmp_path)
    after = history(tmp_path)
    assert [(t.operator, t.title, t.state) for t in after.trials.values() if t.step in (2, 3)] == [
        ("draft", "Slope through the origin, 1", TrialState.COMPLETE),
        ("improve", "Slope through the origin, 2", TrialState.COMPLETE),
    ]
    assert after.usage.tokens == 120 + 1000
    assert str(after.usage.cost_usd) == "0.0040"
    calls = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((run / "llm").glob("*.json"))]
    assert sum(c.get("input_tokens", 0) + c.get("output_tokens", 0) for c in calls) == 1120
    spent = said("status", cwd=tmp_path)["spent"]
    assert (spent["tokens"], spent["cost_usd"]) == (1120, "0.0040")
    assert "1,120 tokens" in assay("status", cwd=tmp_path).stdout
    report = (run / "report.md").read_text(encoding="utf-8")
    assert [role for role in ("draft", "improve") if f"| {role} " in report] == ["draft", "improve"]
    assert "| 700 | 300 | $0.0037 | 92% |" in re.sub(" +", " ", report)
    assert "Prices per million tokens: $1 input, $10 output; stated in ASSAY_PRICE" in report


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_refused_key_delivers_the_baseline_and_a_mended_one_goes_on(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    body = {"error": {"message": f"Incorrect API key provided: {KEY}.", "code": "invalid_api_key"}}
    with serving(Status(code=401, body=body), program(1)) as server:
        done = assay(*command(server.base_url, "--trials", "3"), cwd=tmp_path)
        assert len(server.requests) == 1, "a refused key is not tried again"
        assert done.returncode == 0, done.stderr
        assert "stopped by: E303" in done.stdout
        assert "did not accept the key in ASSAY_API_KEY or OPENAI_API_KEY" in done.stdout + done.stderr
        assert f"assay resume {NAME}" in done.stdout
        assert KEY not in done.stdout + done.stderr
        must_hold_no_key(tmp_path)
        assert (tmp_path / "runs" / NAME / "submission.csv").is_file()

        done = assay("resume", NAME, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "stopped by: trials" in done.stdout
    assert len(server.requests) == 2
    assert any(t.operator == "draft" and t.score is not None for t in history(tmp_path).trials.values())


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_cap_on_cost_holds_and_the_run_finishes_with_what_exists(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    with serving(program(1, output_tokens=10_000)) as server:
        argv = command(server.base_url, "--trials", "9", "--cost", "0.20")
        done = assay(*argv, cwd=tmp_path, ASSAY_PRICE="1,10")
    assert done.returncode == 0, done.stderr
    # One reply took $0.10; a second could take $0.16, and so was not asked for.
    assert len(server.requests) == 1
    finished = history(tmp_path).finished
    assert finished is not None
    assert finished.stopped_by == "cost"
    assert finished.winner is not None
    assert "stopped by: cost" in done.stdout
    assert sum(t.operator == "draft" for t in history(tmp_path).trials.values()) == 1
    assert (tmp_path / "runs" / NAME / "submission.csv").is_file()


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_server_that_dies_ends_the_search_and_keeps_what_exists(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    with serving(program(1), After(lambda: server.close(), Hang())) as server:
        # The server is waited for for a fifth of the time that is left to the search.
        done = assay(*command(server.base_url, "--trials", "6", "--time", "4m"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    after = history(tmp_path)
    assert after.finished is not None
    assert after.finished.stopped_by == "E302"
    # The data and the winner have remarks of their own.
    assert [remark.code for _, remark in after.remarks if remark.code[1] == "3"] == ["W301", "E302"]
    assert after.finished.winner is not None
    assert sum(t.operator == "draft" for t in after.trials.values()) == 1
    assert "stopped by: E302" in done.stdout
    assert f"assay resume {NAME}" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_killed_run_never_asks_again_what_was_answered(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    running: list[subprocess.Popen[str]] = []
    killed = After(lambda: running[0].send_signal(signal.SIGKILL), Hang())
    with serving(program(1), killed, program(2)) as server:
        with working(*command(server.base_url, "--trials", "4"), cwd=tmp_path) as process:
            running.append(process)
            process.communicate(timeout=300)
        assert process.returncode == -signal.SIGKILL
        before = history(tmp_path)
        assert before.finished is None
        done = assay("resume", NAME, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first, cut, again = asked(server)
    assert cut == again, "the one question in flight is put again, word for word"
    assert first != cut
    after = history(tmp_path)
    proposed = [t.title for t in after.trials.values() if t.step in (2, 3)]
    assert proposed == [f"Slope through the origin, {n}" for n in (1, 2)]
    scores = {n: t.score for n, t in before.trials.items() if t.state.is_final}
    assert {n: after.trials[n].score for n in scores} == scores
    must_hold_no_key(tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_an_interruption_does_not_wait_for_a_silent_provider(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    running: list[subprocess.Popen[str]] = []
    with serving(After(lambda: running[0].send_signal(signal.SIGINT), Hang()), program(1)) as server:
        with working(*command(server.base_url, "--trials", "3"), cwd=tmp_path) as process:
            running.append(process)
            _, err = process.communicate(timeout=200)
        # A call that is waited for ends after 30 s of silence and five more attempts at the least.
        assert len(server.requests) == 1
        assert process.returncode == 130, err
        assert f"assay resume {NAME}" in err
        done = assay("resume", NAME, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(server.requests) == 2
