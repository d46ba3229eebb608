"""Rows: every trial as a line, made again only when it changed, so that a page need be told only what is new to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assay.journal.history import Trial
from assay.report.formatting import MISSING, format_duration, format_gain, format_score
from assay.report.prose import clean_line
from assay.report.rows import row_decimals, row_of
from assay.web.lab import lab_metric, reported_scores
from assay.web.texts import mark_of, score_text, spread_text, words_of
from assay.web.view import RunView

COLUMNS = (
    "number", "mark", "verdict", "score", "score_text", "spread_text", "gain", "gain_text", "against", "wall_s",
    "wall_text", "operator", "parents", "counts", "step", "title", "reason",
)  # fmt: skip
MARK = COLUMNS.index("mark")


@dataclass(frozen=True)
class Line:
    """One trial, and what its line was made of."""

    trial: Trial
    reported: float | None
    events: int
    """How many there were when it was made."""
    values: list[Any]
    """In the order of `COLUMNS`."""


def lines(run: RunView) -> dict[int, Line]:
    """Return every trial by its number."""
    reported = reported_scores(run.history) if lab_metric(run.history) is not None else {}
    known: dict[int, Line] = run.cache.setdefault("lines", {})  # type: ignore[assignment]
    for number, trial in run.history.trials.items():
        line = known.get(number)
        if line is None or line.trial is not trial or line.reported != reported.get(number):
            values = _values(trial, reported.get(number))
            known[number] = Line(trial, reported.get(number), run.events, values)
    return known


def changed(run: RunView, mark: str) -> Iterator[Line]:
    """Yield the trials that are others than at `mark`, or all of them where that is none of this reading."""
    since = run.changed_since(mark)
    return (line for line in lines(run).values() if line.events > since)


def _values(trial: Trial, reported: float | None) -> list[Any]:
    """Return one trial in the order of `COLUMNS`; with what it reported of itself where nothing is graded."""
    row = row_of(trial)
    decimals = row_decimals(row)
    return [
        row.number,
        mark_of(row),
        words_of(row),
        row.score if reported is None else reported,
        score_text(row) if reported is None else format_score(reported),
        spread_text(row),
        row.effect,
        format_gain(row.effect, decimals=decimals) if row.effect is not None else MISSING,
        row.against,
        row.wall_s,
        format_duration(row.wall_s or None),
        row.operator,
        list(row.parents),
        row.counts,
        trial.step,
        clean_line(row.title),
        clean_line(row.reason, 400),
    ]
