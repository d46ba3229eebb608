"""A run in the background, as a person drives it from another terminal."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from acceptance.test_one_run import NAME, assay, history, said, write_data
from assay.journal.lease import read_holder
from assay.sandbox.identity import identify

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_started_detached_asked_told_planned_and_finished(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    quick = ("--split", "holdout", "--reseeds", "0", "--no-gate")
    start = ("run", "data", "--time", "20m", "--workers", "1", "--detach", *quick)
    refused = assay("run", "data", "--target", "prise", "--detach", cwd=tmp_path)
    assert refused.returncode == 2
    assert "price" in refused.stderr

    begun = said(*start, "--name", NAME, cwd=tmp_path)
    assert begun["run"] == NAME
    assert read_holder(tmp_path / "runs" / NAME / "lease") is not None
    assert os.getsid(begun["pid"]) == begun["pid"]
    assert len(begun["next"]) == 3

    again = assay(*start, "--name", NAME, cwd=tmp_path)
    assert again.returncode == 2
    assert "error[E023]" in again.stderr
    second = assay("resume", NAME, "--detach", cwd=tmp_path)
    assert second.returncode == 2
    assert "error[E021]" in second.stderr

    status = said("status", NAME, cwd=tmp_path)
    assert status["pid"] == begun["pid"]
    assert assay("tell", "prefer simple models", cwd=tmp_path).returncode == 0
    planned = said("finish", "--in", "10m", "--note", "supper", cwd=tmp_path)
    wait_for(lambda: said("status", NAME, cwd=tmp_path)["finish_plan"], planned["plan"])
    assert assay("finish", "--cancel", cwd=tmp_path).returncode == 0
    wait_for(lambda: said("finish", "--show", cwd=tmp_path)["plan"], None)
    while history(tmp_path).best is None:
        time.sleep(0.5)
    assert assay("finish", "--in", "1s", cwd=tmp_path).returncode == 0
    watched = assay("status", NAME, "--watch", "5", "--oneline", cwd=tmp_path)
    assert watched.stdout.splitlines()[-1].endswith("finished ○")

    wait_for(lambda: identify(begun["pid"]), None)  # reports are written once the run is let go
    end = history(tmp_path)
    assert end.finished is not None
    assert (end.finished.stopped_by, end.finished.exit_code) == ("finish-up", 0)
    assert [text for _, text in end.told] == ["prefer simple models"]
    assert (tmp_path / "runs" / NAME / "submission.csv").is_file()
    assert "the finish that the user had planned" in (tmp_path / "runs" / NAME / "report.md").read_text("utf-8")
    assert "run finished" in (tmp_path / begun["log"]).read_text("utf-8")
    assert [path.name for path in (tmp_path / begun["log"]).parent.iterdir()] == [Path(begun["log"]).name]


def wait_for(ask: Any, value: Any) -> None:
    until = time.monotonic() + 60
    while (found := ask()) != value:
        assert time.monotonic() < until, found
        time.sleep(0.3)
