"""Verify: a solution is looked through, trained again and scored again; nine checks say what holds."""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.digest import digest_file
from assay.core.errors import IntegrityError, TaskError
from assay.core.metric import Metric
from assay.core.task import Task
from assay.data import verify_data
from assay.models.scrub import Scrubber
from assay.report.formatting import format_count
from assay.sandbox import remove_tree
from assay.ship.again import Again, open_again
from assay.ship.bundle import Bundle
from assay.ship.record import Measured, Program, Record

NO_DATA = "E168"
OTHER_DATA = "E416"
_SHOWN = 4
"""Most names that a reason lists."""
_ROUNDING = 1e-9
"""Share of a score by which equal ones may differ in their last digits."""
_PREDICT = '''\
"""Runs predict.py on the rows of this view, as a user would."""

import runpy
import sys

sys.argv = ["predict.py", "input/{test}", "--data", "input", "-o", "output/{file}", "--seed", "{seed}"]
sys.argv += ["--threads", __import__("os").environ["ASSAY_THREADS"]]
runpy.run_path("predict.py", run_name="__main__")
'''


class Result(StrEnum):
    """How a check ended."""

    PASS = "PASS"
    FAIL = "FAIL"
    SKIP = "SKIP"
    """It says nothing, and the reason says why."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One check."""

    name: str
    """One word."""
    title: str
    """What holds if it passes."""
    result: Result
    reason: str
    wall_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Rescored:
    """One score, then and now."""

    measured: Measured
    now: float | None
    problem: str = ""
    wall_s: float = 0.0


@dataclass(kw_only=True)
class Verification:
    """What verifying a solution came to."""

    record: Record
    metric: Metric
    findings: list[Finding] = field(default_factory=list)
    scores: list[Rescored] = field(default_factory=list)
    label: str = ""
    """What else a reader must know, such as that the data are others."""
    sandbox: str = ""

    @property
    def holds(self) -> bool:
        """Whether no check failed."""
        return all(finding.result is not Result.FAIL for finding in self.findings)


def verify(
    bundle: Bundle,
    data: Path | None,
    *,
    accept_new_data: bool = False,
    python: Path | None = None,
    sandbox: str = "auto",
    tell: Callable[[Finding], None] = lambda finding: None,
) -> Verification:
    """Return what holds of a solution. Nothing is asked of a model, and the code has no network.

    Args:
        bundle: The solution.
        data: Folder with the data files; None takes `data/` of the solution.
        accept_new_data: Whether other data than the run's are trained on, which the result then says.
        python: Interpreter of the code; None means Assay's own.
        sandbox: As of `assay run --sandbox`.
        tell: Told of each check as it ends.

    Raises:
        TaskError: There are no data (E168).
        IntegrityError: The data are not those that the scores were measured on (E416).
        AssayError: The sandbox or the interpreter cannot be used.
    """
    record = bundle.record
    folder = _data_folder(bundle, data)
    task, same = _task(record, folder, accept=accept_new_data)
    done = Verification(record=record, metric=task.metric, label="" if same else "different data")

    def add(finding: Finding) -> None:
        done.findings.append(finding)
        tell(finding)

    for finding in _looked_through(bundle):
        add(finding)
    add(_data_finding(record, same=same))
    scratch = Path(tempfile.mkdtemp(prefix="assay-verify-"))
    try:
        with open_again(scratch, task, workers=record.workers, python=python, sandbox=sandbox) as again:
            done.sandbox = again.sandbox
            add(_environment(record, again))
            add(_split(record, again, same=same))
            for finding in _rescored(bundle, again, done, same=same):
                add(finding)
    finally:
        with suppress(OSError):
            remove_tree(scratch)
    return done


# --- what can be said without running anything -----------------------------------------------------------------------


def _looked_through(bundle: Bundle) -> Iterator[Finding]:
    yield _files(bundle)
    yield _code(bundle)
    yield _alone(bundle)
    yield _secrets(bundle)


def _files(bundle: Bundle) -> Finding:
    known, there = bundle.record.files, bundle.files()
    gone = sorted(set(known) - set(there))
    changed = [name for name in there if name in known and _differs(bundle, name)]
    # A table beside the programs changes nothing about them; what Python could import does.
    new = [name for name in there if name not in known and (name.startswith("code/") or _can_run(name))]
    told = [
        f"{_some(names)} {word}" for names, word in ((gone, "missing"), (changed, "changed"), (new, "new")) if names
    ]
    result = Result.FAIL if told else Result.PASS
    return _finding("files", "every file is as exported", result, "; ".join(told) or format_count(len(known), "file"))


def _can_run(name: str) -> bool:
    return name.endswith((".py", ".pyc", ".so", ".pth", ".zip", ".sh"))


def _differs(bundle: Bundle, name: str) -> bool:
    path = bundle.folder / name
    return path.is_symlink() or digest_file(path) != bundle.record.files[name]


