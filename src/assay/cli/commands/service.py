"""The commands `service install` and `service remove`: a run that goes on after every start of the machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from assay.cli.lookup import find_run
from assay.cli.shell import Shell
from assay.core.errors import MachineError, NothingFound
from assay.core.files import write_whole

_UNIT = """\
[Unit]
Description=Assay: the run {name}
After=network-online.target

[Service]
Type=exec
WorkingDirectory={folder}
ExecStart={command}
EnvironmentFile=-%h/.config/assay/environment
Restart=on-failure
RestartSec=30
RestartPreventExitStatus=1 2 3 4 5
SuccessExitStatus=130 143
KillMode=process
KillSignal=SIGTERM
TimeoutStopSec=90
Delegate=memory pids cpu
Nice=5

[Install]
WantedBy=default.target
"""


def unit_name(run: str) -> str:
    """Return the name of a run's unit."""
    return f"assay-{run}.service"


def unit_text(run: Path, python: Path) -> str:
    """Return the unit file that takes a run up at every start of the machine, and again after a failure.

    Only the engine is signalled when the service is stopped: what it runs dies with it, and what is to outlive it does.
    Keys are read from `~/.config/assay/environment`, which no unit file shows.

    Args:
        run: The run's folder, absolute.
        python: Interpreter that Assay is installed in.
    """
    argv = [python, "-P", "-m", "assay", "resume", run, "--display", "plain"]
    return _UNIT.format(
        name=run.name.replace("%", "%%"),
        folder=_escaped(str(run.parent)),
        command=" ".join(_quoted(str(word)) for word in argv),
    )


def install(shell: Shell, root: Path, name: str | None) -> int:
    """Write the unit of a run, and say the one command that starts it."""
    folder = find_run(root, name).absolute()
    path = unit_folder() / unit_name(folder.name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, unit_text(folder, Path(sys.executable)))
    except OSError as error:
        raise MachineError("E590", f"the unit {str(path)!r} cannot be written: {error}") from error
    start = f"systemctl --user daemon-reload && systemctl --user enable --now {path.name}"
    lines = [
        f"{path} is written",
        f" start  {start}",
        " keep   loginctl enable-linger      (so that it goes on when you log out)",
        " keys   ~/.config/assay/environment  (NAME=VALUE lines; chmod 600)",
    ]
    shell.output.answer("service", {"run": folder.name, "unit": str(path), "start": start}, "\n".join(lines))
    return 0


def remove(shell: Shell, name: str) -> int:
    """Remove the unit of a run; the run itself stays.

    Raises:
        NothingFound: There is no such unit (E206).
    """
    path = unit_folder() / unit_name(name)
    if not path.is_file():
        raise NothingFound("E206", f"there is no unit {str(path)!r}", fix="systemctl --user list-units 'assay-*'")
    path.unlink()
    stop = f"systemctl --user disable --now {path.name}; systemctl --user daemon-reload"
    shell.output.answer("service", {"run": name, "unit": str(path), "stop": stop}, f"{path} is removed\n stop   {stop}")
    return 0


def unit_folder() -> Path:
    """Return where a user's units lie."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """Return a word as systemd reads it: quoted, with its own and our special characters escaped."""
    inner = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{inner}"'
