"""The command `schema`: what a file of Assay may hold, as JSON Schema, for editors and programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from assay.cli.shell import Shell
from assay.core.errors import UsageError


def schema(shell: Shell, what: str) -> int:
    """Print the JSON Schema of `what`, and nothing else on standard output, so that it can be sent to a file.

    Raises:
        UsageError: Nothing of this name has one (E099).
    """
    known = _known()
    if what not in known:
        names = " and ".join(known)
        raise UsageError("E099", f"there is no schema of {what!r}, only of {names}", fix=f"assay schema {min(known)}")
    value = known[what]()
    shell.output.answer("schema", {"of": what, "value": value}, json.dumps(value, indent=2))
    return 0


def _known() -> Mapping[str, Callable[[], dict[str, Any]]]:
    from assay.data.task_schema import json_schema
    from assay.journal.event_schema import event_schema

    return {"task": json_schema, "events": event_schema}
