"""Replay: the search walked again over what the journal recorded, to see whether the same decisions come out.

What was bought or waited for is taken from the record: answers of models, notes, and executions with the predictions
that they left. Everything that the engine decides from it is decided again: which questions are asked, which candidates
come of the answers, every score (from the stored predictions and the hidden labels), repairs, races, verdicts, noise,
the blend, the winner. Nothing is asked of a model, and nothing is paid.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from assay.core.budget import Limits
from assay.core.candidate import Candidate
from assay.core.errors import AssayError, IntegrityError, ModelError, NothingFound
from assay.core.execution import Outcome
from assay.core.trial import TrialState
from assay.data import Views, verify_data
from assay.engine.budget import Budget
from assay.engine.deliver import Delivery
from assay.engine.endings import Ending, NoAnswer
from assay.engine.evaluate import Evaluator
from assay.engine.finish import Finish
from assay.engine.judging import Judge
from assay.engine.log import EventLog
from assay.engine.measure import Measurer
from assay.engine.parts import Parts
from assay.engine.session import CONFIRMED, Session, Step, step_key
from assay.journal import events as ev
from assay.journal.events import Event
from assay.journal.history import EVERYTHING, FINISH, History, Trial
from assay.journal.memory import MemoryJournal
from assay.journal.objects import ObjectStore
from assay.models.base import Answer, Request
from assay.models.roles import Inputs, Reply
from assay.operators.repair import TieredRepairer
from assay.sandbox import FakeResult, FakeSandbox, remove_tree
from assay.ship.audit import read_chain
from assay.strategies.assemble import executions_at_once, open_shell, parts_of, sandbox_limits
from assay.strategies.launch import read_description

NOT_REPLAYED = "E214"
_RECORDED = (ev.RunStarted, ev.Asked, ev.Answered, ev.Noted, ev.TrialCreated, ev.Told)
_RAN = (ev.AttemptStarted, ev.Executed)
_ENOUGH_S = 1e7
"""Seconds that a replay has left under any limit."""
_EQUAL = 1e-9
"""Share of a score by which the recorded one and the one computed again may differ in their last digits."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that came out otherwise."""

    what: str
    """`question` (its words), `asked` (whether at all), `candidate`, `score`, `state`, `verdict`, `noise`, `winner` or
    `sealed`."""
    where: str
    """Key, or number of the trial."""
    then: str
    now: str

    @property
    def decides(self) -> bool:
        """Whether it is a decision; the words of a question also tell what the machine has, which may be another."""
        return self.what != "question"


