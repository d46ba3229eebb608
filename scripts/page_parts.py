"""What the scripts share that write the pages of the reference from the code."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class FieldText:
    """A field of a class as its source has it."""

    name: str
    type: str
    default: str
    """Empty where it has none, and must be given."""
    words: str
    """The text under it; empty where there is none."""


def fields_of(cls: type[Any]) -> list[FieldText]:
    """Return the fields that the class itself declares, with the texts that stand under them."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)
    found = []
    for node, after in zip(tree.body, [*tree.body[1:], ast.Pass()], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id != "kind":
            words = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            found.append(FieldText(node.target.id, type_of(node.annotation), default_of(node.value), str(words)))
    return found


def type_of(annotation: ast.expr) -> str:
    """Return a type without what is only for the machine."""
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Annotated":
        assert isinstance(annotation.slice, ast.Tuple)
        return type_of(annotation.slice.elts[0])
    inner = [node for node in ast.walk(annotation) if isinstance(node, ast.Subscript)]
    for node in inner:
        if isinstance(node.slice, ast.Tuple):
            node.slice.elts = [ast.parse(type_of(element), mode="eval").body for element in node.slice.elts]
    return ast.unparse(annotation)


def default_of(value: ast.expr | None) -> str:
    """Return a default as it is written; of a `Field(default=...)` what it stands for."""
    if isinstance(value, ast.Call):
        said = {word.arg: ast.unparse(word.value) for word in value.keywords}
        factory = said.get("default_factory", "")
        return said.get("default", f"{factory}()" if factory else "") or (
            "" if ast.unparse(value.func).lower() == "field" else ast.unparse(value)
        )
    return "" if value is None else ast.unparse(value)
