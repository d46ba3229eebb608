from __future__ import annotations

from pathlib import Path

import pytest

from support.stand_in_program import install
from unit.cli.conftest import Assay


def test_programs_that_can_be_the_model_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, assay: Assay
) -> None:
    program = install(tmp_path, "codex", {})
    monkeypatch.setenv("PATH", str(program.path.parent))
    assert assay("doctor", "--json").json["programs"] == {"claude": None, "codex": str(program.path), "gemini": None}
    assert f"programs  codex at {program.path}" in assay("doctor").out


def test_the_folder_of_what_is_kept_between_runs_is_named(monkeypatch: pytest.MonkeyPatch, assay: Assay) -> None:
    monkeypatch.setenv("ASSAY_CACHE", "/somewhere/else")
    assert assay("doctor", "--json").json["cache"] == "/somewhere/else"
    assert "cache     /somewhere/else" in assay("doctor").out
    monkeypatch.setenv("ASSAY_CACHE", "off")
    assert assay("doctor", "--json").json["cache"] is None
    assert "cache     off" in assay("doctor").out
