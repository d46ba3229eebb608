"""The forecast shelf: future values of one or many series."""

from __future__ import annotations

from collections.abc import Sequence

from assay.models.playbook.facts import Facts
from assay.models.playbook.moves import optional_parts, param_moves, with_step
from assay.models.playbook.recipe import Recipe, Value
from assay.models.playbook.shelf import Idea, Part

FAMILY = "forecast"

_STEPS = {
    "shifts": ("recent shifts", "No comparison of the last steps with a cycle ago."),
    "levels": ("recent levels", "No means over the last steps and cycles."),
    "spread": ("regularity of the series", "No usual errors of repeating a past value."),
    "cycle_means": ("means over cycles", "Single past cycles without their mean."),
}

_BOOSTING: dict[str, Value] = {
    "objective": "mae",
    "n_estimators": 300,
    "learning_rate": 0.06,
    "num_leaves": 31,
    "min_child_samples": 60,
    "subsample": 0.5,
    "subsample_freq": 1,
    "colsample_bytree": 0.4,
    "max_bin": 63,
}


class ForecastShelf:
    """One boosting over all series first, then linear, smoothing and seasonal-naive voices."""

    def baseline(self, facts: Facts) -> Idea:
        """Return LightGBM with default settings on past cycles."""
        recipe = _recipe(facts, "lightgbm")
        return Idea(
            recipe=recipe, title="LightGBM with default settings on past cycles", reason="The plain model to beat."
        )

    def drafts(self, facts: Facts) -> Sequence[Idea]:
        """Return ideas from the strongest to the plainest."""
        steps = tuple(_STEPS)
        squared = {**_BOOSTING, "objective": "regression", "extra_trees": True, "num_leaves": 63, "n_estimators": 250}
        return [
            Idea(
                recipe=_recipe(facts, "lightgbm", *steps, params=_BOOSTING),
                title="One LightGBM over all series, absolute error",
                reason="All series together teach how the difference from the seasonal mean goes on.",
            ),
            Idea(
                recipe=_recipe(facts, "seasonal_mix"),
                title="Half short, half long seasonal naive",
                reason="The simplest strong forecast; it cannot overfit, so it steadies a blend.",
            ),
            Idea(
                recipe=_recipe(facts, "lightgbm", *steps, params=squared, origins=20),
                title="One LightGBM with random cuts, squared error",
                reason="Random cuts and another loss over more origins give errors of their own.",
            ),
            Idea(
                recipe=_recipe(facts, "ridge", *steps, params={"alpha": 10.0}),
                title="Ridge regression on past cycles",
                reason="A linear mix of past cycles extrapolates trends, which trees cannot.",
            ),
            Idea(
                recipe=_recipe(facts, "smoothing"),
                title="Seasonal pattern and smoothed level",
                reason="Classical: the mean cycle, and exponential smoothing of what it leaves.",
            ),
            Idea(
                recipe=_recipe(facts, "seasonal_naive"),
                title="Seasonal naive",
                reason="The last full cycle repeated.",
            ),
        ]

    def moves(self, recipe: Recipe, facts: Facts) -> Sequence[Idea]:
        """Return missing steps, other numbers of cycles and origins, then neighbouring settings."""
        found = []
        if recipe.model in ("lightgbm", "ridge"):
            for step, (name, _) in _STEPS.items():
                if step not in recipe.features:
                    found.append(with_step(recipe, step, name))
        return [*found, *_option_moves(recipe), *param_moves(recipe)]

    def parts(self, recipe: Recipe, facts: Facts) -> Sequence[Part]:
        """Return the groups of features, then the logarithm."""
        found = optional_parts(recipe, _STEPS)
        if recipe.option("log", False):
            plain = recipe.with_options(log=False)
            found.append(
                Part(name="logarithm of the series", description="Values divided by each series' level.", without=plain)
            )
        return found

    def cheaper(self, recipe: Recipe, facts: Facts) -> Sequence[Recipe]:
        """Return fewer origins and rounds, then no model at all."""
        found = []
        if recipe.model == "lightgbm":
            fewer = recipe.with_options(origins=max(int(recipe.option("origins", 14)) // 2, 2), seeds=1)
            found = [fewer, fewer.with_params(n_estimators=80, learning_rate=0.15, max_bin=63)]
        return [*found, _recipe(facts, "seasonal_mix")]


def _recipe(facts: Facts, model: str, *steps: str, params: dict[str, Value] | None = None, **options: Value) -> Recipe:
    low = facts.profile.targets[0].low
    relative = facts.loss in ("mae", "mape", "log")
    settings: dict[str, Value] = {"log": True, **options} if low is not None and low > 0 and relative else dict(options)
    return Recipe(family=FAMILY, model=model, features=steps, params=params or {}, options=settings)


def _option_moves(recipe: Recipe) -> Sequence[Idea]:
    choices: list[tuple[tuple[str, ...], str, Value, str]] = [
        (("lightgbm",), "origins", 24, "Train on more origins"),
        (("lightgbm",), "seeds", 3, "Average 3 seeds"),
        (("lightgbm", "ridge"), "short_cycles", 14, "Look at more short cycles"),
        (("lightgbm", "ridge"), "long_cycles", 6, "Look at more long cycles"),
        (("lightgbm", "ridge"), "origins", 8, "Train on the latest origins alone"),
        (("smoothing",), "alpha", 0.3, "Follow the level faster"),
        (("smoothing",), "alpha", 0.03, "Follow the level slower"),
        (("smoothing",), "cycles", 2, "Take the pattern from the last two cycles"),
        (("smoothing",), "damping", 1.0, "Carry the level on undamped"),
        (("lightgbm", "ridge", "smoothing", "seasonal_mix"), "log", True, "Work on logarithms"),
    ]
    parts = {"short_cycles": "means over cycles", "long_cycles": "means over cycles", "log": "logarithm of the series"}
    return [
        Idea(
            recipe=recipe.with_options(**{option: value}),
            title=title,
            reason="A neighbour of the parent's settings.",
            part=parts.get(option, ""),
        )
        for models, option, value, title in choices
        if recipe.model in models and recipe.option(option, "") != value
    ]
