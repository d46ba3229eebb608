"""Exploring: one notebook that looks into the data, written, run in the sandbox, and checked on rows held back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.candidate import Candidate
from assay.core.clock import iso_utc
from assay.core.digest import digest_json
from assay.core.errors import ModelError
from assay.core.execution import Execution, Outcome
from assay.core.view import View
from assay.engine.parts import Parts
from assay.engine.running import Running
from assay.grading import Graded
from assay.kinds import NotebookKind
from assay.kinds.notebook import Notebook, new_cell, new_notebook_candidate
from assay.models.base import Model, R, Request
from assay.models.roles import Brief, Exploration, ExploreInputs, Inputs
from assay.operators.rendering import Prompts
from assay.sandbox.base import SandboxLimits
from assay.strategies.ideas.checking import Checked
from assay.strategies.ideas.frame import SAVING, STATEMENTS_FILE, setup
from assay.strategies.ideas.scoring import Parts as ScoreParts
from assay.strategies.ideas.statements import Statement, read_statements

if TYPE_CHECKING:
    from collections.abc import Sequence

EXECUTED = "executed.ipynb"
SUBMISSION = "submission.csv"


class ExploringKind(NotebookKind):
    """Notebooks whose statements are taken, beside predictions if there are any."""

    name = "exploring"
    outputs = (STATEMENTS_FILE, SUBMISSION)  # type: ignore[assignment] # the base names as many files as it has


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """One notebook with what came of it."""

    number: int
    variant: str
    seed: int
    title: str = ""
    candidate: Candidate | None = None
    execution: Execution | None = None
    checked: tuple[Checked, ...] = ()
    baseline: float | None = None
    """Graded score of its plain model; None without one."""
    parts: ScoreParts | None = None
    score: float | None = None
    problems: tuple[str, ...] = ()
    started: str = ""
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 by file of its folder."""

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"{self.number:02d}-seed-{self.seed}"


def ask(model: Model, prompts: Prompts, role: str, inputs: Inputs, reply: type[R], *, key: str, seed: int = 0) -> R:
    """Return the reply to one question."""
    messages = prompts.render(role, inputs)
    request = Request(role=role, inputs=inputs, messages=messages, reply_type=reply, key=key, seed=seed)
    return model.answer(request).reply


@dataclass(frozen=True, kw_only=True)
class Explorer:
    """Runs exploring notebooks. Called from several threads.

    Args:
        parts: Sandbox, objects and grading.
        prompts: Render questions.
        brief: What every question is told.
        view: The rows that notebooks see.
        limits: Of one execution.
        papers: What the literature says, quoted.
        columns: Those that statements may name.
        check: Measures statements on the rows held back.
    """

    parts: Parts
    prompts: Prompts
    brief: Brief
    view: View
    limits: SandboxLimits
    papers: str
    columns: tuple[str, ...]
    check: Callable[[Sequence[Statement]], tuple[Checked, ...]]

    def explore(self, number: int, variant: str, seed: int) -> Analysis:
        """Return what notebook `number` established; what failed is among its problems."""
        begun = iso_utc(self.parts.clock.now())
        blank = Analysis(number=number, variant=variant, seed=seed, started=begun)
        inputs = ExploreInputs(
            brief=self.brief,
            variant=variant,
            number=number,
            setup=setup(self.parts.task),
            saving=SAVING,
            papers=self.papers,
        )
        key = f"explore/{number}/{digest_json([variant, seed])[:8]}"
        try:
            written = ask(self.parts.model, self.prompts, "explore", inputs, Exploration, key=key, seed=seed)
        except ModelError as error:
            return replace(blank, problems=(f"no notebook: {error.message}",))
        candidate = self._candidate(written, inputs)
        running = Running(self.parts, candidate, self.view, seed, self.limits)
        try:
            execution = running.wait()
        except BaseException:
            running.close()
            raise
        return self._judged(blank, written.title, candidate, execution)

    def _candidate(self, written: Exploration, inputs: ExploreInputs) -> Candidate:
        cells = [
            new_cell("setup", inputs.setup, name="Set-up", purpose="Reads the rows.", section="setup"),
            *(
                new_cell(cell.id, cell.code, name=cell.id, purpose=cell.purpose, section="look")
                for cell in written.cells
            ),
            new_cell("saving", inputs.saving, name="Saving", purpose="Leaves the statements.", section="saving"),
        ]
        notebook = Notebook(cells=tuple(cells), metadata={})
        made = new_notebook_candidate(notebook, title=written.title, operator="explore")
        return replace(made, kind=ExploringKind.name)

    def _judged(self, blank: Analysis, title: str, candidate: Candidate, execution: Execution) -> Analysis:
        problems: list[str] = []
        if execution.outcome is not Outcome.OK:
            problems.append(execution.detail or f"it ended: {execution.outcome.value}")
        statements: tuple[Statement, ...] = ()
        digest = execution.outputs.get(STATEMENTS_FILE)
        if digest is None:
            problems.append(f"no {STATEMENTS_FILE}: {execution.refused.get(STATEMENTS_FILE, 'missing')}")
        else:
            statements, odd = read_statements(self.parts.objects.path(digest), self.columns)
            problems += odd
        return replace(
            blank,
            title=title,
            candidate=candidate,
            execution=execution,
            checked=self.check(statements),
            baseline=self._baseline(execution),
            problems=tuple(problems),
        )

    def _baseline(self, execution: Execution) -> float | None:
        digest = execution.outputs.get(SUBMISSION)
        if digest is None:
            return None
        grade = self.parts.grading.grade(self.parts.task, self.view, self.parts.objects.path(digest))
        return grade.score.value if isinstance(grade, Graded) else None


def executed_path(parts: Parts, execution: Execution) -> Path | None:
    """Return the executed notebook; None if there is none."""
    digest = execution.outputs.get(EXECUTED)
    return parts.objects.path(digest) if digest else None
