"""Every run has its data checked, beside its start."""

from __future__ import annotations

from pathlib import Path

from assay.core.clock import FakeClock
from assay.core.task import Task
from assay.data.intake import inspect
from assay.engine.log import EventLog
from assay.journal import events as ev
from assay.journal.memory import MemoryJournal
from assay.strategies.data_checks import EXAMINED, examined


def task_with_a_leak(folder: Path) -> Task:
    folder.mkdir()
    rows = [f"{n},{n % 7},{(n * 37) % 101 / 10},{(n * 37) % 101 / 10}" for n in range(320)]
    (folder / "train.csv").write_text("id,x,leak,y\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (folder / "test.csv").write_text("id,x,leak\n" + "\n".join(f"{n},1,2.5" for n in range(320, 340)) + "\n", "utf-8")
    return inspect(folder, target="y", metric="rmse").task


def test_what_misleads_is_a_remark_of_the_run_said_once(tmp_path: Path) -> None:
    task, log = task_with_a_leak(tmp_path / "data"), EventLog(MemoryJournal(), FakeClock())
    with examined(task, log):
        log.add(ev.PhaseEntered(phase="search"))
    history = log.read(lambda h: h)
    assert "W203" in history.notes[EXAMINED]
    said = [remark for _, remark in history.remarks if remark.code == "W203"]
    assert len(said) == 1
    assert "leak" in said[0].text
    with examined(task, log):
        pass
    assert len(log.read(lambda h: h.remarks)) == len(history.remarks)


def test_data_that_cannot_be_read_do_not_end_the_run(tmp_path: Path) -> None:
    task, log = task_with_a_leak(tmp_path / "data"), EventLog(MemoryJournal(), FakeClock())
    (tmp_path / "data" / "train.csv").unlink()
    with examined(task, log):
        pass
    assert not log.read(lambda h: h.notes)
