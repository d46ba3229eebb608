"""Stack: where a program was when its time ended."""

from __future__ import annotations

import re

_MOST_CHARACTERS = 4_000
_MOST_DUMP = 1 << 20
"""Characters of a dump that are looked at: what comes after is not faulthandler's, but whatever writes its words."""
_DUMP = "Fatal Python error: Aborted"
_THREAD = re.compile(r"^(?:Current thread|Thread) 0x[0-9a-f]{1,16}\b.{0,100}\(most recent call first\):$", re.MULTILINE)


def stuck_at(printed: str) -> str:
    """Return the Python stack that faulthandler printed on the abort signal, innermost call first, or nothing.

    Of several threads the current one is taken, else the last, which is the main thread.

    Args:
        printed: What the process printed from the signal on.
    """
    start = printed.find(_DUMP)
    if start < 0:
        return ""
    dump = printed[start : start + _MOST_DUMP]
    threads = list(_THREAD.finditer(dump))
    if not threads:
        return ""
    chosen = next((match for match in threads if match[0].startswith("Current")), threads[-1])
    lines = []
    for line in dump[chosen.end() :].lstrip("\n").splitlines():
        if not line.startswith("  "):
            break
        lines.append(line)
    return "\n".join(lines)[:_MOST_CHARACTERS]


def without_dump(log: bytes) -> bytes:
    """Return `log` without what faulthandler printed on the abort signal, at its end.

    The dump lists every extension module, thousands of characters behind which the program's own last words vanish.

    Args:
        log: What a process printed that was sent the abort signal.
    """
    start = log.rfind(_DUMP.encode())
    return log if start < 0 else log[:start]
