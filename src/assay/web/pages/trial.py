"""Trial: one trial with everything that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.core.clock import iso_utc
from assay.core.errors import NothingFound
from assay.core.trial import Verdict
from assay.journal.history import Measurement, Trial
from assay.report.formatting import (
    format_bytes,
    format_duration,
    format_gain,
    format_score,
)
from assay.report.paired import natural
from assay.report.prose import clean, clean_line
from assay.report.rows import row_decimals, row_of
from assay.web.asked import whole
from assay.web.lab import lab_metric, reported_scores
from assay.web.texts import metric_value, row_value
from assay.web.trial_parts import code_value, log_value, questions_value
from assay.web.view import RunView


def trial(run: RunView, query: Mapping[str, str]) -> dict[str, Any]:
    """Return one trial: plan, change, code, log, scores by fold, verdict with its reasons, questions, executions.

    Args:
        run: The run.
        query: `rest`: the trial's number, or `best`. `log`: which execution's output, by its place.
    """
    found = find(run, query.get("rest", ""))
    base = base_of(run, found)
    numbers = sorted(run.history.trials)
    place = numbers.index(found.number)
    claimed = reported_scores(run.history).get(found.number) if lab_metric(run.history) is not None else None
    return {
        "metric": metric_value(run.summary),
        "trial": row_value(row_of(found)),
        "reported_text": format_score(claimed) if claimed is not None else "",
        "rank": _rank(run, found),
        "before": numbers[place - 1] if place else None,
        "after": numbers[place + 1] if place + 1 < len(numbers) else None,
        "parents": [_named(run, number) for number in found.parents],
        "children": [_named(run, t.number) for t in run.history.trials.values() if found.number in t.parents][:50],
        "plan": clean(found.plan, 8_000),
        "created": iso_utc(found.created) if found.created else "",
        "verdict": _verdict(found),
        "folds": _folds(run, found, _judged_against(run, found) or base),
        "checks": [
            {"name": one.check.value, "standing": one.verdict.value, "detail": clean_line(one.detail, 400)}
            for one in run.history.checks_of(found.number)
        ],
        "flags": [clean_line(flag, 400) for flag in found.flags],
        "repairs": [
            {"attempt": r.attempt, "by": clean_line(r.by, 80), "cause": clean_line(r.cause, 600)} for r in found.repairs
        ],
        "reviews": [_review(review) for review in found.reviews],
        "evidence": _evidence(found),
        "executions": [_execution(m) for m in run.history.measurements(found.number)],
        "log": log_value(run, found, query.get("log", "")),
        "code": code_value(run, found, base),
        "questions": questions_value(run, found),
        "environment": _environment(run, found),
    }


def find(run: RunView, text: str) -> Trial:
    """Return the trial of this number, or the best.

    Raises:
        NothingFound: There is none (E202).
    """
    best = run.summary.best
    number = best.number if text == "best" and best is not None else whole(text)
    if number is None or number not in run.history.trials:
        known = f"they go from 0 to {len(run.history.trials) - 1}" if run.history.trials else "it has none yet"
        raise NothingFound("E202", f"there is no trial {text[:40]!r} in {run.name}: {known}", fix="assay top")
    return run.history.trials[number]


def base_of(run: RunView, found: Trial) -> Trial | None:
    """Return the trial that another is compared with: its first parent, or else the best baseline."""
    for parent in found.parents:
        if parent in run.history.trials:
            return run.history.trials[parent]
    if metric_value(run.summary) is None or found.verdict is Verdict.BASELINE:
        return None
    baseline = run.summary.baseline
    return run.history.trials[baseline.number] if baseline and baseline.number != found.number else None


def _judged_against(run: RunView, found: Trial) -> Trial | None:
    """Return the trial that the verdict is against."""
    judged = found.judgement
    return run.history.trials.get(judged.against) if judged is not None and judged.against is not None else None


def _rank(run: RunView, found: Trial) -> str:
    ranking = run.facts.ranking if metric_value(run.summary) is not None else []
    place = next((i for i, one in enumerate(ranking, start=1) if one.number == found.number), None)
    return f"{place} of {len(ranking)}" if place is not None else ""


def _named(run: RunView, number: int) -> dict[str, Any]:
    known = run.history.trials.get(number)
    return {"number": number, "title": clean_line(known.title) if known is not None else ""}


def _verdict(found: Trial) -> dict[str, Any] | None:
    judged = found.judgement
    if judged is None:
        return None
    fresh = {True: "confirmed on fresh partitions", False: "not confirmed on fresh partitions", None: ""}
    interval = ""
    if judged.low is not None and judged.high is not None:
        interval = f"95 % interval {format_gain(judged.low)} to {format_gain(judged.high)}"
    return {
        "against": judged.against,
        "gain_text": format_gain(judged.effect) if judged.effect is not None else "",
        "interval": interval,
        "p": f"{judged.adjusted_p:.3f}" if judged.adjusted_p is not None else "",
        "fresh": fresh[judged.confirmed],
        "reasons": [clean_line(reason, 400) for reason in judged.reasons],
    }


def _folds(run: RunView, found: Trial, base: Trial | None) -> dict[str, Any]:
    """Return the score of each fold, and what it gains over the trial that it is compared with."""
    if not found.scores:
        return {"rows": []}
    paired = run.facts.paired(found, base) if base is not None else None
    gains = dict(zip(paired.views, paired.gains, strict=True)) if paired is not None else {}
    decimals = row_decimals(row_of(found))
    rows = [
        {
            "view": view,
            "score": score,
            "score_text": format_score(score, decimals=decimals),
            "gain": gains.get(view),
            "gain_text": format_gain(gains[view], decimals=decimals) if view in gains else "",
        }
        for view, score in sorted(found.scores.items(), key=lambda item: natural(item[0]))
    ]
    mean = format_gain(paired.mean, paired.std_error) if paired is not None else ""
    return {"rows": rows, "against": base.number if paired is not None and base is not None else None, "mean": mean}


def _execution(m: Measurement) -> dict[str, Any]:
    e = m.execution
    return {
        "view": m.view,
        "attempt": m.attempt,
        "outcome": e.outcome.value if e is not None else "running",
        "detail": clean_line(e.detail, 400) if e is not None else "",
        "wall_text": format_duration(e.wall_s) if e is not None else "",
        "memory_text": format_bytes(e.peak_memory_bytes) if e is not None else "",
        "score_text": format_score(m.score.value) if m.score is not None else "",
        "claimed_text": format_score(m.reported) if m.reported is not None else "",
        "problems": [clean_line(problem, 300) for problem in m.problems],
    }


def _review(review: Any) -> dict[str, Any]:
    return {
        "point": review.point,
        "reviewer": clean_line(review.reviewer, 80),
        "verdict": clean_line(review.verdict, 40),
        "reason": clean_line(review.reason, 600),
        "critical": [clean_line(flag, 300) for flag in review.critical],
    }


def _evidence(found: Trial) -> dict[str, Any] | None:
    seen = found.evidence
    if seen is None:
        return None
    return {
        "passed": seen.passed,
        "run": seen.run,
        "findings": [{"passed": f.passed, "sentence": clean_line(f.sentence, 300)} for f in seen.findings],
        "numbers": [
            {"name": clean_line(name, 80), "values": [format_score(value) for value in values[:12]]}
            for name, values in sorted(seen.numbers.items())
        ],
        "files": [{"name": clean_line(name, 120), "digest": digest} for name, digest in sorted(seen.files.items())],
    }


def _environment(run: RunView, found: Trial) -> dict[str, Any]:
    started = run.history.started
    tiers = {m.execution.tier for m in run.history.measurements(found.number) if m.execution and m.execution.tier}
    versions = dict(started.versions) if started is not None else {}
    return {
        "tier": ", ".join(sorted(tiers)),
        "sandbox": started.sandbox_description if started is not None else "",
        "python": versions.get("python", ""),
        "assay": versions.get("assay", ""),
        "seed": started.seed if started is not None else None,
        "candidate": found.candidate,
        "key": clean_line(found.key, 200),
    }
