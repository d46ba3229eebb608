"""What a candidate left is listed without being opened, followed or walked for ever."""

from __future__ import annotations

import os
from pathlib import Path

from assay.engine.left_behind import MOST_FILES, left_behind


def test_plain_files_are_listed_with_their_sizes(tmp_path: Path) -> None:
    (tmp_path / "output" / "deep").mkdir(parents=True)
    for name, size in (("solution.py", 3), ("notes.txt", 5), ("output/submission.csv", 7), ("output/deep/x.bin", 11)):
        (tmp_path / name).write_bytes(bytes(size))
    assert left_behind(tmp_path, but=("solution.py", "output/submission.csv")) == {
        "notes.txt": 5,
        "output/deep/x.bin": 11,
    }


def test_a_hostile_tree_costs_little_and_nothing_is_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("x", encoding="utf-8")
    root = tmp_path / "root"
    deep = root.joinpath(*["d"] * 30)
    deep.mkdir(parents=True)
    (deep / "too-deep").touch()
    (root / "link").symlink_to(outside)
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe")
    for number in range(3 * MOST_FILES):
        (root / f"{number:04d}").touch()
    (root / os.fsdecode(b"not-\xff-text")).touch()
    found = left_behind(root)
    assert len(found) == MOST_FILES
    assert all(name.isdigit() or name == "not-?-text" for name in found)
    assert left_behind(tmp_path / "nowhere") == {}
