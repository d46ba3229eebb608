"""The command `ui`: the dashboard in a browser."""

from __future__ import annotations

import contextlib
import getpass
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from assay.cli.lookup import find_run
from assay.cli.shell import Shell
from assay.core.errors import AssayError, NothingFound, UsageError
from assay.journal.folders import run_folders

if TYPE_CHECKING:
    from assay.web.library import Library

MOST_PORT = 65_535


def ui(shell: Shell, root: Path, name: str | None, *, port: int | None, ssh: bool, open_it: bool) -> int:
    """Serve the dashboard until Ctrl-C; open it in the browser where there is one."""
    # The server is imported late: no other command waits for it.
    from assay.web.app import Dashboard
    from assay.web.library import Library
    from assay.web.serve import HOST, PORT, bind, serve

    if port is not None and not 0 <= port <= MOST_PORT:
        raise UsageError("E002", f"--port {port!r}: must be from 0 to {MOST_PORT:,}", fix="assay ui --port 7788")
    runs, run = place_of(root, name)
    listener = bind(PORT if port is None else port)
    taken = listener.getsockname()[1]
    address = f"http://{HOST}:{taken}"
    dashboard = Dashboard(library=Library(runs), cookie=f"assay-{taken}")
    asked = f"&run={run}" if run else ""
    owner, viewer = (f"{address}/open?token={key}{asked}" for key in (dashboard.keys.owner, dashboard.keys.viewer))
    lines = [f"the dashboard of {str(runs)!r} is at {address}; Ctrl-C ends it"]
    if taken != (PORT if port is None else port) and port != 0:
        lines.append(f" port    {PORT if port is None else port} is taken; this is the next free one")
    lines += [f" open    {owner}", "         works once; its browser may steer the run", f" viewers {viewer}"]
    tunnel = f"ssh -N -L {taken}:{HOST}:{taken} {getpass.getuser()}@{socket.gethostname()}"
    if ssh:
        lines.append(f" tunnel  on your own machine: {tunnel}")
    value = {"address": address, "owner": owner, "viewer": viewer, "folder": str(runs.absolute()), "run": run or None}
    shell.output.answer("ui", {**value, "tunnel": tunnel if ssh else None}, "\n".join(lines))
    if open_it and not ssh and shell.output.abilities.terminal:
        import webbrowser

        webbrowser.open(owner)
    listener.listen()
    first = run or next((folder.name for folder in dashboard.library.folders()), "")
    threading.Thread(target=_read_ahead, args=(dashboard.library, first), daemon=True).start()
    serve(dashboard, listener)
    return 0


def _read_ahead(library: Library, name: str) -> None:
    """Read the run that is likely looked at first while the browser starts."""
    with contextlib.suppress(AssayError):
        library.reader(name).catch_up()


def place_of(root: Path, name: str | None) -> tuple[Path, str]:
    """Return the folder of the run folders, and the run that is shown first; empty for the list of runs."""
    if name is None:
        return root, ""
    given = Path(name)
    is_run = any((folder / "events.jsonl").is_file() for folder in (given, root / name))
    if given.is_dir() and not is_run:
        if not run_folders(given):
            raise NothingFound("E203", f"there is no run in {name!r}", fix="assay demo")
        return given, ""
    folder = find_run(root, name)
    return folder.absolute().parent, folder.name
