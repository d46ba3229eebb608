"""The text shelf: one or more text columns, classified or scored."""

from __future__ import annotations

from collections.abc import Sequence

from assay.models.playbook.facts import Facts
from assay.models.playbook.moves import param_moves, with_step
from assay.models.playbook.recipe import Recipe, Value
from assay.models.playbook.shelf import Idea, Part

FAMILY = "text"

_PARTS = {
    "char": ("character n-grams", "Word n-grams alone."),
    "word": ("word n-grams", "Character n-grams alone."),
    "style": ("style counts", "No counts of digits, capitals, links and marks."),
    "others": ("other columns", "The columns that are not text are left out."),
}


class TextShelf:
    """Linear models on n-grams first; then naive Bayes and trees, which err differently."""

    def baseline(self, facts: Facts) -> Idea:
        """Return LightGBM with default settings on the main directions of word n-grams."""
        recipe = _recipe(facts, "lightgbm", "word")
        return Idea(recipe=recipe, title="LightGBM with default settings on words", reason="The plain model to beat.")

    def drafts(self, facts: Facts) -> Sequence[Idea]:
        """Return ideas by the shape of the target."""
        return _regression(facts) if facts.shape == "regression" else _classes(facts)

    def moves(self, recipe: Recipe, facts: Facts) -> Sequence[Idea]:
        """Return steps that are missing, then neighbouring settings."""
        found = [
            with_step(recipe, step, name)
            for step, (name, _) in _PARTS.items()
            if step not in recipe.features and (step != "others" or facts.numbers or facts.categories)
        ]
        return [*found, *_option_moves(recipe, facts), *param_moves(recipe)]

    def parts(self, recipe: Recipe, facts: Facts) -> Sequence[Part]:
        """Return the kinds of features, as long as one kind of n-gram is left."""
        found = []
        for step, (name, description) in _PARTS.items():
            without = recipe.without_feature(step)
            if step in recipe.features and {"word", "char"} & set(without.features):
                found.append(Part(name=name, description=description, without=without))
        if "word" in recipe.features and recipe.option("word_n", 2) != 1:
            plain = recipe.with_options(word_n=1)
            found.append(Part(name="word pairs", description="Single words without their neighbours.", without=plain))
        return found

    def cheaper(self, recipe: Recipe, facts: Facts) -> Sequence[Recipe]:
        """Return versions with fewer n-grams, then words alone."""
        plain = (
            _recipe(facts, "ridge", "word", alpha=1.0)
            if facts.shape == "regression"
            else _recipe(facts, "logistic", "word", C=10.0)
        )
        return [
            recipe.with_options(char_low=3, char_high=4, word_n=1, min_df=5),
            plain.with_options(word_n=1, min_df=5),
        ]


def _recipe(facts: Facts, model: str, *steps: str, **params: Value) -> Recipe:
    others = ("others",) if facts.numbers or facts.categories else ()
    options: dict[str, Value] = {"folds": 5} if facts.needs_cut and facts.can_fold else {}
    if facts.loss == "log":
        options["target"] = "log"
    return Recipe(family=FAMILY, model=model, features=(*steps, *others), params=params, options=options)


def _boosting(facts: Facts) -> Idea:
    recipe = _recipe(
        facts, "lightgbm", "word", "char", "style",
        n_estimators=300, learning_rate=0.05, num_leaves=15, min_child_samples=20, colsample_bytree=0.3, reg_lambda=5.0,
    )  # fmt: skip
    return Idea(
        recipe=recipe,
        title="LightGBM on main directions and style counts",
        reason="Trees find thresholds and interactions that a linear model cannot.",
    )


def _classes(facts: Facts) -> Sequence[Idea]:
    found = [
        Idea(
            recipe=_recipe(facts, "svc", "word", "char", "style", C=0.5),
            title="Linear SVM on word and character n-grams",
            reason="Wide margins on sparse n-grams are the strongest simple text classifier.",
        ),
        _boosting(facts),
        Idea(
            recipe=_recipe(facts, "complement_nb", "word", "style", alpha=0.2),
            title="Complement naive Bayes on words and style",
            reason="A generative voice that needs few rows and does not mind unbalanced classes.",
        ),
        Idea(
            recipe=_recipe(facts, "logistic", "word", "char", "style", C=20.0).with_options(lowercase=True),
            title="Logistic regression on word and character n-grams",
            reason="Well-spread probabilities from the same n-grams in lower case.",
        ),
        Idea(
            recipe=_recipe(facts, "svc", "char", C=0.5).with_options(char_high=6),
            title="Linear SVM on character n-grams alone",
            reason="Characters survive odd spelling, and the view differs from the words.",
        ),
    ]
    if facts.shape == "binary":
        nb = Idea(
            recipe=_recipe(facts, "nbsvm", "word", "char", C=10.0),
            title="Naive-Bayes weighted logistic regression",
            reason="Log-count ratios tell the linear model which terms matter before it starts.",
        )
        found.insert(3, nb)
    return found


def _regression(facts: Facts) -> Sequence[Idea]:
    return [
        Idea(
            recipe=_recipe(facts, "ridge", "word", "char", "style", alpha=1.0),
            title="Ridge regression on word and character n-grams",
            reason="Many weak terms, each shrunk: the usual best linear answer.",
        ),
        _boosting(facts),
        Idea(
            recipe=_recipe(facts, "svr", "word", "char", C=0.3),
            title="Linear support vector regression on n-grams",
            reason="Small errors are ignored, so odd rows pull less.",
        ),
        Idea(
            recipe=_recipe(facts, "ridge", "char", alpha=2.0).with_options(char_high=6),
            title="Ridge regression on character n-grams alone",
            reason="Another view of the same texts.",
        ),
    ]


def _option_moves(recipe: Recipe, facts: Facts) -> Sequence[Idea]:
    choices: list[tuple[str, Value, str, str]] = [
        ("word_n", 3, "Add word triples", "word pairs"),
        ("char_high", 6, "Longer character n-grams", "character n-grams"),
        ("min_df", 1, "Keep rare terms", "word n-grams"),
        ("min_df", 3, "Drop rare terms", "word n-grams"),
        ("style_weight", 1.0, "Give style counts more weight", "style counts"),
        ("style_weight", 0.1, "Give style counts less weight", "style counts"),
        ("token", r"(?u)\w+|[^\w\s]", "Keep marks as words of their own", "word n-grams"),
        ("folds", 10, "Average 10 inner folds", "inner folds"),
    ]
    if recipe.model in ("logistic", "svc") and facts.is_classes:
        choices.append(("balanced", True, "Weigh the classes equally", "class weights"))
    if recipe.model == "lightgbm":
        choices.append(("topics", 200, "More directions of the n-gram space", "word n-grams"))
    found = []
    for option, value, title, part in choices:
        step = {"char_high": "char", "word_n": "word", "token": "word", "style_weight": "style"}.get(option)
        useless = (step and step not in recipe.features) or (option == "folds" and not facts.can_fold)
        if not useless and recipe.option(option, "") != value:
            found.append(
                Idea(
                    recipe=recipe.with_options(**{option: value}),
                    title=title,
                    reason="A neighbour of the parent's settings.",
                    part=part,
                )
            )
    return found
