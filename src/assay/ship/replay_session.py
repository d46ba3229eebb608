"""The session of a replay: the waist that a strategy stands on, over a record."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.engine.budget import Budget
from assay.engine.endings import Ending, NoAnswer
from assay.engine.evaluate import Evaluator
from assay.engine.parts import Parts
from assay.engine.session import Session
from assay.engine.step import Step, step_key
from assay.journal import events as ev
from assay.journal.history import FINISH, History, Trial
from assay.models.roles import ROLES, Inputs, Reply
from assay.ship.replay_found import Difference, Replay


class ReplaySession(Session):
    """A session that walks recorded steps one after the other, and says what comes out otherwise.

    Args:
        parts: As of `Session`, and so are the next two.
        evaluator: Takes candidates through what the record holds of them.
        budget: With time enough.
        record: The run's journal as tables.
        done: Filled on the way.
    """

    def __init__(self, parts: Parts, evaluator: Evaluator, budget: Budget, record: History, done: Replay) -> None:
        super().__init__(parts, evaluator, budget)
        self._record = record
        self._done = done

    def ask(self, key: str, role: str, inputs: Inputs) -> Reply:
        """Return the recorded answer; that the question is put otherwise, or was not put, is a difference."""
        known = self.parts.log.read(lambda history: history.questions.get(key))
        if known is None or known.answer is None:
            if self._was_done(key):
                self._differs("asked", key, "not asked", role)
            raise Ending("record")
        self._done.questions += 1
        try:
            return super().ask(key, role, inputs)
        except IntegrityError as error:
            if error.code != "E402":
                raise
        self._differs("question", key, known.request[:12], "other words")
        return self._answer_of(known.answer, role)

    def evaluate(self, key: str, candidate: Candidate, *, history: History | None = None, **options: Any) -> Trial:
        """Return the finished trial, after its candidate was held against the recorded one."""
        self._meet(key, candidate)
        return super().evaluate(key, candidate, history=history, **options)

    def create(self, key: str, candidate: Candidate, *, history: History, **options: Any) -> Trial:
        """Return the trial without running it, after its candidate was held against the recorded one."""
        self._meet(key, candidate)
        return super().create(key, candidate, history=history, **options)

    def steps(
        self, run_step: Callable[[Step], str], *, start: int = 0, stop: int | None = None, lanes: int | None = None
    ) -> None:
        """Run the steps that the record holds, one after the other, each with what it saw then."""
        del lanes  # each step's own are noted
        cut = False
        number = start
        while stop is None or number < stop:
            sees = self._record.notes.get(f"{step_key(number)}/sees")
            if sees is None:
                cut = cut or stop is None or number < stop
                break
            history = self.parts.log.pinned(sees["steps"])
            try:
                summary = run_step(Step(self, number, history, sees["lanes"]))
                self.parts.log.add(ev.StepFinished(step=number, summary=summary))
                self._done.steps += 1
            except Ending:
                # Cut off by the end of the run, as recorded; the steps beside it may have gone on.
                cut = True
            self.parts.activities.go_on()
            number += 1
        if cut:
            raise Ending("record")

    def _meet(self, key: str, candidate: Candidate) -> None:
        known = self.parts.log.read(lambda history: history.trial_by_key(key))
        if known is None:
            told = self._record.trial_by_key(key)
            if told is None and not key.startswith(FINISH):
                self._differs("candidate", key, "none", candidate.digest[:12])
                raise Ending("record")
            return
        then = self.parts.objects.candidate(known.created_as).digest
        self._done.candidates += 1
        if then != candidate.digest:
            self._differs("candidate", key, then[:12], candidate.digest[:12])

    def _was_done(self, key: str) -> bool:
        """Whether the step of this key came to its end in the record: it then asked all that it had to ask."""
        return any(key.startswith(f"{step_key(number)}/") for number in self._record.steps)

    def _answer_of(self, answer: ev.Answered, role: str) -> Reply:
        if answer.error:
            raise NoAnswer(answer.error)
        reply: Reply = ROLES[role].reply.model_validate(json.loads(self.parts.objects.get(answer.reply)))
        return reply

    def _differs(self, what: str, where: str, then: str, now: str) -> None:
        one = Difference(what=what, where=where, then=then, now=now)
        if one not in self._done.differences:
            self._done.differences.append(one)
