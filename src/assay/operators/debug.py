"""The debug operator: the engine's repairer that asks the `debug` role."""

from __future__ import annotations

from dataclasses import replace

from assay.core.candidate import Candidate
from assay.engine.endings import NoAnswer
from assay.engine.parts import Mended
from assay.kinds.base import Failure
from assay.models.roles import DebugInputs, Repair
from assay.operators.attached import Attached
from assay.operators.brief import brief_at
from assay.operators.expect import expect


class ModelRepairer(Attached):
    """Mends a failing script by asking the `debug` role."""

    def repair(self, key: str, candidate: Candidate, failure: Failure, *, round: int, same: bool) -> Mended | None:
        """Return a mended candidate, or None when the model has nothing to offer."""
        session = self.session
        if session is None:
            return None
        inputs = DebugInputs(
            brief=brief_at(session, session.parts.log.pinned(0), key),
            code=candidate.source,
            error=failure.detail,
            outcome=failure.outcome,
            round=round,
            same_as_before=same,
            recipe=dict(candidate.recipe),
        )
        try:
            reply = expect(session.ask(key, "debug", inputs), Repair)
        except NoAnswer:
            return None
        mended = replace(
            candidate,
            files={**candidate.files, candidate.entry: reply.code},
            recipe=reply.recipe or candidate.recipe,
        )
        return Mended(candidate=mended, cause=reply.cause, by=session.parts.model.name)
