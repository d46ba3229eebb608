"""Neighbouring settings: what is worth a try around a model's arguments, for every shelf."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assay.models.playbook.recipe import Recipe, Value
from assay.models.playbook.shelf import Idea, Part

TUNED = "tuned settings"
"""The part that moves of a model's arguments strengthen."""

_TREES: tuple[tuple[str, tuple[float, ...], float, float], ...] = (
    ("min_samples_leaf", (0.5, 2.0), 1, 50),
    ("max_features", (0.6, 1.6), 0.1, 1.0),
    ("n_estimators", (2.0,), 100, 1000),
)

_NEIGHBOURS: Mapping[str, tuple[tuple[str, tuple[float, ...], float, float], ...]] = {
    "lightgbm": (
        ("num_leaves", (0.5, 2.0), 4, 255),
        ("learning_rate", (0.6, 1.6), 0.01, 0.3),
        ("colsample_bytree", (0.6, 1.5), 0.1, 1.0),
        ("min_child_samples", (0.4, 2.5), 3, 300),
        ("reg_lambda", (0.2, 4.0), 0.1, 100),
    ),
    "xgboost": (
        ("max_depth", (0.7, 1.4), 2, 12),
        ("learning_rate", (0.6, 1.6), 0.01, 0.3),
        ("min_child_weight", (0.3, 3.0), 1, 60),
    ),
    "catboost": (("depth", (0.7, 1.4), 3, 10), ("learning_rate", (0.6, 1.6), 0.02, 0.3)),
    "hist_gradient_boosting": (
        ("max_leaf_nodes", (0.5, 2.0), 4, 255),
        ("learning_rate", (0.6, 1.6), 0.01, 0.3),
        ("l2_regularization", (0.2, 4.0), 0.1, 100),
        ("max_iter", (0.6, 1.6), 50, 2000),
    ),
    "extra_trees": _TREES,
    "random_forest": _TREES,
    "neighbours": (("n_neighbors", (0.5, 2.0), 3, 200),),
    "mlp": (("alpha", (0.2, 5.0), 1e-6, 1.0), ("learning_rate_init", (0.5, 2.0), 1e-4, 0.02)),
}
"""By model: argument, factors to try, and its bounds."""

_OTHERS: tuple[tuple[str, tuple[float, ...], float, float], ...] = (
    ("C", (0.3, 3.0), 0.001, 1000.0),
    ("alpha", (0.3, 3.0), 0.001, 1000.0),
)


def with_step(recipe: Recipe, step: str, name: str) -> Idea:
    """Return the idea to add an optional step to `recipe`; `name` is what people call it."""
    return Idea(
        recipe=recipe.with_feature(step), title=f"Add {name}", reason=f"The script has no {name} yet.", part=name
    )


def optional_parts(recipe: Recipe, steps: Mapping[str, tuple[str, str]]) -> list[Part]:
    """Return the optional steps that `recipe` has, each with the recipe without it.

    Args:
        recipe: Of a script.
        steps: Name and description of each step, by what recipes call it.
    """
    return [
        Part(name=name, description=description, without=recipe.without_feature(step))
        for step, (name, description) in steps.items()
        if step in recipe.features
    ]


def setting_moves(recipe: Recipe, choices: Iterable[tuple[str, Value, str, str]]) -> list[Idea]:
    """Return `recipe` with one option set otherwise: option, value, title and part of each that is not so already."""
    return [
        Idea(
            recipe=recipe.with_options(**{option: value}), title=title, reason="A neighbour of the settings.", part=part
        )
        for option, value, title, part in choices
        if recipe.option(option, "") != value
    ]


def param_moves(recipe: Recipe) -> Sequence[Idea]:
    """Return `recipe` with one argument of its model made smaller or larger, the most telling arguments first."""
    found = []
    for name, factors, low, high in _NEIGHBOURS.get(recipe.model, _OTHERS):
        if name not in recipe.params:
            continue
        old = recipe.params[name]
        for factor in factors:
            value = scaled(old, factor, low, high)
            if value != old:
                changed = recipe.with_params(**{name: value})
                reason = f"A neighbour of the parent's setting: {name} was {old}."
                found.append(Idea(recipe=changed, title=f"Set {name} to {value}", reason=reason, part=TUNED))
    return found


def scaled(old: Value, factor: float, low: float, high: float) -> Value:
    """Return `old` times `factor` within bounds, whole if `old` is, else to three digits."""
    value = min(max(float(old) * factor, low), high)
    return max(round(value), 1) if isinstance(old, int) else float(f"{value:.3g}")
