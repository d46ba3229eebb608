"""Document: a report's content before it becomes Markdown or HTML.

Text that Assay wrote is `str`; numbers, author's words and names of trials are marked as what they are, so that each
medium can link, quote and escape them in its own way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Num:
    """A number with evidence: its text, and its id in the ledger."""

    text: str
    ref: str


@dataclass(frozen=True)
class Strong:
    """A few emphasised words of Assay's own."""

    text: str


@dataclass(frozen=True)
class Mono:
    """A command, a file name or a digest."""

    text: str


@dataclass(frozen=True)
class Said:
    """Words of a candidate, a model or a person: cleaned, never trusted, shown as theirs."""

    text: str


@dataclass(frozen=True)
class TrialRef:
    """The name of a trial, and its folder; empty where it has none."""

    number: int
    folder: str


@dataclass(frozen=True)
class Tag:
    """A verdict or a state."""

    text: str


Inline = str | Num | Strong | Mono | Said | TrialRef | Tag
Cell = tuple[Inline, ...]


@dataclass(frozen=True)
class Paragraph:
    """Running text of Assay's own."""

    parts: Cell
    warning: bool = False


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[Cell, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Column:
    """Head of a table's column."""

    title: str
    right: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under heads."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: Cell = ()


@dataclass(frozen=True)
class Terms:
    """Names with their values, in two columns."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, kw_only=True)
class Code:
    """A file or a log, folded away."""

    summary: str
    text: str
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Quotation:
    """Prose of a candidate's author, marked as unverified."""

    text: str
    author: str
    unbacked: tuple[str, ...] = ()
    """Numbers in it that no evidence backs."""


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A drawing by name; the media find its SVG under that name."""

    name: str
    alt: str
    caption: Cell = ()


Block = Paragraph | Items | Table | Terms | Code | Quotation | Plot


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report under a heading."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The one number of the box, large."""

    value: Cell
    label: str
    note: str = ""
    aside: Cell = ()
    """Its interval, smaller."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """A whole report."""

    title: str
    run: str
    draft: str
    """What is not final about it; empty for a run that ended by itself."""
    answer: Cell
    """The answer in one sentence or two."""
    headline: Headline | None
    box: Terms
    sections: tuple[Section, ...]


def cells_of(document: Document) -> Iterator[Cell]:
    """Yield all inline content of a report, in order."""
    if document.headline is not None:
        yield document.headline.value
        yield document.headline.aside
    yield document.answer
    yield from (cell for _, cell in document.box.rows)
    for section in document.sections:
        for block in section.blocks:
            yield from _cells(block)


def plain(cell: Cell) -> str:
    """Return inline content as bare text."""
    return "".join(part if isinstance(part, str) else _text(part) for part in cell)


def _cells(block: Block) -> Iterator[Cell]:
    if isinstance(block, Paragraph):
        yield block.parts
    elif isinstance(block, Items):
        yield from block.items
    elif isinstance(block, Terms):
        yield from (cell for _, cell in block.rows)
    elif isinstance(block, Table):
        yield from (cell for row in block.rows for cell in row)
        yield block.caption
    elif isinstance(block, Plot):
        yield block.caption


def _text(part: Num | Strong | Mono | Said | TrialRef | Tag) -> str:
    return f"#{part.number}" if isinstance(part, TrialRef) else part.text
