"""What questions take and how they end: everything stands in the journal."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.clock import FakeClock
from assay.core.errors import BudgetSpent, ProviderDown, ProviderRefused, QuestionRefused, Unwanted
from assay.core.usage import Usage
from assay.engine.budget import spent
from assay.engine.endings import NoAnswer
from assay.engine.log import EventLog
from assay.engine.session import Session
from assay.journal.memory import MemoryJournal
from assay.journal.summary import Summary
from assay.models.base import Request
from assay.models.roles import BaselineInputs, DraftInputs
from assay.models.scripted import Scripted
from assay.operators.brief import brief_at
from assay.strategies.tree import Tree, TreeOptions
from support.engine import Bench, propose

TOOK = Usage(requests=1, input_tokens=700, output_tokens=200, cost_usd=Decimal("0.9"))


class Once:
    """A strategy that does one thing with the session."""

    def __init__(self, do: Any) -> None:
        self._do = do

    def run(self, session: Session) -> None:
        self._do(session)


def ask(session: Session, key: str = "q") -> None:
    inputs = BaselineInputs(brief=brief_at(session, session.view(), key), name="constant")
    session.ask(key, "baseline", inputs)


def with_usage(error: Any) -> Any:
    error.usage = TOOK
    return error


def remarks(log: EventLog) -> list[str]:
    return log.read(lambda history: [remark.code for _, remark in history.remarks])


@pytest.mark.parametrize(
    "error",
    [
        BudgetSpent("the re-ask would pass it"),
        ProviderDown("gone at the re-ask", lasting=True),
        ProviderRefused("no credit"),
    ],
)
def test_what_a_question_took_that_ended_the_search_counts_after_a_resumption_and_it_is_put_again(
    tmp_path: Path, error: Exception
) -> None:
    backend = MemoryJournal()
    limits = Limits(cost_usd=Decimal(1))
    first = Bench(
        tmp_path, backend=backend, limits=limits, strategy=Once(ask), answers=lambda request: with_usage(error)
    )
    first.open()._search()
    assert "W403" in remarks(first.log)
    again = EventLog(backend, first.clock).read(spent)
    assert (again.tokens, again.cost_usd) == (900, Decimal("0.9"))
    summary = Summary.of(backend.read()).spent
    assert (summary.tokens, summary.cost_usd) == (900, Decimal("0.9"))

    second = Bench(tmp_path, backend=backend, limits=limits, strategy=Once(ask))
    second.open()._search()
    assert len(second.model.requests) == 1
    assert second.log.read(lambda history: history.usage) == TOOK


@pytest.mark.parametrize("cap", ["cost", "tokens"])
def test_the_cap_that_is_reached_is_the_one_that_is_named(tmp_path: Path, cap: Any) -> None:
    def refuse(request: Request[Any]) -> Scripted:
        return BudgetSpent("next would pass it", cap=cap) if request.role == "draft" else propose(request)

    bench = Bench(tmp_path, limits=Limits(trials=6), answers=refuse)
    assert bench.open().work().stopped_by == cap
    assert remarks(bench.log) == []


def refusing(refused: Callable[[int], bool]) -> Callable[[Request[Any]], Scripted]:
    """Refuse the n-th draft where `refused(n)`, counted from 0; answer everything else."""
    drafts = itertools.count()

    def answer(request: Request[Any]) -> Scripted:
        if request.role == "draft" and refused(next(drafts)):
            return with_usage(QuestionRefused("the prompt is too long"))
        return propose(request)

    return answer


def test_a_refused_question_costs_its_step_and_not_the_search_and_is_not_repeated(tmp_path: Path) -> None:
    backend = MemoryJournal()
    answers = refusing(lambda n: n == 0)
    first = Bench(tmp_path, backend=backend, limits=Limits(trials=8), answers=answers)
    assert first.open().work().stopped_by == "trials"
    summaries = first.log.read(lambda history: {n: step.summary for n, step in history.steps.items()})
    assert summaries[2] == "draft: no usable answer (the prompt is too long)"
    assert first.log.read(lambda history: history.questions["step-0002/draft"].answer.error).startswith("E307 ")
    assert first.log.read(lambda history: history.usage.tokens) == 900

    def step_again(session: Session) -> None:
        inputs = DraftInputs(brief=brief_at(session, session.view().pinned(2), "step-0002"), index=0)
        with pytest.raises(NoAnswer, match="too long"):
            session.ask("step-0002/draft", "draft", inputs)

    again = Bench(tmp_path, backend=backend, strategy=Once(step_again))
    again.open()._search()
    assert again.model.requests == []


def test_refusals_in_a_row_end_the_search_with_their_reason(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=40), answers=refusing(lambda n: True))
    end = bench.open().work()
    assert end.stopped_by == "E307"
    assert end.winner is not None, "the baselines are finished up"
    assert sum(request.role == "draft" for request in bench.model.requests) == 5
    assert remarks(bench.log) == ["E307"]


def test_refusals_between_answers_do_not_add_up(tmp_path: Path) -> None:
    bench = Bench(
        tmp_path,
        limits=Limits(trials=20),
        answers=refusing(lambda n: n % 2 == 0),
        strategy=Tree(TreeOptions(drafts=18)),
    )
    assert bench.open().work().stopped_by == "trials"
    assert (
        bench.log.read(lambda history: sum(bool(q.answer and q.answer.error) for q in history.questions.values())) > 5
    )


def test_a_cap_reached_before_any_score_ends_like_a_provider_that_is_gone(tmp_path: Path) -> None:
    refuse = lambda request: BudgetSpent("next would pass it", cap="tokens")  # noqa: E731
    assert Bench(tmp_path, limits=Limits(trials=6), answers=refuse).open().work().exit_code == 6


class Slow:
    """A provider whose answer to the one question comes only after the search was stopped.

    Args:
        outcome: What it answers then.
    """

    def __init__(self, outcome: Callable[[Request[Any]], Scripted] = propose) -> None:
        self._outcome = outcome
        self._go = threading.Event()
        self._sessions: list[Session] = []
        self.wanted: list[bool] = []

    def ask(self, session: Session) -> None:
        self._sessions.append(session)
        ask(session)

    def answer(self, request: Request[Any]) -> Scripted:
        self.wanted.append(request.wanted())
        self._sessions[0].budget.stop("user")
        self._sessions[0].parts.activities.stop()
        self._go.wait(60)
        self.wanted.append(request.wanted())
        return self._outcome(request)

    def come(self) -> None:
        """Let the answer come, and return when it was dealt with."""
        questions = [thread for thread in threading.enumerate() if thread.name == "question"]
        self._go.set()
        for thread in questions:
            thread.join(60)


def test_an_answer_that_comes_after_the_stop_is_kept_and_not_asked_for_again(tmp_path: Path) -> None:
    backend, slow = MemoryJournal(), Slow()
    first = Bench(tmp_path, backend=backend, strategy=Once(slow.ask), answers=slow.answer)
    assert first.open()._search() == "user"
    slow.come()
    assert slow.wanted == [True, False]
    second = Bench(tmp_path, backend=backend, strategy=Once(ask))
    second.open()._search()
    assert second.model.requests == []


def test_what_a_late_failure_took_counts(tmp_path: Path) -> None:
    slow = Slow(lambda request: with_usage(Unwanted("not asked again")))
    bench = Bench(tmp_path, strategy=Once(slow.ask), answers=slow.answer)
    bench.open()._search()
    slow.come()
    assert bench.log.read(lambda history: history.usage.tokens) == 900
    assert bench.log.read(lambda history: history.questions["q"].answer) is None


def test_an_answer_after_the_run_has_ended_changes_nothing_and_is_asked_for_again(tmp_path: Path) -> None:
    backend, slow = MemoryJournal(), Slow()
    first = Bench(tmp_path, backend=backend, strategy=Once(slow.ask), answers=slow.answer)
    assert first.open().work().stopped_by == "user"
    events = len(backend.read())
    slow.come()
    assert len(backend.read()) == events

    def other(session: Session) -> None:
        inputs = BaselineInputs(brief=brief_at(session, session.view(), "q"), name="boosting")
        session.ask("q", "baseline", inputs)

    # Another question, even: a newer version of the prompts is no reason to refuse where nothing was answered.
    second = Bench(tmp_path, backend=backend, strategy=Once(other))
    second.open()._search()
    assert len(second.model.requests) == 1


def away(times: int, *, lasting: bool = False) -> Callable[[Request[Any]], Scripted]:
    """Be away for the first `times` questions."""
    calls = itertools.count()
    return lambda request: ProviderDown("no route", lasting=lasting) if next(calls) < times else propose(request)


def test_a_run_waits_for_a_provider_that_comes_back(tmp_path: Path) -> None:
    clock = FakeClock()
    started = clock.monotonic()
    bench = Bench(tmp_path, limits=Limits(trials=6), answers=away(3), clock=clock)
    assert bench.open().work().stopped_by == "trials"
    assert remarks(bench.log) == ["W301"]
    # The first pause, then as long as it has lasted: 15 + 15 + 30 s, each question of the first two steps once more.
    assert clock.monotonic() - started == pytest.approx(60, abs=2)


def test_a_provider_that_stays_away_ends_the_search_after_ten_minutes(tmp_path: Path) -> None:
    clock = FakeClock()
    started = clock.monotonic()
    bench = Bench(tmp_path, limits=Limits(trials=6), answers=away(10**6), clock=clock)
    assert bench.open().work().stopped_by == "E302"
    assert remarks(bench.log) == ["W301", "E302"]
    assert clock.monotonic() - started == pytest.approx(600, abs=2)


def test_the_wait_takes_no_more_than_its_share_of_the_time_left(tmp_path: Path) -> None:
    clock = FakeClock()
    started = clock.monotonic()
    bench = Bench(tmp_path, limits=Limits(wall_s=1_000.0), answers=away(10**6), clock=clock)
    assert bench.open().work().stopped_by == "E302"
    assert clock.monotonic() - started == pytest.approx(0.2 * 995, abs=2)


def test_a_provider_that_says_it_is_away_for_long_is_not_waited_for(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=6), answers=away(10**6, lasting=True))
    assert bench.open().work().stopped_by == "E302"
    assert len(bench.model.requests) == 1


def test_a_stop_ends_the_wait(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=Limits(trials=6), clock=FakeClock())

    def stopped(request: Request[Any]) -> Scripted:
        bench.session.budget.stop("user")
        bench.session.parts.activities.stop()
        return ProviderDown("no route")

    bench.answers = stopped
    bench.__post_init__()
    assert bench.open().work().stopped_by == "user"
    assert len(bench.model.requests) == 1
