"""Drafts for tables: each function returns one idea, with the settings that a practitioner would start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from assay.models.playbook.facts import Facts
from assay.models.playbook.recipe import Recipe, Value
from assay.models.playbook.shelf import Idea

FAMILY = "tabular"

_MANY_TREES = 4

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


def options_of(facts: Facts, **options: Value) -> dict[str, Value]:
    """Return the options that are not neutral, without what the data do not allow."""
    if facts.loss == "log":
        options["target"] = "log"
    if not facts.can_fold:
        options.pop("folds", None)
        options.pop("early_stopping", None)
    return {name: value for name, value in options.items() if value not in (0, "plain")}


def table_drafts(facts: Facts) -> Sequence[Idea]:
    """Return the ideas that this machine can run, the strongest and most different first."""
    one_each = (
        boosting(facts),
        symmetric(facts),
        linear(facts),
        randomised(facts),
        extra_boosting(facts),
        network(facts),
        xgboost(facts),
        histogram(facts),
        near(facts),
        forest(facts),
    )
    return [_quickened(idea, facts) for idea in (*one_each, *spread(facts)) if idea is not None]


def _quickened(idea: Idea, facts: Facts) -> Idea:
    """Boosting grows a tree for every class or target: where there are many, learn faster and in fewer folds."""
    trees = len(facts.task.targets) if facts.shape != "multiclass" else len(facts.profile.target_counts)
    rate = idea.recipe.params.get("learning_rate")
    if trees < _MANY_TREES or not isinstance(rate, float):
        return idea
    recipe = idea.recipe.with_params(learning_rate=float(f"{min(2 * rate, 0.2):.3g}"))
    rounds = "iterations" if recipe.model == "catboost" else "n_estimators"
    if rounds in recipe.params:
        recipe = recipe.with_params(**{rounds: min(int(recipe.params[rounds]), max(4000 // trees, 60))})
    if int(recipe.option("folds", 0)) > 3:
        recipe = recipe.with_options(folds=3)
    if "early_stopping" in recipe.options:
        recipe = recipe.with_options(early_stopping=30)
    return replace(idea, recipe=recipe, title=idea.title.replace("5 inner folds", "3 inner folds"))


def always(facts: Facts) -> tuple[str, ...]:
    """Return the steps without which a column would be lost."""
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
    return tuple(s for s in available(facts, model) if s in names or s in always(facts))


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


def boosting(facts: Facts) -> Idea:
    """Return a slow LightGBM stopped by inner folds."""
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
            "colsample_bytree": 0.3,
            "reg_lambda": 5.0 if places else 1.0,
        },
        options=options_of(facts, folds=5, early_stopping=60),
    )
    reason = "Slow boosting stopped by inner folds is the strongest single model on most tables"
    reason += "; what lies near tells most about a place." if places else "."
    return Idea(recipe=recipe, title="LightGBM, slow learning, mean of 5 inner folds", reason=reason)


def _rounds(facts: Facts, most: int) -> int:
    """Without inner folds nothing stops the boosting: take a number that is safe."""
    return most if facts.can_fold else 200


def symmetric(facts: Facts) -> Idea | None:
    """Return CatBoost, where it is installed."""
    if not facts.has("catboost"):
        return None
    recipe = Recipe(
        family=FAMILY,
        model="catboost",
        features=_steps(
            facts, "catboost", "ratios", "differences", "rotations", "neighbours" if facts.location else ""
        ),
        params={**_objective(facts, "catboost"), "iterations": _rounds(facts, 1500), "learning_rate": 0.08, "depth": 6},
        options=options_of(facts, folds=3, early_stopping=60),
    )
    return Idea(
        recipe=recipe,
        title="CatBoost, mean of 3 inner folds",
        reason="Symmetric trees and ordered target statistics err differently from LightGBM's trees.",
    )


def linear(facts: Facts) -> Idea:
    """Return an additive model on splines and levels."""
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
        options=options_of(facts, folds=5 if facts.needs_cut else 0, target=_target(facts)),
    )
    name = "Ridge" if facts.shape == "regression" else "Logistic"
    return Idea(
        recipe=recipe,
        title=f"{name} regression on splines and levels",
        reason="A smooth additive model is cheap, hard to overfit, and unlike any tree.",
    )


def _target(facts: Facts) -> str:
    return "log" if facts.is_skewed and facts.loss == "squared" else "plain"


def randomised(facts: Facts) -> Idea:
    """Return extremely randomised trees."""
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
        options=options_of(facts, folds=5 if facts.needs_cut else 0, target=_target(facts)),
    )
    return Idea(
        recipe=recipe,
        title="Extremely randomised trees",
        reason="Averaging trees with random cuts has little variance and blends well with boosting.",
    )


def extra_boosting(facts: Facts) -> Idea:
    """Return a LightGBM with other trees and more features."""
    # Random cuts suit numbers; on the many levels of categories they cost more than they steady.
    numeric = len(facts.numbers) > len(facts.categories)
    random_cuts: dict[str, Value] = {"extra_trees": True, "num_leaves": 48} if numeric else {"num_leaves": 12}
    left_out = {"" if facts.location else "neighbours", "" if numeric else "counts"}
    steps = _steps(facts, "lightgbm", *(s for s in available(facts, "lightgbm") if s not in left_out))
    recipe = Recipe(
        family=FAMILY,
        model="lightgbm",
        features=steps,
        params={
            **_objective(facts, "lightgbm"),
            **random_cuts,
            "n_estimators": _rounds(facts, 3000),
            "learning_rate": 0.06,
            "min_child_samples": 10 if numeric else 20,
            "colsample_bytree": 0.4,
            "reg_lambda": 2.0,
        },
        options=options_of(facts, folds=5, early_stopping=60, target=_target(facts)),
    )
    return Idea(
        recipe=recipe,
        title="LightGBM with every feature step",
        reason="Other trees on more features: what one setting overfits, the mean of two forgives.",
    )


def network(facts: Facts) -> Idea:
    """Return a small neural network."""
    many_rows = facts.profile.train_rows > 10_000
    recipe = Recipe(
        family=FAMILY,
        model="mlp",
        features=_steps(
            facts, "mlp", "ratios", "neighbours" if facts.location else "", "target_encoding" if facts.wide else ""
        ),
        params={
            "width": "(64, 32)",
            "alpha": 0.001,
            "learning_rate_init": 0.003,
            "batch_size": 256 if many_rows else 64,
            "max_iter": 40 if many_rows else 100,
        },
        options=options_of(
            facts, folds=5 if facts.needs_cut else 0, seeds=0 if facts.needs_cut else 3, target=_target(facts)
        ),
    )
    return Idea(
        recipe=recipe,
        title="Small neural network, mean of several seeds",
        reason="Smooth interactions complement the steps of trees in a blend.",
    )


def xgboost(facts: Facts) -> Idea | None:
    """Return XGBoost, where it is installed."""
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
        options=options_of(facts, folds=5, early_stopping=60),
    )
    return Idea(
        recipe=recipe,
        title="XGBoost, mean of 5 inner folds",
        reason="Trees grown level by level to a fixed depth, unlike LightGBM's.",
    )


def histogram(facts: Facts) -> Idea:
    """Return scikit-learn's boosting with target encoding."""
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
        options=options_of(facts, folds=5 if facts.needs_cut else 0, target=_target(facts)),
    )
    return Idea(
        recipe=recipe,
        title="Histogram gradient boosting with target encoding",
        reason="Another boosting implementation, given each category's mean target.",
    )


