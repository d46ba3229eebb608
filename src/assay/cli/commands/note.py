"""The command `note`: a score that was measured elsewhere, written down beside what the run measured."""

from __future__ import annotations

from pathlib import Path

from assay.cli.commands.reports import try_reports
from assay.cli.lookup import find_run, find_trial
from assay.cli.options.parsers import number
from assay.cli.options.problems import Problems
from assay.cli.output import one_line
from assay.cli.shell import Shell
from assay.core.errors import NothingFound
from assay.engine.noting import note_score
from assay.journal.checkpoint import HistoryFile
from assay.journal.events import ScoredElsewhere
from assay.journal.history import History, Trial
from assay.report.elsewhere import as_noted
from assay.report.formatting import format_score
from assay.ship.kaggle import last_competition

LONGEST_PLACE = 60


def note(shell: Shell, root: Path, name: str | None, *, score: str, trial: str | None, where: str | None) -> int:
    """Write down a score that a leaderboard gave to a trial's predictions.

    Raises:
        UsageError: The score is no number (E002), or the trial cannot be meant (E027).
        NothingFound: No such run (E201, E203), no such trial (E202), or no submission that it could be of (E212).
    """
    problems = Problems()
    value = problems.read("--lb", score, number, 0.0)
    problems.raise_any("note")
    folder = find_run(root, name)
    shell.run_name = folder.name
    history = HistoryFile(folder).read()
    meant = find_trial(history, trial) if trial is not None else _handed_in(folder, history)
    place = one_line(where or last_competition(folder) or "leaderboard", LONGEST_PLACE)
    written = note_score(folder, ScoredElsewhere(trial=meant.number, score=value, where=place))
    if written:
        try_reports(shell, folder)
    shell.output.answer(
        "note",
        {"run": folder.name, "trial": meant.number, "score": value, "where": place, "written": written},
        _told(folder, meant, as_noted(value), place, history, written=written),
    )
    return 0


def _handed_in(folder: Path, history: History) -> Trial:
    if history.submission is None:
        raise NothingFound(
            "E212", f"the run {folder.name!r} has no submission that this could be the score of", fix="--trial N"
        )
    return history.trials[history.submission.trial]


def _told(folder: Path, trial: Trial, score: str, place: str, history: History, *, written: bool) -> str:
    here = f"; the search said {format_score(trial.score)}" if trial.score is not None else ""
    many = len({said.trial for _, said in history.elsewhere if said.where == place} | {trial.number})
    shown = " · with two or more the report compares them" if many == 1 else f" · the report compares {many} of them"
    kept = "in the journal" if written else "taken up by the running search"
    return (
        f"noted for #{trial.number} of {folder.name}: {score} on {place}{here}\n"
        f" it is {kept}, never ranked and shown to no model{shown}\n"
        f" next   assay show {trial.number} -r {folder.name} · assay report {folder.name} --open"
    )
