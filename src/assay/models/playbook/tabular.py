"""The tabular shelf: numbers, categories, dates, places and texts in rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assay.models.playbook.facts import Facts
from assay.models.playbook.moves import param_moves
from assay.models.playbook.recipe import Recipe, Value
from assay.models.playbook.shelf import Idea, Part

FAMILY = "tabular"

STEPS: Mapping[str, tuple[str, str]] = {
    "neighbours": ("neighbour target means", "No mean target of the nearest rows."),
    "comparables": ("comparable rows", "No mean target of rows that are near and alike."),
    "target_encoding": ("target encoding", "Categories enter as levels alone, without their mean target."),
    "text": ("text columns", "The text columns are left out."),
    "clusters": ("distances to dense areas", "No distances to the centres of dense areas."),
    "rotations": ("rotated coordinates", "Longitude and latitude alone, without rotated axes."),
    "ratios": ("ratios of sizes", "No ratios between size columns."),
    "differences": ("differences of like columns", "No differences between columns of the same measure."),
    "dates": ("calendar parts", "The date columns are left out."),
    "counts": ("level counts", "No count of how common each level is."),
    "missing": ("missing-value count", "No count of missing values in the row."),
    "splines": ("splines of numbers", "Numbers enter as straight lines."),
}
"""Optional steps: name of the part and what stands in its place."""


class TabularShelf:
    """Boosting first, then models that err differently."""

    def baseline(self, facts: Facts) -> Idea:
        """Return LightGBM with its default settings."""
        recipe = Recipe(
            family=FAMILY,
            model="lightgbm",
            features=_always(facts),
            options=_options(facts, folds=5 if facts.needs_cut else 0),
        )
        return Idea(recipe=recipe, title="LightGBM with default settings", reason="The plain model to beat.")

    def drafts(self, facts: Facts) -> Sequence[Idea]:
        """Return a tuned LightGBM, other boosters, randomised trees, a linear model, neighbours and a network."""
        builders = [
            _boosting,
            _symmetric,
            _linear,
            _randomised,
            _extra_boosting,
            _network,
            _xgboost,
            _hist,
            _near,
            _forest,
        ]
        found = [idea for build in builders if (idea := build(facts)) is not None]
        return [*found, *_spread(facts)]

    def moves(self, recipe: Recipe, facts: Facts) -> Sequence[Idea]:
        """Return added and dropped steps, then neighbouring settings of the model."""
        return [*_feature_moves(recipe, facts), *_option_moves(recipe, facts), *param_moves(recipe)]

    def parts(self, recipe: Recipe, facts: Facts) -> Sequence[Part]:
        """Return the optional steps, then the inner folds, the log target and the tuned settings."""
        found = [
            Part(name=STEPS[step][0], description=STEPS[step][1], without=recipe.without_feature(step))
            for step in STEPS
            if step in recipe.features
        ]
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


def _options(facts: Facts, **options: Value) -> dict[str, Value]:
    """Leave out what is at its neutral value, and what the data do not allow."""
    if facts.loss == "log":
        options["target"] = "log"
    if not facts.can_fold:
        options.pop("folds", None)
        options.pop("early_stopping", None)
    return {name: value for name, value in options.items() if value not in (0, "plain")}


def _always(facts: Facts) -> tuple[str, ...]:
    """Steps without which a column would be lost."""
    return tuple(step for step, wanted in (("dates", facts.dates), ("text", facts.texts)) if wanted)


def available(facts: Facts, model: str) -> tuple[str, ...]:
    """Return the steps that this data set and this model can use, in the template's order."""
    trees = model not in ("linear", "neighbours", "mlp")
    places = facts.location is not None
    numeric = facts.shape in ("regression", "binary") and facts.has_one_target
    wanted = {
        "missing": facts.has_missing and trees,
        "dates": bool(facts.dates),
        "ratios": bool(facts.ratios),
        "differences": bool(facts.differences) and trees,
        "rotations": places and trees,
        "counts": bool(facts.categories) and trees,
        "clusters": places,
        "neighbours": numeric and (places or len(facts.numbers) >= 3),
        "comparables": numeric and places and len(facts.numbers) >= 4,
        "target_encoding": numeric and bool(facts.categories),
        "text": bool(facts.texts),
        "splines": model == "linear" and bool(facts.numbers),
    }
    return tuple(step for step, possible in wanted.items() if possible)


def _steps(facts: Facts, model: str, *names: str) -> tuple[str, ...]:
    return tuple(s for s in available(facts, model) if s in names or s in _always(facts))


