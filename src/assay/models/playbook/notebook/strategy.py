"""What a notebook is to do, by rule: plain drafts first, then mixtures of those that scored best."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assay.core.profile import DataProfile
from assay.models.playbook.facts import Facts, read_facts
from assay.models.playbook.notebook.cells import SLOTS, edges, shortened, written_cells
from assay.models.playbook.shelf import Idea as Draft
from assay.models.playbook.shelves import shelf_for
from assay.models.playbook.star.mixture import Mixture, united
from assay.models.playbook.star.weave import can_hold_out
from assay.models.roles.notebook import (
    Idea,
    Iteration,
    NotebookStrategyInputs,
    NotebookWriteInputs,
    ResearchStrategy,
    WrittenNotebook,
)

KEY = "notebook"
"""Where a recipe keeps its mixture."""
_MIXED = (3, 5)
"""Iterations that mix what scored best; from the last one on, all do."""
_DULL = frozenset(("with", "from", "that", "this", "each", "than", "they", "have", "more", "into", "what", "model"))


def strategy(inputs: NotebookStrategyInputs) -> ResearchStrategy:
    """Return what the next notebook does; the ideas decide which drafts come first."""
    facts = read_facts(inputs.brief)
    drafts = by_ideas(shelf_for(facts).drafts(facts), inputs.ideas)
    scored = _scored(inputs)
    mixes = inputs.iteration in _MIXED or inputs.iteration >= _MIXED[-1]
    if mixes and len(scored) >= 2:
        best = scored[: 2 if inputs.iteration == _MIXED[0] else SLOTS]
        mixture = shortened(united([(one, 1.0) for one in best], holdout=can_hold_out(facts)))
        title = f"Mixture of {len(mixture.members)} models"
        reason = "Earlier notebooks scored alike with models that err differently, so their mean errs less."
        return _told(inputs, facts, mixture, title, reason, drafts)
    tried = {key for one in inputs.earlier if (key := _key(one))}
    fresh = next((d for d in drafts if _single(d).key not in tried), drafts[0])
    return _told(inputs, facts, _single(fresh), fresh.title, fresh.reason, drafts)


def notebook(inputs: NotebookWriteInputs) -> WrittenNotebook:
    """Return the cells that carry out a strategy; one that is not the playbook's own is served by the nearest draft."""
    facts = read_facts(inputs.brief)
    mixture = mixture_in(inputs.strategy.recipe)
    if mixture is None:
        words = f"{inputs.strategy.title} {inputs.strategy.approach}"
        wish = Idea(title=words[:160], description=words, reasoning="-", expected_impact="-")
        drafts = by_ideas(shelf_for(facts).drafts(facts), (wish,))
        mixture = _single(drafts[0])
    return WrittenNotebook(
        plan=inputs.strategy.approach,
        cells=written_cells(mixture, facts),
        edges=edges(),
        recipe={KEY: mixture.to_json()},
    )


def mixture_in(recipe: object) -> Mixture | None:
    """Return the mixture that a recipe holds, if it is one of a notebook."""
    inside = recipe.get(KEY) if isinstance(recipe, dict) else None
    return Mixture.from_json(inside) if isinstance(inside, dict) else None


def by_ideas(drafts: Sequence[Draft], ideas: Sequence[Idea]) -> Sequence[Draft]:
    """Return the drafts, those first that most ideas speak of."""
    asked = [_words(f"{idea.title} {idea.description}") for idea in ideas]
    overlaps = [[len(words & _words(f"{d.title} {d.reason}")) for words in asked] for d in drafts]
    shared = [sum(count for count in counts if count >= 2) for counts in overlaps]
    return [drafts[at] for at in sorted(range(len(drafts)), key=lambda at: -shared[at])]


def served(ideas: Sequence[Idea], text: str) -> tuple[str, ...]:
    """Return the titles of up to three ideas that `text` takes up."""
    words = _words(text)
    ranked = sorted(ideas, key=lambda idea: -len(words & _words(f"{idea.title} {idea.description}")))
    return tuple(i.title for i in ranked[:3] if len(words & _words(f"{i.title} {i.description}")) >= 2)


def _told(
    inputs: NotebookStrategyInputs, facts: Facts, mixture: Mixture, title: str, reason: str, drafts: Sequence[Draft]
) -> ResearchStrategy:
    steps = sorted({step.replace("_", " ") for member in mixture.members for step in member.features})
    models = "; ".join(mixture.titles)
    with_steps = f" Steps before the models: {', '.join(steps)}." if steps else ""
    earlier = [one for one in inputs.earlier if one.problem]
    taught = f" Iteration {earlier[-1].number} brought nothing that counts, so this one differs." if earlier else ""
    return ResearchStrategy(
        title=title[:80],
        ideas=served(inputs.ideas, f"{title} {reason} {models} {' '.join(steps)}"),
        objective=f"Beat the plain model ({shelf_for(facts).baseline(facts).title}) on rows that neither has seen.",
        approach=f"Models: {models}.{with_steps} {_size(inputs.brief.profile)} Baseline and method share one protocol.",
        loss=f"Each model minimises the loss of its library that is nearest to {facts.task.metric.name}.",
        rationale=f"{reason}{taught}",
        recipe={KEY: mixture.to_json()},
    )


def _size(profile: DataProfile) -> str:
    return f"There are {profile.train_rows:,} rows and {len(profile.columns):,} columns to learn from."


def _scored(inputs: NotebookStrategyInputs) -> list[Mixture]:
    """Return the mixtures of earlier notebooks, the best first, each once."""
    metric = inputs.brief.task.metric
    found: dict[str, tuple[float, Mixture]] = {}
    for one in inputs.earlier:
        mixture = mixture_in(one.trial.recipe) if one.trial is not None else None
        if mixture is not None and one.trial is not None and one.trial.score is not None:
            found.setdefault(mixture.key, (one.trial.score, mixture))
    return [mixture for _, mixture in metric.ranked(list(found.values()), lambda item: item[0])]


def _key(iteration: Iteration) -> str:
    mixture = mixture_in(iteration.trial.recipe) if iteration.trial is not None else None
    return mixture.key if mixture is not None else ""


def _single(draft: Draft) -> Mixture:
    return Mixture(members=(draft.recipe,), titles=(draft.title,))


def _words(text: str) -> frozenset[str]:
    return frozenset(w for w in re.findall(r"[a-z]{4,}", text.lower()) if w not in _DULL)
