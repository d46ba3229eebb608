from __future__ import annotations

from pathlib import Path

import pytest

from assay.journal.file import FileJournal
from assay.journal.history import History
from support.histories import STORIES, write_run


@pytest.mark.parametrize("story", sorted(STORIES))
def test_every_story_is_a_journal_that_reads_back(story: str, tmp_path: Path) -> None:
    history = write_run(tmp_path, story)
    again = History(FileJournal(tmp_path / "events.jsonl").read())
    assert again.trials == history.trials
    assert again.wall_s == history.wall_s
