from __future__ import annotations

import json
import threading
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from assay.core.clock import FakeClock
from assay.core.errors import (
    BudgetSpent,
    MachineError,
    ModelError,
    ProviderDown,
    ProviderRefused,
    QuestionRefused,
    ReplyInvalid,
    Unwanted,
    UsageError,
)
from assay.core.prices import Prices, Rate
from assay.core.usage import Usage
from assay.models.base import Answer
from assay.models.call_log import CallLog
from assay.models.cap import Cap
from assay.models.llm import open_model
from assay.models.recorded import RecordedModel, Recorder
from assay.models.roles import Program
from assay.models.scrub import Scrubber
from support.chat_server import ChatServer, Cut, Hang, Refusal, Status, Step, Text, serving
from support.requests import GOOD, ablation_request, program_request, repair_request

KEY = "sk-test-0123456789abcdefghij"
ENVIRON = {"OPENAI_API_KEY": KEY}
PRICES = Prices(input=Rate(usd=Decimal(1)), output=Rate(usd=Decimal(10)))


class Asked:
    """What one question did."""

    def __init__(self, *steps: Step, environ: dict[str, str] | None = None, **options: Any) -> None:
        self.slept: list[float] = []
        self.answer: Answer[Program] | None = None
        self.error: ModelError | None = None
        with serving(*steps) as server:
            model = open_model(
                "openai:small",
                base_url=server.base_url,
                environ=ENVIRON if environ is None else environ,
                sleep=self.slept.append,
                **{"prices": PRICES, **options},
            )
            try:
                self.answer = model.answer(program_request())
            except ModelError as error:
                self.error = error
        self.server: ChatServer = server

    @property
    def calls(self) -> int:
        return len(self.server.requests)

    def said(self, call: int, message: int = -1) -> str:
        return str(self.server.requests[call]["messages"][message]["content"])


def test_a_good_reply_is_typed_and_counted() -> None:
    asked = Asked(Text(content=GOOD, input_tokens=1_000, output_tokens=200, cached_tokens=600))
    assert asked.answer is not None
    assert asked.answer.reply.title == "Ridge on logs"
    assert asked.answer.model == "openai:small"
    assert asked.answer.raw == GOOD
    assert asked.answer.usage == Usage(
        requests=1, input_tokens=1_000, cached_tokens=600, output_tokens=200, cost_usd=Decimal("0.003")
    )
    assert asked.calls == 1
    assert asked.server.headers[0]["authorization"] == f"Bearer {KEY}"
    assert asked.server.requests[0]["max_completion_tokens"] == 16_384


def test_the_form_ends_the_prompt() -> None:
    asked = Asked(Text(content=GOOD))
    assert asked.said(0, 0) == "You are careful."
    assert asked.said(0).startswith("Write a script.\n\nReply in exactly this form")


def test_too_many_requests_wait_as_long_as_the_provider_asks() -> None:
    asked = Asked(Status(code=429, headers={"Retry-After": "7"}), Text(content=GOOD))
    assert asked.answer is not None
    assert asked.slept == [7.0]


def test_without_that_header_the_waits_grow() -> None:
    asked = Asked(Status(code=429), Status(code=429), Status(code=429), Text(content=GOOD))
    assert asked.answer is not None
    assert len(asked.slept) == 3
    assert asked.slept[0] < asked.slept[1] < asked.slept[2]


def test_a_provider_that_asks_for_too_much_patience_is_given_up() -> None:
    asked = Asked(Status(code=429, headers={"Retry-After": "7200"}))
    assert isinstance(asked.error, ProviderDown)
    assert "7200 s" in asked.error.message
    assert asked.slept == []


@pytest.mark.parametrize("code", [500, 502, 503, 529])
def test_a_failing_server_is_asked_again(code: int) -> None:
    asked = Asked(Status(code=code), Text(content=GOOD))
    assert asked.answer is not None
    assert asked.calls == 2


def test_a_server_that_keeps_failing_is_given_up() -> None:
    asked = Asked(Status(code=500), attempts=3)
    assert isinstance(asked.error, ProviderDown)
    assert "status 500" in asked.error.message
    assert "after 3 attempts" in asked.error.message
    assert asked.calls == 3


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, QuestionRefused),
        (401, ProviderRefused),
        (403, ProviderRefused),
        (404, ProviderRefused),
        (413, QuestionRefused),
        (422, QuestionRefused),
    ],
)
def test_a_refused_request_is_never_repeated(code: int, error: type[ModelError]) -> None:
    asked = Asked(Status(code=code))
    assert type(asked.error) is error
    assert f"status {code}" in asked.error.message
    assert (asked.calls, asked.slept) == (1, [])