@dataclass(kw_only=True)
class Replay:
    """What walking the search again came to."""

    run: str
    executed: bool
    """Whether candidates were run again, in the place of the executions in the journal."""
    steps: int = 0
    questions: int = 0
    candidates: int = 0
    scores: int = 0
    verdicts: int = 0
    trials: int = 0
    """Trials of the record that were decided again to their end."""
    cut_off: int = 0
    """Trials that the end of the run had cut off, of which there is nothing to compare."""
    not_reached: tuple[int, ...] = ()
    """Trials that were not decided again, because an earlier difference led elsewhere."""
    differences: list[Difference] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether every decision came out as recorded."""
        return not self.not_reached and not any(one.decides for one in self.differences)


def replay(folder: Path, *, execute: bool = False) -> Replay:
    """Walk the search of a run again and return what came out.

    Args:
        folder: The run's; nothing in it is changed, but for views that are built again where they are gone.
        execute: Whether candidates are run again instead of being taken from the record.

    Raises:
        IntegrityError: The journal's chain is broken (E401), the data have changed (E405), or predictions that were
            stored are gone (E403).
        NothingFound: The run never started, or is of a kind that cannot be replayed (E214).
        AssayError: The data or the interpreter cannot be used.
    """
    events, chain = read_chain(folder / "events.jsonl")
    if chain.broken:
        raise IntegrityError("E401", chain.broken, kept=f"{chain.events} events before it", fix="assay audit")
    record = History(events)
    if record.started is None or not record.task.graded:
        raise NothingFound(
            NOT_REPLAYED, f"the run {folder.name!r} has no graded search that could be replayed", fix="assay audit"
        )
    done = Replay(run=record.started.run, executed=execute)
    scratch = Path(tempfile.mkdtemp(prefix="assay-replay-"))
    try:
        with ExitStack() as stack:
            _walk(stack, folder, scratch, events, record, done)
    finally:
        with suppress(OSError):
            remove_tree(scratch)
    return done


def _walk(
    stack: ExitStack, folder: Path, scratch: Path, events: Sequence[Event], record: History, done: Replay
) -> None:
    task, options = read_description(folder)
    verify_data(task)
    # No limit ends a replay: where the record ends, it ends. The workers stay: prompts tell what each of them has.
    limits = Limits(workers=options.limits.workers, trial_timeout_s=options.limits.trial_timeout_s)
    keyless = replace(options, model="playbook", role_models={}, base_url=None, limits=options.limits, warm=False)
    shell = open_shell(stack, scratch, task, keyless)
    log = EventLog(MemoryJournal(_kept(events, executions=not done.executed)), shell.clock)
    parts = replace(
        parts_of(shell, log, keyless),
        folder=scratch,
        objects=_Objects(folder / "objects", scratch / "objects"),
        views=Views(task, folder / "views", folder / "private"),
        model=_NoModel(),
        seed=options.seed,
        secrets=(folder / "private", folder / "events.jsonl", scratch / "private"),
    )
    if not done.executed:
        never = FakeSandbox(lambda *_: _NEVER)
        stack.callback(never.close)
        parts = replace(parts, sandbox=never)
    budget = Budget(limits, log, shell.clock)
    # What a strategy left out for want of time is in its notes, which it looks up only under a limit.
    timed = replace(limits, wall_s=record.limits.wall_s)
    plenty = Budget(timed, log, shell.clock, begun=shell.clock.monotonic() + record.wall_s + _ENOUGH_S)
    at_once = executions_at_once(shell.sandbox, options.limits)  # a race is decided after that many folds
    measurer = Measurer(parts, sandbox_limits(shell.machine), at_once=at_once)
    judge = Judge(parts, measurer, budget)
    delivery = Delivery(parts, measurer, budget)
    repairer = TieredRepairer()
    evaluator = Evaluator(parts, measurer, judge, budget, repairer, delivery=delivery, max_repairs=options.fix_rounds)
    session = _Session(parts, evaluator, plenty, record, done)
    repairer.attach(session)
    with suppress(Ending):
        shell.strategy.run(session)
    session.close()
    _finish(parts, Finish(parts, measurer, judge, budget, delivery), record)
    _compare(record, log.pinned(EVERYTHING), done)


_NEVER = FakeResult(outcome=Outcome.STOPPED, exit_code=None, detail="the record holds no such execution")


def _kept(events: Sequence[Event], *, executions: bool) -> list[Event]:
    """Return the recorded facts that the walk rests on, chained anew; what was decided from them is left out."""
    wanted = (*_RECORDED, *(_RAN if executions else ()))
    kept: list[Event] = []
    for event in events:
        payload = event.payload
        if not isinstance(payload, wanted):
            continue
        if isinstance(payload, ev.TrialCreated) and payload.key.startswith(FINISH):
            continue  # made by the finish, which is walked again
        if isinstance(payload, ev.Noted) and (payload.key.startswith(FINISH) or payload.key.endswith(CONFIRMED)):
            continue  # decided again
        kept.append(Event.after(kept[-1] if kept else None, time=event.time, payload=payload))
    known = {e.payload.trial for e in kept if isinstance(e.payload, ev.TrialCreated)}
    # A blend is mixed, not run; what else the finish's trials ran would have no trial to belong to.
    return _chained([e for e in kept if not isinstance(e.payload, _RAN) or e.payload.trial in known])


def _chained(events: Sequence[Event]) -> list[Event]:
    found: list[Event] = []
    for event in events:
        found.append(Event.after(found[-1] if found else None, time=event.time, payload=event.payload))
    return found


class _Objects(ObjectStore):
    """Reads what the run kept, and writes elsewhere: a replay leaves the run's folder as it is."""

    def __init__(self, kept: Path, own: Path) -> None:
        super().__init__(own)
        self._kept_before = ObjectStore(kept)

    def path(self, digest: str) -> Path:
        try:
            return super().path(digest)
        except IntegrityError:
            return self._kept_before.path(digest)

    def get(self, digest: str) -> bytes:
        try:
            return super().get(digest)
        except IntegrityError:
            return self._kept_before.get(digest)


class _NoModel:
    """Answers nothing: what the record does not hold, nobody is asked."""

    name = "recorded"

    def answer(self, request: Request[Any]) -> Answer[Any]:
        raise ModelError("E305", f"the record holds no answer to {request.key!r}", fix="assay rerun")


