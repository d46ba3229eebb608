"""Published solutions as typed: read, scrubbed, kept with the run; what is wrong is told before anything is spent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.cli.options.flags import read_choices
from assay.cli.options.problems import Problems
from assay.cli.options.published import MOST, read_references
from assay.cli.options.records import RunFlags
from assay.core.codec import decode, encode
from assay.core.errors import UsageError
from assay.strategies.options import RunOptions


def notebook(path: Path, source: str) -> Path:
    cells = [{"cell_type": "code", "source": source, "outputs": [{"text": "x" * 100}]}]
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return path


def test_scripts_notebooks_and_folders_are_read_without_keys(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    notebook(tmp_path / "deep" / "a.ipynb", "token = 'sk-proj-0123456789abcdefghijABCD'")
    (tmp_path / "deep" / "picture.png").write_bytes(b"\xff")
    (tmp_path / "b.py").write_text("x = 1\n", encoding="utf-8")
    choices = read_choices(RunFlags(compare=(tmp_path / "b.py", tmp_path / "deep", tmp_path / "b.py")), Problems())
    assert [reference.name for reference in choices.references] == ["b.py", "a.ipynb"]
    assert "0123456789" not in choices.references[1].code
    options = RunOptions(references=choices.references)
    assert decode(RunOptions, json.loads(json.dumps(encode(options)))) == options
    old = {key: value for key, value in encode(options).items() if key != "references"}
    assert decode(RunOptions, old).references == ()


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe")
    (tmp_path / "words.md").write_text("No code here.", encoding="utf-8")
    wrong = [tmp_path / name for name in ("none", "empty", "binary.py", "words.md")]
    problems = Problems()
    assert read_references(wrong, problems) == ()
    with pytest.raises(UsageError) as caught:
        problems.raise_any("run")
    told = caught.value.message.split("\n")[1:]
    words = ("no such", "no file", "as text", "no Python")
    assert all(any(word in line for line in told) for word in words)
    assert len(told) == len(words)


def test_more_files_than_anybody_compares_with_are_refused(tmp_path: Path) -> None:
    for number in range(MOST + 1):
        (tmp_path / f"{number}.py").write_text("x = 1\n", encoding="utf-8")
    problems = Problems()
    read_references([tmp_path], problems)
    with pytest.raises(UsageError, match=f"{MOST} are the most"):
        problems.raise_any("run")
