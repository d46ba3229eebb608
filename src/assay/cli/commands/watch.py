"""Commands that look at runs as they are: `status`, `ls`, `logs`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from assay.cli.display.panel import (
    best_words,
    money_words,
    now_lines,
    score_words,
    spent_words,
    used_words,
    where_lines,
)
from assay.cli.display.phases import cut_lines, where
from assay.cli.display.planned import plan_words
from assay.cli.display.queues import done_words, is_queue, next_commands, queue_line
from assay.cli.display.views import row_json, spent_json
from assay.cli.lookup import find_run
from assay.cli.shell import Shell
from assay.core.clock import iso_utc
from assay.core.codec import encode
from assay.core.errors import AssayError
from assay.engine.pulse import Pulse, read_pulse
from assay.journal.folders import run_folders
from assay.journal.lease import LEASE_FILE, read_holder
from assay.journal.summary import Summary, SummaryFile
from assay.report.formatting import format_duration, format_score
from assay.report.liveness import Life, Liveness, judge

MOST_RUNS = 200
_WIDTH = 79
"""Columns that a line of `status` is kept to where it can be two."""

_SIGNS = {Life.FINISHED: "○", Life.WORKING: "●", Life.QUIET: "●", Life.PAUSED: "●", Life.STALLED: "✗", Life.DEAD: "✗"}
_STYLES = {
    Life.FINISHED: ("bold",),
    Life.WORKING: ("bold", "green"),
    Life.QUIET: ("bold", "yellow"),
    Life.PAUSED: ("bold", "yellow"),
    Life.STALLED: ("bold", "red"),
    Life.DEAD: ("bold", "red"),
}


def status(shell: Shell, root: Path, name: str | None, *, oneline: bool, watch_s: float | None) -> int:
    """Show how one run is doing; with `watch_s`, again and again until it has ended."""
    folder = find_run(root, name)
    shell.run_name = folder.name
    file = SummaryFile(folder)
    while True:
        life = _show_status(shell, folder, file, oneline=oneline)
        if watch_s is None or life in (Life.FINISHED, Life.DEAD):
            return 0
        time.sleep(watch_s)
        if not oneline:
            shell.output.say()


def _show_status(shell: Shell, folder: Path, file: SummaryFile, *, oneline: bool) -> Life:
    summary, pulse, now = file.read(), read_pulse(folder), shell.output.clock.now()
    holder = read_holder(folder / LEASE_FILE)
    liveness = judge(summary, pulse, holder, now)
    if oneline:
        text = one_line_status(folder.name, summary, liveness, now)
    else:
        text = "\n".join(status_lines(shell, folder, summary, pulse, liveness, holder, now))
    shell.output.answer("status", status_json(folder, summary, pulse, liveness, holder), text)
    return liveness.life


def one_line_status(name: str, summary: Summary, liveness: Liveness, now: float) -> str:
    """Return `brisk-otter .1317↓ 5t $0.19 8m left ●` for prompts, cron mails and tmux."""
    best, metric = summary.best, summary.metric
    arrow = "" if metric is None else ("↑" if metric.higher_is_better else "↓")
    scored = f"{format_score(best.score, best.std_error)}{arrow}" if best else "no score"
    parts = [name, done_words(summary) if is_queue(summary) else scored, f"{_number(summary)}t"]
    if summary.usage.requests:
        parts.append(money_words(summary))
    if summary.limits.wall_s is not None and liveness.life not in (Life.FINISHED, Life.DEAD):
        left = summary.limits.wall_s - summary.wall_s - max(0.0, now - summary.time)
        parts.append(f"{format_duration(max(0.0, left))} left")
    return " ".join([*parts, liveness.life.value, _SIGNS[liveness.life]])


def _number(summary: Summary) -> int:
    """Return how many trials there are, or tasks that were begun."""
    return summary.trials if is_queue(summary) else summary.counted


def status_lines(
    shell: Shell,
    folder: Path,
    summary: Summary,
    pulse: Pulse | None,
    liveness: Liveness,
    holder: tuple[int, float] | None,
    now: float,
) -> list[str]:
    """Return how a run is doing, a line each; the last says what to type next."""
    paint = shell.output.paint
    phase = f" · {summary.phase}" if summary.phase and liveness.life is not Life.FINISHED else ""
    lines = [
        f"{paint(folder.name, 'bold')}  {paint(liveness.life.value, *_STYLES[liveness.life])} {liveness.reason}{phase}",
        f" tasks  {queue_line(folder)}" if is_queue(summary) else f" best   {best_words(summary)}",
    ]
    if summary.baseline is not None:
        lines.append(f" base   #{summary.baseline.number} {score_words(summary.baseline)}")
    if holder is not None:
        under_way = [*where_lines(summary, _WIDTH), *now_lines(summary, pulse, now)]
        lines += [f"{line[:7]} {line[7:]}" for line in under_way]
        beat = f", heartbeat {format_duration(max(0.0, now - pulse.time))} ago" if pulse is not None else ""
        lines.append(f" engine process {holder[0]}{beat}")
    if summary.phase == "finish":
        lines += [f" phases {line}" for line in cut_lines(summary)]
    lines.append(f" used   {used_words(summary, now if holder is not None else summary.time)}")
    if pulse is not None and pulse.ends is not None and holder is not None:
        lines.append(f" ends   {iso_utc(pulse.ends)}, in {format_duration(max(0.0, pulse.ends - now))}")
    if summary.finish_plan is not None and holder is not None:
        lines.append(f" finish {plan_words(summary.finish_plan, now)}")
    lines += [f" note   warning[{r.code}]: {r.text}" for r in summary.remarks[-2:]]
    lines.append(f" next   {liveness.fix or _next_step(folder.name, summary, liveness.life)}")
    return lines


def _next_step(name: str, summary: Summary, life: Life) -> str:
    if life is Life.FINISHED and is_queue(summary):
        return next_commands(name, summary.finished.stopped_by if summary.finished else "")
    if life is Life.FINISHED:
        return f"assay report {name} --open · assay diff best -r {name}"
    return 'assay logs -f · assay tell "…" · assay stop'


def status_json(
    folder: Path, summary: Summary, pulse: Pulse | None, liveness: Liveness, holder: tuple[int, float] | None
) -> dict[str, Any]:
    """Return a run's state for programs."""
    sealed, opened = summary.sealed_score, summary.sealed
    metric = None if is_queue(summary) else summary.metric
    return {
        "run": folder.name,
        "folder": str(folder.absolute()),
        "state": liveness.life.value,
        "reason": liveness.reason,
        "fix": liveness.fix or None,
        "phase": summary.phase or None,
        "strategy": summary.strategy or None,
        "where": where(summary),
        "not_reached": cut_lines(summary),
        "pid": holder[0] if holder else None,
        "heartbeat": iso_utc(pulse.time) if pulse else None,
        "activities": [encode(a) for a in pulse.activities] if pulse and holder else [],
        "task": summary.task,
        "metric": metric.name if metric else None,
        "direction": metric.direction.value if metric else None,
        "model": summary.model,
        "sandbox": summary.sandbox,
        "started": iso_utc(summary.started) if summary.started else None,
        "last_event": {"number": summary.events - 1, "time": iso_utc(summary.time)} if summary.events else None,
        "trials": {"total": summary.trials, "scored": summary.scored, "variants": summary.variants, **summary.states},
        "best": row_json(summary.best) if summary.best else None,
        "baseline": row_json(summary.baseline) if summary.baseline else None,
        "lately": [row_json(row) for row in summary.lately[-3:]],
        "noise_floor": summary.noise,
        "sealed": {"score": sealed.value, "low": sealed.low, "high": sealed.high} if sealed else None,
        "sealed_trial": opened.trial if opened else None,
        "finish_plan": encode(summary.finish_plan) if summary.finish_plan else None,
        "limits": encode(summary.limits),
        "spent": spent_json(summary),
        "stopped_by": summary.finished.stopped_by if summary.finished else None,
        "exit": summary.finished.exit_code if summary.finished else None,
    }


