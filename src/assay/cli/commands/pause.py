"""The commands `pause` and `continue`: a search starts nothing new, or goes on."""

from __future__ import annotations

from pathlib import Path

from assay.cli.lookup import find_live_run
from assay.cli.shell import Shell
from assay.core.errors import UsageError
from assay.engine.control import Message, Verb, send
from assay.engine.pulse import read_pulse
from assay.journal.summary import SummaryFile
from assay.report.formatting import format_duration


def pause(shell: Shell, root: Path, name: str | None, *, on: bool) -> int:
    """Have a running search start nothing new, or let it go on.

    Raises:
        NothingFound: No such run (E201), or none that runs (E204).
        UsageError: Several runs are alive (E020), or its search is over (E044).
    """
    verb = "pause" if on else "continue"
    folder = find_live_run(root, name, verb)
    summary = SummaryFile(folder).read()
    if on and summary.phase not in ("", "search"):
        raise UsageError(
            "E044", f"the search of {folder.name!r} is over: it is in its {summary.phase}", fix="assay status"
        )
    paused = summary.paused_since is not None
    if paused != on:
        send(folder, Message(verb=Verb.PAUSE if on else Verb.CONTINUE))
    shell.output.answer(
        verb, {"run": folder.name, "paused": on, "changed": paused != on}, _told(shell, folder, on, paused)
    )
    return 0


def _told(shell: Shell, folder: Path, on: bool, paused: bool) -> str:
    if paused == on:
        return f"{folder.name} is paused already" if on else f"{folder.name} is not paused"
    if not on:
        return f"{folder.name} will go on"
    pulse, now = read_pulse(folder), shell.output.clock.now()
    ends = pulse.deadline if pulse is not None else None
    clock = "; its limits stay"
    if ends is not None:
        clock = f"; the clock goes on: in {format_duration(max(0.0, ends - now))} it finishes up, paused or not"
    return f"{folder.name} will start nothing new, and what runs ends{clock}\n next   assay continue {folder.name}"
