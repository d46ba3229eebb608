"""The commands `audit` and `replay`: what a run did, and whether the same would come out again."""

from __future__ import annotations

from pathlib import Path

from assay.cli.lookup import find_run
from assay.cli.output import one_line
from assay.cli.shell import Shell
from assay.core.errors import UsageError
from assay.core.exits import Exit
from assay.journal.folders import is_live
from assay.report.files import replace_file

_SHOWN = 20
"""Differences that the screen shows; JSON has all."""


def audit(shell: Shell, root: Path, name: str | None) -> int:
    """Write audit.html into the run's folder and say the most important; return 0 if all is sound, else 4.

    Raises:
        NothingFound: There is no such run (E201, E203).
        MachineError: The page cannot be written (E501).
    """
    from assay.ship.audit import audit as look
    from assay.ship.audit_page import as_json, audit_html, findings

    folder = find_run(root, name)
    shell.run_name, shell.run_folder = folder.name, folder
    found = look(folder)
    page = folder / "audit.html"
    replace_file(page, audit_html(found))
    output = shell.output
    words = {True: ("ok", "green"), False: ("look", "red"), None: ("", "dim")}
    lines = []
    for head, ok, text in findings(found):
        word, colour = words[ok]
        lines.append(f" {output.paint(f'{word:<4}', colour)} {head:<9} {one_line(text, 300)}")
    head = f"{found.run}: {'journal and files are what was written' if found.sound else 'NOT SOUND'}"
    lines.insert(0, output.paint(head, "bold", "green" if found.sound else "red"))
    lines.append(f" page      {page}")
    output.answer("audit", {**as_json(found), "page": str(page.absolute())}, "\n".join(lines))
    return 0 if found.sound else Exit.BROKEN


def replay(shell: Shell, root: Path, name: str | None, *, execute: bool) -> int:
    """Walk the search of a run again; return 0 if every decision came out as recorded, else 4.

    Raises:
        UsageError: The run goes on (E076).
        NothingFound: No such run (E201), or nothing in it can be replayed (E214).
        IntegrityError: The journal is broken (E401), or the data have changed (E405).
    """
    from assay.ship.replay import replay as walk

    folder = find_run(root, name)
    shell.run_name, shell.run_folder = "", folder
    if is_live(folder):
        raise UsageError("E076", f"the run {folder.name!r} goes on: its record is not whole yet", fix="assay status")
    shell.output.complain(f"walking {folder.name} again: no model is asked, nothing is paid")
    done = walk(folder, execute=execute)
    how = "candidates run again" if done.executed else "executions from the record"
    lines = [
        f"{done.run}: {'the same decisions' if done.same else 'OTHER DECISIONS'} ({how})",
        f" {done.steps} steps, {done.questions} questions, {done.candidates} candidates,"
        f" {done.trials} trials to their end",
        f" {done.scores} scores computed again, {done.verdicts} verdicts made again",
    ]
    if done.cut_off:
        lines.append(f" {done.cut_off} trials were cut off by the end of the run: nothing to compare")
    if done.not_reached:
        lines.append(f" not reached: {', '.join(f'#{number}' for number in done.not_reached[:_SHOWN])}")
    words = sum(not one.decides for one in done.differences)
    if words:
        lines.append(
            f" {words} questions had other words, as where the machine is another; the recorded answers were used"
        )
    decisions = [one for one in done.differences if one.decides]
    lines += [f" {one.what} {one.where}: {one.then} then, {one.now} now" for one in decisions[:_SHOWN]]
    value = {
        "run": done.run,
        "same": done.same,
        "executed": done.executed,
        "steps": done.steps,
        "questions": done.questions,
        "candidates": done.candidates,
        "scores": done.scores,
        "verdicts": done.verdicts,
        "trials": done.trials,
        "cut_off": done.cut_off,
        "not_reached": list(done.not_reached),
        "differences": [
            {"what": d.what, "where": d.where, "then": d.then, "now": d.now, "decides": d.decides}
            for d in done.differences
        ],
    }
    shell.output.answer("replay", value, "\n".join(lines))
    return 0 if done.same else Exit.BROKEN
