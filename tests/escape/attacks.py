# ruff: noqa: PTH104, T201, PTH115, PTH208
"""Runs inside a sandbox: tries one group of attacks and prints, as JSON, how each of them ended.

    python attacks.py GROUP JSON

An attack that the system refused gives the name of the error number; one that worked gives `worked`.
"""

import ctypes
import errno
import fcntl
import json
import os
import pathlib
import signal
import socket
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
OFD_GETLK, OFD_SETLK = 36, 37
NUMBERS = {
    "x86_64": {
        "ptrace": 101, "process_vm_readv": 310, "pidfd_open": 434, "pidfd_getfd": 438, "io_uring_setup": 425,
        "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "keyctl": 250, "add_key": 248, "kexec_load": 246,
        "mount": 165, "umount2": 166, "chroot": 161, "pivot_root": 155, "unshare": 272, "setns": 308, "clone": 56,
        "memfd_create": 319, "shmget": 29, "mq_open": 240, "open_tree": 428, "fsopen": 430, "init_module": 175,
        "process_madvise": 440, "open_by_handle_at": 304, "syslog": 103, "clone3": 435,
    },
    "aarch64": {
        "ptrace": 117, "process_vm_readv": 270, "pidfd_open": 434, "pidfd_getfd": 438, "io_uring_setup": 425,
        "bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "keyctl": 219, "add_key": 217, "kexec_load": 104,
        "mount": 40, "umount2": 39, "chroot": 51, "pivot_root": 41, "unshare": 97, "setns": 268, "clone": 220,
        "memfd_create": 279, "shmget": 194, "mq_open": 180, "open_tree": 428, "fsopen": 430, "init_module": 105,
        "process_madvise": 440, "open_by_handle_at": 265, "syslog": 116, "clone3": 435,
    },
}[os.uname().machine]  # fmt: skip


def call(number, *arguments):
    padded = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = LIBC.syscall(ctypes.c_long(number), *padded)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def outcome(attack):
    try:
        value = attack()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "worked" if value is None or isinstance(value, (int, bytes)) else value


def read(path):
    with pathlib.Path(path).open("rb") as stream:
        stream.read(1)


def write(path):
    os.close(os.open(path, os.O_WRONLY))


