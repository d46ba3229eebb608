"""How `run` and `check` take in a task, and the command `init`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.cli.options.records import TaskFlags
from assay.cli.output import clean, one_line
from assay.cli.shell import Shell
from assay.core.codec import encode
from assay.core.errors import UsageError
from assay.core.task import Task
from assay.report.formatting import format_count

if TYPE_CHECKING:
    from assay.data.findings import DataFinding
    from assay.data.given import Given
    from assay.data.inspection import Inspection

_MOST_LISTED = 8
_BY_NAME = ("train", "test", "sample", "description")
"""Roles of files that carry them in their names: nothing to tell anybody."""


@dataclass(frozen=True, kw_only=True)
class Intake:
    """A task, and the few lines that say how it was understood."""

    inspection: Inspection
    limits: Mapping[str, Any] = field(default_factory=dict)
    """What the task file says about limits."""
    mlflow: str = ""
    rehearse: str = ""
    """What the task file says about an experiment store."""
    notebook: Mapping[str, Any] = field(default_factory=dict)
    """What the task file says of a notebook of the user's and its cells."""

    @property
    def task(self) -> Task:
        """What to work on."""
        return self.inspection.task

    def lines(self) -> list[str]:
        """Return what matters of it, with what was guessed and what was noticed."""
        task, seen = self.task, self.inspection
        better = "higher" if task.metric.higher_is_better else "lower"
        test = f", {seen.test_rows:,} to predict" if seen.test_rows else ", no test file"
        sealed = f"{task.holdout.fraction:.0%} of them sealed" if task.holdout.fraction else "nothing sealed"
        shape = f" task     {task.problem} · {task.metric.name}, {better} is better · target {_listed(task.targets)}"
        column = f" by {task.split.column}" if task.split.column else ""
        split = f"{task.split.kind}{column}, {format_count(task.split.k, 'fold')}"
        lines = [shape, f" data     {seen.train_rows:,} labelled rows ({sealed}){test} · split {split}"]
        for line in seen.lines:
            if line.guessed and line.value and line.field not in _BY_NAME:
                lines.append(
                    f" guessed  {line.field} = {one_line(line.value, 40)}: {one_line(_reason(line.origin), 60)}"
                )
        lines += [f" {f.severity.value:<8} {f.code} {one_line(f.sentence, 150)}" for f in seen.findings]
        return [clean(line) for line in lines]


def take_in(path: Path, flags: TaskFlags) -> Intake:
    """Return the task at `path`: a folder, a table, or a task file; what the flags say goes first.

    Raises:
        TaskError: The data, the task file or what was said about them cannot be used.
    """
    from assay.data.intake import inspect
    from assay.data.task_file import load_task_file

    file, said = task_file(path), given(flags)
    if file is None:
        return Intake(inspection=inspect(path, more=said))
    loaded = load_task_file(file, said=said)
    return Intake(
        inspection=loaded.inspection,
        limits=loaded.limits,
        mlflow=loaded.mlflow,
        rehearse=loaded.rehearse,
        notebook=loaded.notebook,
    )


def given(flags: TaskFlags) -> Given:
    """Return what the flags say, for intake.

    Raises:
        UsageError: The text of `--about` cannot be had (E002).
        TaskError: There is no such split (E120).
    """
    from assay.data.given import Given, parse_split

    return Given(
        target=(flags.target,) if flags.target is not None else (),
        metric=flags.metric,
        id_column=flags.id_column,
        split=parse_split(flags.split) if flags.split is not None else None,
        about=_about(flags.about),
        positive=flags.positive,
        row_cap=int(flags.row_cap) if flags.row_cap is not None else None,
    )


def task_file(path: Path) -> Path | None:
    """Return the task file that `path` is or holds, if there is one."""
    if path.suffix == ".toml":
        return path
    inside = path / "task.toml"
    return inside if inside.is_file() else None


