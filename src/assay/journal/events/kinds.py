"""Every kind of event record there is."""

from __future__ import annotations

from assay.journal.events.evidence import EvidenceOpened, EvidenceVerified, Reviewed
from assay.journal.events.payload import Payload
from assay.journal.events.person import FinishPlanned, Paused, ScoredElsewhere, Told
from assay.journal.events.questions import Answered, Asked, Charged, Noted
from assay.journal.events.result import NoiseMeasured, SealedOpened, SubmissionWritten, Validated
from assay.journal.events.run import PhaseEntered, Remarked, RunFinished, RunResumed, RunStarted, StepFinished
from assay.journal.events.trials import AttemptStarted, Executed, Graded, Judged, Repaired, TrialCreated, TrialFinished

PAYLOADS: dict[str, type[Payload]] = {
    cls.kind: cls
    for cls in (
        RunStarted,
        RunResumed,
        Asked,
        Answered,
        Charged,
        Noted,
        TrialCreated,
        AttemptStarted,
        Executed,
        Graded,
        Repaired,
        Judged,
        EvidenceOpened,
        EvidenceVerified,
        Reviewed,
        TrialFinished,
        StepFinished,
        NoiseMeasured,
        SealedOpened,
        Validated,
        SubmissionWritten,
        PhaseEntered,
        Told,
        FinishPlanned,
        Paused,
        ScoredElsewhere,
        Remarked,
        RunFinished,
    )
}
"""By kind, in the order in which a reader meets them."""