def _code(bundle: Bundle) -> Finding:
    wrong = []
    for program in bundle.record.programs:
        try:
            found = bundle.candidate(program).digest
        except (OSError, UnicodeDecodeError):
            found = ""
        if found != program.code:
            wrong.append(program.name)
    told = f"{_some(wrong)} is not what the run scored" if wrong else f"{bundle.record.programs[0].code[:12]}…"
    return _finding("code", "the code is what the run scored", Result.FAIL if wrong else Result.PASS, told)


def _alone(bundle: Bundle) -> Finding:
    wrong = [name for name in bundle.files() if name.endswith(".py") and _imports_assay(bundle.text(name))]
    told = f"{_some(wrong)} imports assay" if wrong else "no file imports assay"
    return _finding("alone", "it runs without Assay", Result.FAIL if wrong else Result.PASS, told)


def _imports_assay(source: str) -> bool:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return "import assay" in source or "from assay" in source
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        if any(name.partition(".")[0] == "assay" for name in names):
            return True
    return False


def _secrets(bundle: Bundle) -> Finding:
    scrubber = Scrubber()
    wrong = [name for name in bundle.files() if scrubber.scrub(text := bundle.text(name)) != text]
    told = f"{_some(wrong)} holds what looks like a key" if wrong else "nothing is shaped like a key"
    return _finding("secrets", "no secret is in it", Result.FAIL if wrong else Result.PASS, told)


# --- the data --------------------------------------------------------------------------------------------------------


def _data_folder(bundle: Bundle, data: Path | None) -> Path:
    folder = data if data is not None else bundle.folder / "data"
    if not folder.is_dir():
        told = f"there is no folder {str(folder)!r}" if data is not None else "the data are not part of a solution"
        raise TaskError(NO_DATA, told, kept="nothing was run", fix="assay verify PATH --data FOLDER")
    return folder.absolute()


def _task(record: Record, folder: Path, *, accept: bool) -> tuple[Task, bool]:
    """Return the task on the data that are there, and whether they are those of the run."""
    task = record.task_in(folder, digest=record.data_digest)
    missing = [file.name for file in record.data if not (folder / file.name).is_file()]
    if missing:
        raise TaskError(NO_DATA, f"{str(folder)!r} holds no {_some(missing)}", fix="--data with the right folder")
    differs = _which_differ(record, folder)
    try:
        verify_data(task)
    except IntegrityError as error:
        differs = differs or error.message
    except TaskError as error:
        raise TaskError(NO_DATA, error.message, fix="--data with the right folder") from error
    if differs and not accept:
        raise IntegrityError(
            OTHER_DATA,
            differs,
            kept="nothing was run",
            fix="supply the old files, or --accept-new-data (the result is then labelled 'different data')",
        )
    return (record.task_in(folder, digest=""), False) if differs else (task, True)


def _which_differ(record: Record, folder: Path) -> str:
    for file in record.data:
        path = folder / file.name
        if digest_file(path) == file.digest:
            continue
        told = f"{file.name} is not the file that this was built on"
        if file.rows is None:
            return told
        with path.open("rb") as stream:
            now = sum(1 for line in stream if line.strip()) - 1
        return f"{told} ({file.rows:,} rows then, {now:,} now)"
    return ""


def _data_finding(record: Record, *, same: bool) -> Finding:
    if same and not record.data_digest and not record.data:
        return _finding("data", "the data are those of the run", Result.SKIP, "the run kept no digest of its data")
    files = format_count(len(record.data), "file")
    told = f"{files}, byte for byte" if same else "different data, as --accept-new-data allows"
    return _finding("data", "the data are those of the run", Result.PASS if same else Result.SKIP, told)


# --- what is run -----------------------------------------------------------------------------------------------------


def _environment(record: Record, again: Again) -> Finding:
    here = {"python": again.python, **again.packages}
    wanted = {name: version for name, version in {"python": record.python, **record.packages}.items() if version}
    if not wanted:
        return _finding("environment", "the packages are those of the run", Result.SKIP, "the run kept no versions")
    other = [
        f"{name} {here.get(name, 'missing')} for {version}"
        for name, version in wanted.items()
        if here.get(name) != version
    ]
    if other:
        told = f"{_some(other)}: --python names an environment with requirements.txt"
        return _finding("environment", "the packages are those of the run", Result.SKIP, told)
    told = f"Python {record.python}, {format_count(len(record.packages), 'package')}"
    return _finding("environment", "the packages are those of the run", Result.PASS, told)


def _split(record: Record, again: Again, *, same: bool) -> Finding:
    title = "the hidden rows are those of the run"
    if not same:
        return _finding("split", title, Result.SKIP, "the data are others")
    known = {m.view: m.answers for m in (*record.folds, *([record.sealed] if record.sealed else [])) if m.answers}
    if not known:
        return _finding("split", title, Result.SKIP, "the run's views were gone when it was exported")
    wrong = []
    for name, answers in known.items():
        key = again.key(name)
        if key is None or again.answers(key) != answers:
            wrong.append(name)
    told = f"{_some(wrong)} has other rows" if wrong else f"{format_count(len(known), 'view')}, row for row"
    return _finding("split", title, Result.FAIL if wrong else Result.PASS, told)


