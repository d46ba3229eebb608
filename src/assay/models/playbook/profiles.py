"""The profiles shelf: many numbers a row are predicted at once, as after a perturbation of cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assay.models.playbook.facts import MANY_TARGETS, Facts
from assay.models.playbook.moves import optional_parts, param_moves, setting_moves, with_step
from assay.models.playbook.recipe import Recipe, Value
from assay.models.playbook.shelf import Idea, Part

FAMILY = "profiles"

_BATCH = re.compile(r"(plate|batch|run|lane|donor|site|chip|slide|session)", re.IGNORECASE)
_DOSE = re.compile(r"(dose|conc|concentration|level)", re.IGNORECASE)
_FEWEST_PER_BATCH = 6

_STEPS = {
    "change": ("change from before", "The profile itself is predicted, not its change."),
    "level": ("level of the batch", "Each row's own profile before stands for the level, without averaging its batch."),
    "curve": ("dose curve", "The dose as it is, without its logarithm and its saturation."),
    "crosses": ("bits by dose", "What the bits do is the same at every dose."),
    "low_rank": ("low rank", "Every target by itself, without directions that they share."),
}


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """What the columns of a profile task are for."""

    before: tuple[str, ...]
    """The input that belongs to each target, in the order of the targets; empty if there is none."""
    bits: tuple[str, ...]
    """Numbers that are 0 or 1, such as a fingerprint."""
    batch: str | None
    """Names what rows were measured together."""
    dose: str | None
    others: tuple[str, ...]
    """Further numbers."""
    categories: tuple[str, ...]
    """Further categories of few levels."""


def blocks_of(facts: Facts) -> Blocks:
    """Return what the columns are for, by their names and ranges."""
    before = _before(facts)
    rest = [name for name in facts.numbers if name not in before]
    bits = tuple(name for name in rest if _is_bit(facts, name))
    bits = bits if len(bits) >= MANY_TARGETS else ()
    dose = next((n for n in rest if n not in bits and _DOSE.search(n) and (facts.column(n).low or 0.0) >= 0), None)
    batch = _batch(facts, rest)
    return Blocks(
        before=before,
        bits=bits,
        batch=batch,
        dose=dose,
        others=tuple(n for n in rest if n not in bits and n != dose and not _BATCH.search(n)),
        categories=tuple(n for n in facts.categories if n not in (batch, *facts.wide)),
    )


class ProfilesShelf:
    """Levels first, then what changes them: linear, by kernels on bits, by trees, by a network."""

    def baseline(self, facts: Facts) -> Idea:
        """Return ridge regression on all numbers side by side."""
        recipe = Recipe(family=FAMILY, model="ridge", params={"alpha": 100.0})
        return Idea(recipe=recipe, title="Ridge regression on all numbers", reason="The plain model to beat.")

    def drafts(self, facts: Facts) -> Sequence[Idea]:
        """Return models of the change over the level of the batch, unlike each other."""
        trees: dict[str, Value] = {"n_estimators": 150, "min_samples_leaf": 3, "max_features": 0.3}
        boosting: dict[str, Value] = {"n_estimators": 150, "learning_rate": 0.06, "num_leaves": 15}
        network: dict[str, Value] = {"width": 64, "alpha": 0.01, "learning_rate_init": 0.002, "max_iter": 120}
        kernel = "kernel" if blocks_of(facts).bits else "smooth"
        plans: list[tuple[str, tuple[str, ...], dict[str, Value], str, str]] = [
            (
                "ridge",
                tuple(_STEPS),
                {"alpha": 300.0},
                "Low-rank ridge of the change",
                "The level comes from the batch, the change from few directions that all targets share.",
            ),
            (
                kernel,
                ("change", "level", "curve", "low_rank"),
                {"alpha": 1.0},
                "Kernel ridge on likeness",
                "Rows that are alike in their bits and dose change alike: likeness that no linear model sees.",
            ),
            (
                "extra_trees",
                ("change", "level", "curve", "low_rank"),
                trees,
                "Randomised trees of the change",
                "Trees take thresholds of the dose and combinations of bits without being told.",
            ),
            (
                "lightgbm",
                ("change", "level", "curve", "low_rank"),
                boosting,
                "Boosting of shared directions",
                "One boosted model for each direction that the targets share.",
            ),
            (
                "mlp",
                ("change", "level", "curve", "crosses"),
                network,
                "Small network of the change",
                "One hidden layer for all targets: its width is the rank, and it bends.",
            ),
        ]
        return [
            Idea(recipe=_recipe(facts, model, steps, params), title=title, reason=reason)
            for model, steps, params, title, reason in plans
        ]

    def moves(self, recipe: Recipe, facts: Facts) -> Sequence[Idea]:
        """Return missing steps, then other ranks, then neighbouring settings."""
        missing = [step for step in _available(facts) if step not in recipe.features and _matters(step, recipe)]
        found = [with_step(recipe, step, _STEPS[step][0]) for step in missing]
        rank = int(recipe.option("rank", 12))
        choices: list[tuple[str, Value, str, str]] = [
            ("rank", rank * 2, f"Keep {rank * 2} shared directions", "low rank"),
            ("rank", max(rank // 2, 2), f"Keep {max(rank // 2, 2)} shared directions", "low rank"),
            ("power", 2.0, "Saturate the dose more steeply", "dose curve"),
            ("power", 0.5, "Saturate the dose more slowly", "dose curve"),
        ]
        if recipe.model == "kernel":
            found += [_sharper(recipe, value) for value in (2, 5) if recipe.option("sharpness", 3) != value]
        steps = {"rank": "low_rank", "power": "curve"}
        there = [choice for choice in choices if steps[choice[0]] in recipe.features]
        return [*found, *setting_moves(recipe, there), *param_moves(recipe)]

    def parts(self, recipe: Recipe, facts: Facts) -> Sequence[Part]:
        """Return the optional steps."""
        return optional_parts(recipe, _STEPS)

    def cheaper(self, recipe: Recipe, facts: Facts) -> Sequence[Recipe]:
        """Return versions with fewer rounds and directions, then the baseline."""
        found = []
        if "n_estimators" in recipe.params:
            found.append(recipe.with_params(n_estimators=50).with_options(rank=6))
        if "max_iter" in recipe.params:
            found.append(recipe.with_params(max_iter=40))
        return [*found, self.baseline(facts).recipe]


def _matters(step: str, recipe: Recipe) -> bool:
    """Return whether a step changes what the model is given: likeness has no use for products of bits."""
    return not (step == "crosses" and recipe.model == "kernel")


def _sharper(recipe: Recipe, value: int) -> Idea:
    reason = "How fast likeness falls off decides how many rows have a say."
    return Idea(
        recipe=recipe.with_options(sharpness=value), title=f"Raise likeness to the power {value}", reason=reason
    )


def _recipe(facts: Facts, model: str, steps: tuple[str, ...], params: dict[str, Value]) -> Recipe:
    have = _available(facts)
    return Recipe(
        family=FAMILY,
        model=model,
        features=tuple(step for step in steps if step in have),
        params=params,
        options={"rank": 12} if "low_rank" in steps else {},
    )


def _available(facts: Facts) -> tuple[str, ...]:
    blocks = blocks_of(facts)
    there = {
        "change": bool(blocks.before),
        "level": bool(blocks.before and blocks.batch),
        "curve": blocks.dose is not None,
        "crosses": bool(blocks.bits and blocks.dose),
        "low_rank": True,
    }
    return tuple(step for step in _STEPS if there[step])


def _before(facts: Facts) -> tuple[str, ...]:
    """Return the input of each target: the same name but for a first part, and numbers of the same size."""
    endings = [_ending(name) for name in facts.task.targets]
    by_start: dict[str, dict[str, str]] = {}
    for name in (name for name in facts.numbers if not _is_bit(facts, name)):
        ending = _ending(name)
        by_start.setdefault(name.removesuffix(ending), {})[ending] = name
    if len(set(endings)) < len(endings):
        return ()
    whole = [group for group in by_start.values() if all(ending and ending in group for ending in endings)]
    alike = [group for group in whole if _same_size(facts, [group[ending] for ending in endings])]
    return tuple(alike[0][ending] for ending in endings) if alike else ()


def _same_size(facts: Facts, names: Sequence[str]) -> bool:
    """Return whether most inputs lie and spread about as their targets do."""
    near = 0
    for name, target in zip(names, facts.profile.targets, strict=True):
        column = facts.column(name)
        if None in (column.mean, column.std, target.mean, target.std):
            return False
        spread = max(target.std or 0.0, 1e-12)
        apart = abs((column.mean or 0.0) - (target.mean or 0.0)) / spread
        near += apart < 2 and 1 / 8 < (column.std or 0.0) / spread < 8
    return near > 0.8 * len(names)


def _is_bit(facts: Facts, name: str) -> bool:
    column = facts.column(name)
    return column.low == 0 and column.high == 1 and column.distinct == 2


def _ending(name: str) -> str:
    """Return what follows the first separator of a name: `0017` of `post_0017`."""
    found = re.match(r"^[A-Za-z]+[_.\- ]?(.+)$", name)
    return found[1] if found else ""


def _batch(facts: Facts, numbers: Sequence[str]) -> str | None:
    fits = [n for n in (*facts.categories, *numbers) if _BATCH.search(n)]
    rows = facts.profile.train_rows
    return next((n for n in fits if 2 <= facts.column(n).distinct <= max(rows // _FEWEST_PER_BATCH, 2)), None)
