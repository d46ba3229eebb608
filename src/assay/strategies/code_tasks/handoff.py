"""Hand-off: the files that the planning team reads, all with one timestamp, written after verification."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from assay.core.files import write_whole
from assay.engine.parts import Parts
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


class Handoff:
    """Writes the files from the journal alone, so none can say another status than the final one.

    Args:
        parts: The run's folder and its log.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._folder = parts.folder / FOLDER
        self._folder.mkdir(exist_ok=True)
        for left in self._folder.glob(".*.tmp"):  # of an engine that was killed while it wrote
            left.unlink(missing_ok=True)

    def progress(self) -> None:
        """Write the progress file again, with every task that has its final status by now."""
        self._parts.log.read(lambda history: self._write("execution_progress_update", "md", progress_text(history)))

    def results(self) -> None:
        """Write progress, summary and results."""
        self.progress()

        def write(history: History) -> None:
            self._write("execution_summary", "md", summary_text(history))
            text = json.dumps(results_value(history), indent=1, ensure_ascii=False)
            self._write("execution_results", "json", text + "\n")

        self._parts.log.read(write)

    def trigger(self, *, by: str) -> None:
        """Write the trigger of the next cycle, which exists only once the results may be used.

        Args:
            by: Who approved them.
        """

        def write(history: History) -> None:
            text = json.dumps(trigger_value(history, by), indent=1, ensure_ascii=False)
            write_whole(self._folder / TRIGGER, text + "\n")

        self._parts.log.read(write)

    def _write(self, name: str, suffix: str, text: str) -> None:
        noted = self._parts.log.read(lambda history: str(history.notes[record.STAMP]))
        write_whole(self._folder / f"{name}_{noted}.{suffix}", text)
