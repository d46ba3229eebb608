"""Scores of a trial that were measured elsewhere, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.cli.output import one_line
from assay.core.clock import iso_utc
from assay.journal.history import History, Trial
from assay.report.elsewhere import as_noted


def elsewhere_lines(history: History, trial: Trial) -> Iterator[str]:
    """Yield a line for each score that a person noted for the trial, in the order in which they did."""
    for time, said in history.elsewhere:
        if said.trial == trial.number:
            yield (
                f" noted   {as_noted(said.score)} on {one_line(said.where, 60)}, {iso_utc(time)}"
                " (measured elsewhere, never ranked)"
            )


def elsewhere_json(history: History, trial: Trial) -> list[dict[str, Any]]:
    """Return the same as JSON values."""
    return [
        {"score": said.score, "where": said.where, "noted": iso_utc(time)}
        for time, said in history.elsewhere
        if said.trial == trial.number
    ]
