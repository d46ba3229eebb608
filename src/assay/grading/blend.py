"""Blend: a weighted mix of members' predictions, and the script that repeats it without Assay."""

from __future__ import annotations

import json
import pprint
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from assay.core.task import Task

_MARK = "SETTINGS: dict[str, Any] = {}\n"


@dataclass(frozen=True, kw_only=True)
class Blend:
    """Who is mixed, how much, and by which rule. No weights means that there is nothing to mix."""

    weights: Mapping[int, float]
    """Trial number to weight; above 0, together 1, at most 8, the heaviest first."""
    rule: str = "mean"
    """`mean` of numbers; mean of `rank`s; from the mean of class probabilities by `threshold`, `argmax` or `top` k
    labels; `flags`: several 0/1 columns by the majority of weights."""
    threshold: float = 0.5
    """For `threshold` and `flags`: the positive class from here on."""
    soft: tuple[int, ...] = ()
    """Members that contribute class probabilities (`probabilities.csv`) rather than labels."""
    classes: tuple[str, ...] = ()
    positive: int = 1
    """Position of the positive class in `classes`."""
    scores: Mapping[str, float] = field(default_factory=dict)
    """View name to the score on it of a mix whose weights and rule were chosen without it."""
    left_out: Mapping[int, str] = field(default_factory=dict)
    """Trial number to why it is not in the mix: it cannot take part, or adds nothing to it."""

    def __post_init__(self) -> None:
        # JSON has only text as keys; a blend that was written down gets its numbers back.
        for name in ("weights", "left_out"):
            value = getattr(self, name)
            object.__setattr__(self, name, {int(number): item for number, item in value.items()})


@dataclass(frozen=True, kw_only=True)
class Mixed:
    """The predictions of a blend on one view."""

    file: Path
    dropped: Mapping[int, str] = field(default_factory=dict)
    """Trial number to why its predictions are not in the file; the other weights grew."""


def blend_settings(task: Task, blend: Blend) -> dict[str, Any]:
    """Return what the blend program must know, as plain values."""
    return {
        "weights": {str(number): weight for number, weight in blend.weights.items()},
        "rule": blend.rule,
        "threshold": blend.threshold,
        "soft": [str(number) for number in blend.soft],
        "classes": list(blend.classes),
        "positive": blend.positive,
        "id_column": task.output.id_column,
        "normalise": task.output.sum_to_one,
        "k": int(task.metric.param("k", 5)),
    }


def blend_script(task: Task, blend: Blend) -> str:
    """Return a Python program that runs the members and mixes them; it needs only the standard library.

    It expects `members/NUMBER/solution.py` for every weight and `./input` beside it, runs those that have no
    `output/submission.csv` yet, and writes `./output/submission.csv`.

    Args:
        task: Names the contract.
        blend: With weights.
    """
    program = resources.files("assay.grading").joinpath("blend_program.py").read_text(encoding="utf-8")
    settings = json.loads(json.dumps(blend_settings(task, blend)))
    literal = pprint.pformat(settings, width=110, sort_dicts=False)
    return program.replace(_MARK, f"SETTINGS: dict[str, Any] = {literal}\n", 1)
