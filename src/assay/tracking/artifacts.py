"""Artefacts: the files of a trial and of a run that are kept in the experiment store."""

from __future__ import annotations

import difflib
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.models.scrub import Scrubber
from assay.tracking.records import Artifact

REPORTS = ("report.html", "report.md", "report.json", "leaderboard.csv", "leaderboard.md", "results.tsv", "story.md")
_MOST_CHARS = 400_000
_MOST_REPORT = 50 * 2**20


class TrialFiles:
    """What to read for one trial, remembered so that it can be read later and elsewhere.

    Args:
        history: The journal as it is now.
        number: The trial.
    """

    def __init__(self, history: History, number: int) -> None:
        trial = history.trials[number]
        parent = trial.parents[0] if trial.parents else None
        known = None if parent is None else history.trials.get(parent)
        self._parent = known.candidate if known is not None else ""
        self._names = (f"trial-{parent}", f"trial-{number}")
        self._candidate = trial.candidate
        tails = [m.execution.log_tail for m in history.measurements(number) if m.execution is not None]
        self._log = tails[-1] if tails else ""

    def read(self, objects: ObjectStore) -> tuple[Artifact, ...]:
        """Return solution, difference to the first parent, and the end of the last output; what is gone is left out."""
        scrub = Scrubber().scrub
        found: list[Artifact] = []
        try:
            own = objects.candidate(self._candidate)
            found += [Artifact(path=f"solution/{name}", text=_cut(scrub(text))) for name, text in own.files.items()]
            if self._parent:
                text = _difference(objects.candidate(self._parent), own, *self._names)
                found += [Artifact(path="diff.patch", text=_cut(scrub(text)))] if text else []
        except (IntegrityError, KeyError, ValueError, TypeError):
            pass
        if self._log:
            found.append(Artifact(path="log_tail.txt", text=scrub(self._log)))
        return tuple(found)


def report_files(folder: Path) -> tuple[Artifact, ...]:
    """Return the reports that lie in a run's folder."""
    paths = [folder / name for name in REPORTS]
    return tuple(
        Artifact(path=path.name, file=str(path.absolute()))
        for path in paths
        if path.is_file() and path.stat().st_size <= _MOST_REPORT
    )


def _difference(old: Candidate, new: Candidate, old_name: str, new_name: str) -> str:
    lines: list[str] = []
    for name in sorted({*old.files, *new.files}):
        before, after = old.files.get(name, "").splitlines(), new.files.get(name, "").splitlines()
        lines += difflib.unified_diff(before, after, f"{old_name}/{name}", f"{new_name}/{name}", lineterm="")
    return "\n".join([*lines, ""]) if lines else ""


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARS else f"{text[:_MOST_CHARS]}\n[cut: {len(text):,} characters]\n"
