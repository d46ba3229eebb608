"""A program's words of failure, told apart: what may pass, what no question would be answered for, and this question.

The order of the rules matters: "quota exceeded, check your billing" is no credit before it is an overload.
"""

from __future__ import annotations

import re
from typing import Final

from assay.core.errors import ModelError, ProgramUnusable, ProviderRefused, QuestionRefused
from assay.models.completion import Unreachable
from assay.models.program.formats import ProgramFormat

NO_LOGIN: Final = "E310"
FAILING: Final = "E311"

_LOGGED_OUT = re.compile(
    r"not logged in|/login\b|\blog ?in (first|again)|codex login|invalid api key|api key not valid|auth method|"
    r"unauthorized|authenticat|oauth|invalid x-api-key|expired token|token (has )?expired|refresh token",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(
    r"credit balance|insufficient.{0,3}(quota|credit|funds)|billing|out of credits|payment", re.IGNORECASE
)
_NO_MODEL = re.compile(
    r"model.{0,80}(does not exist|may not exist|not found|not supported|no access|not have access)"
    r"|unknown model|issue with the selected model",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"too long|exceeds the (maximum|context)|context.?(window|length)|maximum context|usage policy|"
    r"content.?(filter|policy)|safety|flagged",
    re.IGNORECASE,
)
_MAY_PASS = re.compile(
    r"overload|rate.?limit|usage limit|(hit|reached).{0,30}limit|limit (was |has been )?(hit|reached)|too many requests"
    r"|at capacity|high demand|quota|exhausted|try again|temporar|timed? ?out|timeout|disconnected|connection|network"
    r"|unavailable|internal server error|bad gateway|fetch failed|socket hang up|ECONN|ETIMEDOUT|ENOTFOUND|EAI_AGAIN"
    r"|\b(408|429|500|502|503|504|529)\b",
    re.IGNORECASE,
)
_MISCALLED = re.compile(
    r"(unknown|unexpected|unrecognized|invalid) (option|argument|flag|value)|unknown arguments?:|error: option",
    re.IGNORECASE,
)
_UNIT_S = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = r"(\d+(?:\.\d+)?)\s*(days?|d|hours?|hrs?|h|minutes?|mins?|ms|m|seconds?|secs?|s)(?![a-z])"
_WAIT = re.compile(rf"\b(?:in|after)\s+((?:{_PART}[\s,]*(?:and\s+)?)+)", re.IGNORECASE)
_EPOCH = re.compile(r"\|(\d{10})\b")


def failure(
    name: str, program: ProgramFormat, words: str, *, status: int | None = None, now: float, answered: bool
) -> ModelError:
    """Return the error that a program's words stand for.

    Args:
        name: Who failed, for people.
        program: Its format; says how it is logged in.
        words: What it said, scrubbed.
        status: The HTTP status behind it, where it is known.
        now: Seconds since the epoch, for a limit that names the moment of its end.
        answered: Whether it has answered before: then words that nobody knows are taken for an accident, else for a
            program that cannot work as it is called.
    """
    told = f"{name}: {words}" if words else f"{name} failed without a word"
    if status == 401 or (status is None and _LOGGED_OUT.search(words)):
        return ProgramUnusable(NO_LOGIN, f"{told} (it is not logged in)", fix=program.login)
    if status == 402 or _NO_CREDIT.search(words):
        return ProviderRefused(f"{told} (no credit is left)", fix="assay resume")
    if status == 404 or _NO_MODEL.search(words):
        return ProviderRefused(told, fix=f"--model 'cli:{program.name or 'PROGRAM'} --model NAME'")
    if status in (400, 413, 422) or (status is None and _QUESTION.search(words)):
        return QuestionRefused(told)
    if status == 403:
        return ProviderRefused(told, fix=program.login or "assay doctor")
    if _MISCALLED.search(words) and status is None:
        return failing(told, program)
    if status is not None or _MAY_PASS.search(words) or answered:
        return Unreachable(told, retry_after_s=wait_in(words, now))
    return failing(told, program)


def failing(told: str, program: ProgramFormat) -> ProgramUnusable:
    """Return the error for a program that fails in a way that will not pass."""
    fix = f"update it: {program.install}" if program.install else "run it by hand with a question on standard input"
    return ProgramUnusable(FAILING, told, fix=fix)


def wait_in(words: str, now: float) -> float | None:
    """Return the seconds to wait that `words` name, as "try again in 2 hours 5 minutes" does; None without."""
    epoch = _EPOCH.search(words)
    if epoch:
        return max(0.0, int(epoch.group(1)) - now)
    found = _WAIT.search(words)
    if not found:
        return None
    parts = re.findall(_PART, found.group(1), re.IGNORECASE)
    return sum(float(number) * _UNIT_S["ms" if unit.lower() == "ms" else unit[0].lower()] for number, unit in parts)
