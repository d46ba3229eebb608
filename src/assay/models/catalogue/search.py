"""Search: which families of the catalogue to try first on a task. The same question always has the same answer."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assay.core.profile import DataProfile
from assay.core.task import Task
from assay.models.catalogue.entry import Entry, Modality, Solves
from assay.models.catalogue.reading import load
from assay.models.catalogue.traits import facts_of, modalities, rows_of, traits, wanted

STAND_INS = {"xgboost": ("xgboost-cpu",), "interpret-core": ("interpret",)}
"""Distributions that bring the same module under another name."""

_ROWS_OF_COST = {Modality.IMAGES: 1_000, Modality.SEQUENCES: 1_000, Modality.SERIES: 100_000}
_GROWTH = {"linear": 1, "quadratic": 2, "cubic": 3}
_LEAST_S = 1.0
"""Starting a process and reading the data take time, too."""

_FIRST = 4
"""So many at the head of the list hold no family three times."""
_MOST_OF_A_FAMILY = 2
_TRAIT, _GENERAL_TRAIT, _MOST_TRAITS = 2.0, 1.0, 3
_GENERAL = frozenset({"tiny", "small", "medium", "large", "numeric", "missing", "gpu"})
"""Traits that many tasks and many families share, so that they say less."""
_AGAINST = 4.0
_SAME_FAMILY = 3.0
_SECOND_MODALITY = 6.0
_MISSING_PACKAGE = 14.0
_MISSING_GPU = 14.0
_WEIGHTS = 5.0
_TOO_LONG = 10.0
_SPECIAL = 4.0
_LONG_S = 3_600.0


@dataclass(frozen=True, kw_only=True)
class Hit:
    """An entry that was found, and why."""

    entry: Entry
    why: str
    """One sentence: what of the task speaks for it, and what stands in its way here."""
    missing: tuple[str, ...] = ()
    """Packages that it needs and that are not installed."""
    seconds: float = 0.0
    """Guess of one training here, in orders of magnitude."""
    runnable: bool = True
    """Whether nothing is known to stand in its way: packages and GPU are there, and no weights are needed."""


@dataclass(frozen=True, kw_only=True)
class _Rated:
    """An entry against one task."""

    entry: Entry
    points: float
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    no_gpu: bool
    seconds: float
    too_long: bool


def search(
    task: Task,
    profile: DataProfile,
    packages: Collection[str],
    gpu: bool,
    limit: int,
    exclude: Collection[str] = (),
    *,
    trial_s: float | None = None,
    only_runnable: bool = False,
) -> list[Hit]:
    """Return the families most worth a try, the best first.

    Args:
        task: What is to be predicted.
        profile: The data at a glance.
        packages: Distributions that candidates can import.
        gpu: Whether candidates have a GPU.
        limit: Most hits, at least 0.
        exclude: Names of entries that are not wanted, for example those tried before.
        trial_s: Most seconds of one execution; what takes longer comes late. None for no bound.
        only_runnable: Whether to leave out what lacks a package or a GPU, or needs weights.

    Returns:
        At most `limit` hits. Packages that are installed count more than anything else; then standing in the field,
        traits of the task, time; and the list is mixed: no family three times among the first four, if others are left.
    """
    facts = facts_of(task, profile, packages)
    kinds, solves, found = modalities(facts), wanted(facts), traits(facts, gpu=gpu)
    rows = min(rows_of(profile), task.row_cap) if kinds[0] is not Modality.SERIES else rows_of(profile)
    have = frozenset(map(_plain, packages))
    rated = []
    for entry in load():
        fits = entry.modality in kinds and solves & set(entry.problems) and entry.name not in exclude
        if fits and (not entry.only or found.keys() & set(entry.only)):
            one = _rate(entry, found, have, gpu=gpu, rows=rows, trial_s=trial_s)
            extra = _SPECIAL if {Solves.SURVIVAL, Solves.ANOMALY} & solves & set(entry.problems) else 0.0
            second = _SECOND_MODALITY if entry.modality is not kinds[0] else 0.0
            rated.append((one, one.points + extra - second))
    if only_runnable:
        rated = [(one, points) for one, points in rated if _is_runnable(one)]
    return _mixed(rated, limit)


def estimate_s(entry: Entry, rows: int, *, gpu: bool) -> float:
    """Return the order of magnitude of one training, in seconds.

    Args:
        entry: What is trained.
        rows: Training rows; values for series.
        gpu: Whether there is a GPU.
    """
    stated = entry.cost.gpu_seconds if gpu and entry.cost.gpu_seconds is not None else entry.cost.seconds
    share = rows / _ROWS_OF_COST.get(entry.modality, 10_000)
    return max(_LEAST_S, stated * share ** _GROWTH[entry.cost.grows])


def missing_packages(entry: Entry, packages: Collection[str]) -> tuple[str, ...]:
    """Return the distributions that `entry` needs and that are not among `packages`, nor anything in their stead."""
    have = frozenset(map(_plain, packages))
    return tuple(
        name for name in entry.needs if not have & {_plain(name), *(_plain(other) for other in STAND_INS.get(name, ()))}
    )


def _rate(
    entry: Entry, found: dict[str, str], have: frozenset[str], *, gpu: bool, rows: int, trial_s: float | None
) -> _Rated:
    suits = [name for name in entry.suits if name in found]
    weighed = sorted((_GENERAL_TRAIT if name in _GENERAL else _TRAIT for name in suits), reverse=True)
    missing = missing_packages(entry, have)
    no_gpu = entry.gpu == "required" and not gpu
    seconds = estimate_s(entry, rows, gpu=gpu)
    too_long = seconds > (_LONG_S if trial_s is None else trial_s)
    points = entry.standing + sum(weighed[:_MOST_TRAITS])
    points -= _AGAINST * sum(name in found for name in entry.avoid)
    points -= _MISSING_PACKAGE * bool(missing) + _MISSING_GPU * no_gpu
    points -= _WEIGHTS * bool(entry.weights) + _TOO_LONG * too_long
    return _Rated(
        entry=entry,
        points=points,
        reasons=tuple(found[name] for name in suits),
        missing=missing,
        no_gpu=no_gpu,
        seconds=seconds,
        too_long=too_long,
    )


def _mixed(rated: Sequence[tuple[_Rated, float]], limit: int) -> list[Hit]:
    """Pick one after the other, each time the best after a deduction for kin that are in the list already."""
    left, hits, families = list(rated), list[Hit](), list[str]()
    while left and len(hits) < limit:
        free = [item for item in left if families.count(item[0].entry.family) < _MOST_OF_A_FAMILY]
        pool = free if len(hits) < _FIRST and free else left
        best = min(
            pool,
            key=lambda item: (-(item[1] - _SAME_FAMILY * families.count(item[0].entry.family)), item[0].entry.name),
        )
        left.remove(best)
        hits.append(_hit(best[0], families))
        families.append(best[0].entry.family)
    return hits


def _hit(rated: _Rated, families: Sequence[str]) -> Hit:
    return Hit(
        entry=rated.entry,
        why=_why(rated, families),
        missing=rated.missing,
        seconds=rated.seconds,
        runnable=_is_runnable(rated),
    )


def _is_runnable(rated: _Rated) -> bool:
    return not rated.missing and not rated.no_gpu and not rated.entry.weights


def _why(rated: _Rated, families: Sequence[str]) -> str:
    entry = rated.entry
    parts = [f"suits {_listed(rated.reasons)}" if rated.reasons else f"common first choice for {entry.modality}"]
    if families and entry.family not in families:
        parts.append(f"errs unlike those before it ({entry.family})")
    if rated.too_long:
        parts.append(f"likely too slow here (about {_about(rated.seconds)} a training)")
    else:
        parts.append(f"about {_about(rated.seconds)} a training")
    if rated.missing:
        parts.append(f"needs {_listed(rated.missing)}, not installed")
    if rated.no_gpu:
        parts.append("needs a GPU, and there is none")
    if entry.weights:
        parts.append(f"needs {entry.weights} on this machine")
    text = "; ".join(parts)
    return text[0].upper() + text[1:] + "."


def _about(seconds: float) -> str:
    if seconds < 1.5:
        return "a second"
    if seconds < 90:
        return f"{float(f'{seconds:.1g}'):.0f} s"
    if seconds < 5_400:
        return f"{float(f'{seconds / 60:.1g}'):.0f} min"
    return f"{float(f'{seconds / 3_600:.1g}'):,.0f} h"


def _listed(items: Sequence[str]) -> str:
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
