"""Retrieval: which models each path starts from, dealt from the shelf, and the scripts around them."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from random import Random

from assay.models.playbook.draft import recipe_keys, wander
from assay.models.playbook.facts import Facts, read_facts
from assay.models.playbook.recipe import Recipe
from assay.models.playbook.render import render
from assay.models.playbook.shelf import Idea
from assay.models.playbook.shelves import shelf_for
from assay.models.playbook.star.mixture import Mixture
from assay.models.playbook.star.solutions import program_of, shortened
from assay.models.roles import Program
from assay.models.roles.star import InitInputs, Known, ModelIdea, Retrieval, RetrieveInputs

_MOST_LINES = 40
_MOST_MODELS = 8
_COMMON = frozenset(
    {"average", "column", "columns", "every", "features", "folds", "from", "inner", "mean", "model", "models",
     "several", "small", "with"}
)  # fmt: skip
"""Words of titles that name no model."""
_LIBRARIES = {
    "hist_gradient_boosting": "histogram gradient boosting scikit-learn",
    "neighbours": "nearest neighbours knn",
    "mlp": "neural network perceptron",
    "svc": "support vector machine",
    "svr": "support vector machine",
    "cnn": "convolutional neural network",
    "extra_trees": "extremely randomised trees extratrees",
}
"""Other names that people have for a model."""


def retrieve(inputs: RetrieveInputs) -> Retrieval:
    """Return the path's share of the shelf's drafts, then the others; what a person named comes first."""
    facts = read_facts(inputs.brief)
    drafts = list(shelf_for(facts).drafts(facts))
    own = drafts[inputs.path % max(inputs.paths, 1) :: max(inputs.paths, 1)]
    dealt = [*own, *(idea for idea in drafts if idea not in own)]
    dealt.sort(key=lambda idea: not _is_named(idea, inputs.hints))
    chosen = dealt[: min(inputs.count, _MOST_MODELS)]
    return Retrieval(models=tuple(_model_idea(idea, facts, inputs) for idea in chosen))


def initial(inputs: InitInputs, random: Random) -> Program:
    """Return the script of the retrieved model; of the draft that its name fits, if another wrote the idea."""
    facts = read_facts(inputs.brief)
    recipe = Recipe.from_json(inputs.model.recipe)
    if recipe is not None:
        idea = Idea(recipe=recipe, title=inputs.model.name, reason=inputs.model.why or inputs.model.name)
    else:
        idea = _fitting(inputs.model.name, facts) or wander(
            facts,
            random.choice(list(shelf_for(facts).drafts(facts))).recipe,
            recipe_keys(inputs.brief.history),
            random,
        )
    mixture = Mixture(members=(idea.recipe,), titles=(idea.title,))
    return program_of(mixture, facts, title=idea.title, plan=idea.reason)


def _model_idea(idea: Idea, facts: Facts, inputs: RetrieveInputs) -> ModelIdea:
    why = idea.reason
    if _is_named(idea, inputs.hints):
        why += " The person who runs this asked for it."
    entry = next((known for known in inputs.known if _names_same(known, idea)), None)
    if entry is not None:
        why += f" The catalogue on {entry.name}: {entry.why.strip() or entry.summary.strip()}"
    return ModelIdea(name=shortened(idea.title), why=why, example=_example(idea, facts), recipe=idea.recipe.to_json())


def _example(idea: Idea, facts: Facts) -> str:
    """Return the lines of the rendered script that set up and train the model."""
    code = render(idea.recipe, facts, title=idea.title, plan=idea.reason)
    lines, body = code.splitlines(), ast.parse(code).body
    made = [k for k, node in enumerate(body) if isinstance(node, ast.FunctionDef) and node.name == "make_model"]
    if made:
        first = body[made[0] - 1].lineno if "PARAMS" in ast.unparse(body[made[0] - 1]) else body[made[0]].lineno
        return "\n".join(lines[first - 1 : first - 1 + _MOST_LINES]).rstrip()
    end = next((k for k, line in enumerate(lines) if line.startswith('Path("output")')), len(lines))
    return "\n".join(lines[max(end - _MOST_LINES, 0) : end]).strip("\n")


def _fitting(name: str, facts: Facts) -> Idea | None:
    drafts = shelf_for(facts).drafts(facts)
    same = [idea for idea in drafts if idea.title.lower() == name.lower()]
    return next(iter([*same, *(idea for idea in drafts if _is_named(idea, [name]))]), None)


def _is_named(idea: Idea, hints: Sequence[str]) -> bool:
    """Return whether a hint holds the model's name or a telling word of the draft's title."""
    model = _plain(idea.recipe.model)
    telling = (_words(idea.title) | _words(_LIBRARIES.get(idea.recipe.model, ""))) - _COMMON
    return any(model in _plain(hint) or telling & _words(hint) for hint in hints)


def _names_same(known: Known, idea: Idea) -> bool:
    model, name = _plain(idea.recipe.model), _plain(known.name)
    others = (_words(idea.title) | _words(_LIBRARIES.get(idea.recipe.model, ""))) - _COMMON
    return model in name or len(others & _words(known.name)) >= 2


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{4,}", text.lower()))
