"""Intake: from a folder or file to a task, with the origin of every line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from assay.core.errors import TaskError
from assay.core.metric import Needs
from assay.core.task import DataFiles, Holdout, Problem, Split, SplitKind, Task
from assay.data.cells import as_text, is_missing
from assay.data.columns import Columns, find_columns
from assay.data.contract import contract_of
from assay.data.description import Reading, read_description
from assay.data.facts import Facts, data_digest, read_facts
from assay.data.findings import DataFinding, note, warn
from assay.data.forecast import Forecast, find_forecast
from assay.data.given import Given, SplitWish, parse_split
from assay.data.glance import Wanted
from assay.data.inspection import Inspection, Line
from assay.data.layout import Layout, corrected, find_layout
from assay.data.lines import ROW_CAP, lines_of
from assay.data.metric_choice import MetricChoice, find_metric, own_metric
from assay.data.metric_names import find as find_metric_name
from assay.data.shape import Shape, find_shape
from assay.data.side_sift import Sifted, sift
from assay.data.split_guess import SplitChoice, choose_split


def inspect(
    path: Path,
    *,
    target: str | Sequence[str] | None = None,
    metric: str | None = None,
    direction: str | None = None,
    id_column: str | None = None,
    split: str | Split | SplitWish | None = None,
    about: str | None = None,
    more: Given | None = None,
) -> Inspection:
    """Return the task that the folder or file at `path` poses.

    Args:
        path: A folder in the Kaggle or MLE-bench layout, a folder with a training file alone, or a single table.
        target: Column or columns to predict; several in one text are separated by commas.
        metric: Name of a metric, with `:min` or `:max` after it if wanted.
        direction: `lower` or `higher`; must agree with what is known of the metric.
        id_column: Column that identifies rows.
        split: For example `group=donor`, `time=date`, `kfold=10`.
        about: What is to be done, in words; overrides the description file.
        more: Everything else that the user said.

    Raises:
        TaskError: The data or what was said about them cannot be used; E10x what was said, E11x the files.
    """
    given = more or Given()
    given = replace(
        given,
        target=given.target if target is None else _names(target),
        metric=metric or given.metric,
        direction=direction or given.direction,
        id_column=id_column or given.id_column,
        split=given.split if split is None else parse_split(split),
        about=about or given.about,
    )
    layout = corrected(find_layout(path), given)
    statement, reading, said_in = _statement(layout, given)
    if layout.prepare is not None:
        from assay.data.prepared import inspect_prepared

        return inspect_prepared(layout, given, statement, reading, said_in)
    return _Intake(layout, given, statement, reading, said_in).inspection()


def _names(target: str | Sequence[str]) -> tuple[str, ...]:
    return (target,) if isinstance(target, str) else tuple(target)


def _statement(layout: Layout, given: Given) -> tuple[str, Reading, str]:
    """Return the user's words, what they say, and where they stand."""
    if given.about is not None:
        return given.about, read_description(given.about), "given"
    if layout.description is None:
        return "", Reading(), ""
    path = layout.folder / layout.description
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise TaskError("E110", f"{path.name!r} cannot be read: {error.strerror}", fix=f"chmod u+r {path}") from error
    return text, read_description(text), f"from {layout.description}"


