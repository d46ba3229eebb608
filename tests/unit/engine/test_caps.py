from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.core.clock import FakeClock
from assay.core.errors import ReplyInvalid
from assay.core.usage import Usage
from assay.engine.caps import CapWatch
from assay.engine.endings import NoAnswer
from assay.engine.log import EventLog
from assay.engine.session import Session
from assay.journal import events as ev
from assay.journal.base import JournalBackend
from assay.journal.memory import MemoryJournal
from assay.models.base import Request
from assay.models.roles import BaselineInputs
from assay.models.scripted import Scripted
from assay.operators.brief import brief_at
from support.engine import Bench


def answered(log: EventLog, *, cost: str = "0", tokens: int = 0) -> None:
    usage = Usage(requests=1, input_tokens=tokens, cost_usd=Decimal(cost))
    log.add(ev.Answered(key=f"q/{tokens}/{cost}", role="draft", request="r", usage=usage))


def process(backend: JournalBackend, limits: Limits) -> tuple[EventLog, CapWatch]:
    log = EventLog(backend, FakeClock())
    return log, CapWatch(log, limits)


def remarks(log: EventLog) -> list[str]:
    return log.read(lambda history: [f"{r.code} {r.text.partition(';')[0]}" for _, r in history.remarks])


def test_money_is_remarked_on_once_when_four_fifths_are_used() -> None:
    log, caps = process(MemoryJournal(), Limits(cost_usd=Decimal(8)))
    answered(log, cost="6.39")
    caps.look()
    assert remarks(log) == []
    for _ in range(2):
        answered(log, cost="0.02")
        caps.look()
    assert remarks(log) == ["W403 $6.41 of $8 are used"]


def test_a_cap_of_cents_is_told_in_cents() -> None:
    log, caps = process(MemoryJournal(), Limits(cost_usd=Decimal("0.05")))
    answered(log, cost="0.0412")
    caps.look()
    assert remarks(log) == ["W403 $0.0412 of $0.05 are used"]


def test_tokens_have_a_remark_of_their_own() -> None:
    log, caps = process(MemoryJournal(), Limits(tokens=10_000, cost_usd=Decimal(8)))
    answered(log, cost="1", tokens=8_000)
    caps.look()
    assert remarks(log) == ["W404 8,000 of 10,000 tokens are used"]


def test_without_a_cap_nothing_is_remarked() -> None:
    log, caps = process(MemoryJournal(), Limits())
    answered(log, cost="1000", tokens=10**9)
    caps.look()
    assert remarks(log) == []


def test_a_resumed_run_is_not_told_again_unless_the_cap_was_raised() -> None:
    backend = MemoryJournal()
    log, caps = process(backend, Limits(cost_usd=Decimal(8)))
    answered(log, cost="7")
    caps.look()
    log, caps = process(backend, Limits(cost_usd=Decimal(8)))
    answered(log, cost="0.1")
    caps.look()
    assert len(remarks(log)) == 1
    log, caps = process(backend, Limits(cost_usd=Decimal(10)))
    answered(log, cost="1")
    caps.look()
    assert remarks(log) == ["W403 $7.00 of $8 are used", "W403 $8.10 of $10 are used"]


def test_what_a_kill_kept_from_being_told_is_told_after_the_resumption() -> None:
    backend = MemoryJournal()
    log, _ = process(backend, Limits(cost_usd=Decimal(8)))
    answered(log, cost="7")
    log, caps = process(backend, Limits(cost_usd=Decimal(8)))
    answered(log, cost="0.1")
    caps.look()
    assert remarks(log) == ["W403 $7.10 of $8 are used"]


def test_a_run_looks_after_every_answer_even_a_useless_one(tmp_path: Path) -> None:
    def dear(request: Request[Any]) -> Scripted:
        error = ReplyInvalid("not in the asked form")
        error.usage = Usage(requests=1, input_tokens=900)
        return error

    class Ask:
        def run(self, session: Session) -> None:
            inputs = BaselineInputs(brief=brief_at(session, session.view(), "q"), name="constant")
            with pytest.raises(NoAnswer):
                session.ask("q", "baseline", inputs)

    bench = Bench(tmp_path, limits=Limits(tokens=1_000), answers=dear, strategy=Ask())
    bench.open()._search()
    assert remarks(bench.log) == ["W404 900 of 1,000 tokens are used"]
