"""Extraction: the Python code blocks of a reply, found by a Markdown parser, whole and in order.

Fences are read as CommonMark reads them (any number of backticks or tildes, attributes, lists and quotations). On top
come the habits of people and models that CommonMark has no rule for, each of which only applies where the plain reading
gives no Python:

- a closing fence inside a string of the code ends nothing: the block goes on to the first later one where it parses;
- a block that is never closed ends where the code ends;
- fences without a language, then indented code, then a reply that is nothing but code, count where no fence is Python;
- a reply wrapped as a whole in one Markdown fence is unwrapped.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

PYTHON = frozenset({"python", "py", "python3", "py3", "ipython", "ipython3", "python2.7", "jupyter", "sage"})
MARKDOWN = frozenset({"markdown", "md", "mdx"})
MOST_CHARACTERS = 10_000_000
_FENCE = re.compile(r"^[ \t]*(?:>[ \t]?)*[ \t]*(?P<ticks>`{3,}|~{3,})[ \t]*$")
_PIP = re.compile(
    r"^\s*[!%]\s*(?:\{?sys\.executable\}?\s+-m\s+|python3?\s+-m\s+)?(?:uv\s+)?pip3?\s+install\s+(?P<what>.+)$"
)
_MAGIC = re.compile(r"^\s*%(?:matplotlib|load_ext|autoreload|config|reload_ext)\b.*$")
_LANGUAGE = re.compile(r"[\w.+#-]+")


@dataclass(frozen=True, kw_only=True)
class Block:
    """One code block."""

    code: str
    """Its text, with line ends as `\\n` and one at the end."""
    line: int
    """Line of the reply where it begins, counted from 1."""


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """What a reply holds."""

    blocks: tuple[Block, ...] = ()
    packages: tuple[str, ...] = ()
    """Distributions that it wanted to install, as written; nothing is installed here."""
    documents: tuple[str, ...] = ()
    """Texts of fences that are Markdown."""
    other: tuple[str, ...] = ()
    """Languages of fences that are neither."""


@dataclass
class _Found:
    blocks: list[Block] = field(default_factory=list)
    untagged: list[Block] = field(default_factory=list)
    indented: list[Block] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)


def extract(reply: str) -> Extraction:
    """Return the code of `reply`, in its order.

    Args:
        reply: Text of an agent, as it came.

    Raises:
        ValueError: It has more than ten million characters: no person and no model wrote that.
    """
    if len(reply) > MOST_CHARACTERS:
        raise ValueError(f"the reply has {len(reply):,} characters, more than {MOST_CHARACTERS:,}")
    text = reply.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    found = _read(text)
    blocks = found.blocks or found.untagged or found.indented or _whole(text, found)
    wanted: list[str] = []
    cleaned = [_without_installs(block, wanted) for block in blocks]
    return Extraction(
        blocks=tuple(block for block in cleaned if block.code.strip()),
        packages=tuple(dict.fromkeys(wanted)),
        documents=tuple(found.documents),
        other=tuple(dict.fromkeys(found.other)),
    )


def parses(code: str) -> bool:
    """Return whether `code` is Python; lines that only a notebook understands are left out of account."""
    plain = "\n".join("" if _PIP.match(line) or _MAGIC.match(line) else line for line in code.split("\n"))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(plain)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


@lru_cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark")


def _read(text: str) -> _Found:
    lines = text.split("\n")
    tokens = [t for t in _parser().parse(text) if t.type in ("fence", "code_block") and t.map]
    inner = _unwrapped(text, lines, tokens)
    if inner is not None:
        return _read(inner)
    found, done = _Found(), 0
    for token in tokens:
        start, end = token.map or (0, 0)
        if start < done:
            continue  # it lies in a block that went on past its first closing fence
        if token.type == "code_block":
            _indented(token, found)
            done = end
        else:
            done = _fence(token, lines, found)
    return found


def _unwrapped(text: str, lines: Sequence[str], tokens: Sequence[Token]) -> str | None:
    """Return what is in a Markdown fence that holds the whole reply, None if there is none."""
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    opening = next((t for t in tokens if t.type == "fence" and t.map and t.map[0] == first), None)
    if opening is None or first is None or _language(opening.info) not in MARKDOWN:
        return None
    last = max(number for number, line in enumerate(lines) if line.strip())
    if last == first or not _closes(lines[last], opening.markup):
        return None
    inner = "\n".join(lines[first + 1 : last])
    holds_code = any(_language(t.info) in PYTHON for t in _parser().parse(inner) if t.type == "fence")
    return "\n" * (first + 1) + inner if holds_code else None


def _fence(token: Token, lines: Sequence[str], found: _Found) -> int:
    """Take one fence; return the line after it."""
    start, end = token.map or (0, 0)
    language = _language(token.info)
    if language not in PYTHON and language:
        if language in MARKDOWN:
            found.documents.append(token.content)
        else:
            found.other.append(language)
        return end
    closed = end - start >= 2 and _closes(lines[end - 1], token.markup)
    block, end = _settled(token, lines, start, end, closed=closed)
    if language:
        found.blocks.append(block)
    elif parses(block.code) and _is_program(block.code):
        found.untagged.append(block)
    return end


def _settled(token: Token, lines: Sequence[str], start: int, end: int, *, closed: bool) -> tuple[Block, int]:
    """Return a fence's block and the line after it, read on or cut where the plain reading is no Python."""
    code = _dedented(token.content)
    if parses(code):
        return Block(code=code, line=start + 2), end
    for close in range(end, len(lines)) if closed else ():
        if _closes(lines[close], token.markup):
            longer = _dedented(_body(lines[start + 1 : close], lines[start]))
            if parses(longer):
                return Block(code=longer, line=start + 2), close + 1
    if not closed:
        shorter = _longest_prefix(code)
        if shorter:
            return Block(code=shorter, line=start + 2), end
    return Block(code=code, line=start + 2), end


