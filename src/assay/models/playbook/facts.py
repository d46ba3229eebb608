"""Facts: what the playbook concludes from the task, the data profile and the machine before it writes anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from pathlib import PurePosixPath

from assay.core.metric import Needs
from assay.core.profile import ColumnKind, ColumnProfile, DataProfile
from assay.core.task import Problem, SplitKind, Task
from assay.models.roles import Brief, Machine

MIN_PER_CLASS = 12
"""A class with fewer rows may be absent from an inner fold."""

MANY_TARGETS = 8
"""From so many numbers a row on, they are modelled together."""

_MAX_PAIRS = 10
_PHRASE_WORDS = 12.0
_LABEL_METRICS_WITH_CUT = ("f1", "mcc", "matthews", "jaccard", "balanced", "kappa")


class Family(StrEnum):
    """Which shelf of recipes a task is served from."""

    TABULAR = "tabular"
    TEXT = "text"
    PAIRS = "pairs"
    """Two or more short phrases that are to be compared."""
    FORECAST = "forecast"
    IMAGES = "images"
    PROFILES = "profiles"
    """Many numbers a row at once."""
    CUSTOM = "custom"
    """Data that only the user's own `prepare` and `grade` know."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that recipes and templates ask about a task. Column names are those of the training file."""

    task: Task
    profile: DataProfile
    machine: Machine
    family: Family
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    """Categories and booleans."""
    wide: tuple[str, ...]
    """Categories with too many levels for one-hot columns; a subset of `categories`."""
    dates: tuple[str, ...]
    texts: tuple[str, ...]
    phrases: tuple[str, ...]
    """Short texts, repeated ones included, in file order."""
    location: tuple[str, str] | None
    """Longitude and latitude."""
    ratios: tuple[tuple[str, str], ...]
    differences: tuple[tuple[str, str], ...]
    has_missing: bool

    @property
    def is_classes(self) -> bool:
        """Whether one label of a known set is predicted a row."""
        return self.task.problem in (Problem.BINARY, Problem.MULTICLASS)

    @property
    def shape(self) -> str:
        """`binary`, `multiclass`, `multilabel` or `regression`: what a model is fitted to."""
        if self.is_classes or self.task.problem is Problem.MULTILABEL:
            return str(self.task.problem)
        return "regression"

    @property
    def needs_cut(self) -> bool:
        """Whether a decision threshold has to be chosen: two classes and a metric that looks at labels."""
        name = self.task.metric.name.lower()
        return (
            self.shape == "binary"
            and self.task.output.needs is Needs.LABELS
            and any(part in name for part in _LABEL_METRICS_WITH_CUT)
        )

    @property
    def can_fold(self) -> bool:
        """Whether inner folds are safe: every class has rows for each of them."""
        counts = [count for _, count in self.profile.target_counts]
        return self.profile.train_rows >= 10 * MIN_PER_CLASS and (
            not self.is_classes or min(counts, default=0) >= MIN_PER_CLASS
        )

    @property
    def has_one_target(self) -> bool:
        """Whether features may be made from the target."""
        return len(self.task.targets) == 1

    @property
    def loss(self) -> str:
        """What a regression should fit: `mae`, `mape`, `log` (squared error of the logarithm) or `squared`."""
        name = self.task.metric.name.lower()
        if "rmsle" in name or "squared_log" in name:
            return "log"
        if "mape" in name and "smape" not in name:
            return "mape"
        return "mae" if name in ("mae", "smape", "mean_absolute_error", "median_absolute_error") else "squared"

    @property
    def is_skewed(self) -> bool:
        """Whether the logarithm of the target is worth a try: positive with a long right tail."""
        low = min((t.low for t in self.profile.targets if t.low is not None), default=-1.0)
        return self.shape == "regression" and low >= 0 and (self.profile.target_skew or 0.0) > 0.8

    def has(self, package: str) -> bool:
        """Return whether the interpreter of candidates can import `package`."""
        return package in self.machine.packages

    def at_least(self, package: str, major: int, minor: int) -> bool:
        """Return whether the installed `package` has this version or a later one; unknown versions are recent."""
        digits = re.findall(r"\d+", self.machine.packages.get(package, ""))[:2]
        return tuple(map(int, digits)) >= (major, minor) if len(digits) == 2 else True

    def column(self, name: str) -> ColumnProfile:
        """Return the profile of a usable column."""
        return next(c for c in self.profile.columns if c.name == name)


