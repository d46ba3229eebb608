"""Prepared data: a user's own `prepare(raw, public, private)` makes the view, for data that no table holds."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assay.core.digest import digest_file
from assay.core.errors import TaskError
from assay.core.metric import Metric, Needs
from assay.core.task import DataFiles, Holdout, OutputContract, Problem, Split, SplitKind, Task
from assay.data.description import Reading
from assay.data.facts import data_digest
from assay.data.given import Given, parse_direction
from assay.data.inspection import Inspection, Line
from assay.data.layout import Layout, find_layout, words
from assay.data.metric_choice import MetricChoice, own_metric
from assay.data.metric_names import named
from assay.data.packing import table_format
from assay.data.tables import Table, read_table

_SIGNATURE = "prepare(raw: Path, public: Path, private: Path)"


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a `prepare` made."""

    public: Path
    """Folder that candidates may see."""
    answers: Table
    """The private answers: id and target columns, a row each."""
    sample: Table
    """The sample submission of the public folder."""


def run_prepare(program: Path, raw: Path, into: Path) -> Prepared:
    """Run the user's `prepare` and return what it made in `into`.

    Args:
        program: The Python file; it is run in this process and must be trusted.
        raw: The user's folder.
        into: An existing, empty folder; `public` and `private` are made in it.

    Raises:
        TaskError: E117, the program fails or does not make a sample file and answers.
    """
    public, private = into / "public", into / "private"
    public.mkdir()
    private.mkdir(mode=0o700)
    prepare = _function(program, "prepare")
    try:
        prepare(raw, public, private)
    except Exception as error:  # the user's code may raise anything; all of it is the same fault
        raise TaskError(
            "E117", f"{program.name} failed: {type(error).__name__}: {error}", fix=f"mend {program.name}"
        ) from error
    layout = find_layout(public) if any(public.iterdir()) else None
    if layout is None or layout.sample is None:
        raise TaskError(
            "E117", f"{program.name} makes no sample submission in public", fix="write sample_submission.csv"
        )
    answers = private_answers(private, program.name)
    shown = {digest_file(path) for path in public.rglob("*") if path.is_file()}
    if digest_file(answers) in shown:
        raise TaskError("E117", f"{program.name} puts the answers into public too", fix=f"mend {program.name}")
    return Prepared(public=public, answers=read_table(answers), sample=read_table(public / layout.sample))


def inspect_prepared(layout: Layout, given: Given, statement: str, reading: Reading, said_in: str) -> Inspection:
    """Return the task of a folder that has its own `prepare`.

    The sample file fixes what is predicted; it is the one in the folder or, if there is none, what `prepare` makes.

    Raises:
        TaskError: E106 or E107 the metric is not known, E117 `prepare` does not do what it must.
    """
    sample, sample_origin = _sample(layout)
    id_column = given.id_column or (sample.columns[0] if len(sample.columns) > 1 else None)
    targets = given.target or tuple(name for name in sample.columns if name != id_column)
    metric_choice = _metric(layout, given, reading, said_in, len(targets))
    holdout = 0.5 if given.holdout is None else given.holdout
    train = layout.train or next((n for n in layout.side if "train" in words(n)), "")
    test = layout.test or next((n for n in layout.side if "test" in words(n)), None)
    data = DataFiles(
        train=train,
        test=test,
        sample=layout.sample,
        description=layout.description,
        side=tuple(name for name in layout.side if name not in (train, test)),
    )
    grader = layout.grader if given.metric is None else None
    task = Task(
        name=given.name or layout.folder.name,
        folder=layout.folder,
        statement=statement,
        problem=Problem.CUSTOM,
        data=data,
        targets=targets,
        id_column=id_column,
        metric=metric_choice.metric,
        output=_contract(metric_choice.metric, id_column, targets),
        split=Split(kind=SplitKind.PREPARED, k=1, seed=(given.split.seed or 0) if given.split else 0),
        holdout=Holdout(fraction=holdout),
        row_cap=given.row_cap or 30_000,
        grader=grader,
        prepare=layout.prepare,
        data_digest=data_digest(layout.folder, data, grader, layout.prepare),
    )
    lines = _lines(
        task,
        given,
        metric_choice,
        about=reading.about,
        said_in=said_in,
        sample=sample.name,
        sample_origin=sample_origin,
    )
    return Inspection(task=task, lines=lines, test_rows=len(sample.frame))


