"""Asking: puts questions to the model, and journals what came of them and what they took."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from assay.core.errors import BudgetSpent, ModelError, QuestionRefused, ReplyInvalid
from assay.engine.budget import Budget
from assay.engine.caps import CapWatch
from assay.engine.endings import Ending, NoAnswer
from assay.engine.parts import Parts
from assay.journal import events as ev
from assay.models.base import Answer, Request
from assay.models.roles import Reply

T = TypeVar("T")

MOST_REFUSED = 5
"""Questions refused one after the other at which the search ends: a model that refuses all would burn the night."""
LOOK_S = 0.2
"""Seconds between two looks at whether the answer is still wanted."""


class Unwanted(Exception):
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
        self._lock = threading.Lock()
        self._refused = 0

    def put(self, request: Request[Any]) -> Reply:
        """Return the reply to `request`, journaled.

        Raises:
            NoAnswer: The question was refused, or answered but never in the asked form; that is journaled as the
                answer, so that a resumed run does not repeat it.
            Ending: The search is over, or is ended by this: no provider, no account, a cap, too many refusals in a row.
        """
        with self._parts.activities.doing("model", request.role):
            try:
                answer = wait_for(lambda: self._parts.model.answer(request), self._is_over)
            except Unwanted as nobody:
                self._budget.check()
                raise Ending("user") from nobody
            except (ReplyInvalid, QuestionRefused) as error:
                self._answered(request, error=_told(error), usage=error.usage)
                if self._refused_in_a_row(isinstance(error, QuestionRefused)) >= MOST_REFUSED:
                    raise self._end(error) from error
                raise NoAnswer(error.message) from error
            except ModelError as error:
                self._charge(request, error)
                raise self._end(error) from error
        self._refused_in_a_row(False)
        return self._keep(request, answer)

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
        self._answered(request, reply=digest, model=answer.model, usage=answer.usage, latency_s=answer.latency_s)
        return reply

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


def wait_for(call: Callable[[], T], unwanted: Callable[[], bool]) -> T:
    """Return what `call` returns, unless the answer becomes unwanted before it is there.

    A provider may be silent for minutes and then be asked again, and no library can break off a call from another
    thread; so the call has a thread of its own, which is left to itself when nobody waits any more.

    Args:
        call: Asks; must write nothing that the run rests on.
        unwanted: Whether to stop waiting; looked at several times a second.

    Raises:
        Unwanted: The answer became unwanted first.
        BaseException: What `call` raised.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:  # handed over to whoever waits
            errors.append(error)
        finally:
            done.set()

    # A daemon, so that a call nobody waits for does not keep the process from ending.
    threading.Thread(target=work, name="question", daemon=True).start()
    while not done.wait(LOOK_S):
        if unwanted():
            raise Unwanted
    if errors:
        raise errors[0]
    return results[0]


def _told(error: ModelError) -> str:
    return f"{error.code} {error.message}"
