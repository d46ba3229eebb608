"""What a candidate can use up and leave behind: rows 18 to 24 and 30 of the threat table in docs/sandbox.md.

Each bomb is bounded by itself, so that a sandbox that fails to stop it fails the test and not the machine.
"""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

MIB = 2**20

DAEMON = """
import os, signal, sys, time
parent_stays, hold_pipe = {parent_stays}, {hold_pipe}
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    import ctypes
    ctypes.CDLL(None).prctl(1, 0)
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    if not hold_pipe:
        for descriptor in (0, 1, 2):
            os.close(descriptor)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with open('alive', 'w') as stream:
            stream.write(str(time.monotonic()))
        time.sleep(0.01)
    os._exit(0)
while not os.path.exists('alive'):
    time.sleep(0.01)
if parent_stays:
    time.sleep(60)
"""


def is_frozen(path: Path) -> bool:
    before = path.read_bytes()
    time.sleep(0.15)
    return path.read_bytes() == before


@pytest.mark.parametrize("parent_stays", [False, True], ids=["parent-exits", "parent-stays"])
@pytest.mark.parametrize("hold_pipe", [False, True], ids=["pipe-closed", "pipe-held"])
def test_18_daemons_do_not_survive(arena: Any, parent_stays: bool, hold_pipe: bool) -> None:
    workspace = arena.workspace()
    source = DAEMON.format(parent_stays=parent_stays, hold_pipe=hold_pipe)
    result = arena.run(source, workspace=workspace, limits={"wall_s": 1.0 if parent_stays else 50.0})
    assert result["outcome"] == ("timeout" if parent_stays else "ok"), result
    assert is_frozen(workspace / "alive")


def test_19_nothing_survives_a_killed_product(fresh_arena: Any) -> None:
    workspace = fresh_arena.workspace()
    (workspace / "main.py").write_text(DAEMON.format(parent_stays=True, hold_pipe=True))
    fresh_arena.send({"argv": ["python", "main.py"], "workspace": str(workspace), "die": True})
    assert "started" in fresh_arena.receive()
    deadline = time.monotonic() + 30
    while not (workspace / "alive").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    fresh_arena.process.send_signal(signal.SIGKILL)
    fresh_arena.process.wait()
    deadline = time.monotonic() + 10
    while not is_frozen(workspace / "alive") and time.monotonic() < deadline:
        pass
    assert is_frozen(workspace / "alive")


def test_20_a_finished_thread_does_not_take_its_sandbox_along(arena: Any) -> None:
    result = arena.run("import time\ntime.sleep(0.5)\nprint('done')\n", thread=True)
    assert (result["outcome"], result["log"]) == ("ok", "done\n"), result


BOMB = """
import os, time
made = 0
try:
    for _ in range(300):
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        made += 1
except OSError:
    pass
print(made, flush=True)
time.sleep(30 if {stay} else 0)
"""


@pytest.mark.parametrize("stay", [False, True])
def test_21_a_fork_bomb_is_contained(arena: Any, stay: bool) -> None:
    limits = {"wall_s": 1.5, "processes": 64}
    result = arena.run(BOMB.format(stay=stay), limits=limits)
    made = int(result["log"].split()[0]) if result["log"].strip() else 0
    assert made < 64 or result["outcome"] == "processes", result
    assert result["outcome"] in ("ok", "timeout", "processes"), result
    assert os.waitstatus_to_exitcode(os.system("true")) == 0


def test_21_a_thread_bomb_is_contained(arena: Any) -> None:
    source = (
        "import threading, time\n"
        "made = 0\n"
        "try:\n"
        "    for _ in range(300):\n"
        "        threading.Thread(target=time.sleep, args=(5,), daemon=True).start()\n"
        "        made += 1\n"
        "except RuntimeError:\n"
        "    pass\n"
        "print(made, flush=True)\n"
    )
    result = arena.run(source, limits={"wall_s": 10.0, "processes": 64})
    assert result["outcome"] == "processes" or int(result["log"].split()[0]) < 64, result


