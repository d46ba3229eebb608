"""The command `query`: a run's tables, asked with SQL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assay.cli.commands.read import open_history
from assay.cli.output import one_line
from assay.cli.shell import Shell
from assay.report.formatting import MISSING, format_count
from assay.report.sql import TABLES, Found, ask

_WIDEST = 60
"""Characters of a cell that are shown to people; JSON has all."""


def query(shell: Shell, root: Path, name: str | None, text: str, *, most: int) -> int:
    """Show what a `select` over a run's tables gives; without one, the tables with their columns.

    Raises:
        NothingFound: No such run (E201, E203).
        UsageError: It is no query that can be answered (E045).
    """
    if not text.strip():
        lines = [f" {table:<11} {', '.join(columns)}" for table, columns in TABLES.items()]
        lines.append(" next        assay query \"select trial, score, title from trials where verdict = 'real'\"")
        shell.output.answer("query-tables", {"tables": {n: list(c) for n, c in TABLES.items()}}, "\n".join(lines))
        return 0
    folder, history = open_history(shell, root, name)
    found = ask(history, text, most=most)
    value = {
        "run": folder.name,
        "columns": list(found.columns),
        "rows": [[_plain(cell) for cell in row] for row in found.rows],
        "truncated": found.truncated,
    }
    shell.output.answer("query", value, "\n".join(_lines(shell, found)))
    return 0


def _lines(shell: Shell, found: Found) -> list[str]:
    rows = [[_cell(cell) for cell in row] for row in found.rows]
    heads = [one_line(head, _WIDEST) for head in found.columns]
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    right = [all(isinstance(row[at], int | float | None) for row in found.rows) for at in range(len(heads))]
    lines = [shell.output.paint(_line(heads, widths, right), "bold"), *(_line(row, widths, right) for row in rows)]
    more = f"the first {len(rows):,} rows; more with --most" if found.truncated else format_count(len(rows), "row")
    return [*lines, f"({more})"]


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)]
    return "  ".join(parts).rstrip()


def _cell(value: Any) -> str:
    if value is None:
        return MISSING
    return f"{value:.6g}" if isinstance(value, float) else one_line(str(value), _WIDEST)


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
