"""What a candidate is and what it printed, as files of a report."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.journal.history import Measurement
from assay.report.facts import Facts
from assay.report.files import safe_name
from assay.report.formatting import format_bytes, format_duration
from assay.report.prose import clean

MOST_LOG_BYTES = 1_000_000
"""Of one execution's output, its end; the whole is in `objects/`."""


def sources(candidate: Candidate, taken: Collection[str]) -> dict[str, str]:
    """Return a candidate's files by name: the entry as `solution.*`, others under their own as far as these are safe.

    Args:
        candidate: The candidate.
        taken: Names of files and folders that stand beside it and that it must not replace.
    """
    suffix = Path(candidate.entry).suffix
    entry = f"solution{suffix}" if suffix in (".py", ".ipynb", ".sh", ".R", ".jl") else "solution.txt"
    files = {entry: candidate.source}
    for name, text in candidate.files.items():
        safe = safe_name(name)
        if name != candidate.entry and safe is not None and safe.partition("/")[0] not in (*taken, entry):
            files[safe] = text
    return files


def output(facts: Facts, measured: Sequence[Measurement]) -> str:
    """Return what executions printed, each under a line that says how it ended; empty if there were none."""
    pieces = []
    for m in measured:
        if m.execution is None:
            pieces.append(f"=== attempt {m.attempt}, {m.view}: not ended ===\n")
            continue
        took = f"{format_duration(m.execution.wall_s)}, {format_bytes(m.execution.peak_memory_bytes)}"
        head = f"=== attempt {m.attempt}, {m.view}, seed {m.seed}: {m.execution.outcome}, {took} ==="
        text = _printed(facts, m)
        pieces.append(f"{head}\n{text.rstrip()}\n" if text.strip() else f"{head}\n")
    return "\n".join(pieces)


def _printed(facts: Facts, measurement: Measurement) -> str:
    execution = measurement.execution
    if execution is None or not execution.log:
        return clean(execution.log_tail) if execution else ""
    try:
        content = facts.objects.get(execution.log)
    except IntegrityError:
        facts.missing_objects.add(execution.log)
        return f"[the whole output is missing; its end:]\n{clean(execution.log_tail)}"
    cut = f"[the first {len(content) - MOST_LOG_BYTES} bytes are left out]\n" if len(content) > MOST_LOG_BYTES else ""
    return cut + clean(content[-MOST_LOG_BYTES:].decode(errors="replace"), 2 * MOST_LOG_BYTES)
