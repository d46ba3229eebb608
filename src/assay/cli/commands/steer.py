"""Commands that steer a running engine: `tell`, `stop`."""

from __future__ import annotations

from pathlib import Path

from assay.cli.lookup import find_live_run, find_trial
from assay.cli.options.hints import read_blocks, read_hints
from assay.cli.options.problems import Problems
from assay.cli.shell import Shell
from assay.core.errors import UsageError
from assay.engine.control import Message, Verb, send
from assay.engine.tell import tell as leave
from assay.engine.tell import too_long
from assay.journal.checkpoint import HistoryFile
from assay.journal.events import Wish
from assay.strategies.description import read_description
from assay.strategies.known import refuse_blocks


def tell(
    shell: Shell,
    root: Path,
    name: str | None,
    text: str,
    *,
    hints: tuple[str, ...] = (),
    blocks: tuple[str, ...] = (),
) -> int:
    """Leave words, models to try and code to refine first for a run, which hears them before its next question."""
    problems = Problems()
    words = text.strip()
    wishes = [(Wish.HINT, hint) for hint in read_hints(hints, problems)]
    wishes += [(Wish.BLOCK, block) for block in read_blocks(blocks, problems)]
    if problem := too_long(words):
        problems.add(problem)
    if not words and not wishes:
        raise UsageError("E002", f"the message {text!r} says nothing", fix='assay tell "prefer simpler models"')
    problems.raise_any("tell")
    folder = find_live_run(root, name, f'tell "{words[:30]}"')
    if blocks:
        refuse_blocks(read_description(folder)[1].strategy, blocks)
    for what, wish in [*([(Wish.REMARK, words)] if words else []), *wishes]:
        leave(folder, wish, what)
    told = {"run": folder.name, "text": words, "hints": list(hints), "blocks": list(blocks)}
    refined = "; the next ablation is followed by work on the code" if blocks else ""
    shown = "; the next question will show it" if words or hints else ""
    shell.output.answer("tell", told, f"told {folder.name}{shown}{refined}")
    return 0


def skip(shell: Shell, root: Path, name: str | None, trial: str | None) -> int:
    """Ask a run to end what it runs of a trial, or of all under way, and to go on with the next."""
    folder = find_live_run(root, name, "skip")
    number = None
    if trial is not None:
        number = find_trial(HistoryFile(folder).read(), trial).number
    send(folder, Message(verb=Verb.SKIP, trial=number))
    what = "what is under way" if number is None else f"#{number}"
    shell.output.answer("skip", {"run": folder.name, "trial": number}, f"{folder.name} will skip {what} and go on")
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
