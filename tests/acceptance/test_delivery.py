"""What a run hands over can be used without Assay: the best solution runs alone and gives the submission."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.report.write import write_reports
from support.delivery_data import write_data

ENV = {name: value for name, value in os.environ.items() if name not in ("ASSAY_RUNS", "CI")}
NAME = "calm-otter"


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_best_runs_alone_and_the_report_can_be_made_again_from_a_moved_folder(tmp_path: Path) -> None:
    place = tmp_path / "my données (2)"
    write_data(place / "some data")
    options = ["--trials", "1", "--time", "5m", "--workers", "1", "--split", "holdout", "--metric", "rmse"]
    done = subprocess.run(
        [sys.executable, "-m", "assay", "run", "some data", "--name", NAME, *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=place,
        env=ENV,
        timeout=350,
    )
    assert done.returncode == 0, done.stderr
    run = place / "runs" / NAME
    submission = (run / "submission.csv").read_bytes()

    alone = tmp_path / "alone"
    shutil.copytree(run / "best", alone)
    shutil.copytree(place / "some data", alone / "input")
    (alone / "output").mkdir()
    again = subprocess.run(
        [sys.executable, "solution.py"],
        capture_output=True,
        text=True,
        check=False,
        cwd=alone,
        env={"PATH": "/usr/bin:/bin", "HOME": str(alone), "OMP_NUM_THREADS": "1"},
        timeout=120,
    )
    assert again.returncode == 0, again.stderr
    assert (alone / "output" / "submission.csv").read_bytes() == submission == (alone / "submission.csv").read_bytes()

    moved = tmp_path / "moved"
    shutil.move(run, moved)
    before = json.loads((moved / "report.json").read_text(encoding="utf-8"))
    for name in ("report.json", "report.md", "leaderboard.md"):
        (moved / name).unlink()
    write_reports(moved)
    assert json.loads((moved / "report.json").read_text(encoding="utf-8"))["numbers"] == before["numbers"]
    assert History(FileJournal(moved / "events.jsonl").read()).finished is not None
