"""The bill of a report: its rows add up, and what is unknown is never nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.prices import Prices, PriceSource, Rate
from assay.core.usage import Usage
from assay.journal import events as ev
from assay.journal.events import Event, Payload
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.report.bill import by_model, by_role
from assay.report.costs import price_words
from assay.report.document import plain
from assay.report.facts import Facts
from assay.report.numbers import build_ledger
from assay.report.telling import Teller
from support.run_writer import RMSE, RunWriter, tabular_task

Write = Callable[[str], tuple[Path, History]]

usages = st.builds(
    Usage,
    requests=st.integers(0, 3),
    input_tokens=st.integers(0, 9_000),
    output_tokens=st.integers(0, 900),
    cost_usd=st.none() | st.integers(1, 500).map(lambda cents: Decimal(cents) / 100),
)
roles = st.sampled_from(["draft", "improve", "debug"])
questions = st.tuples(st.booleans(), roles, st.sampled_from(["", "openai:a", "openai:b"]), usages)


def history_of(asked: list[tuple[bool, str, str, Usage]]) -> History:
    writer = RunWriter("paid-crane", tabular_task(RMSE), model="openai:a")
    for number, (answered, role, model, usage) in enumerate(asked):
        payload: Payload = ev.Charged(key=f"q{number}", role=role, request="r", usage=usage)
        if answered:
            payload = ev.Answered(key=f"q{number}", role=role, request="r", usage=usage, model=model)
        writer.add(payload)
    return writer.history


@given(st.lists(questions, max_size=12))
def test_the_rows_add_up_to_the_total(asked: list[tuple[bool, str, str, Usage]]) -> None:
    history = history_of(asked)
    for items in (by_role(history), by_model(history)):
        assert sum((item.usage for item in items), Usage()) == history.usage
        assert sum(item.questions for item in items) == sum(answered for answered, *_ in asked)
        assert len({item.name for item in items}) == len(items)
        shares = [share for item in items if (share := item.share(history.usage)) is not None]
        assert not shares or sum(shares) == pytest.approx(1)
    assert "" not in {item.name for item in by_model(history)}


def row(markdown: str, name: str) -> list[str]:
    line = next(line for line in markdown.splitlines() if line.startswith(f"| {name} "))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_report_has_requests_tokens_money_and_share_by_role(written: Write) -> None:
    folder, history = written("paid_run")
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    names = [role for role in ("baseline", "draft", "improve") if f"| {role} " in markdown]
    cells = [row(markdown, name) for name in names]
    whole = row(markdown, "together")
    for column in (3, 4, 5):
        total = int(whole[column].replace(",", ""))
        assert sum(int(cell[column].replace(",", "")) for cell in cells) == total
    assert sum(int(cell[7].rstrip("%")) for cell in cells) == pytest.approx(100, abs=1)
    assert history.usage.cost_usd == Decimal("0.3195")
    assert whole[6] == "$0.32"
    told: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))["numbers"]
    assert sum(Decimal(told[f"role.{name}.cost_usd"]["value"]) for name in names) == history.usage.cost_usd


def test_an_unknown_price_is_said_as_unknown(written: Write) -> None:
    folder, _ = written("unpriced_run")
    markdown = (folder / "report.md").read_text(encoding="utf-8")
    assert row(markdown, "improve")[6] == "unknown"
    assert row(markdown, "together")[6] == "≥ $0.05"
    assert "The price of 1 request is unknown" in markdown
    assert not re.search(r"\| +\$0(\.0+)? +\|", markdown)


def words(prices: Prices | None, *costs: str | None) -> str:
    """What the report says of prices, for answers of these costs."""
    writer = RunWriter("paid-crane", tabular_task(RMSE), model="openai:a")
    writer.add(ev.RunResumed(prices=prices))
    events: list[Event] = writer.events
    for cost in costs:
        writer.ask("draft", cost=None if cost is None else Decimal(cost), priced=cost is not None)
    facts = Facts(History(events), ObjectStore(Path("none")), final=True)
    return plain(price_words(Teller(facts, build_ledger(facts))))


def test_the_prices_are_named_with_their_table_and_their_day() -> None:
    table = Prices(
        source=PriceSource.TABLE,
        input=Rate(usd=Decimal("1.25")),
        output=Rate(usd=Decimal(10)),
        cached=Rate(usd=Decimal("0.125")),
        table="genai-prices 9",
        read="2026-03-12",
    )
    assert words(table, "0.05") == (
        "Prices per million tokens: $1.25 input, $0.125 input from the cache, $10 output; "
        "from the table genai-prices 9, read on 2026-03-12. They hold for the whole run."
    )
    assert "not known: money is unknown, not nothing" in words(Prices(), None)
    assert "what was said with the answers" in words(Prices(), "0.05")
    assert "does not say" in words(None, "0.05")
