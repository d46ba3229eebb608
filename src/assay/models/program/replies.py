"""What coding-agent programs print, read: the text of the answer, what it took, and what went wrong.

The formats were read off Claude Code 2.1, Codex 0.169 and Gemini CLI 0.61, answering and failing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from assay.models.completion import Finish

_TOO_LONG = re.compile(r"exceeded the \d+ output token maximum", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What a program says that a question took."""

    input_tokens: int
    """All of them, cached ones included."""
    output_tokens: int
    """All of them, thoughts included."""
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: Decimal | None = None
    """None where the program does not say."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """One program's output, understood."""

    text: str = ""
    error: str | None = None
    """The program's own words on why there is no answer; None where there is one."""
    status: int | None = None
    """The HTTP status behind the error, where the program tells it."""
    model: str = ""
    """The model that answered, where the program tells it."""
    finish: Finish = Finish.STOP
    searched: bool = False
    """Whether the web was searched for it."""
    counted: Counted | None = None
    """None where the program does not count."""


Reader = Callable[[str, str], Said | None]
"""Reads standard output and standard error; returns None if the format is not met."""


def read_plain(stdout: str, stderr: str) -> Said | None:
    """Read a program that prints its answer and nothing else."""
    return Said(text=stdout)


def read_claude(stdout: str, stderr: str) -> Said | None:
    """Read `claude -p --output-format json`: one result object, also as the last of an array or of JSON lines."""
    results = [found for found in _objects(stdout) if found.get("type") == "result"]
    if not results:
        return None
    result = results[-1]
    text = _string(result.get("result"))
    said = Said(
        text=text,
        model=_busiest(result.get("modelUsage"), "outputTokens"),
        finish={"max_tokens": Finish.LENGTH, "refusal": Finish.REFUSED}.get(
            _string(result.get("stop_reason")), Finish.STOP
        ),
        searched=any(_number(used.get("webSearchRequests")) for _, used in _tables(result.get("modelUsage"))),
        counted=_count_claude(result),
    )
    subtype = _string(result.get("subtype")) or "success"
    if not result.get("is_error") and subtype == "success":
        return said
    if _TOO_LONG.search(text):
        return Said(model=said.model, finish=Finish.LENGTH, counted=said.counted)
    errors = result.get("errors")
    told = text or "; ".join(str(error) for error in errors if error) if isinstance(errors, list) else text
    return Said(
        error=told or subtype, status=_status(result.get("api_error_status")), model=said.model, counted=said.counted
    )


def read_codex(stdout: str, stderr: str) -> Said | None:
    """Read `codex exec --json`: events as JSON lines; the last message of a completed turn is the answer."""
    seen = _CodexEvents()
    for event in _objects(stdout):
        seen.take(event)
    return seen.said()


def read_gemini(stdout: str, stderr: str) -> Said | None:
    """Read `gemini --output-format json`: one object on standard output, or one with an error on standard error."""
    answers = [found for found in _objects(stdout) if "response" in found or "error" in found]
    failures = [found for found in _objects(stderr) if isinstance(found.get("error"), dict)]
    result = next(iter(reversed(answers)), None) or next(iter(reversed(failures)), None)
    if result is None:
        return None
    stats = _table(result.get("stats"))
    models = stats.get("models")
    counted = _count_gemini(models)
    error = result.get("error")
    if error:
        words, status = _gemini_error(error)
        return Said(error=words, status=status, counted=counted)
    name = _busiest({key: _table(value.get("tokens")) for key, value in _tables(models)}, "candidates")
    searches = _table(_table(_table(stats.get("tools")).get("byName")).get("google_web_search"))
    return Said(
        text=_string(result.get("response")),
        model=name,
        searched=_number(searches.get("count")) > 0,
        counted=counted,
    )


