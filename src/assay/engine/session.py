"""Session: the narrow waist that strategies stand on: ask, evaluate, note, and steps over pinned histories.

Everything that costs or decides has a path-like key. A key that the journal knows returns its recorded outcome, so a
strategy is a plain function that can be run again from its start after any crash.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from assay.core.candidate import Candidate
from assay.core.digest import digest_text
from assay.core.errors import IntegrityError
from assay.engine.asking import Asker
from assay.engine.budget import Budget
from assay.engine.endings import NoAnswer
from assay.engine.evaluate import Evaluator
from assay.engine.jobs import Jobs
from assay.engine.parts import Parts
from assay.engine.pause import Pause
from assay.engine.pipeline import Pipeline
from assay.engine.plan import Plan
from assay.engine.step import Step
from assay.journal import events as ev
from assay.journal.history import EVERYTHING, History, Trial
from assay.models.base import Request
from assay.models.roles import ROLES, Inputs, Reply

CONFIRMED = "/confirmed"
"""End of the key under which it is noted that a trial was judged with its confirmation."""


class Session:
    """What a strategy may do. Called from the strategy's thread and from its steps.

    Args:
        parts: What the run is put together from.
        evaluator: Evaluates candidates; None in a run whose task is not graded.
        budget: Says how much is left.
        jobs: Executes candidates that nobody grades; None in a run whose task is graded.
    """

    def __init__(self, parts: Parts, evaluator: Evaluator | None, budget: Budget, jobs: Jobs | None = None) -> None:
        self.parts = parts
        self.budget = budget
        self._graded = evaluator
        self._jobs = jobs
        self._asker = Asker(parts, budget)
        self._pause = Pause(parts, budget)

    @property
    def jobs(self) -> Jobs:
        """What executes candidates that nobody grades.

        Raises:
            LookupError: The run's task is graded: nothing in it may go round the grader.
        """
        if self._jobs is None:
            raise LookupError("a run whose task is graded has no jobs")
        return self._jobs

    @property
    def _evaluator(self) -> Evaluator:
        if self._graded is None:
            raise LookupError("a run whose task is not graded evaluates nothing")
        return self._graded

    def view(self) -> History:
        """Return the history as of now, pinned."""
        return self.parts.log.pinned(EVERYTHING)

    def seed(self, key: str) -> int:
        """Return the 32-bit seed that belongs to `key` in this run."""
        return int(digest_text(f"{self.parts.seed}/{key}")[:8], 16)

    def rng(self, key: str) -> random.Random:
        """Return the generator that belongs to `key` in this run."""
        return random.Random(self.seed(key))

    def ask(self, key: str, role: str, inputs: Inputs) -> Reply:
        """Return the answer to a role's question; an answer in the journal is never asked for again.

        Args:
            key: Names the question within the run.
            role: A key of `assay.models.roles.ROLES`.
            inputs: What the role is told.

        Raises:
            NoAnswer: Whoever answers did so, but never in the asked form.
            Ending: The provider is gone or refuses, or the cap on money or tokens is reached.
            IntegrityError: The journal knows the key with the answer to another question (E402).
        """
        request = Request(
            role=role,
            inputs=inputs,
            messages=self.parts.render(role, inputs),
            reply_type=ROLES[role].reply,
            key=key,
            seed=self.seed(key),
            search=ROLES[role].search,
        )
        known = self.parts.log.read(lambda history: history.questions.get(key))
        if known is not None and known.answer is None and known.request != request.digest:
            # Nobody answered, so nothing was paid for and nothing rests on it: prompts of a newer version may go out.
            known = None
        if known is not None and known.request != request.digest:
            raise IntegrityError(
                "E402",
                f"the question {key!r} was {known.request[:12]} in the journal and is {request.digest[:12]} now",
                kept="every finished trial",
                fix="assay run again: a new run does not depend on the old one",
            )
        if known is not None and known.answer is not None:
            return self._recorded(known.answer, request)
        self._pause.hold()
        if known is None:
            self.parts.log.add(ev.Asked(key=key, role=role, request=request.digest))
        return self._asker.put(request)

    def be_patient(self, seconds: float) -> None:
        """Have every question wait for so long for a provider that is away; the usual is ten minutes at most."""
        self._asker.be_patient(seconds)

    def close(self) -> None:
        """Let no answer that comes too late into the journal any more; called before the run's last event."""
        self._asker.close()

    def evaluate(self, key: str, candidate: Candidate, *, history: History | None = None, **options: Any) -> Trial:
        """Return the finished trial of `candidate`, evaluated once whatever happens.

        Args:
            key: Names the trial within the run.
            candidate: What to evaluate.
            history: What it is raced and judged against; None means the history as of now.
            **options: The other fields of `Plan`.

        Raises:
            Ending: The run was stopped meanwhile; the trial is left for a resumption.
        """
        plan = Plan(key=key, history=history or self.view(), **options)
        return self._evaluator.evaluate(candidate, plan)

    def confirm(self, key: str, trial: Trial, *, history: History, **options: Any) -> Trial:
        """Return a trial that was evaluated with `confirm=False`, judged with the confirmation that it lacks, once.

        Args:
            key: Names the confirmation within the run.
            trial: The trial.
            history: As for `evaluate`.
            **options: As for `evaluate`.

        Raises:
            Ending: The run was stopped meanwhile.
        """
        done = key + CONFIRMED
        if self.parts.log.read(lambda known: done in known.notes):
            return self.parts.log.read(lambda known: known.trials[trial.number])
        judged = self._evaluator.confirm(trial, Plan(key=trial.key, history=history, **options))
        self.note(done, lambda: trial.number)
        return judged

    def create(self, key: str, candidate: Candidate, *, history: History, **options: Any) -> Trial:
        """Return the trial of `candidate` without running it, for trials whose numbers must not depend on threads.

        Args:
            key: As for `evaluate`, which must be called with the same arguments later.
            candidate: As for `evaluate`.
            history: As for `evaluate`.
            **options: As for `evaluate`.
        """
        return self._evaluator.create(candidate, Plan(key=key, history=history, **options))

    def note(self, key: str, make: Callable[[], Any]) -> Any:
        """Return `make()`, or what it returned when the run first came here. JSON values only."""
        missing = object()
        value = self.parts.log.read(lambda history: history.notes.get(key, missing))
        if value is missing:
            value = make()
            self.parts.log.add(ev.Noted(key=key, value=value))
        return value

    def steps(
        self, run_step: Callable[[Step], str], *, start: int = 0, stop: int | None = None, lanes: int | None = None
    ) -> None:
        """Run numbered steps, several at a time, until the run ends.

        Step n starts when all steps up to n - `lanes`, and all before `start`, are done, and sees their trials
        and no later ones: what it decides does not depend on which of the steps beside it is faster. Steps that the
        journal knows as done are not run again; one that was under way sees again what it saw, whatever the number of
        workers is now.

        Args:
            run_step: Does one step and returns a few words on it; runs in a thread.
            start: Number of the first step.
            stop: Number after the last step; None goes on until the budget ends.
            lanes: Steps that are under way without seeing each other, all of them at a time; None means
                `Budget.lanes`, of which as many as there are workers run at a time.

        Raises:
            Ending: A limit is reached, the goal is met, or somebody asked to stop.
        """
        Pipeline(self, run_step, start, stop, lanes).run()

    def _recorded(self, answer: ev.Answered, request: Request[Any]) -> Reply:
        if answer.error:
            raise NoAnswer(answer.error)
        reply: Reply = request.reply_type.model_validate(json.loads(self.parts.objects.get(answer.reply)))
        return reply
