"""What candidates leave in a shared /dev/shm."""

import mmap
from pathlib import Path

from assay.sandbox.shared_memory import SharedMemory


def test_what_is_new_and_unused_is_removed(tmp_path: Path) -> None:
    (tmp_path / "old").touch()
    shared = SharedMemory(tmp_path)
    (tmp_path / "note").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "note").touch()
    shared.clear_new()
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_what_a_process_has_open_or_mapped_stays(tmp_path: Path) -> None:
    shared = SharedMemory(tmp_path)
    mapped, opened = tmp_path / "mapped", tmp_path / "folder" / "opened"
    mapped.write_bytes(bytes(10))
    opened.parent.mkdir()
    with mapped.open("r+b") as stream:
        view = mmap.mmap(stream.fileno(), 10)
    with view, opened.open("w", encoding="utf-8"):
        shared.clear_new()
        assert mapped.exists()
        assert opened.exists()
    shared.clear_new()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_begins_like_one_in_use_protects_nothing(tmp_path: Path) -> None:
    shared = SharedMemory(tmp_path)
    with (tmp_path / "note-of-another-program").open("w", encoding="utf-8"):
        (tmp_path / "note").touch()
        shared.clear_new()
        assert [path.name for path in tmp_path.iterdir()] == ["note-of-another-program"]


def test_everything_of_a_user_that_has_no_process_is_removed(tmp_path: Path) -> None:
    shared = SharedMemory(tmp_path)
    (tmp_path / "note").touch()
    shared.clear_user((tmp_path / "note").stat().st_uid + 1)
    assert (tmp_path / "note").exists()
    shared.clear_user((tmp_path / "note").stat().st_uid)
    assert not (tmp_path / "note").exists()


def test_a_folder_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    shared = SharedMemory(tmp_path / "none")
    shared.clear_new()
    shared.clear_user(1)
