"""Unasked: what a lab does by itself: one retry of a failed experiment, and the default where a worker only waits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from assay.core.trial import TrialState
from assay.engine.session import Session
from assay.journal.history import Trial
from assay.kinds.command.spec import overlay_of
from assay.models.roles import Decision, FileEdit
from assay.operators.lab.forbidden import find_uses
from assay.operators.lab.forced import forced_run
from assay.operators.lab.record import Cycle
from assay.operators.lab.repair import Fallback, missing_module, repairs, unsupported
from assay.strategies.lab.adding import added
from assay.strategies.lab.bench import Bench
from assay.strategies.lab.experiments import OPERATOR, Row, runs_of
from assay.strategies.lab.mended import MENDED

REPAIR, FORCED = "repair", "forced"
"""Whose decision a cycle carried out that nobody was asked for."""


def repaired(session: Session, bench: Bench, step: int) -> Decision | None:
    """Return the retry of the experiment that failed last, after what was lacking was put right.

    That is another value for an option that is not supported, or a package where a person allows installing. Once for
    an experiment, never for a retry; only with values and packages that the maps name; the repository's files stay.

    Args:
        session: The running session.
        bench: Where experiments run.
        step: Number of the cycle's step: what it started itself is not its to repair.
    """
    rules, history = bench.config.repair.rules, session.view()
    trials = [t for t in history.trials.values() if t.operator == OPERATOR and (t.step or 0) < step]
    last = trials[-1] if trials else None
    if last is None or last.state is not TrialState.FAILED or not rules.retry or last.recipe.get("mends") is not None:
        return None
    noted: Any = history.notes.get(f"{MENDED}/{last.number}")
    if noted is not None:
        return _decision(last, noted) if noted["step"] == step else None
    found = _put_right(session, bench, last)
    if found is None:
        return None
    told = {"step": step, "trial": last.number, **found}
    return _decision(last, session.note(f"{MENDED}/{last.number}", lambda: told))


def forced(bench: Bench, rows: Sequence[Row], cycles: Sequence[Cycle], step: int) -> Decision | None:
    """Return the default experiment, where a person wants it run while the worker only waits and nothing runs.

    Args:
        bench: Where experiments run.
        rows: The experiments.
        cycles: Those before this one, in order.
        step: Number of the cycle's step; what it started itself is left aside.
    """
    before = [result for result in runs_of(rows, bench.config.command) if result.cycle <= step]
    found = forced_run(bench.config.forced_rules, cycles, before)
    if found is None:
        return None
    why = f"The worker waits while nothing runs; {found.reason}."
    return Decision(action="run", rationale=why, command=found.command, label=found.label, settings={})


def _put_right(session: Session, bench: Bench, trial: Trial) -> dict[str, Any] | None:
    """Return what was done about a failure and what is run then, as JSON; None where nothing may be done."""
    candidate, _ = session.jobs.current(trial.number)
    overlay = overlay_of(candidate)

    def read(path: str) -> str | None:
        return overlay.get(path) or bench.read(path)

    command, log = str(trial.recipe.get("command", "")), bench.log_of(trial)
    steps = repairs(log, command, bench.config.repair.rules, read)
    step = next((one for one in steps if isinstance(one, Fallback)), None)
    if step is not None:
        edits = {**overlay, **step.edits}
        approaches = bench.config.approaches
        if any(find_uses(step.command, approaches, lambda path: edits.get(path) or bench.read(path))):
            return None
        return json.loads(json.dumps({**asdict(step), "edits": edits}))  # type: ignore[no-any-return]
    module = missing_module(log)
    wanted = module or (unsupported(log) or ("", ""))[1]
    if not bench.installs or not (steps or module):
        return None
    tries = added(session, bench, [one for one in steps if not isinstance(one, Fallback)], module)
    done = any(one["done"] for one in tries)
    return {"wanted": wanted, "tries": tries, "command": command if done else "", "edits": dict(overlay)}


def _decision(trial: Trial, noted: dict[str, Any]) -> Decision | None:
    """Return the retry that a note speaks of; None where nothing could be done."""
    if not noted["command"]:
        return None
    number, title, recipe = trial.number, trial.title, trial.recipe
    if "wanted" in noted:
        last = noted["tries"][-1]
        why = f"#{number} lacked {noted['wanted']!r}. {last['name']}: {last['said']}. So it is tried once more."
        label = f"{title[:40]}, {last['name']}"
    else:
        option, value, instead = noted["option"], noted["value"], noted["instead"]
        why = f"#{number} failed: {option} {value!r} is not supported; {instead!r} is tried once instead."
        label = f"{title[:30]} with {instead}"
    return Decision(
        action="run",
        rationale=why,
        command=noted["command"],
        label=label[:60],
        category=recipe.get("category", "other"),
        edits=tuple(FileEdit(path=path, text=text) for path, text in noted["edits"].items()),
        stop_patterns=tuple(recipe.get("stop_patterns", ())),
        settings=dict(recipe.get("settings", {})) if "wanted" in noted else {},
    )
