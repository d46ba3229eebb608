"""View: what worker and mentor are told of a lab, made from its journal within fixed budgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assay.core.trial import TrialState
from assay.journal.history import History, Trial
from assay.models.roles import LabView, Machine, Running, Signals
from assay.operators.lab import context
from assay.operators.lab.finish_up import standing
from assay.operators.lab.record import Cycle, Result
from assay.operators.lab.signals import count, model_names, signals
from assay.operators.lab.todo import open_items
from assay.sandbox.longrun import LongRun
from assay.strategies.lab.config import LabConfig
from assay.strategies.lab.experiments import noise_of, results_of, rows_of, runs_of
from assay.strategies.lab.memory import Memory

_TAIL = 3_000
_LOG = 40_000
LAST_RUNS = 2.5
"""So many experiments of the usual length before the end, no new idea is begun."""


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a view is made of besides the journal."""

    number: int
    """Of the cycle, from 1."""
    left_s: float | None
    """Seconds that are left; None without a limit."""
    machine: Machine
    running: tuple[Trial, LongRun] | None
    """The experiment under way, and its process."""
    now: float
    """Seconds since the epoch."""
    log_of: Callable[[str], str]
    """Text of a log by its digest."""


def view_of(
    role: context.Role,
    history: History,
    config: LabConfig,
    memory: Memory,
    cycles: Sequence[Cycle],
    circumstances: Circumstances,
) -> LabView:
    """Return what a role is told in a cycle.

    Args:
        role: worker or mentor.
        history: The journal as of now.
        config: What the repository says of itself.
        memory: What is remembered of the cycles before.
        cycles: The latest of them.
        circumstances: What else there is.
    """
    around, rows = circumstances, rows_of(history)
    results, noise = results_of(rows, config.command), noise_of(rows)
    given = context.Given(
        missions=config.missions,
        rules=config.rules,
        metric=config.as_metric,
        command=config.command,
        options=config.options,
        files=config.files,
        machine=_machine(around.machine),
        experiment_s=config.time,
    )
    now = context.Now(
        cycle=around.number,
        results=results,
        signals=_signals(cycles, results, config, memory, noise),
        queue=memory.queue,
        storyline=memory.storyline,
        workpad=memory.workpad,
        mentor_notes=memory.mentor_notes,
        running=_running(*around.running, now=around.now) if around.running is not None else None,
        last_log=_last_log(history, around.log_of),
        left_s=around.left_s,
        phase=_phase(history, runs_of(rows, config.command), around),
        noise=noise,
        remarks=[text for _, text in history.told],
    )
    return context.view_of(role, given, now)


def _signals(
    cycles: Sequence[Cycle], results: Sequence[Result], config: LabConfig, memory: Memory, noise: float | None
) -> Signals:
    values = [value for option in config.options if option.category == "model_arch" for value in option.values]
    counted = count(
        cycles,
        results,
        config.as_metric,
        names=model_names(config.mission, values),
        open_todos=len(open_items(memory.queue)),
        noise=noise or 0.0,
    )
    # Neither role can search the web, so there is nothing that more cycles without a search could call for.
    return signals(counted).model_copy(update={"research": 0.0})


def _machine(machine: Machine) -> str:
    cores = f"{machine.cores} core{'s' if machine.cores != 1 else ''}"
    return f"{cores}, {machine.memory_gb:.3g} GB memory, {machine.gpu or 'no GPU'}, Python {machine.python}"


def _phase(history: History, runs: Sequence[Result], around: Circumstances) -> str:
    """Return the phase: of a planned finish, else of what the time left allows."""
    planned = standing(history.finish_plan, around.now, runs).phase
    took = [run.wall_s for run in runs if run.score is not None and run.wall_s > 0]
    if planned != "search" or around.left_s is None or not took:
        return str(planned)
    usual = max(took[-3:])
    if around.left_s < usual:
        return "reporting"
    return "final_training" if around.left_s < LAST_RUNS * usual else "search"


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


def _last_log(history: History, log_of: Callable[[str], str]) -> str:
    """Return the end of what the experiment printed that ended last."""
    ended = [t for t in history.trials.values() if t.state.is_final and t.state is not TrialState.REJECTED]
    last = max(ended, key=lambda trial: (trial.finished, trial.number), default=None)
    if last is None:
        return ""
    logs = [m.execution.log for m in history.measurements(last.number) if m.execution is not None]
    return log_of(logs[-1])[-_LOG:] if logs and logs[-1] else last.reason
