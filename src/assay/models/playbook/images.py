"""The images shelf: small images in arrays."""

from __future__ import annotations

from collections.abc import Sequence

from assay.models.playbook.facts import Facts
from assay.models.playbook.moves import param_moves
from assay.models.playbook.recipe import Recipe
from assay.models.playbook.shelf import Idea, Part

FAMILY = "images"

_GRADIENTS = "gradient histograms"


class ImagesShelf:
    """Convolutions where PyTorch is installed; gradient histograms with classical models everywhere."""

    def baseline(self, facts: Facts) -> Idea:
        """Return LightGBM with default settings on the main directions of the pixels."""
        recipe = Recipe(family=FAMILY, model="lightgbm")
        return Idea(recipe=recipe, title="LightGBM with default settings on pixels", reason="The plain model to beat.")

    def drafts(self, facts: Facts) -> Sequence[Idea]:
        """Return a small network if it can run, then a support vector machine and boosting."""
        network = Idea(
            recipe=Recipe(family=FAMILY, model="cnn", params={"epochs": 6, "width": 16}, options={"seeds": 2}),
            title="Small convolutional network, mean of seeds",
            reason="Convolutions look for the same pattern everywhere, which no table model can.",
        )
        classical = [
            Idea(
                recipe=Recipe(family=FAMILY, model="svc", features=("gradients",), params={"C": 5.0}),
                title="Support vector machine on gradient histograms",
                reason="Directions of edges tell shapes apart whatever the brightness.",
            ),
            Idea(
                recipe=Recipe(
                    family=FAMILY,
                    model="lightgbm",
                    features=("gradients",),
                    params={"n_estimators": 300, "learning_rate": 0.05, "num_leaves": 15, "colsample_bytree": 0.3},
                ),
                title="LightGBM on gradient histograms",
                reason="Trees on the same edges err differently.",
            ),
            Idea(
                recipe=Recipe(family=FAMILY, model="svc", params={"C": 5.0}),
                title="Support vector machine on pixels",
                reason="The raw brightness, for a blend.",
            ),
        ]
        return [network, *classical] if facts.has("torch") else classical

    def moves(self, recipe: Recipe, facts: Facts) -> Sequence[Idea]:
        """Return longer training and more seeds for networks, other features for the rest."""
        found = []
        if recipe.model == "cnn":
            longer = recipe.with_params(epochs=int(recipe.params["epochs"]) * 2)
            wider = recipe.with_params(width=int(recipe.params["width"]) * 2)
            seeds = int(recipe.option("seeds", 3)) + 2
            found = [
                Idea(recipe=longer, title="Train twice as long", reason="The schedule ends lower the longer it is."),
                Idea(recipe=recipe.with_options(seeds=seeds), title=f"Average {seeds} seeds", reason="Lower variance."),
                Idea(recipe=wider, title="Twice as wide", reason="More patterns a layer."),
            ]
        elif "gradients" not in recipe.features:
            added = recipe.with_feature("gradients")
            found = [Idea(recipe=added, title="Add gradient histograms", reason="Edges tell shapes.", part=_GRADIENTS)]
        if recipe.model != "cnn":
            found += [
                Idea(
                    recipe=recipe.with_options(directions=count),
                    title=f"Keep {count} main directions",
                    reason="More detail, or less noise.",
                    part=_GRADIENTS,
                )
                for count in (60, 200, 90, 150)
                if recipe.option("directions", 120) != count
            ]
        return [*found, *param_moves(recipe)]

    def parts(self, recipe: Recipe, facts: Facts) -> Sequence[Part]:
        """Return the gradient histograms, or the averaging of seeds."""
        if "gradients" in recipe.features:
            without = recipe.without_feature("gradients")
            return [Part(name=_GRADIENTS, description="Pixels alone.", without=without)]
        if int(recipe.option("seeds", 1)) > 1:
            return [Part(name="mean of seeds", description="One network.", without=recipe.with_options(seeds=1))]
        return []

    def cheaper(self, recipe: Recipe, facts: Facts) -> Sequence[Recipe]:
        """Return fewer seeds and epochs, or fewer directions; at last boosting on few of them."""
        found = [recipe.with_options(directions=60)]
        if recipe.model == "cnn":
            one = recipe.with_options(seeds=1)
            found = [one, one.with_params(epochs=max(int(recipe.params["epochs"]) // 2, 1), width=8)]
        return [*found, self.baseline(facts).recipe.with_options(directions=40)]
