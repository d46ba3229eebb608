"""The tabular shelf: numbers, categories, dates, places and texts in rows."""

from __future__ import annotations

from collections.abc import Sequence

from assay.models.playbook.facts import Facts
from assay.models.playbook.moves import optional_parts, param_moves, with_step
from assay.models.playbook.recipe import Recipe, Value
from assay.models.playbook.shelf import Idea, Part
from assay.models.playbook.tabular_drafts import FAMILY, STEPS, always, available, options_of, table_drafts


class TabularShelf:
    """Boosting first, then models that err differently."""

    def baseline(self, facts: Facts) -> Idea:
        """Return LightGBM with its default settings."""
        recipe = Recipe(
            family=FAMILY,
            model="lightgbm",
            features=always(facts),
            options=options_of(facts, folds=5 if facts.needs_cut else 0),
        )
        return Idea(recipe=recipe, title="LightGBM with default settings", reason="The plain model to beat.")

    def drafts(self, facts: Facts) -> Sequence[Idea]:
        """Return a tuned LightGBM, other boosters, randomised trees, a linear model, neighbours and a network."""
        return table_drafts(facts)

    def moves(self, recipe: Recipe, facts: Facts) -> Sequence[Idea]:
        """Return added and dropped steps, then neighbouring settings of the model."""
        return [*_feature_moves(recipe, facts), *_option_moves(recipe, facts), *param_moves(recipe)]

    def parts(self, recipe: Recipe, facts: Facts) -> Sequence[Part]:
        """Return the optional steps, then the inner folds, the log target and the tuned settings."""
        found = optional_parts(recipe, STEPS)
        if recipe.option("target", "plain") == "log" and facts.loss != "log":
            plain = recipe.with_options(target="plain")
            found.append(Part(name="log target", description="The target as it is.", without=plain))
        if recipe.model == "lightgbm" and recipe.params:
            plain = _untuned(recipe)
            found.append(Part(name="tuned settings", description="LightGBM's default tree settings.", without=plain))
        if int(recipe.option("folds", 0)) and not facts.needs_cut and "n_estimators" in recipe.params:
            whole = recipe.with_options(folds=0, early_stopping=0, seeds=1).with_params(n_estimators=300)
            found.append(Part(name="inner folds", description="One model of 300 rounds on all rows.", without=whole))
        return found

    def cheaper(self, recipe: Recipe, facts: Facts) -> Sequence[Recipe]:
        """Return versions with fewer folds, faster learning and at last the default LightGBM."""
        found = []
        if int(recipe.option("folds", 0)) > 3:
            found.append(recipe.with_options(folds=3))
        if int(recipe.option("seeds", 1)) > 1:
            found.append(recipe.with_options(seeds=1))
        if "learning_rate" in recipe.params:
            few = int(recipe.params.get("n_estimators", recipe.params.get("iterations", 1000))) // 4
            name = "iterations" if recipe.model == "catboost" else "n_estimators"
            rounds = {} if recipe.model == "hist_gradient_boosting" else {name: max(few, 50)}
            found.append(recipe.with_params(learning_rate=0.1, **rounds))
        elif "n_estimators" in recipe.params:
            found.append(recipe.with_params(n_estimators=max(int(recipe.params["n_estimators"]) // 4, 50)))
        return [*found, self.baseline(facts).recipe]


def _untuned(recipe: Recipe) -> Recipe:
    kept = ("objective", "n_estimators", "learning_rate")
    return Recipe(
        family=recipe.family,
        model=recipe.model,
        features=recipe.features,
        params={name: value for name, value in recipe.params.items() if name in kept},
        options=recipe.options,
    )


def _feature_moves(recipe: Recipe, facts: Facts) -> Sequence[Idea]:
    found = []
    for step in available(facts, recipe.model):
        name = STEPS[step][0]
        if step not in recipe.features:
            found.append(with_step(recipe, step, name))
    strengthened: dict[str, tuple[str, Value, str]] = {
        "neighbours": ("neighbours", "3 8 20 60", "more sizes of neighbourhood"),
        "comparables": ("comparables", 20, "more comparable rows"),
        "clusters": ("clusters", 40, "twice the dense areas"),
        "text": ("topics", 100, "more directions of the texts"),
        "splines": ("knots", 12, "finer splines"),
    }
    for step, (option, value, words) in strengthened.items():
        if step in recipe.features and step in available(facts, recipe.model):
            changed = recipe.with_options(**{option: value})
            found.append(
                Idea(
                    recipe=changed,
                    title=f"Use {words}",
                    reason=f"A finer version of {STEPS[step][0]}.",
                    part=STEPS[step][0],
                )
            )
    return found


def _option_moves(recipe: Recipe, facts: Facts) -> Sequence[Idea]:
    found = []
    if facts.is_skewed and facts.loss == "squared":
        other = "plain" if recipe.option("target", "plain") == "log" else "log"
        title = "Fit the logarithm of the target" if other == "log" else "Fit the target itself"
        found.append(
            Idea(
                recipe=recipe.with_options(target=other),
                title=title,
                reason="The target has a long right tail.",
                part="log target",
            )
        )
    folds = int(recipe.option("folds", 0))
    if folds and folds < 10 and facts.can_fold:
        changed = recipe.with_options(folds=10)
        reason = "Each model sees 90 % of the rows, and twice as many are averaged."
        found.append(Idea(recipe=changed, title="Average 10 inner folds", reason=reason, part="inner folds"))
    if not folds and recipe.model in ("lightgbm", "mlp", "extra_trees", "xgboost"):
        seeds = int(recipe.option("seeds", 1)) * 2 + 1
        if seeds <= 15:
            changed = recipe.with_options(seeds=seeds)
            found.append(
                Idea(
                    recipe=changed, title=f"Average {seeds} seeds", reason="Averaging seeds lowers variance at no bias."
                )
            )
    return found
