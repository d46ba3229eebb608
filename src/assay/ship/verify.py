"""Verify: a solution is looked through, trained again and scored again; nine checks say what holds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from assay.core.digest import digest_file
from assay.core.errors import IntegrityError, TaskError
from assay.core.task import Task
from assay.data import verify_data
from assay.report.formatting import format_count
from assay.sandbox import remove_tree
from assay.ship.findings import Finding, Result, Verification, finding, some
from assay.ship.looked_through import looked_through
from assay.ship.record import Record
from assay.ship.rescore import Again, open_again
from assay.ship.rescored import rescored
from assay.ship.solution import Bundle

NO_DATA = "E168"
OTHER_DATA = "E416"


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

    def add(found: Finding) -> None:
        done.findings.append(found)
        tell(found)

    for found in looked_through(bundle):
        add(found)
    add(_data_finding(record, same=same))
    scratch = Path(tempfile.mkdtemp(prefix="assay-verify-"))
    try:
        with open_again(scratch, task, workers=record.workers, python=python, sandbox=sandbox) as again:
            done.sandbox = again.sandbox
            add(_environment(record, again))
            add(_split(record, again, same=same))
            for found in rescored(bundle, again, done, same=same):
                add(found)
    finally:
        with suppress(OSError):
            remove_tree(scratch)
    return done


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
        raise TaskError(NO_DATA, f"{str(folder)!r} holds no {some(missing)}", fix="--data with the right folder")
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
        return finding("data", "the data are those of the run", Result.SKIP, "the run kept no digest of its data")
    files = format_count(len(record.data), "file")
    told = f"{files}, byte for byte" if same else "different data, as --accept-new-data allows"
    return finding("data", "the data are those of the run", Result.PASS if same else Result.SKIP, told)


def _environment(record: Record, again: Again) -> Finding:
    here = {"python": again.python, **again.packages}
    wanted = {name: version for name, version in {"python": record.python, **record.packages}.items() if version}
    if not wanted:
        return finding("environment", "the packages are those of the run", Result.SKIP, "the run kept no versions")
    other = [
        f"{name} {here.get(name, 'missing')} for {version}"
        for name, version in wanted.items()
        if here.get(name) != version
    ]
    if other:
        told = f"{some(other)}: --python names an environment with requirements.txt"
        return finding("environment", "the packages are those of the run", Result.SKIP, told)
    told = f"Python {record.python}, {format_count(len(record.packages), 'package')}"
    return finding("environment", "the packages are those of the run", Result.PASS, told)


def _split(record: Record, again: Again, *, same: bool) -> Finding:
    title = "the hidden rows are those of the run"
    if not same:
        return finding("split", title, Result.SKIP, "the data are others")
    known = {m.view: m.answers for m in (*record.folds, *([record.sealed] if record.sealed else [])) if m.answers}
    if not known:
        return finding("split", title, Result.SKIP, "the run's views were gone when it was exported")
    wrong = []
    for name, answers in known.items():
        key = again.key(name)
        if key is None or again.answers(key) != answers:
            wrong.append(name)
    told = f"{some(wrong)} has other rows" if wrong else f"{format_count(len(known), 'view')}, row for row"
    return finding("split", title, Result.FAIL if wrong else Result.PASS, told)
