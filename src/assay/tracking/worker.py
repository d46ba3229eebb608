"""The store's process: `python -P -m assay.tracking.worker`. The only place that imports MLflow.

The first line is its environment. Then one JSON line is a request and one a reply, on the standard streams that it was
started with. It is trusted, opens no database that generated code wrote to, and ends when its standard input does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from assay.sandbox import protect_engine

_SHOWN = 500
"""Most characters of an exception's message."""


def main() -> None:
    """Serve requests until standard input ends."""
    # The search is more important than its picture.
    os.nice(10)
    # Generated code may run as the same user; the password of a server comes only once nobody can look in here.
    protect_engine()
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.environ.update(json.loads(requests.readline()))
    handlers: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {}
    for line in requests:
        reply = _answer(json.loads(line), handlers)
        replies.write(json.dumps(reply).encode() + b"\n")
        replies.flush()


def _answer(
    request: Mapping[str, Any], handlers: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]
) -> Mapping[str, Any]:
    try:
        if not handlers:
            from assay.tracking.client import handlers as found

            handlers.update(found())
        return handlers[request["op"]](request)
    except Exception as error:  # whatever the store or its server said: the engine decides what follows
        first = (str(error).strip().splitlines() or ["no message"])[0]
        return {"error": f"{type(error).__name__}: {first}"[:_SHOWN]}


if __name__ == "__main__":
    main()
