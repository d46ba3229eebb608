"""Plain paths: what a process printed, without the folders of the machine that it ran on.

Tracebacks name the files of the interpreter and, where the sandbox shows them as they are, those of the workspace. They
are journaled, reported and shown to models, whom the folders of this machine do not concern.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from assay.core.execution import Execution

_LIBRARY = r"(?:lib|lib64|Lib)[/\\](?:python3[\w.]*[/\\]|site-packages[/\\])"
_QUOTED = re.compile(rf"(?<=[\"'])(?:[A-Za-z]:)?[/\\][^\"'\n]*?[/\\](?={_LIBRARY})")
_BARE = re.compile(rf"(?<![^\s(\[=,])(?:[A-Za-z]:)?[/\\][^\s\"'()]*?[/\\](?={_LIBRARY})")


def plain_paths(execution: Execution, root: Path) -> Execution:
    """Return the execution with the paths in its texts told from the library's folder, or from the workspace on.

    Args:
        execution: What came back.
        root: The workspace, as the engine sees it.
    """
    units = tuple(
        replace(unit, error=_plain(unit.error, root), trace=_plain(unit.trace, root)) for unit in execution.units
    )
    return replace(
        execution,
        log_tail=_plain(execution.log_tail, root),
        stuck_at=_plain(execution.stuck_at, root),
        detail=_plain(execution.detail, root),
        units=units,
    )


def _plain(text: str, root: Path) -> str:
    if "/" not in text and "\\" not in text:
        return text
    text = text.replace(f"{root}/", "").replace(f"{root}\\", "")
    return _BARE.sub("", _QUOTED.sub("", text))
