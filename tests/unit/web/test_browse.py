from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.core.errors import NothingFound
from assay.web.browse import content, is_folder, listing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "run"
    (root / "best").mkdir(parents=True)
    (root / "private").mkdir()
    (root / "private" / "sealed.csv").write_text("id,target\n0,1\n")
    (root / "best" / "solution.py").write_text("print(1)\n")
    (root / "long.log").write_text("begin" + "x" * 1000 + "end")
    (root / ".half.tmp").write_text("half")
    (tmp_path / "secret.txt").write_text("outside")
    (root / "out").symlink_to(tmp_path)
    (root / "secret").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(root / "pipe")
    return root


def test_folders_come_first_and_links_are_named_as_such(folder: Path) -> None:
    entries, left_out = listing(folder, "")
    assert [(entry.name, entry.kind) for entry in entries] == [
        ("best", "folder"),
        ("private", "folder"),
        ("long.log", "file"),
        ("out", "link"),
        ("pipe", "other"),
        ("secret", "link"),
    ]
    assert left_out == 0
    assert is_folder(folder, "best")
    assert not is_folder(folder, "out")


@pytest.mark.parametrize(
    "name",
    ["secret", "out/secret.txt", "../secret.txt", "best/../../secret.txt", "/etc/passwd", "private/sealed.csv",
     "./private/sealed.csv", "best//..//private/sealed.csv", "best", "pipe", "no\0thing", "missing"],
)  # fmt: skip
def test_what_is_no_plain_file_of_the_run_is_not_opened(folder: Path, name: str) -> None:
    with pytest.raises(NothingFound) as raised:
        content(folder, name, most=100)
    assert raised.value.code == "E211"


@pytest.mark.parametrize("name", ["private", "out", "..", "secret", "best/../private"])
def test_no_listing_leaves_the_folder(folder: Path, name: str) -> None:
    with pytest.raises(NothingFound):
        listing(folder, name)


def test_a_long_file_is_read_from_its_beginning_or_its_end(folder: Path) -> None:
    begin, end = content(folder, "long.log", most=10), content(folder, "long.log", most=10, end=True)
    assert begin.data == b"beginxxxxx"
    assert end.data == b"xxxxxxxend"
    assert begin.bytes == end.bytes == 1008
