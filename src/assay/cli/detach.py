"""Detach: the same command again in a session of its own, which outlives the terminal."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from assay.cli.options.typed import RUNS
from assay.cli.shell import Shell
from assay.core.clock import iso_utc
from assay.journal.lease import LEASE_FILE, read_holder

LOGS = ".detached"
"""Folder below that of the runs for what detached commands say: one file a command."""
PATIENCE_S = 60.0
"""So long is waited for the run to begin; it goes on beginning after that."""
_LOOK_S = 0.1
_OURS = ("--detach", "--json")
_ERROR = re.compile(r"^error\[(?P<code>E\d+)\]: (?P<message>.*)$", re.MULTILINE)


def detached_argv(argv: Sequence[str], extra: Sequence[str]) -> list[str]:
    """Return the command that does the work: `argv` without `--detach`, with options that say what was decided here.

    Args:
        argv: Verb and arguments, as typed.
        extra: Options to add; they win over those typed.
    """
    end = argv.index("--") if "--" in argv else len(argv)
    return [*(word for word in argv[:end] if word not in _OURS), "--display", "plain", *extra, *argv[end:]]


def detach(shell: Shell, runs: Path, name: str, extra: Sequence[str] = ()) -> int:
    """Start this command again in the background, wait until its run has begun, and say how to reach it.

    Args:
        shell: Knows what was typed.
        runs: Folder of the run folders.
        name: Name of the run.
        extra: Options to add to the command.

    Returns:
        0 when the run began; else the exit code of the command, whose words are passed on.
    """
    folder = runs / name
    (runs / LOGS).mkdir(parents=True, exist_ok=True)
    descriptor, started = tempfile.mkstemp(prefix=f"{name}-", suffix=".log", dir=runs / LOGS)
    log = Path(started)
    with os.fdopen(descriptor, "wb") as stream:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "assay", *detached_argv(shell.argv, extra)],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        begun = _wait(shell, child, folder)
    except KeyboardInterrupt:
        child.terminate()
        raise
    if begun:
        where = "" if runs == RUNS else f" --runs {shlex.quote(str(runs))}"
        next_steps = (
            f"assay status {name} --watch 30{where}",
            f"assay logs -f {name}{where}",
            f"assay stop {name}{where}",
        )
        value = {"run": name, "folder": str(folder.absolute()), "pid": child.pid, "log": str(log), "next": next_steps}
        lines = [f"{name} works in the background as process {child.pid}", *(f" next   {step}" for step in next_steps)]
        shell.output.answer("detached", value, "\n".join(lines))
        return 0
    log_text = log.read_text(encoding="utf-8", errors="replace").strip()
    found = _ERROR.search(log_text)
    if shell.output.json:
        error = found.groupdict() if found else {"code": "", "message": log_text[-400:]}
        shell.output.emit("error", {"error": error, "exit": child.returncode})
    for line in log_text.splitlines():
        shell.output.complain(line)
    log.unlink(missing_ok=True)
    return child.returncode or 0


def _wait(shell: Shell, child: subprocess.Popen[bytes], folder: Path) -> bool:
    """Return whether the run began: its process holds it and has written of it, or has ended well already."""
    clock = shell.output.clock
    until = clock.monotonic() + PATIENCE_S
    while clock.monotonic() < until:
        code = child.poll()
        holder = read_holder(folder / LEASE_FILE)
        if holder is not None and holder[0] == child.pid and (folder / "events.jsonl").is_file():
            return True
        if code is not None:
            return code == 0
        clock.sleep(_LOOK_S)
    shell.output.complain(f"not begun after {PATIENCE_S:g} s, at {iso_utc(clock.now())}; it goes on beginning")
    return True
