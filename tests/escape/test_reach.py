"""What a candidate can see and touch: rows 1 to 17 of the threat table in docs/sandbox.md."""

import hashlib
import os
import socket
import time
from pathlib import Path
from typing import Any

BLOCKED = {
    "ENOENT",
    "EACCES",
    "EPERM",
    "EROFS",
    "EXDEV",
    "ENOTDIR",
    "ESRCH",
    "ENXIO",
    "ENOSYS",
    "EBUSY",
    "ELOOP",
    "ETXTBSY",
}
CANARY = "canary-7f3a9"


def worked(results: dict[str, str]) -> dict[str, str]:
    return {name: how for name, how in results.items() if how not in BLOCKED}


def state(base: Path) -> dict[str, Any]:
    found = {}
    for name in ("private/labels.csv", "view/train.csv", "sibling/solution.py", "home/.ssh/id_rsa", "runs.db"):
        info = (base / name).lstat()
        digest = hashlib.sha256((base / name).read_bytes()).hexdigest()
        found[name] = (info.st_mode, info.st_uid, info.st_size, info.st_mtime_ns, info.st_nlink, digest)
    return found


def guarded(base: Path) -> list[str]:
    names = ("private/labels.csv", "sibling/solution.py", "home/.ssh/id_rsa", "runs.db", "lib/assay/__init__.py")
    return [str(base / name) for name in names]


def test_01_reads_nothing_that_was_not_given(arena: Any) -> None:
    paths = [
        *guarded(arena.base),
        "/etc/shadow",
        "/root/.bashrc",
        str(arena.base),
        "/home",
        "/var/log",
        "/etc/hostname",
    ]
    paths += ["input/../../../private/labels.csv", "/proc/self/cwd/../../private/labels.csv"]
    assert worked(arena.attack("read_files", paths=paths)) == {}


def test_01_reads_its_input(arena: Any) -> None:
    assert arena.attack("read_files", paths=["input/train.csv"]) == {"input/train.csv": "worked"}


def test_02_sees_no_variable_of_the_product(arena: Any) -> None:
    seen = arena.attack("environment", canary=CANARY[::-1])  # backwards, so that its own command line does not hold it
    assert seen["canary"] == []
    assert seen["own"] is False
    assert {name for name in seen["names"] if "KEY" in name or "SSH" in name or "PYTHONPATH" in name} == set()


def test_03_sees_processes_only_where_that_is_documented(arena: Any) -> None:
    seen = arena.attack("processes", product=arena.hello["pid"])
    if arena.tier == "T1":
        assert len(seen["seen"]) <= 3, seen
    else:
        assert seen["sees_product"], "process names are hidden now: correct docs/sandbox.md"


def test_04_cannot_look_into_the_product(arena: Any) -> None:
    order = {"product": arena.hello["pid"], "descriptor": arena.hello["descriptor"], "path": str(arena.labels)}
    assert worked(arena.attack("product", **order)) == {}


def test_05_cannot_signal_the_product(arena: Any) -> None:
    pids = [arena.hello["pid"], os.getpid()]
    results = arena.attack("signals", pids=pids)
    assert worked(results) == {}, results


def test_06_writes_nothing_outside(arena: Any) -> None:
    before = state(arena.base)
    marker = Path("/tmp") / f"{arena.base.name}-marker"
    folders = [str(arena.base / name) for name in ("", "private", "sibling", "view", "home", "work")]
    paths = [*guarded(arena.base), "input/train.csv", str(arena.data)]
    assert worked(arena.attack("write_files", paths=paths, folders=[*folders, "input"])) == {}
    arena.run(f"open({str(marker)!r}, 'w').write('x')")
    assert not marker.exists()
    assert state(arena.base) == before


def test_07_tampering_with_data_and_labels_changes_nothing(arena: Any) -> None:
    before = state(arena.base)
    results = arena.attack("tamper", paths=[str(arena.data), str(arena.labels), "input/train.csv"])
    # Where the tier cannot refuse changes of metadata, it answers that they worked and does nothing.
    faked = {"chmod", "utime", "chown", "xattr"} if arena.tier == "T2" else {"utime"}
    assert {name.split()[0] for name in worked(results)} <= faked, results
    assert state(arena.base) == before


def test_08_16_has_no_privilege_to_use(arena: Any) -> None:
    seen = arena.attack("privileges")
    assert set(seen["caps"].values()) == {0}
    assert seen["no_new_privs"] == "1"
    assert seen["seccomp"] == "2"
    attacks = {name: how for name, how in seen["attacks"].items() if (name, how) != ("setuid", "EINVAL")}
    assert worked(attacks) == {}  # in a user namespace root's id does not even exist, which the kernel calls invalid
    if arena.tier == "T1" or arena.setting.interpreter is not None:
        assert seen["uid"] != 0


