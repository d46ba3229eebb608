"""The command `audit`: what a run did, and whether journal and files are what was written."""

from __future__ import annotations

from pathlib import Path

from assay.cli.lookup import find_run
from assay.cli.output import one_line
from assay.cli.shell import Shell
from assay.core.exits import Exit
from assay.report.files import replace_file


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
