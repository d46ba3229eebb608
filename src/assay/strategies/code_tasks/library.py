"""For people who have agents of their own, in a notebook or a program: run a reply, then verify what it left.

    from assay import execute_code, verify_evidence

    result = execute_code(reply, expected={"metrics": ["accuracy"], "files": ["results/*.json"]})
    evidence = verify_evidence(result)
    evidence.verified, evidence.findings

The guarantees are those of `assay tasks`: the sandbox, one process and namespace for all blocks, a tracking run issued
for this call, and evidence that counts only if it is this run's. What is expected is declared before anything runs.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from assay.core.candidate import Candidate
from assay.core.clock import SystemClock
from assay.core.cores import usable_cores
from assay.core.digest import digest_file
from assay.core.errors import TaskError, UsageError
from assay.core.execution import Execution, Outcome
from assay.kinds import BlocksKind
from assay.kinds.blocks import RECORD, BlockRun, blocks_candidate, read_record
from assay.kinds.extraction import extract
from assay.sandbox import SandboxLimits, Workspace, collect, open_sandbox, protect_engine, remove_tree
from assay.sandbox.base import Finished
from assay.strategies.code_tasks.evidence import GIVEN, judged, required
from assay.strategies.code_tasks.queue import ANY_DOCUMENT, Expected, TaskKind
from assay.strategies.code_tasks.work import MOST_PRINTED_BYTES, MOST_PROCESSES
from assay.strategies.sandboxes import sandbox_mode
from assay.tracking import Attempt, Evidence, Issued, Required, issue, make_template

_MOST_RECORD_BYTES = 64 * 2**20


@dataclass(frozen=True, kw_only=True)
class CodeResult:
    """How a reply's code ran. Nothing in it says that a task is done: `verify_evidence` does."""

    outcome: Outcome
    blocks: tuple[BlockRun, ...]
    """Each block with its state, output and traceback."""
    log: str
    """All that was printed, within a bound."""
    detail: str = ""
    """One sentence on the cause where it did not end well."""
    run_id: str = ""
    """The tracking run that was issued; empty where none was needed."""
    packages: tuple[str, ...] = ()
    """What the reply wanted to install; nothing was."""
    _issued: Issued = field(repr=False)
    _required: Required = field(repr=False)
    _place: _Place = field(repr=False, compare=False)
    _candidate: Candidate = field(repr=False)
    _ended_ms: int = field(repr=False)
    _given: Mapping[str, str] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether every block came to its end."""
        return self.outcome is Outcome.OK and bool(self.blocks) and all(run.state == "ok" for run in self.blocks)


class _Place:
    """A private folder with the workspace, removed with the result that holds it."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="assay-code-"))
        self.workspace, self.copies = self.root / "work", self.root / "private"
        (self.workspace / "output").mkdir(parents=True)
        self.copies.mkdir(mode=0o700)
        weakref.finalize(self, remove_tree, self.root)


def execute_code(
    reply: str,
    *,
    expected: Mapping[str, Any] | None = None,
    kind: str = "experimental",
    given: Mapping[str, Path] | None = None,
    timeout_s: float = 600.0,
    memory_gb: float | None = None,
    python: Path | None = None,
    sandbox: str = "auto",
) -> CodeResult:
    """Run the Python blocks of an agent's reply, in order, in the sandbox.

    Args:
        reply: Text of an agent: Markdown with code blocks, or nothing but code.
        expected: What its evidence must hold, by the names of `Expected`: params, metrics, constant, arms, artifacts,
            files. It cannot be changed afterwards.
        kind: `experimental`, `documentation` or `other`; as in a queue of tasks.
        given: Name below `./input` to a file that the code may read a copy of.
        timeout_s: Most seconds, above 0.
        memory_gb: Most memory; half of the machine's if None.
        python: Interpreter to run it with; None means this one.
        sandbox: `auto`, `strict`, `landlock`, `uid`, `external` or `off`.

    Returns:
        How each block ran. A reply without code gives no block, and is not ok.

    Raises:
        UsageError: `kind`, `expected` or `sandbox` is not usable (E025, E026); or `other` expects nothing, so that
            nothing could be verified (E025).
        MachineError: There is no sandbox or no experiment store here.
    """
    wanted = _wanted(_kind(kind), _expected(expected or {}))
    found = extract(reply)
    clock, place = SystemClock(), _Place()
    candidate = blocks_candidate([block.code for block in found.blocks], title="library call")
    for name, text in candidate.files.items():
        target = place.workspace / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    digests = _give(place.workspace, given or {})
    attempt = Attempt(run="library", task=place.root.name, attempt=1, candidate=candidate.digest)
    issued = (
        issue(place.workspace, attempt, template=make_template(_cache()), clock=clock)
        if wanted.run
        else Issued(attempt=attempt, run_id="", token="", started_ms=int(clock.now() * 1000))
    )
    env = issued.env if wanted.run else {}
    limits = SandboxLimits(
        wall_s=timeout_s,
        memory_bytes=int((memory_gb * 2**30) if memory_gb else psutil.virtual_memory().total / 2),
        threads=usable_cores(),
        processes=MOST_PROCESSES,
        output_bytes=MOST_PRINTED_BYTES,
    )
    finished = _run(candidate.entry, place, env, limits, python, sandbox) if found.blocks else None
    execution = _execution(finished)
    return CodeResult(
        outcome=execution.outcome,
        blocks=read_record(_record(place), len(found.blocks), execution),
        log=finished.log.decode(errors="replace") if finished else "",
        detail=execution.detail,
        run_id=issued.run_id,
        packages=found.packages,
        _issued=issued,
        _required=wanted,
        _place=place,
        _candidate=candidate,
        _ended_ms=int(clock.now() * 1000),
        _given=digests,
    )


