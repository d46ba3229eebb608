"""Improvements: planned from what ablation measured, then neighbouring settings, then random moves."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from random import Random

from assay.core.plain import plain
from assay.models.playbook.draft import recipe_keys, wander
from assay.models.playbook.facts import Facts
from assay.models.playbook.recipe import Recipe
from assay.models.playbook.shelf import Idea
from assay.models.playbook.shelves import shelf_of
from assay.models.roles import Finding, ImproveInputs, TrialSummary


def improve(facts: Facts, inputs: ImproveInputs, parent: Recipe, random: Random) -> Idea:
    """Return a change of `parent` that no earlier trial has.

    Parts that hurt are dropped first; then moves on the parts that help, by how much they help; then moves that
    helped other parents; then the other moves in the shelf's order; at last random ones. Each move belongs to one of
    the lanes, so that steps side by side, which do not see each other, never try the same.
    """
    tried = recipe_keys([*inputs.brief.history, *inputs.attempts, inputs.parent])
    shelf = shelf_of(parent.family)
    findings = [f for f in inputs.findings if f.effect is not None]
    moves = _ordered(shelf.moves(parent, facts), findings, inputs.brief.history)
    planned = [*_dropped(parent, facts, findings), *moves]
    own = (idea for idea in planned if zlib.crc32(idea.recipe.key.encode()) % inputs.lanes == inputs.lane)
    fresh = next((idea for idea in own if idea.recipe.key not in tried), None)
    return fresh or wander(facts, parent, tried, random)


def _dropped(parent: Recipe, facts: Facts, findings: Sequence[Finding]) -> Sequence[Idea]:
    parts = {part.name: part for part in shelf_of(parent.family).parts(parent, facts)}
    harmful = sorted((f for f in findings if _effect(f) < -(f.noise or 0.0)), key=_effect)
    return [
        Idea(
            recipe=parts[f.part].without,
            title=f"Leave out {f.part}",
            reason=f"Ablation: the score was better by {plain(-_effect(f), 4)} without {f.part}.",
        )
        for f in harmful
        if f.part in parts
    ]


def _ordered(moves: Sequence[Idea], findings: Sequence[Finding], history: Iterable[TrialSummary]) -> Sequence[Idea]:
    helpful = {f.part: f for f in findings if _effect(f) > (f.noise or 0.0)}
    useless = {f.part for f in findings} - helpful.keys()
    successes = _successes(history)

    def rank(entry: tuple[int, Idea]) -> tuple[int, float, int]:
        place, idea = entry
        if idea.part in helpful:
            return (0, -_effect(helpful[idea.part]), place)
        if idea.title in successes:
            return (1, 0.0, place)
        return (3 if idea.part in useless else 2, 0.0, place)

    return [_explained(idea, helpful.get(idea.part)) for _, idea in sorted(enumerate(moves), key=rank)]


def _explained(idea: Idea, finding: Finding | None) -> Idea:
    if finding is None:
        return idea
    reason = f"Ablation: {finding.part} is worth {plain(_effect(finding), 4)}, so more of it is tried. {idea.reason}"
    return Idea(recipe=idea.recipe, title=idea.title, reason=reason, part=idea.part)


def _successes(history: Iterable[TrialSummary]) -> set[str]:
    """Titles of moves that earned a verdict on some parent: they are tried early on others."""
    return {trial.title for trial in history if trial.verdict in ("real", "maybe")}


def _effect(finding: Finding) -> float:
    return finding.effect if finding.effect is not None else 0.0
