"""Summary: a run at a glance, and the file that keeps it."""

from __future__ import annotations

from assay.journal.summary.file import SummaryFile
from assay.journal.summary.row import Row
from assay.journal.summary.summary import Summary

__all__ = ["Row", "Summary", "SummaryFile"]
