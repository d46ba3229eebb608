"""The script kind: one Python file, possibly with helpers beside it, run from start to end."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.digest import digest_text
from assay.core.errors import IntegrityError
from assay.core.execution import Execution, Outcome
from assay.kinds.base import Failure, Unit
from assay.kinds.early_imports import early_imports
from assay.kinds.excerpt import TRACEBACK, stack_of, traceback_of, words
from assay.sandbox.base import Command

_ERROR_LINE = re.compile(r"^(?P<type>[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning|Iteration))(?::|$).*")
_MODULES = re.compile(r"^Extension modules: .*\n?", re.MULTILINE)
"""Where a crash inside a library is told, every extension module that was loaded is listed, too."""
_MOST_STACK = 3_000
_VOLATILE = re.compile(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:e[-+]?\d+)?")


class ScriptKind:
    """Runs `python solution.py`."""

    name = "script"
    outputs = ("submission.csv", "probabilities.csv")

    def command(self, candidate: Candidate, *, python: Path | None, seed: int, threads: int) -> Command:
        """Return how to run the entry file."""
        return Command(
            argv=("python", "-u", "-X", "faulthandler", candidate.entry),
            interpreter=python,
            env={"ASSAY_SEED": str(seed), "ASSAY_THREADS": str(threads), "PYTHONHASHSEED": "0"},
        )

    def early_imports(self, candidate: Candidate) -> tuple[str, ...]:
        """Return the modules that the entry file imports before it does anything else."""
        return early_imports(candidate.source)

    def units(self, candidate: Candidate) -> tuple[Unit, ...]:
        """Return each top-level function and class, and each run of other statements between them."""
        source = candidate.source
        lines = source.splitlines(keepends=True)
        return tuple(
            Unit(name=name, file=candidate.entry, start=start, end=end, text="".join(lines[start - 1 : end]))
            for name, start, end in _regions(ast.parse(source), len(lines))
        )

    def replace(self, candidate: Candidate, unit: Unit, text: str) -> Candidate:
        """Return `candidate` with `unit` replaced by `text`."""
        lines = candidate.files[unit.file].splitlines(keepends=True)
        if unit.protected:
            raise IntegrityError("E404", f"the unit {unit.name!r} is protected")
        if "".join(lines[unit.start - 1 : unit.end]) != unit.text:
            raise IntegrityError("E404", f"lines {unit.start} to {unit.end} no longer hold the unit {unit.name!r}")
        body = text if text.endswith("\n") or not text else text + "\n"
        changed = "".join([*lines[: unit.start - 1], body, *lines[unit.end :]])
        try:
            ast.parse(changed)
        except SyntaxError as error:
            raise ValueError(f"the edited script does not parse: {error}") from error
        return replace(candidate, files={**candidate.files, unit.file: changed})

    def diagnose(self, execution: Execution, problems: tuple[str, ...]) -> Failure | None:
        """Return why the execution does not count, or None if it does."""
        if execution.outcome is Outcome.OK or self.outputs[0] in execution.outputs:
            return _invalid_output(execution, problems, self.outputs[0])
        return crash_failure(execution)


def crash_failure(execution: Execution) -> Failure:
    """Return why a Python process that did not end well failed, as a repairer needs to know it."""
    log = _MODULES.sub("", execution.log_tail)
    # What a program printed last before its time ended is no error.
    error = "" if execution.outcome is Outcome.TIMEOUT else _last_error(log)
    summary = {
        Outcome.ERROR: error or f"exit code {execution.exit_code}",
        Outcome.TIMEOUT: f"did not end within {execution.wall_s:.0f} s",
    }.get(execution.outcome, execution.detail or str(execution.outcome))
    place = stack_of(execution.stuck_at, _MOST_STACK)
    stack = f"It was here, innermost call first:\n{place}" if place else ""
    said = [_told(execution), stack, traceback_of(log) if error else "", _printed(log, execution)]
    detail = "\n\n".join(part for part in said if part)
    return Failure(
        outcome=str(execution.outcome),
        summary=summary[:300],
        detail=detail,
        signature=_signature(str(execution.outcome), error),
    )


def _told(execution: Execution) -> str:
    """Return the cause in a sentence, and for a time-out how much of the time went into work."""
    if execution.outcome is not Outcome.TIMEOUT or execution.cpu_s is None:
        return execution.detail
    return f"{execution.detail}; processor time used: {execution.cpu_s:.0f} s"


def _printed(log: str, execution: Execution) -> str:
    before = log if execution.outcome is Outcome.TIMEOUT else log.rpartition(TRACEBACK)[0] or log
    told = words(before)
    return f"End of what it printed:\n{told}" if told else "It had printed nothing."


def _regions(module: ast.Module, last_line: int) -> Iterator[tuple[str, int, int]]:
    """Yield name, first and last line of the regions; comments go with what follows them."""
    start, loose = 1, 0
    names: dict[str, int] = {}
    for node in module.body:
        end = node.end_lineno or node.lineno
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if named:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])  # type: ignore[attr-defined]
            if loose:
                yield _numbered("statements", names), start, loose
                start = loose + 1
            yield _numbered(node.name, names), min(start, first), end  # type: ignore[attr-defined]
            start, loose = end + 1, 0
        else:
            loose = end
    if start <= last_line:
        yield _numbered("statements", names), start, last_line


def _numbered(name: str, seen: dict[str, int]) -> str:
    seen[name] = seen.get(name, 0) + 1
    return name if seen[name] == 1 else f"{name}-{seen[name]}"


def _invalid_output(execution: Execution, problems: tuple[str, ...], name: str) -> Failure | None:
    if name not in execution.outputs:
        problems = (f"./output/{name} was not taken: {execution.refused.get(name, 'missing')}",)
    if not problems:
        return None
    return Failure(
        outcome="invalid output",
        summary=problems[0][:300],
        detail="\n".join(problems) + "\n\nEnd of what it printed:\n" + words(execution.log_tail),
        signature=_signature("invalid output", problems[0]),
    )


def _last_error(log: str) -> str:
    """Return the last line that names an exception, or the last line at all."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for line in reversed(lines):
        if _ERROR_LINE.match(line):
            return line
    return lines[-1] if lines else ""


def _signature(outcome: str, error: str) -> str:
    return digest_text(f"{outcome}\n{_VOLATILE.sub('#', error)}")
