"""Session: the narrow waist that strategies stand on: ask, evaluate, note, and steps over pinned histories.

Everything that costs or decides has a path-like key. A key that the journal knows returns its recorded outcome, so a
strategy is a plain function that can be run again from its start after any crash.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from assay.core.candidate import Candidate
from assay.core.digest import digest_text
from assay.core.errors import IntegrityError
from assay.engine.asking import Asker
from assay.engine.budget import Budget
from assay.engine.endings import INTERRUPT, Ending, NoAnswer
from assay.engine.evaluate import Evaluator
from assay.engine.jobs import Jobs
from assay.engine.parts import Parts
from assay.engine.plan import Plan
from assay.engine.stage import Stage
from assay.journal import events as ev
from assay.journal.history import EVERYTHING, History, Trial
from assay.models.base import Request
from assay.models.roles import ROLES, Inputs, Reply

S = TypeVar("S")

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
        _Pipeline(self, run_step, start, stop, lanes).run()

    def _recorded(self, answer: ev.Answered, request: Request[Any]) -> Reply:
        if answer.error:
            raise NoAnswer(answer.error)
        reply: Reply = request.reply_type.model_validate(json.loads(self.parts.objects.get(answer.reply)))
        return reply


class Step:
    """One step of a strategy: its number, its pinned history, and the session under its own keys.

    Args:
        session: The running session.
        number: Counted from 0 over the whole run.
        history: What the step may know.
        lanes: How many steps may be under way without seeing each other, as of when this one was first begun.
        key: Under which everything of the step is journaled; None means that of its number.
        stage: The part of the search that it is in; None where the strategy knows no parts.
    """

    def __init__(
        self,
        session: Session,
        number: int,
        history: History,
        lanes: int,
        *,
        key: str | None = None,
        stage: Stage | None = None,
    ) -> None:
        self.session = session
        self.number = number
        self.history = history
        self.lanes = lanes
        self.key = step_key(number) if key is None else key
        self.stage = stage

    def within(self, name: str, history: History | None = None) -> Step:
        """Return a part of this step, for steps that take many decisions.

        Args:
            name: Names the part within the step.
            history: What the part may know; None means what the step knows.
        """
        key, known = f"{self.key}/{name}", history or self.history
        return Step(self.session, self.number, known, self.lanes, key=key, stage=self.stage)

    def at(self, stage: Stage) -> Step:
        """Return this step in a part of the search; its key stays."""
        return Step(self.session, self.number, self.history, self.lanes, key=self.key, stage=stage)

    @property
    def lane(self) -> int:
        """Which of the `lanes` this step is in: it sees all earlier steps of its own lane."""
        return self.number % self.lanes

    @property
    def rng(self) -> random.Random:
        """The generator that belongs to this step; the same at every call."""
        return self.session.rng(self.key)

    def ask(self, name: str, role: str, inputs: Inputs) -> Reply:
        """Ask as `Session.ask`, under this step's key and `name`."""
        return self.session.ask(f"{self.key}/{name}", role, inputs)

    def evaluate(self, name: str, candidate: Candidate, **options: Any) -> Trial:
        """Evaluate as `Session.evaluate`, under this step's key and `name`, against its pinned history."""
        return self.session.evaluate(f"{self.key}/{name}", candidate, **self._placed(options))

    def confirm(self, name: str, trial: Trial) -> Trial:
        """Confirm as `Session.confirm`, under this step's key and `name`, against its pinned history."""
        return self.session.confirm(f"{self.key}/{name}", trial, **self._placed({}))

    def evaluate_all(self, candidates: Mapping[str, Candidate], **options: Any) -> list[Trial]:
        """Evaluate several candidates at a time, none of which knows of the others.

        Args:
            candidates: By the name that `evaluate` would be given.
            **options: As for `evaluate`.
        """
        for name, candidate in candidates.items():
            self.session.create(f"{self.key}/{name}", candidate, **self._placed(options))
        with ThreadPoolExecutor(max(1, self.session.budget.limits.workers), thread_name_prefix=self.key) as pool:
            return list(pool.map(lambda entry: self.evaluate(*entry, **options), candidates.items()))

    def _placed(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return `options` with this step's place in the search."""
        own = {"history": self.history, "step": self.number, "slot": self.lane, "lanes": self.lanes}
        return {**own, **options}


def step_key(number: int) -> str:
    """Return the key under which everything of a step is journaled."""
    return f"step-{number:04d}"


class _Pipeline:
    """Runs steps on a bounded pool, each after the steps it may depend on."""

    def __init__(
        self, session: Session, run_step: Callable[[Step], str], start: int, stop: int | None, lanes: int | None
    ) -> None:
        self._session = session
        self._run_step = run_step
        self._start = start
        self._stop = stop
        self._workers = lanes or max(1, session.budget.limits.workers)
        self._lanes = lanes or session.budget.lanes

    def run(self) -> None:
        running: dict[Future[None], int] = {}
        with ThreadPoolExecutor(self._workers, thread_name_prefix="step") as pool:
            try:
                for number in self._numbers():
                    self._wait(running, number - self._lanes)
                    self._session.budget.check()
                    running[pool.submit(self._one, number)] = number
                self._wait(running, None)
            except BaseException as reason:
                self._session.budget.stop(reason.stopped_by if isinstance(reason, Ending) else INTERRUPT)
                self._session.parts.activities.stop()
                raise
            finally:
                wait(running)
                self._session.parts.activities.go_on()

    def _numbers(self) -> Iterator[int]:
        number = self._start
        while self._stop is None or number < self._stop:
            if not self._known(number):
                yield number
            number += 1

    def _known(self, number: int) -> bool:
        return self._session.parts.log.read(lambda history: number in history.steps)

    def _wait(self, running: dict[Future[None], int], last: int | None) -> None:
        """Wait until every step numbered up to `last` is done, or all steps if it is None."""
        while any(last is None or number <= last for number in running.values()):
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                del running[future]
                future.result()

    def _one(self, number: int) -> None:
        self._session.budget.check()
        sees = self._session.note(f"{step_key(number)}/sees", lambda: self._horizon(number))
        history = self._session.parts.log.pinned(sees["steps"])
        summary = self._run_step(Step(self._session, number, history, sees["lanes"]))
        self._session.parts.log.add(ev.StepFinished(step=number, summary=summary))

    def _horizon(self, number: int) -> dict[str, int]:
        """Return what a step may see; noted, since a resumed run may have another number of workers."""
        return {"steps": max(self._start, number - self._lanes + 1), "lanes": self._lanes}
