"""The command `verify`: whether a solution does again what the run says it did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from assay.cli.output import one_line
from assay.cli.shell import Shell
from assay.core.clock import iso_utc
from assay.core.errors import MachineError, UsageError
from assay.core.exits import Exit
from assay.core.files import write_whole

if TYPE_CHECKING:
    from assay.ship.findings import Finding, Verification

GITHUB = "github"
_COLOURS = {"PASS": "green", "FAIL": "red", "SKIP": "yellow"}


def verify(
    shell: Shell,
    path: Path,
    data: Path | None,
    *,
    accept_new_data: bool,
    python: Path | None,
    sandbox: str,
    out: Path | None,
    ci: str | None,
) -> int:
    """Verify the solution at `path`; return 0 if no check failed, else 4.

    Raises:
        UsageError: There is no such kind of continuous integration (E074).
        NothingFound: There is no solution (E207).
        TaskError: There are no data (E168).
        IntegrityError: The data are others (E416).
    """
    if ci not in (None, GITHUB):
        raise UsageError("E074", f"nothing is known of --ci {ci!r}", fix="--ci github")
    from assay.ship import verdicts
    from assay.ship.solution import open_bundle
    from assay.ship.verify import verify as run

    output = shell.output
    with open_bundle(path) as bundle:
        output.complain(
            f"verifying #{bundle.record.trial} of {bundle.record.run}: it is trained again, which takes a while"
        )
        done = run(
            bundle,
            data,
            accept_new_data=accept_new_data,
            python=python,
            sandbox=sandbox,
            tell=lambda finding: output.say(_line(shell, finding)),
        )
        home = out or bundle.home
    text = verdicts.headline(done)
    if not output.json:
        output.say(output.paint(text, "bold", "green" if done.holds else "red"))
    value = {"path": str(path), **verdicts.as_json(done)}
    files = {
        "verify.json": json.dumps({"time": iso_utc(output.clock.now()), **value}, indent=1) + "\n",
        "verify.md": verdicts.as_markdown(done),
    }
    if ci == GITHUB:
        files["verify.xml"] = verdicts.as_junit(done)
        _tell_github(shell, done)
    _write(home, files)
    if output.json:
        output.emit("verify", value)
    return 0 if done.holds else Exit.BROKEN


def _line(shell: Shell, finding: Finding) -> str:
    word = shell.output.paint(f"{finding.result}", _COLOURS[finding.result])
    return f" {word}  {finding.title}: {one_line(finding.reason, 200)}"


def _write(home: Path, files: dict[str, str]) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            write_whole(home / name, text)
    except OSError as error:
        raise MachineError("E501", f"{str(home)!r} cannot be written: {error}", fix="-o FOLDER") from error


def _tell_github(shell: Shell, done: Verification) -> None:
    """Write the step summary where GitHub reads it, and annotations to the log."""
    from assay.ship import verdicts

    for line in verdicts.complaints(done):
        shell.output.say(line)
    place = shell.output.env.get("GITHUB_STEP_SUMMARY", "")
    if place:
        try:
            with Path(place).open("a", encoding="utf-8") as stream:
                stream.write(verdicts.as_markdown(done))
        except OSError as error:
            shell.output.complain(f"the step summary could not be written: {error}")
