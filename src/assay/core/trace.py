"""Trace: the name under which the events, the line of the story and the model's calls of one step are found."""

from __future__ import annotations

import re

from assay.core.digest import digest_text

_STEP = re.compile(r"step-(\d+)(?:/|\Z)")


def trace_id(run: str, cycle: int) -> str:
    """Return the name of one cycle of one run: `C0012-1a2b3c4d`.

    Args:
        run: Name of the run.
        cycle: Counted from 1; step n of a run is its cycle n + 1.
    """
    return f"C{cycle:04d}-{digest_text(f'{run}/{cycle}')[:8]}"


def trace_of(run: str, key: str) -> str:
    """Return the name of the cycle that a question, a trial or a note with this key belongs to; empty for none."""
    found = _STEP.match(key)
    return trace_id(run, int(found[1]) + 1) if found else ""
