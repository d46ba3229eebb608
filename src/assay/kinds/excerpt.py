"""Excerpt: what of a failed run's output is shown to whoever mends the script.

A script may read the labels of its training rows, which are the hidden rows of other folds. What it prints must not
carry them to its author: of a failure only the traceback is passed on, and few words besides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

WORDS = 600
"""Most characters of what a script printed."""
_FRAMES = 2_400
_MESSAGE = 600
_LINE = 200
_LINE_NUMBERS = 12
"""A line with more numbers than this is data, and cut there."""
_MOST_NUMBERS = 60
"""The same for all lines together."""
_LONG_WORD = re.compile(r"[^\s/.,:;()\[\]{}'\"=_-]{60,}")

TRACEBACK = "Traceback (most recent call last)"
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])")


def traceback_of(log: str) -> str:
    """Return the last traceback in `log`, or what the interpreter said of a crash, bounded; empty if there is none."""
    start = log.rfind(TRACEBACK)
    if start < 0:
        start = log.rfind("Fatal Python error")
    if start < 0:
        return ""
    head, *lines = log[start:].splitlines()
    end = next((n for n, line in enumerate(lines) if line.strip() and not line[0].isspace()), len(lines))
    frames = "\n".join(line[:_LINE] for line in lines[:end])
    if len(frames) > _FRAMES:
        frames = f"{frames[: _FRAMES // 4]}\n  ...\n{frames[-3 * _FRAMES // 4 :]}"
    # A script can print what looks like a traceback; where it holds too much, its end is what counts.
    frames = "\n".join(reversed(_told(reversed(frames.splitlines()))))
    message = "\n".join(_told("\n".join(lines[end:])[:_MESSAGE].splitlines()))
    return "\n".join(part for part in (head[:_LINE], frames, message) if part)


def stack_of(dump: str, size: int) -> str:
    """Return the first `size` characters of a stack, innermost call first, without data: a script can forge one."""
    return "\n".join(_told(line[:_LINE] for line in dump[:size].splitlines()))


def words(log: str, size: int = WORDS) -> str:
    """Return the end of `log`: at most `size` characters, and no more numbers than words need."""
    return "\n".join(reversed(_told(reversed(log.strip()[-size:].splitlines()))))


def _told(lines: Iterable[str]) -> list[str]:
    """Return the first of `lines`, as long as they hold words rather than data."""
    told: list[str] = []
    numbers = 0
    for line in lines:
        short = _LONG_WORD.sub("[...]", _shortened(line))
        numbers += len(_NUMBER.findall(short))
        if numbers > _MOST_NUMBERS:
            return [*told, "[...]"]
        told.append(short)
    return told


def _shortened(line: str) -> str:
    numbers = list(_NUMBER.finditer(line))
    return line if len(numbers) <= _LINE_NUMBERS else f"{line[: numbers[_LINE_NUMBERS].start()]}[...]"
