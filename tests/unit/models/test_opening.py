from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from assay.core.budget import Limits, Spent
from assay.core.errors import BudgetSpent, UsageError
from assay.models import open_model
from assay.models.recorded import Recorder
from assay.models.scripted import ScriptedModel
from support.chat_server import Text, serving
from support.requests import GOOD, program_request


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
