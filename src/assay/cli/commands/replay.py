"""The command `replay`: whether the same decisions come out of what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assay.cli.lookup import find_run
from assay.cli.shell import Shell
from assay.core.errors import UsageError
from assay.core.exits import Exit
from assay.journal.folders import is_live
from assay.report.formatting import format_count

if TYPE_CHECKING:
    from assay.ship.replay_found import Replay

_SHOWN = 20
"""Differences that the screen shows; JSON has all."""


def replay(shell: Shell, root: Path, name: str | None, *, execute: bool, journal: bool) -> int:
    """Walk the search of a run again; return 0 if every decision came out as recorded, else 4.

    Args:
        shell: Where words go.
        root: Folder of the runs.
        name: The run; None means the latest.
        execute: Whether candidates are run again.
        journal: Whether grades are taken from the journal though the data may be there.

    Raises:
        UsageError: The run goes on (E076), or `execute` and `journal` together (E073).
        NothingFound: No such run (E201), or nothing in it can be replayed (E214).
        IntegrityError: The journal is broken (E401), or the data have changed (E405).
    """
    if execute and journal:
        raise UsageError("E073", "--execute needs the data, and --journal does without them", fix="assay replay")
    from assay.ship.replay import replay as walk

    folder = find_run(root, name)
    shell.run_name, shell.run_folder = "", folder
    if is_live(folder):
        raise UsageError("E076", f"the run {folder.name!r} goes on: its record is not whole yet", fix="assay status")
    shell.output.complain(f"walking {folder.name} again: no model is asked, nothing is paid")
    done = walk(folder, execute=execute, journal=journal)
    shell.output.answer("replay", _value(done), "\n".join(_lines(done)))
    return 0 if done.same else Exit.BROKEN


def _lines(done: Replay) -> Iterator[str]:
    how = "candidates run again" if done.executed else "executions from the record"
    how = "from the journal alone" if done.alone else how
    yield f"{done.run}: {'the same decisions' if done.same else 'OTHER DECISIONS'} ({how})"
    files = format_count(done.objects.whole, "file")
    yield f" {format_count(done.events, 'event')}, chain intact; {files} that they name, whole"
    yield (
        f" {format_count(done.steps, 'step')}, {format_count(done.questions, 'question')},"
        f" {format_count(done.candidates, 'candidate')}, {format_count(done.trials, 'trial')} to their end"
    )
    graded = "put together from the recorded grades" if done.alone else "computed again"
    yield f" {format_count(done.scores, 'score')} {graded}, {format_count(done.verdicts, 'verdict')} made again"
    if done.numbers:
        yield f" {format_count(done.numbers, 'number')} of the report are as the journal has them"
    if done.cut_off:
        yield f" {format_count(done.cut_off, 'trial')} cut off by the end of the run: nothing to compare"
    if done.not_reached:
        yield f" not reached: {', '.join(f'#{number}' for number in done.not_reached[:_SHOWN])}"
    words = sum(not one.decides for one in done.differences)
    if words:
        asked = format_count(words, "question")
        yield f" {asked} in other words, as where the machine is another; the recorded answers were used"
    decisions = [one for one in done.differences if one.decides]
    for one in decisions[:_SHOWN]:
        yield f" {one.what} {one.where}: {one.then} then, {one.now} now"
    for place, sentence in enumerate(done.not_checked):
        yield f" {'not checked:' if place == 0 else ' ' * 12} {sentence}"


def _value(done: Replay) -> dict[str, Any]:
    return {
        "run": done.run,
        "same": done.same,
        "executed": done.executed,
        "journal_alone": done.alone,
        "events": done.events,
        "objects": {"whole": done.objects.whole, "missing": len(done.objects.missing)},
        "steps": done.steps,
        "questions": done.questions,
        "candidates": done.candidates,
        "scores": done.scores,
        "verdicts": done.verdicts,
        "trials": done.trials,
        "report_numbers": done.numbers,
        "cut_off": done.cut_off,
        "not_reached": list(done.not_reached),
        "not_checked": list(done.not_checked),
        "differences": [
            {"what": d.what, "where": d.where, "then": d.then, "now": d.now, "decides": d.decides}
            for d in done.differences
        ],
    }
