"""Kaggle: a submission handed in by the user's own `kaggle` program, and the record of what was handed in.

The program is never installed by Assay, and its key is neither read nor handed on in any other way than the variables
that are its own.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.core.clock import iso_utc
from assay.core.errors import MachineError, UsageError
from assay.core.files import write_whole
from assay.models.program.environment import reduced
from assay.models.scrub import Scrubber
from assay.ship.submission import Submission

PROGRAM = "kaggle"
RECORD = "submissions.tsv"
LIMIT_S = 900.0
"""Most seconds of one upload."""
MISSING, FAILED, NO_NAME = "E505", "E506", "E043"

_ITS_OWN = ("KAGGLE_",)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,99}")
_ADDRESS = re.compile(r"https?://(?:www\.)?kaggle\.com/(?:c|competitions)/([^/?#]+)")
_DONE = "successfully submitted"
_NOT_DONE = ("could not submit", "could not find competition", "upload unsuccessful")
"""What the program says before it ends with exit code 0 all the same."""
_COLUMNS = ("time", "competition", "trial", "rows", "sha256", "outcome", "message")
_MOST_SAID = 400


@dataclass(frozen=True, kw_only=True)
class HandedIn:
    """What came of handing in."""

    confirmed: bool
    """Whether the program says that it was submitted; otherwise it only ended well."""
    said: str
    """The end of what the program printed."""


def competition_name(text: str) -> str:
    """Return the name of a competition, given as such or as the address of its page.

    Raises:
        UsageError: It can be no such name (E043).
    """
    found = _ADDRESS.match(text.strip())
    name = found[1] if found else text.strip()
    if not _NAME.fullmatch(name):
        raise UsageError(
            NO_NAME,
            f"{text!r} is no name of a competition: the last part of its address",
            fix="assay submit -c titanic",
        )
    return name


def command_of(path: Path, competition: str, message: str) -> tuple[str, ...]:
    """Return the words of the command that hands the file at `path` in."""
    return (PROGRAM, "competitions", "submit", "-c", competition, "-f", str(path), "-m", message)


def last_competition(folder: Path) -> str:
    """Return where a run was last handed in; empty if it never was."""
    try:
        rows = list(csv.DictReader((folder / RECORD).read_text(encoding="utf-8").splitlines(), delimiter="\t"))
    except (OSError, UnicodeDecodeError, csv.Error):
        return ""
    return str(rows[-1].get("competition") or "") if rows else ""


def hand_in(words: tuple[str, ...], *, environ: Mapping[str, str] | None = None) -> HandedIn:
    """Run the user's own program and wait for it.

    Args:
        words: As of `command_of`.
        environ: Variables to choose its own from; those of this process if None.

    Raises:
        MachineError: It is not installed (E505), or it failed (E506).
    """
    environ = os.environ if environ is None else environ
    program = shutil.which(words[0], path=environ.get("PATH"))
    if program is None:
        raise MachineError(
            MISSING,
            f"there is no program {words[0]!r} on the PATH; it is Kaggle's own, and comes with its own login",
            kept="the submission, which fits",
            fix=f"pip install kaggle, log in, then: {shlex.join(words)}",
        )
    variables = reduced(environ, _ITS_OWN)
    try:
        done = subprocess.run(
            [program, *words[1:]],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(words, f"did not end within {LIMIT_S / 60:.0f} minutes", "") from None
    except OSError as error:
        raise _failed(words, f"cannot be started: {error}", "") from error
    said = _end(Scrubber(environ).scrub(done.stdout.decode(errors="replace")))
    lower = said.lower()
    if done.returncode or any(sign in lower for sign in _NOT_DONE):
        raise _failed(words, f"ended with exit code {done.returncode}", said)
    return HandedIn(confirmed=_DONE in lower, said=said)


def record(folder: Path, submission: Submission, competition: str, outcome: str, message: str, time: float) -> None:
    """Add a line to `submissions.tsv` of the run; the file is whole at any time."""
    path = folder / RECORD
    before = path.read_text(encoding="utf-8") if path.exists() else "\t".join(_COLUMNS) + "\n"
    buffer = io.StringIO()
    row = (iso_utc(time), competition, submission.trial.number, submission.rows, submission.digest, outcome, message)
    csv.writer(buffer, delimiter="\t", lineterminator="\n").writerow([" ".join(str(cell).split()) for cell in row])
    write_whole(path, before + buffer.getvalue())


def _failed(words: tuple[str, ...], what: str, said: str) -> MachineError:
    told = f"{words[0]} {what}" + (f" and says: {' '.join(said.split())}" if said else "")
    return MachineError(FAILED, told, kept="the submission, which fits", fix=shlex.join(words))


def _end(text: str) -> str:
    """Return the last lines of what was printed: bars that were redrawn are left out."""
    lines = [line.rsplit("\r", 1)[-1].strip() for line in text.split("\n")]
    return "\n".join(line for line in lines if line)[-_MOST_SAID:]
