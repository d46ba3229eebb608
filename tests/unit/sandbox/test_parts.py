"""Parts that a whole sandbox is made of, each by itself."""

import json
import os
import platform
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from assay.core.clock import FakeClock
from assay.core.errors import IntegrityError, MachineError
from assay.core.execution import Outcome
from assay.sandbox.base import Mount, SandboxLimits, Workspace
from assay.sandbox.bwrap import workplace
from assay.sandbox.cgroup import Groups, _own_paths, _version_2
from assay.sandbox.environment import clean_environment, find_interpreter, replace_python
from assay.sandbox.leftovers import own_prefix, remove_leftovers
from assay.sandbox.lockdown import landlock_abi
from assay.sandbox.policy import check_workspace
from assay.sandbox.seccomp import FilterPolicy, build_filter
from assay.sandbox.slots import UserSlots, is_slot
from assay.sandbox.stack import stuck_at
from assay.sandbox.syscalls import architecture
from assay.sandbox.watchdog import Watchdog, folder_size


class TestInterpreter:
    def test_every_prefix_between_link_and_program_is_named(self, tmp_path: Path) -> None:
        base = tmp_path / "versions" / "3.11.7"
        (base / "bin").mkdir(parents=True)
        (base / "bin" / "python3.11").write_text("#!/bin/sh\n")
        (base / "bin" / "python3.11").chmod(0o755)
        (tmp_path / "versions" / "3.11").symlink_to("3.11.7")
        venv = tmp_path / "venv"
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").symlink_to(tmp_path / "versions" / "3.11" / "bin" / "python3.11")
        found = find_interpreter(venv / "bin" / "python")
        assert found.path == venv / "bin" / "python"
        assert set(found.folders) == {venv, base, tmp_path / "versions" / "3.11"}

    def test_a_prefix_that_would_show_everything_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "python").write_text("#!/bin/sh\n")
        (tmp_path / "bin" / "python").chmod(0o755)
        with pytest.raises(MachineError, match="would make all of"):
            find_interpreter(tmp_path / "bin" / "python")

    def test_a_missing_one_is_named(self) -> None:
        with pytest.raises(MachineError, match="'/no/python'"):
            find_interpreter(Path("/no/python"))

    def test_only_the_first_word_is_replaced(self) -> None:
        assert replace_python(("python", "python"), Path("/x/python")) == ("/x/python", "python")
        assert replace_python(("sh", "-c", "python"), Path("/x/python")) == ("sh", "-c", "python")


def test_the_environment_holds_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "canary")
    env = clean_environment(Path("/venv/bin/python"), home="/tmp", tmp="/tmp", threads=3, extra={"SEED": "1"})
    assert "canary" not in json.dumps(env)
    assert env["PATH"].startswith("/venv/bin:")
    assert env["OMP_NUM_THREADS"] == env["LOKY_MAX_CPU_COUNT"] == "3"
    assert env["OMP_WAIT_POLICY"] == "PASSIVE"
    assert env["SEED"] == "1"


class TestPolicy:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        (tmp_path / "run" / "work").mkdir(parents=True)
        (tmp_path / "run" / "private").mkdir()
        return tmp_path / "run"

    def test_a_link_to_a_secret_is_seen_through(self, root: Path) -> None:
        (root / "view").symlink_to(root / "private")
        mount = Mount(source=root / "view", target="input")
        with pytest.raises(IntegrityError, match="private"):
            check_workspace(Workspace(root=root / "work", mounts=(mount,), secrets=(root / "private",)), ())

    def test_an_interpreter_beside_the_labels_is_refused(self, root: Path) -> None:
        with pytest.raises(IntegrityError):
            check_workspace(Workspace(root=root / "work", secrets=(root / "private",)), (root,))

    def test_a_workspace_beside_its_secrets_is_fine(self, root: Path) -> None:
        check_workspace(Workspace(root=root / "work", secrets=(root / "private", root / "events.jsonl")), ())
        with pytest.raises(IntegrityError):
            check_workspace(Workspace(root=root, secrets=(root / "events.jsonl",)), ())

    def test_a_view_may_lie_in_a_hidden_folder_that_nothing_shows_as_a_whole(self, root: Path) -> None:
        data = root.parent
        view = Mount(source=root / "work", target="input")
        check_workspace(Workspace(root=root / "work", mounts=(view,), hidden=(data,)), (root / "work",))
        for shown in (data, data.parent):
            with pytest.raises(IntegrityError, match="would show"):
                check_workspace(
                    Workspace(root=root / "work", mounts=(Mount(source=shown, target="input"),), hidden=(data,)), ()
                )
            with pytest.raises(IntegrityError, match="would show"):
                check_workspace(Workspace(root=root / "work", hidden=(data,)), (shown,))


