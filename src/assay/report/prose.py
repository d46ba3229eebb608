"""Text that others wrote: cleaned before it is shown, and checked for numbers that nothing measured."""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache

from assay.core.errors import IntegrityError

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # operating system commands: titles, links
    # Device control and its relatives. It stops at the next escape: to look further for its end would take the square
    # of the length of a text that opens very many and closes none.
    r"|\x1b[PX^_][^\x1b\n]*(?:\x1b\\|\Z)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"  # colours and cursor moves
    r"|\x1b[@-Z\\-_]?"
)
_NUMBER = re.compile(
    r"(?<![\w.#])(?<!\w-)[-+\N{MINUS SIGN}]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w])\s*%?"
)
_SETTING = re.compile(r"\s+inner folds?\b")
"""What follows a whole number that counts something a script does: a setting, which nothing measures."""
_MOST_CHARACTERS = 20_000


class UnbackedNumber(IntegrityError):
    """Prose among results says a number that no evidence backs.

    Args:
        text: The prose.
        numbers: The numbers in question, as written.
    """

    def __init__(self, text: str, numbers: tuple[str, ...]) -> None:
        super().__init__(
            "E407",
            f"{', '.join(repr(n) for n in numbers)} in the prose {clean_line(text, 120)!r} has no evidence",
            kept="the journal",
            fix="quote the prose as its author's words, or leave the number out",
        )
        self.numbers = numbers


def clean(text: str, limit: int = _MOST_CHARACTERS) -> str:
    """Return `text` without terminal escapes, control, bidirectional and invisible characters, cut to `limit`.

    Line ends and tabs stay. What is left is plain text: whoever shows it still has to escape it for its medium.
    """
    kept = text if text.isprintable() else "\n".join(map(_cleaned, _lines(text)))
    return kept if len(kept) <= limit else kept[: limit - 1] + ELLIPSIS


def _lines(text: str) -> list[str]:
    return _ESCAPES.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")


def _cleaned(line: str) -> str:
    if line.isprintable():  # none of the characters in question, and much faster to tell
        return line
    return "".join(c for c in line if c == "\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))


def clean_line(text: str, limit: int = 200) -> str:
    """Return `text` cleaned, on one line, with single spaces, cut to `limit` characters."""
    line = " ".join(clean(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + ELLIPSIS


def unbacked_numbers(text: str, numbers: Iterable[float]) -> tuple[str, ...]:
    """Return the numbers in `text` that none of `numbers` rounds to, as written.

    A number is backed when an evidenced one, rounded to the decimals it is written with, is equal to it; so `0.88` is
    backed by 0.8832, and `88 %` by 0.8832 too. Digits that belong to a word (`LightGBM2`, `v1.2`) and settings that are
    counted (`5 inner folds`) are no such numbers, and numbers written in words are not found.
    """
    known = tuple(numbers)
    found = (match.group().strip() for match in _NUMBER.finditer(text) if not _is_setting(text, match))
    return tuple(dict.fromkeys(token for token in found if not _backed(token, known)))


def check_prose(text: str, numbers: Iterable[float]) -> None:
    """Return if prose written by a model may stand among results.

    Args:
        text: The prose.
        numbers: Values with evidence that it may speak of.

    Raises:
        UnbackedNumber: It says a number that is not among them (E407).
    """
    unbacked = unbacked_numbers(text, numbers)
    if unbacked:
        raise UnbackedNumber(text, unbacked)


def _is_setting(text: str, match: re.Match[str]) -> bool:
    written = match.group()
    return written.strip().isdecimal() and _SETTING.match(text, match.start() + len(written.rstrip())) is not None


def _backed(token: str, known: tuple[float, ...]) -> bool:
    percent = token.endswith("%")
    plain = token.rstrip("% \t\n").replace(",", "").replace("\N{MINUS SIGN}", "-")
    mantissa, _, exponent = plain.lower().partition("e")
    try:
        decimals = len(mantissa.partition(".")[2]) - int(exponent or 0)
        value, half = float(plain), 0.5 * 10.0**-decimals * (1 + 1e-9)
    except OverflowError:  # 1e999: no score is as large
        return False
    scales = (100.0, 1.0) if percent else (1.0,)
    return any(
        abs(value - number * scale) <= half for scale in scales for number in _near(known, value / scale, half / scale)
    )


def _near(known: tuple[float, ...], value: float, half: float) -> Iterator[float]:
    """Yield those of `known` that may lie within `half` of `value`: a long run has many, and many titles to check."""
    ordered, margin = _ordered(known), 1e-9 * (abs(value) + half)
    for at in range(bisect_left(ordered, value - half - margin), len(ordered)):
        if ordered[at] > value + half + margin:
            return
        yield ordered[at]


@lru_cache(maxsize=4)
def _ordered(known: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sorted(number for number in known if math.isfinite(number)))
