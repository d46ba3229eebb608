import os
import socket
import sys
import threading
from pathlib import Path

import pytest

from assay.core.digest import digest_bytes
from assay.sandbox.collect import collect


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "private"


def test_takes_a_plain_file_as_a_private_copy(root: Path, into: Path) -> None:
    (root / "out").mkdir()
    (root / "out" / "a.csv").write_bytes(b"id,y\n1,2\n")
    result = collect(root, ["out/a.csv"], into, max_bytes=100)
    taken = result.taken["out/a.csv"]
    assert taken.digest == digest_bytes(b"id,y\n1,2\n")
    assert taken.size == 9
    assert taken.path.read_bytes() == b"id,y\n1,2\n"
    assert taken.path.stat().st_mode & 0o777 == 0o600
    assert into.stat().st_mode & 0o777 == 0o700
    assert result.refused == {}
    (root / "out" / "a.csv").write_bytes(b"changed")
    assert taken.path.read_bytes() == b"id,y\n1,2\n"


def test_equal_files_share_a_copy_and_nothing_else_is_left(root: Path, into: Path) -> None:
    for name in ("a", "b"):
        (root / name).write_bytes(b"same")
    result = collect(root, ["a", "b"], into, max_bytes=10)
    assert result.taken["a"].path == result.taken["b"].path
    assert [path.name for path in into.iterdir()] == [digest_bytes(b"same")]


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def make_sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**40)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "missing"),
        (lambda path: path.symlink_to("/etc/passwd"), "symbolic link"),
        (lambda path: path.symlink_to("/dev/zero"), "symbolic link"),
        (lambda path: path.symlink_to("/proc/self/environ"), "symbolic link"),
        (lambda path: path.symlink_to("nowhere"), "symbolic link"),
        (lambda path: os.mkfifo(path), "FIFO"),
        (lambda path: path.mkdir(), "folder"),
        (make_socket, "socket"),
        (make_sparse, "too large: 1099511627776 bytes, at most 100"),
    ],
)
def test_refuses_what_is_no_plain_file(root: Path, into: Path, make, reason: str) -> None:
    make(root / "x")
    result = collect(root, ["x"], into, max_bytes=100)
    assert result.taken == {}
    assert result.refused == {"x": reason}


def test_refuses_a_second_name_of_another_file(root: Path, into: Path, tmp_path: Path) -> None:
    secret = tmp_path / "labels.csv"
    secret.write_text("1")
    os.link(secret, root / "x")
    assert collect(root, ["x"], into, max_bytes=100).refused == {"x": "hard link"}


def test_refuses_a_link_on_the_way(root: Path, into: Path, tmp_path: Path) -> None:
    private = tmp_path / "labels"
    private.mkdir()
    (private / "x").write_text("1")
    (root / "out").symlink_to(private)
    assert collect(root, ["out/x"], into, max_bytes=100).refused == {"out/x": "symbolic link"}


@pytest.mark.parametrize("name", ["../labels", "/etc/passwd", "a/../../x", "", ".", "a\0b"])
def test_refuses_names_that_leave_the_folder(root: Path, into: Path, name: str) -> None:
    assert collect(root, [name], into, max_bytes=100).refused == {name: "not a plain relative path"}


def test_refuses_names_through_a_file_and_far_too_long_ones(root: Path, into: Path) -> None:
    (root / "a").write_text("1")
    assert set(collect(root, ["a/b", "x" * 300], into, max_bytes=9).refused.values()) == {"missing"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
def test_refuses_a_device(root: Path, into: Path) -> None:
    os.mknod(root / "x", 0o020666, os.makedev(1, 5))
    assert collect(root, ["x"], into, max_bytes=100).refused == {"x": "device"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts under /proc are Linux's")
def test_refuses_another_file_system(into: Path) -> None:
    assert collect(Path("/"), ["proc/version"], into, max_bytes=10_000).refused == {
        "proc/version": "on another file system"
    }


def test_descriptors_are_closed(root: Path, into: Path) -> None:
    (root / "d").mkdir()
    (root / "d" / "x").write_text("1")
    (root / "l").symlink_to("d")
    names = ["d/x", "d/y", "l/x", "d", "e/f", "d/x/y"]
    collect(root, names, into, max_bytes=100)
    before = sorted(Path("/proc/self/fd").iterdir())
    collect(root, names, into, max_bytes=100)
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_a_file_that_is_swapped_meanwhile_never_leaks(root: Path, into: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_bytes(b"SECRET")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for make in (
                lambda p: p.write_bytes(b"honest"),
                lambda p: p.symlink_to(labels),
                lambda p: os.link(labels, p),
            ):
                make(root / "next")
                (root / "next").rename(root / "x")
                (root / "x").unlink()

    racer = threading.Thread(target=swap)
    racer.start()
    try:
        contents = set()
        for _ in range(3_000):
            taken = collect(root, ["x"], into, max_bytes=100).taken
            contents |= {one.path.read_bytes() for one in taken.values()}
    finally:
        stop.set()
        racer.join()
    assert b"SECRET" not in contents
