from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assay.cli.boundary import run
from assay.journal.history import History
from support.histories import write_run


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value


Assay = Callable[..., Said]


@pytest.fixture
def assay(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Assay:
    """Runs a command in `tmp_path` and returns what it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ASSAY_RUNS", raising=False)

    def call(*argv: str) -> Said:
        capsys.readouterr()
        code = run(list(argv))
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return call


@pytest.fixture
def story(tmp_path: Path) -> Callable[[str], History]:
    """Writes a story of `support.histories` as a run below `runs/`."""

    def write(name: str) -> History:
        folder = tmp_path / "runs" / "unnamed"
        history = write_run(folder, name)
        assert history.started is not None
        folder.rename(tmp_path / "runs" / history.started.run)
        return history

    return write
