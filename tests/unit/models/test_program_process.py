"""One start of a program: what goes in, what comes out, and that nothing of it is left running."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

from assay.models.base import always
from assay.models.program.process import Cause, Ended, Start, run_program
from support.stand_in_program import LateOnceCalled, StandIn, install
from support.survivors import is_alive, wait_until_gone

LONG_S = 120.0


def start_of(program: StandIn, *, timeout_s: float = LONG_S, stdin: str = "q", grace_s: float = 20.0) -> Start:
    return Start(
        argv=(str(program.path),),
        stdin=stdin.encode(),
        folder=program.folder,
        private=program.folder / "private",
        env=program.environ,
        timeout_s=timeout_s,
        longest_output=1_000_000,
        grace_s=grace_s,
    )


def run(folder: Path, step: dict[str, Any], **changes: Any) -> tuple[Ended, StandIn]:
    program = install(folder, "mine", step)
    return run_program(start_of(program, **changes), wanted=always), program


def run_until_late(folder: Path, step: dict[str, Any], **changes: Any) -> tuple[Ended, StandIn]:
    program = install(folder, "mine", step)
    return run_program(start_of(program, **changes), wanted=always, clock=LateOnceCalled(program)), program


def alive(*pids: int) -> list[psutil.Process]:
    found = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    return [process for process in found if is_alive(process)]


def test_what_it_prints_and_how_it_ends(tmp_path: Path) -> None:
    ended, _ = run(tmp_path, {"print": "out", "stderr": "err", "exit": 7})
    assert ended == Ended(cause=Cause.ITSELF, exit_code=7, stdout="out", stderr="err")


def test_a_signal_is_told_as_shells_do(tmp_path: Path) -> None:
    ended, _ = run(tmp_path, {"print": "out", "signal": signal.SIGSEGV})
    assert (ended.exit_code, ended.stdout) == (128 + signal.SIGSEGV, "out")


def test_a_prompt_of_half_a_megabyte_goes_in_and_comes_back(tmp_path: Path) -> None:
    program = install(tmp_path, "mine")
    program.path.write_text("#!/bin/sh\nexec cat\n")
    text = "äx\n" * 150_000
    ended = run_program(start_of(program, stdin=text), wanted=always)
    assert ended.stdout == text


def test_one_that_does_not_read_its_input_is_heard(tmp_path: Path) -> None:
    ended, _ = run(tmp_path, {"unread": True, "print": "no need"}, stdin="x" * 500_000)
    assert (ended.cause, ended.stdout) == (Cause.ITSELF, "no need")


def test_ten_megabytes_end_it(tmp_path: Path) -> None:
    ended, program = run(tmp_path, {"flood": 10_000_000, "hang": False})
    assert ended.cause is Cause.OUTPUT
    assert 1_000_000 < len(ended.stdout) < 2_000_000
    assert not alive(program.calls[0]["pid"])


def test_a_hanging_one_is_ended_at_its_time(tmp_path: Path) -> None:
    ended, program = run_until_late(tmp_path, {"hang": True})
    assert (ended.cause, ended.exit_code) == (Cause.TIME, 128 + signal.SIGTERM)
    assert not alive(program.calls[0]["pid"])


def test_one_that_is_deaf_to_the_request_is_killed(tmp_path: Path) -> None:
    ended, program = run_until_late(tmp_path, {"hang": True, "deaf": True, "child": "session"}, grace_s=0.1)
    assert (ended.cause, ended.exit_code) == (Cause.TIME, 128 + signal.SIGKILL)
    assert not alive(program.calls[0]["pid"], program.calls[0]["child"])


@pytest.mark.parametrize(
    "child",
    [
        "group",
        pytest.param(
            "session",
            marks=pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux hands orphans over"),
        ),
    ],
)
def test_a_child_left_behind_is_killed_and_does_not_hold_the_answer_up(tmp_path: Path, child: str) -> None:
    ended, program = run(tmp_path, {"child": child, "print": "out"})
    assert (ended.cause, ended.stdout) == (Cause.ITSELF, "out")
    assert not alive(program.calls[0]["child"])


def test_it_ends_when_nobody_waits_any_more(tmp_path: Path) -> None:
    program = install(tmp_path, "mine", {"hang": True})
    ended = run_program(start_of(program), wanted=lambda: not program.calls)
    assert ended.cause is Cause.UNWANTED
    assert not alive(program.calls[0]["pid"])


def test_what_there_is_not_says_so(tmp_path: Path) -> None:
    program = install(tmp_path, "mine", {})
    program.path.write_text("#!/no/such/interpreter\n")
    ended = run_program(start_of(program), wanted=always)
    assert ended.exit_code == 127
    assert "No such file" in ended.stderr


def test_it_does_not_outlive_an_assay_that_was_killed(tmp_path: Path) -> None:
    program = install(tmp_path, "mine", {"hang": True, "child": "session"})
    private = tmp_path / "private" / "work"
    private.mkdir(parents=True)
    (private / "notes.txt").touch()
    code = (
        "import sys; from pathlib import Path\n"
        "from assay.models.program.process import Start, run_program\n"
        "start = Start(argv=(sys.argv[1],), stdin=b'q', folder=Path(sys.argv[2]) / 'work',"
        " private=Path(sys.argv[2]), env={}, timeout_s=600,"
        " longest_output=1000)\n"
        "run_program(start, wanted=lambda: True)\n"
    )
    assay = subprocess.Popen([sys.executable, "-c", code, str(program.path), str(private.parent)])
    try:
        assert not wait_until_gone(lambda: [] if program.calls else [assay.pid])
        call = program.calls[0]
        assert alive(call["pid"], call["child"])
    finally:
        assay.kill()
        assay.wait()
    assert not wait_until_gone(lambda: alive(call["pid"], call["child"]))
    assert not wait_until_gone(lambda: list(tmp_path.glob("private")))


def test_calls_side_by_side_do_not_hold_each_other(tmp_path: Path) -> None:
    """A pipe of one call that another one's process inherits would keep it from ever ending."""
    slow = install(tmp_path / "slow", "mine", {"hang": True})
    ended: list[Ended] = []
    seen = threading.Event()
    thread = threading.Thread(
        target=lambda: ended.append(run_program(start_of(slow), wanted=lambda: not seen.is_set()))
    )
    thread.start()
    quick, _ = run(tmp_path / "quick", {"print": "out"})
    seen.set()
    thread.join()
    assert (quick.stdout, ended[0].cause) == ("out", Cause.UNWANTED)
