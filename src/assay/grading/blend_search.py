"""The search for a blend: greedy selection with replacement, its score cross-fitted. Runs in the grading process only.

R. Caruana, A. Niculescu-Mizil, G. Crew and A. Ksikes, "Ensemble selection from libraries of models", ICML 2004. The
score of the chosen mix on the rows that chose it would be too good, so weights and decision rule are chosen anew for
each part of the rows from the other parts, and what is reported is the score on the part that was left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assay.core.metric import Metric
from assay.grading.arrays import Codes, Floats, Pairs
from assay.grading.blend_rules import WORST, Choice, gain_of, predicted
from assay.grading.metrics import NoValue, compute

MOST_MEMBERS = 8
_STEPS = 25
_PATIENCE = 4
_PARTS = 5
"""Parts of a single view, whose rows then stand for folds."""
_MOST_ROWS = 20_000
"""Rows of one part that the search looks at; scores are computed on all."""
_RANKED = frozenset({"roc_auc", "roc_auc_mean_columnwise", "average_precision"})


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The answers of one view and what each member predicted there."""

    name: str
    pairs: Pairs
    members: Floats
    """Shape (members, rows, columns)."""


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """How near a member that was not chosen is to the nearest one that was."""

    member: int
    """Position of the chosen one."""
    correlation: float
    """Of their predictions over all views, as the rule mixes them; 0 where one of them is constant."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search came to."""

    choice: Choice
    """The mix chosen on all views."""
    scores: dict[str, float]
    """View name to the cross-fitted score on it."""
    unchosen: dict[int, Nearest]
    """By position, every member without a weight."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Rows of a view."""

    view: int
    index: Codes


def search(metric: Metric, views: Sequence[Stored], *, rule: str, seed: int = 0) -> Found:
    """Return the mix chosen on all views, the cross-fitted score on each, and who was not chosen.

    Args:
        metric: A named metric.
        views: At least one, all with the same members in the same order.
        rule: `mean`, `threshold`, `argmax`, `flags` or `top`; `mean` may become `rank`.
        seed: For the parts of a single view.
    """
    rules = [rule, "rank"] if rule == "mean" and metric.name in _RANKED else [rule]
    finder = _Finder(metric, views, rules, _parts(views, seed))
    everything = range(len(finder.parts))
    scores: dict[str, float] = {}
    choices = [finder.choose([i for i in everything if i != left]) for left in everything]
    for position, view in enumerate(views):
        pairs = finder.assembled(position, choices)
        try:
            scores[view.name] = compute(metric, pairs)
        except NoValue:
            continue
    choice = finder.choose(list(everything))
    return Found(choice=choice, scores=scores, unchosen=finder.unchosen(choice))


def _parts(views: Sequence[Stored], seed: int) -> list[Part]:
    if len(views) > 1:
        return [Part(view=i, index=np.arange(view.pairs.rows)) for i, view in enumerate(views)]
    order = np.random.default_rng(seed).permutation(views[0].pairs.rows)
    return [Part(view=0, index=np.sort(piece)) for piece in np.array_split(order, _PARTS) if len(piece)]


class _Finder:
    """Chooses weights on some parts and applies them to others."""

    def __init__(self, metric: Metric, views: Sequence[Stored], rules: list[str], parts: list[Part]) -> None:
        self.metric = metric
        self.views = views
        self.parts = parts
        self.tables = {rule: [_ranked(v.members) if rule == "rank" else v.members for v in views] for rule in rules}
        draw = np.random.default_rng(len(parts))
        looked = [
            part.index if len(part.index) <= _MOST_ROWS else np.sort(draw.choice(part.index, _MOST_ROWS, replace=False))
            for part in parts
        ]
        self._pairs = [views[p.view].pairs.take(index) for p, index in zip(parts, looked, strict=True)]
        self._looked = looked

    def choose(self, parts: list[int]) -> Choice:
        """Return the best weights and rule on these parts."""
        found = [self._greedy(rule, parts) for rule in self.tables]
        return max(found, key=lambda pair: pair[0])[1]

    def _greedy(self, rule: str, parts: list[int]) -> tuple[float, Choice]:
        tables = [self.tables[rule][self.parts[i].view][:, self._looked[i]] for i in parts]
        pairs = [self._pairs[i] for i in parts]
        size = self.views[0].members.shape[0]
        counts = np.zeros(size)
        sums = [np.zeros(table.shape[1:]) for table in tables]
        best = (WORST, Choice(weights=counts, rule=rule))
        waited = 0
        for step in range(1, _STEPS + 1):
            open_to = range(size) if (counts > 0).sum() < MOST_MEMBERS else np.flatnonzero(counts).tolist()
            tried = []
            for member in open_to:
                mixed = [(total + table[member]) / step for total, table in zip(sums, tables, strict=True)]
                tried.append((*gain_of(self.metric, rule, pairs, mixed), -member))
            gain, threshold, member = max(tried)
            counts[-member] += 1
            sums = [total + table[-member] for total, table in zip(sums, tables, strict=True)]
            waited += 1
            if gain > best[0]:
                best = (gain, Choice(weights=counts / counts.sum(), rule=rule, threshold=threshold))
                waited = 0
            if waited >= _PATIENCE:
                break
        return best

    def unchosen(self, choice: Choice) -> dict[int, Nearest]:
        """Return the members without a weight, each with the chosen one that it is most like."""
        chosen, rest = np.flatnonzero(choice.weights), np.flatnonzero(choice.weights == 0)
        tables = self.tables[choice.rule]
        pieces = [tables[p.view][:, rows] for p, rows in zip(self.parts, self._looked, strict=True)]
        flat = np.concatenate([piece.reshape(len(piece), -1) for piece in pieces], axis=1)
        flat = flat - flat.mean(axis=1, keepdims=True)
        size = np.sqrt((flat**2).sum(axis=1))
        found = {}
        for member in rest.tolist():
            products, sizes = flat[chosen] @ flat[member], size[chosen] * size[member]
            like = np.divide(products, sizes, out=np.zeros(len(chosen)), where=sizes > 0)
            nearest = int(like.argmax())
            found[member] = Nearest(member=int(chosen[nearest]), correlation=float(like[nearest]))
        return found

    def assembled(self, view: int, choices: Sequence[Choice]) -> Pairs:
        """Return the predictions for a view, each part by the choice that was made without it."""
        pairs = self.views[view].pairs
        pieces, order = [], []
        for part, choice in zip(self.parts, choices, strict=True):
            if part.view != view:
                continue
            table = self.tables[choice.rule][view][:, part.index]
            mixed = np.tensordot(choice.weights, table, axes=1)
            pieces.append(predicted(pairs.take(part.index), mixed, choice, self.metric))
            order.append(part.index)
        place = np.argsort(np.concatenate(order))
        together = _stacked(pieces)
        return together.take(place)


def _stacked(pieces: list[Pairs]) -> Pairs:
    return replace(
        pieces[0],
        rows=sum(piece.rows for piece in pieces),
        codes=np.concatenate([piece.codes for piece in pieces]),
        labels=np.concatenate([piece.labels for piece in pieces]),
        truth=np.concatenate([piece.truth for piece in pieces]),
        numbers=np.concatenate([piece.numbers for piece in pieces]),
        relevant=tuple(row for piece in pieces for row in piece.relevant),
        ranked=tuple(row for piece in pieces for row in piece.ranked),
    )


def _ranked(members: Floats) -> Floats:
    from scipy.stats import rankdata

    return np.asarray(rankdata(members, axis=1) / members.shape[1])