def _closes(line: str, markup: str) -> bool:
    close = _FENCE.match(line)
    return close is not None and close["ticks"][0] == markup[0] and len(close["ticks"]) >= len(markup)


def _body(lines: Sequence[str], opening: str) -> str:
    """Return lines of a fence without the quotation marks and the indentation of its opening line."""
    quoted = re.match(r"[ \t]*(?:>[ \t]?)+", opening)
    plain = [re.sub(r"^[ \t]*(?:>[ \t]?)+", "", line) for line in lines] if quoted else list(lines)
    return "\n".join(plain) + "\n"


def _longest_prefix(code: str) -> str:
    """Return the longest run of whole lines from the start that is a program; empty if there is none."""
    lines = code.rstrip("\n").split("\n")
    for count in range(len(lines) - 1, 0, -1):
        if lines[count].strip() and not lines[count - 1].strip():
            prefix = "\n".join(lines[:count]).rstrip() + "\n"
            if parses(prefix) and _is_program(prefix):
                return prefix
    return ""


def _indented(token: Token, found: _Found) -> None:
    code = _dedented(token.content)
    if parses(code) and _is_program(code):
        found.indented.append(Block(code=code, line=(token.map or (0, 0))[0] + 1))


def _whole(text: str, found: _Found) -> list[Block]:
    """Return the reply itself where it has no fence at all and is a program."""
    if found.documents or found.other or not parses(text) or not _is_program(text):
        return []
    return [Block(code=text.rstrip("\n") + "\n", line=1)]


def _is_program(code: str) -> bool:
    """Return whether code does anything: a list of words or a path parses as Python, too."""
    if _PIP.search(code):
        return True
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return any(_MAGIC.match(line) for line in code.split("\n"))
    return any(not isinstance(node, ast.Expr) or _calls(node.value) for node in body)


def _calls(value: ast.expr) -> bool:
    return any(isinstance(node, ast.Call | ast.Await) for node in ast.walk(value))


def _language(info: str) -> str:
    """Return the language of an info string in lower case: `{.python .numberLines}` and `Python title="x"` are it."""
    words = _LANGUAGE.findall(info.strip().lstrip("{").lstrip(".").lower())
    return words[0].strip(".") if words else ""


def _dedented(code: str) -> str:
    text = code if parses(code) else textwrap.dedent(code)
    return text.rstrip("\n") + "\n"


def _without_installs(block: Block, wanted: list[str]) -> Block:
    """Return the block with notebook lines made comments, which keeps the numbers of its lines."""
    kept = []
    for line in block.code.split("\n"):
        install = _PIP.match(line)
        if install:
            wanted += _distributions(install["what"])
        kept.append(f"# {line.strip()}" if install or _MAGIC.match(line) else line)
    return Block(code="\n".join(kept), line=block.line)


def _distributions(words: str) -> Iterator[str]:
    plain = words.partition("#")[0].replace('"', " ").replace("'", " ")
    for word in plain.split():
        if not word.startswith("-") and word not in ("&&", "|", ">"):
            yield word
