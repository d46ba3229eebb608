"""Layout of rendered Python: literals over several lines where one is too long, and blank lines as usual."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

WIDTH = 100


def assign(values: Sequence[str], name: str) -> str:
    """Return `name = [...]`, on one line or on full ones: hundreds of columns would bury what a script does."""
    items = [_quoted(value) for value in values]
    line = f"{name} = [{', '.join(items)}]"
    if len(line) <= WIDTH:
        return line
    lines = [""]
    for item in items:
        if len(lines[-1]) + len(item) + 6 > WIDTH and lines[-1]:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{item},"
    return f"{name} = [\n" + "".join(f"    {one}\n" for one in lines) + "]"


def assign_dict(values: Mapping[str, object], name: str) -> str:
    """Return `name = {...}` with one entry a line."""
    items = "".join(f"    {_quoted(key)}: {_quoted(value)},\n" for key, value in values.items())
    return f"{name} = {{\n{items}}}"


def tidy(text: str) -> str:
    """Return `text` with the blank lines of the usual style and one newline at the end."""
    lines = [line.rstrip() for line in text.splitlines()]
    joined = re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines).strip("\n"))
    out: list[str] = []
    for line in joined.split("\n"):
        opens = re.match(r"(def|class|@)\b", line) is not None
        dedents = bool(line) and not line[0].isspace() and line[0] not in ")]}#" and _ends_block(out)
        if (opens or dedents) and out:
            while out and not out[-1]:
                out.pop()
            comment: list[str] = []
            while out and out[-1].startswith("#") and opens:
                comment.insert(0, out.pop())
                while out and not out[-1]:
                    out.pop()
            out += ["", "", *comment]
        elif not line and len(out) >= 1 and not out[-1] and not _ends_block(out):
            continue
        out.append(line)
    return "\n".join(out) + "\n"


def _ends_block(lines: Sequence[str]) -> bool:
    """Whether the last lines belong to a function or class at top level."""
    for line in reversed(lines):
        if line and not line[0].isspace() and line[0] not in ")]}":
            return re.match(r"(def|class)\b", line) is not None
    return False


def _quoted(value: object) -> str:
    text = repr(value)
    return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text else text