def split_targets(names: tuple[str, ...], columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return `names` with a single text of several names taken apart, unless it is a column as it is."""
    if len(names) != 1 or names[0] in columns:
        return names
    return tuple(part.strip() for part in names[0].split(",") if part.strip())


class _Intake:
    """One inspection of tables; its methods fill in one part each."""

    def __init__(self, layout: Layout, given: Given, statement: str, reading: Reading, said_in: str) -> None:
        if layout.train is None:
            packed = next((name for name in layout.side if name.lower().endswith(".zip")), None)
            raise TaskError(
                "E115",
                f"no training table in {str(layout.folder)!r} (csv, tsv, parquet, json or jsonl, named train.*)",
                fix=f"unzip {packed}"
                if packed
                else "name it train.csv, or put a prepare.py with prepare(raw, public, private) in the folder",
            )
        self.layout, self.statement, self.reading, self.said_in = layout, statement, reading, said_in
        self.facts = read_facts(layout.folder, train=layout.train, test=layout.test, sample=layout.sample)
        self.given = replace(given, target=split_targets(given.target, self.facts.train.columns))
        self.findings: list[DataFinding] = []

    def inspection(self) -> Inspection:
        """Return what was understood."""
        columns = find_columns(self.facts, self.given, self.reading)
        forecast = self._forecast(columns)
        if forecast is None:
            _require_shared(self.facts, columns)
        _require_distinct_ids(self.facts, columns)
        metric_choice, shape = self._metric(columns, forecast)
        labelled = _labelled(self.facts, columns)
        choice = choose_split(self.facts, columns, shape, forecast, self.given.split, self.given.holdout, labelled)
        side = self._side(columns)
        task = self._task(columns, shape, metric_choice, choice, forecast, side)
        self._note_rest(columns, metric_choice)
        return Inspection(
            task=task,
            lines=tuple(lines_of(task, self.given, self._about(), columns, shape, metric_choice, choice)),
            findings=(*side.findings, *self.findings, *choice.findings),
            train_rows=labelled,
            test_rows=0 if self.facts.test is None else len(self.facts.test.frame),
        )

    def _about(self) -> Line:
        about = self.reading.about if self.given.about is None else self.given.about
        return Line(field="about", value=about, origin=self.said_in or "guessed: nothing describes the task")

    def _forecast(self, columns: Columns) -> Forecast | None:
        wish = self.given.split
        if wish is not None and wish.kind is not SplitKind.FORECAST:
            return None
        if self.given.problem not in (None, Problem.FORECAST.value) or columns.classes_by_column:
            return None
        return find_forecast(self.facts, columns.targets, series=self.given.series, time_column=self.given.time_column)

    def _metric(self, columns: Columns, forecast: Forecast | None) -> tuple[MetricChoice, Shape]:
        said = self.given.metric.partition(":")[0] if self.given.metric else None
        likely = find_metric_name(said) if said else self.reading.metric
        shape = find_shape(self.facts, columns, self.given, likely, forecast=forecast is not None)
        if self.layout.grader is None or self.given.metric is not None:
            metric_choice = find_metric(self.facts, columns, shape, self.given, self.reading)
        else:
            text = (self.layout.folder / self.layout.grader).read_text(encoding="utf-8")
            metric_choice = own_metric(self.layout.grader, text, self.given, self.reading)
            if self.reading.metric is None:
                metric_choice = replace(
                    metric_choice, metric=replace(metric_choice.metric, needs=_usual_needs(shape, columns))
                )
        origin = metric_choice.origin.replace("from the description", self.said_in or "from the description")
        return replace(metric_choice, origin=origin), shape

    def _side(self, columns: Columns) -> Sifted:
        """Return the side files that may be shown: a table that holds the target would give the answers away."""
        names = frozenset(columns.targets)
        wanted = Wanted(targets=names, others=frozenset(self.facts.train.columns) - names)
        said = self.given.side is not None
        return sift(self.layout.folder, self.layout.side, self.layout.train or "", wanted, said=said)

    def _task(
        self,
        columns: Columns,
        shape: Shape,
        metric_choice: MetricChoice,
        choice: SplitChoice,
        forecast: Forecast | None,
        side: Sifted,
    ) -> Task:
        layout, given = self.layout, self.given
        data = DataFiles(
            train=layout.train or "",
            test=layout.test,
            sample=layout.sample,
            description=layout.description,
            side=side.side,
            hidden=side.hidden,
        )
        own_grader = layout.grader if given.metric is None else None
        rows = len(self.facts.train.frame)
        cap = given.row_cap or (max(ROW_CAP, rows) if forecast is not None else ROW_CAP)
        return Task(
            name=given.name or task_name(layout),
            folder=layout.folder,
            statement=self.statement,
            problem=shape.problem,
            data=data,
            targets=columns.targets,
            id_column=columns.id_column,
            metric=metric_choice.metric,
            output=contract_of(self.facts, columns, shape, metric_choice.metric),
            split=choice.split,
            holdout=Holdout(fraction=choice.fraction),
            series_columns=forecast.series_columns if forecast is not None else (),
            time_column=forecast.time_column if forecast is not None else given.time_column,
            row_cap=cap,
            grader=own_grader,
            data_digest=data_digest(layout.folder, data, own_grader),
        )

    def _note_rest(self, columns: Columns, metric_choice: MetricChoice) -> None:
        facts, findings = self.facts, self.findings
        for table in (facts.train, facts.test, facts.sample):
            findings.extend(note("W213", text) for text in (table.notes if table is not None else ()))
        if self.layout.others:
            others = ", ".join(self.layout.others)
            findings.append(
                warn(
                    "W212",
                    f"{facts.train.name} is taken as the training file; {others} could be meant",
                    fix="train = ...",
                )
            )
        extra = tuple(name for name in facts.train_only if name not in columns.targets and name != columns.id_column)
        if extra:
            text = f"only the training file has {', '.join(extra)}: candidates see it in train, never in test"
            findings.append(note("W208", text, columns=extra))
        if metric_choice.remark:
            findings.append(
                warn("W212", metric_choice.remark, columns=columns.targets, fix="--positive LABEL or --metric NAME")
            )


def task_name(layout: Layout) -> str:
    """Return a name for the task: the folder's, its parent's where that says no more than `data`, or the file's."""
    stem = Path(layout.train or "task").stem
    if layout.tables == (layout.train,) and layout.test is None and stem != "train":
        return stem
    names = [layout.folder.name, layout.folder.parent.name]
    return next((name for name in names if name and name not in ("data", "input", "public", "dataset")), "task")


def _usual_needs(shape: Shape, columns: Columns) -> Needs:
    if columns.classes_by_column:
        return Needs.CLASS_PROBABILITIES
    return Needs.LABELS if shape.classes else Needs.VALUES


def _labelled(facts: Facts, columns: Columns) -> int:
    frame = facts.train.frame
    gone = [is_missing(frame[name]).to_numpy() for name in columns.targets]
    return int(len(frame) - sum(gone).astype(bool).sum())


def _require_shared(facts: Facts, columns: Columns) -> None:
    """Raise E109 unless there is a column to learn from, which train and test have in common."""
    if not set(facts.train.columns) - set(columns.targets):
        raise TaskError(
            "E109",
            f"{facts.train.name} has no column besides {', '.join(columns.targets)}: there is nothing to learn from",
            fix="add the columns that are known before the target is",
        )
    if facts.test is None:
        return
    barred = {*columns.targets, columns.id_column}
    if not [name for name in facts.shared if name not in barred]:
        raise TaskError(
            "E109",
            f"{facts.test.name} has none of the columns of {facts.train.name} that could be learned from "
            f"({', '.join(name for name in facts.train.columns if name not in barred)[:200]})",
            fix="make both files from the same columns",
        )


def _require_distinct_ids(facts: Facts, columns: Columns) -> None:
    for table in (facts.train, facts.test):
        name = columns.id_column
        if table is None or name is None or name not in table.columns:
            continue
        values = as_text(table.frame[name])
        if len(set(values)) < len(values):
            twice = Counter(values).most_common(1)[0][0]
            raise TaskError(
                "E108",
                f"{len(values) - len(set(values))} rows of {table.name} repeat an id, for example {name} = {twice!r}",
                fix="remove the repeated rows, or name another --id",
            )
