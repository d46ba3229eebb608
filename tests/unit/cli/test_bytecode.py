"""Packages that every candidate would have to compile anew are found."""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.cli.commands.bytecode import compile_command, uncompiled


def test_a_package_without_bytecode_is_found_until_it_is_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "plainly_uncompiled"
    package.mkdir()
    for number in range(5):
        (package / ("__init__.py" if number == 0 else f"part_{number}.py")).write_text("x = 1\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    names = ("plainly_uncompiled", "no_such_package_anywhere")
    assert uncompiled(names) == ["plainly_uncompiled"]
    assert compileall.compile_dir(package, quiet=1)
    assert uncompiled(names) == []


def test_the_command_is_one_that_runs(tmp_path: Path) -> None:
    command = compile_command().split()[:-1]
    (tmp_path / "module.py").write_text("x = 1\n", encoding="utf-8")
    subprocess.run([*command, str(tmp_path)], check=True, env={"PATH": os.defpath})
    assert list(tmp_path.glob("__pycache__/module.*.pyc"))
    assert command[0] == sys.executable