MEMORY = {
    "anonymous": "held = []\nfor _ in range(100):\n    held.append(b'x' * 10_000_000)\n    time.sleep(0.01)\n",
    "forks": (
        "for _ in range(4):\n    if os.fork() == 0:\n        held = []\n        for _ in range(25):\n"
        "            held.append(b'x' * 10_000_000)\n            time.sleep(0.02)\n        time.sleep(20)\n"
        "time.sleep(20)\n"
    ),
    "shared": (
        "held = mmap.mmap(-1, 1_000_000_000)\nfor n in range(100):\n"
        "    held[n * 10_000_000:(n + 1) * 10_000_000] = b'x' * 10_000_000\n    time.sleep(0.01)\n"
    ),
    "tmpfs": (
        "place = '/dev/shm/assay-escape-%d' % os.getpid()\n"
        "with open(place, 'wb') as stream:\n    os.unlink(place)\n    for _ in range(100):\n"
        "        stream.write(b'x' * 10_000_000)\n        time.sleep(0.01)\n"
    ),
}


@pytest.mark.parametrize("kind", MEMORY)
def test_22_memory_is_bounded(arena: Any, kind: str) -> None:
    if kind == "tmpfs" and arena.tier == "T2" and not arena.hello["groups"]:
        pytest.skip("documented: without a control group tier T2 denies the host's /dev/shm, or does not count it")
    source = "import mmap, os, time\n" + MEMORY[kind] + "time.sleep(1)\nprint('unbounded')\n"
    result = arena.run(source, limits={"memory_bytes": 300 * MIB, "wall_s": 30.0})
    assert "unbounded" not in result["log"]
    # A private in-memory file system is also bounded by its size, which the candidate sees as a full disk.
    assert result["outcome"] == "memory" or (kind == "tmpfs" and "No space left" in result["log"]), result
    assert result["peak"] is None or result["peak"] <= 1.2 * 300 * MIB, result


def test_22_one_huge_allocation_fails_in_python(arena: Any) -> None:
    result = arena.run("print('before')\nx = bytearray(20 * 2**30)\n", limits={"memory_bytes": 300 * MIB})
    assert result["outcome"] == "error", result
    assert "MemoryError" in result["log"]


@pytest.mark.parametrize("name", ["memfd_create", "shmget"])
def test_22_memory_that_nobody_counts_cannot_be_had(arena: Any, name: str) -> None:
    if arena.hello["groups"]:
        pytest.skip("the control group counts it")
    workspace = arena.workspace()
    source = f"import attacks\nprint(attacks.outcome(lambda: attacks.call(attacks.NUMBERS['{name}'], 0, 4096, 0)))\n"
    assert arena.run(source, workspace=workspace)["log"] == "ENOSYS\n"


DISK = {
    "big": "with open('x', 'wb') as f:\n    for _ in range(100):\n        f.write(b'x' * 2**20)\n        f.flush()\n",
    "sparse": "with open('x', 'wb') as f:\n    f.truncate(2**40)\n",
    "many": (
        "for n in range(100):\n    with open(f'{n}', 'wb') as f:\n        f.write(b'x' * 2**20)\n    time.sleep(0.01)\n"
    ),
    "unlinked": (
        "f = [open(f'{n}', 'wb') for n in range(10)]\nfor n in range(10):\n    os.unlink(f'{n}')\n"
        "    for _ in range(10):\n        f[n].write(b'x' * 2**20)\n    f[n].flush()\n    time.sleep(0.1)\n"
    ),
    "hidden": (
        "for n in range(10):\n    os.mkdir(f'd{n}')\n    with open(f'd{n}/x', 'wb') as f:\n"
        "        f.write(b'x' * 10 * 2**20)\n    os.chmod(f'd{n}', 0)\n    time.sleep(0.1)\n"
    ),
    "files": (
        "os.mkdir('d')\nfor n in range(1_500):\n    os.close(os.open(f'd/{n}', os.O_CREAT, 0o600))\ntime.sleep(5)\n"
    ),
}


