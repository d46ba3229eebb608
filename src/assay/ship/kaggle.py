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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.core.clock import iso_utc
from assay.core.errors import MachineError, UsageError
from assay.core.files import flush_folder, write_whole
from assay.models.program.environment import reduced
from assay.models.scrub import Scrubber
from assay.ship.submission import Submission

PROGRAM = "kaggle"
RECORD = "submissions.tsv"
LIMIT_S = 900.0
"""Most seconds of one upload."""
MISSING, FAILED, NO_NAME = "E505", "E506", "E043"
STARTED, SUBMITTED, UNCONFIRMED, REFUSED, UNKNOWN = "started", "submitted", "not confirmed", "failed", "unknown"
"""Outcomes in the record: the first is written before the program is started, one of the others once it has ended."""

_ITS_OWN = ("KAGGLE_",)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,99}")
_ADDRESS = re.compile(r"https?://(?:www\.)?kaggle\.com/(?:c|competitions)/([^/?#]+)")
_DONE = "successfully submitted"
_NOT_DONE = ("could not submit", "could not find competition", "upload unsuccessful")
"""What the program says before it ends with exit code 0 all the same."""
_COLUMNS = ("time", "competition", "trial", "rows", "sha256", "outcome", "message")
_MOST_SAID = 400
_SHELL_KILLED = 128
"""A shell adds the number of the signal to this where what it started was killed."""
_MAYBE = "an attempt may have been used"


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


def look_up(competition: str) -> str:
    """Return the command that lists what has arrived at a competition."""
    return f"{PROGRAM} competitions submissions -c {competition}"


def last_competition(folder: Path) -> str:
    """Return where a run was last handed in; empty if it never was."""
    sent = [row for row in _rows(folder) if row.get("outcome") not in (STARTED, REFUSED)]
    return str(sent[-1].get("competition") or "") if sent else ""


def open_attempt(folder: Path) -> str:
    """Return the competition of a run's last attempt where nobody knows whether it arrived; empty if that is known."""
    rows = _rows(folder)
    return str(rows[-1].get("competition") or "") if rows and rows[-1].get("outcome") in (STARTED, UNKNOWN) else ""


def hand_in(
    file: Path,
    competition: str,
    message: str,
    *,
    shown: tuple[str, ...],
    note: Callable[[str], None],
    environ: Mapping[str, str] | None = None,
    limit_s: float = LIMIT_S,
) -> HandedIn:
    """Run the user's own program and wait for it.

    Args:
        file: What is handed in.
        competition: Where.
        message: What its page will show.
        shown: The command as people were told it, which may name another path of the same content.
        note: Writes an outcome down: `STARTED` before the program is started, and one other whatever happens then.
        environ: Variables to choose its own from; those of this process if None.
        limit_s: Most seconds that it may take.

    Raises:
        MachineError: It is not installed (E505), or it failed or nobody knows whether it did (E506).
    """
    environ = os.environ if environ is None else environ
    program = shutil.which(PROGRAM, path=environ.get("PATH"))
    if program is None:
        raise MachineError(
            MISSING,
            f"there is no program {PROGRAM!r} on the PATH; it is Kaggle's own, and comes with its own login",
            kept="the submission, which fits",
            fix=f"pip install kaggle, log in, then: {shlex.join(shown)}",
        )
    note(STARTED)
    outcome = UNKNOWN
    try:
        ended = _ended([program, *command_of(file, competition, message)[1:]], environ, limit_s, look_up(competition))
        said = _end(Scrubber(environ).scrub(ended.stdout.decode(errors="replace")))
        outcome = _outcome(ended.returncode, said)
    except OSError as error:
        outcome = REFUSED
        raise _failed(f"cannot be started: {error}", "", shlex.join(shown)) from error
    finally:
        note(outcome)
    if outcome in (REFUSED, UNKNOWN):
        fix = shlex.join(shown) if outcome == REFUSED else look_up(competition)
        raise _failed(_how(ended.returncode, outcome), said, fix)
    return HandedIn(confirmed=outcome == SUBMITTED, said=said)


def record(folder: Path, submission: Submission, competition: str, outcome: str, message: str, time: float) -> None:
    """Add a line to `submissions.tsv` of the run; the file is whole at any time, and on the disk when this returns."""
    path = folder / RECORD
    before = path.read_text(encoding="utf-8") if path.exists() else "\t".join(_COLUMNS) + "\n"
    buffer = io.StringIO()
    row = (iso_utc(time), competition, submission.trial.number, submission.rows, submission.digest, outcome, message)
    csv.writer(buffer, delimiter="\t", lineterminator="\n").writerow([" ".join(str(cell).split()) for cell in row])
    write_whole(path, before + buffer.getvalue())
    flush_folder(folder)


def _rows(folder: Path) -> list[dict[str, str]]:
    try:
        return list(csv.DictReader((folder / RECORD).read_text(encoding="utf-8").splitlines(), delimiter="\t"))
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def _ended(argv: list[str], environ: Mapping[str, str], limit_s: float, fix: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            argv,
            env=reduced(environ, _ITS_OWN),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"did not end within {limit_s / 60:.0f} minutes; {_MAYBE}", "", fix) from None


def _outcome(code: int, said: str) -> str:
    lower = said.lower()
    if any(sign in lower for sign in _NOT_DONE):
        return REFUSED
    if code == 0:
        return SUBMITTED if _DONE in lower else UNCONFIRMED
    killed = code < 0 or code > _SHELL_KILLED
    return UNKNOWN if killed or _DONE in lower else REFUSED


def _how(code: int, outcome: str) -> str:
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return f"{how}; {_MAYBE}" if outcome == UNKNOWN else how


def _failed(what: str, said: str, fix: str) -> MachineError:
    told = f"{PROGRAM} {what}" + (f" and says: {' '.join(said.split())}" if said else "")
    return MachineError(FAILED, told, kept="the submission, which fits", fix=fix)


def _end(text: str) -> str:
    """Return the last lines of what was printed: bars that were redrawn are left out."""
    lines = [line.rsplit("\r", 1)[-1].strip() for line in text.split("\n")]
    return "\n".join(line for line in lines if line)[-_MOST_SAID:]
