"""Memory: the workpad with its sections, the mentor's notes, and the storyline of one line a cycle."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assay.core.digits import fixed, score_decimals
from assay.core.metric import Metric
from assay.core.trace import trace_id
from assay.operators.lab.record import Cycle, Result

NOTES, DATA = "## Notes", "## Data"
"""Sections of the workpad."""
MOST_NOTE = 500
_WIDTH = 240


def noted(workpad: str, cycle: int, *, notes: str = "", data_notes: str = "") -> str:
    """Return the workpad with what a cycle adds, each note a line under its own heading.

    Args:
        workpad: As it is; headings that are missing are made.
        cycle: Number of the cycle.
        notes: For the section of notes; nothing for none.
        data_notes: For the section on the data; nothing for none.
    """
    sections = _sections(workpad)
    for heading, text in ((NOTES, notes), (DATA, data_notes)):
        said = one_line(text, MOST_NOTE)
        if said:
            sections[heading] = [*sections[heading], f"- [C{cycle:04d}] {said}"]
    return _joined(sections)


def shortened(workpad: str, characters: int) -> str:
    """Return the workpad within a bound: under each heading the newest lines, in its half or what the other leaves.

    Args:
        workpad: As it is.
        characters: Most characters, enough for the headings.
    """
    if len(workpad) <= characters:
        return workpad
    sections = _sections(workpad)
    room = characters - len(_joined({NOTES: [], DATA: []}))
    data = last_lines(sections[DATA], max(room // 2, room - _size(sections[NOTES])))
    return _joined({NOTES: last_lines(sections[NOTES], room - _size(data)), DATA: data})


def _size(lines: Sequence[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _joined(sections: Mapping[str, Sequence[str]]) -> str:
    return "\n\n".join("\n".join([heading, *lines]) for heading, lines in sections.items()) + "\n"


def _sections(workpad: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {NOTES: [], DATA: []}
    heading = NOTES
    for line in workpad.splitlines():
        if line.strip() in sections:
            heading = line.strip()
        elif line.strip():
            sections[heading].append(line)
    return sections


def section(workpad: str, heading: str) -> tuple[str, ...]:
    """Return the lines under one heading of the workpad."""
    return tuple(_sections(workpad)[heading])


def mentor_noted(notes: str, cycle: int, *, trajectory: str, recommendation: str, critique: str, said: str = "") -> str:
    """Return the mentor's notes with those of one review."""
    lines = [f"- [C{cycle:04d}] {trajectory}, {recommendation}: {one_line(critique, 600)}"]
    lines += [f"  note: {one_line(said, MOST_NOTE)}"] if said.strip() else []
    return "\n".join([*notes.splitlines(), *lines]) + "\n"


def story_line(run: str, cycle: Cycle, result: Result | None, metric: Metric, gain: float | None) -> str:
    """Return a cycle as one line: trace id, action, category, label, who decided, what came of it, what was refused.

    Args:
        run: Name of the run, for the trace id.
        cycle: What was done.
        result: The experiment whose end became known in this cycle; None for none.
        metric: Named beside the score.
        gain: Of that experiment over the best before it; None where there is none.
    """
    parts = [trace_id(run, cycle.number), cycle.action]
    parts += [cycle.category, one_line(cycle.label, 60)] if cycle.action == "run" else []
    parts.append(
        f"by {cycle.source}" + (", challenged" if cycle.challenged else ", reviewed" if cycle.reviewed else "")
    )
    if result is not None:
        parts.append(f"#{result.number} {_outcome(result, metric, gain)}")
    if cycle.refused:
        parts.append(f"refused {' '.join(cycle.refused)}")
    return one_line(" | ".join(part for part in parts if part), _WIDTH)


def _outcome(result: Result, metric: Metric, gain: float | None) -> str:
    if result.score is None:
        return f"{result.state}: {result.problem or 'no score'}"
    decimals = score_decimals([result.score])
    if gain is not None:
        # One digit more at most: what differs later than that is not worth a reader's eye.
        decimals = min(score_decimals([result.score, result.score - gain]), decimals + 1)
    change = "" if gain is None else f" ({fixed(gain, decimals, sign=True)} over the best)"
    return f"{result.state}: {metric.name} {fixed(result.score, decimals)}{change}"


def tail(text: str, characters: int) -> str:
    """Return the end of a text within a bound, from the start of a line on."""
    if len(text) <= characters:
        return text
    end = text[-characters:]
    _, newline, rest = end.partition("\n")
    return rest if newline and rest else end


def head(text: str, characters: int) -> str:
    """Return the beginning of a text within a bound, to the end of a line."""
    if len(text) <= characters:
        return text
    before, newline, _ = text[:characters].rpartition("\n")
    return before if newline and before else text[:characters]


def last_lines(lines: Sequence[str], characters: int) -> tuple[str, ...]:
    """Return the last lines that fit into a bound together, in order."""
    kept: list[str] = []
    for line in reversed(lines):
        characters -= len(line) + 1
        if characters < 0:
            break
        kept.append(line)
    return tuple(reversed(kept))


def one_line(text: str, width: int) -> str:
    """Return a text as one line of at most `width` characters, control characters left out."""
    plain = re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", text)
    plain = " ".join(plain.split())
    return plain if len(plain) <= width else plain[: width - 1].rstrip() + "…"