@dataclass
class _CodexEvents:
    """Events of one call. Errors on the way, such as a lost connection, count only if the turn fails for them."""

    text: str = ""
    met: bool = False
    completed: bool = False
    searched: bool = False
    errors: list[str] = field(default_factory=list)
    counted: Counted | None = None

    def take(self, event: dict[str, Any]) -> None:
        kind = event.get("type")
        self.met = self.met or kind in ("thread.started", "turn.started", "turn.failed", "error")
        if kind == "item.completed":
            item = _table(event.get("item"))
            if item.get("type") == "agent_message":
                self.text = _string(item.get("text"))
            self.searched = self.searched or item.get("type") == "web_search"
        elif kind == "turn.completed":
            self.met = self.completed = True
            self.counted = _count_codex(_table(event.get("usage")))
        elif kind == "turn.failed":
            self.completed = False
            self.errors.append(_string(_table(event.get("error")).get("message")))
        elif kind == "error":
            self.errors.append(_string(event.get("message")))

    def said(self) -> Said | None:
        if self.completed:
            return Said(text=self.text, searched=self.searched, counted=self.counted)
        if not self.met:
            return None
        words = next((error for error in reversed(self.errors) if error), "it ended in the middle of its turn")
        return Said(error=words, status=_status_in(words), counted=self.counted)


def _count_claude(result: dict[str, Any]) -> Counted | None:
    usage = _table(result.get("usage"))
    if not usage:
        return None
    cached = _number(usage.get("cache_read_input_tokens"))
    fresh = _number(usage.get("input_tokens")) + _number(usage.get("cache_creation_input_tokens"))
    return Counted(
        input_tokens=fresh + cached,
        cached_tokens=cached,
        output_tokens=_number(usage.get("output_tokens")),
        cost_usd=_money(result.get("total_cost_usd")),
    )


def _count_codex(usage: dict[str, Any]) -> Counted | None:
    if not usage:
        return None
    return Counted(
        input_tokens=_number(usage.get("input_tokens")),
        cached_tokens=_number(usage.get("cached_input_tokens")),
        output_tokens=_number(usage.get("output_tokens")),
        reasoning_tokens=_number(usage.get("reasoning_output_tokens")),
    )


def _count_gemini(models: Any) -> Counted | None:
    tokens = [_table(value.get("tokens")) for _, value in _tables(models)]
    if not any(tokens):
        return None

    def total(name: str) -> int:
        return sum(_number(one.get(name)) for one in tokens)

    return Counted(
        input_tokens=total("prompt"),
        cached_tokens=total("cached"),
        output_tokens=total("candidates") + total("thoughts"),
        reasoning_tokens=total("thoughts"),
    )


def _gemini_error(error: Any) -> tuple[str, int | None]:
    """Return the words and the status of an error whose message may be the provider's JSON again."""
    table = _table(error)
    words = _string(table.get("message")) or _string(error)
    inner = next((_table(found["error"]) for found in _objects(words) if "error" in found), {})
    status = _status(table.get("code")) or _status(inner.get("code"))
    return _string(inner.get("message")) or words or "an error without words", status


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects that begin at the start of a line, and those of an array; anything else is passed over."""
    decoder = json.JSONDecoder(strict=False)
    position = 0
    for match in re.finditer(r"^[ \t]*(?=[{\[])", text, re.MULTILINE):
        if match.end() < position:
            continue
        try:
            found, position = decoder.raw_decode(text, match.end())
        except (json.JSONDecodeError, RecursionError):
            continue
        yield from (one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict))


def _tables(value: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(str(key), one) for key, one in _table(value).items() if isinstance(one, dict)]


def _busiest(models: Any, count: str) -> str:
    """Return the name of the model that wrote most: programs ask small ones on the side."""
    tables = _tables(models)
    return max(tables, key=lambda pair: _number(pair[1].get(count)))[0] if tables else ""


def _status_in(words: str) -> int | None:
    found = re.search(r"\bstatus:? (\d{3})\b", words)
    return int(found.group(1)) if found else None


def _status(value: Any) -> int | None:
    """Return an HTTP status of failure; exit codes and names stand in the same places."""
    return value if isinstance(value, int) and 400 <= value < 600 else None


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and value > 0 else 0


def _money(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        money = Decimal(str(value))
    except InvalidOperation:
        return None
    return money if money.is_finite() and money >= 0 else None