def _objective(facts: Facts, model: str) -> dict[str, Value]:
    """Return the loss that the metric asks for, in the model's own name."""
    names = {
        "lightgbm": {"mae": "mae", "mape": "mape"},
        "xgboost": {"mae": "reg:absoluteerror", "mape": "reg:absoluteerror"},
        "catboost": {"mae": "MAE", "mape": "MAPE"},
        "hist_gradient_boosting": {"mae": "absolute_error", "mape": "absolute_error"},
    }
    chosen = names.get(model, {}).get(facts.loss) if facts.shape == "regression" else None
    key = {"catboost": "loss_function", "hist_gradient_boosting": "loss"}.get(model, "objective")
    return {key: chosen} if chosen else {}


def _boosting(facts: Facts) -> Idea:
    places = facts.location is not None
    steps = _steps(
        facts,
        "lightgbm",
        "missing",
        "ratios",
        "differences",
        "rotations",
        "clusters",
        "neighbours" if places else "",
        "comparables",
    )
    recipe = Recipe(
        family=FAMILY,
        model="lightgbm",
        features=steps,
        params={
            **_objective(facts, "lightgbm"),
            "n_estimators": _rounds(facts, 3000),
            "learning_rate": 0.03,
            "num_leaves": 64 if places else 24,
            "min_child_samples": 20,
            "subsample": 0.8,
            "subsample_freq": 1,
            "colsample_bytree": 0.3,
            "reg_lambda": 5.0,
        },
        options=_options(facts, folds=5, early_stopping=60),
    )
    reason = "Slow boosting stopped by inner folds is the strongest single model on most tables"
    reason += "; what lies near tells most about a place." if places else "."
    return Idea(recipe=recipe, title="LightGBM, slow learning, mean of 5 inner folds", reason=reason)


def _rounds(facts: Facts, most: int) -> int:
    """Without inner folds nothing stops the boosting: take a number that is safe."""
    return most if facts.can_fold else 200


def _symmetric(facts: Facts) -> Idea | None:
    if not facts.has("catboost"):
        return None
    recipe = Recipe(
        family=FAMILY,
        model="catboost",
        features=_steps(
            facts, "catboost", "ratios", "differences", "rotations", "neighbours" if facts.location else ""
        ),
        params={**_objective(facts, "catboost"), "iterations": _rounds(facts, 1500), "learning_rate": 0.08, "depth": 6},
        options=_options(facts, folds=3, early_stopping=60),
    )
    return Idea(
        recipe=recipe,
        title="CatBoost, mean of 3 inner folds",
        reason="Symmetric trees and ordered target statistics err differently from LightGBM's trees.",
    )


def _linear(facts: Facts) -> Idea:
    params: dict[str, Value] = {"alpha": 1.0} if facts.shape == "regression" else {"C": 1.0}
    steps = _steps(
        facts,
        "linear",
        "splines",
        "ratios",
        "clusters",
        "neighbours" if facts.location else "",
        "target_encoding" if facts.wide else "",
    )
    recipe = Recipe(
        family=FAMILY,
        model="linear",
        features=steps,
        params=params,
        options=_options(facts, folds=5 if facts.needs_cut else 0, target=_target(facts)),
    )
    name = "Ridge" if facts.shape == "regression" else "Logistic"
    return Idea(
        recipe=recipe,
        title=f"{name} regression on splines and levels",
        reason="A smooth additive model is cheap, hard to overfit, and unlike any tree.",
    )


def _target(facts: Facts) -> str:
    return "log" if facts.is_skewed and facts.loss == "squared" else "plain"


def _randomised(facts: Facts) -> Idea:
    recipe = Recipe(
        family=FAMILY,
        model="extra_trees",
        features=_steps(
            facts,
            "extra_trees",
            "ratios",
            "rotations",
            "neighbours" if facts.location else "",
            "comparables",
            "target_encoding",
        ),
        params={"n_estimators": 300, "min_samples_leaf": 2 if facts.shape == "regression" else 4, "max_features": 0.5},
        options=_options(facts, folds=5 if facts.needs_cut else 0, target=_target(facts)),
    )
    return Idea(
        recipe=recipe,
        title="Extremely randomised trees",
        reason="Averaging trees with random cuts has little variance and blends well with boosting.",
    )


def _extra_boosting(facts: Facts) -> Idea:
    # Random cuts suit numbers; on the many levels of categories they cost more than they steady.
    numeric = len(facts.numbers) > len(facts.categories)
    random_cuts: dict[str, Value] = {"extra_trees": True, "num_leaves": 48} if numeric else {"num_leaves": 12}
    steps = _steps(facts, "lightgbm", *(s for s in available(facts, "lightgbm") if s != "text"))
    recipe = Recipe(
        family=FAMILY,
        model="lightgbm",
        features=steps,
        params={
            **_objective(facts, "lightgbm"),
            **random_cuts,
            "n_estimators": _rounds(facts, 3000),
            "learning_rate": 0.06,
            "min_child_samples": 10,
            "colsample_bytree": 0.4,
            "reg_lambda": 2.0,
        },
        options=_options(facts, folds=5, early_stopping=60, target=_target(facts)),
    )
    return Idea(
        recipe=recipe,
        title="LightGBM with every feature step",
        reason="Other trees on more features: what one setting overfits, the mean of two forgives.",
    )