@pytest.mark.parametrize("code", ["context_length_exceeded", "content_filter", "content_policy_violation"])
def test_a_prompt_that_is_too_long_or_filtered_is_a_matter_of_this_question_alone(code: str) -> None:
    asked = Asked(Status(code=400, body={"error": {"message": "not this prompt", "code": code}}))
    assert isinstance(asked.error, QuestionRefused)
    assert "not this prompt" in asked.error.message


def test_a_reply_that_the_filter_cut_is_a_refusal() -> None:
    asked = Asked(Text(content="I was about to", finish="content_filter"))
    assert isinstance(asked.error, QuestionRefused)
    assert asked.error.usage.tokens == 120


def test_a_used_up_account_is_not_waited_for() -> None:
    asked = Asked(Status(code=429, body={"error": {"message": "no credit", "code": "insufficient_quota"}}))
    assert isinstance(asked.error, ProviderRefused)
    assert "no credit" in asked.error.message
    assert asked.calls == 1


@pytest.mark.parametrize("announced", [True, False])
def test_a_cut_stream_is_asked_again(announced: bool) -> None:
    asked = Asked(Cut(content=GOOD[:40], announced=announced), Text(content=GOOD))
    assert asked.answer is not None
    assert asked.server.requests[1]["messages"] == asked.server.requests[0]["messages"]


@pytest.mark.parametrize("announced", [True, False])
def test_each_broken_stream_is_charged_and_kept_as_a_call_of_its_own(tmp_path: Path, announced: bool) -> None:
    cap = Cap(tokens=200_000)
    layers = [cap, CallLog(tmp_path, scrubber=Scrubber(ENVIRON))]
    half = Cut(content=GOOD[:80], announced=announced)
    asked = Asked(half, half, Text(content=GOOD, input_tokens=1_000, output_tokens=200), layers=layers)
    assert asked.answer is not None
    usage = asked.answer.usage
    calls = [json.loads(path.read_text()) for path in sorted(tmp_path.iterdir())]
    assert [call["requests"] for call in calls] == [1, 1, 1]
    assert calls[0]["input_tokens"] > 50
    assert calls[0]["output_tokens"] == 20
    assert usage.requests == 3
    assert usage.tokens == sum(call["input_tokens"] + call["output_tokens"] for call in calls)
    assert (cap.spent.tokens, cap.spent.cost_usd) == (usage.tokens, usage.cost_usd)


def test_the_cap_is_held_before_each_retry() -> None:
    # Each broken stream took 10,000 tokens; the third call could take 16,384 more.
    half = Cut(content="x" * 40_000, announced=True)
    asked = Asked(half, half, half, layers=[Cap(tokens=34_000)])
    assert isinstance(asked.error, BudgetSpent)
    assert asked.calls == 2
    assert asked.error.usage.requests == 2
    assert asked.error.usage.output_tokens == 20_000


def test_a_hanging_server_ends_within_the_limit() -> None:
    asked = Asked(Hang(), timeout_s=0.2)
    assert isinstance(asked.error, ProviderDown)
    assert "0.2 s" in asked.error.message
    assert asked.calls == 1


def test_no_server_at_all() -> None:
    slept: list[float] = []
    model = open_model("openai:x", base_url="http://127.0.0.1:9/v1", environ=ENVIRON, sleep=slept.append, attempts=3)
    with pytest.raises(ProviderDown, match=r"127\.0\.0\.1:9"):
        model.answer(program_request())
    assert len(slept) == 2


def test_an_answer_that_is_no_stream() -> None:
    asked = Asked(Status(code=200, body={"hello": 1}), attempts=2)
    assert isinstance(asked.error, ProviderDown)


def test_wrong_json_is_asked_again_with_what_is_wrong() -> None:
    asked = Asked(Text(content='{"title": 5}'), Text(content=GOOD))
    assert asked.answer is not None
    assert asked.answer.usage.requests == 2
    assert "expected python block, found 0" in asked.said(1)
    assert asked.said(1, -2) == '{"title": 5}'


def test_code_that_does_not_parse_is_sent_back() -> None:
    asked = Asked(Text(content=GOOD.replace("import pandas as pd", "import pandas as")), Text(content=GOOD))
    assert asked.answer is not None
    assert "not valid Python" in asked.said(1)


def test_fields_missing_beside_good_code_are_asked_for_without_the_long_prompt() -> None:
    code = "import os\nprint(os.sep)\n"
    fields = '```json\n{"title": "T", "plan": "P"}\n```'
    asked = Asked(Text(content=f"Here you are:\n```python\n{code}```"), Text(content=fields))
    assert asked.answer is not None
    assert (asked.answer.reply.title, asked.answer.reply.code) == ("T", code)
    assert "Write a script." not in json.dumps(asked.server.requests[1]["messages"])
    assert "```python\n# code" not in asked.said(1)