def ls(shell: Shell, root: Path) -> int:
    """List the runs of a folder, the latest first."""
    folders = run_folders(root)
    shown = folders[:MOST_RUNS]
    rows, lines = [], []
    for folder in shown:
        try:
            summary = SummaryFile(folder).read()
        except AssayError as error:
            rows.append({"run": folder.name, "state": "unreadable", "error": error.as_dict()})
            lines.append(f"{folder.name:<24}  unreadable  {error}")
            continue
        now = shell.output.clock.now()
        holder = read_holder(folder / LEASE_FILE)
        pulse = read_pulse(folder)
        liveness = judge(summary, pulse, holder, now)
        rows.append(status_json(folder, summary, pulse, liveness, holder))
        best = f"{format_score(summary.best.score, summary.best.std_error)}" if summary.best else "no score"
        metric, what = summary.metric.name if summary.metric else "", "trials"
        if is_queue(summary):
            best, metric, what = done_words(summary), "", "tasks "
        lines.append(
            f"{folder.name:<24}  {liveness.life.value:<8}  {best:>10} {metric:<16} {_number(summary):>5} {what}"
            f"  {format_duration(summary.wall_s):>7}  {iso_utc(summary.started)}  {spent_words(summary)}".rstrip()
        )
    if not folders:
        lines = [f"no run in {str(root)!r} yet; start one with: assay demo"]
    elif len(shown) < len(folders):
        lines.append(f"{len(folders) - len(shown)} older runs are not shown")
    value = {"runs": rows, "truncated": len(shown) < len(folders)}
    shell.output.answer("ls", value, "\n".join(lines))
    return 0
