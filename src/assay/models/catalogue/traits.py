"""Traits of a task that speak for or against a family of models, and what is asked of it at all."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath

from assay.core.metric import Needs
from assay.core.profile import ColumnKind, ColumnProfile, DataProfile
from assay.core.task import Problem, Task
from assay.models.catalogue.entry import Modality, Solves
from assay.models.playbook.facts import Facts, Family, read_facts
from assay.models.roles import Brief, Machine

TRAITS = {
    "tiny": "fewer than 1,000 training rows",
    "small": "1,000 to 9,999 training rows",
    "medium": "10,000 to 99,999 training rows",
    "large": "100,000 training rows or more",
    "wide_table": "more than 100 columns, or more than one for five rows",
    "numeric": "nearly all columns are numbers",
    "categories": "columns of categories",
    "many_levels": "categories of more than 60 levels",
    "missing": "missing values",
    "dates": "columns of dates",
    "location": "longitude and latitude",
    "mixed": "text beside other columns",
    "short_text": "texts of up to 40 words",
    "long_text": "texts of more than 120 words",
    "noisy_text": "texts that people typed in a hurry",
    "phrases": "two or more phrases to compare",
    "repeated_phrases": "phrases that stand in many rows",
    "skewed": "a target with a long tail",
    "counts": "a target of whole numbers from zero",
    "imbalanced": "a class below a twentieth of the rows",
    "rare_rows": "positive rows below a fiftieth",
    "many_classes": "more than twenty classes",
    "labels": "a metric that reads labels",
    "ranked": "several labels a row, best first",
    "censored": "times to an event that some rows have not had",
    "many_series": "thirty series or more",
    "few_series": "fewer than thirty series",
    "short_series": "fewer than 200 values a series",
    "long_horizon": "24 steps ahead or more",
    "seasonal": "values by the hour, day, week, month or quarter",
    "gpu": "a GPU",
}
"""What an entry's `suits` and `avoid` may name, each with its meaning."""

_UNKNOWN_ROWS = 5_000
_SURVIVAL = re.compile(r"surviv|censor|time[ -]to[ -]event|concordance|c[-_ ]index|hazard", re.IGNORECASE)
_ANOMALY = re.compile(r"anomal|outlier|intrusion|fraud|novelty", re.IGNORECASE)
_TYPED = re.compile(r"\b(sms|tweets?|chats?|comments?|posts?|social|messages?|ocr|reviews?|typed)\b", re.IGNORECASE)
_SEASONS = re.compile(r"hour|dai?ly|day|week|month|quarter|season", re.IGNORECASE)
_USERS = re.compile(r"user|customer|session|member|visitor|player", re.IGNORECASE)
_ITEMS = re.compile(r"item|article|product|track|movie|song|book|aid\b", re.IGNORECASE)
_MEDIA = {
    Modality.IMAGES: re.compile(r"\.(png|jpe?g|tiff?|bmp|webp|gif|dcm)\b", re.IGNORECASE),
    Modality.SEQUENCES: re.compile(r"\.(wav|mp3|flac|ogg|aiff?|m4a|edf|hea)\b", re.IGNORECASE),
}
_FEW_COLUMNS = 12
"""A table of no more columns beside a folder of images or sounds describes those."""


def facts_of(task: Task, profile: DataProfile, packages: Collection[str]) -> Facts:
    """Return the playbook's facts, for which the machine's size does not matter."""
    named = dict.fromkeys(packages, "")
    machine = Machine(cores=1, memory_gb=1.0, trial_timeout_s=60.0, python="", packages=named)
    return read_facts(Brief(task=task, profile=profile, machine=machine))


def modalities(facts: Facts) -> tuple[Modality, ...]:
    """Return whose families may be of use, the one that fits best first."""
    files = " ".join((*facts.task.data.side, *facts.profile.files))
    media = next((kind for kind, pattern in _MEDIA.items() if pattern.search(files)), None)
    if facts.family is Family.FORECAST:
        return (Modality.SERIES,)
    if facts.family is Family.IMAGES:
        return (Modality.IMAGES,)
    if media is not None and len(facts.profile.columns) <= _FEW_COLUMNS:
        return (media, Modality.TABLES) if facts.profile.columns else (media,)
    if facts.family is Family.PAIRS:
        return (Modality.PAIRS, Modality.TEXT)
    if facts.family is Family.TEXT:
        return (Modality.TEXT, Modality.TABLES) if _others(facts) else (Modality.TEXT,)
    more = (Modality.TEXT,) if facts.texts else ()
    if facts.task.output.needs is Needs.RANKED_LABELS:
        return (Modality.INTERACTIONS, Modality.TABLES) if _is_recommending(facts) else (Modality.TABLES, *more)
    return (Modality.TABLES, *more)


def wanted(facts: Facts) -> frozenset[Solves]:
    """Return what kinds of answers the task may be served by; all of them when only the user's grader knows."""
    task = facts.task
    if task.problem is Problem.CUSTOM:
        return frozenset(Solves) - {Solves.SURVIVAL}
    found = {Solves(str(task.problem))}
    if task.output.needs is Needs.RANKED_LABELS:
        found.add(Solves.RANKING)
    if _SURVIVAL.search(f"{task.metric.name} {task.statement}"):
        found.add(Solves.SURVIVAL)
    if task.problem is Problem.BINARY and (_ANOMALY.search(task.statement) or 0 < _rarest(facts.profile) < 0.02):
        found.add(Solves.ANOMALY)
    return frozenset(found)


