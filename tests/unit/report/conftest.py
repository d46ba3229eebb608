from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.report import write_reports
from support.histories import write_run

Written = tuple[Path, History]


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Written]:
    """Run folders with all reports, one a story, written once: tests must not change them."""
    done: dict[str, Written] = {}

    def write(story: str) -> Written:
        if story not in done:
            folder = tmp_path_factory.mktemp(story)
            history = write_run(folder, story)
            write_reports(folder, history, ObjectStore(folder / "objects"), final=True)
            done[story] = folder, history
        return done[story]

    return write
