"""A run started from inside the data folder, with its run folder there, as people do first."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from assay.journal.file import FileJournal
from assay.journal.history import History

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
ENV = {name: value for name, value in os.environ.items() if name not in ("ASSAY_RUNS", "CI")}


def assay(*argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assay", *argv]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=ENV, timeout=280)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "mydata"
    folder.mkdir()
    rows = [(i, i % 13, (i % 13) * 1.5 + (i * 37 % 17) * 0.05) for i in range(160)]
    text = "".join(f"{i},{x},{y:.3f}\n" for i, x, y in rows[:120])
    (folder / "train.csv").write_text("id,x,price\n" + text, encoding="utf-8")
    (folder / "test.csv").write_text("id,x\n" + "".join(f"{i},{x}\n" for i, x, _ in rows[120:]), encoding="utf-8")
    return folder


@pytest.mark.parametrize("sandbox", ["auto", "landlock"])
def test_a_run_inside_the_data_folder_works_and_so_does_the_next(data: Path, sandbox: str) -> None:
    for name in ("first", "second"):
        done = assay(
            *("run", "--trials", "1", "--split", "holdout", "--workers", "1", "--no-gate"),
            *("--name", name, "--sandbox", sandbox, "--runs", "results"),
            cwd=data,
        )
        assert done.returncode == 0, done.stderr
        history = History(FileJournal(data / "results" / name / "events.jsonl").read())
        assert history.best is not None
        views = [path.relative_to(data) for path in (data / "results" / name / "views").rglob("*")]
        assert any(path.name == "test.csv" for path in views)
        assert not any("results" in path.parts[2:] for path in views), "no view shows the run before it"
    with (data / "train.csv").open("a", encoding="utf-8") as stream:
        stream.write("999,1,2.0\n")
    again = assay("resume", "first", "--trials", "2", "--runs", "results", cwd=data)
    assert (again.returncode, "error[E405]" in again.stderr) == (4, True), again.stderr


def test_a_launch_that_fails_before_anything_ran_leaves_no_run_behind(data: Path) -> None:
    # The data folder holds the interpreter: mounting that would show the labels.
    python = data / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    (data / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n", encoding="utf-8")
    packages = data / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "those-of-the-tests.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    done = assay("run", "--trials", "1", "--name", "dead", "--python", str(python), cwd=data)
    assert done.returncode != 0
    assert "error[E410]" in done.stderr
    assert not (data / "runs" / "dead").exists()
