from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.cli.boundary import run
from assay.ship.chosen import choose
from assay.ship.export import export
from support.shipped import finished_run, searched_run


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs that holds one, `calm-otter`, which ended."""
    root = tmp_path_factory.mktemp("shipped")
    finished_run(root / "runs" / "calm-otter")
    return root / "runs"


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run of a strategy; nobody may change it."""
    return searched_run(tmp_path_factory.mktemp("searched") / "base")


@pytest.fixture(scope="session")
def data(runs: Path) -> Path:
    """The data of that run."""
    return runs / "calm-otter" / "data"


@pytest.fixture(scope="session")
def solution(runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The winner, exported; nobody may change it."""
    target = tmp_path_factory.mktemp("exported") / "solution"
    export(choose(runs / "calm-otter", "best"), target)
    return target


@pytest.fixture
def assay(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, runs: Path) -> Any:
    """Runs a command in `tmp_path`; returns exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSAY_RUNS", str(runs))

    def call(*argv: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(list(argv))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


Assay = Callable[..., tuple[int, str, str]]
