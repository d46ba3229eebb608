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
from dataclasses import dataclass
from pathlib import Path

from figures import Figure, table
from long_journal import write_long_journal
from scripted_run import write_data
from taken_up import TakenUp, taken_up

from assay.core.budget import Limits
from assay.data.intake import inspect
from assay.journal import events as ev
from assay.journal.checkpoint import HistoryFile
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.summary import SummaryFile
from assay.strategies.launch import task_digest

SHORT = 10
"""Trials of the run beside it, about a hundred events."""
TAKE_UP = """
import sys
from pathlib import Path
from assay.core.clock import SystemClock
from assay.engine.log import EventLog
from assay.journal.checkpoint import HistoryFile
from assay.journal.file import FileJournal
folder = Path(sys.argv[1]) / "run"
log = EventLog(FileJournal(folder / "events.jsonl"), SystemClock(), history=HistoryFile(folder).read())
"""
REPORT = """
import sys
from pathlib import Path
from assay.report import write_reports
write_reports(Path(sys.argv[1]) / "run", final=True)
"""
MEMORY = """
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
"""The most that the process held, in kB; `ru_maxrss` would be at least what its parent held when it began."""


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


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Processor seconds of each command, and megabytes at the most."""

    status_s: float
    taken_s: float
    """By way of a checkpoint of the first four fifths, the least that a running engine has."""
    whole_s: float
    """Without one."""
    report_s: float
    taken_mb: float
    whole_mb: float
    report_mb: float
    resumed: TakenUp


def costs(folder: Path) -> Costs:
    """Return what the run in `folder/run` costs whoever looks at it or takes it up."""
    status, _ = spent("-m", "assay", "status", "--runs", str(folder), "run")
    whole, whole_kb = spent("-c", TAKE_UP + MEMORY, str(folder))
    file, events = HistoryFile(folder / "run"), list(FileJournal(folder / "run" / "events.jsonl").read())
    file.write(History(events[: len(events) * 4 // 5]))
    taken, taken_kb = spent("-c", TAKE_UP + MEMORY, str(folder))
    report, report_kb = spent("-c", REPORT + MEMORY, str(folder))
    resumed = taken_up(folder, History(events[:1]))
    return Costs(
        status_s=status,
        taken_s=taken,
        whole_s=whole,
        report_s=report,
        taken_mb=int(taken_kb) / 1024,
        whole_mb=int(whole_kb) / 1024,
        report_mb=int(report_kb) / 1024,
        resumed=resumed,
    )


def measured(trials: int) -> list[Figure]:
    """Return the rows of so many trials beside a few."""
    with tempfile.TemporaryDirectory() as short, tempfile.TemporaryDirectory() as long:
        written(Path(short), SHORT)
        events = written(Path(long), trials)
        few, many = costs(Path(short)), costs(Path(long))
        page = (Path(long) / "run" / "report.html").stat().st_size / 1e6
    what = f"{trials:,} trials ({events:,} events)"
    read, at_most = "their history read for a resumption", "memory at the most"
    rows = [
        Figure(
            what=f"`status`, {what}",
            value=1000 * many.status_s,
            unit="ms",
            beside=f"{1000 * few.status_s:.0f} ms of ten",
        ),
        Figure(what=f"{read}, by a checkpoint of four fifths", value=many.taken_s, unit="s", beside="under 2 s"),
        Figure(
            what="`assay resume`, whole, to its first event",
            value=many.resumed.event_s,
            unit="s",
            beside=f"{few.resumed.event_s:.2f} s",
        ),
        Figure(
            what="the same to its first question",
            value=many.resumed.question_s,
            unit="s",
            beside=f"{few.resumed.question_s:.2f} s",
        ),
        Figure(what=f"{read}, from the first event on", value=many.whole_s, unit="s", beside=f"{few.whole_s:.2f} s"),
        Figure(what="their report, the first time", value=many.report_s, unit="s", beside=f"{few.report_s:.2f} s"),
        Figure(what=f"{at_most} while it is taken up", value=many.taken_mb, unit="MB", beside=f"{few.taken_mb:.0f} MB"),
        Figure(what=f"{at_most} without a checkpoint", value=many.whole_mb, unit="MB", beside="under 500 MB"),
        Figure(what=f"{at_most} of the report", value=many.report_mb, unit="MB", beside="under 500 MB"),
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
