"""Events: the facts that a run appends to its journal, one frozen record a kind.

An event says what happened, never what should be shown: tables, reports and resumption are derived.
Records only ever gain fields with defaults, so that old journals stay readable.
"""

from __future__ import annotations

from assay.journal.events.event import Event, body_digest
from assay.journal.events.evidence import EvidenceFinding, EvidenceOpened, EvidenceVerified, Reviewed
from assay.journal.events.kinds import PAYLOADS
from assay.journal.events.payload import COMMON, Payload
from assay.journal.events.person import FinishPlanned, Paused, ScoredElsewhere, Told, Wish
from assay.journal.events.questions import Answered, Asked, Charged, Noted
from assay.journal.events.result import NoiseMeasured, SealedOpened, SubmissionWritten, Validated
from assay.journal.events.run import PhaseEntered, Remarked, RunFinished, RunResumed, RunStarted, StepFinished
from assay.journal.events.trials import AttemptStarted, Executed, Graded, Judged, Repaired, TrialCreated, TrialFinished

__all__ = [
    "COMMON",
    "PAYLOADS",
    "Answered",
    "Asked",
    "AttemptStarted",
    "Charged",
    "Event",
    "EvidenceFinding",
    "EvidenceOpened",
    "EvidenceVerified",
    "Executed",
    "FinishPlanned",
    "Graded",
    "Judged",
    "NoiseMeasured",
    "Noted",
    "Paused",
    "Payload",
    "PhaseEntered",
    "Remarked",
    "Repaired",
    "Reviewed",
    "RunFinished",
    "RunResumed",
    "RunStarted",
    "ScoredElsewhere",
    "SealedOpened",
    "StepFinished",
    "SubmissionWritten",
    "Told",
    "TrialCreated",
    "TrialFinished",
    "Validated",
    "Wish",
    "body_digest",
]
