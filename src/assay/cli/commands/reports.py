"""The command `report`, and the report that closes a run."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from assay.cli.lookup import find_run
from assay.cli.shell import Shell
from assay.core.errors import AssayError, NothingFound
from assay.journal.checkpoint import HistoryFile
from assay.journal.summary import SummaryFile
from assay.strategies.known import TASKS


def report(shell: Shell, root: Path, name: str | None, *, open_it: bool) -> int:
    """Write a run's report anew from its journal, and show it where asked."""
    from assay.report import write_reports

    folder = find_run(root, name)
    shell.run_name, shell.run_folder = folder.name, folder
    if SummaryFile(folder).read().strategy == TASKS:
        return _report_tasks(shell, folder)
    write_reports(folder)
    page = (folder / "report.html").absolute()
    written = [str(path) for path in (page, folder / "report.md", folder / "report.json") if path.is_file()]
    shell.output.answer("report", {"run": folder.name, "files": written}, f"wrote {page}")
    if open_it and not webbrowser.open(page.as_uri()):
        shell.output.complain(f"no browser could be started; open {page.as_uri()}")
    return 0


def _report_tasks(shell: Shell, folder: Path) -> int:
    """Write the hand-off files of a queue of tasks anew: nothing in its run has a score that a report could tell."""
    from assay.strategies.code_tasks.handoff import write_results
    from assay.strategies.code_tasks.record import STAMP

    history = HistoryFile(folder).read()
    if STAMP not in history.notes:
        raise NothingFound("E203", f"the run {folder.name!r} has not read its queue yet", fix="assay tasks status")
    written = [str(path.absolute()) for path in write_results(folder, history)]
    shell.output.answer("report", {"run": folder.name, "files": written}, "wrote " + "\nwrote ".join(written))
    return 0


def try_reports(shell: Shell, folder: Path) -> None:
    """Write the reports of a run that has ended; a failure is said and changes nothing about the run."""
    from assay.report import write_reports

    try:
        write_reports(folder)
    except (AssayError, OSError, ValueError) as error:
        shell.output.complain(f"the report could not be written: {error}; try again: assay report {folder.name}")
