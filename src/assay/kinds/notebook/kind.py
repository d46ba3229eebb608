"""The notebook kind: cells run one by one in a kernel, each a unit that can be edited unless it is locked."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.core.execution import Execution
from assay.kinds.base import Failure, Launch, Told, Unit
from assay.kinds.notebook.document import notebook_of, with_notebook
from assay.kinds.notebook.failure import diagnose_cells
from assay.kinds.notebook.flat import plain
from assay.kinds.notebook.interpreter import require_packages
from assay.kinds.notebook.launch import live_answer, make_launch, read_told
from assay.kinds.notebook.locks import locks_of
from assay.kinds.notebook.recheck import METRICS_FILE
from assay.sandbox.base import Command, SandboxLimits

NOTEBOOK = "notebook"


class NotebookKind:
    """Runs the code cells of an `.ipynb` or a percent `.py` under a driver inside the sandbox.

    Args:
        cell_s: Most seconds of one cell; None bounds only the whole run.
    """

    name = NOTEBOOK
    outputs = ("submission.csv", "probabilities.csv", "baseline.csv", "predictions.csv", METRICS_FILE)

    def __init__(self, *, cell_s: float | None = None) -> None:
        self._cell_s = cell_s

    def command(self, candidate: Candidate, *, python: Path | None, seed: int, threads: int) -> Command:
        """Return the driver's command; the engine starts notebooks by `launch`, which brings its order along."""
        limits = SandboxLimits(wall_s=3_600.0, memory_bytes=0, threads=threads)
        return self.launch(candidate, python=python, seed=seed, limits=limits).command

    def launch(
        self, candidate: Candidate, *, python: Path | None, seed: int, limits: SandboxLimits, inbox: str = ""
    ) -> Launch:
        """Return how to start `candidate` once; see `Driven.launch`.

        Raises:
            TaskError: The entry is no notebook (E138).
            MachineError: The interpreter lacks what notebooks need (E561).
        """
        require_packages(python)
        return make_launch(candidate, python=python, seed=seed, limits=limits, inbox=inbox, cell_s=self._cell_s)

    def told(self, launch: Launch, printed: bytes) -> Told:
        """Return what the driver has told by now."""
        return read_told(launch, printed)

    def answer(self, launch: Launch, halted: Candidate, mended: Candidate | None, unit: str) -> str | None:
        """Return what to tell the driver that halted at `unit`; see `Driven.answer`."""
        del launch
        return live_answer(halted, mended, unit)

    def answer_name(self, round: int) -> str:
        """Return the name of the file that answers the halt of that number."""
        return f"answer-{round}.json"

    def units(self, candidate: Candidate) -> tuple[Unit, ...]:
        """Return the code cells in order: `name` is the cell's id, `start` and `end` are lines of the flat code."""
        locked = locks_of(candidate).ids
        units, line = [], 1
        for cell in notebook_of(candidate).code_cells:
            last = line + cell.source.count("\n")
            own = cell.id in locked
            units.append(
                Unit(name=cell.id, file=candidate.entry, start=line, end=last, text=cell.source, protected=own)
            )
            line = last + 1
        return tuple(units)

    def replace(self, candidate: Candidate, unit: Unit, text: str) -> Candidate:
        """Return `candidate` with the source of one cell replaced by `text`."""
        notebook, locks = notebook_of(candidate), locks_of(candidate)
        if unit.protected or unit.name in locks.ids:
            raise IntegrityError("E404", f"the cell {unit.name!r} is locked")
        found = [cell for cell in notebook.cells if cell.id == unit.name]
        if len(found) != 1 or not found[0].is_code or found[0].source != unit.text:
            raise IntegrityError("E404", f"the notebook no longer holds the cell {unit.name!r} as it was")
        try:
            ast.parse(plain(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise ValueError(f"the edited cell {unit.name!r} does not parse: {error}") from error
        edited = notebook.with_source(unit.name, text)
        locks.require(edited)
        return with_notebook(candidate, edited)

    def diagnose(self, execution: Execution, problems: tuple[str, ...]) -> Failure | None:
        """Return why the execution does not count, or None if it does."""
        return diagnose_cells(execution, problems)


if TYPE_CHECKING:
    from assay.kinds.base import Driven, Kind

    def _conforms(kind: NotebookKind) -> tuple[Kind, Driven]:
        return kind, kind
