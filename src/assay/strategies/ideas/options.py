"""IdeaOptions: what a person chooses for `assay ideas`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from assay.core.budget import Limits

VARIANTS = (
    "relations: which columns tell of the target, one by one",
    "interactions: which columns tell more together than each alone",
    "quality: rows that repeat, columns that differ between the files, columns that give the target away",
    "baseline: how far a plain model gets, and what it rests on",
)
"""What is looked at unless a person says otherwise."""


@dataclass(frozen=True, kw_only=True)
class IdeaOptions:
    """What a person chooses."""

    out: Path
    """Folder of the results; a new one."""
    count: int = 4
    """Notebooks at most; there are as many as the smallest of this, the seeds and the variants."""
    seeds: tuple[int, ...] = (0, 1, 2, 3)
    variants: tuple[str, ...] = VARIANTS
    ideas: int = 6
    """How many ideas are asked for."""
    least: float = 0.0
    """An analysis that scores less is not exported, and no ideas are made of it; 0 .. 1."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Replace those of `WEIGHTS`."""
    model: str = "playbook"
    base_url: str | None = None
    sandbox: str = "auto"
    python: Path | None = None
    limits: Limits = field(default_factory=lambda: Limits(wall_s=600.0, workers=2))
    papers: str = ""
    """What the literature says, quoted."""
    remarks: tuple[str, ...] = ()

    @property
    def runs(self) -> tuple[tuple[int, str, int], ...]:
        """Number from 1, variant and seed of each notebook."""
        many = min(self.count, len(self.seeds), len(self.variants))
        return tuple((n + 1, self.variants[n], self.seeds[n]) for n in range(many))
