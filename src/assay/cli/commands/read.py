"""Commands that read results: `top`, `show`, `diff`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assay.cli.display.checks import check_lines, checks_json
from assay.cli.display.elsewhere import elsewhere_json, elsewhere_lines
from assay.cli.display.phases import layout_known, origin_of, placed
from assay.cli.display.queues import review_lines
from assay.cli.display.rehearsals import rehearsal_json, rehearsal_lines
from assay.cli.display.table import HEADER, trial_line
from assay.cli.display.views import row_json
from assay.cli.lookup import find_run, find_trial
from assay.cli.output import clean, one_line
from assay.cli.shell import Shell
from assay.core.candidate import Candidate
from assay.core.errors import UsageError
from assay.core.trial import Verdict
from assay.journal.checkpoint import HistoryFile
from assay.journal.history import History, Trial
from assay.journal.objects import ObjectStore
from assay.report.formatting import (
    MISSING,
    format_bytes,
    format_count,
    format_duration,
    format_gain,
    format_score,
    format_spread,
)
from assay.report.rows import row_decimals, row_of
from assay.strategies.known import TASKS

REWRITES = frozenset({"refine", "data_usage", "finalize"})
"""Operators that rewrite a block of one script and leave the rest."""


def top(shell: Shell, root: Path, name: str | None, *, k: int) -> int:
    """Show the first `k` places of the ranking."""
    if k < 1:
        raise UsageError("E002", f"-k {k!r}: must be at least 1", fix="assay top -k 10")
    folder, history = open_history(shell, root, name)
    ranking = history.ranking()
    shown = [row_of(t) for t in ranking[:k]]
    lines = [shell.output.paint(HEADER.replace("vs best", "vs #1  "), "bold")]
    leader = shown[0] if shown else None
    origins = {t.number: origin_of(history, t) for t in ranking[:k]}
    layout = layout_known(history)
    told = [placed(row, layout) for row in shown]
    lines += [trial_line(shell.output, row, history.metric, leader, width=100) for row in told]
    if not shown:
        lines = [f"{folder.name}: no trial has a valid score yet"]
        if _is_queue(history):
            lines = [f"{folder.name} works on a queue of tasks, which have no score: assay tasks status {folder.name}"]
    else:
        lines.append(_note(history, len(ranking)))
    value = {
        "run": folder.name,
        "metric": None if _is_queue(history) else history.metric.name,
        "direction": None if _is_queue(history) else history.metric.direction.value,
        "trials": [{**row_json(row), "origin": origins[row.number] or None} for row in shown],
        "truncated": len(ranking) > k,
    }
    shell.output.answer("top", value, "\n".join(lines))
    return 0


def _is_queue(history: History) -> bool:
    return history.started is not None and history.started.strategy == TASKS


def _note(history: History, ranked: int) -> str:
    better = "higher" if history.metric.higher_is_better else "lower"
    caveat = f"the best of {ranked} looks better than it is" if ranked > 1 else "a single score"
    return f"{history.metric.name}, {better} is better; graded on search folds; {caveat}"


def show(shell: Shell, root: Path, name: str | None, text: str, *, content: bool) -> int:
    """Show one trial; with `content`, its plan and code too."""
    folder, history = open_history(shell, root, name)
    trial = find_trial(history, text)
    candidate = ObjectStore(folder / "objects").candidate(trial.candidate)
    value: dict[str, Any] = {
        "run": folder.name,
        **row_json(row_of(trial)),
        "origin": origin_of(history, trial) or None,
        "scores": dict(trial.scores),
        "flags": list(trial.flags),
        "judgement": _judgement(trial),
        "checks": checks_json(history.checks_of(trial.number)),
        "elsewhere": elsewhere_json(history, trial),
        "rehearsal": rehearsal_json(history, trial),
        "repairs": [{"attempt": r.attempt, "by": r.by, "cause": r.cause} for r in trial.repairs],
        "files": sorted(candidate.files),
        "digest": candidate.digest,
    }
    if content:
        value |= {"plan": trial.plan, "content": dict(candidate.files)}
    change = _change(folder, history, trial, candidate)
    if change:
        value |= {"plan": trial.plan, "diff": "\n".join(change)}
    lines = list(_trial_lines(shell, folder, history, trial, candidate, change))
    if content:
        lines += [f"\n--- {clean(path)} ---\n{clean(body)}" for path, body in sorted(candidate.files.items())]
    shell.output.answer("show", value, "\n".join(lines))
    return 0


def _judgement(trial: Trial) -> dict[str, Any] | None:
    judged = trial.judgement
    if judged is None:
        return None
    return {
        "verdict": judged.verdict.value,
        "against": judged.against,
        "effect": judged.effect,
        "low": judged.low,
        "high": judged.high,
        "p_value": judged.p_value,
        "adjusted_p": judged.adjusted_p,
        "better_folds": judged.same_sign,
        "folds": judged.folds,
        "confirmed": judged.confirmed,
        "reasons": list(judged.reasons),
    }


def _change(folder: Path, history: History, trial: Trial, candidate: Candidate) -> list[str]:
    """Return the lines in which a trial that rewrote a block of another differs from it; empty for any other trial."""
    base = _base_of(history, trial)
    if trial.operator not in REWRITES or base is None:
        return []
    return _diff_lines(base, ObjectStore(folder / "objects").candidate(base.candidate).files, trial, candidate.files)


def _trial_lines(
    shell: Shell, folder: Path, history: History, trial: Trial, candidate: Candidate, change: list[str]
) -> Iterator[str]:
    decimals = row_decimals(row_of(trial))
    spread = f" {format_spread(trial.std_error, decimals=decimals)}" if trial.std_error is not None else ""
    yield f"{shell.output.paint(f'#{trial.number} {one_line(trial.title, 80)}', 'bold')}  {trial.state}"
    origin = f" from {', '.join(f'#{n}' for n in trial.parents)}" if trial.parents else ""
    place = origin_of(history, trial)
    on = f" on {place}" if place else ""
    ranked = "" if trial.counts or _is_queue(history) else " (a variant, not ranked)"
    yield f" made    by {trial.operator}{on}{origin}{ranked}"
    yield from review_lines(trial)
    if trial.score is not None:
        folds = format_count(trial.folds, "fold")
        yield f" score   {format_score(trial.score, decimals=decimals)}{spread} over {folds} (graded)"
        yield " folds   " + "  ".join(f"{view} {format_score(v)}" for view, v in sorted(trial.scores.items()))
    if trial.judgement is not None:
        yield from _verdict_lines(trial)
    if trial.reason:
        yield f" reason  {one_line(trial.reason, 400)}"
    yield from check_lines(history.checks_of(trial.number), trial.number)
    yield from elsewhere_lines(history, trial)
    for flag in trial.flags:
        yield f" remark  {one_line(flag, 400)}"
    for repair in trial.repairs:
        yield f" mended  for attempt {repair.attempt} by {repair.by}: {one_line(repair.cause, 300)}"
    yield from rehearsal_lines(history, trial)
    for m in history.measurements(trial.number):
        e = m.execution
        took = (
            "running"
            if e is None
            else f"{e.outcome} in {format_duration(e.wall_s)}, {format_bytes(e.peak_memory_bytes)}"
        )
        claim = f", it claims {format_score(m.reported)} (reported, never ranked)" if m.reported is not None else ""
        yield f" ran     {m.view}: {took}{claim}{': ' + '; '.join(m.problems) if m.problems else ''}"
    if trial.plan:
        yield f" plan    {one_line(trial.plan, 600)}"
    if change:
        yield " change"
        yield from (_coloured(shell, line) for line in change)
    yield f" files   {', '.join(sorted(candidate.files))}"
    n, run = trial.number, folder.name
    yield f" next    assay diff {n} -r {run} · assay logs {run} --trial {n} · assay show {n} -r {run} --content"


def _verdict_lines(trial: Trial) -> Iterator[str]:
    judged = trial.judgement
    if judged is None:
        return
    against = f" against #{judged.against}" if judged.against is not None else ""
    gain = f": gain {format_gain(judged.effect)}" if judged.effect is not None else ""
    if judged.low is not None and judged.high is not None:
        gain += f" (95 % interval {format_gain(judged.low)} to {format_gain(judged.high)})"
    folds = f", better in {judged.same_sign} of {judged.folds} folds" if judged.same_sign is not None else ""
    p = f", adjusted p {judged.adjusted_p:.3f}" if judged.adjusted_p is not None else ""
    fresh = {True: ", confirmed", False: ", not confirmed", None: ""}[judged.confirmed]
    fresh += " on fresh partitions" if fresh else ""
    yield f" verdict {judged.verdict}{against}{gain}{folds}{p}{fresh}"
    for reason in judged.reasons:
        yield f"         {reason}"


def diff(shell: Shell, root: Path, name: str | None, new: str, old: str | None) -> int:
    """Show what changed between two trials; by default against the parent, or else against the baseline."""
    folder, history = open_history(shell, root, name)
    trial = find_trial(history, new)
    base = find_trial(history, old) if old is not None else _base_of(history, trial)
    objects = ObjectStore(folder / "objects")
    after = objects.candidate(trial.candidate)
    before = objects.candidate(base.candidate) if base is not None else None
    lines = _cell_lines(before, after) or _diff_lines(base, before.files if before else {}, trial, after.files)
    against = f"#{base.number} {one_line(base.title, 60)}" if base is not None else "nothing"
    head = f"#{trial.number} {one_line(trial.title, 60)} against {against}"
    if base is not None:
        head += f": {_scores(history, base, trial)}"
    body = [_coloured(shell, line) for line in lines] or ["the code is the same"]
    value = {
        "run": folder.name,
        "new": trial.number,
        "old": base.number if base is not None else None,
        "diff": "\n".join(lines),
    }
    shell.output.answer("diff", value, "\n".join([shell.output.paint(head, "bold"), *body]))
    return 0


def _cell_lines(before: Candidate | None, after: Candidate) -> list[str]:
    """Return the difference of two notebooks cell by cell; empty where either is none, or nothing differs."""
    if after.kind != "notebook" or before is None or before.kind != "notebook":
        return []
    from assay.kinds.notebook import diff_text, notebook_of

    return diff_text(notebook_of(before), notebook_of(after)).splitlines()


def _diff_lines(base: Trial | None, before: Mapping[str, str], trial: Trial, after: Mapping[str, str]) -> list[str]:
    return [
        line
        for path in sorted({*before, *after})
        for line in difflib.unified_diff(
            before.get(path, "").splitlines(),
            after.get(path, "").splitlines(),
            f"#{base.number}/{path}" if base is not None and path in before else "/dev/null",
            f"#{trial.number}/{path}" if path in after else "/dev/null",
            lineterm="",
        )
    ]


def _scores(history: History, base: Trial, trial: Trial) -> str:
    if base.score is None or trial.score is None:
        return f"{format_score(base.score)} → {format_score(trial.score)}"
    words = f"{format_score(base.score, others=[trial.score])} → {format_score(trial.score, others=[base.score])}"
    gain = history.metric.gain(trial.score, base.score)
    return f"{words} ({'better' if gain > 0 else 'worse' if gain < 0 else 'equal'}) {trial.verdict or MISSING}"


def _base_of(history: History, trial: Trial) -> Trial | None:
    for parent in trial.parents:
        if parent in history.trials:
            return history.trials[parent]
    baselines = history.ranking(lambda t: t.verdict is Verdict.BASELINE and t.number != trial.number)
    return baselines[0] if baselines and trial.verdict is not Verdict.BASELINE else None


def _coloured(shell: Shell, line: str) -> str:
    text = clean(line)
    if line.startswith(("+++", "---")):
        return shell.output.paint(text, "bold")
    if line.startswith("@@"):
        return shell.output.paint(text, "cyan")
    if line.startswith("+"):
        return shell.output.paint(text, "green")
    if line.startswith("-"):
        return shell.output.paint(text, "red")
    return text


def open_history(shell: Shell, root: Path, name: str | None) -> tuple[Path, History]:
    """Return a run's folder and its whole journal, folded."""
    folder = find_run(root, name)
    shell.run_name = folder.name
    return folder, HistoryFile(folder).read()
