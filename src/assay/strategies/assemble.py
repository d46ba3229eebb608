"""Assemble: the open parts of a run, and the engine put together from them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from assay import __version__
from assay.core.budget import Spent
from assay.core.clock import Clock, SystemClock
from assay.core.prices import Prices
from assay.core.profile import DataProfile
from assay.core.task import SplitKind, Task
from assay.data import Views, profile_apart
from assay.engine.activities import Activities
from assay.engine.attempts import Attempts
from assay.engine.budget import Budget
from assay.engine.deliver import Delivery
from assay.engine.evaluate import Evaluator
from assay.engine.finish import Finish
from assay.engine.gate import Gate
from assay.engine.jobs import Jobs
from assay.engine.judging import Judge
from assay.engine.log import EventLog
from assay.engine.measure import Measurer
from assay.engine.parts import Grading, Parts, ViewSource
from assay.engine.run import Run, Strategy
from assay.engine.session import Session
from assay.engine.static import check_any
from assay.engine.ungraded import NO_DATA, NoGrading, NoViews, UngradedFinish
from assay.engine.warm_pool import WarmPool
from assay.grading import Grader
from assay.journal.objects import ObjectStore
from assay.kinds import BlocksKind, CommandKind, Kind, NotebookKind, ScriptKind
from assay.models import can_search, open_model
from assay.models.base import Model
from assay.models.cache_place import cache_root
from assay.models.kept_searches import KeptSearches
from assay.models.playbook import Playbook
from assay.models.roles import Machine
from assay.models.routed import RoutedModel
from assay.operators.rendering import Prompts
from assay.operators.repair import TieredRepairer
from assay.sandbox.base import Sandbox
from assay.sandbox.cluster.sandbox import ClusterSandbox
from assay.sandbox.gpus import GpuSlots, find_gpus
from assay.sandbox.warm import Warmable
from assay.strategies.known import LAB
from assay.strategies.machine import NEEDED, describe_machine
from assay.strategies.notebook.options import cell_seconds
from assay.strategies.options import RunOptions
from assay.strategies.registry import open_strategy
from assay.strategies.sandboxes import executions_at_once, sandbox_limits, sandbox_of, trial_timeout_s

PLAYBOOK_ROLES = ("baseline",)
"""Roles that the playbook answers whoever answers the rest."""


@dataclass(frozen=True, kw_only=True)
class Shell:
    """What must be open before a run's first event can be written."""

    folder: Path
    task: Task
    profile: DataProfile
    machine: Machine
    sandbox: Sandbox
    views: ViewSource
    grader: Grading
    model: Model
    strategy: Strategy
    clock: Clock
    gpus: GpuSlots
    versions: Mapping[str, str]
    begun: float
    """Monotonic reading when this process began: opening the parts counts as time of the run."""
    warm: WarmPool | None = None
    """Sandboxes that wait for candidates."""


def open_shell(
    stack: ExitStack,
    folder: Path,
    task: Task,
    options: RunOptions,
    *,
    prices: Prices | None = None,
    spent: Spent | None = None,
) -> Shell:
    """Open the parts of a run, closed with `stack`.

    Args:
        stack: Closes what this opens.
        folder: The run's folder.
        task: What to work on.
        options: What a person chose.
        prices: What the model's tokens cost, for this run; None where nobody is paid.
        spent: What earlier processes of the run have used; caps on money and tokens go on from there.

    Raises:
        AssayError: The sandbox, the data, the interpreter or the model cannot be used as asked.
    """
    limits, clock = options.limits, SystemClock()
    begun = clock.monotonic()
    strategy = open_strategy(options)
    prompts_of(task, options)
    sandbox = sandbox_of(options)
    stack.callback(sandbox.close)
    at_once = 1 if options.strategy == LAB else executions_at_once(sandbox, limits)
    needed = NEEDED if task.graded else ()
    gpus = GpuSlots(sandbox.gpus if isinstance(sandbox, ClusterSandbox) else find_gpus())
    machine = describe_machine(
        options.python, workers=at_once, trial_timeout_s=trial_timeout_s(limits), needed=needed, gpus=gpus.gpus
    )
    warm = _warm_pool(sandbox, folder, options, at_once) if task.graded else None
    if warm is not None:
        stack.callback(warm.close)
    if isinstance(sandbox, ClusterSandbox):
        share = sandbox.share(at_once)
        machine = machine.model_copy(update={"cores": share.cores, "memory_gb": share.memory_gb})
    private = folder / "private"
    private.mkdir(mode=0o700, exist_ok=True)
    return Shell(
        folder=folder,
        task=task,
        profile=profile_apart(task) if task.graded else NO_DATA,
        machine=machine,
        sandbox=sandbox,
        views=Views(task, folder / "views", private) if task.graded else NoViews(),
        grader=stack.enter_context(Grader(private)) if task.graded else NoGrading(),
        model=_answering(options, folder, clock, prices=prices, spent=spent),
        strategy=strategy,
        clock=clock,
        gpus=gpus,
        begun=begun,
        warm=warm,
        versions={"assay": __version__, "python": machine.python, **machine.packages},
    )


