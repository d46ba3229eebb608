"""The names of the strategies, and who takes what; light, since the command line reads it at every start."""

from __future__ import annotations

from collections.abc import Sequence

from assay.core.errors import UsageError

BASELINES = 2
"""Steps of the baselines in every search: 0 is the constant, 1 the boosting."""
STRATEGIES = ("tree", "mle_star", "notebook", "notebook_review", "lab")
"""Names that `--strategy` takes, the default first."""
LAB = "lab"
"""The strategy that works on a repository instead of on data."""

TASKS = "code_tasks"
"""The strategy of `assay tasks`; `--strategy` does not take it, since it needs a queue and no data."""

TAKE_BLOCKS = ("mle_star",)
"""Strategies that work on passages of a script."""
TAKE_HINTS = ("mle_star",)
"""Strategies that retrieve models; the others show hints as remarks in every question."""


def refuse_blocks(strategy: str, blocks: Sequence[str]) -> None:
    """Refuse passages that a person wants worked on, where the strategy works on whole scripts.

    Raises:
        UsageError: There are such passages (E029).
    """
    if blocks and strategy not in TAKE_BLOCKS:
        raise UsageError(
            "E029",
            f"strategy {strategy!r} works on whole scripts and has no use for --block",
            fix=f"--strategy {TAKE_BLOCKS[0]}, or say it in words with --model-hint",
        )
