"""Patching: changed code after a no, at three points, each gated. What is refused is kept with its reason."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import partial

from assay.core.candidate import Candidate
from assay.core.digest import digest_text
from assay.engine.endings import NoAnswer
from assay.engine.session import Session
from assay.journal import events as ev
from assay.kinds.blocks import blocks_candidate, sources_of
from assay.models.roles import TaskBrief, TaskPatch
from assay.operators.expect import expect
from assay.strategies.code_tasks.briefing import patch_inputs
from assay.strategies.code_tasks.reach import widened

SURE = 0.7
"""Least confidence of a patch that is applied."""


class Patcher:
    """Asks for changed code and decides whether it may be tried.

    Args:
        session: Where it asks.
        key: The task's own, under which everything is journaled.
        most: Most changes at each point, 0 or more.
    """

    def __init__(self, session: Session, key: str, most: int) -> None:
        self._session = session
        self._key = key
        self._most = most

    def tried(self, number: int, point: str) -> int:
        """Return how many changes were asked for at a point: those that were put in, and those that were refused."""
        refused = self._session.parts.log.read(
            lambda history: sum(
                name.startswith(f"{self._key}/patch-{point}-") and name.endswith("/refused") for name in history.notes
            )
        )
        return refused + sum(patch.point == point for patch in self._session.jobs.trial(number).repairs)

    def patch(self, number: int, brief: TaskBrief, point: str, problem: str) -> Candidate | None:
        """Return changed code for the job, journaled with its provenance; None when there is nothing more to try.

        Args:
            number: The job.
            brief: What whoever mends is told.
            point: `approval`, `execution` or `verification`.
            problem: What stood in the way.
        """
        while (round := self.tried(number, point) + 1) <= self._most:
            before, attempt = self._session.jobs.current(number)
            key = f"{self._key}/patch-{point}-{round}"
            try:
                asked = patch_inputs(brief, before, point, problem, round)
                reply = expect(self._session.ask(key, "task_patch", asked), TaskPatch)
            except NoAnswer:
                return None
            after = blocks_candidate((reply.code,), title=before.title, operator="patch", plan=reply.cause)
            refused = self._refused(number, before, after, reply)
            if refused:
                self._session.note(f"{key}/refused", partial(_refusal, point, before, after, refused))
                problem = f"{problem}\n\nThe last change was refused: {refused}."
                continue
            told = ev.Repaired(
                trial=number,
                attempt=attempt + 1,
                candidate="",
                cause=reply.cause,
                by=self._session.parts.model.name,
                signature=digest_text(problem),
                point=point,
                patch=digest_text(f"{number}/{attempt + 1}/{before.digest}/{after.digest}"),
                confidence=reply.confidence,
            )
            return self._session.jobs.mend(number, before, after, told)
        return None

    def _refused(self, number: int, before: Candidate, after: Candidate, reply: TaskPatch) -> str:
        """Return why changed code may not be tried, or empty."""
        if reply.confidence < SURE:
            return f"a confidence of {reply.confidence:g}, at least {SURE:g} is asked for"
        earlier = [before, *self._earlier(number)]
        if any(_same(sources_of(after), sources_of(one)) for one in earlier):
            return "it does what code did that was tried before"
        wider = widened(sources_of(before), sources_of(after))
        return f"it reaches for more than the code did: {', '.join(wider[:6])}" if wider else ""

    def _earlier(self, number: int) -> Sequence[Candidate]:
        trial, objects = self._session.jobs.trial(number), self._session.parts.objects
        return [objects.candidate(digest) for digest in (trial.created_as, *(r.candidate for r in trial.repairs))]


def _refusal(point: str, before: Candidate, after: Candidate, why: str) -> dict[str, str]:
    return {"point": point, "before": before.digest, "after": after.digest, "why": why}


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two programs are the same but for comments and layout."""
    try:
        return ast.dump(ast.parse("\n".join(one))) == ast.dump(ast.parse("\n".join(other)))
    except (SyntaxError, ValueError, RecursionError):
        return "\n".join(one).split() == "\n".join(other).split()
