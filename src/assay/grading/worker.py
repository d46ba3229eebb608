"""The grading process: `python -P -m assay.grading.worker`, started and owned by `service.Grader`.

It imports the numeric libraries once, then forks for every request, so that bytes written by hostile code are read in
a process that lives for one answer, has a time and a memory limit, and has given up network, writing and all files
but those of the request. Requests and replies are one JSON line each, on the standard streams it was started with.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from assay.core.clock import SystemClock
from assay.core.errors import TaskError
from assay.grading.predictions import Rejected
from assay.grading.process import LOCK, MOST_REPLY_BYTES
from assay.sandbox import lock_down, protect_engine

_BLOCK = 65_536
_LOG = "grading.log"


def main() -> None:
    """Serve requests until standard input ends."""
    protect_engine()
    requests, replies = os.dup(0), os.dup(1)
    log = os.open(_LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    # From here on a print of a user's metric goes to the log and cannot pass for a reply.
    for descriptor, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, target)
    os.close(null)
    os.close(log)
    _import_libraries()
    # Forks then share the libraries' pages: no collector touches them.
    gc.collect()
    gc.freeze()
    gc.disable()
    _send(replies, {"ready": True})
    lines = _Lines(requests)
    while (line := lines.next()) is not None:
        request = json.loads(line)
        if "request" in request:
            request = json.loads(Path(request["request"]).read_bytes())
        _send(replies, _serve(request, requests, replies))


def _import_libraries() -> None:
    import pandas  # noqa: F401 - imported for the forks
    import scipy.stats  # noqa: F401
    import sklearn.metrics  # noqa: F401

    import assay.data.tables  # noqa: F401
    import assay.grading.operations  # noqa: F401


class _Lines:
    """Whole lines from a descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""

    def next(self) -> bytes | None:
        """Return the next line, or None at the end."""
        while b"\n" not in self._rest:
            block = os.read(self._descriptor, _BLOCK)
            if not block:
                return None
            self._rest += block
        line, _, self._rest = self._rest.partition(b"\n")
        return line


def _send(descriptor: int, reply: Mapping[str, Any]) -> None:
    data = (json.dumps(reply) + "\n").encode()
    while data:
        data = data[os.write(descriptor, data) :]


# --- the parent's side of one request


def _serve(request: Mapping[str, Any], requests: int, replies: int) -> Mapping[str, Any]:
    """Fork for one request and return what the fork said, or why it said nothing."""
    clock = SystemClock()
    Path(_LOG).write_bytes(b"")
    mouth, ear = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(mouth)
        os.close(requests)
        os.close(replies)
        _answer(request, ear)
    os.close(ear)
    deadline = clock.monotonic() + float(request["time_limit_s"])
    said = bytearray()
    cut = ""
    while not cut:
        left = max(0.0, deadline - clock.monotonic())
        ready, _, _ = select.select([mouth, requests], [], [], left)
        if requests in ready or mouth not in ready:
            # Nobody sends while a request is open: a readable request pipe is the end of the engine.
            cut = f"took longer than {float(request['time_limit_s']):g} s"
            break
        block = os.read(mouth, _BLOCK)
        if not block:
            break
        said += block
        if len(said) > MOST_REPLY_BYTES:
            cut = f"answered with more than {MOST_REPLY_BYTES:,} bytes"
    os.close(mouth)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return _reply(bytes(said), status, cut, request)


def _reply(said: bytes, status: int, cut: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
    lines = [json.loads(line) for line in said.split(b"\n") if line.startswith(b"{")] if not cut else []
    if lines and "phase" not in lines[-1]:
        answer: Mapping[str, Any] = lines[-1]
        return answer
    grader = b'"phase"' in said
    if cut:
        reason = cut
    elif os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        reason = f"took longer than {float(request['time_limit_s']):g} s"
    elif os.WIFSIGNALED(status):
        reason = f"was ended by signal {os.WTERMSIG(status)}"
    else:
        reason = _last_words() or f"ended with exit code {os.WEXITSTATUS(status)}"
    return {"died": reason, "grader": grader}


def _last_words() -> str:
    lines = Path(_LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else ""


# --- the fork


def _answer(request: Mapping[str, Any], ear: int) -> NoReturn:
    """Answer one request and end this process; an unexpected exception ends it with its traceback in the log."""
    code = 1
    try:
        os.setsid()
        _limit(request)
        lock = lock_down(
            read=[Path(path) for path in request["readable"]], write=[Path(path) for path in request["writable"]]
        )
        _send(ear, {**_handled(request, ear), LOCK: lock})
        code = 0
    except BaseException:  # this is the end of a process: whatever it is goes to its log
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        os._exit(code)


def _handled(request: Mapping[str, Any], ear: int) -> Mapping[str, Any]:
    from assay.grading.operations import OPERATIONS

    try:
        return OPERATIONS[request["op"]](request, lambda phase: _send(ear, {"phase": phase}))
    except Rejected as error:
        return {"invalid": [problem[:1000] for problem in error.problems[:20]]}
    except TaskError as error:
        return {"task_error": {name: text[:2000] for name, text in error.as_dict().items()}}


def _limit(request: Mapping[str, Any]) -> None:
    seconds = int(float(request["time_limit_s"])) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (request["write_bytes"], request["write_bytes"]))
    if sys.platform == "linux":
        # RLIMIT_DATA, not RLIMIT_AS: a user's metric may import a library that only reserves address space.
        limit = int(request["memory_bytes"])
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


if __name__ == "__main__":
    main()
