"""Ending: what is said when a run is over, and the exit code that tells the truth about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.cli.display.checks import checks_json, closing_words
from assay.cli.display.labs import lab_lines
from assay.cli.display.narrate import interval
from assay.cli.display.panel import change_words, money_words, trial_words
from assay.cli.display.views import row_json, spent_json
from assay.cli.options.model_flags import PLAYBOOK
from assay.cli.output import Output, one_line
from assay.core.codec import encode
from assay.core.exits import Exit
from assay.core.trial import TrialState, Verdict
from assay.core.validation import Check
from assay.engine.endings import STAGE
from assay.journal.events import Validated
from assay.journal.history import Trial
from assay.journal.summary import Row, Summary
from assay.report.formatting import format_duration, format_gain, format_score
from assay.report.lineage import Part, Way
from assay.report.rows import verdict_words
from assay.strategies.known import LAB

_NOTEBOOK_FILES = ("notebook_prompt.ipynb", "notebook_best.ipynb", "experiment_report.md", "optimization_history.md")
"""What runs of notebooks leave beside."""


def exit_code(summary: Summary, code: int, *, way: Way | None, require_gain: bool) -> int:
    """Return the exit code of a run.

    Args:
        summary: The journal at a glance.
        code: The engine's own code; anything but 0 stands.
        way: How the winner got above the baseline.
        require_gain: Whether a solution counts only with a real gain over the baseline.
    """
    if code != 0:
        return code
    return Exit.SHORT if _misses_goal(summary) or (require_gain and not has_real_gain(way)) else 0


def has_real_gain(way: Way | None) -> bool:
    """Return whether a step on the way from the baseline to the winner was judged `real`."""
    return way is not None and way.real is not None


def _misses_goal(summary: Summary) -> bool:
    goal, best, metric = summary.limits.goal, _winner(summary), summary.metric
    if goal is None or metric is None:
        return False
    return best is None or best.score is None or metric.is_better(goal, best.score)


def _winner(summary: Summary) -> Row | None:
    number = summary.finished.winner if summary.finished is not None else None
    return (summary.row(number) if number is not None else None) or summary.best


def summary_lines(output: Output, summary: Summary, folder: Path, way: Way | None) -> list[str]:
    """Return the lines that close a run: result, verdict, sealed score, rejections, files, next commands."""
    winner = _winner(summary)
    stopped = f"stopped by: {summary.finished.stopped_by}" if summary.finished is not None else "not finished"
    asked = f" · {summary.usage.tokens:,} tokens, {money_words(summary)}" if summary.usage.requests else ""
    trials = f"{trial_words(summary)} in {format_duration(summary.wall_s)}{asked}"
    if summary.strategy == LAB:
        head = f"{summary.run} · {format_duration(summary.wall_s)}{asked} · {stopped}"
        after = f" next     assay report {summary.run} --open · assay logs {summary.run}"
        return [output.paint(head, "bold"), *lab_lines(folder), f" files    {_files(folder)}", after]
    lines = [output.paint(f"{summary.run} · {trials} · {stopped}", "bold")]
    if winner is None and _is_stage(summary):
        lines.append(" result   the one stage that was asked for is done; it makes no score")
    elif winner is None:
        lines.append(" result   no trial produced a valid score: nothing is claimed")
        failed = _last_failed(summary)
        if failed is not None:
            lines.append(f" why      #{failed.number} {one_line(failed.reason, 150)}")
    else:
        lines.append(f" result   {_result(summary, winner)}")
        lines.append(f" verdict  {_verdict(summary, winner, way)}")
    lines.append(f" sealed   {_sealed(summary, winner)}")
    checks = _checks(summary, winner)
    if checks:
        lines.append(f" checks   {closing_words(checks)}")
    lines.append(f" rejected {_rejected(summary)}")
    lines.append(f" files    {_files(folder)}")
    if summary.model == PLAYBOOK:
        lines.append(" ideas    other than the built-in recipes come from a language model: assay model setup")
    lines.append(f" next     {_next(summary, winner)}")
    return lines


def _last_failed(summary: Summary) -> Row | None:
    return next((row for row in reversed(summary.lately) if row.state is TrialState.FAILED and row.reason), None)


def _is_stage(summary: Summary) -> bool:
    return summary.finished is not None and summary.finished.stopped_by == STAGE


def _result(summary: Summary, winner: Row) -> str:
    metric = summary.metric
    name = f"{metric.name} ({'higher' if metric.higher_is_better else 'lower'} is better) " if metric else ""
    base = summary.baseline
    best = f"#{winner.number} {format_score(winner.score, winner.std_error)}"
    if base is None or base.number == winner.number:
        return f"{name}{best} · {one_line(winner.title, 50)}{', the baseline itself' if base is not None else ''}"
    start = format_score(base.score, winner.std_error, [winner.score])
    change = change_words(summary, base) if summary.best and summary.best.number == winner.number else ""
    return f"{name}baseline {start} → {best}{f' · {change}' if change else ''} · {one_line(winner.title, 50)}"


def _verdict(summary: Summary, winner: Row, way: Way | None) -> str:
    noise = f" · gains under {format_score(summary.noise)} are noise" if summary.noise is not None else ""
    if winner.verdict is Verdict.BASELINE:
        return f"nothing beat the baseline for sure{noise}"
    words = verdict_words(winner) if way is None else f"{way.word}: {''.join(_part(part) for part in way.tell())}"
    return f"{words}{noise} · what it means: assay explain verdict"


def _part(part: Part) -> str:
    if isinstance(part, Trial):
        return f"#{part.number}"
    return part if isinstance(part, str) else format_gain(part.value).removeprefix("+")


def _sealed(summary: Summary, winner: Row | None) -> str:
    if summary.sealed is None:
        return "holdout not opened"
    if winner is not None and summary.sealed.trial != winner.number:
        return f"opened for #{summary.sealed.trial}, not for the winner #{winner.number}; it is opened once"
    if summary.sealed.score is None:
        return f"holdout opened, not graded: {one_line('; '.join(summary.sealed.problems), 80)}"
    score = summary.sealed.score
    value = f"{format_score(score.value, score.std_error)}{interval(summary.sealed)}"
    return f"{value} on {score.rows:,} rows nobody had seen"


def _checks(summary: Summary, winner: Row | None) -> list[Validated]:
    """Return the checks of the winner in their order; none of another trial's."""
    made = {one.check: one for one in summary.validated if winner is not None and one.winner == winner.number}
    return [made[check] for check in Check if check in made]


