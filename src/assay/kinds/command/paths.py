"""Path expressions: where in a JSON or YAML value a number stands, as `history[-1].val.accuracy` or `folds[*].auc`."""

from __future__ import annotations

import re
from typing import Any

_STEP = re.compile(r"\.?(?P<name>[^.\[\]]+)|\[(?P<index>-?\d+|\*)\]|\[(?P<quote>[\"'])(?P<key>[^\"']+)(?P=quote)\]")


def parse_path(text: str) -> tuple[str | int | None, ...]:
    """Return the steps of a path expression: names, indexes from 0 or from the end, and None for `[*]`.

    Raises:
        ValueError: It is no such expression.
    """
    steps: list[str | int | None] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or (match["name"] is not None and position > 0 and text[position] != "."):
            raise ValueError(f"{text!r} is no path such as history[-1].val_acc, at {text[position:][:20]!r}")
        index = match["index"]
        if index is not None:
            steps.append(None if index == "*" else int(index))
        else:
            steps.append(match["name"] if match["name"] is not None else match["key"])
        position = match.end()
    return tuple(steps)


def follow(value: Any, steps: tuple[str | int | None, ...]) -> list[Any]:
    """Return every value that the steps lead to, in order; what is not there is left out."""
    values = [value]
    for step in steps:
        values = [found for one in values for found in _next(one, step)]
    return values


def _next(value: Any, step: str | int | None) -> list[Any]:
    if isinstance(step, str):
        return [value[step]] if isinstance(value, dict) and step in value else []
    if not isinstance(value, list):
        return []
    if step is None:
        return value
    return [value[step]] if -len(value) <= step < len(value) else []