def test_a_good_part_of_a_bad_reply_is_not_asked_for_twice() -> None:
    fields = '```json\n{"title": "T", "plan": "P"}\n```'
    asked = Asked(Text(content=fields), Text(content="```python\nX = 1\n```"))
    assert asked.answer is not None
    assert (asked.answer.reply.title, asked.answer.reply.code) == ("T", "X = 1\n")


def test_replies_out_of_form_end_after_two_re_asks_with_the_raw_text() -> None:
    asked = Asked(Text(content="no idea"))
    assert isinstance(asked.error, ReplyInvalid)
    assert asked.error.raw == "no idea"
    assert asked.error.usage.requests == 3
    assert asked.calls == 3


def test_a_reply_out_of_form_is_not_asked_for_again_once_nobody_waits() -> None:
    with serving(Text(content="never in form")) as server:
        model = open_model("openai:x", base_url=server.base_url, environ=ENVIRON)
        with pytest.raises(Unwanted) as caught:
            model.answer(replace(program_request(), wanted=lambda: False))
    assert len(server.requests) == 1
    assert caught.value.usage.tokens == 120


def test_an_empty_reply() -> None:
    asked = Asked(Text(content=""), Text(content=GOOD))
    assert asked.answer is not None
    assert asked.said(1).endswith("Your last reply was empty.")
    still = Asked(Text(content=""))
    assert isinstance(still.error, ReplyInvalid)
    assert "empty" in still.error.message


def test_a_refusal_by_the_provider_is_not_argued_with() -> None:
    asked = Asked(Refusal("not this one"))
    assert isinstance(asked.error, QuestionRefused)
    assert "not this one" in asked.error.message
    assert asked.calls == 1


def test_a_reply_cut_at_the_token_limit_never_becomes_a_script() -> None:
    half = GOOD[: GOOD.index('print("done"')]
    asked = Asked(Text(content=half, finish="length"), Text(content=GOOD))
    assert asked.answer is not None
    assert 'print("done"' in asked.answer.reply.code
    assert "cut off at 16384 tokens" in asked.said(1)


def test_a_reply_of_two_megabytes_is_not_read_to_its_end() -> None:
    asked = Asked(Text(content="x" * 2_000_000))
    assert isinstance(asked.error, ReplyInvalid)
    assert "1,000,000 characters" in asked.error.message
    assert len(asked.error.raw) == 10_000
    assert asked.error.usage.output_tokens > 200_000
    assert asked.calls == 1


def test_a_prompt_of_500_kilobytes_arrives_whole() -> None:
    long = "0123456789" * 50_000
    with serving(Text(content=GOOD)) as server:
        open_model("openai:x", base_url=server.base_url, environ=ENVIRON).answer(program_request(user=long))
    assert long in server.requests[0]["messages"][-1]["content"]


def test_thoughts_of_the_provider_are_kept_apart(tmp_path: Path) -> None:
    with serving(Text(content=GOOD, reasoning="let me think")) as server:
        layers = [CallLog(tmp_path, scrubber=Scrubber(ENVIRON))]
        model = open_model("openai:x", base_url=server.base_url, environ=ENVIRON, layers=layers)
        answer = model.answer(program_request())
    assert "let me think" not in answer.raw
    assert json.loads((tmp_path / "0001-draft.json").read_text())["thinking"] == "let me think"


def test_a_server_that_does_not_count_is_counted_roughly() -> None:
    asked = Asked(Text(content=GOOD, input_tokens=0, output_tokens=0))
    assert asked.answer is not None
    assert asked.answer.usage.input_tokens > 50
    assert asked.answer.usage.output_tokens == len(GOOD) // 4


def test_an_unknown_price_is_none_and_never_zero() -> None:
    asked = Asked(Text(content=GOOD), prices=None)
    assert asked.answer is not None
    assert asked.answer.usage.cost_usd is None


def test_what_comes_from_the_cache_is_priced_as_such() -> None:
    cheaper = replace(PRICES, cached=Rate(usd=Decimal("0.1")))
    asked = Asked(Text(content=GOOD, input_tokens=1_000, output_tokens=200, cached_tokens=600), prices=cheaper)
    assert asked.answer is not None
    assert asked.answer.usage.cost_usd == Decimal("0.00246")


@pytest.mark.parametrize(
    ("spec", "variable"),
    [("openai:x", "OPENAI_API_KEY"), ("anthropic:x", "ANTHROPIC_API_KEY"), ("google:x", "GOOGLE_API_KEY")],
)
def test_a_missing_key_is_named_before_anything_is_sent(spec: str, variable: str) -> None:
    with pytest.raises(ProviderRefused, match=variable) as caught:
        open_model(spec, environ={}).answer(program_request())
    assert caught.value.fix == f"export {variable}=..."


