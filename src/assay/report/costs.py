"""The section of a report on cost and time: where both went, by activity, by role and by who answered."""

from __future__ import annotations

from collections.abc import Sequence

from assay.core.prices import Prices, PriceSource
from assay.report.bill import Item, by_model, by_role
from assay.report.document import Block, Cell, Column, Paragraph, Plot, Section, Table
from assay.report.formatting import MISSING
from assay.report.prose import clean_line
from assay.report.telling import Teller
from assay.report.times import activities


def cost_section(teller: Teller) -> Section:
    """Return where time and money went."""
    blocks: list[Block] = [*_time_blocks(teller)]
    roles = by_role(teller.facts.history)
    if roles:
        blocks.append(_bill(teller, "role", "Role", roles))
    if teller.facts.history.usage.requests:
        models = [item for item in by_model(teller.facts.history) if item.usage.requests]
        if len(models) > 1:
            blocks.append(_bill(teller, "model", "Model", models))
        blocks.append(Paragraph(price_words(teller)))
    return Section(name="cost", title="Cost and time", blocks=tuple(blocks) or (Paragraph(("Nothing was spent.",)),))


def price_words(teller: Teller) -> Cell:
    """Return the prices that the run charges by, with who says so and of when they are."""
    started = teller.facts.history.started
    prices = started.prices if started is not None else None
    if prices is None:
        return ("The journal does not say by which prices the requests were charged.",)
    if not prices.known and teller.facts.history.usage.cost_usd is not None:
        return ("No price of a token is known; money is what was said with the answers.",)
    if not prices.known:
        return (
            "What this model's tokens cost is not known: money is unknown, not nothing. "
            "A price can be stated for the next run.",
        )
    told: Cell = ("Prices per million tokens: ",)
    for index, name in enumerate(n for n in ("input", "cached", "cache_write", "output") if _price(n) in teller.ledger):
        usd = teller.ledger.cite(_price(name), f"${teller.ledger[_price(name)].value}")
        told = (*told, ", " if index else "", usd, f" {_WORDS[name]}")
    return (*told, f"; {_source(prices)}. They hold for the whole run.")


_WORDS = {"input": "input", "cached": "input from the cache", "cache_write": "input into the cache", "output": "output"}


def _price(name: str) -> str:
    return f"price.{name}"


def _source(prices: Prices) -> str:
    who = "stated in" if prices.source is PriceSource.STATED else "from the table"
    longer = any(rate is not None and rate.tiers for rate in (prices.input, prices.output))
    tiers = ", more for a long input" if longer else ""
    return f"{who} {clean_line(prices.table, 60)}, read on {prices.read}{tiers}"


def _time_blocks(teller: Teller) -> list[Block]:
    spent = activities(teller.facts)
    if not spent:
        return []
    table = Table(
        columns=(Column("Activity"), Column("Times", right=True), Column("Time", right=True)),
        rows=tuple(
            ((a.title,), teller.count(f"time.{a.name}.count"), teller.duration(f"time.{a.name}")) for a in spent
        ),
        caption=(
            "Summed over what ran side by side; the whole run took ",
            *teller.duration("run.wall_s"),
            " by the clock.",
        ),
    )
    return [Plot(name="time", alt="Seconds by activity"), table]


def _bill(teller: Teller, kind: str, title: str, items: Sequence[Item]) -> Table:
    paid = bool(teller.facts.history.usage.requests)
    heads = ["Questions", "Waiting"]
    if paid:
        heads += ["Requests", "Tokens in", "Tokens out", "Money", "Share"]
    rows = [_row(teller, kind, item, paid=paid) for item in items]
    if paid:
        rows.append(_total(teller))
    return Table(
        columns=(Column(title), *(Column(head, right=True) for head in heads)),
        rows=tuple(rows),
        caption=_caption(teller, paid=paid),
    )


def _row(teller: Teller, kind: str, item: Item, *, paid: bool) -> tuple[Cell, ...]:
    name = f"{kind}.{item.name}"
    failed = f" ({item.failed} without an answer)" if item.failed else ""
    row: tuple[Cell, ...] = (
        (clean_line(item.name, 60), failed),
        teller.count(f"{name}.questions"),
        teller.duration(f"{name}.seconds"),
    )
    if not paid:
        return row
    share = item.share(teller.facts.history.usage)
    return (
        *row,
        teller.count(f"{name}.requests"),
        teller.count(f"{name}.tokens_in"),
        teller.count(f"{name}.tokens_out"),
        teller.money(f"{name}.cost_usd", unpriced=item.usage.unpriced) if item.usage.requests else ("none",),
        (f"{share:.0%}",) if share is not None else (MISSING,),
    )


def _total(teller: Teller) -> tuple[Cell, ...]:
    counts = (teller.count(f"run.{name}") for name in ("requests", "tokens_in", "tokens_out"))
    return (("together",), (), (), *counts, teller.money(), ())


def _caption(teller: Teller, *, paid: bool) -> Cell:
    if not paid:
        return ("Nobody was paid for an answer.",)
    if not teller.facts.history.usage.unpriced:
        return ()
    return (
        "The price of ",
        *teller.count("run.unpriced_requests", "request"),
        " is unknown: what is known of the money is a lower bound.",
    )
