"""Which program a spec names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.core.errors import ProgramUnusable, UsageError
from assay.models.program.choice import resolve_program

ENVIRON = {"PATH": "/nowhere", "HOME": "/home/mine", "MY_TOKEN": "hush-hush-hush"}


@pytest.mark.parametrize(
    ("spec", "name", "form", "words"),
    [
        ("cli:claude", "cli:claude", "claude", ()),
        ("cli:codex -m 'a b'", "cli:codex", "codex", ("-m", "a b")),
        ("cli:/opt/bin/gemini", "cli:gemini", "gemini", ()),
        ("cli:./my-model --flag", "cli:my-model", "", ("--flag",)),
    ],
)
def test_name_format_and_words(spec: str, name: str, form: str, words: tuple[str, ...]) -> None:
    program = resolve_program(spec, environ=ENVIRON)
    assert (program.name, program.format.name, program.words) == (name, form, words)


def test_a_relative_path_holds_in_every_folder() -> None:
    program = resolve_program("cli:./my-model 'a b'", environ=ENVIRON)
    assert program.spec == f"cli:{Path.cwd() / 'my-model'} 'a b'"
    assert resolve_program("cli:~/my-model", environ=ENVIRON).command == "/home/mine/my-model"
    assert resolve_program("cli:claude", environ=ENVIRON).spec == "cli:claude"


@pytest.mark.parametrize("spec", ["cli:", "cli:  ", "cli:''", "cli:claude 'open"])
def test_what_names_no_program(spec: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_program(spec, environ=ENVIRON)
    assert caught.value.code == "E064"


@pytest.mark.parametrize("secret", ["sk-abcdefghijklmnopqrstuv", "hush-hush-hush"])
def test_a_secret_is_not_written_down(secret: str) -> None:
    with pytest.raises(UsageError, match="holds a secret") as caught:
        resolve_program(f"cli:./mine --key {secret}", environ=ENVIRON)
    assert secret not in str(caught.value)


def test_a_file_that_cannot_be_run_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("text")
    with pytest.raises(ProgramUnusable, match="no program") as caught:
        resolve_program(f"cli:{tmp_path / 'mine'}", environ=ENVIRON).locate()
    assert caught.value.code == "E309"


def test_a_link_keeps_its_name(tmp_path: Path) -> None:
    """Packages install a program as a link, and some look at the name they were called by."""
    (tmp_path / "real.js").write_text("#!/bin/sh\n")
    (tmp_path / "real.js").chmod(0o755)
    (tmp_path / "claude").symlink_to("real.js")
    environ = {"PATH": f"relative{os.pathsep}{tmp_path}"}
    assert resolve_program("cli:claude", environ=environ).locate() == str(tmp_path / "claude")