@pytest.mark.parametrize("kind", DISK)
def test_23_disk_is_bounded(arena: Any, kind: str) -> None:
    source = "import os, time\n" + DISK[kind] + "time.sleep(1)\nprint('unbounded')\n"
    limits = {"workspace_bytes": 40 * MIB, "workspace_files": 500, "wall_s": 30.0}
    result = arena.run(source, limits=limits)
    if kind in ("big", "sparse"):  # refused by the kernel, so that Python can tell where
        assert "File too large" in result["log"] or result["outcome"] == "disk", result
        assert "unbounded" not in result["log"]
    else:
        assert result["outcome"] == "disk", result


def test_23_private_file_systems_have_a_size(arena: Any) -> None:
    if arena.tier != "T1":
        pytest.skip("only namespaces have file systems of their own")
    source = (
        "for place in ('/tmp/x', '/dev/shm/x'):\n"
        "    try:\n"
        "        with open(place, 'wb') as f:\n"
        "            for _ in range(64):\n"
        "                f.write(b'x' * 2**20)\n"
        "    except OSError as error:\n"
        "        print(place, error.errno)\n"
    )
    result = arena.run(source, limits={"tmp_bytes": 16 * MIB, "memory_bytes": 32 * MIB + 100 * MIB})
    assert "/tmp/x 28" in result["log"], result


OUTPUT = {
    "lines": "while True:\n    sys.stdout.write('x' * 99 + '\\n')\n",
    "no-newline": "while True:\n    sys.stdout.write('x' * 100_000)\n",
    "binary": "while True:\n    sys.stdout.buffer.write(os.urandom(100_000))\n",
    "escapes": "while True:\n    sys.stdout.write('\\x1b[2J\\x1b]0;owned\\x07' * 1_000)\n",
}


@pytest.mark.parametrize("kind", OUTPUT)
def test_24_output_is_bounded(arena: Any, kind: str) -> None:
    source = "import os, sys\nprint('first', flush=True)\n" + OUTPUT[kind]
    limits = {"output_bytes": 24 * MIB, "log_bytes": 2**18, "wall_s": 40.0}
    result = arena.run(source, limits=limits)
    assert result["outcome"] == "output", result["outcome"]
    assert result["log"].startswith("first\n")
    assert result["grown_kib"] < 20_000


def test_24_closing_the_output_does_not_stop_the_clock(arena: Any) -> None:
    source = "import os, time\nprint('partial', flush=True)\nos.close(1)\nos.close(2)\ntime.sleep(40)\n"
    result = arena.run(source, limits={"wall_s": 1.0})
    assert result["outcome"] == "timeout"
    assert result["log"].startswith("partial\n")
    assert result["wall_s"] < 20


def test_30_what_is_left_can_be_removed(arena: Any) -> None:
    source = (
        "import os\n"
        "here = os.getcwd()\n"
        "for _ in range(1100):\n"
        "    os.mkdir('d')\n"
        "    os.chdir('d')\n"
        "open('x', 'w').close()\n"
        "os.chdir(here)\n"
        "os.mkdir('n' * 255)\n"
        "os.mkdir('new\\nline')\n"
        "os.chmod('new\\nline', 0)\n"
    )
    result = arena.run(source)
    assert result["outcome"] == "ok", result  # the range removes the workspace, and fails if it cannot


def test_34_a_broken_mount_is_not_blamed_on_the_candidate(arena: Any, tmp_path: Path) -> None:
    del tmp_path
    workspace = arena.workspace()
    (workspace / "taken").mkdir()
    (workspace / "taken" / "file").write_text("x")
    mount = [str(arena.data), "taken"]  # a file over a folder that is not empty: nothing sensible can be done
    arena.send({"argv": ["python", "-c", ""], "workspace": str(workspace), "mounts": [mount]})
    assert arena.receive()["error"] == "E514"
