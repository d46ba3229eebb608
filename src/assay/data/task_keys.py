"""What may stand in task.toml: every key with its form, what holds without it, its meaning and an example."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from assay.core.rehearse import Rehearse
from assay.core.task import Problem, SplitKind

GUESSED = "guessed, and said by `assay init`"


class Form(StrEnum):
    """What a value may be."""

    TEXT = "text"
    TEXTS = "text or list of texts"
    LIST = "list of texts"
    WHOLE = "whole number"
    NUMBER = "number"
    SWITCH = "true or false"
    AMOUNT = "text or number"


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of task.toml."""

    name: str
    """With a dot below a table, such as `split.kind`."""
    form: Form
    default: str
    """What holds without it, in words."""
    meaning: str
    example: str
    """The value as TOML."""
    choices: tuple[str, ...] = ()
    """The only values, where there are only some."""
    least: float | None = None
    """The least number that may stand there; None for no such bound."""
    most: float | None = None
    """The greatest."""
    is_file: bool = False
    """Whether it names a file of the data."""
    needed: bool = False
    """Whether its table is nothing without it."""


KEYS = (
    Key(
        name="name",
        form=Form.TEXT,
        default="that of the folder or file",
        meaning="What tables and reports call the task.",
        example='"house-prices"',
    ),
    Key(
        name="about",
        form=Form.TEXT,
        default="the description file, if there is one",
        meaning="What is to be done, in your words; every question to a model shows it.",
        example='"Predict the price of a house."',
    ),
    Key(
        name="data",
        form=Form.TEXT,
        default="the folder of task.toml",
        meaning="Folder of the data, relative to task.toml.",
        example='"../raw"',
    ),
    Key(
        name="train",
        form=Form.TEXT,
        default="the file that looks like it, such as train.csv",
        meaning="Table with the labelled rows.",
        example='"train.csv"',
        is_file=True,
    ),
    Key(
        name="test",
        form=Form.TEXT,
        default="the file that looks like it, such as test.csv",
        meaning="Table with the rows to predict; empty for none.",
        example='"test.csv"',
        is_file=True,
    ),
    Key(
        name="sample",
        form=Form.TEXT,
        default="the file that looks like it, such as sample_submission.csv",
        meaning="Sample submission: it fixes the columns, ids and order of what is handed in; empty for none.",
        example='"sample_submission.csv"',
        is_file=True,
    ),
    Key(
        name="description",
        form=Form.TEXT,
        default="the file that looks like it, such as description.md",
        meaning="Text about the task; empty for none.",
        example='"description.md"',
        is_file=True,
    ),
    Key(
        name="side",
        form=Form.TEXTS,
        default="what no other role takes and holds no answers",
        meaning="Files and folders that every candidate may read, such as images.",
        example='["images"]',
    ),
    Key(
        name="grader",
        form=Form.TEXT,
        default="none",
        meaning="A metric of your own: a Python file with `grade(submission, answers) -> float`; needs `better`.",
        example='"grade.py"',
        is_file=True,
    ),
    Key(
        name="prepare",
        form=Form.TEXT,
        default="none",
        meaning="A split of your own: a Python file with `prepare(raw, public, private)`.",
        example='"prepare.py"',
        is_file=True,
    ),
    Key(
        name="target", form=Form.TEXTS, default=GUESSED, meaning="Column or columns to predict.", example='"SalePrice"'
    ),
    Key(name="id", form=Form.TEXT, default=GUESSED, meaning="Column that identifies rows.", example='"Id"'),
    Key(
        name="problem",
        form=Form.TEXT,
        default=GUESSED,
        meaning="Shape of what is predicted.",
        example='"regression"',
        choices=tuple(p.value for p in Problem),
    ),
    Key(
        name="metric",
        form=Form.TEXT,
        default="the usual one of the problem",
        meaning="What counts, by name.",
        example='"rmsle"',
    ),
    Key(
        name="better",
        form=Form.TEXT,
        default="known for the metric",
        meaning="Which direction is better: lower or higher.",
        example='"lower"',
    ),
    Key(
        name="top_k",
        form=Form.WHOLE,
        default="that of the metric",
        meaning="The k of `map_at_k`.",
        example="5",
        least=1,
    ),
    Key(
        name="positive",
        form=Form.TEXT,
        default=GUESSED,
        meaning="Which of two labels counts as positive.",
        example='"yes"',
    ),
    Key(
        name="series",
        form=Form.TEXTS,
        default=GUESSED,
        meaning="Columns that name a series, for forecasts.",
        example='["store"]',
    ),
    Key(name="time", form=Form.TEXT, default=GUESSED, meaning="Column that orders rows in time.", example='"date"'),
    Key(
        name="row_cap",
        form=Form.WHOLE,
        default="30000",
        meaning="Most training rows that a candidate is shown during the search; the final fit gets all.",
        example="30000",
        least=1,
    ),
    Key(
        name="rehearse",
        form=Form.TEXT,
        default="auto",
        meaning="Which candidates are run on few rows before their first whole fold; `auto`: those of long folds.",
        example='"never"',
        choices=tuple(when.value for when in Rehearse),
    ),
    Key(
        name="mlflow",
        form=Form.TEXT,
        default="`$ASSAY_MLFLOW`, else the folder of runs if MLflow is installed",
        meaning="Where every trial is shown in MLflow; off for nowhere.",
        example='"off"',
    ),
    Key(
        name="protect",
        form=Form.TEXTS,
        default="empty",
        meaning="Of older files; must be empty, for a run writes each solution from scratch.",
        example="[]",
    ),
    Key(
        name="split.kind",
        form=Form.TEXT,
        default=GUESSED,
        meaning="How labelled rows are divided into folds.",
        example='"group"',
        choices=tuple(k.value for k in SplitKind),
        needed=True,
    ),
    Key(name="split.k", form=Form.WHOLE, default="5", meaning="Number of folds.", example="5", least=1),
    Key(
        name="split.seed",
        form=Form.WHOLE,
        default="0",
        meaning="Decides which row is in which fold.",
        example="7",
        least=0,
    ),
    Key(
        name="split.column",
        form=Form.TEXT,
        default="none",
        meaning="Column of the groups, times or folds, by `split.kind`.",
        example='"donor"',
    ),
    Key(
        name="split.horizon",
        form=Form.WHOLE,
        default=GUESSED,
        meaning="Steps ahead, for forecasts.",
        example="28",
        least=1,
    ),
    Key(
        name="holdout.fraction",
        form=Form.NUMBER,
        default="0.15",
        meaning="Share of the labelled rows that is sealed until the end.",
        example="0.15",
        least=0,
        most=0.5,
    ),
    Key(name="holdout.sealed", form=Form.SWITCH, default="true", meaning="Whether anything is sealed.", example="true"),
    Key(
        name="limits.time",
        form=Form.AMOUNT,
        default="10m if no limit is given",
        meaning="Most time of a run.",
        example='"8h"',
    ),
    Key(
        name="limits.until",
        form=Form.TEXT,
        default="none",
        meaning="Local time of day at which a run ends.",
        example='"07:00"',
    ),
    Key(
        name="limits.cost",
        form=Form.AMOUNT,
        default="none",
        meaning="Most money for model calls, in US dollars; `limits.cost_usd` says the same.",
        example="8",
    ),
    Key(name="limits.cost_usd", form=Form.AMOUNT, default="none", meaning="The same as `limits.cost`.", example="8"),
    Key(name="limits.tokens", form=Form.AMOUNT, default="none", meaning="Most tokens of model calls.", example='"2M"'),
    Key(
        name="limits.trials", form=Form.AMOUNT, default="none", meaning="Most trials, baselines included.", example="40"
    ),
    Key(
        name="limits.trial_timeout",
        form=Form.AMOUNT,
        default="chosen from the time",
        meaning="Most time of one execution.",
        example='"20m"',
    ),
    Key(
        name="limits.workers",
        form=Form.AMOUNT,
        default="one for each usable core",
        meaning="Trials at a time.",
        example="2",
    ),
    Key(
        name="limits.goal",
        form=Form.AMOUNT,
        default="none",
        meaning="Search score at which a run ends.",
        example="0.12",
    ),
    Key(
        name="notebook.file",
        form=Form.TEXT,
        default="none",
        meaning="A notebook of yours that the task was read from.",
        example='"mine.ipynb"',
        needed=True,
    ),
    Key(
        name="notebook.locked",
        form=Form.LIST,
        default="by what the cells do",
        meaning="Ids of cells that nothing may change.",
        example='["load", "check"]',
    ),
    Key(
        name="notebook.open",
        form=Form.LIST,
        default="every other cell",
        meaning="Ids of cells that a trial may change.",
        example='["fit"]',
    ),
    Key(
        name="notebook.sections",
        form=Form.LIST,
        default="none",
        meaning="Headings whose cells are locked, too.",
        example='["Evaluation"]',
    ),
)
"""Every key; the order is that of the page and of `assay schema`."""


def tables() -> dict[str, dict[str, Key]]:
    """Return the tables with their keys, by name."""
    found: dict[str, dict[str, Key]] = {}
    for key in KEYS:
        table, dot, name = key.name.partition(".")
        if dot:
            found.setdefault(table, {})[name] = key
    return found


def top_level(*forms: Form, files: bool | None = None) -> tuple[str, ...]:
    """Return the names of keys that stand in no table and have one of these forms."""
    return tuple(
        key.name
        for key in KEYS
        if "." not in key.name and key.form in forms and (files is None or key.is_file is files)
    )