def rows_of(profile: DataProfile) -> int:
    """Return the training rows, or a guess where only the user's own `prepare` knows them."""
    return profile.train_rows or _UNKNOWN_ROWS


def traits(facts: Facts, *, gpu: bool) -> dict[str, str]:
    """Return the traits of a task, each in words that name what was found."""
    found = dict(_size(facts))
    found.update(_columns(facts))
    found.update(_texts(facts))
    found.update(_target(facts))
    if facts.family is Family.FORECAST:
        found.update(_series(facts))
    if gpu:
        found["gpu"] = "a GPU"
    return found


def _size(facts: Facts) -> Iterator[tuple[str, str]]:
    rows = facts.profile.train_rows
    if facts.family is not Family.FORECAST:
        known = rows_of(facts.profile)
        name = "tiny" if known < 1_000 else "small" if known < 10_000 else "medium" if known < 100_000 else "large"
        yield name, f"{rows:,} rows" if rows else "an unknown number of rows"
    columns = len(facts.profile.columns)
    if columns > 100 or (rows and columns > max(10, rows / 5)):
        yield "wide_table", f"{columns:,} columns"


def _columns(facts: Facts) -> Iterator[tuple[str, str]]:
    columns = len(facts.profile.columns)
    if columns >= 2 and len(facts.numbers) >= 0.85 * columns:
        yield "numeric", "columns of numbers"
    if facts.categories:
        yield "categories", "categories"
    if facts.wide:
        most = max(facts.wide, key=lambda name: (facts.column(name).distinct, name))
        yield "many_levels", f"the {facts.column(most).distinct:,} levels of `{most}`"
    if facts.has_missing:
        yield "missing", "missing values"
    if facts.dates:
        yield "dates", f"the dates in `{facts.dates[0]}`"
    if facts.location:
        yield "location", "coordinates"


def _texts(facts: Facts) -> Iterator[tuple[str, str]]:
    columns = [c for c in facts.profile.columns if c.name in (*facts.texts, *facts.phrases)]
    if not columns:
        return
    words = max(_words(column) for column in columns)
    if words <= 40:
        yield "short_text", "short texts"
    if words > 120:
        yield "long_text", "long texts"
    if facts.texts and len(_others(facts)) >= 2:
        yield "mixed", f"text beside {len(_others(facts))} other columns"
    if _TYPED.search(f"{facts.task.name} {facts.task.statement}"):
        yield "noisy_text", "texts that people typed"
    if facts.family is Family.PAIRS:
        yield "phrases", " and ".join(f"`{name}`" for name in facts.phrases[:2]) + " to compare"
        if any(c.distinct < facts.profile.train_rows / 2 for c in columns):
            yield "repeated_phrases", "phrases that stand in many rows"


def _target(facts: Facts) -> Iterator[tuple[str, str]]:
    task, profile = facts.task, facts.profile
    if facts.is_skewed:
        yield "skewed", "a target with a long tail"
    if task.problem in (Problem.REGRESSION, Problem.FORECAST) and profile.targets:
        target = profile.targets[0]
        if target.integral and target.low == 0:
            yield "counts", "a target of counts"
    rarest = _rarest(profile)
    if facts.is_classes and 0 < rarest < 0.05:
        yield "imbalanced", f"a class of {rarest:.1%} of the rows"
    if task.problem is Problem.BINARY and 0 < rarest < 0.02:
        yield "rare_rows", "rare positive rows"
    if task.problem is Problem.MULTICLASS and len(profile.target_counts) > 20:
        yield "many_classes", "many classes"
    if task.output.needs is Needs.LABELS:
        yield "labels", f"the metric {task.metric.name}, which reads labels"
    if task.output.needs is Needs.RANKED_LABELS:
        yield "ranked", "several labels a row, best first"
    if Solves.SURVIVAL in wanted(facts):
        yield "censored", "times to an event"


def _series(facts: Facts) -> Iterator[tuple[str, str]]:
    profile = facts.profile
    count = max(1, profile.series)
    length = profile.train_rows / count
    yield ("many_series", f"{count:,} series") if count >= 30 else ("few_series", f"{count:,} series")
    if 0 < length < 200:
        yield "short_series", f"about {length:.0f} values a series"
    if profile.horizon >= 24:
        yield "long_horizon", f"{profile.horizon} steps ahead"
    season = _SEASONS.search(f"{facts.task.name} {facts.task.statement}")
    if season or facts.dates:
        yield "seasonal", "values with a calendar"


def _others(facts: Facts) -> tuple[str, ...]:
    """Columns that are neither text nor of no use."""
    return (*facts.numbers, *facts.categories, *facts.dates)


def _words(column: ColumnProfile) -> float:
    if column.mean_words is not None:
        return column.mean_words
    return sum(len(e.split()) for e in column.examples) / len(column.examples) if column.examples else 0.0


def _rarest(profile: DataProfile) -> float:
    """Return the share of the rarest class; 0 when there are no counts."""
    total = sum(count for _, count in profile.target_counts)
    return min((count for _, count in profile.target_counts), default=0) / total if total else 0.0


def _is_recommending(facts: Facts) -> bool:
    names = [c.name for c in facts.profile.columns if c.kind is not ColumnKind.CONSTANT]
    said = (*facts.task.targets, *names, PurePosixPath(facts.task.data.train).stem)
    return any(map(_USERS.search, names)) and any(map(_ITEMS.search, said))
