"""What candidates leave in a shared /dev/shm."""

import os
from pathlib import Path

from assay.sandbox.shared_memory import clear_shared_memory


def test_what_bears_the_mark_is_removed(tmp_path: Path) -> None:
    (tmp_path / "note").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "note").touch()
    (tmp_path / "link").symlink_to("nowhere")
    clear_shared_memory(os.getegid(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_stays(tmp_path: Path) -> None:
    names = {"old", "new", "link"}
    (tmp_path / "old").touch()
    (tmp_path / "new").mkdir()
    (tmp_path / "link").symlink_to("old")
    clear_shared_memory(os.getegid() + 1, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_folder_that_is_not_there_is_no_trouble(tmp_path: Path) -> None:
    clear_shared_memory(1, tmp_path / "none")
