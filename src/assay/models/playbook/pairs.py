"""The pairs shelf: two short phrases that are to be compared, one of them repeated over many rows."""

from __future__ import annotations

from collections.abc import Sequence

from assay.models.playbook.facts import Facts
from assay.models.playbook.moves import optional_parts, param_moves, setting_moves, with_step
from assay.models.playbook.recipe import Recipe, Value
from assay.models.playbook.shelf import Idea, Part

FAMILY = "pairs"

_STEPS = {
    "crosses": ("word crosses", "No ridge regression on which words meet."),
    "known": ("known pairs alike", "No targets of the most similar known pairs of the same phrase."),
    "means": ("phrase means", "No out-of-fold means of phrases, words and categories."),
    "overlap": ("word overlap", "No shared words, stems and edits; letters alone."),
    "meaning": ("meaning by company", "No similarity of the words' company."),
}

_BOOSTING: dict[str, Value] = {
    "n_estimators": 1200,
    "learning_rate": 0.04,
    "num_leaves": 31,
    "min_child_samples": 40,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.4,
    "reg_lambda": 5.0,
}


class PairsShelf:
    """Similarity of the two phrases, and what is known of the repeated one, stacked."""

    def baseline(self, facts: Facts) -> Idea:
        """Return LightGBM with default settings on word overlap."""
        recipe = _recipe(facts, "lightgbm", ("overlap",))
        return Idea(
            recipe=recipe, title="LightGBM with default settings on word overlap", reason="The plain model to beat."
        )

    def drafts(self, facts: Facts) -> Sequence[Idea]:
        """Return a stack by boosting, one by splines, one by randomised trees, and views with fewer parts."""
        steps = tuple(_STEPS)
        linear: dict[str, Value] = {"alpha": 1.0} if facts.shape == "regression" else {"C": 1.0}
        trees: dict[str, Value] = {"n_estimators": 200, "min_samples_leaf": 4, "max_features": 0.4}
        extra = {**_BOOSTING, "extra_trees": True, "num_leaves": 63, "learning_rate": 0.06, "min_child_samples": 20}
        return [
            Idea(
                recipe=_recipe(facts, "lightgbm", steps, _BOOSTING, folds=5, early_stopping=50),
                title="LightGBM on similarity and known pairs",
                reason="Overlap says how alike the phrases look; known pairs of the same phrase say what that means.",
            ),
            Idea(
                recipe=_recipe(facts, "ridge", steps, linear),
                title="Linear stack on splines",
                reason="The same evidence, added up smoothly: cheap, and unlike trees.",
            ),
            Idea(
                recipe=_recipe(facts, "extra_trees", steps, trees),
                title="Extremely randomised trees on the same evidence",
                reason="Random cuts average away what boosting overfits.",
            ),
            Idea(
                recipe=_recipe(
                    facts,
                    "lightgbm",
                    steps,
                    extra,
                    folds=5,
                    early_stopping=50,
                    char_low=3,
                    char_high=6,
                    topics=200,
                    cross_alpha=1.0,
                ),
                title="LightGBM with random cuts, longer letters and finer meaning",
                reason="Another view of letters and company, for a blend.",
            ),
            Idea(
                recipe=_recipe(facts, "lightgbm", ("overlap", "meaning"), _BOOSTING, folds=5, early_stopping=50),
                title="LightGBM on similarity alone",
                reason="Nothing learned by heart: it holds for phrases that were never seen.",
            ),
        ]

    def moves(self, recipe: Recipe, facts: Facts) -> Sequence[Idea]:
        """Return missing steps, then other views, then neighbouring settings."""
        found = [with_step(recipe, step, name) for step, (name, _) in _STEPS.items() if step not in recipe.features]
        choices: list[tuple[str, Value, str, str]] = [
            ("cross_alpha", 1.0, "Shrink word crosses more", "word crosses"),
            ("cross_alpha", 0.25, "Shrink word crosses less", "word crosses"),
            ("topics", 200, "Finer meaning by company", "meaning by company"),
            ("topics", 50, "Coarser meaning by company", "meaning by company"),
            ("prior", 10, "Shrink phrase means more", "phrase means"),
            ("char_high", 6, "Longer runs of letters", "known pairs alike"),
        ]
        if facts.can_fold:
            choices.append(("folds", 8, "Average 8 inner folds", "inner folds"))
        return [*found, *setting_moves(recipe, choices), *param_moves(recipe)]

    def parts(self, recipe: Recipe, facts: Facts) -> Sequence[Part]:
        """Return the kinds of evidence."""
        return optional_parts(recipe, _STEPS)

    def cheaper(self, recipe: Recipe, facts: Facts) -> Sequence[Recipe]:
        """Return faster boosting, then fewer parts, then the baseline."""
        found = []
        if "learning_rate" in recipe.params:
            found.append(recipe.with_params(learning_rate=0.1, n_estimators=200).with_options(folds=3))
        smaller = recipe.without_feature("known").without_feature("crosses")
        return [*found, smaller, self.baseline(facts).recipe]


def _recipe(
    facts: Facts, model: str, steps: tuple[str, ...], params: dict[str, Value] | None = None, **options: Value
) -> Recipe:
    params = dict(params or {})
    if facts.needs_cut and facts.can_fold:
        options.setdefault("folds", 5)
    if not facts.can_fold:
        options.pop("folds", None)
        if "n_estimators" in params:
            params["n_estimators"] = min(int(params["n_estimators"]), 200)
    return Recipe(family=FAMILY, model=model, features=steps, params=params, options=options)