def _rejected(summary: Summary) -> str:
    number = summary.states.get("rejected", 0)
    if not number:
        return "nothing"
    last = summary.rejected[-1]
    why = one_line(last.reason, 70)
    return f"{number}, {'the last ' if number > 1 else ''}#{last.number} {one_line(last.title, 40)}: {why}"


def _files(folder: Path) -> str:
    wanted = ("report.html", "submission.csv", "best", "leaderboard.md", *_NOTEBOOK_FILES)
    there = [f"{name}/" if (folder / name).is_dir() else name for name in wanted if (folder / name).exists()]
    return f"{folder}/ {' '.join(there)}".rstrip()


def _next(summary: Summary, winner: Row | None) -> str:
    if winner is None and _is_stage(summary):
        return "assay run DIR --only execute · assay run DIR --only analyze"
    failed = _last_failed(summary)
    if winner is None and failed is not None and "ModuleNotFoundError" in failed.reason:
        return f"assay run ... --python ENVIRONMENT (one that has it) · assay logs {summary.run}"
    if winner is None:
        return f"assay logs {summary.run} · assay top {summary.run} · assay report {summary.run} --open"
    if summary.finished is not None and summary.finished.stopped_by.startswith("E3"):
        return f"assay resume {summary.run} (goes on with the search) · assay report {summary.run} --open"
    run = summary.run
    if summary.arguments.get("source", "").endswith(".ipynb") and winner.operator != "baseline":
        return f"assay report {run} --open · assay diff best 0 -r {run} · assay apply best -r {run}"
    return f"assay report {run} --open · assay diff best -r {run} · assay show best -r {run}"


def done_json(summary: Summary, folder: Path, code: int, way: Way | None) -> dict[str, Any]:
    """Return the line `done` of `run --json`."""
    winner, sealed = _winner(summary), summary.sealed
    return {
        "event": "done",
        "run": summary.run,
        "folder": str(folder.absolute()),
        "exit": code,
        "stopped_by": summary.finished.stopped_by if summary.finished is not None else None,
        "best": row_json(winner) if winner is not None else None,
        "baseline": row_json(summary.baseline) if summary.baseline is not None else None,
        "verdict": winner.verdict.value if winner is not None and winner.verdict is not None else None,
        "real_gain": has_real_gain(way),
        "way": [trial.number for trial in way.links] if way is not None else None,
        "sealed": encode(sealed.score) if sealed is not None and sealed.score is not None else None,
        "sealed_trial": sealed.trial if sealed is not None else None,
        "checks": checks_json(_checks(summary, winner)),
        "trials": {"total": summary.trials, "scored": summary.scored, "variants": summary.variants, **summary.states},
        "spent": spent_json(summary),
        "submission": _path(folder / "submission.csv"),
        "report": _path(folder / "report.html"),
    }


def _path(path: Path) -> str | None:
    return str(path.absolute()) if path.is_file() else None
