"""The system-call filter: what generated code may not ask of the kernel, whatever else holds it.

A deny list on purpose: numeric libraries use calls that nobody lists, and what is denied here is what no data-science
program needs. Every answer is an error number, never a kill, so that a library which merely probes goes on.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from assay.sandbox.syscalls import Architecture

_LD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NR, _ARCH, _ARG0 = 0, 4, 16

_DENIED = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "perf_event_open", "userfaultfd"),
    *("keyctl", "add_key", "request_key", "kexec_load", "kexec_file_load"),
    *("init_module", "finit_module", "delete_module"),
    *("mount", "umount2", "pivot_root", "chroot", "open_tree", "open_tree_attr", "move_mount", "mount_setattr"),
    *("fsopen", "fsconfig", "fsmount", "fspick", "swapon", "swapoff", "reboot", "sethostname", "setdomainname"),
    *("syslog", "acct", "quotactl", "quotactl_fd", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex"),
    *("iopl", "ioperm", "lookup_dcookie", "nfsservctl", "uselib", "ustat", "sysfs", "_sysctl", "vhangup"),
    *("fanotify_init", "open_by_handle_at", "name_to_handle_at", "move_pages", "migrate_pages", "setns"),
)
_SHARED_IPC = (
    *("shmget", "shmat", "shmctl", "shmdt", "msgget", "msgsnd", "msgrcv", "msgctl"),
    *("semget", "semop", "semctl", "semtimedop", "mq_open", "mq_unlink"),
)
_METADATA = (
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat", "file_setattr"),
    *("setxattr", "lsetxattr", "fsetxattr", "setxattrat"),
    *("removexattr", "lremovexattr", "fremovexattr", "removexattrat"),
)
_TIMES = ("utime", "utimes", "futimesat")
_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00000080
_CHARACTER, _BLOCK, _FORMAT = 0o020000, 0o060000, 0o170000
_TERMINAL = (0x5412, 0x541C)
"""TIOCSTI, TIOCLINUX."""
_FILE_MARKS = (0x40086602, 0x40087602, 0x40086604, 0x401C5820, 0x40806685, 0x800C6613)
"""FS_IOC_SETFLAGS, FS_IOC_SETVERSION, EXT4_IOC_SETVERSION, FS_IOC_FSSETXATTR, FS_IOC_ENABLE_VERITY,
FS_IOC_SET_ENCRYPTION_POLICY: the owner may use them on a file that was only opened for reading."""
_LOCKS = (6, 7, 37, 38)
"""F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW."""
_SIGNS = (1024, 1026, 1036, 1038)
"""F_SETLEASE, F_NOTIFY, F_SET_RW_HINT, F_SET_FILE_RW_HINT."""
_NO_WAIT = 0x08
"""RWF_NOWAIT: read only what is in the page cache, and so learn what is."""
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16


@dataclass(frozen=True, kw_only=True)
class FilterPolicy:
    """What differs between tiers."""

    inet: bool
    """Whether internet sockets may be made: only where they lead nowhere (a network namespace)."""
    unix: bool = True
    """Whether named UNIX sockets may be made; socket pairs always may."""
    memfd: bool = False
    """Whether anonymous memory files may be made: only where a control group counts them."""
    shared_ipc: bool = False
    """Whether System V and POSIX queues may be used: only in an IPC namespace and a control group."""
    apart: bool = False
    """Whether files that others read, too, are no place to leave signs for them. Locks and times are silently left as
    they are: a program that takes a lock is the only one that can. Watches, leases and hints are refused. What stays
    are queues in the kernel (futexes) and the time that a read takes."""
    freeze_metadata: bool = False
    """Whether mode, owner and attributes are silently left as they are, which Landlock does not cover."""
    deny_truncate: bool = False
    """For Landlock before ABI 3, which lets a file be emptied by its path."""


def build_filter(policy: FilterPolicy, machine: Architecture) -> bytes:
    """Return the filter as the kernel (and `bwrap --seccomp`) takes it: an array of `struct sock_filter`."""
    builder = _Builder(machine)
    builder.deny(_DENIED, errno.EPERM)
    builder.deny(("clone3",), errno.ENOSYS)  # its flags are behind a pointer; the C library falls back to clone
    builder.deny_if_bits("clone", 0, _NAMESPACES, errno.EPERM)
    builder.deny_if_bits("unshare", 0, _NAMESPACES, errno.EPERM)
    builder.deny_devices("mknod", 1)
    builder.deny_devices("mknodat", 2)
    marks = _FILE_MARKS if policy.freeze_metadata else ()
    builder.deny_values("ioctl", 1, {errno.EPERM: (*_TERMINAL, *marks)})
    if policy.apart:
        _keep_apart(builder)
    if not policy.memfd:
        builder.deny(("memfd_create",), errno.ENOSYS)
    builder.deny(("memfd_secret",), errno.ENOSYS)
    if not policy.shared_ipc:
        builder.deny(_SHARED_IPC, errno.ENOSYS)
    if policy.freeze_metadata:
        builder.deny(_METADATA, 0)
    if policy.deny_truncate:
        builder.deny(("truncate",), errno.EPERM)
    families = (*((_AF_UNIX,) if policy.unix else ()), *((_AF_INET, _AF_INET6) if policy.inet else ()))
    builder.allow_sockets(families)
    return builder.finish()


def _keep_apart(builder: _Builder) -> None:
    builder.deny((*_TIMES, "flock"), 0)
    builder.freeze_times("utimensat")
    builder.deny_values("fcntl", 1, {0: _LOCKS, errno.EINVAL: _SIGNS})
    builder.deny(("inotify_init", "inotify_init1", "cachestat", "mincore"), errno.ENOSYS)
    builder.deny_if_bits("preadv2", 5, _NO_WAIT, errno.EOPNOTSUPP)


class _Builder:
    """Writes the program: for each rule a comparison with the call's number, then its answer."""

    def __init__(self, machine: Architecture) -> None:
        self._machine = machine
        self._code = [(_LD, 0, 0, _ARCH), (_JEQ, 1, 0, machine.audit), (_RET, 0, 0, _KILL), (_LD, 0, 0, _NR)]
        if machine.foreign_from is not None:
            self._code += [(_JGE, 0, 1, machine.foreign_from), (_RET, 0, 0, _ERRNO | errno.EPERM)]

    def deny(self, names: tuple[str, ...], error: int) -> None:
        for name in names:
            self._rule(name, [(_RET, 0, 0, _ERRNO | error)])

    def deny_if_bits(self, name: str, argument: int, bits: int, error: int) -> None:
        self._rule(name, [_load(argument), (_JSET, 0, 1, bits), _no(error), _YES])

    def deny_values(self, name: str, argument: int, values: Mapping[int, tuple[int, ...]]) -> None:
        """Answer a call by the error under which its argument stands. One rule a call: a second is never reached."""
        refused = [(error, value) for error, some in values.items() for value in some]
        tests = [step for error, value in refused for step in ((_JEQ, 0, 1, value), _no(error))]
        self._rule(name, [_load(argument), *tests, _YES])

    def deny_devices(self, name: str, argument: int) -> None:
        mask = (0x54, 0, 0, _FORMAT)  # BPF_ALU | BPF_AND
        tests = [step for kind in (_CHARACTER, _BLOCK) for step in ((_JEQ, 0, 1, kind), _no(errno.EPERM))]
        self._rule(name, [_load(argument), mask, *tests, _YES])

    def freeze_times(self, name: str) -> None:
        """Answer as if done; setting a named file to now is refused: `Path.touch` takes success for a proof."""
        to_now = [_load(2), (_JEQ, 0, 6, 0), _load_high(2), (_JEQ, 0, 4, 0)]
        named = [_load(1), (_JEQ, 0, 3, 0), _load_high(1), (_JEQ, 0, 1, 0)]
        self._rule(name, [*to_now, *named, _no(0), _no(errno.EPERM)])

    def allow_sockets(self, families: tuple[int, ...]) -> None:
        allowed = [step for family in families for step in ((_JEQ, 0, 1, family), _YES)]
        route = [(_JEQ, 0, 3, _AF_NETLINK), _load(2), (_JEQ, 0, 1, 0), _YES]
        self._rule("socket", [_load(0), *allowed, *route, _no(errno.EPERM)])
        self._rule("socketpair", [_load(0), (_JEQ, 0, 1, _AF_UNIX), _YES, _no(errno.EPERM)])

    def _rule(self, name: str, body: list[tuple[int, int, int, int]]) -> None:
        number = self._machine.numbers.get(name)
        if number is not None:
            self._code += [(_JEQ, 0, len(body), number), *body]

    def finish(self) -> bytes:
        return b"".join(struct.pack("=HBBI", *step) for step in [*self._code, _YES])


_YES = (_RET, 0, 0, _ALLOW)


def _no(error: int) -> tuple[int, int, int, int]:
    return (_RET, 0, 0, _ERRNO | error)


def _load(argument: int) -> tuple[int, int, int, int]:
    """Load the lower half of an argument; the kernel itself looks at no more of those that are tested here."""
    return (_LD, 0, 0, _ARG0 + 8 * argument)


def _load_high(argument: int) -> tuple[int, int, int, int]:
    """Load the upper half, of a pointer."""
    return (_LD, 0, 0, _ARG0 + 8 * argument + 4)
