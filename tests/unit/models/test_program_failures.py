"""Words of failure, as the programs say them, and what they stand for."""

from __future__ import annotations

import pytest

from assay.models.completion import Unreachable
from assay.models.program.failures import failure, wait_in
from assay.models.program.formats import CLAUDE

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        ("Not logged in · Please run /login", None, "E310"),
        ("Failed to authenticate. API Error: 401 Invalid authentication credentials", 401, "E310"),
        ("OAuth token has expired. Please obtain a new token or refresh your existing token", None, "E310"),
        ("unexpected status 401 Unauthorized: Missing bearer or basic authentication in header", 401, "E310"),
        ("Please set an Auth method in your settings.json or specify GEMINI_API_KEY", None, "E310"),
        ("Credit balance is too low", 400, "E303"),
        ("Quota exceeded. Check your plan and billing details.", None, "E303"),
        ("There's an issue with the selected model (x). It may not exist or you may not have access.", 404, "E303"),
        ("The model `x` does not exist or you do not have access to it.", None, "E303"),
        ("mumble", 403, "E303"),
        ("mumble", 404, "E303"),
        ("Prompt is too long", None, "E307"),
        ("API Error: 400 mumble", 400, "E307"),
        ("This request appears to violate our Usage Policy", None, "E307"),
        ("Your input exceeds the context window of this model.", None, "E307"),
        ("error: unknown option '--tools'", None, "E311"),
        ("Unknown arguments: policy, skip-trust", None, "E311"),
        ("mumble", None, "E311"),
        ("", None, "E311"),
    ],
)
def test_what_waiting_does_not_help(words: str, status: int | None, code: str) -> None:
    error = failure("cli:claude", CLAUDE, words, status=status, now=NOW, answered=False)
    assert error.code == code
    assert words in error.message
    assert error.fix


@pytest.mark.parametrize(
    ("words", "status", "wait_s"),
    [
        ("mumble", 429, None),
        ("mumble", 529, None),
        ("Repeated 529 Overloaded errors", None, None),
        ("Claude AI usage limit reached|1790003600", None, 3_600),
        ("You've hit your session limit · resets 1:30am (Asia/Tokyo)", 429, None),
        ("You've hit your usage limit. Upgrade or try again in 3 days 2 hours 5 minutes.", None, 266_700),
        ("Selected model is at capacity. Please try a different model.", None, None),
        ("exceeded retry limit, last status: 429 Too Many Requests", 429, None),
        ("stream disconnected before completion: failed to lookup address information", None, None),
        ("You have exhausted your capacity on this model. Your quota will reset after 2h12m30s.", None, 7_950),
        ("Please retry in 350ms", 429, 0.35),
        ("getaddrinfo EAI_AGAIN api.example.org", None, None),
    ],
)
def test_what_may_pass_and_when(words: str, status: int | None, wait_s: float | None) -> None:
    error = failure("cli:claude", CLAUDE, words, status=status, now=NOW, answered=False)
    assert isinstance(error, Unreachable)
    assert error.retry_after_s == (None if wait_s is None else pytest.approx(wait_s))


def test_unknown_words_of_one_that_has_answered_before_are_taken_for_an_accident() -> None:
    assert isinstance(failure("cli:claude", CLAUDE, "mumble", now=NOW, answered=True), Unreachable)


def test_a_moment_that_has_passed_asks_for_no_wait() -> None:
    assert wait_in("limit reached|1000000000", NOW) == 0
