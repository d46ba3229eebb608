from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from assay.core.digest import canonical_json, digest_bytes, digest_file, digest_json, digest_text
from assay.core.files import write_whole
from support.limits import files_of_at_most


def test_a_file_is_replaced_as_a_whole_and_keeps_nothing_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "a long text\n")
    write_whole(path, "ü")
    assert path.read_bytes() == "ü".encode()
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(("options", "bits"), [({}, 0o644), ({"mode": 0o600}, 0o600)])
def test_a_file_can_be_written_so_that_others_may_not_read_it(
    tmp_path: Path, options: dict[str, int], bits: int
) -> None:
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "file", b"secret", **options)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == bits


def test_what_cannot_be_put_in_place_leaves_no_part_behind(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        write_whole(tmp_path / "folder", b"content")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "file", b"content")


def test_a_disk_that_is_full_leaves_the_old_content_and_no_part_of_the_new(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    with files_of_at_most(1000), pytest.raises(OSError, match="File too large"):
        write_whole(path, b"x" * 5000)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_digest_is_the_sha256_of_the_bytes_whatever_holds_them(tmp_path: Path) -> None:
    content = '{"a":["ü",1]}'
    wanted = hashlib.sha256(content.encode()).hexdigest()
    (tmp_path / "file").write_bytes(content.encode())
    assert canonical_json({"a": ["ü", 1]}) == content
    found = {digest_bytes(content.encode()), digest_text(content), digest_json({"a": ["ü", 1]})}
    assert found | {digest_file(tmp_path / "file")} == {wanted}


def test_equal_values_have_one_text_and_what_json_cannot_say_has_none() -> None:
    assert canonical_json({"b": 1, "a": 2}) == canonical_json({"a": 2, "b": 1}) == '{"a":2,"b":1}'
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            canonical_json([value])
