"""A forecast in words, and where it is said."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from assay.cli.display.foreseen import forecast_json, forecast_words
from assay.core.budget import Limits, Spent
from assay.core.prices import Prices, PriceSource, Rate
from assay.strategies.forecast import Forecast, RoleForecast

LISTED = Prices(
    source=PriceSource.TABLE,
    input=Rate(usd=Decimal(1)),
    output=Rate(usd=Decimal(10)),
    table="genai-prices 0.2",
    read="2026-03-12",
)
STATED = Prices(
    source=PriceSource.STATED, input=LISTED.input, output=LISTED.output, table="ASSAY_PRICE", read="2026-03-12"
)


def told(low: int, high: int, prices: Prices | None = LISTED, *, each: int = 2_500) -> Forecast:
    """A forecast of questions that cost a cent for 1,000 tokens out, and of `each` tokens out."""
    role = RoleForecast(role="draft", questions=(low, high), tokens_in=(0, 0), tokens_out=(each, each))
    return Forecast(prices=prices, roles=(role,))


@pytest.mark.parametrize(
    ("foreseen", "limits", "words"),
    [
        (Forecast(prices=None), Limits(), "costs nothing"),
        (Forecast(prices=LISTED), Limits(), "costs nothing: nobody who is paid is asked"),
        (told(110, 180), Limits(), "110-180 questions, $2.7-4.5 (prices of genai-prices 0.2, read 12 Mar 2026)"),
        (told(1, 1, STATED), Limits(), "1 question, $0.025 (prices stated in ASSAY_PRICE)"),
        (told(0, 2_000), Limits(), "0-2,000 questions, $0-50 (prices of genai-prices 0.2, read 12 Mar 2026)"),
        (told(900, 60_000), Limits(), "900-60,000 questions, $22-1,500 (prices of genai-prices 0.2, read 12 Mar 2026)"),
        (
            told(10, 40, Prices()),
            Limits(),
            "10-40 questions, 25-100k tokens at a price that is not known; state it in ASSAY_PRICE",
        ),
        (
            told(100, 1_000, Prices()),
            Limits(cost_usd=Decimal(8)),
            "100-1,000 questions, 0.25-2.5M tokens at a price that is not known: under --cost none is put; "
            "state it in ASSAY_PRICE",
        ),
        (
            Forecast(prices=LISTED, roles=None),
            Limits(cost_usd=Decimal(8)),
            "cannot be foreseen: nothing bounds the number of questions but the caps",
        ),
    ],
)
def test_a_forecast_in_words(foreseen: Forecast, limits: Limits, words: str) -> None:
    assert forecast_words(foreseen, limits) == words


@pytest.mark.parametrize(
    ("limits", "words", "sure"),
    [
        (Limits(cost_usd=Decimal("4.5")), ")", None),
        (Limits(cost_usd=Decimal(4)), "; the cap of $4.00 may end the search", "perhaps"),
        (Limits(cost_usd=Decimal(2)), "; the cap of $2.00 will probably end the search", "probably"),
        (Limits(tokens=400_000), "; the cap of 400,000 tokens may end the search", "perhaps"),
        (Limits(tokens=200_000), "; the cap of 200,000 tokens will probably end the search", "probably"),
    ],
)
def test_a_cap_below_the_forecast_is_said(limits: Limits, words: str, sure: str | None) -> None:
    assert forecast_words(told(110, 180), limits).endswith(words)
    assert forecast_json(told(110, 180), limits)["cap_ends_search"] == sure


def test_a_cap_of_which_much_is_used_is_the_sooner_passed() -> None:
    limits = Limits(cost_usd=Decimal(8))
    assert "cap" not in forecast_words(told(110, 180), limits, Spent(cost_usd=Decimal(3)))
    words = forecast_words(told(110, 180), limits, Spent(cost_usd=Decimal(5)))
    assert words.endswith("; the cap of $8.00 will probably end the search")


def test_a_forecast_for_programs() -> None:
    value: dict[str, Any] = forecast_json(told(110, 180), Limits())
    assert (value["questions"], value["tokens"]) == ((110, 180), (275_000, 450_000))
    assert [Decimal(end) for end in value["cost_usd"]] == [Decimal("2.75"), Decimal("4.5")]
    assert value["prices"]["table"] == "genai-prices 0.2"
    assert [role["role"] for role in value["roles"]] == ["draft"]
    unknown = forecast_json(told(1, 2, Prices()), Limits())
    assert unknown["cost_usd"] is None


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of data, a key and a price."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none-0123456789abcdef")
    monkeypatch.setenv("ASSAY_PRICE", "1,10")
    folder = tmp_path / "data"
    folder.mkdir()
    rows = "".join(f"{i},{i % 13},{(i * 7) % 11},{(i % 13) * 3 + i * 37 % 17}\n" for i in range(150))
    (folder / "train.csv").write_text("id,x,y,price\n" + rows, encoding="utf-8")
    return folder


@pytest.mark.parametrize("verb", [["run", "--dry-run"], ["check"]])
def test_run_and_check_foresee_what_a_run_will_cost(assay: Any, data: Path, verb: list[str]) -> None:
    name, *flags = verb
    argv = (name, str(data), "--metric", "rmse", "--model", "openai:x", "--trials", "8", "--cost", "0.02", *flags)
    said = assay(*argv)
    line = next(line for line in said.out.splitlines() if line.startswith(" cost "))
    assert re.fullmatch(
        r" cost     4-\d+ questions, \$0\.0\d+-0\.\d+ \(prices stated in ASSAY_PRICE\); "
        r"the cap of \$0\.02 will probably end the search",
        line,
    )
    value = assay(*argv, "--json").json["forecast"]
    assert value["questions"][0] == 4
    assert {role["role"] for role in value["roles"]} <= {"draft", "improve", "ablate", "debug"}
    assert value["cap_ends_search"] == "probably"
    assert not (data.parent / "runs").exists()


@pytest.mark.parametrize("model", [[], ["--model", "playbook"]])
def test_the_playbook_is_foreseen_to_cost_nothing(assay: Any, data: Path, model: list[str]) -> None:
    assert " cost     costs nothing" in assay("run", str(data), "--metric", "rmse", "--dry-run", *model).out
    assert assay("run", str(data), "--metric", "rmse", "--dry-run", "--json", *model).json["forecast"]["cost_usd"] == [
        "0",
        "0",
    ]
    checked = assay("check", str(data), "--metric", "rmse", "--json", *model).json
    assert ("forecast" in checked) == bool(model)


def test_check_tells_of_a_model_and_of_limits_that_there_are_not(assay: Any, data: Path) -> None:
    said = assay("check", str(data), "--model", "frog", "--trials", "many")
    assert said.code == 2
    assert "--model" in said.err
    assert "--trials 'many'" in said.err