def _network(facts: Facts) -> Idea:
    recipe = Recipe(
        family=FAMILY,
        model="mlp",
        features=_steps(
            facts, "mlp", "ratios", "neighbours" if facts.location else "", "target_encoding" if facts.wide else ""
        ),
        params={"width": "(64, 32)", "alpha": 0.001, "learning_rate_init": 0.003, "max_iter": 40},
        options=_options(
            facts, folds=5 if facts.needs_cut else 0, seeds=0 if facts.needs_cut else 3, target=_target(facts)
        ),
    )
    return Idea(
        recipe=recipe,
        title="Small neural network, mean of several seeds",
        reason="Smooth interactions complement the steps of trees in a blend.",
    )


def _xgboost(facts: Facts) -> Idea | None:
    if not facts.has("xgboost"):
        return None
    recipe = Recipe(
        family=FAMILY,
        model="xgboost",
        features=_steps(
            facts,
            "xgboost",
            "ratios",
            "differences",
            "rotations",
            "neighbours" if facts.location else "",
            "comparables",
        ),
        params={
            **_objective(facts, "xgboost"),
            "n_estimators": _rounds(facts, 2000),
            "learning_rate": 0.05,
            "max_depth": 6,
            "min_child_weight": 3,
            "subsample": 0.8,
            "colsample_bytree": 0.5,
        },
        options=_options(facts, folds=5, early_stopping=60),
    )
    return Idea(
        recipe=recipe,
        title="XGBoost, mean of 5 inner folds",
        reason="Trees grown level by level to a fixed depth, unlike LightGBM's.",
    )


def _hist(facts: Facts) -> Idea:
    recipe = Recipe(
        family=FAMILY,
        model="hist_gradient_boosting",
        features=_steps(
            facts, "hist_gradient_boosting", "ratios", "neighbours" if facts.location else "", "target_encoding"
        ),
        params={
            **_objective(facts, "hist_gradient_boosting"),
            "learning_rate": 0.06,
            "max_iter": 250,
            "max_leaf_nodes": 20,
            "min_samples_leaf": 30,
            "l2_regularization": 3.0,
        },
        options=_options(facts, folds=5 if facts.needs_cut else 0, target=_target(facts)),
    )
    return Idea(
        recipe=recipe,
        title="Histogram gradient boosting with target encoding",
        reason="Another boosting implementation, given each category's mean target.",
    )


def _near(facts: Facts) -> Idea:
    recipe = Recipe(
        family=FAMILY,
        model="neighbours",
        features=_steps(facts, "neighbours", "ratios"),
        params={"n_neighbors": 25},
        options=_options(facts, folds=5 if facts.needs_cut else 0),
    )
    return Idea(
        recipe=recipe,
        title="Nearest neighbours",
        reason="A local voice: weak alone, but its errors are its own, which a blend can use.",
    )


def _forest(facts: Facts) -> Idea:
    recipe = Recipe(
        family=FAMILY,
        model="random_forest",
        features=_steps(facts, "random_forest", "ratios", "rotations", "counts"),
        params={"n_estimators": 200, "min_samples_leaf": 3, "max_features": 0.4},
        options=_options(facts, folds=5 if facts.needs_cut else 0),
    )
    return Idea(recipe=recipe, title="Random forest", reason="Deep trees on resampled rows: steady without any tuning.")


def _spread(facts: Facts) -> Sequence[Idea]:
    """More of LightGBM: settings that are far from each other, for a run that drafts many."""
    found = []
    for leaves, rate, share, smallest in (
        (8, 0.08, 0.7, 40),
        (96, 0.03, 0.3, 30),
        (48, 0.05, 0.9, 80),
        (4, 0.15, 0.8, 10),
    ):
        recipe = _boosting(facts).recipe.with_params(
            num_leaves=leaves, learning_rate=rate, colsample_bytree=share, min_child_samples=smallest
        )
        idea = Idea(
            recipe=recipe,
            title=f"LightGBM with {leaves} leaves at learning rate {rate}",
            reason="Shallow trees keep to simple effects." if leaves < 16 else "Deep trees see interactions.",
        )
        found.append(idea)
    return found


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
            found.append(
                Idea(
                    recipe=recipe.with_feature(step),
                    title=f"Add {name}",
                    reason=f"The script has no {name} yet.",
                    part=name,
                )
            )
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
