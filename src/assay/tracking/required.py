"""Required: what a task declares that its evidence must hold, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Required:
    """What the tracked run of one attempt must hold. The defaults are those of an experiment that named nothing."""

    params: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    """Each must be there, finite, and not the same at all of its steps where it has more than one."""
    artifacts: tuple[str, ...] = ()
    """Paths of artefacts within the run, or patterns such as `plots/*.png`."""
    files: tuple[str, ...] = ()
    """Paths of files in the workspace, or patterns."""
    varying: tuple[str, ...] = ()
    """Metrics that must have at least two different values over their steps."""
    constant: tuple[str, ...] = ()
    """Metrics that may be the same at all steps, such as a learning rate."""
    arms: Mapping[str, str] = field(default_factory=dict)
    """Arm of a comparison to the metric that holds its outcomes, one a step (a seed, a fold). No two arms may be
    identical, and the differences between the first and each other must vary: else no test is defined."""
    least_params: int = 0
    least_metrics: int = 1
    least_artifacts: int = 1
    """The fewest of each, named or not."""
    run: bool = True
    """Whether a tracked run is required at all; False for documents, where only `files` count."""
