import os
from pathlib import Path

import pytest

from assay.sandbox.tree import hand_over, link_mount, make_mount_point, remove_tree


def make_deep(root: Path, depth: int) -> None:
    descriptor = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=descriptor)
        following = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = following
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
    os.close(descriptor)


def test_removes_what_recursion_could_not(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    make_deep(root, 3_000)
    (root / ("n" * 255)).touch()
    (root / "new\nline").touch()
    (root / ".removed-0").mkdir()
    (root / ".removed-0" / "x").mkdir()
    remove_tree(root)
    assert not root.exists()


def test_never_follows_a_link(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("1")
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(kept)
    (root / "file").symlink_to(kept / "file")
    (tmp_path / "top").symlink_to(kept)
    remove_tree(root)
    remove_tree(tmp_path / "top")
    assert not root.exists()
    assert not (tmp_path / "top").is_symlink()
    assert (kept / "file").read_text() == "1"


def test_removes_unreadable_folders_of_the_same_owner(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "a" / "b" / "c").mkdir(parents=True)
    (root / "a" / "b" / "c" / "file").touch()
    for folder in (root / "a" / "b" / "c", root / "a" / "b", root / "a", root):
        folder.chmod(0)
    remove_tree(root)
    assert not root.exists()


def test_a_missing_folder_is_fine(tmp_path: Path) -> None:
    remove_tree(tmp_path / "no")
    assert not (tmp_path / "no").exists()


def test_a_mount_point_replaces_links_and_files(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / "input").symlink_to(elsewhere)
    (root / "side").write_text("x")
    make_mount_point(root, "input", folder=True)
    make_mount_point(root, "side/images", folder=True)
    make_mount_point(root, "side/one.csv", folder=False)
    assert not (root / "input").is_symlink()
    assert (root / "side" / "images").is_dir()
    assert (root / "side" / "one.csv").is_file()
    assert list(elsewhere.iterdir()) == []


def test_a_link_mount_can_be_made_again(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for source in ("a", "b"):
        (tmp_path / source).mkdir()
        link_mount(root, "input", tmp_path / source)
    assert (root / "input").readlink() == tmp_path / "b"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_hand_over_gives_files_but_never_what_they_point_at(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("1")
    root = tmp_path / "root"
    (root / "d").mkdir(parents=True)
    (root / "d" / "own").write_text("1")
    (root / "d" / "link").symlink_to(outside)
    os.link(outside, root / "d" / "second")
    (root / "other").write_text("1")
    os.chown(root / "other", 4242, 4242)
    hand_over(root, 59_000, is_ours=lambda uid: uid == 0)
    owners = {path.name: path.lstat().st_uid for path in root.rglob("*")}
    assert owners == {"d": 59_000, "own": 59_000, "link": 0, "second": 0, "other": 4242}
    assert root.stat().st_uid == 59_000
    assert outside.stat().st_uid == 0
