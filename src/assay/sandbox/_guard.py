"""The guard: a small process that locks a command down, starts it, and outlives every process that comes of it.

It is started as a file by a bare interpreter (`python -I -S _guard.py SPEC STATUS GO`), so it imports nothing of this
package and little of the library: each import would be paid at every start. The order comes through descriptor SPEC,
answers go as JSON lines to STATUS, and the byte that lets the command start comes through GO. When GO is closed, the
engine is gone or wants the end: everything is killed.
"""

from __future__ import annotations

import ctypes
import errno
import marshal
import os
import resource
import select
import signal
import struct
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself would be paid at every start
    from typing import Any

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 4, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 36, 38, 47
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _PR_CAP_AMBIENT_CLEAR_ALL = 22, 2, 4
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_CAPSET = {"x86_64": 126, "aarch64": 91}

READ = 1 << 0 | 1 << 2 | 1 << 3
"""Execute, read a file, list a folder."""
FILE_ONLY = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
"""Rights that make sense on a file: execute, write, read, truncate, device control."""
_FS_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_TCP, _SCOPES = 0b11, 0b11


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _syscall(number: int, *arguments: object) -> int:
    result: int = _libc().syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def _prctl(option: int, *arguments: object) -> int:
    padded = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in (*arguments, 0, 0, 0, 0)[:4]]
    result: int = _libc().prctl(option, *padded)
    return result