def _rescored(bundle: Bundle, again: Again, done: Verification, *, same: bool) -> Iterator[Finding]:
    record = bundle.record
    programs = {program.name: program for program in record.programs}
    folds = [_again(bundle, again, programs[measured.program], measured) for measured in record.folds]
    done.scores += folds
    what = "members of the blend on the folds" if len(programs) > 1 else "the folds"
    yield _compared("folds", f"{what} score as recorded", folds, done, same=same)
    title = (
        "predict.py scores as recorded on the sealed rows" if record.predicts else "the sealed rows score as recorded"
    )
    if record.sealed is None:
        yield _finding("sealed", title, Result.SKIP, "the sealed rows were not opened for this trial")
        return
    sealed = [_sealed(bundle, again, programs["solution"], record.sealed)]
    done.scores += sealed
    yield _compared("sealed", title, sealed, done, same=same)


def _again(bundle: Bundle, again: Again, program: Program, measured: Measured) -> Rescored:
    try:
        candidate = bundle.candidate(program)
    except (OSError, UnicodeDecodeError) as error:
        return Rescored(measured=measured, now=None, problem=f"its files cannot be read: {error}")
    return _run(again, candidate, measured)


def _sealed(bundle: Bundle, again: Again, program: Program, measured: Measured) -> Rescored:
    """Measure by `predict.py`, so that what users run is what is checked; else by the code itself."""
    if not bundle.record.predicts:
        return _again(bundle, again, program, measured)
    try:
        shown = _shown_test(bundle)
        file = str(bundle.record.task.get("output", {}).get("file", "submission.csv"))
        names = [name for name in bundle.files() if name.startswith("code/")]
        files = {name: bundle.text(name) for name in ("train.py", "predict.py", "solution.json", *names)}
    except (OSError, ValueError, KeyError) as error:
        return Rescored(measured=measured, now=None, problem=f"predict.py cannot be tried: {error}")
    entry = "verify_predict.py"
    files[entry] = _PREDICT.format(test=shown, file=file, seed=measured.seed)
    candidate = Candidate(kind="script", files=files, entry=entry, title="predict.py")
    return _run(again, candidate, measured)


def _shown_test(bundle: Bundle) -> str:
    import json

    name = json.loads(bundle.text("solution.json"))["shown"]["test"]
    if not isinstance(name, str) or '"' in name or "\\" in name:
        raise ValueError("solution.json names no test file")
    return name


def _run(again: Again, candidate: Candidate, measured: Measured) -> Rescored:
    key = again.key(measured.view)
    if key is None:
        return Rescored(measured=measured, now=None, problem=f"these data have no {measured.view}")
    outcome = again.run(candidate, key, measured.seed)
    value = outcome.score.value if outcome.score is not None else None
    return Rescored(measured=measured, now=value, problem=outcome.problem, wall_s=outcome.wall_s)


def _compared(name: str, title: str, scores: list[Rescored], done: Verification, *, same: bool) -> Finding:
    tolerance = done.record.tolerance.value
    wall_s = sum(one.wall_s for one in scores)
    lost = [one for one in scores if one.now is None]
    if not scores:
        return _finding(name, title, Result.SKIP, "the run recorded none")
    if lost:
        told = f"{lost[0].measured.program} on {lost[0].measured.view} left no score: {lost[0].problem}"
        return _finding(name, title, Result.FAIL, told, wall_s)
    worst = max(scores, key=_distance)
    told = f"{len(scores)} of {len(scores)}, {_words(worst, tolerance)}"
    if not same:
        return _finding(name, title, Result.SKIP, f"different data: {_words(worst, tolerance)}", wall_s)
    far = [one for one in scores if _distance(one) > tolerance]
    if far:
        told = f"{_words(worst, tolerance)}: treat the reported number as not reproduced"
        return _finding(name, title, Result.FAIL, told, wall_s)
    if all(_distance(one) <= _ROUNDING * max(1.0, abs(one.measured.score)) for one in scores):
        told = f"{len(scores)} of {len(scores)}, the same to nine digits"
    return _finding(name, title, Result.PASS, told, wall_s)


def _distance(one: Rescored) -> float:
    return abs((one.now if one.now is not None else float("inf")) - one.measured.score)


def _words(one: Rescored, tolerance: float) -> str:
    now = "nothing" if one.now is None else f"{one.now:.6g}"
    return f"{one.measured.view} {now} now, {one.measured.score:.6g} then (tolerance {tolerance:.2g})"


def _finding(name: str, title: str, result: Result, reason: str, wall_s: float = 0.0) -> Finding:
    return Finding(name=name, title=title, result=result, reason=reason, wall_s=round(wall_s, 3))


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
