"""Renders a report as Markdown that reads well as plain text too."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assay.report.document import (
    Block,
    Cell,
    Code,
    Document,
    Inline,
    Items,
    Mono,
    Num,
    Paragraph,
    Plot,
    Quotation,
    Said,
    Strong,
    Table,
    Terms,
    TrialRef,
)

_SPECIAL = re.compile(r"[\\`*\[\]<|~]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
"""An underscore inside a word is no markup."""
_OPENING = re.compile(r"^(\s*)(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|-{2,}|={2,}|\d+(?=[.)](?:\s|$)))")
MOST_CODE_LINES = 400


def escape(text: str) -> str:
    """Return `text` so that no Markdown renderer takes any of it for markup, HTML or a link; one line stays one."""
    escaped = _SPECIAL.sub(lambda match: "\\" + match.group(), text.replace("\n", " "))
    escaped = re.sub(r"(?i)\b(https?|ftp|javascript|data):", r"\1\\:", escaped)
    return _OPENING.sub(_guard, escaped)


def _guard(match: re.Match[str]) -> str:
    """Escape what would open a heading, a quotation or a list at the start of a line."""
    space, opening = match.groups()
    return f"{space}{opening}\\" if opening.isdigit() else f"{space}\\{opening}"


def render_markdown(document: Document, plots: Sequence[str], *, made: str = "") -> str:
    """Return the report as Markdown; plots are linked as files in `plots/`.

    Args:
        document: The report.
        plots: Names of the plots that were drawn.
        made: A line on when the report's journal ended.
    """
    lines = [f"# {escape(document.title)}", "", f"Run `{_mono(document.run)}`{f', {made}' if made else ''}", ""]
    if document.draft:
        lines += [f"> **{escape(document.draft)}**", ""]
    if document.headline:
        head = document.headline
        aside = f" ({inline(head.aside).strip()})" if head.aside else ""
        note = f", {escape(head.note)}" if head.note else ""
        lines += [f"**{inline(head.value)}**{aside} {escape(head.label)}{note}", ""]
    lines += [inline(document.answer), "", *_terms(document.box), ""]
    for section in document.sections:
        lines += [f"## {escape(section.title)}", ""]
        for block in section.blocks:
            lines += [*_block(block, plots), ""]
    lines += ["Every number with its evidence is in `report.json`.", ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def inline(cell: Cell, *, quoted: bool = True) -> str:
    """Return inline content as Markdown.

    Args:
        cell: The content.
        quoted: Whether words of others stand in quotation marks; a table's head can say so instead.
    """
    return "".join(_inline(part, quoted=quoted) for part in cell)


def table(columns: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table whose cells are Markdown already.

    Args:
        columns: Titles, and whether the column is set to the right.
        rows: Cells.
    """
    widths = [max([len(title), 3, *(len(row[i]) for row in rows)]) for i, (title, _) in enumerate(columns)]
    right = [is_right for _, is_right in columns]

    def line(cells: Sequence[str]) -> str:
        padded = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * (w - 1) + ":" if r else "-" * w for w, r in zip(widths, right, strict=True)]
    return [line([title for title, _ in columns]), f"| {' | '.join(rule)} |", *(line(row) for row in rows)]


def fenced(text: str, language: str = "") -> list[str]:
    """Return `text` as a code block with a fence longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *text.rstrip("\n").split("\n"), fence]


def _block(block: Block, plots: Sequence[str]) -> list[str]:
    if isinstance(block, Paragraph):
        return [inline(block.parts)]
    if isinstance(block, Items):
        return [f"{f'{i + 1}.' if block.ordered else '-'} {inline(item)}" for i, item in enumerate(block.items)]
    if isinstance(block, Terms):
        return _terms(block)
    if isinstance(block, Table):
        rows = [[inline(cell, quoted=False) for cell in row] for row in block.rows]
        lines = table([(escape(column.title), column.right) for column in block.columns], rows)
        return [*lines, "", inline(block.caption)] if block.caption else lines
    if isinstance(block, Code):
        return _code(block)
    if isinstance(block, Quotation):
        return _quotation(block)
    return _plot(block, plots)


def _terms(block: Terms) -> list[str]:
    return [f"- {escape(name)}: {inline(cell)}" if name else f"  - {inline(cell)}" for name, cell in block.rows]


def _code(block: Code) -> list[str]:
    lines = block.text.split("\n")
    cut = lines[:MOST_CODE_LINES]
    more = [f"{len(lines) - len(cut)} more lines are in `trials/`."] if len(cut) < len(lines) else []
    return [
        f"<details><summary>{escape(block.summary)}</summary>",
        "",
        *fenced("\n".join(cut), block.language),
        *more,
        "",
        "</details>",
    ]


def _quotation(block: Quotation) -> list[str]:
    quoted = [f"> {escape(line)}" for line in block.text.split("\n")]
    footer = f"> (Written by {escape(block.author)}, not verified.)"
    if block.unbacked:
        backed = ", ".join(escape(number) for number in block.unbacked)
        footer = f"> (Written by {escape(block.author)}, **not verified**: nothing measured backs {backed}.)"
    return [*quoted, ">", footer]


def _plot(block: Plot, plots: Sequence[str]) -> list[str]:
    return [f"![{escape(block.alt)}](plots/{block.name}.svg)"] if block.name in plots else []


def _inline(part: Inline, *, quoted: bool) -> str:
    if isinstance(part, str):
        return escape(part) if part.strip() else part
    if isinstance(part, Num):
        return escape(part.text)
    if isinstance(part, Strong):
        return f"**{escape(part.text)}**"
    if isinstance(part, Mono):
        return f"`{_mono(part.text)}`"
    if isinstance(part, Said):
        return (
            f"\N{LEFT DOUBLE QUOTATION MARK}{escape(part.text)}\N{RIGHT DOUBLE QUOTATION MARK}"
            if quoted
            else escape(part.text)
        )
    if isinstance(part, TrialRef):
        return f"[#{part.number}]({part.folder}/)" if part.folder else f"#{part.number}"
    return f"*{escape(part.text)}*"


def _mono(text: str) -> str:
    return text.replace("`", "'").replace("|", "/").replace("\n", " ")
