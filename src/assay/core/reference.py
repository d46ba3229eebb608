"""Reference: a published solution that a person hands in, so that a run's winner can be compared with it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Reference:
    """The code of one published solution. It is shown to no model and to no candidate."""

    name: str
    """The file that it came from, for people."""
    code: str


_FENCE = re.compile(
    r"^```+[ \t]*(?:python|py|python3|)[ \t]*\n(.*?)^```+[ \t]*$", re.MULTILINE | re.DOTALL | re.IGNORECASE
)


def code_of(name: str, text: str) -> str:
    """Return the Python that a file holds: all of a script, the cells of a notebook, the blocks of a text.

    Args:
        name: The file's name; its ending says what it is.
        text: What is in it.

    Returns:
        Empty where there is none, or the file is damaged.
    """
    ending = name.rpartition(".")[2].lower()
    if ending == "ipynb":
        return _cells(text)
    return "\n".join(_FENCE.findall(text)) if ending in ("md", "txt") else text


def _cells(text: str) -> str:
    try:
        cells = json.loads(text)["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        return "\n\n".join(_plain("".join(source)) for source in sources)
    except (ValueError, KeyError, TypeError):
        return ""


def _plain(source: str) -> str:
    """Return a cell without what only a notebook understands."""
    lines = source.split("\n")
    return "" if lines[0].startswith("%%") else "\n".join(line for line in lines if line.lstrip()[:1] not in ("%", "!"))
