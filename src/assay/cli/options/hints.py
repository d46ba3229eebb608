"""Hints: what a person wants tried, `--model-hint` and `--block`, as typed and understood."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.cli.options.problems import Problems

MOST = 20
LONGEST_HINT = 2_000
LONGEST_BLOCK = 20_000


def read_hints(texts: Sequence[str], problems: Problems) -> tuple[str, ...]:
    """Return the hints in order, each once and without keys; what is wrong goes to `problems`."""
    found = [_checked("--model-hint", text.strip(), LONGEST_HINT, problems) for text in texts]
    return _gathered("--model-hint", found, problems)


def read_blocks(texts: Sequence[str], problems: Problems) -> tuple[str, ...]:
    """Return the blocks in order, each once and without keys; what is wrong goes to `problems`.

    Args:
        texts: Code, its lines as they stand in a script; or `@` and the name of a file that holds it. A text of several
            lines that begins with `@` is code with a decorator.
        problems: Takes what is wrong.
    """
    found = [_checked("--block", _lines(_read(text, problems)), LONGEST_BLOCK, problems) for text in texts]
    return _gathered("--block", found, problems)


def _read(text: str, problems: Problems) -> str:
    if not text.startswith("@") or "\n" in text:
        return text
    path = Path(text[1:])
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        problems.add(f"--block {text!r}: cannot be read as text: {error}")
        return "pass"


def _lines(text: str) -> str:
    """Return `text` without empty lines around it; the indentation of the first line is kept."""
    lines = [line.rstrip() for line in text.split("\n")]
    kept = [place for place, line in enumerate(lines) if line]
    return "\n".join(lines[kept[0] : kept[-1] + 1]) if kept else ""


def _checked(flag: str, text: str, longest: int, problems: Problems) -> str:
    if not text:
        problems.add(f"{flag}: says nothing")
    elif len(text) > longest:
        problems.add(f"{flag} {text[:40]!r}...: has {len(text):,} characters, and {longest:,} are the most")
    elif "\0" in text:
        problems.add(f"{flag} {text[:40]!r}: is no text")
    from assay.models.scrub import scrub

    return scrub(text)  # it is written down with the run


def _gathered(flag: str, found: Sequence[str], problems: Problems) -> tuple[str, ...]:
    unique = tuple(dict.fromkeys(found))
    if len(unique) > MOST:
        problems.add(f"{flag}: given {len(unique)} times, and {MOST} are the most")
    return unique
