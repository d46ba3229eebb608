"""Passages: some whole lines of a script, found where a model says they stand, and replaced."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from textwrap import dedent


def locate(code: str, passage: str) -> str | None:
    """Return the lines of `code` that `passage` means, exactly as they stand there; None if there are none such.

    Models copy a block with its ends trimmed, with other indentation or with spaces at line ends; that is forgiven.
    Any other difference is not: rewriting lines that merely resemble those meant has broken scripts elsewhere.

    Args:
        code: The whole script.
        passage: What a model copied from it.
    """
    wanted = passage.strip("\n").split("\n")
    lines = code.split("\n")
    for alike in (_exactly, _without_trailing_space, _without_indentation):
        found = _places(lines, wanted, alike)
        if len(found) == 1:
            start = found[0]
            return "\n".join(lines[start : start + len(wanted)])
        if found:
            return None
    return None


def replaced(code: str, block: str, new: str, imports: Sequence[str] = ()) -> str:
    """Return `code` with the lines `block` replaced by `new`, indented as they were, and imports at the top.

    Args:
        code: The whole script.
        block: Lines that `locate` returned for it.
        new: What takes their place.
        imports: Import statements; those that the script has are not added again.

    Raises:
        ValueError: `block` does not stand in `code` exactly once as whole lines.
    """
    lines, old = code.split("\n"), block.split("\n")
    found = _places(lines, old, _exactly)
    if len(found) != 1:
        raise ValueError(f"the block stands in the script {len(found)} times")
    start = found[0]
    fitting = _indented_like(old, new.strip("\n").split("\n"))
    return _with_imports("\n".join([*lines[:start], *fitting, *lines[start + len(old) :]]), imports)


def counterpart(code: str, block: str, other: str) -> str:
    """Return the lines of `other`, a changed copy of `code`, that stand where `block` stands in `code`.

    Args:
        code: The whole script.
        block: Lines that `locate` returned for it.
        other: A script in which they were rewritten, and perhaps imports added and something else repaired.

    Returns:
        The lines; empty where nothing stands there, or `block` is not in `code`.
    """
    lines, changed = code.split("\n"), other.split("\n")
    wanted = block.split("\n")
    found = _places(lines, wanted, _exactly)
    if len(found) != 1:
        return ""
    start, end = found[0], found[0] + len(wanted)
    low, high = len(changed), 0
    for kind, a, b, c, d in SequenceMatcher(None, lines, changed, autojunk=False).get_opcodes():
        outside = (a < start or a > end) if kind == "insert" else (b <= start or a >= end)
        if outside:
            continue
        low = min(low, c + max(0, start - a) if kind == "equal" else c)
        high = max(high, d - max(0, b - end) if kind == "equal" else d)
    return "\n".join(changed[low:high]).strip("\n")


def _exactly(lines: Sequence[str]) -> Sequence[str]:
    return lines


def _without_trailing_space(lines: Sequence[str]) -> Sequence[str]:
    return [line.rstrip() for line in lines]


def _without_indentation(lines: Sequence[str]) -> Sequence[str]:
    return dedent("\n".join(line.rstrip() for line in lines)).split("\n")


def _places(lines: Sequence[str], wanted: Sequence[str], alike: Callable[[Sequence[str]], Sequence[str]]) -> list[int]:
    """Return where `wanted` stands in `lines`, both seen through `alike`."""
    size, target = len(wanted), list(alike(wanted))
    return [at for at in range(len(lines) - size + 1) if list(alike(lines[at : at + size])) == target]


def _indented_like(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Return `new` moved right where it starts further left than `old` did; a model often writes a block flush left."""
    missing = _indentation(old) - _indentation(new)
    return [" " * missing + line if line.strip() else line for line in new] if missing > 0 else list(new)


def _indentation(lines: Sequence[str]) -> int:
    return min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)


def _with_imports(code: str, imports: Sequence[str]) -> str:
    """Return `code` with the statements that it lacks before its first import, after docstring and future imports."""
    wanted = [line for text in imports for line in text.strip().split("\n") if line.startswith(("import ", "from "))]
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError):
        return code  # its author is told by the run that follows
    known = {ast.unparse(node) for node in body if isinstance(node, ast.Import | ast.ImportFrom)}
    missing = [line for line in dict.fromkeys(wanted) if line.strip() not in known]
    if not missing:
        return code
    lines = code.split("\n")
    at = _end_of_head(body)
    return "\n".join([*lines[:at], *([""] if at and lines[at - 1].strip() else []), *missing, *lines[at:]])


def _end_of_head(body: Sequence[ast.stmt]) -> int:
    """Return the number of lines that must stay before any import: the docstring and the future imports."""
    end = 0
    for node in body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not docstring and not future:
            break
        end = node.end_lineno or end
    return end