def test_a_server_of_ones_own_needs_no_key_and_gets_none_of_another() -> None:
    with serving(Text(content=GOOD)) as server:
        environ = {"OPENAI_API_KEY": KEY, "OLLAMA_BASE_URL": server.base_url}
        open_model("ollama:qwen", environ=environ).answer(program_request())
        open_model("openai:qwen", environ={"ASSAY_BASE_URL": server.base_url}).answer(program_request())
        both = {"ASSAY_BASE_URL": server.base_url, "ASSAY_API_KEY": "mine-own-key", "OPENAI_API_KEY": KEY}
        open_model("openai:qwen", environ=both).answer(program_request())
    sent = [headers["authorization"] for headers in server.headers]
    assert KEY not in " ".join(sent)
    assert sent[2] == "Bearer mine-own-key"


@pytest.mark.parametrize("spec", ["gpt-5", "openai:", "openai", "", "cli:claude", "frog:x"])
def test_a_spec_that_names_nothing(spec: str) -> None:
    with pytest.raises(UsageError, match="openai:NAME"):
        open_model(spec, environ={})


def test_an_address_that_is_none() -> None:
    with pytest.raises(UsageError, match="http://"):
        open_model("openai:x", base_url="localhost:8000", environ={})


def test_every_role_gets_the_same_endpoint() -> None:
    repair = '```json\n{"cause": "typo"}\n```\n```python\nX = 1\n```'
    ablation = '```json\n{"variants": [{"part": "a", "description": "d"}]}\n```\n```python\nX = 1\n```'
    with serving(Text(content=GOOD), Text(content=repair), Text(content=ablation)) as server:
        model = open_model("openai:one", base_url=server.base_url, environ=ENVIRON)
        assert model.answer(program_request()).reply.title == "Ridge on logs"
        assert model.answer(repair_request()).reply.cause == "typo"
        assert model.answer(ablation_request()).reply.variants[0].part == "a"
    assert {(r["model"], h["host"]) for r, h in zip(server.requests, server.headers, strict=True)} == {
        ("one", server.base_url.split("/")[2])
    }


def test_several_threads_share_a_model() -> None:
    answers: list[str] = []
    with serving(Text(content=GOOD)) as server:
        model = open_model("openai:x", base_url=server.base_url, environ=ENVIRON)
        threads = [
            threading.Thread(target=lambda n=n: answers.append(model.answer(program_request(key=f"q/{n}")).reply.title))
            for n in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == ["Ridge on logs"] * 4


def test_the_key_is_in_no_file_even_when_it_is_said_back(tmp_path: Path) -> None:
    leaky = GOOD.replace("skewed", f"skewed, your key is {KEY}")
    steps = (Text(content=leaky), Status(code=401, body={"error": {"message": f"bad key {KEY}"}}))
    scrubber = Scrubber(ENVIRON)
    with serving(*steps) as server:
        log = CallLog(tmp_path / "llm", scrubber=scrubber, clock=FakeClock())
        bare = open_model("openai:x", base_url=server.base_url, environ=ENVIRON, layers=[log])
        model = Recorder(bare, tmp_path / "recordings", scrubber=scrubber)
        answer = model.answer(program_request(user=f"my key is {KEY}"))
        with pytest.raises(ProviderRefused) as caught:
            model.answer(program_request())
    assert KEY not in caught.value.message
    assert KEY not in answer.reply.plan + answer.raw, "the reply goes into the journal"
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3
    assert not [path for path in files if KEY in path.read_text()]


def test_a_live_session_replays_from_its_recordings(tmp_path: Path) -> None:
    with serving(Text(content=GOOD), Text(content="never in form")) as server:
        live = Recorder(open_model("openai:x", base_url=server.base_url, environ=ENVIRON), tmp_path)
        first = live.answer(program_request())
        with pytest.raises(ReplyInvalid):
            live.answer(program_request(user="another"))
    replay = RecordedModel(tmp_path)
    again = replay.answer(program_request())
    assert (again.reply, again.usage, again.model) == (first.reply, first.usage, first.model)
    with pytest.raises(ReplyInvalid) as caught:
        replay.answer(program_request(user="another"))
    assert caught.value.usage.requests == 3


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    for name in [n for n in sys.modules if n == "pydantic_ai" or n.startswith("pydantic_ai.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)
    with pytest.raises(MachineError) as caught:
        open_model("openai:x", environ=ENVIRON).answer(program_request())
    assert caught.value.fix == "uv sync --extra llm"
