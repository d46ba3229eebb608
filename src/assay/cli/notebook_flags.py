"""Options of `run` that the notebook strategies alone have, as the settings that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assay.core.errors import UsageError
from assay.strategies.known import STRATEGIES

NOTEBOOKS = ("notebook", "notebook_review")


def with_notebook_flags(
    strategy: str, settings: Sequence[str], *, only: str | None, source: str | None, ideas: Path | None
) -> tuple[str, tuple[str, ...]]:
    """Return the strategy and the settings that these options mean.

    Args:
        strategy: As typed; the default stands for `notebook` where a stage or ideas are given.
        settings: As typed with `--set`.
        only: A stage to run alone.
        source: A run or a notebook to work on.
        ideas: An `idea.json`.

    Raises:
        UsageError: Another strategy has no use for them (E002).
    """
    given = {"--only": only, "--source": source, "--ideas": ideas}
    typed = {flag: value for flag, value in given.items() if value is not None}
    if not typed:
        return strategy, tuple(settings)
    if strategy == STRATEGIES[0]:
        strategy = "notebook" if only is not None or ideas is not None else "notebook_review"
    if strategy not in NOTEBOOKS:
        raise UsageError("E002", f"strategy {strategy!r} has no use for {', '.join(typed)}", fix="--strategy notebook")
    found = [f"{flag.removeprefix('--')}={value}" for flag, value in typed.items()]
    return strategy, (*settings, *found)
