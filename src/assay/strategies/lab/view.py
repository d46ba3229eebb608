"""View: what worker and mentor are told of a lab, made from its journal within fixed budgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assay.core.trial import TrialState
from assay.journal.history import History, Trial
from assay.models.roles import LabView, Machine, PastCycle, Running, Signals, SourceText
from assay.operators.lab import context
from assay.operators.lab.finish_up import phase_at
from assay.operators.lab.record import Cycle, Result, best_of
from assay.operators.lab.signals import count, model_names, signals
from assay.operators.lab.todo import open_items
from assay.sandbox.longrun import LongRun
from assay.strategies.lab.config import LabConfig
from assay.strategies.lab.experiments import noise_of, results_of, row_of, rows_of, runs_of
from assay.strategies.lab.given import Read, given_of
from assay.strategies.lab.memory import Memory, Noted
from assay.strategies.lab.mended import repair_lines
from assay.strategies.lab.pairs import paired_with_default

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
    web: bool
    """Whether the role may search the web."""
    can_search: bool
    """Whether either role may."""
    search_unmet: bool
    """Whether the mentor was last asked to search, and did not."""
    may_install: tuple[str, ...] | None
    """Modules that are installed where one is missing; None where nothing is."""
    read: Read
    """Looks up a text of the repository."""
    files_of: Callable[[Trial], tuple[SourceText, ...]]
    """Files that an experiment has otherwise than the repository."""
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
    before: Sequence[Noted],
    circumstances: Circumstances,
) -> LabView:
    """Return what a role is told in a cycle.

    Args:
        role: worker or mentor.
        history: The journal as of now.
        config: What the repository says of itself.
        memory: What is remembered of the cycles before.
        before: The latest of them.
        circumstances: What else there is.
    """
    around, rows = circumstances, rows_of(history)
    results, noise = results_of(rows, config.command), noise_of(rows)
    given = given_of(config, around.machine, around.read, web=around.web, may_install=around.may_install)
    best = row_of(rows, best_of(results, config.as_metric))
    now = context.Now(
        cycle=around.number,
        results=results,
        signals=_signals([noted.cycle for noted in before], results, config, memory, noise, around),
        paired=paired_with_default(rows, config.as_metric),
        best_files=around.files_of(best.first) if best is not None else (),
        repairs=repair_lines(history),
        recent=[_recent(noted) for noted in before[-context.MOST_RECENT :]],
        queue=memory.queue,
        storyline=memory.storyline,
        workpad=memory.workpad,
        not_queued=memory.not_queued,
        mentor_notes=memory.mentor_notes,
        running=_running(*around.running, now=around.now) if around.running is not None else None,
        last_log=_last_log(history, around.log_of),
        left_s=around.left_s,
        phase=_phase(history, runs_of(rows, config.command), around),
        noise=noise,
        remarks=[text for _, text in history.told],
    )
    return context.view_of(role, given, now)


def _recent(noted: Noted) -> PastCycle:
    cycle = noted.cycle
    return PastCycle(
        number=cycle.number,
        action=cycle.action,
        label=cycle.label,
        source=cycle.source,
        rationale=noted.rationale,
        outcome=noted.outcome,
    )


def _signals(
    cycles: Sequence[Cycle],
    results: Sequence[Result],
    config: LabConfig,
    memory: Memory,
    noise: float | None,
    around: Circumstances,
) -> Signals:
    values = [value for option in config.options if option.category == "model_arch" for value in option.values]
    counted = count(
        cycles,
        results,
        config.as_metric,
        names=model_names(config.mission, values),
        open_todos=len(open_items(memory.queue)),
        search_unmet=around.search_unmet,
        noise=noise or 0.0,
    )
    found = signals(counted)
    # Where nobody can search the web, there is nothing that more cycles without a search could call for.
    return found if around.can_search else found.model_copy(update={"research": 0.0})


def _phase(history: History, runs: Sequence[Result], around: Circumstances) -> str:
    """Return the phase: of a planned finish, else of what the time left allows."""
    planned = phase_at(history.finish_plan, around.now, runs)
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