def test_the_workplace_keeps_clear_of_the_interpreter() -> None:
    assert workplace([Path("/usr"), Path("/home/me/venv")]) == "/work"
    assert workplace([Path("/work/venv")]) == "/workspace"
    assert workplace([Path("/work/venv"), Path("/workspace/python")]) == "/assay-work"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_filters_jump_only_inside_themselves(machine: str) -> None:
    tables = architecture(machine)
    assert tables is not None
    for policy in (FilterPolicy(inet=True), FilterPolicy(inet=False, unix=False, apart=True, freeze_metadata=True)):
        program = build_filter(policy, tables)
        steps = list(struct.iter_unpack("=HBBI", program))
        assert 100 < len(steps) < 4096
        assert steps[-1] == (0x06, 0, 0, 0x7FFF0000)
        for index, (code, yes, no, _) in enumerate(steps):
            if code & 0x07 == 0x05:
                assert index + 1 + max(yes, no) < len(steps)


def test_an_unknown_machine_has_no_filter() -> None:
    assert architecture("riscv64") is None
    assert architecture() is architecture(platform.machine())


def test_a_stack_is_taken_from_what_faulthandler_prints() -> None:
    dump = (
        "epoch 3\nFatal Python error: Aborted\n\nThread 0x00007f01 (most recent call first):\n"
        '  File "a.py", line 1 in worker\n\nCurrent thread 0x00007f02 [python] (most recent call first):\n'
        '  File "b.py", line 2 in fit\n  File "b.py", line 9 in <module>\n\nExtension modules: numpy (total: 1)\n'
    )
    assert stuck_at(dump) == '  File "b.py", line 2 in fit\n  File "b.py", line 9 in <module>'
    assert stuck_at(dump.replace("Current thread", "Thread")).startswith('  File "b.py", line 2')
    assert stuck_at("Fatal Python error: Aborted\n") == ""
    assert stuck_at("Aborted") == ""


@pytest.mark.parametrize("line", ["a" * 300_000, "a " * 150_000, "a(most recent call first)" * 12_000])
def test_a_stack_that_a_hostile_program_forges_takes_no_time_to_read(line: str) -> None:
    # Whoever reads it holds up the whole engine: at a minute a line this test would not end.
    assert stuck_at(f"Fatal Python error: Aborted\n\nThread 0x{line}\n") == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand out user ids")
def test_user_ids_are_held_until_given_back() -> None:
    first, second = UserSlots(), UserSlots()
    one, two, three = first.take(), second.take(), first.take()
    assert one is not None
    assert two is not None
    assert three is not None
    assert len({one, two, three}) == 3
    assert all(is_slot(uid) for uid in (one, two, three))
    first.give_back(one)
    assert second.take() == one
    for slots, uid in ((second, one), (second, two), (first, three)):
        slots.give_back(uid)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand out user ids")
def test_where_every_user_id_is_taken_nothing_runs_as_root_instead() -> None:
    ids = range(59_897, 59_899)
    first, second = UserSlots(ids), UserSlots(ids)
    assert {first.take(), first.take()} == set(ids)
    with pytest.raises(MachineError, match="none of 2 user ids") as caught:
        second.take()
    assert caught.value.code == "E511"
    first.give_back(ids[0])
    assert second.take() == ids[0]
    second.give_back(ids[0])
    first.give_back(ids[1])


def test_groups_of_dead_engines_are_removed_whatever_they_held(tmp_path: Path) -> None:
    dead = 2**22 + 7  # above the largest pid of any kernel
    for name in (f"assay-{dead}-0", f"assay-engine-{dead}", f"assay-engine-{os.getpid()}", "assay-notes-of-mine"):
        (tmp_path / name).mkdir()
    Groups({"memory": tmp_path, "pids": tmp_path}, version=2).remove_leftovers()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "assay-engine-" + str(os.getpid()),
        "assay-notes-of-mine",
    ]