def near(facts: Facts) -> Idea:
    """Return nearest neighbours."""
    recipe = Recipe(
        family=FAMILY,
        model="neighbours",
        features=_steps(facts, "neighbours", "ratios"),
        params={"n_neighbors": 25},
        options=options_of(facts, folds=5 if facts.needs_cut else 0),
    )
    return Idea(
        recipe=recipe,
        title="Nearest neighbours",
        reason="A local voice: weak alone, but its errors are its own, which a blend can use.",
    )


def forest(facts: Facts) -> Idea:
    """Return a random forest."""
    recipe = Recipe(
        family=FAMILY,
        model="random_forest",
        features=_steps(facts, "random_forest", "ratios", "rotations", "counts"),
        params={"n_estimators": 200, "min_samples_leaf": 3, "max_features": 0.4},
        options=options_of(facts, folds=5 if facts.needs_cut else 0),
    )
    return Idea(recipe=recipe, title="Random forest", reason="Deep trees on resampled rows: steady without any tuning.")


def spread(facts: Facts) -> Sequence[Idea]:
    """More of LightGBM: settings that are far from each other, for a run that drafts many."""
    found = []
    for leaves, rate, share, smallest in (
        (8, 0.08, 0.7, 40),
        (96, 0.03, 0.3, 30),
        (48, 0.05, 0.9, 80),
        (4, 0.15, 0.8, 10),
    ):
        recipe = boosting(facts).recipe.with_params(
            num_leaves=leaves, learning_rate=rate, colsample_bytree=share, min_child_samples=smallest
        )
        idea = Idea(
            recipe=recipe,
            title=f"LightGBM with {leaves} leaves, {share:.0%} of the columns a tree",
            reason="Shallow trees keep to simple effects." if leaves < 16 else "Deep trees see interactions.",
        )
        found.append(idea)
    return found