class _Session(Session):
    """A session that walks recorded steps one after the other, and says what comes out otherwise."""

    def __init__(self, parts: Parts, evaluator: Evaluator, budget: Budget, record: History, done: Replay) -> None:
        super().__init__(parts, evaluator, budget)
        self._record = record
        self._done = done

    def ask(self, key: str, role: str, inputs: Inputs) -> Reply:
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
        self._meet(key, candidate)
        return super().evaluate(key, candidate, history=history, **options)

    def create(self, key: str, candidate: Candidate, *, history: History, **options: Any) -> Trial:
        self._meet(key, candidate)
        return super().create(key, candidate, history=history, **options)

    def steps(
        self, run_step: Callable[[Step], str], *, start: int = 0, stop: int | None = None, lanes: int | None = None
    ) -> None:
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
        import json

        from assay.models.roles import ROLES

        if answer.error:
            raise NoAnswer(answer.error)
        reply: Reply = ROLES[role].reply.model_validate(json.loads(self.parts.objects.get(answer.reply)))
        return reply

    def _differs(self, what: str, where: str, then: str, now: str) -> None:
        one = Difference(what=what, where=where, then=then, now=now)
        if one not in self._done.differences:
            self._done.differences.append(one)


def _finish(parts: Parts, finish: Finish, record: History) -> None:
    """Blend, choose, fit and open the seal again, as far as the record tells what came of it."""
    stopped_by = record.finished.stopped_by if record.finished is not None else ""
    if record.finished is None:
        return
    try:
        winner = finish.work(stopped_by)
    except (Ending, AssayError):
        return  # what differs because of it is told by the comparison
    parts.log.add(ev.RunFinished(stopped_by=stopped_by, exit_code=record.finished.exit_code, winner=winner))


# --- what came out ---------------------------------------------------------------------------------------------------


def _compare(record: History, now: History, done: Replay) -> None:
    tolerance = (record.noise.floor or 0.0) if done.executed and record.noise is not None else 0.0
    missed = []
    for trial in record.trials.values():
        mine = now.trial_by_key(trial.key)
        if trial.state is TrialState.STOPPED or not trial.state.is_final:
            done.cut_off += 1
        elif mine is None or not mine.state.is_final:
            missed.append(trial.number)
        else:
            done.trials += 1
            done.differences += _of_trial(trial, mine, done, tolerance)
    done.not_reached = tuple(missed)
    done.differences += _of_run(record, now, done, tolerance)


def _of_trial(then: Trial, now: Trial, done: Replay, tolerance: float) -> Iterator[Difference]:
    where = f"#{then.number}"
    if then.state is not now.state:
        yield Difference(what="state", where=where, then=str(then.state), now=str(now.state))
        return
    for view in then.scores:
        done.scores += 1
        if view not in now.scores or not _near(then.scores[view], now.scores[view], tolerance):
            yield Difference(
                what="score", where=f"{where} {view}", then=f"{then.scores[view]:.9g}", now=f"{now.scores.get(view)!r}"
            )
    if then.verdict is not None:
        done.verdicts += 1
        if then.verdict is not now.verdict:
            yield Difference(what="verdict", where=where, then=str(then.verdict), now=str(now.verdict))


def _of_run(then: History, now: History, done: Replay, tolerance: float) -> Iterator[Difference]:
    if then.noise is not None:
        floor = now.noise.floor if now.noise is not None else None
        if not _near(then.noise.floor, floor, tolerance):
            yield Difference(what="noise", where="run", then=f"{then.noise.floor!r}", now=f"{floor!r}")
    if then.finished is None:
        return
    winner = now.finished.winner if now.finished is not None else None
    keys = [
        h.trials[n].key if n is not None and n in h.trials else "none"
        for h, n in ((then, then.finished.winner), (now, winner))
    ]
    if keys[0] != keys[1]:
        yield Difference(what="winner", where="run", then=f"#{then.finished.winner}", now=f"#{winner}")
    if then.sealed is not None and then.sealed.score is not None:
        done.scores += 1
        again = now.sealed.score.value if now.sealed is not None and now.sealed.score is not None else None
        if not _near(then.sealed.score.value, again, tolerance):
            yield Difference(what="sealed", where="run", then=f"{then.sealed.score.value:.9g}", now=f"{again!r}")


def _near(then: float | None, now: float | None, tolerance: float) -> bool:
    if then is None or now is None:
        return then is now
    return math.isclose(then, now, rel_tol=_EQUAL, abs_tol=max(tolerance, 1e-15))
