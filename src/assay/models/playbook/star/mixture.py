"""Mixture: several recipes whose predictions are combined. Equal mixtures give equal scripts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from assay.core.digest import canonical_json
from assay.models.playbook.recipe import Recipe

FAMILY = "mixture"


class Scale(StrEnum):
    """In what terms predictions are averaged."""

    MEAN = "mean"
    """As they are."""
    RANK = "rank"
    """As places in the order of the rows: for metrics that look at the order alone."""
    LOG = "log"
    """As logarithms: for errors in proportion, and for probabilities the geometric mean."""


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Recipes with their shares. A mixture of one is that recipe."""

    members: tuple[Recipe, ...]
    titles: tuple[str, ...]
    """What each member is called, one a member."""
    weights: tuple[float, ...] = ()
    """Shares that sum to one, one a member; empty for equal ones."""
    scale: Scale = Scale.MEAN
    holdout: bool = False
    """Whether the script finds the weights itself, on rows that it holds out of the training rows."""

    @property
    def shares(self) -> tuple[float, ...]:
        """The weights, equal ones spelled out."""
        return self.weights or tuple(1 / len(self.members) for _ in self.members)

    @property
    def key(self) -> str:
        """Text that is equal for mixtures that predict the same."""
        return canonical_json({**self.to_json(), "titles": [], "members": [member.key for member in self.members]})

    def to_json(self) -> dict[str, Any]:
        """Return the mixture as JSON values; of a single member, that recipe's."""
        if len(self.members) == 1:
            return self.members[0].to_json()
        return {
            "family": FAMILY,
            "model": str(self.scale),
            "members": [member.to_json() for member in self.members],
            "titles": list(self.titles),
            "weights": list(self.weights),
            "options": {"holdout": True} if self.holdout else {},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any], *, title: str = "") -> Mixture | None:
        """Return the mixture that `to_json` made `value` from, a single recipe as a mixture of one; else None.

        Args:
            value: A trial's recipe.
            title: What a single recipe is called.
        """
        if value.get("family") != FAMILY:
            single = Recipe.from_json(value)
            return cls(members=(single,), titles=(title or single.model.replace("_", " "),)) if single else None
        members = tuple(Recipe.from_json(member) for member in value["members"])
        return cls(
            members=tuple(member for member in members if member is not None),
            titles=tuple(value["titles"]),
            weights=tuple(value["weights"]),
            scale=Scale(value["model"]),
            holdout=bool(value["options"].get("holdout", False)),
        )

    def with_member(self, place: int, member: Recipe) -> Mixture:
        """Return the mixture with another recipe at `place`."""
        members = (*self.members[:place], member, *self.members[place + 1 :])
        return replace(self, members=members)

    def without(self, place: int) -> Mixture:
        """Return the mixture without the member at `place`; the others keep their shares of the rest."""
        kept = [k for k in range(len(self.members)) if k != place]
        return self.only(kept)

    def only(self, places: Sequence[int]) -> Mixture:
        """Return the mixture of the members at `places` alone."""
        total = sum(self.shares[k] for k in places)
        return replace(
            self,
            members=tuple(self.members[k] for k in places),
            titles=tuple(self.titles[k] for k in places),
            weights=tuple(self.shares[k] / total for k in places) if self.weights else (),
        )


def united(parts: Sequence[tuple[Mixture, float]], *, scale: Scale = Scale.MEAN, holdout: bool = False) -> Mixture:
    """Return one mixture of all members of `parts`; a recipe that comes twice has both shares.

    Args:
        parts: Mixtures and their shares, in any unit.
        scale: Of the whole; that of the parts is given up.
        holdout: Whether the script finds the weights itself.
    """
    shares: dict[str, float] = {}
    first: dict[str, tuple[Recipe, str]] = {}
    total = sum(share for _, share in parts)
    for part, share in parts:
        for member, title, weight in zip(part.members, part.titles, part.shares, strict=True):
            shares[member.key] = shares.get(member.key, 0.0) + share * weight / total
            first.setdefault(member.key, (member, title))
    equal = max(shares.values()) - min(shares.values()) < 1e-9
    return Mixture(
        members=tuple(member for member, _ in first.values()),
        titles=tuple(title for _, title in first.values()),
        weights=() if equal or holdout else tuple(float(f"{share:.4g}") for share in shares.values()),
        scale=scale,
        holdout=holdout,
    )
