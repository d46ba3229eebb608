"""Line patterns: numbers in what a program prints, found in time that grows with the length of a line and no faster.

A pattern is the line as it is printed, with `{name}` where a number stands and `...` where anything may: for example
`epoch {epoch} ... val_acc={val_acc}`. It opens at the start of the line and reaches to its end, unless it opens or ends
with `...`. Space around `...` counts for nothing. There is no backtracking: each piece takes the first place that
fits.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

MOST_LINE = 4_000
"""Characters of a line that are looked at."""
_PIECE = re.compile(r"\{(?P<name>[A-Za-z_]\w*)\}|(?P<gap>\.\.\.)")
# Possessive throughout: no digit is ever given back, so a long run of digits is read once.
_NUMBER = re.compile(r"[-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?%?|nan\b|[-+]?inf(?:inity)?\b", re.IGNORECASE)
_WORD = re.compile(r"\w")
_GAP = re.compile(r"\s*\.\.\.\s*")
_SPACE = re.compile(r"\s++")


class LinePattern:
    """One pattern.

    Args:
        text: See the module.

    Raises:
        ValueError: It names nothing, names something twice, or has two numbers with nothing between them.
    """

    def __init__(self, text: str) -> None:
        self._pieces: list[tuple[str, str]] = []
        line = _GAP.sub("...", text.strip())
        position = 0
        for match in _PIECE.finditer(line):
            self._add_literal(line[position : match.start()])
            self._pieces.append(("gap", "") if match["gap"] else ("number", match["name"]))
            position = match.end()
        self._add_literal(line[position:])
        self.names = tuple(value for kind, value in self._pieces if kind == "number")
        if not self.names or len(set(self.names)) != len(self.names):
            raise ValueError(f"the pattern {text!r} must name each number once, as in 'val_acc={{val_acc}}'")
        kinds = [kind for kind, _ in self._pieces]
        if any(pair in (("number", "number"), ("gap", "gap"), ("gap", "number")) for pair in itertools.pairwise(kinds)):
            raise ValueError(f"the pattern {text!r} needs text before each number that does not open the line")

    def _add_literal(self, text: str) -> None:
        if text:
            self._pieces.append(("literal", _SPACE.sub(" ", text)))

    def read(self, line: str) -> Mapping[str, float] | None:
        """Return the numbers of a line by name, or None where it is not such a line. `91%` is 0.91."""
        line = _SPACE.sub(" ", line[:MOST_LINE].strip())
        found: dict[str, float] = {}
        position, gap = 0, False
        for kind, value in self._pieces:
            if kind == "gap":
                gap = True
                continue
            if kind == "literal":
                at = _find(line, value, position) if gap else (position if line.startswith(value, position) else -1)
                if at < 0:
                    return None
                position, gap = at + len(value), False
                continue
            match = _NUMBER.match(line, position)
            if match is None:
                return None
            found[value] = _number(match[0])
            position = match.end()
        return found if gap or position == len(line) else None


def _find(line: str, literal: str, start: int) -> int:
    """Return where `literal` stands from `start` on, not within a word: `acc=` is not found in `val_acc=`."""
    at = line.find(literal, start)
    while at > start and _WORD.match(literal) and _WORD.match(line[at - 1]):
        at = line.find(literal, at + 1)
    return at


def _number(text: str) -> float:
    return float(text[:-1]) / 100.0 if text.endswith("%") else float(text)
