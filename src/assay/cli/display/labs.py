"""What the screens say of a lab: an experiment's own word, a cycle in a line, and how the work ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assay.cli.output import one_line
from assay.report.formatting import format_count

_CYCLE, _RESULT = "lab/cycle/", "lab/result/"


def lab_words(key: str, value: Any) -> str:
    """Return a lab's note in words; empty for one that is no news for a person.

    Args:
        key: Of the note.
        value: What was noted.
    """
    if not isinstance(value, dict):
        return ""
    if key.startswith(_RESULT) and value.get("score") is not None:
        return f"#{key.removeprefix(_RESULT)} reported {value['score']:.4g}"
    if key.startswith(_CYCLE):
        return str(value.get("line", ""))
    return ""


def lab_lines(folder: Path) -> list[str]:
    """Return how a lab's work ended, from its report; nothing where there is none yet."""
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        outcome = report["outcome"]
    except (OSError, ValueError, KeyError):
        return [" result   assay report tells it"]
    best, default = outcome["best"], outcome["default"]
    tried = f"{format_count(outcome['experiments'], 'experiment')} in {format_count(outcome['runs'], 'run')}"
    if best is None or best["score"] is None:
        return [f" result   no experiment reported a score · {tried}"]
    start = f"default {default['score']:.4g} → " if default and default["score"] is not None else ""
    words = f"{outcome['metric']} {start}#{best['trial']} {best['score']:.4g} · {best['label']}"
    lines = [f" result   {one_line(words, 110)} · as reported, not graded", f" verdict  {_verdict(outcome)}"]
    return [*lines, f" tried    {tried}"]


def _verdict(outcome: dict[str, Any]) -> str:
    if outcome["gain"] is None:
        return outcome["undefined"] or "nothing was better than the default"
    told = f"{outcome['verdict']}: gain {outcome['gain']:+.4g}"
    if outcome["low"] is not None:
        told += f" (95 % interval {outcome['low']:.4g} to {outcome['high']:.4g})"
    return told if outcome["adjusted_p"] is not None else f"{told}, not tested: {outcome['undefined']}"
