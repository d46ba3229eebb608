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


def test_graphics_processors_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, assay: Assay) -> None:
    stand_in = tmp_path / "nvidia-smi"
    stand_in.write_text("#!/bin/sh\necho '0, GPU-1, 00000000:01:00.0, NVIDIA H100'\n", encoding="utf-8")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert "gpus      NVIDIA H100" in assay("doctor").out
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert assay("doctor", "--json").json["gpus"] == []


def test_the_folder_of_what_is_kept_between_runs_is_named(monkeypatch: pytest.MonkeyPatch, assay: Assay) -> None:
    monkeypatch.setenv("ASSAY_CACHE", "/somewhere/else")
    assert assay("doctor", "--json").json["cache"] == "/somewhere/else"
    assert "cache     /somewhere/else" in assay("doctor").out
    monkeypatch.setenv("ASSAY_CACHE", "off")
    assert assay("doctor", "--json").json["cache"] is None
    assert "cache     off" in assay("doctor").out
