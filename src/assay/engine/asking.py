"""Asking: puts questions to the model, and journals what came of them and what they took."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import replace
from typing import Any, TypeVar

from assay.core.errors import AssayError, BudgetSpent, ModelError, ProviderDown, QuestionRefused, ReplyInvalid
from assay.engine.budget import Budget
from assay.engine.caps import CapWatch
from assay.engine.endings import Ending, NoAnswer
from assay.engine.outage import Outage
from assay.engine.parts import Parts
from assay.journal import events as ev
from assay.models.base import Answer, Request
from assay.models.roles import Reply

T = TypeVar("T")

MOST_REFUSED = 5
"""Questions refused one after the other at which the search ends: a model that refuses all would burn the night."""
LOOK_S = 0.2
"""Seconds between two looks at whether the answer is still wanted."""

_logger = logging.getLogger(__name__)


class NobodyWaits(Exception):
    """The answer was not waited for to the end."""


class Asker:
    """Puts one question at a time for each thread that asks. Whatever a question took is in the journal afterwards.

    Args:
        parts: What the run is put together from.
        budget: Says when the search is over, and is told when the model ends it.
    """

    def __init__(self, parts: Parts, budget: Budget) -> None:
        self._parts = parts
        self._budget = budget
        self._caps = CapWatch(parts.log, budget.limits)
        self._outage = Outage(parts.log, parts.clock, left_s=lambda: budget.search_s, is_over=self._is_over)
        self._lock = threading.Lock()
        self._refused = 0
        self._closed = False

    def put(self, request: Request[Any]) -> Reply:
        """Return the reply to `request`, journaled.

        Raises:
            NoAnswer: The question was refused, or answered but never in the asked form; that is journaled as the
                answer, so that a resumed run does not repeat it.
            Ending: The search is over, or is ended by this: no provider, no account, a cap, too many refusals in a row.
        """
        with self._parts.activities.doing("model", request.role):
            while True:
                try:
                    answer = self._answer(request)
                except NobodyWaits as nobody:
                    self._budget.check()
                    raise Ending("user") from nobody
                except (ReplyInvalid, QuestionRefused) as error:
                    self._answered(request, error=_told(error), usage=error.usage)
                    if self._refused_in_a_row(isinstance(error, QuestionRefused)) >= MOST_REFUSED:
                        raise self._end(error) from error
                    raise NoAnswer(error.message) from error
                except ModelError as error:
                    self._charge(request, error)
                    if isinstance(error, ProviderDown) and self._outage.wait(error):
                        self._budget.check()
                        continue
                    raise self._end(error) from error
                self._outage.end()
                self._refused_in_a_row(False)
                return self._keep(request, answer)

    def be_patient(self, seconds: float) -> None:
        """Wait for so long for a provider that is away, before the search ends for want of answers."""
        self._outage.be_patient(seconds)

    def close(self) -> None:
        """Journal no late answers from now on."""
        with self._lock:
            self._closed = True

    def _answer(self, request: Request[Any]) -> Answer[Any]:
        return wait_for(
            lambda wanted: self._parts.model.answer(replace(request, wanted=wanted)),
            self._is_over,
            lambda late: self._keep_late(request, late),
        )

    def _refused_in_a_row(self, refused: bool) -> int:
        """Count a question that was refused, or one that was answered; return how many were refused since then."""
        with self._lock:
            self._refused = self._refused + 1 if refused else 0
            return self._refused

    def _is_over(self) -> bool:
        """Whether the search has no use for further answers: it is being stopped, or its time is up."""
        return self._parts.activities.stopped or self._budget.search_s == 0

    def _end(self, error: ModelError) -> Ending:
        """Stop the search for want of answers; return what to raise."""
        if isinstance(error, BudgetSpent):
            stopped_by: str = error.cap
        else:
            stopped_by = error.code
            self._parts.log.add(ev.Remarked(code=error.code, text=error.message))
        self._budget.stop(stopped_by)
        return Ending(stopped_by)

    # --- the journal -----------------------------------------------------------------------------------------------

    def _keep(self, request: Request[Any], answer: Answer[Any]) -> Reply:
        reply: Reply = answer.reply
        digest = self._parts.objects.put_json(reply.model_dump(mode="json"))
        self._answered(
            request,
            reply=digest,
            model=answer.model,
            usage=answer.usage,
            latency_s=answer.latency_s,
            searched=answer.searched,
            sources=answer.sources,
            kept=answer.kept,
        )
        return reply

    def _keep_late(self, request: Request[Any], late: Future[Answer[Any]]) -> None:
        """Journal an answer that came after the search had ended: it is paid for, and a resumed run will want it."""
        with self._lock:
            if self._closed:
                return
            try:
                self._keep(request, late.result())
            except (ReplyInvalid, QuestionRefused) as error:
                self._answered(request, error=_told(error), usage=error.usage)
            except ModelError as error:
                self._charge(request, error)
            except AssayError:
                _logger.warning("a late answer to %s could not be kept", request.key, exc_info=True)

    def _answered(self, request: Request[Any], **fields: Any) -> None:
        self._parts.log.add(ev.Answered(key=request.key, role=request.role, request=request.digest, **fields))
        self._caps.look()

    def _charge(self, request: Request[Any], error: ModelError) -> None:
        """Journal what a question took that is not settled by it."""
        if error.usage.requests:
            self._parts.log.add(
                ev.Charged(
                    key=request.key, role=request.role, request=request.digest, usage=error.usage, error=_told(error)
                )
            )
            self._caps.look()


def wait_for(
    call: Callable[[Callable[[], bool]], T], unwanted: Callable[[], bool], late: Callable[[Future[T]], None]
) -> T:
    """Return what `call` returns, unless the answer becomes unwanted before it is there.

    A provider may be silent for minutes, and no library can break off a call from another thread; so the call has a
    thread of its own, which is left to itself when nobody waits any more.

    Args:
        call: Asks; is given a function that says whether somebody still waits, to be looked at before it asks again.
        unwanted: Whether to stop waiting; looked at several times a second.
        late: Given what `call` returned or raised where nobody waited for it any more, in the call's own thread.

    Raises:
        NobodyWaits: The answer became unwanted first.
        BaseException: What `call` raised.
    """
    waiting: Future[Future[T]] = Future()

    def work() -> None:
        outcome: Future[T] = Future()
        try:
            outcome.set_result(call(lambda: not waiting.cancelled()))
        except BaseException as error:  # handed over to whoever waits
            outcome.set_exception(error)
        if waiting.set_running_or_notify_cancel():
            waiting.set_result(outcome)
        else:
            late(outcome)

    # A daemon, so that a call nobody waits for does not keep the process from ending.
    threading.Thread(target=work, name="question", daemon=True).start()
    while not wait((waiting,), LOOK_S).done:
        if unwanted() and waiting.cancel():
            raise NobodyWaits
    return waiting.result().result()


def _told(error: ModelError) -> str:
    return f"{error.code} {error.message}"
