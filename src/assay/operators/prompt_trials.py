"""Trials in prompts: their scores, how far they are apart, where they are wrong, and what a part is worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assay.core.digits import error_decimals, score_decimals
from assay.core.metric import Metric
from assay.core.plain import plain
from assay.core.weakness import Segment, Weakness
from assay.engine.comparison import compare
from assay.models.roles import Attempt, Brief, Finding, LabView, TrialSummary
from assay.operators.prompt_text import cell, seconds

_FOLDS_FOR_ERROR = 3
"""Folds from which on their spread says how certain a mean is."""


def leader(attempts: Sequence[Attempt], parent: TrialSummary, metric: Metric) -> int:
    """Return the index of the attempt that scored best, the first of equals; -1 where none beat `parent`."""
    best, index = parent.score, -1
    for i, attempt in enumerate(attempts):
        scored = attempt.trial.score if attempt.trial is not None else None
        if scored is not None and (best is None or metric.is_better(scored, best)):
            best, index = scored, i
    return index


def foremost(trials: Iterable[TrialSummary], metric: Metric) -> TrialSummary | None:
    """Return the trial that scored best, the first of equals; None where none has a score."""
    scored = [trial for trial in trials if trial.score is not None]
    return metric.ranked(scored, lambda trial: trial.score)[0] if scored else None


def apart(trial: TrialSummary, rival: TrialSummary | None, brief: Brief) -> str:
    """Return how much better than a rival a trial is, fold by fold, and whether that is within noise.

    The standard error of the mean is corrected for folds that share training rows (Nadeau and Bengio 2003). A gain up
    to twice that error is within noise; with one or two folds, one up to the noise floor, which is measured with the
    plain baseline and too wide for solutions that are far better. Empty where nothing can be compared.
    """
    if rival is None or trial.number == rival.number:
        return ""
    found = compare(trial.scores, rival.scores, brief.task.metric)
    if not found.folds:
        return ""
    error = ((1 / found.folds + found.ratio) * found.variance) ** 0.5 if found.folds > 1 else None
    told = plain(found.mean, 3, "+") + (f" ± {plain(error, 2)}" if error is not None else "")
    bound = 2 * error if error is not None and found.folds >= _FOLDS_FOR_ERROR else brief.noise
    if bound is None:
        return f"{told} (too few folds to tell)"
    return f"{told} (noise)" if abs(found.mean) <= bound else told


def score(trial: TrialSummary) -> str:
    """Return a trial's score with its standard error."""
    if trial.score is None:
        return "none"
    error = f" ± {plain(trial.std_error, 2)}" if trial.std_error is not None else ""
    return f"{plain(trial.score, 5)}{error}"


def decimals(view: LabView) -> int:
    """Return with how many decimals a lab's scores are written: the rule of tables on screen, stopped at the chance."""
    scores = [one.score for one in view.experiments if one.score is not None]
    ranked = sorted(scores, reverse=view.higher_is_better)
    return score_decimals(ranked, view.noise)


def gain_decimals(view: LabView) -> int:
    """Return with how many decimals a lab's gains are written: as its scores, and to the second digit of the chance."""
    return max(decimals(view), error_decimals(view.noise) if view.noise else 0)


def origin(trial: TrialSummary) -> str:
    """Return which operator made a trial, from what."""
    parents = " ".join(f"#{number}" for number in trial.parents[:3])
    return f"{trial.operator} {parents}".strip()


def effect(finding: Finding) -> str:
    """Return what leaving out a part did."""
    if finding.effect is None:
        return "the variant failed"
    error = f" ± {plain(finding.noise, 2)}" if finding.noise is not None else ""
    return f"{plain(finding.effect, 3, '+')}{error}"


def pace(history: Sequence[TrialSummary]) -> str:
    """Return how long one fold took the scripts so far, baselines left out; empty where none was run."""
    took = sorted(t.wall_s for t in history if t.operator != "baseline" and t.wall_s > 0)
    if not took:
        return ""
    low, middle, high = seconds(took[0]), seconds(took[(len(took) - 1) // 2]), seconds(took[-1])
    return low if low == high else f"{low} to {high}, half of them at most {middle}"


def worst(weakness: Weakness, count: int = 3) -> list[Segment]:
    """Return the segments whose share of the loss is furthest beyond their share of the rows."""
    known = [s for s in weakness.segments if s.share > s.rows / weakness.rows]
    return sorted(known, key=lambda s: s.rows / weakness.rows - s.share)[:count]


def rows(segment: Segment) -> str:
    """Return what the rows of a segment have in common."""
    return f"{cell(segment.by, 60)} {cell(segment.name, 60)}"


def outcome(value: str) -> str:
    """Return an execution's outcome in words."""
    said = {
        "error": "it ended with an error",
        "timeout": "its time ran out",
        "memory": "it used more memory than there is",
        "disk": "it wrote more than is allowed",
        "output": "it printed more than is allowed",
        "processes": "it started too many processes",
        "ok": "it ran to its end, but its output cannot be graded",
    }
    return said.get(value, value)