def verify_evidence(result: CodeResult, into: Path | str | None = None) -> Evidence:
    """Return what the code of `result` left, checked against what was declared before it ran.

    Args:
        result: From `execute_code`. Where a block failed, nothing is evidence.
        into: Folder for copies of the files that count, made if it is not there; None keeps none.

    Raises:
        TaskError: The code did not come to its end, so there is nothing to verify (E165).
        OSError: `into` cannot be written.
    """
    if not result.ok:
        why = next((run.error for run in result.blocks if run.error), result.detail or "there was no code")
        raise TaskError("E165", f"the code did not come to its end: {why}", fix="look at result.blocks")
    place = result._place
    evidence = judged(
        result._issued,
        result._required,
        place.workspace,
        place.copies,
        candidate=result._candidate,
        given=result._given,
        ended_ms=result._ended_ms,
    )
    if into is not None:
        for name, kept in {**evidence.files, **evidence.artifacts}.items():
            target = Path(into) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place.copies / kept.digest, target)
    return evidence


def _run(
    entry: str, place: _Place, env: Mapping[str, str], limits: SandboxLimits, python: Path | None, mode: str
) -> Finished:
    protect_engine()
    opened = open_sandbox(sandbox_mode(mode))
    try:
        candidate = blocks_candidate((), title="")
        command = BlocksKind().command(candidate, python=python, seed=0, threads=limits.threads)
        process = opened.start(
            type(command)(argv=(*command.argv[:-1], entry), interpreter=python, env={**command.env, **env}),
            Workspace(root=place.workspace, secrets=(place.copies,)),
            limits,
        )
        finished = process.wait()
    finally:
        opened.close()
    if finished is None:
        raise LookupError("a process without a time limit to wait for did not end")
    return finished


def _execution(finished: Finished | None) -> Execution:
    if finished is None:
        return Execution(outcome=Outcome.ERROR, detail="there is no code in the reply")
    return Execution(
        outcome=finished.outcome,
        exit_code=finished.exit_code,
        wall_s=finished.wall_s,
        detail=finished.detail,
        log_tail=finished.log.decode(errors="replace")[-8_000:],
    )


def _record(place: _Place) -> bytes:
    found = collect(place.workspace, [RECORD], place.copies, max_bytes=_MOST_RECORD_BYTES)
    return found.taken[RECORD].path.read_bytes() if RECORD in found.taken else b""


def _give(workspace: Path, given: Mapping[str, Path]) -> dict[str, str]:
    """Copy files below `./input`; return their names by digest: a copy of one is no result."""
    digests: dict[str, str] = {}
    for name, source in given.items():
        target = workspace / GIVEN / name
        if ".." in target.parts or Path(name).is_absolute():
            raise UsageError("E025", f"{name!r} is not a plain relative path")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        digests[digest_file(target)] = name
    return digests


def _kind(kind: str) -> TaskKind:
    try:
        return TaskKind(kind)
    except ValueError:
        raise UsageError("E025", f"the kind {kind!r} is none of {', '.join(TaskKind)}") from None


def _expected(given: Mapping[str, Any]) -> Expected:
    try:
        listed = {name: (value,) if isinstance(value, str) else value for name, value in given.items()}
        lists = {name: tuple(value) for name, value in listed.items() if name != "arms"}
        return Expected(**lists, arms=dict(given.get("arms", {})))
    except TypeError as error:
        raise UsageError("E025", f"{dict(given)!r} is not what evidence can be expected to hold: {error}") from None


def _wanted(kind: TaskKind, expected: Expected) -> Required:
    """Return what the evidence must hold, which is never nothing: as for the tasks of a queue."""
    if kind is TaskKind.DOCUMENT and not expected.files:
        expected = replace(expected, files=(ANY_DOCUMENT,))
    wanted = required(kind, expected)
    if not (wanted.run or wanted.files):
        raise UsageError("E025", "nothing is expected, so nothing could be verified", fix="expected={'files': [...]}")
    return wanted


def _cache() -> Path:
    """Return the person's own folder for what is costly to make and can be made again."""
    root = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(root) / "assay"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
