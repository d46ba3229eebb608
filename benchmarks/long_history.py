"""What a long history costs: `status`, reading for a resumption, the report, and memory, beside a short one.

python benchmarks/long_history.py [--trials 10000]

Seconds are of the processor, each in a process of its own with its start: on a busy machine the clock tells little.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import Figure, table
from long_journal import write_long_journal
from scripted_run import write_data

from assay.core.budget import Limits
from assay.data.intake import inspect
from assay.journal import events as ev
from assay.journal.summary import SummaryFile
from assay.strategies.launch import task_digest

SHORT = 10
"""Trials of the run beside it, about a hundred events."""
TAKE_UP = """
import sys
from pathlib import Path
from assay.core.clock import SystemClock
from assay.engine.log import EventLog
from assay.journal.file import FileJournal
log = EventLog(FileJournal(Path(sys.argv[1]) / "run" / "events.jsonl"), SystemClock())
"""
REPORT = """
import sys
from pathlib import Path
from assay.report import write_reports
write_reports(Path(sys.argv[1]) / "run", final=True)
"""
MEMORY = "\nimport resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"


def written(folder: Path, trials: int) -> int:
    """Write a run of so many trials in `folder/run`, with its summary; return its number of events."""
    write_data(folder / "data", 400)
    task = inspect(folder / "data", target="y", metric="rmse").task
    (folder / "run").mkdir()
    started = ev.RunStarted(
        run="run",
        task=task,
        task_digest=task_digest(task),
        strategy="tree",
        model="playbook",
        seed=0,
        limits=Limits(trials=trials, workers=1),
        sandbox="T2",
    )
    events = write_long_journal(folder / "run", started, trials)
    SummaryFile(folder / "run").refresh()
    return events


def spent(*command: str) -> tuple[float, str]:
    """Run Python with `command`; return its processor seconds, the system's for it included, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, *command], check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def costs(folder: Path) -> tuple[float, float, float, float]:
    """Return the seconds of `status`, of taking up and of the report, and the megabytes of what was taken up."""
    status, _ = spent("-m", "assay", "status", "--runs", str(folder), "run")
    taken, memory = spent("-c", TAKE_UP + MEMORY, str(folder))
    report, _ = spent("-c", REPORT, str(folder))
    return status, taken, report, int(memory) / 1024


def measured(trials: int) -> list[Figure]:
    """Return the rows of so many trials beside a few."""
    with tempfile.TemporaryDirectory() as short, tempfile.TemporaryDirectory() as long:
        written(Path(short), SHORT)
        events = written(Path(long), trials)
        few, many = costs(Path(short)), costs(Path(long))
        page = (Path(long) / "run" / "report.html").stat().st_size / 1e6
    what = f"{trials:,} trials ({events:,} events)"
    rows = [
        Figure(what=f"`status`, {what}", value=1000 * many[0], unit="ms", beside=f"{1000 * few[0]:.0f} ms of ten"),
        Figure(what="their history read for a resumption", value=many[1], unit="s", beside=f"{few[1]:.2f} s"),
        Figure(what="their report, the first time", value=many[2], unit="s", beside=f"{few[2]:.2f} s"),
        Figure(what="memory at the most while it is read", value=many[3], unit="MB", beside=f"{few[3]:.0f} MB"),
        Figure(what="`report.html`", value=page, unit="MB", beside="under 5 MB"),
    ]
    return rows


def figures(*, quick: bool) -> list[Figure]:
    """Return the rows of this benchmark."""
    return measured(1000 if quick else 10_000)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=10_000)
    print(table(measured(parser.parse_args().trials)))


if __name__ == "__main__":
    main()
