"""History: the journal folded into tables, and what they tell."""

from __future__ import annotations

from assay.journal.history.history import EVERYTHING, History
from assay.journal.history.measurement import Measurement
from assay.journal.history.question import Question
from assay.journal.history.tables import worth_a_try
from assay.journal.history.trial import FINISH, Trial

__all__ = ["EVERYTHING", "FINISH", "History", "Measurement", "Question", "Trial", "worth_a_try"]
