"""The model's tier for notebooks: whoever answers rewrites open cells; an edit to a locked one is refused."""

from __future__ import annotations

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.engine.endings import NoAnswer
from assay.engine.parts import Mended
from assay.kinds.base import Failure
from assay.kinds.notebook import NotebookKind, describe, locks_of, notebook_of
from assay.models.roles import CellText, NotebookDebugInputs, NotebookRepair
from assay.operators.attached import Attached
from assay.operators.brief import brief_at
from assay.operators.expect import expect

_ASKS = 2
"""Times that a question is put: once more with the reason when an edit was refused."""


class NotebookModelRepairer(Attached):
    """Mends a failing notebook by asking the role `notebook_debug`."""

    def repair(self, key: str, candidate: Candidate, failure: Failure, *, round: int, same: bool) -> Mended | None:
        """Return the mended notebook, or None when nothing usable is offered."""
        session = self.session
        if session is None:
            return None
        refused: list[str] = []
        for number in range(_ASKS):
            inputs = NotebookDebugInputs(
                brief=brief_at(session, session.parts.log.pinned(0), key),
                cells=_cells(candidate),
                failing=failure.unit,
                line=failure.line,
                error=failure.detail,
                outcome=failure.outcome,
                round=round,
                same_as_before=same,
                refused="; ".join(refused),
            )
            try:
                reply = session.ask(f"{key}/again" if number else key, "notebook_debug", inputs)
            except NoAnswer:
                return None
            repair = expect(reply, NotebookRepair)
            try:
                mended = apply_edits(candidate, repair)
            except (IntegrityError, ValueError, KeyError) as error:
                refused.append(error.message if isinstance(error, IntegrityError) else str(error).strip("'\""))
                continue
            cause = "; ".join([repair.cause, *(f"refused before: {why}" for why in refused)])
            return Mended(candidate=mended, cause=cause, by=session.parts.model.name)
        return None


def apply_edits(candidate: Candidate, reply: NotebookRepair) -> Candidate:
    """Return the notebook with all edits of a reply, or raise and leave it as it is.

    Raises:
        IntegrityError: An edit would change a locked cell (E404).
        ValueError: An edited cell does not parse.
        KeyError: There is no code cell of that id.
    """
    kind = NotebookKind()
    for edit in reply.edits:
        unit = next((unit for unit in kind.units(candidate) if unit.name == edit.cell), None)
        if unit is None:
            raise KeyError(f"there is no code cell {edit.cell!r}")
        candidate = kind.replace(candidate, unit, edit.code)
    return candidate


def _cells(candidate: Candidate) -> tuple[CellText, ...]:
    notebook, locked = notebook_of(candidate), locks_of(candidate).ids
    return tuple(
        CellText(
            id=info.id,
            name=info.name,
            purpose=info.purpose,
            section=info.section,
            code=notebook.cell(info.id).source,
            locked=info.id in locked,
        )
        for info in describe(notebook)
        if info.type == "code"
    )
