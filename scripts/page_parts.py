"""What the scripts share that write the pages of the reference from the code."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
COMMAND = "uv run scripts/reference"


def opening(title: str, words: str, source: str) -> str:
    """Return how a page begins: its title, what it is for, and where it comes from."""
    return f"# {title}\n\n{words.strip()}\n\n<!-- Generated from {source}: do not edit. Renew it with: {COMMAND} -->\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; cells are Markdown, and their line ends and bars are made harmless."""
    names = list(head)
    lines = [names, ["---"] * len(names), *([cell_text(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def cell_text(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """Return `text` as code, or nothing where there is none."""
    return f"`{text}`" if text else ""