def _lines(
    task: Task, given: Given, metric_choice: MetricChoice, *, about: str, said_in: str, sample: str, sample_origin: str
) -> tuple[Line, ...]:
    return (
        Line(field="about", value=about, origin=said_in or "guessed: nothing describes the task"),
        Line(field="prepare", value=task.prepare or "", origin="guessed: by its name"),
        Line(field="sample", value=sample, origin=sample_origin),
        Line(field="target", value=", ".join(task.targets), origin="given" if given.target else f"from {sample}"),
        Line(field="id", value=task.id_column or "", origin="given" if given.id_column else f"from {sample}"),
        Line(field="problem", value=task.problem.value, origin=f"from {task.prepare}"),
        Line(field="metric", value=metric_choice.metric.name, origin=metric_choice.origin),
        Line(field="better", value=metric_choice.metric.direction.value, origin=metric_choice.better_origin),
        Line(field="split", value="by your own prepare", origin=f"from {task.prepare}"),
        Line(
            field="holdout",
            value=f"{task.holdout.fraction:g}",
            origin="default: half of the private answers" if given.holdout is None else "given",
        ),
    )


def _sample(layout: Layout) -> tuple[Table, str]:
    if layout.sample is not None:
        return read_table(layout.folder / layout.sample), "guessed: by its name"
    with tempfile.TemporaryDirectory() as into:
        made = run_prepare(layout.folder / (layout.prepare or ""), layout.folder, Path(into))
        return made.sample, f"made by {layout.prepare}"


def _metric(layout: Layout, given: Given, reading: Reading, said_in: str, outputs: int) -> MetricChoice:
    if layout.grader is not None and given.metric is None:
        text = (layout.folder / layout.grader).read_text(encoding="utf-8")
        return own_metric(layout.grader, text, given, reading)
    if given.metric is not None:
        name, _, way = given.metric.partition(":")
        metric, origin, stated = named(name), "given", parse_direction(way) if way else None
        stated = parse_direction(given.direction) if given.direction else stated
    elif reading.metric is not None:
        metric, origin, stated = reading.metric, said_in, reading.direction
    else:
        raise TaskError(
            "E106", "nothing names the metric of this task", fix="--metric NAME, or a grade.py in the folder"
        )
    if stated is not None and stated is not metric.direction:
        raise TaskError(
            "E107",
            f"{stated.value!r} is better was stated, but for {metric.name!r} {metric.direction.value} is better",
            fix=f"--metric {metric.name}",
        )
    if metric.needs is Needs.PROBABILITY and outputs > 1 and metric.name in ("log_loss", "brier"):
        metric = replace(metric, needs=Needs.CLASS_PROBABILITIES)
    return MetricChoice(metric=metric, origin=origin, better_origin=f"known for {metric.name}")


def _contract(metric: Metric, id_column: str | None, targets: tuple[str, ...]) -> OutputContract:
    by_class = metric.needs is Needs.CLASS_PROBABILITIES
    return OutputContract(
        needs=metric.needs,
        id_column=id_column,
        columns=targets,
        classes=targets if by_class else (),
        sum_to_one=by_class,
    )


def _function(program: Path, name: str) -> Callable[..., Any]:
    """Return the function `name` of the Python file `program`.

    Raises:
        TaskError: E117, the file cannot be loaded or lacks the function.
    """
    spec = importlib.util.spec_from_file_location(f"_assay_user_{program.stem}", program)
    if spec is None or spec.loader is None:
        raise TaskError("E117", f"{str(program)!r} is not a Python file", fix=_SIGNATURE)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(program.parent))  # it may import a neighbour
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # as above
        raise TaskError("E117", f"{program.name} cannot be loaded: {error}", fix=f"mend {program.name}") from error
    finally:
        sys.path.remove(str(program.parent))
    function = getattr(module, name, None)
    if not callable(function):
        raise TaskError("E117", f"{program.name} has no function {name!r}", fix=f"def {_SIGNATURE}: ...")
    loaded: Callable[..., Any] = function
    return loaded


def private_answers(private: Path, program: str) -> Path:
    """Return the table of answers that the program left in `private`.

    Raises:
        TaskError: E117, there is none.
    """
    tables = sorted(path for path in private.iterdir() if table_format(path) is not None)
    usual = [path for path in tables if words(path.name)[0] in ("answers", "answer", "test", "solution", "labels")]
    if len(usual or tables) < 1:
        raise TaskError("E117", f"{program} makes no table of answers in private", fix="write private/answers.csv")
    return (usual or tables)[0]
