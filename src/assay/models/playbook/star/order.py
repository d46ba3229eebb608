"""The order in which moves are tried: what ablation says, then what helped elsewhere, then the shelf's own order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from assay.core.plain import plain
from assay.models.playbook.star.change import Move
from assay.models.playbook.star.mixture import Mixture
from assay.models.roles import Brief, Finding, TrialSummary

_MEMBER = re.compile(r"^Model (\d+): ")
_WHOLE = re.compile(r"^model (\d+) \(")


def by_promise(moves: Sequence[Move], findings: Sequence[Finding], brief: Brief) -> Sequence[Move]:
    """Return `moves` in the order in which they should be tried.

    Parts that hurt are left out first, by how much they hurt; then parts that help are strengthened, by how much they
    help; then come moves that earned a verdict elsewhere in this run, then the shelf's order, the members first that
    carry the most, then parts without an effect; a part that nothing speaks against is left out last.
    """
    effects = {f.part: f for f in findings if f.effect is not None and not within_noise(f)}
    flat = {f.part for f in findings} - effects.keys()
    members = {m[1]: f.effect or 0.0 for f in effects.values() if (m := _WHOLE.match(f.part))}
    successes = {_MEMBER.sub("", t.title) for t in brief.history if t.verdict in ("real", "maybe")}

    def rank(entry: tuple[int, Move]) -> tuple[int, float, int]:
        place, move = entry
        found = effects.get(move.part)
        effect = (found.effect or 0.0) if found is not None else 0.0
        if move.drops:
            return (0, effect, place) if effect < 0 else (5, effect, place)
        if effect > 0:
            return (1, -effect, place)
        if _MEMBER.sub("", move.title) in successes:
            return (2, 0.0, place)
        member = _MEMBER.match(move.title)
        carried = members.get(member[1], 0.0) if member else 0.0
        return (4 if move.part in flat or effect < 0 else 3, -carried, place)

    return [_explained(move, effects.get(move.part)) for _, move in sorted(enumerate(moves), key=rank)]


def within_noise(finding: Finding) -> bool:
    """Return whether the effect cannot be told from luck."""
    return abs(finding.effect or 0.0) <= (finding.noise or 0.0)


def keys_of(history: Iterable[TrialSummary]) -> set[str]:
    """Return the keys of the recipes and mixtures of earlier trials."""
    found = (Mixture.from_json(trial.recipe) for trial in history)
    return {mixture.key for mixture in found if mixture is not None}


def _explained(move: Move, finding: Finding | None) -> Move:
    if finding is None or finding.effect is None:
        return move
    if move.drops and finding.effect < 0:
        told = f"Ablation: the score was better by {plain(-finding.effect, 4)} without {finding.part}."
    elif not move.drops and finding.effect > 0:
        told = f"Ablation: {finding.part} is worth {plain(finding.effect, 4)}, so more of it is tried."
    else:
        return move
    return replace(move, reason=f"{told} {move.reason}")
