"""Steer: what the owner's browser may ask of a run that is alive, as the commands `tell`, `skip` and `stop` do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.core.errors import NothingFound, UsageError
from assay.engine.control import Message, Verb, send
from assay.engine.tell import tell
from assay.journal.folders import is_live

_VERBS = {"skip": Verb.SKIP, "finish": Verb.STOP}
"""By the word that a browser sends. What ends a run at once is left to the command line."""


def tell_run(folder: Path, value: Any) -> dict[str, Any]:
    """Leave the words `{"text": …}` for a run.

    Raises:
        UsageError: They say nothing, or too much, or are none (E002).
        NothingFound: The run is not alive (E204).
    """
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise UsageError("E002", "the message could not be read; nothing was told")
    _demand_alive(folder)
    return {"told": tell(folder, text)}


def steer_run(folder: Path, value: Any) -> dict[str, Any]:
    """Ask a run to skip a trial that runs, `{"verb": "skip", "trial": 3}`, or to finish up, `{"verb": "finish"}`.

    Raises:
        UsageError: It is neither of the two (E002).
        NothingFound: The run is not alive (E204).
    """
    asked = value if isinstance(value, dict) else {}
    verb, trial = asked.get("verb"), asked.get("trial")
    numbered = isinstance(trial, int) and not isinstance(trial, bool) and trial >= 0
    if not isinstance(verb, str) or verb not in _VERBS or numbered is not (verb == "skip"):
        raise UsageError("E002", "a run can be asked to skip a trial, or to finish up", fix="assay stop")
    _demand_alive(folder)
    send(folder, Message(verb=_VERBS[verb], trial=trial))
    return {"asked": verb, "trial": trial}


def _demand_alive(folder: Path) -> None:
    if not is_live(folder):
        raise NothingFound("E204", f"the run {folder.name!r} is not running", fix=f"assay resume {folder.name}")
