from __future__ import annotations

from pathlib import Path

import pytest

from assay.tracking import make_template


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database made by MLflow itself; the tables cost seconds."""
    return make_template(tmp_path_factory.mktemp("template"))
