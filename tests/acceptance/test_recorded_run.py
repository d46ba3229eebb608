"""A recorded run is replayed through the real engine: the same answers end in the same trials, without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.journal.file import FileJournal
from assay.journal.history import History
from support.house_data import write_house_data

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
RECORDINGS = Path(__file__).parent.parent / "recordings" / "house-prices"
OPTIONS = ("--split", "holdout", "--metric", "rmse", "--trials", "10", "--workers", "1")
# No way out: a request to anything but a file would fail.
NOWHERE = {name: "http://127.0.0.1:9" for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")}
ENV = {name: value for name, value in os.environ.items() if not name.startswith(("ASSAY_", "OPENAI_", "CI"))} | NOWHERE


def test_a_recording_ends_in_the_same_trial_table(tmp_path: Path) -> None:
    write_house_data(tmp_path / "data")
    argv = ["run", "data", "--model", f"recorded:{RECORDINGS}", *OPTIONS, "--name", "again", "--display", "plain"]
    done = subprocess.run(
        [sys.executable, "-m", "assay", *argv],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=ENV,
        timeout=350,
    )
    assert done.returncode == 0, done.stderr
    history = History(FileJournal(tmp_path / "runs" / "again" / "events.jsonl").read())
    found = [[t.key, str(t.state), t.operator, t.title, len(t.repairs)] for t in history.trials.values()]
    assert found == json.loads((RECORDINGS / "trials.json").read_text(encoding="utf-8"))
    asked = [question for question in history.questions.values() if question.role != "baseline"]
    assert len(asked) == len(list(RECORDINGS.glob("*-*.json")))
    assert history.finished is not None
    assert history.finished.winner is not None
    assert (tmp_path / "runs" / "again" / "submission.csv").is_file()
