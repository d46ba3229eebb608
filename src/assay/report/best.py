"""The folder `best/`: a copy of the winner that runs without Assay."""

from __future__ import annotations

import json
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.journal.history import Trial
from assay.report.diffs import NOTEBOOK
from assay.report.facts import Facts, State
from assay.report.files import replace_folder, safe_name
from assay.report.formatting import format_score, format_spread
from assay.report.markdown import escape
from assay.report.prose import clean_line
from assay.report.telling import Teller

SCRIPT = "notebook.py"
"""The code of a winning notebook as a plain script."""


def write_best(run_folder: Path, teller: Teller) -> None:
    """Put the winner's files, its submission and a note on how to run it into `best/`.

    Does nothing when the folder holds this winner already, or when there is no winner or its files are lost.

    Raises:
        MachineError: The folder cannot be written (E501).
    """
    facts = teller.facts
    winner = facts.winner
    candidate = facts.candidate(winner) if winner is not None and winner.score is not None else None
    if winner is None or candidate is None:
        return
    submission = _submission(facts, winner)
    record = {
        "trial": winner.number,
        "candidate": winner.candidate,
        "code": candidate.digest,
        "submission": facts.history.submission.digest if facts.history.submission and submission else None,
        "state": str(facts.state),
    }
    text = json.dumps(record, indent=1) + "\n"
    folder = run_folder / "best"
    try:
        if (folder / "best.json").read_text(encoding="utf-8") == text:
            return
    except OSError:
        pass  # not there yet
    content: dict[str, str | bytes] = {}
    for name, source in candidate.files.items():
        safe = safe_name(name)
        if safe is not None:
            content[safe] = source
    if submission is not None:
        content["submission.csv"] = submission
    entry = candidate.entry
    if candidate.kind == NOTEBOOK:
        entry = SCRIPT
        content[entry] = _script(candidate)
    content["README.md"] = _readme(teller, winner, entry, submitted=submission is not None)
    content["best.json"] = text
    replace_folder(folder, content)


def _script(candidate: Candidate) -> str:
    """Return the code of a notebook as a plain script, which runs without Jupyter."""
    from assay.kinds.notebook import flatten, notebook_of

    return flatten(notebook_of(candidate)).text


def _submission(facts: Facts, winner: Trial) -> bytes | None:
    done = facts.history.submission
    if done is None or done.trial != winner.number:
        return None
    try:
        return facts.objects.get(done.digest)
    except IntegrityError:
        facts.missing_objects.add(done.digest)
        return None


def _readme(teller: Teller, winner: Trial, entry: str, *, submitted: bool) -> str:
    facts = teller.facts
    started = facts.history.started
    versions = started.versions if started else {}
    score = f"{format_score(winner.score, decimals=teller.decimals)}"
    spread = format_spread(winner.std_error, decimals=teller.decimals)
    lead = "The winner" if facts.state is State.FINISHED else "The best so far"
    lines = [
        f"# {lead}: trial {winner.number}",
        "",
        f"Idea, in its author's words: {escape(clean_line(winner.title, 200))}",
        "",
        f"Search score: {score} {spread} {escape(facts.metric.name)}, {teller.direction}.".replace("  ", " "),
        "",
        "How to run it, from a folder that holds `input/` with the task's files (train, test) and an empty `output/`:",
        "",
        f"    python {clean_line(entry, 120)}",
        "",
        "It reads `./input` and writes `./output/submission.csv`.",
        "`submission.csv` here is what it predicted after its last fit; the scores are of the model before that fit."
        if submitted
        else "There is no `submission.csv` of this trial.",
        "",
        f"Python {clean_line(str(versions.get('python', 'unknown')), 20)}; packages as in `run.json` or `report.json`.",
    ]
    return "\n".join(lines) + "\n"
