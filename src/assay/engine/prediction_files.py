"""Prediction files as the validation gate needs them: compared, and with their rows in random order."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from random import Random


def differences(first: Path, second: Path) -> tuple[float, float]:
    """Return how far two prediction files about the same rows are apart.

    Returns:
        The largest difference of two numbers in one place, over the range of all numbers of that column; and the share
        of the rows that differ in something else, 0 .. 1. Files with other shapes differ in all rows.
    """
    try:
        one, other = _read(first), _read(second)
    except (csv.Error, UnicodeDecodeError):
        return 0.0, 1.0
    if len(one) != len(other) or one[:1] != other[:1] or any(len(a) != len(b) for a, b in zip(one, other, strict=True)):
        return 0.0, 1.0
    largest, odd = 0.0, set[int]()
    for column in range(len(one[0]) if one else 0):
        cells = [(a[column], b[column]) for a, b in zip(one[1:], other[1:], strict=True)]
        numbers = [(_number(a), _number(b)) for a, b in cells]
        known = [value for pair in numbers for value in pair if value is not None]
        spread = max(known, default=0.0) - min(known, default=0.0)
        for row, ((a, b), (x, y)) in enumerate(zip(cells, numbers, strict=True)):
            if a == b:
                continue
            if x is None or y is None or a.lstrip("-").isdigit() or b.lstrip("-").isdigit():
                odd.add(row)  # whole numbers may be names of classes
            else:
                largest = max(largest, abs(x - y) / spread if spread > 0 else 0.0)
    return largest, len(odd) / max(1, len(one) - 1)


def in_random_order(file: Path, id_column: str | None, seed: int) -> bytes:
    """Return a prediction file whose rows were dealt out to other rows: ids stay, what is predicted for them moves."""
    rows = _read(file)
    head, body = rows[0], rows[1:]
    kept = {place for place, name in enumerate(head) if name == id_column}
    moved = list(body)
    Random(seed).shuffle(moved)
    mixed = [
        [own[place] if place in kept else cell for place, cell in enumerate(row)]
        for own, row in zip(body, moved, strict=True)
    ]
    return _written([head, *mixed])


def _read(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return [row for row in csv.reader(stream) if row]


def _written(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
