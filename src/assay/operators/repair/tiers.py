"""Tiers: the engine's repairer that tries rules first and asks when they do not know or did not help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.engine.parts import Mended, Repairer
from assay.engine.session import Session
from assay.kinds.base import Failure
from assay.kinds.notebook import NOTEBOOK, NotebookKind
from assay.operators.debug import ModelRepairer
from assay.operators.repair.model import NotebookModelRepairer
from assay.operators.repair.rules import find_patch


class RuleRepairer:
    """Mends an open cell of a notebook by rules; never a locked one, and never twice for the same failure."""

    def repair(self, key: str, candidate: Candidate, failure: Failure, *, round: int, same: bool) -> Mended | None:
        """Return the mended notebook, or None where no rule knows the failure or the last repair did not help."""
        del key, round
        if same or not failure.unit or failure.outcome != "cell error":
            return None
        kind = NotebookKind()
        unit = next((unit for unit in kind.units(candidate) if unit.name == failure.unit), None)
        if unit is None or unit.protected:
            return None
        patch = find_patch(unit.text, failure.line, failure.error)
        if patch is None:
            return None
        try:
            return Mended(candidate=kind.replace(candidate, unit, patch.source), cause=patch.cause, by="rules")
        except (IntegrityError, ValueError):
            return None


class TieredRepairer:
    """Asks one tier after the other, by the kind of the candidate; a tier that changes nothing is passed over.

    Args:
        rules: Whether rules are tried before anybody is asked.
    """

    def __init__(self, *, rules: bool = True) -> None:
        self._script, self._notebook = ModelRepairer(), NotebookModelRepairer()
        first: Sequence[Repairer] = [RuleRepairer()] if rules else []
        self._tiers: Mapping[str, Sequence[Repairer]] = {NOTEBOOK: [*first, self._notebook]}

    def attach(self, session: Session) -> None:
        """Use `session` for questions from now on."""
        self._script.attach(session)
        self._notebook.attach(session)

    def repair(self, key: str, candidate: Candidate, failure: Failure, *, round: int, same: bool) -> Mended | None:
        """Return what the first tier offers that changes anything, or None."""
        for tier in self._tiers.get(candidate.kind, [self._script]):
            mended = tier.repair(key, candidate, failure, round=round, same=same)
            if mended is not None and mended.candidate.digest != candidate.digest:
                return mended
        return None


if TYPE_CHECKING:

    def _conforms(tiered: TieredRepairer, rules: RuleRepairer) -> tuple[Repairer, Repairer]:
        return tiered, rules
