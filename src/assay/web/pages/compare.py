"""Compare: trials of a run side by side, fold by fold and line by line, or several runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assay.core.errors import UsageError
from assay.journal.history import Trial
from assay.report.compare import paired_words
from assay.report.diffs import MOST_CHARACTERS, patch
from assay.report.facts import Facts
from assay.report.paired import natural
from assay.report.prose import clean_line
from assay.strategies.known import LAB, TASKS
from assay.web import told
from assay.web.asked import whole
from assay.web.pages.compare_jobs import job_rows
from assay.web.pages.compare_runs import beside, neighbours
from assay.web.pages.overlap import overlap
from assay.web.view import RunView

MOST = 5
"""Trials, or runs, that are compared at once."""
MOST_CHOICES = 300
MOST_DIFF = 60_000
"""Characters of one difference; `assay diff` has all."""


def compare(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what a choice of trials, or of runs, comes to beside each other.

    Args:
        run: The run.
        query: `trials`: numbers with commas, the first is what the others are compared with; `runs`: names of other
            runs in the same folder; `overlap=1`: also how alike the errors are.

    Raises:
        UsageError: What was asked for is no trial of the run (E027), or too many were (E075).
        NothingFound: There is no such run (E201), or nothing in it is scored (E209).
    """
    names = [name for name in query.get("runs", "").split(",") if name]
    found: dict[str, Any] = {"most": MOST, "neighbours": neighbours(run), "runs": None}
    if names:
        if len(names) >= MOST:
            raise UsageError("E075", f"{len(names) + 1} runs were named; two to five are compared", fix="assay compare")
        found["runs"] = beside(run, names)
        return found
    chosen = _chosen(run, query.get("trials", ""))
    found |= {"choices": _choices(run, chosen), "trials": [_side(run, trial, chosen) for trial in chosen]}
    found |= {"reported": _is(run, LAB), "evidence": _is(run, TASKS)}
    if not run.history.task.graded:
        found |= job_rows(run, chosen)
    else:
        metric = run.history.metric
        found["metric"] = {"name": metric.name, "direction": str(metric.direction)}
        found["paired"] = [_paired(run.facts, trial, chosen[0]) for trial in chosen[1:]]
        found["folds"] = _folds(chosen)
        found["overlap"] = overlap(run, chosen, asked="overlap" in query, wait="wait" in query)
    found["diffs"] = [_diff(run.facts, chosen[0], trial) for trial in chosen[1:]]
    return found


def _is(run: RunView, strategy: str) -> bool:
    return run.summary.strategy == strategy


def _chosen(run: RunView, text: str) -> list[Trial]:
    """Return the trials that are named, or the winner beside the best baseline, or the last two."""
    if not text:
        return _usual(run)
    numbers = [part.removeprefix("#") for part in text.split(",") if part]
    wrong = [part for part in numbers if whole(part) not in run.history.trials]
    if wrong:
        known = f"they go from 0 to {max(run.history.trials)}" if run.history.trials else "it has none yet"
        raise UsageError("E027", f"{wrong[0][:40]!r} is no trial of the run: {known}", fix="assay top")
    if len(numbers) > MOST:
        raise UsageError("E075", f"{len(numbers)} trials were named; two to five are compared", fix="assay diff")
    return [run.history.trials[int(part)] for part in dict.fromkeys(numbers)]


def _usual(run: RunView) -> list[Trial]:
    if not run.history.task.graded:
        return run.facts.trials[:1] + run.facts.trials[1:][-1:]
    facts = run.facts
    first = facts.baseline or (facts.ranking[-1] if facts.ranking else None)
    picks = [first, facts.winner, *facts.ranking[:2], *facts.trials[-2:]]
    numbers = list(dict.fromkeys(trial.number for trial in picks if trial is not None))
    return [run.history.trials[number] for number in numbers[:2]]


def _choices(run: RunView, chosen: Sequence[Trial]) -> list[dict[str, Any]]:
    facts = run.facts
    ranked = {trial.number: trial for trial in facts.ranking[:MOST_CHOICES]}
    last = {trial.number: trial for trial in facts.trials[-MOST_CHOICES:]}
    offered = {**ranked, **last, **{trial.number: trial for trial in chosen}}
    return [
        {"number": t.number, "title": clean_line(t.title, 80), "score": told.score(t.score)["text"] if t.ranks else ""}
        for t in sorted(offered.values(), key=lambda trial: trial.number)
    ]


def _side(run: RunView, trial: Trial, chosen: Sequence[Trial]) -> dict[str, Any]:
    others = [one.score for one in chosen]
    return {
        "number": trial.number,
        "title": clean_line(trial.title, 120),
        "operator": trial.operator,
        "parents": list(trial.parents),
        "state": str(trial.state),
        "verdict": str(trial.verdict) if trial.verdict else "",
        "score": told.score(trial.score, trial.std_error, others),
        "std_error": told.score(trial.std_error),
        "folds": trial.folds,
        "wall": told.seconds(trial.wall_s or None),
        "memory": told.size(run.facts.peak_memory(trial)),
        "repairs": len(trial.repairs),
        "reason": clean_line(trial.reason, 300),
    }


def _paired(facts: Facts, trial: Trial, against: Trial) -> dict[str, Any]:
    found = facts.paired(trial, against)
    head = {"trial": trial.number, "against": against.number}
    if found is None:
        return {**head, "words": f"#{trial.number} and #{against.number} share no fold: nothing pairs their scores."}
    names = f"#{trial.number}", f"#{against.number}"
    floor = facts.history.noise.floor if facts.history.noise else None
    return {
        **head,
        "words": paired_words(*names, found.gains, found.low, found.high),
        "undefined": found.undefined,
        "views": list(found.views),
        "gains": [told.gain(gain) for gain in found.gains],
        "mean": told.gain(found.mean, found.std_error),
        "low": told.gain(found.low),
        "high": told.gain(found.high),
        "better": found.better,
        "floor": told.score(floor) if floor else None,
    }


def _folds(chosen: Sequence[Trial]) -> list[dict[str, Any]]:
    views = sorted({view for trial in chosen for view in trial.scores}, key=natural)
    rows = []
    for view in views:
        values = [trial.scores.get(view) for trial in chosen]
        rows.append({"view": view, "scores": [told.score(value, None, values) for value in values]})
    return rows


def _diff(facts: Facts, old: Trial, new: Trial) -> dict[str, Any]:
    before, after = facts.candidate(old), facts.candidate(new)
    head = {"old": old.number, "new": new.number}
    if before is None or after is None:
        return {**head, "text": "", "why": "the files of one of them are no longer kept"}
    text = patch(before, after, old_name=f"#{old.number}", new_name=f"#{new.number}")
    cut = len(text) > MOST_DIFF or len(text) >= MOST_CHARACTERS
    return {**head, "text": text[:MOST_DIFF], "cut": cut, "why": "" if text else "the code is the same"}
