"""The command `submit`: a run's predictions checked once more, and handed in by the user's own program."""

from __future__ import annotations

import shlex
from pathlib import Path
from tempfile import TemporaryDirectory

from assay.cli.display.panel import score_words
from assay.cli.lookup import find_run
from assay.cli.output import one_line
from assay.cli.shell import Shell
from assay.core.errors import UsageError
from assay.models.scrub import scrub
from assay.report.formatting import format_score
from assay.report.rows import row_of
from assay.ship.kaggle import (
    NO_NAME,
    RECORD,
    HandedIn,
    command_of,
    competition_name,
    hand_in,
    last_competition,
    look_up,
    open_attempt,
    record,
)
from assay.ship.submission import Submission, checked_submission

UNNAMED = "COMPETITION"
"""Stands in a shown command for the name that nobody gave."""


def submit(
    shell: Shell,
    root: Path,
    name: str | None,
    *,
    competition: str | None,
    message: str | None,
    dry_run: bool,
    yes: bool,
) -> int:
    """Check a run's submission and show the command that hands it in; hand it in where that is confirmed.

    Raises:
        UsageError: `--dry-run` and `--yes` together, or nobody said which competition (E043).
        NothingFound: No such run (E201, E203), or it has no submission (E212).
        IntegrityError: The file is not the run's (E421) or does not fit (E422).
        MachineError: The program is not there (E505) or failed, as far as is known (E506).
    """
    if dry_run and yes:
        raise UsageError("E002", "--dry-run and --yes cannot be meant together", fix="assay submit --dry-run")
    folder = find_run(root, name)
    shell.run_name = folder.name
    place = competition_name(competition) if competition is not None else last_competition(folder)
    with TemporaryDirectory(prefix="assay-submit-") as private:
        submission = checked_submission(folder, Path(private))
        text = _message(submission) if message is None else one_line(scrub(message), 200)
        words = command_of(_seen_from_here(submission.path), place or UNNAMED, text)
        for line in _lines(submission, words, open_attempt(folder)):
            shell.output.say(line)
        value = _value(folder, submission, place, words)
        if not (yes or (not dry_run and place and _confirmed(shell, place))):
            hint = "" if place else " -c COMPETITION"
            shell.output.answer(
                "submit", {**value, "sent": False}, f" next     nothing was sent; to send it: assay submit{hint} --yes"
            )
            return 0
        if not place:
            raise UsageError(
                NO_NAME, "nobody said which competition it is for", fix="assay submit -c COMPETITION --yes"
            )
        clock = shell.output.clock
        done = hand_in(
            submission.copy,
            place,
            text,
            shown=words,
            note=lambda outcome: record(folder, submission, place, outcome, text, clock.now()),
        )
    shell.output.answer(
        "submit", {**value, "sent": True, "confirmed": done.confirmed, "said": done.said}, _told(folder, done, place)
    )
    return 0


def _value(folder: Path, submission: Submission, place: str, words: tuple[str, ...]) -> dict[str, object]:
    return {
        "run": folder.name,
        "file": str(submission.path.absolute()),
        "trial": submission.trial.number,
        "rows": submission.rows,
        "columns": list(submission.columns),
        "sha256": submission.digest,
        "competition": place or None,
        "command": list(words),
    }


def _told(folder: Path, done: HandedIn, place: str) -> str:
    said = one_line(done.said.rpartition("\n")[2], 300)
    head = f" sent     kaggle says: {said}" if said else " sent     kaggle ended well and said nothing"
    lines = [head, f" written  {folder.name}/{RECORD}"]
    if not done.confirmed:
        lines.append(f" look     whether it arrived: {look_up(place)}")
    lines.append(f" next     its score there, once known: assay note --lb SCORE {folder.name}")
    return "\n".join(lines)


def _lines(submission: Submission, words: tuple[str, ...], in_doubt: str) -> list[str]:
    each = "one for each id that is asked for" if submission.by_id else "one for each test row, in their order"
    columns = one_line(", ".join(submission.columns), 300)
    lines = [
        f" file     {_seen_from_here(submission.path)}, of {_of(submission)}",
        f" rows     {submission.rows:,}, {each}",
        f" columns  {columns}",
        f" command  {shlex.join(words)}",
    ]
    if in_doubt:
        lines.append(
            f" before   it is not known how the last try ended; an attempt may have been used: {look_up(in_doubt)}"
        )
    return lines


def _of(submission: Submission) -> str:
    trial, metric = submission.trial, submission.history.metric.name
    sealed = f" · sealed {format_score(submission.sealed)}" if submission.sealed is not None else ""
    return f"#{trial.number} {one_line(trial.title, 60)} · {metric} {score_words(row_of(trial))}{sealed}"


def _message(submission: Submission) -> str:
    """Return what the competition's page will show: the run, the trial and its score, nothing else of the run."""
    score = f" {submission.history.metric.name} {format_score(submission.trial.score)}"
    return f"assay {submission.run} #{submission.trial.number}{score if submission.trial.score is not None else ''}"


def _seen_from_here(path: Path) -> Path:
    """Return `path` as it is written from where the command was typed, if it lies below."""
    absolute = path.absolute()
    here = Path.cwd()
    return absolute.relative_to(here) if absolute.is_relative_to(here) else absolute


def _confirmed(shell: Shell, place: str) -> bool:
    if shell.output.json or not shell.output.abilities.terminal:
        return False
    import typer

    return typer.confirm(f"Hand this in to {place}, where attempts are counted?", default=False)