def init(shell: Shell, path: Path, flags: TaskFlags, *, out: Path | None, force: bool) -> int:
    """Inspect `path` and write `task.toml` beside the data, or into the folder `out`; for a notebook with its cells."""
    from assay.cli.commands.notebook_intake import already_there, find_notebook, has_table, read_cells, write_table
    from assay.data.task_file import load_task_file

    if out is not None and not out.is_dir():
        raise UsageError("E002", f"--out {str(out)!r}: there is no such folder", fix=f"mkdir {out}")
    notebook = find_notebook(path)
    cells = None if notebook is None else read_cells(notebook)
    data = path.parent if notebook == path else path
    beside = (out or data) / "task.toml"
    if notebook == path and cells is not None and beside.is_file():
        # A task that a person may have corrected: only its table of cells is ours to write.
        if has_table(beside) and not force:
            raise already_there(beside, path)
        write_table(beside, cells, load_task_file(beside).inspection.task.folder)
        lines = [*cells.lines(), f"wrote the cells into {beside}; correct what is guessed, then: assay run {path}"]
        shell.output.answer("init", {"file": str(beside), "notebook": cells.json()}, clean_lines(lines))
        return 0
    inspection, file = _written(data, flags, out=out, force=force)
    if cells is not None:
        write_table(file, cells, inspection.task.folder)
    width = max((len(line.field) for line in inspection.lines), default=0)
    lines = [f" {line.field:<{width}}  {one_line(line.value, 60)}  ({line.origin})" for line in inspection.lines]
    lines += [finding_line(f) for f in inspection.findings]
    lines += [clean(line) for line in cells.lines()] if cells is not None else []
    lines.append(f"wrote {file}; correct what is guessed, then: assay check {file} · assay run {file}")
    told = {"notebook": cells.json()} if cells is not None else {}
    shell.output.answer("init", {"file": str(file), **inspection_json(inspection), **told}, "\n".join(lines))
    return 0


def clean_lines(lines: list[str]) -> str:
    """Return lines as one text without characters that a terminal would obey."""
    return "\n".join(clean(line) for line in lines)


def _written(path: Path, flags: TaskFlags, *, out: Path | None, force: bool) -> tuple[Inspection, Path]:
    """Inspect `path` and write the task file; return what was found, and where the file is."""
    from assay.data.intake import inspect
    from assay.data.task_writing import write_task

    inspection = inspect(path, more=given(flags))
    file = (inspection.task.folder if out is None else out) / "task.toml"
    if file.exists() and not force:
        raise UsageError(
            "E028",
            f"there is a task file already: {str(file)!r}",
            kept="the file, unchanged",
            fix=f"edit it, or: assay init {path} --force",
        )
    write_task(inspection, file)
    return inspection, file


def finding_line(finding: DataFinding) -> str:
    """Return a finding with its code and what to do about it."""
    fix = f"\n         fix: {clean(finding.fix)}" if finding.fix else ""
    return f"{finding.severity.value}[{finding.code}]: {one_line(finding.sentence, 300)}{fix}"


def inspection_json(inspection: Inspection) -> dict[str, Any]:
    """Return what was understood, for programs."""
    return {
        "task": encode(inspection.task),
        "lines": [{"field": line.field, "value": line.value, "origin": line.origin} for line in inspection.lines],
        "findings": [encode(f) for f in inspection.findings],
        "train_rows": inspection.train_rows,
        "test_rows": inspection.test_rows,
    }


def _listed(names: Sequence[str]) -> str:
    """Return names with commas; of many the first and the last."""
    return ", ".join(names) if len(names) <= _MOST_LISTED else f"{names[0]} ... {names[-1]} ({len(names)})"


def _reason(origin: str) -> str:
    return origin.removeprefix("guessed").lstrip(": ")


def _about(text: str | None) -> str | None:
    """Return the text that `--about` gives or names."""
    if text is None:
        return None
    path = Path(text) if len(text) < 500 and "\n" not in text else None
    try:
        if path is not None and path.is_file():
            text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            "E002", f"--about {str(path)!r}: cannot be read as text: {error}", fix="--about TEXT"
        ) from error
    if not text.strip():
        raise UsageError("E002", "--about: says nothing", fix='--about "Predict the price of each house"')
    return text