def read_facts(brief: Brief) -> Facts:
    """Return what follows from `brief`."""
    task, profile = brief.task, brief.profile
    columns = [
        c for c in profile.columns if c.in_test and c.kind is not ColumnKind.CONSTANT and not _is_held_out(c, task)
    ]
    numbers = _names(columns, ColumnKind.NUMBER)
    phrases = tuple(c.name for c in columns if _is_phrase(c))
    texts = _names(columns, ColumnKind.TEXT)
    plain = tuple(c for c in columns if c.name not in texts)
    categories = tuple(c.name for c in plain if c.kind in (ColumnKind.CATEGORY, ColumnKind.BOOLEAN))
    location = _location(numbers)
    return Facts(
        task=task,
        profile=profile,
        machine=brief.machine,
        family=_family(task, profile, texts, phrases, len(plain)),
        numbers=numbers,
        categories=categories,
        wide=tuple(c.name for c in plain if c.name in categories and c.distinct > 60),
        dates=_names(columns, ColumnKind.DATE),
        texts=texts,
        phrases=phrases,
        location=location,
        ratios=_ratios([c for c in columns if c.name in numbers and c.name not in (location or ())]),
        differences=_differences([c for c in columns if c.name in numbers and c.name not in (location or ())]),
        has_missing=any(c.missing > 0 for c in columns),
    )


def _names(columns: Iterable[ColumnProfile], kind: ColumnKind) -> tuple[str, ...]:
    return tuple(c.name for c in columns if c.kind is kind)


def _is_held_out(column: ColumnProfile, task: Task) -> bool:
    """Groups and folds of the split are new in the test rows: a model cannot use their names."""
    return task.split.kind in (SplitKind.GROUP, SplitKind.COLUMN) and column.name == task.split.column


def _is_phrase(column: ColumnProfile) -> bool:
    if column.kind is ColumnKind.TEXT:
        return (column.mean_words or 0.0) <= _PHRASE_WORDS
    words = column.mean_words
    if words is None and column.examples:
        words = sum(len(e.split()) for e in column.examples) / len(column.examples)
    return column.kind is ColumnKind.CATEGORY and column.distinct > 100 and (words or 0.0) > 1.3


def _family(task: Task, profile: DataProfile, texts: tuple[str, ...], phrases: tuple[str, ...], others: int) -> Family:
    if task.problem is Problem.FORECAST:
        return Family.FORECAST
    if PurePosixPath(task.data.train).suffix == ".npz":
        return Family.IMAGES
    if not profile.columns:
        return Family.CUSTOM
    if task.problem is Problem.REGRESSION and len(task.targets) >= MANY_TARGETS:
        return Family.PROFILES
    comparable = task.problem in (Problem.BINARY, Problem.REGRESSION) and len(task.targets) == 1
    if comparable and len(phrases) >= 2 and set(texts) <= set(phrases) and len(profile.columns) <= len(phrases) + 3:
        return Family.PAIRS
    return Family.TEXT if texts and others <= 3 * len(texts) else Family.TABULAR


def _location(numbers: tuple[str, ...]) -> tuple[str, str] | None:
    longitude = [n for n in numbers if re.search(r"(^|[^a-z])(lon|lng|long|longitude)([^a-z]|$)", n.lower())]
    latitude = [n for n in numbers if re.search(r"(^|[^a-z])(lat|latitude)([^a-z]|$)", n.lower())]
    return (longitude[0], latitude[0]) if longitude and latitude else None


def _ratios(columns: list[ColumnProfile]) -> tuple[tuple[str, str], ...]:
    """Pairs of counts and sizes: positive, spread over a wide range, not mostly zero."""
    sizes = [
        c.name
        for c in columns
        if c.low is not None
        and c.low >= 0
        and c.mean
        and c.std
        and 0.3 <= c.std / c.mean <= 2.0
        and c.distinct > 100
        and (c.high or 0.0) >= 20
    ]
    return tuple(combinations(sizes, 2))[:_MAX_PAIRS] if len(sizes) <= 6 else ()


def _differences(columns: list[ColumnProfile]) -> tuple[tuple[str, str], ...]:
    """Pairs whose names share a word and whose ranges overlap, such as `price_min` and `price_max`."""
    found = []
    for a, b in combinations(columns, 2):
        if None in (a.low, a.high, b.low, b.high, a.std, b.std) or not _words(a.name) & _words(b.name):
            continue
        if not 1 / 3 <= (a.std or 0.0) / (b.std or 1e-9) <= 3:
            continue
        overlap = min(a.high or 0.0, b.high or 0.0) - max(a.low or 0.0, b.low or 0.0)
        if overlap > 0.5 * min((a.high or 0.0) - (a.low or 0.0), (b.high or 0.0) - (b.low or 0.0)) and a.distinct > 20:
            found.append((a.name, b.name))
    return tuple(found) if len(found) <= _MAX_PAIRS else ()


def _words(name: str) -> set[str]:
    return {w for w in re.split(r"[^a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()) if len(w) >= 3}
