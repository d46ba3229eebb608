"""The command `cost`: what a run's answers took, by role and by who answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assay.cli.commands.read import open_history
from assay.cli.output import one_line
from assay.cli.shell import Shell
from assay.core.codec import encode
from assay.core.prices import Prices
from assay.core.usage import Usage
from assay.journal.history import History
from assay.report.bill import Item, by_model, by_role
from assay.report.formatting import MISSING, format_count, format_money

_HEADS = ("questions", "requests", "repeats", "tokens in", "tokens out", "money", "share")
_WIDTH = 11
_NAME = 32


def cost(shell: Shell, root: Path, name: str | None) -> int:
    """Show money, tokens, requests and repeats of one run."""
    folder, history = open_history(shell, root, name)
    started, usage = history.started, history.usage
    prices = started.prices if started is not None else None
    cap = history.limits.cost_usd
    value = {
        "run": folder.name,
        "cap_usd": None if cap is None else str(cap),
        "total": _usage_json(usage),
        "prices": encode(prices),
        "roles": [_item_json(item, usage) for item in by_role(history)],
        "models": [_item_json(item, usage) for item in by_model(history)],
    }
    shell.output.answer("cost", value, "\n".join(_lines(shell, folder.name, history, prices)))
    return 0


def _lines(shell: Shell, name: str, history: History, prices: Prices | None) -> Iterator[str]:
    usage, cap = history.usage, history.limits.cost_usd
    if usage.requests:
        money = format_money(usage.cost_usd, usage.unpriced)
        of = f" of {format_money(cap)}" if cap is not None else ""
        used = f"{money}{of} · {format_count(usage.requests, 'request')} · {usage.tokens:,} tokens"
        yield f"{shell.output.paint(name, 'bold')}  {used if money != 'unknown' else f'money {used}'}"
    else:
        yield f"{shell.output.paint(name, 'bold')}  nobody was paid"
    for title, items in (("role", by_role(history)), ("model", by_model(history))):
        yield shell.output.paint(f" {title:<{_NAME}}" + "".join(f"{head:>{_WIDTH}}" for head in _HEADS), "bold")
        yield from _rows(items, usage)
    if usage.requests or prices is not None:
        yield f" prices   {_price_words(prices)}"
    if usage.cached_tokens:
        yield f" cached   {usage.cached_tokens:,} of the tokens in came from the provider's cache"


def _rows(items: Sequence[Item], total: Usage) -> Iterator[str]:
    for item in items:
        usage, share = item.usage, item.share(total)
        money = format_money(usage.cost_usd, usage.unpriced) if usage.requests else "none"
        counts = (item.questions, usage.requests, item.repeats, usage.input_tokens, usage.output_tokens)
        cells = [*(f"{count:,}" for count in counts), money, MISSING if share is None else f"{share:.0%}"]
        yield f" {one_line(item.name, _NAME):<{_NAME}}" + "".join(f"{cell:>{_WIDTH}}" for cell in cells)


def _price_words(prices: Prices | None) -> str:
    if prices is None or not prices.known:
        return "of a token: unknown"
    return f"{prices.words()} ({one_line(prices.table, 60)}, read on {prices.read})"


def _item_json(item: Item, total: Usage) -> dict[str, Any]:
    return {
        "name": item.name,
        "questions": item.questions,
        "failed": item.failed,
        "repeats": item.repeats,
        "seconds": round(item.seconds, 3),
        "share": item.share(total),
        **_usage_json(item.usage),
    }


def _usage_json(usage: Usage) -> dict[str, Any]:
    return {
        "requests": usage.requests,
        "tokens_in": usage.input_tokens,
        "tokens_cached": usage.cached_tokens,
        "tokens_out": usage.output_tokens,
        "tokens_thought": usage.reasoning_tokens,
        "cost_usd": None if usage.cost_usd is None else str(usage.cost_usd),
        "unpriced_requests": usage.unpriced,
    }
