from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.tracking import Attempt, make_template
from support.tracked import Workplace


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database made by MLflow itself; the tables cost seconds."""
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
def workplace(tmp_path: Path, template: Path) -> Workplace:
    return Workplace(tmp_path / "one", template)


@pytest.fixture
def another(tmp_path: Path, template: Path) -> Callable[[], Workplace]:
    """Makes the workplace of another attempt of the same task."""
    return lambda: Workplace(tmp_path / "other", template, Attempt(run="calm-otter", task="step-1/depth", attempt=2))


@pytest.fixture
def past() -> Callable[[Path], None]:
    """Sets a file's time an hour back."""

    def set_back(path: Path) -> None:
        then = path.stat().st_mtime - 3600
        os.utime(path, (then, then))

    return set_back
