"""The words of a notebook's report."""

from __future__ import annotations

from pydantic import Field

from assay.models.roles.shared import Brief, Inputs, Reply


class NotebookReportInputs(Inputs):
    """Asks for the words of a report; its numbers and tables stand already."""

    brief: Brief
    title: str
    strategy: str
    facts: tuple[str, ...]
    """What was measured, a sentence each, made by code."""


class ReportProse(Reply):
    """The words of a report. A sentence with a number that the facts do not hold is left out of it."""

    summary: str = Field(min_length=1)
    """What was done and what it showed, in two to four sentences."""
    discussion: str = Field(min_length=1)
    """What explains the result, and what speaks against that, in two to five sentences."""
    next_steps: str = Field(min_length=1)
    """What to try next, in one to three sentences."""
