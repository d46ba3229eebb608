"""Programs as the model, one call at a time: what they are given, and what is made of their answers and failures."""

from __future__ import annotations

import re
import signal
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from assay.core.clock import FakeClock
from assay.core.errors import ModelError, ProviderDown, ReplyInvalid, Unwanted
from assay.core.prices import Prices
from assay.core.usage import Usage
from assay.models.base import Message
from assay.models.completion import Completion, Finish, Prompt, Unreachable
from assay.models.prices import stated_prices
from assay.models.program.choice import resolve_program
from assay.models.program.completer import ProgramCompleter, open_program
from support.completers import prompt
from support.requests import GOOD, program_request
from support.stand_in_program import LateOnceCalled, StandIn, install

KNOWN = ("claude", "codex", "gemini")
NAMES = (*KNOWN, "mine")
NOW = 1_790_000_000.0


def completer(program: StandIn, words: str = "", **changes: Any) -> ProgramCompleter:
    environ = changes.pop("environ", {}) | program.environ
    changes.setdefault("clock", FakeClock(NOW))
    return ProgramCompleter(
        resolve_program(f"cli:{program.path.name} {words}", environ=environ), environ=environ, **changes
    )


def failed(folder: Path, name: str, *plan: dict[str, Any], **changes: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        completer(install(folder, name, *plan), **changes).complete(prompt())
    return caught.value


# --- answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "model", "usage"),
    [
        (
            "claude",
            "cli:claude:claude-large",
            Usage(requests=1, input_tokens=23, cached_tokens=7, output_tokens=3, cost_usd=Decimal("0.0025")),
        ),
        (
            "codex",
            "cli:codex",
            Usage(requests=1, input_tokens=11, cached_tokens=4, output_tokens=3, reasoning_tokens=1),
        ),
        (
            "gemini",
            "cli:gemini:gemini-large",
            Usage(requests=1, input_tokens=11, cached_tokens=4, output_tokens=5, reasoning_tokens=2),
        ),
    ],
)
def test_the_known_programs_answer_and_count(tmp_path: Path, name: str, model: str, usage: Usage) -> None:
    got = completer(install(tmp_path, name, {"say": "Hi\nthere"})).complete(prompt())
    assert got == Completion(text="Hi\nthere", model=model, usage=usage)


def test_a_program_of_ones_own_prints_its_answer_and_is_counted_by_length(tmp_path: Path) -> None:
    got = completer(install(tmp_path, "mine", {"say": "x" * 399})).complete(prompt("y" * 399))
    assert got.text == "x" * 399 + "\n"
    assert got.usage == Usage(requests=1, input_tokens=100, output_tokens=100)


def test_a_stated_price_counts_before_what_the_program_says(tmp_path: Path) -> None:
    prices = stated_prices("1000000,0", at=NOW)
    got = completer(install(tmp_path, "claude", {"say": "Hi"}), prices=prices).complete(prompt())
    assert got.usage.cost_usd == 23


def test_an_unknown_price_is_told_as_none(tmp_path: Path) -> None:
    assert completer(install(tmp_path, "claude", {}), prices=Prices()).price(1000, 1000) is None


@pytest.mark.parametrize(
    ("step", "finish"),
    [
        ({"say": "half", "finish": "max_tokens"}, Finish.LENGTH),
        ({"say": "no", "finish": "refusal"}, Finish.REFUSED),
    ],
)
def test_why_an_answer_ended(tmp_path: Path, step: dict[str, Any], finish: Finish) -> None:
    assert completer(install(tmp_path, "claude", step)).complete(prompt()).finish is finish


def test_a_reply_beyond_the_limit_of_tokens_counts_as_cut(tmp_path: Path) -> None:
    words = "API Error: Claude's response exceeded the 32000 output token maximum. To configure this behavior, ..."
    got = completer(install(tmp_path, "claude", {"fail": words})).complete(prompt())
    assert (got.text, got.finish) == ("", Finish.LENGTH)


def test_an_answer_among_events_is_found(tmp_path: Path) -> None:
    """With hooks or in verbose mode the result is the last of an array."""
    events = '[{"type":"system"},\n{"type":"result","subtype":"success","is_error":false,"result":"Hi"}]'
    assert completer(install(tmp_path, "claude", {"print": events})).complete(prompt()).text == "Hi"


