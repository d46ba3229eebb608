"""Money as screens show it, while a run goes on and afterwards."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from assay.cli.display.views import JsonView, PlainView
from assay.cli.output import Output
from assay.core.budget import Limits
from assay.core.prices import Prices, PriceSource, Rate
from assay.core.usage import Usage
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.journal.history import History
from support.histories import STORIES
from support.run_writer import RMSE, RunWriter, tabular_task

Assay = Any
Write = Callable[[str], History]


def capped_run(folder: Path) -> list[ev.Event]:
    """A run under a cap of 8 dollars: three questions that were answered, and a request that was not but is paid."""
    writer = RunWriter("keen-crane", tabular_task(RMSE), model="openai:one", limits=Limits(cost_usd=Decimal(8)))
    rates = {"input": Rate(usd=Decimal("1.25")), "output": Rate(usd=Decimal(10))}
    prices = Prices(source=PriceSource.TABLE, table="genai-prices 9", read="2026-03-12", **rates)
    writer.add(ev.RunResumed(prices=prices))
    writer.ask("draft", cost=Decimal("0.10"))
    writer.ask("draft", cost=Decimal("0.20"))
    writer.ask("improve", cost=Decimal("0.30"))
    took = Usage(requests=1, input_tokens=100, output_tokens=0, cost_usd=Decimal("0.40"))
    writer.add(ev.Charged(key="improve-9", role="improve", request="r", usage=took, error="E302 gone"))
    folder.mkdir(parents=True)
    FileJournal(folder / "events.jsonl").append(writer.events)
    return writer.events


def test_cost_by_role_and_by_model_adds_up_to_the_total(assay: Assay, tmp_path: Path) -> None:
    capped_run(tmp_path / "runs" / "keen-crane")
    value = assay("cost", "--json").json
    assert value["cap_usd"] == "8"
    assert value["prices"]["table"] == "genai-prices 9"
    for kind in ("roles", "models"):
        assert sum(Decimal(item["cost_usd"]) for item in value[kind]) == Decimal(value["total"]["cost_usd"])
        for count in ("requests", "tokens_in", "tokens_out"):
            assert sum(item[count] for item in value[kind]) == value["total"][count]
        assert sum(item["share"] for item in value[kind]) == pytest.approx(1)
    assert [(r["name"], r["questions"], r["repeats"], r["cost_usd"]) for r in value["roles"]] == [
        ("draft", 2, 0, "0.30"),
        ("improve", 1, 1, "0.70"),
    ]
    assert [item["name"] for item in value["models"]] == ["openai:one"]


def test_cost_in_words(assay: Assay, tmp_path: Path) -> None:
    capped_run(tmp_path / "runs" / "keen-crane")
    lines = assay("cost").out.splitlines()
    assert lines[0] == "keen-crane  $1.00 of $8.00 · 4 requests · 19,900 tokens"
    improve = next(line for line in lines if line.startswith(" improve"))
    assert improve.split() == ["improve", "1", "2", "1", "5,300", "1,400", "$0.70", "70%"]
    assert lines[-2] == " prices   $1.25 per million tokens in, $10 out (genai-prices 9, read on 2026-03-12)"


def test_unknown_money_is_never_nothing(assay: Assay, story: Write) -> None:
    story("unpriced_run")
    said = assay("cost")
    assert "≥ $0.05 · 2 requests" in said.out
    assert " prices   of a token: unknown" in said.out
    value = assay("cost", "--json").json
    improve = next(item for item in value["roles"] if item["name"] == "improve")
    assert (improve["cost_usd"], improve["unpriced_requests"], improve["share"]) == (None, 1, None)
    assert value["total"]["unpriced_requests"] == 1


def test_the_playbook_cost_nothing(assay: Assay, story: Write) -> None:
    story("good_run")
    assert "nobody was paid" in assay("cost").out


@pytest.mark.parametrize("verb", ["status", "ls"])
def test_money_and_its_cap_are_shown(assay: Assay, tmp_path: Path, verb: str) -> None:
    capped_run(tmp_path / "runs" / "keen-crane")
    assert "$1.00 of $8.00" in assay(verb).out
    assert "$1.00" in assay("status", "--oneline").out
    assert assay("status", "--json").json["spent"]["cost_usd"] == "1.00"


def test_a_run_that_was_not_asked_for_money_yet_has_spent_none_of_its_cap(assay: Assay, tmp_path: Path) -> None:
    writer = RunWriter("new-crane", tabular_task(RMSE), model="openai:one", limits=Limits(cost_usd=Decimal(8)))
    folder = tmp_path / "runs" / "new-crane"
    folder.mkdir(parents=True)
    FileJournal(folder / "events.jsonl").append(writer.events)
    assert "$0 of $8.00" in assay("status").out.replace("$0.00", "$0")


def test_plain_lines_and_json_lines_say_what_is_spent_so_far(tmp_path: Path) -> None:
    plain, lines = io.StringIO(), io.StringIO()
    views = (PlainView(Output(out=plain, env={})), JsonView(Output(json=True, out=lines, env={}), tmp_path))
    for event in STORIES["paid_run"](None)[1]:
        for view in views:
            view.on_event(event)
    ended = [line for line in plain.getvalue().splitlines() if " complete: " in line]
    assert ended[1].endswith(" $0.04 so far")
    assert ended[-1].endswith(" $0.32 so far")
    trials = [json.loads(line) for line in lines.getvalue().splitlines()][1:]
    assert [trial["spent"]["requests"] for trial in trials] == sorted(trial["spent"]["requests"] for trial in trials)
    assert trials[-1]["spent"]["cost_usd"] == "0.3195"
