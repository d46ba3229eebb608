from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from assay.core.budget import Limits, Spent
from assay.core.errors import BudgetSpent, UsageError
from assay.core.prices import Prices
from assay.models import open_model
from assay.models.recorded import Recorder
from assay.models.scripted import ScriptedModel
from support.chat_server import Text, serving
from support.requests import GOOD, program_request
from support.stand_in_program import install


def test_a_provider_with_cap_and_log(tmp_path: Path) -> None:
    with serving(Text(content=GOOD, input_tokens=30_000, output_tokens=3_000)) as server:
        limits = Limits(tokens=58_000)
        spent = Spent(tokens=20_000)
        model = open_model("openai:x", base_url=server.base_url, limits=limits, spent=spent, folder=tmp_path)
        model.answer(program_request())
        with pytest.raises(BudgetSpent):
            model.answer(program_request(key="q/2"))
    assert len(server.requests) == 1
    first, second = (json.loads(path.read_text()) for path in sorted((tmp_path / "llm").iterdir()))
    assert first["input_tokens"] == 30_000
    assert second["error"]["code"] == "E304"


def test_a_program_with_cap_and_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = install(tmp_path, "claude", {"fail": "Overloaded", "status": 529}, {"say": "Well."}, {"say": GOOD})
    for name, value in program.environ.items():
        monkeypatch.setenv(name, value)
    model = open_model("cli:claude", limits=Limits(tokens=80_000), spent=Spent(tokens=20_000), folder=tmp_path)
    answer = model.answer(program_request())
    assert (answer.reply.title, answer.model) == ("Ridge on logs", "cli:claude:claude-large")
    assert answer.usage.requests == 2
    with pytest.raises(BudgetSpent):
        model.answer(program_request(user="x" * 90_000))
    kept = [json.loads(path.read_text()) for path in sorted((tmp_path / "llm").iterdir())]
    assert [call.get("error", {}).get("code") for call in kept] == ["E302", None, None, "E304"]
    assert [call.get("cost_usd") for call in kept] == [None, "0.0025", "0.0025", None]
    assert len(program.calls) == 3


def test_a_cap_on_money_does_not_trust_a_program_without_a_price() -> None:
    model = open_model("cli:claude", limits=Limits(cost_usd=Decimal(1)), prices=Prices())
    with pytest.raises(BudgetSpent, match="ASSAY_PRICE"):
        model.answer(program_request())


def test_a_cap_on_money_needs_a_price() -> None:
    model = open_model("openai:x", base_url="http://127.0.0.1:9/v1", limits=Limits(cost_usd=Decimal(1)))
    with pytest.raises(BudgetSpent, match="ASSAY_PRICE"):
        model.answer(program_request())


def test_recordings_by_folder(tmp_path: Path) -> None:
    Recorder(ScriptedModel([{"title": "t", "plan": "p", "code": "x = 1"}]), tmp_path).answer(program_request())
    assert open_model(f"recorded:{tmp_path}").answer(program_request()).reply.title == "t"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder of recordings"):
        open_model(f"recorded:{tmp_path / 'none'}")


def test_the_playbook_needs_nothing() -> None:
    assert open_model("playbook").name == "playbook"


@pytest.mark.parametrize("spec", ["", "gpt-5", "frog:x"])
def test_a_model_that_there_is_not(spec: str) -> None:
    with pytest.raises(UsageError):
        open_model(spec)