def test_09_cannot_change_the_kernel(arena: Any) -> None:
    paths = ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/overcommit_memory", "/proc/sysrq-trigger"]
    assert worked(arena.attack("kernel", paths=paths)) == {}


def test_10_to_13_reaches_nobody(arena: Any) -> None:
    order = {
        "port": arena.tcp.getsockname()[1],
        "udp_port": arena.udp.getsockname()[1],
        "address": host_address(),
        "abstract": arena.base.name,
        "pathname": str(arena.base / "socket"),
    }
    results = arena.attack("network", **order)
    refused = BLOCKED | {"ECONNREFUSED", "ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EPROTONOSUPPORT", "EAI"}
    open_ones = {name for name, how in results.items() if how not in refused}
    # A name that cannot be resolved is told as text.
    open_ones -= {name for name in open_ones if name == "dns" and results[name] != "worked"}
    # Landlock covers sockets with a path from ABI 9 on; before that another user id may still be kept out by rights.
    residue = {"pathname"} if arena.tier == "T2" and arena.hello["abi"] < 9 else set()
    assert open_ones <= residue, results
    for name in ("vsock", "packet", "alg", "netlink-audit", "netlink-kobject"):
        assert results[name] == "EPERM", results
    for listener in (arena.tcp, arena.tcp6, arena.abstract):
        assert listener is None or heard(listener) is False
    assert heard(arena.udp) is False
    if not open_ones:
        assert heard(arena.pathname) is False


def heard(listener: socket.socket) -> bool:
    try:
        if listener.type == socket.SOCK_DGRAM:
            listener.recv(100)
        else:
            listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def host_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def test_14_shares_no_memory_objects(arena: Any) -> None:
    results = arena.attack("memory_objects", shm=arena.base.name, key=0x4153)
    residue = {"host-shm"} if arena.shares_memory else set()
    if arena.hello["groups"] and arena.tier == "T1":
        residue |= {"mq"}  # a queue of its own namespace, counted by the control group
    assert set(worked(results)) <= residue, results


LEAVES = """
import pathlib, time
try:
    pathlib.Path("/dev/shm/{name}-left").write_text("for the next one")
    print("left")
except OSError as error:
    print(error.strerror)
open("ready", "w").close()
while not pathlib.Path("go").exists():
    time.sleep(0.01)
"""


def test_14_what_it_leaves_is_removed_and_nothing_of_another_program(arena: Any) -> None:
    left, other = (Path("/dev/shm") / f"{arena.base.name}-{name}" for name in ("left", "other"))
    workspace = arena.begin(LEAVES.replace("{name}", arena.base.name))
    waited = 0
    while not (workspace / "ready").exists():
        waited += 1
        assert waited < 3_000
        time.sleep(0.01)
    try:
        assert left.exists() == arena.shares_memory
        other.write_text("of a program beside it, of the same user, open in no process")
        if os.geteuid() == 0:
            os.chown(other, arena.setting.uid, arena.setting.uid)
        (workspace / "go").touch()
        result = arena.receive()
        assert result["log"] == ("Permission denied\n" if arena.tier == "T2" and not arena.shares_memory else "left\n")
        assert not left.exists()
        assert other.exists()
    finally:
        other.unlink(missing_ok=True)


def test_15_dangerous_calls_are_denied(arena: Any) -> None:
    results = arena.attack("kernel_calls")
    assert set(results.values()) <= {"EPERM", "ENOSYS"}, results


def test_15_leaves_no_signs_on_files_that_others_read(arena: Any) -> None:
    results = arena.attack("signs", path="input/train.csv")
    refused = BLOCKED | {"EINVAL", "ENOTSUP", "ENOTTY"}
    assert {name for name, how in results.items() if how not in refused | {"unseen"}} == set(), results
    assert {name for name, how in results.items() if how == "unseen"} >= {"flock", "lock", "open-file-lock"}


def test_16_a_setuid_program_gains_nothing(arena: Any) -> None:
    seen = arena.attack("setuid_program")
    assert seen["stdout"] != "0"
    assert seen["code"] != 0


def test_17_inherits_no_descriptor(arena: Any) -> None:
    found = arena.attack("descriptors")
    extra = {name: where for name, where in found.items() if name not in ("0", "1", "2") and "/proc/" not in where}
    assert extra == {}
    assert found["0"] == "/dev/null"
