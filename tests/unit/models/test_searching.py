"""The providers' own web search: offered where there is one, told in the answer, done without where refused."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import BudgetSpent, ProviderRefused, QuestionRefused, UsageError
from assay.models import can_search
from assay.models.base import Answer
from assay.models.call_log import CallLog
from assay.models.cap import Cap
from assay.models.endpoint import resolve
from assay.models.llm import open_model
from assay.models.prices import stated_prices
from assay.models.recorded import RecordedModel, Recorder
from assay.models.roles import Program
from assay.models.searching import SEARCH_TOKENS
from support.requests import GOOD, program_request
from support.search_server import FIRST, SECOND, Server, answering, anthropic, chat, google, responses

QUESTION = replace(program_request(), search=True)
KEYS = {
    "OPENAI_API_KEY": "k" * 20,
    "ANTHROPIC_API_KEY": "k" * 20,
    "GEMINI_API_KEY": "k" * 20,
    "ASSAY_WEB_SEARCH": "on",
}
ADDRESSES = {"anthropic": "ANTHROPIC_BASE_URL", "google": "GOOGLE_GEMINI_BASE_URL", "openai": "OPENAI_BASE_URL"}
MODELS = {"anthropic": "claude-sonnet-5-5", "google": "gemini-2.5-pro", "openai": "gpt-5"}
FEES = {"anthropic": Decimal("0.01"), "google": Decimal("0.035"), "openai": Decimal("0.01")}
DIALECTS = {"anthropic": anthropic, "google": google, "openai": responses}


def environ(server: Server, provider: str, **changes: str) -> dict[str, str]:
    path = "/v1" if provider == "openai" else ""
    return {**KEYS, ADDRESSES[provider]: server.url + path, **changes}


def ask(server: Server, provider: str, *, question: Any = QUESTION, **options: Any) -> Answer[Program]:
    changes = options.pop("environ", {})
    options.setdefault("prices", stated_prices("1,10", at=0.0))
    model = open_model(f"{provider}:{MODELS[provider]}", environ=environ(server, provider, **changes), **options)
    answer: Answer[Program] = model.answer(question)
    return answer


@pytest.mark.slow
@pytest.mark.parametrize("provider", DIALECTS)
def test_the_tool_is_offered_and_the_answer_says_what_was_looked_at(provider: str) -> None:
    with answering(DIALECTS[provider](GOOD, searched=True)) as server:
        answer = ask(server, provider)
    assert answer.reply.title == "Ridge on logs"
    assert (answer.searched, answer.sources) == (True, (FIRST, SECOND))
    assert "search" in server.tools(0)
    assert answer.usage.requests == 1
    assert answer.usage.cost_usd is not None
    tokens = Decimal(answer.usage.input_tokens + 10 * answer.usage.output_tokens) / 1_000_000
    assert answer.usage.cost_usd - tokens == FEES[provider]
    assert len(server.requests) == 1


@pytest.mark.slow
@pytest.mark.parametrize("provider", DIALECTS)
def test_a_model_that_does_not_use_the_tool_has_not_searched(provider: str) -> None:
    with answering(DIALECTS[provider](GOOD, searched=False)) as server:
        answer = ask(server, provider)
    assert (answer.searched, answer.sources) == (False, ())
    assert "search" in server.tools(0)


@pytest.mark.parametrize("question", [program_request(), QUESTION], ids=["not asked for", "forbidden"])
def test_the_tool_is_not_offered_to_who_does_not_ask_for_it_nor_where_it_is_forbidden(question: Any) -> None:
    said = "off" if question is QUESTION else "on"
    with answering(chat(GOOD)) as server:
        answer = ask(server, "openai", question=question, environ={"ASSAY_WEB_SEARCH": said})
    assert not answer.searched
    assert server.tools(0) == "[]"
    assert server.paths == ["/v1/chat/completions"]


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_server_that_refuses_the_tool_is_asked_once_more_without(status: int, tmp_path: Path) -> None:
    with answering(status, chat(GOOD)) as server:
        answer = ask(server, "openai", layers=(CallLog(tmp_path),))
    assert (answer.reply.title, answer.searched) == ("Ridge on logs", False)
    assert server.paths == ["/v1/responses", "/v1/chat/completions"]
    logged = [json.loads(path.read_text()) for path in sorted(tmp_path.iterdir())]
    assert "with the search tool" in logged[0]["error"]["message"]
    assert logged[1]["reply"] == GOOD


@pytest.mark.parametrize(("status", "error"), [(400, QuestionRefused), (403, ProviderRefused)])
def test_what_is_refused_without_the_tool_as_well_is_refused(status: int, error: type[Exception]) -> None:
    with answering(status) as server, pytest.raises(error):
        ask(server, "openai")
    assert server.paths == ["/v1/responses", "/v1/chat/completions"]


def test_a_wrong_key_is_no_matter_of_the_tool() -> None:
    with answering(401) as server, pytest.raises(ProviderRefused):
        ask(server, "openai")
    assert len(server.requests) == 1


def test_what_is_mended_is_not_searched_for_again_and_what_was_found_is_kept() -> None:
    wrong = '```json\n{"title": "Ridge on logs", "plan": ""}\n```\n```python\nprint(1)\n```'
    with answering(responses(wrong, searched=True), chat(GOOD)) as server:
        answer = ask(server, "openai")
    assert answer.sources == (FIRST, SECOND)
    assert server.paths == ["/v1/responses", "/v1/chat/completions"]


def test_under_a_cap_that_a_search_could_pass_the_question_goes_out_without() -> None:
    cap = Cap(tokens=SEARCH_TOKENS)
    with answering(chat(GOOD)) as server:
        answer = ask(server, "openai", layers=(cap,))
    assert not answer.searched
    assert server.paths == ["/v1/chat/completions"]
    with answering(chat(GOOD)) as server:
        ask(server, "openai", environ={"ASSAY_WEB_SEARCH": "off"}, layers=(Cap(tokens=SEARCH_TOKENS),))
    with answering(chat(GOOD)) as server, pytest.raises(BudgetSpent):
        ask(server, "openai", layers=(Cap(tokens=1_000),))
    assert server.requests == []


def test_a_machine_of_ones_own_takes_no_fee() -> None:
    with answering(responses(GOOD, searched=True)) as server:
        assert ask(server, "openai", prices=stated_prices("0,0", at=0.0)).usage.cost_usd == 0


def test_an_address_of_ones_own_is_offered_no_tool_unless_a_person_says_so() -> None:
    def offered(spec: str, **changes: str) -> bool:
        assert can_search(spec, environ=changes) == resolve(spec, environ=changes).search
        return resolve(spec, environ=changes).search

    assert offered("openai:gpt-5")
    assert offered("openai:gpt-5", OPENAI_BASE_URL="https://api.openai.com/v1")
    assert not offered("openai:gpt-5", OPENAI_BASE_URL="http://localhost:8000/v1")
    assert offered("openai:gpt-5", OPENAI_BASE_URL="http://localhost:8000/v1", ASSAY_WEB_SEARCH="on")
    assert offered("anthropic:x", ANTHROPIC_BASE_URL="http://localhost:8000")
    assert not offered("anthropic:x", ASSAY_WEB_SEARCH="off")
    assert not offered("ollama:x", ASSAY_WEB_SEARCH="on")
    assert not any(map(can_search, ("playbook", "recorded:answers")))
    assert not can_search("cli:claude", environ={})
    assert can_search("cli:claude", environ={"ASSAY_WEB_SEARCH": "on"})
    assert not can_search("cli:cat", environ={"ASSAY_WEB_SEARCH": "on"})
    with pytest.raises(UsageError, match="is on or off, not 'yes'"):
        offered("openai:gpt-5", ASSAY_WEB_SEARCH="yes")


def test_a_question_that_does_not_search_keeps_its_digest() -> None:
    assert program_request().digest == replace(QUESTION, search=False).digest
    assert program_request().digest != QUESTION.digest


def test_a_recording_keeps_what_was_looked_at(tmp_path: Path) -> None:
    with answering(responses(GOOD, searched=True)) as server:
        model = open_model("openai:gpt-5", environ=environ(server, "openai"))
        answer = Recorder(model, tmp_path).answer(QUESTION)
    again = RecordedModel(tmp_path).answer(QUESTION)
    assert (again.searched, again.sources) == (True, answer.sources)
