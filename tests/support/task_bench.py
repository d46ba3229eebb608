"""A queue worked through by the real strategy, sandbox and journal, for tests of code tasks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.engine.endings import Ending
from assay.journal.history import History
from assay.models.base import Model
from assay.models.playbook import Playbook
from assay.strategies.code_tasks import record
from assay.strategies.code_tasks.handoff import newest_results
from assay.strategies.code_tasks.options import TaskOptions
from assay.strategies.code_tasks.record import TaskEnd
from assay.strategies.code_tasks.strategy import CodeTasks
from support.job_bench import JobBench

APPROVE = {"verdict": "approve", "critical": [], "warnings": [], "confidence": 0.9, "reason": "It is fine."}


def fenced(*blocks: str) -> str:
    """Return a reply with these blocks."""
    return "Here it is.\n\n" + "\n\n".join(f"````python\n{block}\n````" for block in blocks) + "\n\nDone."


@dataclass
class Cycle:
    """What came of a queue."""

    history: History
    ends: Mapping[str, TaskEnd]
    folder: Path
    stopped_by: str = ""

    def status(self, task: str) -> str:
        """Return the final status of a task."""
        return str(self.ends[task].status)

    def statuses(self) -> dict[str, str]:
        """Return the final status of each task."""
        return {task: str(end.status) for task, end in self.ends.items()}

    def codes(self, task: str) -> set[str]:
        """Return the codes of what was found wrong with a task's evidence."""
        trial = self.history.trials[self.ends[task].trial or 0]
        return {f.name for f in trial.evidence.findings if not f.passed} if trial.evidence else set()

    def results(self) -> Any:
        """Return the results file."""
        path = newest_results(self.folder / "run" / "handoff")
        assert path is not None
        return json.loads(path.read_text(encoding="utf-8"))


@dataclass
class TaskBench:
    """Works through queues in a folder of its own.

    Args:
        folder: Where the queue and the run are written.
        template: An empty experiment store, to save making one; None lets the run make its own.
    """

    folder: Path
    template: Path | None = None
    model: Model = field(default_factory=Playbook)
    meeting: str = "week-1"

    def work(
        self,
        tasks: Sequence[Mapping[str, Any]],
        responses: Mapping[str, Any] | None = None,
        *,
        decision: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Cycle:
        """Return what came of `tasks`; called again in the same folder it resumes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        run, queue, replies = self.folder / "run", self.folder / "queue.json", self.folder / "responses.json"
        (run / "private").mkdir(parents=True, exist_ok=True)
        if self.template is not None and not (run / "private" / self.template.name).exists():
            (run / "private" / self.template.name).write_bytes(self.template.read_bytes())
        value: dict[str, Any] = {"meeting_id": self.meeting, "decisions": list(tasks)}
        queue.write_text(json.dumps({**value, **({"decision": decision} if decision else {})}), encoding="utf-8")
        if responses is not None:
            replies.write_text(json.dumps(responses), encoding="utf-8")
        chosen: dict[str, Any] = {"checkpoint": False, "timeout_s": 30.0, "mlflow": "off", **options}
        wanted = TaskOptions(file=queue, responses=replies if responses is not None else None, **chosen)
        stopped_by = ""
        bench = JobBench(run, model=self.model)
        try:
            CodeTasks(wanted).run(bench.session)
        except Ending as ending:
            stopped_by = ending.stopped_by
        history = bench.session.view()
        return Cycle(history, record.ends_of(history), self.folder, stopped_by)
