"""What questions take and how they end: everything stands in the journal."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.errors import BudgetSpent, ProviderDown, ProviderRefused
from assay.core.usage import Usage
from assay.engine.budget import spent
from assay.engine.log import EventLog
from assay.engine.session import Session
from assay.journal.memory import MemoryJournal
from assay.journal.summary import Summary
from assay.models.base import Request
from assay.models.roles import BaselineInputs
from assay.models.scripted import Scripted
from assay.operators.brief import brief
from support.engine import Bench, propose

TOOK = Usage(requests=1, input_tokens=700, output_tokens=200, cost_usd=Decimal("0.9"))


class Once:
    """A strategy that does one thing with the session."""

    def __init__(self, do: Any) -> None:
        self._do = do

    def run(self, session: Session) -> None:
        self._do(session)


def ask(session: Session, key: str = "q") -> None:
    inputs = BaselineInputs(brief=brief(session, session.view(), key), name="constant")
    session.ask(key, "baseline", inputs)


def with_usage(error: Any) -> Any:
    error.usage = TOOK
    return error


def remarks(log: EventLog) -> list[str]:
    return log.read(lambda history: [remark.code for _, remark in history.remarks])


@pytest.mark.parametrize(
    "error", [BudgetSpent("the re-ask would pass it"), ProviderDown("gone at the re-ask"), ProviderRefused("no credit")]
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
    assert second.log.read(lambda history: history.usage_by_role["baseline"]) == TOOK


@pytest.mark.parametrize("cap", ["cost", "tokens"])
def test_the_cap_that_is_reached_is_the_one_that_is_named(tmp_path: Path, cap: Any) -> None:
    def refuse(request: Request[Any]) -> Scripted:
        return BudgetSpent("next would pass it", cap=cap) if request.role == "draft" else propose(request)

    bench = Bench(tmp_path, limits=Limits(trials=6), answers=refuse)
    assert bench.open().work().stopped_by == cap
    assert remarks(bench.log) == []


def test_a_cap_reached_before_any_score_ends_like_a_provider_that_is_gone(tmp_path: Path) -> None:
    refuse = lambda request: BudgetSpent("next would pass it", cap="tokens")  # noqa: E731
    assert Bench(tmp_path, limits=Limits(trials=6), answers=refuse).open().work().exit_code == 6