def landlock_abi() -> int:
    """Return the version of Landlock that the kernel offers, 0 for none."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        return _syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    except OSError:
        return 0


def file_rights(abi: int) -> int:
    """Return every file-system right that this version of Landlock can take away."""
    return _FS_BY_ABI[max(known for known in _FS_BY_ABI if known <= abi)]


def restrict_files(read: list[str], write: list[str], abi: int, *, network: bool) -> None:
    """Take from this process, for good, all file access but that to `read` and `write` and what lies below them.

    Args:
        read: Paths that may be read and executed; those that do not exist are skipped.
        write: Paths with all rights.
        abi: Version of Landlock to use, at least 1.
        network: Whether TCP stays as it is (from version 4 on it is taken otherwise).
    """
    handled = file_rights(abi)
    attributes = [handled]
    if abi >= 4:
        attributes.append(0 if network else _TCP)
    if abi >= 6:
        attributes.append(_SCOPES)
    block = struct.pack(f"={len(attributes)}Q", *attributes)
    ruleset = _syscall(_LANDLOCK_CREATE, block, ctypes.c_size_t(len(block)), ctypes.c_uint32(0))
    for rights, paths in ((READ & handled, read), (handled, write)):
        for path in paths:
            _allow(ruleset, path, rights)
    set_no_new_privileges()
    _syscall(_LANDLOCK_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not os.path.isdir(path):  # noqa: PTH112 - pathlib would be paid at every start
        rights &= FILE_ONLY
    rule = struct.pack("=Qi", rights, descriptor)
    _syscall(_LANDLOCK_ADD, ctypes.c_int(ruleset), ctypes.c_int(1), rule, ctypes.c_uint32(0))
    os.close(descriptor)


def set_no_new_privileges() -> None:
    """Make sure that no program can gain rights by being started, from here on."""
    if _prctl(_PR_SET_NO_NEW_PRIVS, 1) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")


def install_filter(program: bytes) -> None:
    """Put a system-call filter on this process, for good."""
    buffer = ctypes.create_string_buffer(program, len(program))
    fprog = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    set_no_new_privileges()
    if _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(fprog)) != 0:
        raise OSError(ctypes.get_errno(), "the system-call filter was refused")


def drop_privileges(user: int | None, group: int | None = None) -> None:
    """Give up every capability, and root's identity where there is another to take.

    Args:
        user: User id to become, or None to stay who we are.
        group: Group id of every file made from here on, or None for the one we have.
    """
    for capability in range(64):
        _prctl(_PR_CAPBSET_DROP, capability)
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    if group is not None:
        # Who stays root keeps reading what only root's group may read.
        os.setgroups([] if user is not None else [*os.getgroups(), os.getegid()])
        os.setresgid(group, group, group)
    if user is not None:
        os.setresuid(user, user, user)
    header, nothing = struct.pack("=Ii", 0x20080522, 0), bytes(24)
    number = _CAPSET.get(os.uname().machine)
    if number is not None:
        _syscall(number, header, nothing)


def _run(order: dict[str, Any]) -> None:
    """In the child: become what the command shall be, then be it."""
    os.setsid()
    os.chdir(order["cwd"])
    if order["lock"] is not None:
        lock = order["lock"]
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        drop_privileges(lock["user"], lock["group"])
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # taking another identity clears it
        if lock["abi"]:
            restrict_files(lock["read"], lock["write"], lock["abi"], network=False)
        install_filter(lock["filter"])
    try:
        os.execvpe(order["argv"][0], order["argv"], order["env"])
    except OSError as error:
        os.write(2, f"{order['argv'][0]}: {error.strerror}\n".encode())
        os._exit(126 if error.errno == errno.EACCES else 127)


def _child(order: dict[str, Any], gate: int, report: int) -> None:
    try:
        if os.read(gate, 1) != b"g":
            os._exit(0)
        os.close(gate)
        _run(order)
    except Exception as error:
        os.write(report, f"{type(error).__name__}: {error}".encode()[:4000])
    finally:
        os._exit(125)


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as stream:  # noqa: PTH123
            return [int(word) for word in stream.read().split()]
    except OSError:
        return []


def _kill_all(user: int | None, child: int) -> None:
    """Kill until there is no child left; what a dead process leaves behind becomes a child of ours."""
    if user is not None:
        _kill_user(user)
    while True:
        for sign in (signal.SIGSTOP, signal.SIGKILL):  # stopped first, so that none can have children meanwhile
            for pid in {*_children(), child}:
                _signal(pid, sign)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.001)


def _signal(pid: int, sign: int) -> None:
    if pid <= 0:
        return
    for send in (os.kill, os.killpg):
        try:  # noqa: SIM105 - contextlib would be paid at every start
            send(pid, sign)
        except (ProcessLookupError, PermissionError):
            pass


def _kill_user(user: int) -> None:
    """Kill every process of `user` in one step, which no fork can outrun."""
    killer = os.fork()
    if killer == 0:
        try:
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(killer, 0)


def _attend(child: int, gate: int, go: int) -> int | None:
    """Wait for an end; return the child's wait status, or None when the engine is gone or wants the end."""
    end = os.pidfd_open(child) if hasattr(os, "pidfd_open") else -1
    poller = select.poll()
    poller.register(go, select.POLLIN)
    if end >= 0:
        poller.register(end, select.POLLIN)
    while True:
        events = dict(poller.poll(1000 if end >= 0 else 20))
        if go in events:
            word = os.read(go, 1)
            if not word:
                return None
            os.write(gate, word)
        try:
            while True:
                pid, code = os.waitpid(-1, os.WNOHANG)
                if pid == child:
                    return code
                if pid == 0:
                    break
        except ChildProcessError:
            return None


def main(spec: int, status: int, go: int) -> None:
    """Carry out one order."""
    with open(spec, "rb") as stream:
        order = marshal.loads(stream.read())
    gate_end, gate = os.pipe()
    report, report_end = os.pipe()
    linux = sys.platform.startswith("linux")
    if linux:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        for descriptor in (gate, report, status, go):
            os.close(descriptor)
        os.set_inheritable(report_end, False)
        _child(order, gate_end, report_end)
    if linux:
        _prctl(_PR_SET_DUMPABLE, 0)
    for descriptor in order["passed"]:
        os.close(descriptor)
    os.close(gate_end)
    os.close(report_end)
    os.write(status, b'{"child-pid": %d}\n' % child)
    code = _attend(child, gate, go)
    _kill_all(order["user"], 0 if code is not None else child)
    error = os.read(report, 4096).decode(errors="replace")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = used.ru_maxrss * (1024 if linux else 1)
    answer = f'"cpu-s": {used.ru_utime + used.ru_stime:f}, "peak": {peak}'
    if error:
        import json

        answer += ', "error": ' + json.dumps(error)
    elif code is not None:
        exit_code = os.waitstatus_to_exitcode(code)
        answer += f', "exit-code": {exit_code if exit_code >= 0 else 128 - exit_code}'
    os.write(status, ("{" + answer + "}\n").encode())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
