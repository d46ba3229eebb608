"""Beside: the modules of a user that lie beside a notebook and that it imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from assay.core.errors import TaskError
from assay.kinds.notebook import Notebook, flatten

MOST_BYTES = 2**20
"""Of one module."""


def helpers_beside(notebook: Notebook, path: Path) -> dict[str, str]:
    """Return name and text of every `NAME.py` beside a notebook that it imports, by itself or through another of them.

    Packages in folders are not taken, nor is what a link points to elsewhere.

    Args:
        notebook: What imports.
        path: Its file.

    Raises:
        TaskError: A module that it imports cannot be read (E138).
    """
    found: dict[str, str] = {}
    left = list(_imported(flatten(notebook).text))
    while left:
        name = f"{left.pop()}.py"
        file = path.parent / name
        if name in found or name == path.name or not file.is_file() or file.is_symlink():
            continue
        try:
            if file.stat().st_size > MOST_BYTES:
                raise ValueError(f"it is larger than {MOST_BYTES} bytes")
            found[name] = file.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            fix = "make it readable, or let the notebook do without it"
            raise TaskError(
                "E138", f"{path.name!r} imports {name!r}, which cannot be read: {error}", fix=fix
            ) from error
        left += _imported(found[name])
    return found


def _imported(code: str) -> Iterator[str]:
    """Yield the first part of each module's name that is imported absolutely; nothing of what does not parse."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
