"""The kind itself: how a command candidate is started, edited and its failure read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.core.execution import Execution, Outcome
from assay.kinds.base import Failure, Unit
from assay.kinds.command.spec import overlay_of, spec_of
from assay.kinds.script import crash_failure
from assay.sandbox.base import Command


class CommandKind:
    """Runs what a candidate's spec says, in a workspace made by `lay_out`. Nothing of it is graded by itself."""

    name = "command"
    outputs: tuple[str, ...] = ()

    def command(self, candidate: Candidate, *, python: Path | None, seed: int, threads: int) -> Command:
        """Return how to run the candidate."""
        spec = spec_of(candidate)
        argv = spec.argv or ("bash", "-c", spec.shell)
        given = {"ASSAY_SEED": str(seed), "ASSAY_THREADS": str(threads), "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1"}
        return Command(argv=argv, interpreter=python, env={**given, **spec.env})

    def units(self, candidate: Candidate) -> tuple[Unit, ...]:
        """Return each file that is laid over the repository, and the command itself, which is protected."""
        return tuple(
            Unit(
                name=path,
                file=path,
                start=1,
                end=max(1, len(text.splitlines())),
                text=text,
                protected=path == candidate.entry,
            )
            for path, text in sorted({candidate.entry: candidate.source, **overlay_of(candidate)}.items())
        )

    def replace(self, candidate: Candidate, unit: Unit, text: str) -> Candidate:
        """Return `candidate` with a whole file replaced."""
        if unit.protected:
            raise IntegrityError("E404", f"the unit {unit.name!r} is protected")
        if candidate.files.get(unit.file) != unit.text:
            raise IntegrityError("E404", f"{unit.file!r} no longer holds the unit {unit.name!r}")
        if unit.file.endswith(".py"):
            try:
                compile(text, unit.file, "exec", dont_inherit=True)
            except (SyntaxError, ValueError) as error:
                raise ValueError(f"the edited file {unit.file!r} does not parse: {error}") from error
        return replace(candidate, files={**candidate.files, unit.file: text})

    def diagnose(self, execution: Execution, problems: tuple[str, ...]) -> Failure | None:
        """Return why the execution does not count, or None if it does."""
        if execution.outcome is Outcome.OK and not problems:
            return None
        if execution.outcome is Outcome.OK:
            tail = execution.log_tail[-2_000:]
            return Failure(
                outcome="invalid output",
                summary=problems[0][:300],
                detail="\n".join(problems) + f"\n\nEnd of what it printed:\n{tail}",
                signature=f"invalid output: {problems[0]}",
            )
        return crash_failure(execution)