def create(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def read_files(order):
    return {path: outcome(lambda path=path: read(path)) for path in order["paths"]}


def write_files(order):
    results = {path: outcome(lambda path=path: write(path)) for path in order["paths"]}
    for folder in order["folders"]:
        results[f"{folder}/new"] = outcome(lambda folder=folder: create(f"{folder}/new"))
    for path in (sys.executable, f"{sys.prefix}/new", "/new", "/dev/new", "/run/new", "/usr/new", "/etc/new"):
        results[path] = outcome(lambda path=path: create(path))
    return results


def tamper(order):
    results = {}
    for path in order["paths"]:
        for name, attack in {
            "truncate": lambda p: os.truncate(p, 0),
            "rename-over": lambda p: os.rename("mine", p),
            "rename-away": lambda p: os.rename(p, "stolen"),
            "unlink": os.unlink,
            "link-out": lambda p: os.link(p, "linked"),
            "chmod": lambda p: pathlib.Path(p).chmod(0o777),
            "utime": lambda p: os.utime(p, (0, 0)),
            "chown": lambda p: os.chown(p, os.getuid(), os.getgid()),
            "xattr": lambda p: os.setxattr(p, "user.x", b"1"),
        }.items():
            with pathlib.Path("mine").open("w", encoding="utf-8") as stream:
                stream.write("forged")
            results[f"{name} {path}"] = outcome(lambda attack=attack, path=path: attack(path))
    return results


def environment(order):
    found, canary = [], order["canary"][::-1]
    for pid in [name for name in os.listdir("/proc") if name.isdigit()]:
        for name in ("environ", "cmdline"):
            try:
                with pathlib.Path(f"/proc/{pid}/{name}").open("rb") as stream:
                    if canary.encode() in stream.read():
                        found.append(f"{pid}/{name}")
            except OSError:
                continue
    return {"names": sorted(os.environ), "canary": found, "own": canary in str(dict(os.environ))}


def processes(order):
    seen = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return {"seen": sorted(seen), "sees_product": order["product"] in seen}


def product(order):
    pid = order["product"]
    buffer = ctypes.create_string_buffer(8)
    vector = struct.pack("=QQ", ctypes.addressof(buffer), 8)
    return {
        "mem": outcome(lambda: read(f"/proc/{pid}/mem")),
        "maps": outcome(lambda: read(f"/proc/{pid}/maps")),
        "environ": outcome(lambda: read(f"/proc/{pid}/environ")),
        "open-fd": outcome(lambda: read(f"/proc/{pid}/fd/{order['descriptor']}")),
        "root": outcome(lambda: read(f"/proc/{pid}/root{order['path']}")),
        "cwd": outcome(lambda: os.listdir(f"/proc/{pid}/cwd") and None),
        "ptrace": outcome(lambda: call(NUMBERS["ptrace"], 16, pid, 0, 0)),
        "vm-readv": outcome(lambda: call(NUMBERS["process_vm_readv"], pid, vector, 1, vector, 1, 0)),
        "pidfd-getfd": outcome(
            lambda: call(NUMBERS["pidfd_getfd"], call(NUMBERS["pidfd_open"], pid, 0), order["descriptor"], 0)
        ),
    }


def signals(order):
    return {
        f"{name} {pid}": outcome(lambda pid=pid, number=number: os.kill(pid, number))
        for pid in order["pids"]
        for name, number in (("zero", 0), ("stop", signal.SIGSTOP), ("kill", signal.SIGKILL))
    }


def privileges(order):
    with pathlib.Path("/proc/self/status").open(encoding="utf-8") as stream:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in stream if ":\t" in line)
    namespaces = 0x10000000
    return {
        "caps": {name: int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")},
        "no_new_privs": status["NoNewPrivs"],
        "seccomp": status["Seccomp"],
        "uid": os.getuid(),
        "attacks": {
            "mount": outcome(lambda: call(NUMBERS["mount"], b"none", b"/tmp", b"tmpfs", 0, 0)),
            "remount": outcome(lambda: call(NUMBERS["mount"], b"none", b"/usr", 0, 32 | 4096, 0)),
            "umount": outcome(lambda: call(NUMBERS["umount2"], b"/proc", 2)),
            "chroot": outcome(lambda: os.chroot("/tmp")),
            "pivot": outcome(lambda: call(NUMBERS["pivot_root"], b"/tmp", b"/tmp")),
            "mknod": outcome(lambda: os.mknod("device", 0o020666, os.makedev(1, 1))),
            "user-namespace": outcome(lambda: call(NUMBERS["unshare"], namespaces)),
            "user-namespace-clone": outcome(lambda: call(NUMBERS["clone"], namespaces | 17, 0, 0, 0, 0)),
            "clone3": outcome(lambda: call(NUMBERS["clone3"], 0, 0)),
            "setuid": outcome(lambda: os.setuid(0)) if os.getuid() else "EPERM",
            "nice": outcome(lambda: os.nice(-10)),
            "tty": outcome(lambda: read("/dev/tty")),
            "sethostname": outcome(lambda: socket.sethostname("owned")),
        },
    }


def kernel(order):
    results = {path: outcome(lambda path=path: write(path)) for path in order["paths"]}
    results["same-value"] = outcome(lambda: write_same("/proc/sys/kernel/threads-max"))
    return results


def write_same(path):
    with pathlib.Path(path).open(encoding="utf-8") as stream:
        value = stream.read()
    with pathlib.Path(path).open("w", encoding="utf-8") as stream:
        stream.write(value)


def network(order):
    def connect(family, kind, address):
        with socket.socket(family, kind) as client:
            client.settimeout(1)
            client.connect(address)
            client.send(b"hello")

    port = order["port"]
    inet, inet6, stream, packet = socket.AF_INET, socket.AF_INET6, socket.SOCK_STREAM, socket.SOCK_DGRAM
    results = {
        "tcp": outcome(lambda: connect(inet, stream, ("127.0.0.1", port))),
        "tcp6": outcome(lambda: connect(inet6, stream, ("::1", port))),
        "host": outcome(lambda: connect(inet, stream, (order["address"], port))),
        "metadata": outcome(lambda: connect(inet, stream, ("169.254.169.254", 80))),
        "raw": outcome(lambda: socket.socket(inet, socket.SOCK_RAW, 1).close()),
        "dns": outcome(lambda: socket.getaddrinfo("example.com", 80) and None),
        "abstract": outcome(lambda: connect(socket.AF_UNIX, stream, "\0" + order["abstract"])),
        "pathname": outcome(lambda: connect(socket.AF_UNIX, stream, order["pathname"])),
    }
    outcome(lambda: connect(inet, packet, ("127.0.0.1", order["udp_port"])))  # sent or not: the host must not see it
    for name, family, kind, protocol in (
        ("vsock", 40, 1, 0), ("packet", 17, 3, 0), ("alg", 38, 5, 0), ("netlink-audit", 16, 3, 9),
        ("netlink-kobject", 16, 3, 15), ("bluetooth", 31, 3, 0), ("can", 29, 3, 1), ("tipc", 30, 1, 0),
    ):  # fmt: skip
        results[name] = outcome(lambda f=family, k=kind, p=protocol: socket.socket(f, k, p).close())
    return results


def memory_objects(order):
    return {
        "host-shm": outcome(lambda: read(f"/dev/shm/{order['shm']}")),
        "sysv": outcome(lambda: call(NUMBERS["shmget"], order["key"], 4096, 0)),
        "mq": outcome(lambda: call(NUMBERS["mq_open"], b"assay", 0o102, 0o600, 0)),
        "keyring": outcome(lambda: call(NUMBERS["keyctl"], 0, -3, 0)),
        "add-key": outcome(lambda: call(NUMBERS["add_key"], b"user", b"x", b"y", 1, -3)),
    }


def kernel_calls(order):
    names = (
        "io_uring_setup", "bpf", "perf_event_open", "userfaultfd", "kexec_load", "open_tree", "fsopen", "init_module",
        "process_madvise", "open_by_handle_at", "setns", "syslog",
    )  # fmt: skip
    results = {name: outcome(lambda name=name: call(NUMBERS[name], 0, 0, 0, 0, 0)) for name in names}
    if os.uname().machine == "x86_64":
        results["x32"] = outcome(lambda: call(0x40000000 + 39))
    return results


def signs(order):
    """Leave signs on files that everybody may read, and look for them through a second descriptor."""
    path = order["path"]
    first, second = os.open(path, os.O_RDONLY), os.open(path, os.O_RDONLY)

    def locked(command, number):
        # A lock of the process and one of the open file are seen by each other.
        fcntl.fcntl(first, command, struct.pack("hhqqi4x", fcntl.F_RDLCK, 0, number, 1, 0))
        asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, number, 1, 0)
        found = fcntl.fcntl(second, OFD_GETLK if command == fcntl.F_SETLK else fcntl.F_GETLK, asked)
        return "unseen" if struct.unpack("hhqqi4x", found)[0] == fcntl.F_UNLCK else None

    def flock():
        fcntl.flock(first, fcntl.LOCK_EX)
        try:
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        return "unseen"

    def touched(name):
        before = pathlib.Path(name).stat().st_mtime_ns
        os.utime(name)
        return "unseen" if pathlib.Path(name).stat().st_mtime_ns == before else None

    def watch():
        if LIBC.inotify_init() < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    return {
        "flock": outcome(flock),
        "lock": outcome(lambda: locked(fcntl.F_SETLK, 7)),
        "open-file-lock": outcome(lambda: locked(OFD_SETLK, 9)),
        "lease": outcome(lambda: fcntl.fcntl(first, 1024, fcntl.F_RDLCK) and None),
        "notify": outcome(lambda: fcntl.fcntl(os.open(pathlib.Path(path).parent, os.O_RDONLY), 1026, 1) and None),
        "hint": outcome(lambda: fcntl.fcntl(first, 1036, struct.pack("Q", 3)) and None),
        "watch": outcome(watch),
        "cached": outcome(lambda: os.preadv(first, [bytearray(1)], 0, os.RWF_NOWAIT)),
        "cachestat": outcome(lambda: call(451, first, bytes(16), ctypes.create_string_buffer(40), 0)),
        "flags": outcome(lambda: fcntl.ioctl(first, 0x40086602, struct.pack("L", 0x40)) and None),
        "project": outcome(lambda: fcntl.ioctl(first, 0x401C5820, bytes(28)) and None),
        "version": outcome(lambda: fcntl.ioctl(first, 0x40087602, struct.pack("L", 7)) and None),
        **{name: outcome(lambda name=name: touched(name)) for name in ("/dev/null", "/dev/zero", "/dev/urandom")},
    }


def descriptors(order):
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue
    return found


def setuid_program(order):
    import subprocess

    done = subprocess.run(["su", "-c", "id -u"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return {"stdout": done.stdout.strip(), "code": done.returncode}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](json.loads(sys.argv[2]))))