# --- what it is given -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_prompt_goes_through_standard_input_alone(tmp_path: Path, name: str) -> None:
    program = install(tmp_path, name, {"say": "Hi"})
    text = "The question, half a megabyte of it: " + "äx\n" * 125_000
    completer(program).complete(prompt(text))
    call = program.calls[0]
    assert text in call["stdin"]
    assert not any("question," in word for word in call["argv"])
    assert not any("question," in value for value in call["env"].values())


def test_earlier_turns_are_told_in_order(tmp_path: Path) -> None:
    program = install(tmp_path, "mine", {"say": "Hi"})
    talk = (("system", "Be exact."), ("user", "Ask"), ("assistant", "Wrong"), ("user", "Mend it"))
    messages = tuple(Message(role=role, content=content) for role, content in talk)  # type: ignore[arg-type]
    completer(program).complete(Prompt(role="draft", key="q", messages=messages, max_output_tokens=10))
    said = program.calls[0]["stdin"]
    places = [said.index(part) for part in ("Be exact.", "Ask", "--- Your reply was", "Wrong", "--- End", "Mend it")]
    assert places == sorted(places)


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_in_an_empty_folder_that_goes_with_all_that_was_written(tmp_path: Path, name: str) -> None:
    program = install(tmp_path, name, {"say": "Hi", "write": "notes.txt"})
    completer(program).complete(prompt())
    call = program.calls[0]
    assert call["files"] == []
    folder = Path(call["cwd"])
    assert Path(call["env"]["TMPDIR"]).parent == folder.parent
    assert not folder.parent.exists()


ENVIRON = {
    "ANTHROPIC_API_KEY": "of-claude-1",
    "CODEX_API_KEY": "of-codex-1",
    "GEMINI_API_KEY": "of-gemini-1",
    "AWS_SECRET_ACCESS_KEY": "of-nobody-1",
    "MY_TOKEN": "of-mine-1234",
    "ASSAY_CLI_ENV": "MY_TOKEN, MY_OTHER",
    "https_proxy": "http://proxy:3128",
    "CLAUDECODE": "1",
    "PYTHONPATH": "/somewhere",
}


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("claude", {"ANTHROPIC_API_KEY"}),
        ("codex", {"CODEX_API_KEY"}),
        ("gemini", {"GEMINI_API_KEY"}),
        ("mine", set()),
    ],
)
def test_it_is_given_its_own_variables_and_no_others(tmp_path: Path, name: str, own: set[str]) -> None:
    program = install(tmp_path, name, {"say": "Hi"})
    completer(program, environ=ENVIRON).complete(prompt())
    given = program.calls[0]["env"]
    assert set(given) & set(ENVIRON) == own | {"https_proxy", "MY_TOKEN"}
    assert given["HOME"] == str(program.folder)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("claude", ["-p", "--tools", "", "--strict-mcp-config", "--setting-sources"]),
        ("codex", ["exec", "--json", "--sandbox", "read-only", "features.shell_tool=false", "--ignore-user-config"]),
        ("gemini", ["--approval-mode", "plan", "--policy", "--skip-trust"]),
    ],
)
def test_it_is_told_to_only_answer(tmp_path: Path, name: str, words: list[str]) -> None:
    program = install(tmp_path, name, {"say": "Hi"})
    completer(program).complete(prompt())
    assert set(words) <= set(program.calls[0]["argv"])


@pytest.mark.parametrize(
    ("search", "rules"), [(False, ['"*" deny']), (True, ['"*" deny', '"google_web_search" allow'])]
)
def test_what_gemini_may_use_is_said_in_a_file_that_is_there(tmp_path: Path, search: bool, rules: list[str]) -> None:
    program = install(tmp_path, "gemini")
    program.path.write_text(
        '#!/bin/sh\nfor word in "$@"; do case "$word" in *.toml) cat "$word" >&2;; esac; done\n'
        'cat "$GEMINI_SYSTEM_MD" >&2\nexit 1\n'
    )
    with pytest.raises(ModelError) as caught:
        completer(program, environ={"ASSAY_WEB_SEARCH": "on"}).complete(replace(prompt(), search=search))
    told = caught.value.message
    names, decisions = re.findall(r'toolName = (".*")', told), re.findall(r'decision = "(.*)"', told)
    assert [f"{name} {decision}" for name, decision in zip(names, decisions, strict=True)] == rules
    assert ("Search the web" in told) == search