def assemble(shell: Shell, log: EventLog, options: RunOptions) -> Run:
    """Return the engine over open parts and a log that holds at least the first event."""
    parts = parts_of(shell, log, options)
    return _graded(shell, parts, options) if shell.task.graded else _ungraded(shell, parts, options)


def _answering(
    options: RunOptions, folder: Path, clock: Clock, *, prices: Prices | None, spent: Spent | None
) -> RoutedModel:
    """Return who answers the roles: the run's model, the models of single roles, and the playbook for the baselines."""
    cache, opened = cache_root(os.environ), dict[str, Model]()

    def model_of(role: str) -> Model:
        spec, address = options.model_of(role)
        if spec not in opened:
            own = prices if spec == options.model else None
            made = open_model(spec, base_url=address, limits=options.limits, spent=spent, folder=folder, prices=own)
            if cache is not None and can_search(spec, base_url=address):
                made = KeptSearches(made, cache / "searches", clock=clock)
            opened[spec] = made
        return opened[spec]

    main = model_of("")
    instead = {role: model_of(role) for role in options.role_models}
    return RoutedModel(main, {role: Playbook() for role in PLAYBOOK_ROLES}, instead)


def _kinds(options: RunOptions) -> tuple[Kind, ...]:
    return ScriptKind(), BlocksKind(), NotebookKind(cell_s=cell_seconds(options.arguments)), CommandKind()


def parts_of(shell: Shell, log: EventLog, options: RunOptions) -> Parts:
    """Return what the engine's services are put together from."""
    prompts = prompts_of(shell.task, options)
    return Parts(
        folder=shell.folder,
        task=shell.task,
        profile=shell.profile,
        machine=shell.machine,
        seed=options.seed,
        log=log,
        objects=ObjectStore(shell.folder / "objects"),
        views=shell.views,
        grading=shell.grader,
        sandbox=shell.sandbox,
        model=shell.model,
        render=prompts.render,
        check=lambda candidate: check_any(candidate, shell.task, shell.profile),
        kinds={kind.name: kind for kind in _kinds(options)},
        clock=shell.clock,
        activities=Activities(shell.clock),
        python=options.python,
        secrets=(shell.folder / "private", shell.folder / "events.jsonl"),
        # Not a secret: the run with its views may lie in it.
        hidden=(shell.task.folder,),
        gpus=shell.gpus,
        references=options.references,
        warm=shell.warm,
    )


def _graded(shell: Shell, parts: Parts, options: RunOptions) -> Run:
    limits, log = options.limits, parts.log
    scale = _scale(shell.task, shell.profile)
    budget = Budget(limits, log, shell.clock, begun=shell.begun, scale=scale, gate=options.gate)
    measurer = Measurer(parts, sandbox_limits(shell.machine), at_once=executions_at_once(shell.sandbox, limits))
    delivery = Delivery(parts, measurer, budget, scale=scale)
    repairer = TieredRepairer()
    judge = Judge(parts, measurer, budget, reseeds=options.reseeds)
    attempts = Attempts(parts, measurer, judge, budget, rehearse=options.rehearse)
    evaluator = Evaluator(
        parts,
        measurer,
        judge,
        budget,
        repairer,
        delivery=delivery,
        max_repairs=options.fix_rounds,
        attempts=attempts,
    )
    session = Session(parts, evaluator, budget)
    repairer.attach(session)
    gate = Gate(parts, measurer, judge, budget) if options.gate else None
    finish = Finish(parts, measurer, judge, budget, delivery, gate)
    return Run(parts, session, shell.strategy, finish)


def _ungraded(shell: Shell, parts: Parts, options: RunOptions) -> Run:
    budget = Budget(options.limits, parts.log, shell.clock, begun=shell.begun)
    jobs = Jobs(parts, budget, sandbox_limits(shell.machine))
    return Run(parts, Session(parts, None, budget, jobs), shell.strategy, UngradedFinish())


def _warm_pool(sandbox: Sandbox, folder: Path, options: RunOptions, at_once: int) -> WarmPool | None:
    """Return a pool that starts sandboxes ahead once there is a use for them; None where it was not wanted."""
    if not options.warm or not isinstance(sandbox, Warmable) or not sys.platform.startswith("linux"):
        return None
    return WarmPool(sandbox, folder / "work", size=at_once)


def prompts_of(task: Task, options: RunOptions) -> Prompts:
    """Return the prompts of a run, with the variants that a person chose.

    Raises:
        TaskError: There is no such variant (E150), or its file is wrong.
    """
    prompts = Prompts(task.folder / "prompts", options.variants)
    prompts.check_chosen()
    return prompts


def _scale(task: Task, profile: DataProfile) -> float:
    """Return how many times the rows of a search fold the final fit sees; the profile counts the search rows."""
    k = max(2, task.split.k)
    forecast = task.split.kind is SplitKind.FORECAST
    total = profile.train_rows / (1.0 if forecast else 1.0 - task.holdout.fraction)
    shown = profile.train_rows * (1.0 if forecast else (k - 1) / k)
    return max(1.0, total / max(1.0, shown if forecast else min(shown, float(task.row_cap))))
