"""From a language model's text to its parts: one JSON object and the fenced blocks of code.

Nothing here knows what was asked; `form` does.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_THOUGHT = r"think|thinking|thought|thoughts|reasoning|scratchpad"
_THOUGHT_BEGIN = re.compile(rf"^[ \t]*<({_THOUGHT})\b[^>\n]{{0,200}}>", re.MULTILINE | re.IGNORECASE)
_THOUGHT_OPEN = re.compile(rf"\A\s*<({_THOUGHT})\b[^>\n]*>", re.IGNORECASE)
_THOUGHT_CLOSE = re.compile(rf"</({_THOUGHT})>", re.IGNORECASE)
_JSON_LANGUAGES = frozenset({"json", "json5", "jsonc", "javascript", "js"})
_PYTHON_LANGUAGES = frozenset({"", "python", "python3", "py", "ipython", "{.python}", "python-repl"})
_MAX_OBJECTS = 50
"""Braces at which an object is tried; prose with more is not a reply."""
_MAX_MENDED = 200_000
"""Characters; mending is slow, and nothing that long is mended rightly."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One fenced block."""

    language: str
    """First word of its info string, in lower case."""
    content: str
    closed: bool
    """Whether its closing fence is there."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a text holds."""

    object: dict[str, Any] | None
    """The JSON object that fits best; None if there is none."""
    repaired: bool
    """Whether that object was broken and had to be mended by guessing."""
    code: tuple[str, ...]
    """Contents of the blocks of code, in order."""
    open_end: bool
    """Whether the last block lacks its closing fence."""
    prose: str
    """The text outside of all blocks, thoughts removed."""


def without_thoughts(text: str) -> str:
    """Return `text` without the passages in which a model thinks aloud; empty if its thoughts never end."""
    text = _without_blocks(text)
    if _THOUGHT_OPEN.match(text):
        return ""
    # Chat templates of some local servers swallow the opening tag.
    fence = text.find("```")
    for close in reversed(list(_THOUGHT_CLOSE.finditer(text))):
        on_own_line = not text[: close.start()].rpartition("\n")[2].strip()
        if on_own_line or fence == -1 or close.start() < fence:
            return text[close.end() :].strip()
    return text.strip()


def _without_blocks(text: str) -> str:
    """Cut each thought that begins on a line of its own, up to the nearest end of its kind.

    One pass: a single expression for begin and end would read to the end of the text at every begin without an end.
    """
    ends: dict[str, list[int]] = {}
    for close in _THOUGHT_CLOSE.finditer(text):
        ends.setdefault(close[1].lower(), []).append(close.end())
    kept: list[str] = []
    position = 0
    for begin in _THOUGHT_BEGIN.finditer(text):
        if begin.start() < position:
            continue
        places = ends.get(begin[1].lower(), [])
        at = bisect_right(places, begin.end())
        if at == len(places):
            continue
        kept.append(text[position : begin.start()])
        position = places[at]
        while text[position : position + 1] in (" ", "\t"):
            position += 1
    return "".join([*kept, text[position:]])


def split_reply(text: str, expected: Iterable[str] = ()) -> Parts:
    """Take a reply apart.

    Args:
        text: What came back, whole.
        expected: Field names by which the right object is told from others.

    Returns:
        Its parts; an object is looked for in the fenced blocks first, then in the prose.
    """
    text = without_thoughts(text.replace("\r\n", "\n").lstrip("\ufeff"))
    blocks, prose = _blocks(text)
    wanted = frozenset(expected)
    sources = [b.content for b in blocks if _may_be_json(b)]
    found, repaired = _best_object([*sources, prose], wanted)
    code = tuple(_python(blocks))
    return Parts(
        object=found,
        repaired=repaired,
        code=code,
        open_end=bool(blocks) and not blocks[-1].closed,
        prose=prose.strip(),
    )


def _blocks(text: str) -> tuple[list[Block], str]:
    lines = text.split("\n")
    blocks: list[Block] = []
    covered: set[int] = set()
    for token in _blocks_only().parse(text):
        if token.type != "fence" or token.map is None:
            continue
        first, last = token.map
        closed = last - first >= 2 and lines[last - 1].strip().startswith(token.markup)
        words = token.info.split()
        blocks.append(Block(language=words[0].lower() if words else "", content=token.content, closed=closed))
        covered.update(range(first, last))
    return blocks, "\n".join(line for number, line in enumerate(lines) if number not in covered)


def _blocks_only() -> MarkdownIt:
    """Return a parser that leaves the text inside of blocks alone, which brackets without end would make slow."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").disable(["html_block", "inline"])


def _may_be_json(block: Block) -> bool:
    if block.language in _JSON_LANGUAGES:
        return True
    return block.language not in _PYTHON_LANGUAGES - {""} and block.content.lstrip()[:1] == "{"


def _python(blocks: list[Block]) -> Iterator[str]:
    chosen = [b for b in blocks if b.language in _PYTHON_LANGUAGES and not _may_be_json(b)]
    for block in chosen:
        yield block.content.rstrip() + "\n"


def _best_object(sources: Iterable[str], wanted: frozenset[str]) -> tuple[dict[str, Any] | None, bool]:
    """Strictly parsed objects beat mended ones; more of the wanted names beat fewer; later beats earlier."""
    texts = [s for s in sources if "{" in s]
    strict = [found for text in texts for found in _strict_objects(text)]
    fitting = [found for found in strict if not wanted or wanted & found.keys()]
    if fitting:
        return max(reversed(fitting), key=lambda found: len(wanted & found.keys())), False
    mended = [found for text in texts for found in _mended_objects(text, wanted)]
    mended = [found for found in mended if not wanted or wanted & found.keys()]
    if mended:
        return max(mended, key=lambda found: len(wanted & found.keys())), True
    return (strict[-1], False) if strict else (None, False)


def _strict_objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the outermost objects that parse; raw line breaks inside strings are let pass."""
    decoder = json.JSONDecoder(strict=False)
    position = text.find("{")
    for _ in range(_MAX_OBJECTS):
        if position == -1:
            return
        try:
            found, end = decoder.raw_decode(text, position)
        except (json.JSONDecodeError, RecursionError):
            position = text.find("{", position + 1)
            continue
        if isinstance(found, dict):
            yield found
        position = text.find("{", end)


def _mended_objects(text: str, wanted: frozenset[str]) -> Iterator[dict[str, Any]]:
    """Yield what guessing makes of the first object, and of the one in which a wanted name stands first."""
    import json_repair

    if len(text) > _MAX_MENDED:
        return
    starts = {text.find("{")}
    names = [match.start() for name in wanted if (match := re.search(rf"""["']?{re.escape(name)}["']?\s*:""", text))]
    if names:
        starts.add(text.rfind("{", 0, min(names)))
    for start in sorted(starts - {-1}):
        try:
            found = json_repair.loads(text[start:], skip_json_loads=True)
        except (RecursionError, ValueError):
            continue
        if isinstance(found, list):
            found = next((item for item in found if isinstance(item, dict)), None)
        if isinstance(found, dict) and found:
            yield found
