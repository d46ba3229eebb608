"""View: what worker and mentor are told, made from the journal within fixed budgets."""

from __future__ import annotations

from collections.abc import Callable

from assay.core.trial import TrialState
from assay.journal.history import History, Trial
from assay.models.roles import Experiment, LabView, Machine, Running
from assay.sandbox.longrun import LongRun
from assay.strategies.lab.advice import remembered, signals_of
from assay.strategies.lab.config import LabConfig
from assay.strategies.lab.experiments import Row, best_of, noise_of, rows_of, table

MOST_ROWS = 40
"""Experiments told, the best and the latest."""
STORY_LINES = 40
_TAIL = 3_000
_FAILURE_TAIL = 4_000
LAST_RUNS = 2.5
"""So many experiments of the usual length before the end, no new idea is begun."""


def view_of(
    history: History,
    config: LabConfig,
    *,
    number: int,
    left_s: float | None,
    machine: Machine,
    running: tuple[Trial, LongRun] | None,
    log_of: Callable[[str], str],
    now: float,
) -> LabView:
    """Return what both roles are told in a cycle.

    Args:
        history: The journal as of now.
        config: What the repository says of itself.
        number: Of the cycle, from 1.
        left_s: Seconds that are left; None without a limit.
        machine: What an experiment may count on.
        running: The experiment under way, and its process.
        log_of: Text of a log by its digest.
        now: Seconds since the epoch.
    """
    metric = config.as_metric
    rows = rows_of(history)
    best = best_of(rows, metric)
    memory = remembered(history, number)
    return LabView(
        mission=config.mission,
        rules=config.rules,
        metric=metric.name,
        higher_is_better=metric.higher_is_better,
        command=config.command,
        options=config.options,
        files=config.files,
        machine=_machine(machine),
        cycle=number,
        left_s=left_s,
        phase=_phase(rows, left_s),
        experiment_s=config.time,
        noise=noise_of(rows),
        experiments=_shown(table(rows, metric, config.command), best),
        best=best.first.number if best is not None else None,
        running=_running(*running, now=now) if running is not None else None,
        last_failure=_failure(rows, history, log_of),
        signals=signals_of(history, rows, config, number=number),
        storyline=memory.storyline[-STORY_LINES:],
        workpad=memory.workpad,
        mentor_notes=memory.mentor_notes,
        todos=memory.todos,
        todos_open=memory.todos_open,
        remarks=tuple(text for _, text in history.told),
    )


def _machine(machine: Machine) -> str:
    cores = f"{machine.cores} core{'s' if machine.cores != 1 else ''}"
    return f"{cores}, {machine.memory_gb:.3g} GB memory, {machine.gpu or 'no GPU'}, Python {machine.python}"


def _phase(rows: list[Row], left_s: float | None) -> str:
    """Return the phase that the time left allows: none of it comes from the clock alone where nothing was run yet."""
    took = [run.wall_s for row in rows for run in row.runs if run.state is TrialState.COMPLETE]
    if left_s is None or not took:
        return "search"
    usual = max(took[-3:])
    if left_s < usual:
        return "reporting"
    return "final_training" if left_s < LAST_RUNS * usual else "search"


def _shown(found: tuple[Experiment, ...], best: Row | None) -> tuple[Experiment, ...]:
    """Return the rows that are told: the first, the best and the latest."""
    if len(found) <= MOST_ROWS:
        return found
    kept = {0, *range(len(found) - MOST_ROWS + 2, len(found))}
    kept |= {i for i, one in enumerate(found) if best is not None and one.number == best.first.number}
    return tuple(found[index] for index in sorted(kept))


def _running(trial: Trial, run: LongRun, *, now: float) -> Running:
    last = run.last_output()
    return Running(
        number=trial.number,
        label=trial.title,
        command=str(trial.recipe.get("command", "")),
        elapsed_s=max(0.0, now - run.look().record.started),
        silent_s=max(0.0, now - last) if last is not None else None,
        tail=run.tail(_TAIL),
    )


def _failure(rows: list[Row], history: History, log_of: Callable[[str], str]) -> str:
    """Return the end of the log of the last experiment that ended, if it failed."""
    ended = [run for row in rows for run in row.runs if run.state.is_final]
    last = max(ended, key=lambda trial: trial.number, default=None)
    if last is None or last.state is not TrialState.FAILED:
        return ""
    logs = [m.execution.log for m in history.measurements(last.number) if m.execution is not None]
    return log_of(logs[-1])[-_FAILURE_TAIL:] if logs and logs[-1] else last.reason
