"""The checks of the winner in words: one line where a run ends, and one each for `assay show`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from assay.cli.output import one_line
from assay.core.codec import encode
from assay.core.validation import FAILED, Standing
from assay.journal import events as ev


def closing_words(checks: Sequence[ev.Validated]) -> str:
    """Return how the checks of the winner ended: failures first, and what was skipped never as passed."""
    failed = [f"{one.check.words}: {one.detail}" for one in checks if one.verdict is Standing.FAILED]
    passed = sum(one.verdict is Standing.PASSED for one in checks)
    parts = [f"{passed} of {len(checks)} passed"]
    warned = [one.check.words for one in checks if one.verdict is Standing.WARNING]
    skipped = [one for one in checks if one.verdict is Standing.SKIPPED]
    if warned:
        parts.append(f"with a warning: {', '.join(warned)}")
    if skipped:
        reasons = "; ".join(dict.fromkeys(one.detail for one in skipped))
        parts.append(f"skipped: {', '.join(one.check.words for one in skipped)} ({one_line(reasons, 80)})")
    words = " · ".join(parts)
    return f"warning[{FAILED}]: {one_line('; '.join(failed), 160)} · {words}" if failed else words


def check_lines(checks: Sequence[ev.Validated], trial: int) -> Iterator[str]:
    """Yield one line a check for the page of `trial`, which was checked or whose heaviest member was."""
    for one in checks:
        of = f" (of #{one.trial}, its heaviest member)" if one.trial != trial else ""
        of = of or (f" (for the blend #{one.winner})" if one.winner != trial else "")
        yield f" check   {one.check.words}: {one.verdict}{of} · {one_line(one.detail, 300)}"


def checks_json(checks: Sequence[ev.Validated]) -> list[dict[str, Any]]:
    """Return the checks as JSON values."""
    return [
        {
            "check": one.check.value,
            "verdict": one.verdict.value,
            "winner": one.winner,
            "trial": one.trial,
            "detail": one.detail,
            "numbers": encode(one.numbers),
        }
        for one in checks
    ]