@pytest.mark.parametrize(
    ("name", "told"),
    [("claude", "--tools WebSearch"), ("codex", 'web_search="live"'), ("gemini", "--policy")],
)
def test_it_may_search_where_the_question_and_the_person_allow_it(tmp_path: Path, name: str, told: str) -> None:
    program = install(tmp_path, name, {"say": "Hi"}, {"say": "Hi"}, {"say": "Hi", "search": 1})
    asked = replace(prompt(), search=True)
    allowed = {"ASSAY_WEB_SEARCH": "on"}
    got = [
        completer(program).complete(asked),
        completer(program, environ=allowed).complete(prompt()),
        completer(program, environ=allowed).complete(asked),
    ]
    assert [completion.searched for completion in got] == [False, False, True]
    shut, as_shut, open_ = (" ".join(call["argv"]) for call in program.calls)
    assert told in open_
    if name != "gemini":  # whose policy is a file
        assert told not in shut + as_shut


def test_flags_of_a_person_replace_ours(tmp_path: Path) -> None:
    program = install(tmp_path, "claude", {"say": "Hi"})
    completer(program, "--tools Read --model opus").complete(prompt())
    argv = program.calls[0]["argv"]
    assert argv[-4:] == ["--tools", "Read", "--model", "opus"]
    assert argv.count("--tools") == 1


def test_the_bound_of_a_reply_is_handed_on_where_the_program_has_one(tmp_path: Path) -> None:
    program = install(tmp_path, "claude", {"say": "Hi"})
    completer(program).complete(prompt(max_output_tokens=1234))
    completer(program, environ={"CLAUDE_CODE_MAX_OUTPUT_TOKENS": "99"}).complete(prompt(max_output_tokens=1234))
    assert [call["env"]["CLAUDE_CODE_MAX_OUTPUT_TOKENS"] for call in program.calls] == ["1234", "99"]


# --- failures ----------------------------------------------------------------------------------------------------


def test_a_program_that_is_missing_says_how_to_install_it(tmp_path: Path) -> None:
    program = install(tmp_path, "claude", {})
    program.path.unlink()
    with pytest.raises(ModelError, match="no program 'claude' on PATH") as caught:
        completer(program, environ={}).complete(prompt())
    assert (caught.value.code, caught.value.fix) == ("E309", "npm install -g @anthropic-ai/claude-code")


def test_a_program_whose_interpreter_is_missing(tmp_path: Path) -> None:
    program = install(tmp_path, "codex", {})
    program.path.write_text("#!/no/such/node\n")
    with pytest.raises(ModelError) as caught:
        completer(program).complete(prompt())
    assert caught.value.code == "E309"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("claude", "Not logged in · Please run /login"),
        ("codex", "unexpected status 401 Unauthorized: Missing bearer"),
        ("gemini", "Please set an Auth method in your /home/.gemini/settings.json or specify one of ..."),
        ("mine", "not logged in"),
    ],
)
def test_not_logged_in(tmp_path: Path, name: str, words: str) -> None:
    error = failed(tmp_path, name, {"fail": words})
    assert error.code == "E310"
    assert name == "mine" or name in error.fix


@pytest.mark.parametrize("name", NAMES)
def test_an_overload_may_pass(tmp_path: Path, name: str) -> None:
    assert isinstance(failed(tmp_path, name, {"fail": "Overloaded, status: 529"}), Unreachable)


@pytest.mark.parametrize("name", KNOWN)
def test_a_status_of_the_provider_is_read(tmp_path: Path, name: str) -> None:
    assert isinstance(failed(tmp_path, name, {"fail": "mumble", "status": 429}), Unreachable)


def test_a_usage_limit_may_pass_and_says_when(tmp_path: Path) -> None:
    error = failed(tmp_path, "claude", {"fail": f"Claude AI usage limit reached|{int(NOW) + 3600}"})
    assert isinstance(error, Unreachable)
    assert error.retry_after_s == 3600


