"""Commands that steer a running engine: `tell`, `stop`."""

from __future__ import annotations

from pathlib import Path

from assay.cli.lookup import find_live_run
from assay.cli.shell import Shell
from assay.core.errors import UsageError
from assay.engine.control import Message, Verb, send

MOST_CHARACTERS = 4_000


def tell(shell: Shell, root: Path, name: str | None, text: str) -> int:
    """Leave a sentence for a run; every later question will show it."""
    words = text.strip()
    if not words:
        raise UsageError("E002", f"the message {text!r} says nothing", fix='assay tell "prefer simpler models"')
    if len(words) > MOST_CHARACTERS:
        raise UsageError(
            "E002", f"the message has {len(words):,} characters; at most {MOST_CHARACTERS:,} are shown to a model"
        )
    folder = find_live_run(root, name, f'tell "{words[:30]}"')
    send(folder, Message(verb=Verb.TELL, text=words))
    shell.output.answer(
        "tell", {"run": folder.name, "text": words}, f"told {folder.name}; the next question will show it"
    )
    return 0


def stop(shell: Shell, root: Path, name: str | None, *, now: bool) -> int:
    """Ask a run to end: with its finish (blend, sealed check, final fit), or at once."""
    folder = find_live_run(root, name, "stop")
    send(folder, Message(verb=Verb.STOP_NOW if now else Verb.STOP))
    text = (
        f"{folder.name} will save and end now; continue: assay resume {folder.name}"
        if now
        else f"{folder.name} will end its search and finish up; at once: assay stop --now -r {folder.name}"
    )
    shell.output.answer("stop", {"run": folder.name, "now": now}, text)
    return 0