def test_whoever_only_asks_is_not_moved_into_a_group(tmp_path: Path) -> None:
    for name, text in (("procs", "1\n"), ("controllers", "cpu memory pids\n"), ("subtree_control", "\n")):
        (tmp_path / f"cgroup.{name}").write_text(text, encoding="ascii")
    assert _version_2({"": ""}, move=False, mount=tmp_path) is None
    assert (tmp_path / "cgroup.procs").read_text(encoding="ascii") == "1\n"
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    (tmp_path / "cgroup.subtree_control").write_text("memory pids\n", encoding="ascii")
    groups = _version_2({"": ""}, move=False, mount=tmp_path)
    assert groups is not None
    assert groups.version == 2


def test_own_groups_are_read_from_either_version() -> None:
    assert _own_paths("4:memory:/a/b\n1:cpu,cpuacct:/\n0::/c\n") == {"memory": "a/b", "cpu": "", "cpuacct": "", "": "c"}


def test_folders_that_cannot_be_listed_are_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 8192)
    (tmp_path / "d").mkdir()
    size, files, hidden = folder_size([tmp_path, tmp_path / "no"], stop_after=100)
    assert size >= 8192
    assert (files, hidden) == (2, False)
    assert folder_size([tmp_path / "a"], stop_after=100)[2] is True


def test_the_watchdog_sees_files_and_tasks(tmp_path: Path) -> None:
    clock = FakeClock()
    limits = SandboxLimits(wall_s=9, memory_bytes=2**40, workspace_files=3)
    watchdog = Watchdog(limits, clock, writable=(tmp_path,), group=None)
    for number in range(5):
        (tmp_path / f"{number}").touch()
    assert watchdog.look([os.getpid()], root=None) is None
    assert watchdog.peak_memory_bytes is not None
    clock.advance(1)
    breach = watchdog.look([os.getpid()], root=None)
    assert breach is not None
    assert breach.outcome is Outcome.DISK
    crowd = Watchdog(SandboxLimits(wall_s=9, memory_bytes=2**40, processes=0), clock, writable=(tmp_path,), group=None)
    breach = crowd.look([os.getpid()], root=None)
    assert breach is not None
    assert breach.outcome is Outcome.PROCESSES


LOCKED = """
import socket, sys
from pathlib import Path
from assay.sandbox import lock_down
secret, given, own = map(Path, sys.argv[1:])
print(lock_down(read=[given], write=[own]))
print(given.read_text())
(own / "out").write_text("x")
import decimal, xml.dom.minidom
touch = secret.with_name("none").touch
for attack in (secret.read_text, lambda: given.write_text("x"), lambda: socket.socket(), touch):
    try:
        attack()
        print("worked")
    except OSError as error:
        print(type(error).__name__)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Landlock is Linux's")
def test_a_helper_can_lock_itself_down(tmp_path: Path) -> None:
    for name in ("secret", "given"):
        (tmp_path / name).write_text(name)
    (tmp_path / "own").mkdir()
    paths = [str(tmp_path / name) for name in ("secret", "given", "own")]
    done = subprocess.run([sys.executable, "-c", LOCKED, *paths], capture_output=True, text=True, check=True)
    enforced, *lines = done.stdout.splitlines()
    if landlock_abi() == 0:
        assert enforced in ("seccomp",)
        pytest.skip("this kernel has no Landlock")
    assert enforced == f"Landlock ABI {landlock_abi()} and seccomp"
    assert lines == ["given", "PermissionError", "PermissionError", "PermissionError", "PermissionError"]


UNDUMPABLE = """
import ctypes
from assay.sandbox import protect_engine
print(protect_engine(), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the switch is Linux's")
def test_the_engine_can_close_its_memory() -> None:
    done = subprocess.run([sys.executable, "-c", UNDUMPABLE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "0"]


def test_only_folders_of_dead_engines_are_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    mine = tmp_path / f"{own_prefix()}a"
    dead = tmp_path / f"{own_prefix().replace(str(os.getpid()), str(ended.pid))}b"
    foreign = tmp_path / f"assay-tmp-1-{ended.pid}-c"
    for folder in (mine, dead, foreign):
        (folder / "x").mkdir(parents=True)
    assert remove_leftovers(tmp_path) == [dead]
    assert {path.name for path in tmp_path.iterdir()} == {mine.name, foreign.name}
