"""Launch: the order that the driver gets, and how its lines are told from what cells print."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from assay.core.candidate import Candidate
from assay.core.execution import Outcome, UnitOutcome, UnitRun
from assay.kinds.base import Launch, Told
from assay.kinds.notebook.document import notebook_of, to_dict
from assay.sandbox.base import Command, SandboxLimits

FOLDER = ".assay"
"""Folder of the driver in the workspace."""
EXECUTED = f"{FOLDER}/executed.ipynb"
"""The notebook as it was run, with outputs and times."""
KEPT_CHARACTERS = 200_000
"""Of the output of one cell."""
_ORDER = f"{FOLDER}/order.json"
_DRIVER = f"{FOLDER}/driver.py"
_MARK = "@assay-notebook"
_MISSING = re.compile(rf"^{_MARK} missing (\S+)$", re.MULTILINE)
_WAIT_S = 1_800.0
"""Longest that a driver waits for an answer; the engine ends it sooner."""
_MARGIN_S = 6.0
"""Before the sandbox's own end: what a driver needs to interrupt a cell and to tell of it."""
_OUTCOMES = {
    "ok": Outcome.OK,
    "cell timeout": Outcome.TIMEOUT,
    "run timeout": Outcome.TIMEOUT,
}
_UNITS = {
    "ok": UnitOutcome.OK,
    "error": UnitOutcome.ERROR,
    "cell timeout": UnitOutcome.TIMEOUT,
    "run timeout": UnitOutcome.RUN_TIMEOUT,
    "dead kernel": UnitOutcome.DEAD,
    "exit": UnitOutcome.EXIT,
}


def make_launch(
    candidate: Candidate,
    *,
    python: Path | None,
    seed: int,
    limits: SandboxLimits,
    inbox: str,
    cell_s: float | None,
) -> Launch:
    """Return one start of a notebook; see `Driven.launch`. `cell_s` bounds one cell, None only the whole run.

    Raises:
        TaskError: The entry is no notebook (E138).
    """
    token = secrets.token_hex(32)
    order = {
        "key": token,
        "notebook": to_dict(notebook_of(candidate).stripped()),
        "folder": FOLDER,
        "inbox": inbox,
        "keep": KEPT_CHARACTERS,
        "run_s": max(1.0, limits.wall_s - min(_MARGIN_S, 0.3 * limits.wall_s)),
        "cell_s": cell_s,
        "wait_s": _WAIT_S,
    }
    command = Command(
        argv=("python", "-I", "-u", "-X", "faulthandler", _DRIVER, _ORDER),
        interpreter=python,
        env={
            "ASSAY_SEED": str(seed),
            "ASSAY_THREADS": str(limits.threads),
            "PYTHONHASHSEED": "0",
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        },
    )
    files = {_DRIVER: _driver_source(), _ORDER: json.dumps(order)}
    return Launch(command=command, files=files, takes=(EXECUTED,), token=token)


def read_told(launch: Launch, printed: bytes) -> Told:
    """Return what the driver of `launch` has told; see `Driven.told`."""
    text = printed.decode(errors="replace")
    events, log = _events(launch.token, text)
    told = Told(log=log.encode())
    missing = None if events else _MISSING.search(text)
    if missing:
        return replace(told, broken=f"the interpreter lacks {missing[1]!r}, which notebooks need")
    for event in events:
        told = _with(told, event)
    return told


def live_answer(halted: Candidate, mended: Candidate | None, unit: str) -> str | None:
    """Return the answer to a halt; see `Driven.answer`."""
    if mended is None:
        return "{}"
    before, after = notebook_of(halted), notebook_of(mended)
    others = {name for name in {*halted.files, *mended.files} if name not in (halted.entry, mended.entry)}
    if any(halted.files.get(name) != mended.files.get(name) for name in others) or unit not in after.ids:
        return None
    was = [(c.id, c.source) for c in before.cells[: before.position(unit)] if c.is_code]
    now = [(c.id, c.source) for c in after.cells[: after.position(unit)] if c.is_code]
    if was != now or not after.cell(unit).is_code:
        return None
    return json.dumps({"notebook": to_dict(after.stripped()), "from": unit})


def _with(told: Told, event: Mapping[str, Any]) -> Told:
    kind = event["event"]
    digest = event.get("executed")
    if isinstance(digest, str) and digest:
        told = replace(told, digests={EXECUTED: digest})
    if kind == "start":
        begun = UnitRun(unit=str(event["id"]), outcome=UnitOutcome.CUT)
        return replace(told, units=(*told.units, begun))
    if kind == "cell":
        return replace(told, units=(*told.units[:-1], _unit(event)))
    if kind == "halt":
        return replace(told, halts=int(event["round"]))
    if kind == "end":
        said = str(event["outcome"])
        if said == "no kernel":
            return replace(told, broken=f"no kernel could be started: {event['detail']}")
        where = f"cell {event['id']}: " if event["id"] else ""
        detail = f"{where}{said}: {event['detail']}" if said != "ok" else ""
        return replace(told, outcome=_OUTCOMES.get(said, Outcome.ERROR), detail=detail)
    return told


def _unit(event: Mapping[str, Any]) -> UnitRun:
    outcome = _UNITS.get(str(event["outcome"]), UnitOutcome.ERROR)
    return UnitRun(
        unit=str(event["id"]),
        outcome=outcome,
        wall_s=float(event["wall_s"]),
        line=int(event["line"]),
        error=str(event["detail"]),
        trace=str(event["traceback"]),
    )


def _events(token: str, text: str) -> tuple[list[dict[str, Any]], str]:
    """Return the driver's events in order, each once, and the text without its lines.

    A line without the code, or with a number that was there before, is text like any other.
    """
    key, number = bytes.fromhex(token), 0
    events: list[dict[str, Any]] = []
    rest: list[str] = []
    for line in text.split("\n"):
        mark, _, said = line.partition(" ")
        code, _, body = said.partition(" ")
        if mark == _MARK and hmac.compare_digest(code.encode(), _code(key, body)):
            event = json.loads(body)
            if event["n"] > number:
                number = event["n"]
                events.append(event)
                if rest and rest[-1] == "":
                    rest.pop()  # the line end that the driver puts before its own lines
                continue
        rest.append(line)
    return events, "\n".join(rest)


def _code(key: bytes, body: str) -> bytes:
    return hmac.new(key, body.encode(), hashlib.sha256).hexdigest().encode()


@lru_cache(maxsize=1)
def _driver_source() -> str:
    return Path(__file__).with_name("_driver.py").read_text(encoding="utf-8")
