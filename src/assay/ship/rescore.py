"""Rescore: the programs of a solution run once more, in the sandbox, and graded as in a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from assay.core.budget import Limits
from assay.core.candidate import Candidate
from assay.core.digest import digest_file
from assay.core.errors import MachineError
from assay.core.execution import Outcome
from assay.core.score import Score
from assay.core.task import Task
from assay.core.view import View, ViewKey
from assay.engine.log import EventLog
from assay.engine.measure import Measurer
from assay.grading import Graded
from assay.journal import events as ev
from assay.journal.memory import MemoryJournal
from assay.sandbox import protect_engine
from assay.strategies.assemble import Shell, open_shell, parts_of
from assay.strategies.description import task_digest
from assay.strategies.options import RunOptions
from assay.strategies.sandboxes import sandbox_limits


@dataclass(frozen=True)
class Outcomes:
    """What came of one execution."""

    score: Score | None
    problem: str = ""
    """Why there is no score."""
    wall_s: float = 0.0


class Again:
    """Runs candidates on views of a task and grades them. Nothing is kept but what is under its folder.

    Args:
        shell: Open parts.
        log: With the first event.
        options: What the parts were opened with.
    """

    def __init__(self, shell: Shell, log: EventLog, options: RunOptions) -> None:
        self._shell, self._log = shell, log
        self._parts = parts_of(shell, log, options)
        self._measurer = Measurer(self._parts, sandbox_limits(shell.machine))
        self._numbers: dict[str, int] = {}

    @property
    def python(self) -> str:
        """Version of the interpreter that runs the candidates."""
        return self._shell.machine.python

    @property
    def packages(self) -> dict[str, str]:
        """Distributions that the candidates can import, to versions."""
        return dict(self._shell.machine.packages)

    @property
    def sandbox(self) -> str:
        """What isolates the candidates, in a line."""
        return self._shell.sandbox.description

    def key(self, name: str) -> ViewKey | None:
        """Return the view of this name, if the task has it."""
        views = self._parts.views
        keys = (*views.fold_keys(), views.sealed_key(), views.final_key())
        return next((key for key in keys if key is not None and key.name == name), None)

    def answers(self, key: ViewKey) -> str:
        """Return the digest of the hidden answers of a view."""
        answers = self._parts.views.build(key).answers
        return digest_file(answers) if answers is not None else ""

    def run(self, candidate: Candidate, key: ViewKey, seed: int) -> Outcomes:
        """Run a candidate on a view and grade what it leaves.

        Raises:
            AssayError: The sandbox or the data cannot be used: nobody knows then how it would have scored.
        """
        measured = self._measurer.measure(
            trial=self._number(candidate), attempt=1, candidate=candidate, key=key, seed=seed
        )
        execution = measured.execution
        if execution is None:
            raise MachineError("E517", f"{candidate.title} on {key.name} did not run", fix="assay doctor")
        predictions = self._measurer.predictions(measured)
        if predictions is None or execution.outcome is not Outcome.OK:
            told = execution.detail or str(execution.outcome)
            tail = execution.log_tail.strip().splitlines()[-1:] or [""]
            return Outcomes(None, f"{told}: {tail[0]}".rstrip(": "), execution.wall_s)
        if measured.score is not None:
            return Outcomes(measured.score, wall_s=execution.wall_s)
        if measured.problems:
            return Outcomes(None, "; ".join(measured.problems), execution.wall_s)
        return self._graded(self._parts.views.build(key), predictions, execution.wall_s)

    def _graded(self, view: View, predictions: Path, wall_s: float) -> Outcomes:
        """Grade what the measurer leaves ungraded: sealed rows, which a run looks at once."""
        grade = self._parts.grading.grade(self._parts.task, view, predictions)
        if isinstance(grade, Graded):
            return Outcomes(grade.score, wall_s=wall_s)
        return Outcomes(None, "; ".join(grade.problems), wall_s)

    def _number(self, candidate: Candidate) -> int:
        number = self._numbers.get(candidate.digest)
        if number is None:
            number = self._numbers[candidate.digest] = len(self._numbers)
            self._log.add(
                ev.TrialCreated(
                    trial=number,
                    key=f"again/{number}",
                    candidate=self._parts.objects.put_candidate(candidate),
                    title=candidate.title,
                    operator="again",
                )
            )
        return number


@contextmanager
def open_again(folder: Path, task: Task, *, workers: int, python: Path | None, sandbox: str) -> Iterator[Again]:
    """Open what it takes to run the candidates of a task in `folder`, an empty one.

    Args:
        folder: For views, answers and objects.
        task: On data that are there.
        workers: Executions side by side that the run had: each gets its share of the cores.
        python: Interpreter of the candidates; None means Assay's own.
        sandbox: As of `assay run --sandbox`.

    Raises:
        AssayError: Sandbox, data or interpreter cannot be used.
    """
    protect_engine()
    options = RunOptions(
        limits=Limits(workers=workers), runs=folder.parent, python=python, sandbox=sandbox, gate=False, warm=False
    )
    with ExitStack() as stack:
        shell = open_shell(stack, folder, task, options)
        log = EventLog(MemoryJournal(), shell.clock)
        log.add(
            ev.RunStarted(
                run=folder.name,
                task=task,
                task_digest=task_digest(task),
                strategy=options.strategy,
                model=shell.model.name,
                seed=0,
                limits=options.limits,
                sandbox=shell.sandbox.tier,
            )
        )
        yield Again(shell, log, options)
