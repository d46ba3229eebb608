"""Fixes: what to do next about an error, as a whole command where the step is one option of what was typed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

_OPTION = re.compile(r"--[a-z][a-z-]*")
_TO_FILL_IN = re.compile(r"(?:^|[=:\s])[A-Z][A-Z-]*$|[|…]")
"""What stands for a value that only the reader knows, such as COLUMN, or for a choice."""
_TAKE_DATA = ("init", "check", "run", "ideas")
"""Verbs that have the options which errors about data name, typed or not."""
_MANY = ("--set", "--weight", "--allow", "--variant", "--role-model")
"""Options that may be given again: one of them does not take the place of another."""


def whole_command(fix: str, argv: Sequence[str]) -> str:
    """Return the command that was typed with the option that `fix` names, or `fix` where it is anything else.

    Args:
        fix: What to do next, such as `--target churned`.
        argv: Verb and arguments, as typed.
    """
    try:
        option, value = shlex.split(fix)
    except ValueError:
        return fix
    typed = any(word.partition("=")[0] == option for word in argv)
    if not (typed or (argv[:1] and argv[0] in _TAKE_DATA)):
        return fix
    if option in _MANY or not _OPTION.fullmatch(option) or _TO_FILL_IN.search(value):
        return fix
    end = argv.index("--") if "--" in argv else len(argv)
    return shlex.join(["assay", *_without(option, argv[:end]), option, value, *argv[end:]])


def _without(option: str, argv: Sequence[str]) -> list[str]:
    kept: list[str] = []
    words = iter(argv)
    for word in words:
        if word == option:
            next(words, None)
        elif not word.startswith(f"{option}="):
            kept.append(word)
    return kept