def test_one_question_is_refused(tmp_path: Path) -> None:
    assert failed(tmp_path, "claude", {"fail": "Prompt is too long"}).code == "E307"


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("claude", {"stderr": "error: unknown option '--tools'\n", "exit": 1}),
        ("codex", {"stderr": "error: unexpected argument '--ephemeral' found", "exit": 2}),
        ("gemini", {"stderr": "Unknown arguments: policy, skip-trust", "exit": 1}),
        ("mine", {"stderr": "Traceback ...\nKeyError: 'x'", "exit": 1}),
        ("claude", {"print": "Hello, I am a program of another kind.\n"}),
        ("codex", {"print": "Hello\n"}),
        ("gemini", {}),
        ("claude", {"signal": signal.SIGSEGV}),
    ],
)
def test_one_that_has_never_answered_and_fails_for_reasons_of_its_own(
    tmp_path: Path, name: str, step: dict[str, Any]
) -> None:
    error = failed(tmp_path, name, step)
    assert error.code == "E311"
    assert step.get("stderr", "")[-20:].strip() in error.message


@pytest.mark.parametrize("step", [{"print": "No JSON."}, {"exit": 1}, {"signal": signal.SIGSEGV}])
def test_one_that_has_answered_before_is_tried_again(tmp_path: Path, step: dict[str, Any]) -> None:
    asked = completer(install(tmp_path, "claude", {"say": "Hi"}, step))
    asked.complete(prompt())
    with pytest.raises(Unreachable):
        asked.complete(prompt())


def test_codex_that_ends_in_the_middle_of_its_turn(tmp_path: Path) -> None:
    events = '{"type":"turn.started"}\n{"type":"error","message":"Reconnecting... 2/5 (stream disconnected)"}\n'
    assert isinstance(failed(tmp_path, "codex", {"print": events, "exit": 1}), Unreachable)


def test_an_empty_answer_is_an_answer(tmp_path: Path) -> None:
    """The question is put again by whoever reads it, as with a provider."""
    assert completer(install(tmp_path, "claude", {"say": ""})).complete(prompt()).text == ""


def test_ten_megabytes_are_not_read(tmp_path: Path) -> None:
    error = failed(tmp_path, "mine", {"flood": 10_000_000})
    assert isinstance(error, ReplyInvalid)
    assert error.usage.requests == 1
    assert len(error.raw) == 10_000


def test_a_hanging_program_is_ended_and_its_last_words_are_told(tmp_path: Path) -> None:
    program = install(tmp_path, "codex", {"hang": True})
    with pytest.raises(ProviderDown, match="gave no answer within 60 s") as caught:
        completer(program, timeout_s=60.0, clock=LateOnceCalled(program)).complete(prompt("x" * 4_000))
    assert not isinstance(caught.value, Unreachable)
    assert (caught.value.usage.requests, caught.value.usage.cost_usd) == (1, None)
    assert caught.value.usage.input_tokens >= 1_000


def test_an_answer_that_nobody_waits_for_is_broken_off(tmp_path: Path) -> None:
    program = install(tmp_path, "claude", {"hang": True})
    asked = Prompt(
        role="draft",
        key="q",
        messages=(Message(role="user", content="x" * 4_000),),
        max_output_tokens=10,
        wanted=lambda: not program.calls,
    )
    with pytest.raises(Unwanted) as caught:
        completer(program).complete(asked)
    assert caught.value.usage.requests == 1


def test_a_key_that_is_said_back_is_masked(tmp_path: Path) -> None:
    environ = {"ANTHROPIC_API_KEY": "my-very-secret-1"}
    said = completer(install(tmp_path, "claude", {"say": "my-very-secret-1"}), environ=environ).complete(prompt())
    told = failed(tmp_path, "claude", {"fail": "invalid api key my-very-secret-1"}, environ=environ)
    assert "very-secret" not in said.text + told.message


def test_a_question_that_searches_reaches_the_program_as_one(tmp_path: Path) -> None:
    program = install(tmp_path, "claude", {"say": GOOD, "search": 1})
    model = open_program("cli:claude", environ={**program.environ, "ASSAY_WEB_SEARCH": "on"})
    assert model.answer(replace(program_request(), search=True)).searched
    assert "--tools WebSearch" in " ".join(program.calls[0]["argv"])
