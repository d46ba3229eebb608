from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from assay.core.clock import SystemClock
from assay.core.codec import encode
from assay.core.errors import IntegrityError, MachineError
from assay.core.execution import Outcome
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.identity import identify
from assay.sandbox.longrun import Life, LongRun, Look, Order, attach_long, start_long
from assay.sandbox.longrun.capped import CappedLog, read_log
from assay.sandbox.longrun.record import read_record, write_record

CLOCK = SystemClock()
FAMILY = """
import os, signal, subprocess, sys, time
stay = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('in', flush=True); time.sleep(600)"
for new_session in (False, True):
    child = subprocess.Popen([sys.executable, "-c", stay], stdout=subprocess.PIPE, start_new_session=new_session)
    child.stdout.readline()
    with open("pids", "a") as stream:
        print(child.pid, file=stream)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


def order(workspace: Path, source: str, **changes: object) -> Order:
    workspace.mkdir(exist_ok=True)
    usual = Order(
        command=Command(argv=("python", "-c", source), env={"SECRET": "hush-4711"}),
        workspace=Workspace(root=workspace),
        limits=SandboxLimits(wall_s=300, memory_bytes=2**30),
        sandbox="off",
        grace_s=0.3,
    )
    return dataclasses.replace(usual, **changes)


def begin(tmp_path: Path, source: str, prepare: dict[str, str] | None = None, **changes: object) -> LongRun:
    for name, text in (prepare or {}).items():
        (tmp_path / "work").mkdir(exist_ok=True)
        (tmp_path / "work" / name).write_text(text)
    return start_long(tmp_path / "record", order(tmp_path / "work", source, **changes))


def ended(run: LongRun) -> Look:
    look = run.wait(60)
    assert look is not None
    return look


def until_printed(run: LongRun, word: str) -> None:
    while word not in run.tail():
        assert not run.look().is_over, run.tail()
        CLOCK.sleep(0.05)


def until_dead(pids: list[int]) -> None:
    while any(identify(pid) is not None for pid in pids):
        CLOCK.sleep(0.05)


def test_the_real_exit_code_is_found_by_whoever_comes_later(tmp_path: Path) -> None:
    source = "import sys; x = bytearray(120 * 2**20); print('learnt'); sys.exit(7)"
    text = (
        "import json, sys; from pathlib import Path; from assay.core.codec import decode;"
        "from assay.sandbox.longrun import Order, start_long;"
        "start_long(Path(sys.argv[1]), decode(Order, json.loads(sys.argv[2])))"
    )
    given = json.dumps(encode(order(tmp_path / "work", source)))
    # Whoever started it is gone when it is looked for.
    subprocess.run([sys.executable, "-c", text, str(tmp_path / "record"), given], check=True)
    run = attach_long(tmp_path / "record")
    assert run is not None
    look = ended(run)
    end = look.record.end
    assert look.life is Life.ENDED
    assert end is not None
    assert (end.outcome, end.exit_code, end.signal) == (Outcome.ERROR, 7, "")
    assert end.peak_memory_bytes is not None
    assert end.peak_memory_bytes > 120 * 2**20
    assert end.ended >= look.record.started
    assert "exit code 7" in look.words
    assert run.tail() == "learnt\n"
    written = b"".join(path.read_bytes() for path in (tmp_path / "record").iterdir())
    assert b"hush-4711" not in written


def test_an_end_that_cannot_be_written_is_written_as_soon_as_it_can(tmp_path: Path) -> None:
    source = "import pathlib, sys, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)\nsys.exit(5)"
    run = begin(tmp_path, source)
    record, aside = run.folder / "record.json", run.folder / "aside.json"
    record.rename(aside)
    (record / "in the way").mkdir(parents=True)
    (tmp_path / "work" / "go").touch()
    guard = json.loads(aside.read_text())["process"].partition(":")[0]
    until_dead([int(guard)])
    CLOCK.sleep(0.5)
    shutil.rmtree(record)
    aside.rename(record)
    end = ended(run).record.end
    assert end is not None
    assert end.exit_code == 5


def test_a_signal_is_told_by_its_name(tmp_path: Path) -> None:
    end = ended(begin(tmp_path, "import os; os.kill(os.getpid(), 11)")).record.end
    assert end is not None
    assert (end.exit_code, end.signal, end.forced) == (139, "SIGSEGV", False)


def test_who_heeds_the_request_to_end_keeps_its_exit_code(tmp_path: Path) -> None:
    source = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('saved'), sys.exit(0)))\n"
        "print('ready', flush=True); time.sleep(600)"
    )
    run = begin(tmp_path, source, grace_s=60.0)
    until_printed(run, "ready")
    assert run.stop()
    end = ended(run).record.end
    assert end is not None
    assert (end.outcome, end.exit_code, end.forced) == (Outcome.STOPPED, 0, False)
    assert run.tail() == "ready\nsaved\n"
    assert not run.stop()


def test_a_program_in_a_shell_can_save_before_the_shell_is_asked_and_nothing_follows_it(tmp_path: Path) -> None:
    program = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.6), print('saved', flush=True), sys.exit(3)))\n"
        "print('ready', flush=True); time.sleep(600)"
    )
    line = "python train.py; sleep 600; echo never"
    run = begin(tmp_path, "", command=Command(argv=("bash", "-c", line)), grace_s=60.0, prepare={"train.py": program})
    until_printed(run, "ready")
    run.stop()
    end = ended(run).record.end
    assert end is not None
    assert not end.forced
    assert run.tail() == "ready\nsaved\n"


def test_who_does_not_heed_it_is_killed_with_its_whole_tree(tmp_path: Path) -> None:
    run = begin(tmp_path, FAMILY)
    until_printed(run, "ready")
    pids = [int(pid) for pid in (tmp_path / "work" / "pids").read_text().split()]
    run.stop()
    look = ended(run)
    assert look.record.end is not None
    assert look.record.end.forced
    assert look.record.end.outcome is Outcome.STOPPED
    assert [pid for pid in pids if identify(pid) is not None] == []


def test_a_killed_supervisor_leaves_an_unknown_end_and_no_process(tmp_path: Path) -> None:
    run = begin(tmp_path, FAMILY)
    until_printed(run, "ready")
    pids = [int(pid) for pid in (tmp_path / "work" / "pids").read_text().split()]
    assert run.kill()
    look = ended(run)
    assert (look.life, look.record.end) == (Life.UNKNOWN, None)
    assert "supervisor was killed" in look.words
    until_dead(pids)


def test_a_restart_of_the_machine_is_said_as_such(tmp_path: Path) -> None:
    run = begin(tmp_path, "import time; time.sleep(600)")
    before = run.look().record
    old = dataclasses.replace(before.supervisor, boot="another start of the machine")
    write_record(run.folder, dataclasses.replace(before, supervisor=old))
    look = run.look()
    assert look.life is Life.LOST
    assert "started anew" in look.words
    assert not run.kill()
    assert before.supervisor.signal(signal.SIGKILL)


def test_a_recycled_number_is_never_taken_for_it(tmp_path: Path) -> None:
    run = begin(tmp_path, "pass")
    record = ended(run).record
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        someone = identify(stranger.pid)
        assert someone is not None
        theirs = dataclasses.replace(someone, ticks=someone.ticks - 1)
        write_record(run.folder, dataclasses.replace(record, end=None, supervisor=theirs))
        assert run.look().life is Life.UNKNOWN
        assert not run.stop()
        assert not run.kill()
        assert stranger.poll() is None
        assert stranger.stdin is not None
        stranger.stdin.close()


def test_a_zombie_is_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = identify(child.pid)
    assert identity is not None
    assert identity.is_alive
    assert child.stdin is not None
    child.stdin.close()
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        CLOCK.sleep(0.02)
    assert not identity.is_alive
    child.wait()


def test_the_chosen_isolation_holds_for_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("not yours")
    run = begin(tmp_path, f"print(open({str(secret)!r}).read())", sandbox="auto")
    look = ended(run)
    assert look.record.tier != "off"
    assert look.record.end is not None
    assert look.record.end.exit_code == 1
    assert "not yours" not in run.tail()


def test_what_cannot_be_started_says_why(tmp_path: Path) -> None:
    with pytest.raises(MachineError) as caught:
        begin(tmp_path, "pass", command=Command(argv=("python",), interpreter=tmp_path / "nowhere"))
    assert caught.value.code.startswith("E5")
    record = read_record(tmp_path / "record")
    assert record is not None
    assert record.end is not None
    assert record.end.outcome is Outcome.INFRA


def test_a_record_is_never_written_over_nor_within_reach_nor_guessed(tmp_path: Path) -> None:
    run = begin(tmp_path, "pass")
    ended(run)
    with pytest.raises(IntegrityError) as caught:
        begin(tmp_path, "pass")
    assert caught.value.code == "E414"
    with pytest.raises(IntegrityError) as caught:
        start_long(tmp_path / "work" / "record", order(tmp_path / "work", "pass"))
    assert caught.value.code == "E415"
    whole = (run.folder / "record.json").read_bytes()
    (run.folder / "record.json").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(IntegrityError) as caught:
        attach_long(run.folder)
    assert caught.value.code == "E412"
    assert attach_long(tmp_path / "nothing") is None


@pytest.mark.parametrize("piece", [1, 7, 40, 1000])
def test_the_log_is_bounded_and_keeps_head_and_end(tmp_path: Path, piece: int) -> None:
    text = b"".join(b"%05d " % n for n in range(2000))
    log = CappedLog(tmp_path, 1200)
    for start in range(0, len(text), piece):
        log.add(text[start : start + piece])
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1200
    assert (tmp_path / "output.log").read_bytes() == text[:600]
    assert text.decode().endswith(read_log(tmp_path, 250))
    assert len(read_log(tmp_path, 250)) == 250
    assert os.listdir(tmp_path)  # noqa: PTH208
