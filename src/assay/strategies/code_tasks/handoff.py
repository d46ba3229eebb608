"""Hand-off: the files that the planning team reads, all with one timestamp, written after verification.

They are written from the journal alone, so none can say another status than the final one, and any can be made again.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from assay.core.files import write_whole
from assay.journal.history import History
from assay.strategies.code_tasks import record
from assay.strategies.code_tasks.handoff_text import progress_text, summary_text
from assay.strategies.code_tasks.handoff_values import results_value, trigger_value

FOLDER = "handoff"
TRIGGER = "next_meeting_trigger.json"


def stamp(now: float) -> str:
    """Return the timestamp that every file of a cycle has in its name."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y%m%d_%H%M%S")


def newest_results(folder: Path) -> Path | None:
    """Return the newest results file in a hand-off folder, by the timestamp in its name; None if there is none."""
    return max(folder.glob("execution_results_*.json"), default=None, key=lambda path: path.name)


def write_progress(run: Path, history: History) -> Path:
    """Write the progress file, with every task that has its final status by now.

    Args:
        run: The run's folder.
        history: The journal so far; the queue was read.

    Returns:
        Where it is.
    """
    return _write(run, f"execution_progress_update_{_stamp(history)}.md", progress_text(history))


def write_results(run: Path, history: History) -> tuple[Path, ...]:
    """Write progress, summary and results; return where they are.

    Args:
        run: The run's folder.
        history: The journal so far; the queue was read.
    """
    results = json.dumps(results_value(history), indent=1, ensure_ascii=False)
    return (
        write_progress(run, history),
        _write(run, f"execution_summary_{_stamp(history)}.md", summary_text(history)),
        _write(run, f"execution_results_{_stamp(history)}.json", results + "\n"),
    )


def write_trigger(run: Path, history: History, *, by: str) -> Path:
    """Write the trigger of the next cycle, which exists only once the results may be used; return where it is.

    Args:
        run: The run's folder.
        history: The journal.
        by: Who approved them.
    """
    text = json.dumps(trigger_value(history, by), indent=1, ensure_ascii=False)
    return _write(run, TRIGGER, text + "\n")


def _write(run: Path, name: str, text: str) -> Path:
    folder = run / FOLDER
    folder.mkdir(exist_ok=True)
    for left in folder.glob(f".{name}.*.tmp"):  # of an engine that was killed while it wrote
        left.unlink(missing_ok=True)
    write_whole(folder / name, text)
    return folder / name


def _stamp(history: History) -> str:
    return str(history.notes[record.STAMP])
