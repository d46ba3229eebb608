"""Text that names something, compared kindly: labels and row ids as two programs may spell them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?")
_BOOLEANS = {"true": "1", "false": "0"}


def plain_number(text: str) -> str | None:
    """Return the shortest spelling of a decimal number (`1`, `1.0`, `01` are one), or None if it is not one.

    Works on the digits, so long ids lose nothing. Exponents are not read: `12e4` is more often an id than a number.
    """
    if not _NUMBER.fullmatch(text):
        return None
    sign = "-" if text.startswith("-") else ""
    whole, _, part = text.lstrip("+-").partition(".")
    whole, part = whole.lstrip("0") or "0", part.rstrip("0")
    shortest = f"{whole}.{part}" if part else whole
    return shortest if shortest == "0" else sign + shortest


def label_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Return distinct labels in order: by size where all are numbers, otherwise as text."""
    distinct = sorted(set(labels))
    if all(plain_number(label) is not None for label in distinct):
        distinct.sort(key=float)
    return tuple(distinct)


class Names:
    """Finds the position of a name whatever spelling it comes in, as long as the spelling can mean only one.

    Tried in this order: the exact text; without spaces around; as a decimal number; True and False for 1 and 0 (and
    the other way), when the names are just those two.

    Args:
        names: Distinct texts.
        booleans: Whether True and False may stand for 1 and 0.
    """

    def __init__(self, names: Sequence[str], *, booleans: bool = False) -> None:
        self._names = names
        self._exact = {name: i for i, name in enumerate(names)}
        self._booleans = booleans

    def find(self, text: str) -> int | None:
        """Return the position that `text` means, or None."""
        position = self._exact.get(text)
        return position if position is not None else self._find_other_spelling(text.strip())

    def _find_other_spelling(self, text: str) -> int | None:
        position = self._stripped.get(text)
        if position is not None:
            return position
        number = plain_number(text)
        if number is not None and number in self._numbers:
            return self._numbers[number]
        return self._flags.get(number if number is not None else text.lower())

    # The other spellings are looked at only once a text is not found as it stands: there may be a million names.

    @cached_property
    def _stripped(self) -> dict[str, int]:
        return _unambiguous((name.strip(), i) for i, name in enumerate(self._names))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return _unambiguous((plain_number(name.strip()), i) for i, name in enumerate(self._names))

    @cached_property
    def _flags(self) -> dict[str, int]:
        return _flag_spellings(self._stripped, self._numbers) if self._booleans else {}


def _unambiguous(pairs: Iterable[tuple[str | None, int]]) -> dict[str, int]:
    """Return the keys that stand for one position only."""
    positions: dict[str, int] = {}
    twice: set[str] = set()
    for key, position in pairs:
        if key is None:
            continue
        if positions.setdefault(key, position) != position:
            twice.add(key)
    return {key: position for key, position in positions.items() if key not in twice}


def _flag_spellings(stripped: dict[str, int], numbers: dict[str, int]) -> dict[str, int]:
    if len(stripped) != 2:
        return {}
    if set(numbers) == {"0", "1"}:
        return {word: numbers[digit] for word, digit in _BOOLEANS.items()}
    lowered = {name.lower(): position for name, position in stripped.items()}
    if set(lowered) == set(_BOOLEANS):
        return lowered | {digit: lowered[word] for word, digit in _BOOLEANS.items()}
    return {}
