"""The blocks kind: the code blocks of one reply, run in order in one process with one namespace."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.core.execution import Execution, Outcome
from assay.kinds.base import Failure, Unit
from assay.kinds.script import crash_failure
from assay.sandbox.base import Command

ENTRY = "run_blocks.py"
FOLDER = "blocks"
RECORD = "blocks.jsonl"


@dataclass(frozen=True, kw_only=True)
class BlockRun:
    """How one block ran, by the record that stood beside it in the workspace."""

    number: int
    """Counted from 1."""
    state: str
    """`ok`, `failed`, `unfinished` (the process ended within it) or `not run`."""
    error: str = ""
    """Name and sentence of the exception; for an unfinished block what ended the process."""
    traceback: str = ""
    stdout: str = ""
    """Head and tail, with a marker where some was cut."""
    stderr: str = ""
    wall_s: float | None = None


def blocks_candidate(sources: Sequence[str], *, title: str, operator: str = "write", plan: str = "") -> Candidate:
    """Return the candidate that runs `sources` in order.

    Args:
        sources: Python text of each block; at least one.
        title: Names the task, for tables.
        operator: Which operator made it.
        plan: What it is meant to do.
    """
    files = {name_of(number): text for number, text in enumerate(sources, start=1)}
    return Candidate(
        kind=BlocksKind.name, files={ENTRY: _runner(), **files}, entry=ENTRY, title=title, operator=operator, plan=plan
    )


def name_of(number: int) -> str:
    """Return the file of a block, which its tracebacks name; numbers from 1, in an order that sorts."""
    return f"{FOLDER}/{number:03d}.py"


def runner_files(candidate: Candidate) -> tuple[str, ...]:
    """Return the files that lie in the workspace of a candidate although its code did not write them."""
    return (*sorted(candidate.files), RECORD)


def sources_of(candidate: Candidate) -> tuple[str, ...]:
    """Return the text of each block, in order."""
    return tuple(candidate.files[name] for name in sorted(candidate.files) if name.startswith(f"{FOLDER}/"))


def read_record(record: bytes, count: int, execution: Execution) -> tuple[BlockRun, ...]:
    """Return how each of `count` blocks ran.

    Args:
        record: What stood in the record; written beside hostile code, so anything.
        count: Number of blocks of the candidate.
        execution: How the process as a whole ended: it says why a block did not come to its end.
    """
    ends: dict[int, dict[str, object]] = {}
    last = 0
    for line in record[: 64 * 2**20].splitlines():
        try:
            facts = json.loads(line)
        except (ValueError, RecursionError):
            continue
        number = facts.get("block") if isinstance(facts, dict) else None
        if isinstance(number, int) and 1 <= number <= count:
            last = max(last, number)
            if facts.get("event") == "end":
                ends.setdefault(number, facts)
    return tuple(_block(number, ends.get(number), last, execution) for number in range(1, count + 1))


def _block(number: int, end: dict[str, object] | None, last: int, execution: Execution) -> BlockRun:
    if end is not None:
        wall = end.get("wall_s")
        return BlockRun(
            number=number,
            state="ok" if end.get("ok") is True else "failed",
            error=str(end.get("error", "")),
            traceback=str(end.get("traceback", "")),
            stdout=str(end.get("stdout", "")),
            stderr=str(end.get("stderr", "")),
            wall_s=float(wall) if isinstance(wall, int | float) else None,
        )
    if number > last and not (number == 1 and execution.outcome is not Outcome.INFRA):
        return BlockRun(number=number, state="not run")
    why = execution.detail or f"the process ended by itself with exit code {execution.exit_code}"
    return BlockRun(number=number, state="unfinished", error=why, stdout=execution.log_tail)


class BlocksKind:
    """Runs `python run_blocks.py`, which runs the blocks; a block that fails ends the task."""

    name = "blocks"
    outputs = (RECORD,)

    def command(self, candidate: Candidate, *, python: Path | None, seed: int, threads: int) -> Command:
        """Return how to run the blocks."""
        return Command(
            argv=("python", "-u", "-X", "faulthandler", candidate.entry),
            interpreter=python,
            env={"ASSAY_SEED": str(seed), "ASSAY_THREADS": str(threads), "PYTHONHASHSEED": "0"},
        )

    def units(self, candidate: Candidate) -> tuple[Unit, ...]:
        """Return the blocks, and the runner as a protected unit."""
        return tuple(
            Unit(
                name=f"block {number}" if number else "runner",
                file=name,
                start=1,
                end=max(1, len(text.splitlines())),
                text=text,
                protected=not number,
            )
            for number, (name, text) in enumerate(sorted(candidate.files.items(), key=lambda f: (f[0] != ENTRY, f[0])))
        )

    def replace(self, candidate: Candidate, unit: Unit, text: str) -> Candidate:
        """Return `candidate` with a block replaced by `text`."""
        if unit.protected:
            raise IntegrityError("E404", f"the unit {unit.name!r} is protected")
        if candidate.files.get(unit.file) != unit.text:
            raise IntegrityError("E404", f"{unit.file!r} no longer holds the unit {unit.name!r}")
        try:
            ast.parse(text)
        except SyntaxError as error:
            raise ValueError(f"the edited block does not parse: {error}") from error
        return replace(candidate, files={**candidate.files, unit.file: text})

    def diagnose(self, execution: Execution, problems: tuple[str, ...]) -> Failure | None:
        """Return why the execution does not count, or None if it does."""
        if execution.outcome is not Outcome.OK:
            return crash_failure(execution)
        if not problems:
            return None
        return Failure(
            outcome="no evidence",
            summary=problems[0][:300],
            detail="\n".join(problems),
            signature="no evidence\n" + problems[0],
        )


@lru_cache
def _runner() -> str:
    return resources.files("assay.kinds").joinpath("_run_blocks.py").read_text(encoding="utf-8")
