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
from assay.operators.lab.repair import Fallback, repairs
from assay.strategies.lab.bench import Bench
from assay.strategies.lab.experiments import OPERATOR, Row, runs_of
from assay.strategies.lab.mended import MENDED

REPAIR, FORCED = "repair", "forced"
"""Whose decision a cycle carried out that nobody was asked for."""


def repaired(session: Session, bench: Bench, step: int) -> Decision | None:
    """Return the retry of the experiment that failed last, with another value for an option that is not supported.

    Once for an experiment, never for a retry; only with values that a person allows; the repository's own files stay.

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
    found = _fallback(session, bench, last)
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


def _fallback(session: Session, bench: Bench, trial: Trial) -> dict[str, Any] | None:
    candidate, _ = session.jobs.current(trial.number)
    overlay = overlay_of(candidate)

    def read(path: str) -> str | None:
        return overlay.get(path) or bench.read(path)

    command = str(trial.recipe.get("command", ""))
    steps = repairs(bench.log_of(trial), command, bench.config.repair.rules, read)
    step = next((one for one in steps if isinstance(one, Fallback)), None)
    if step is None:
        return None
    edits = {**overlay, **step.edits}
    approaches = bench.config.approaches
    if any(find_uses(step.command, approaches, lambda path: edits.get(path) or bench.read(path))):
        return None
    return json.loads(json.dumps({**asdict(step), "edits": edits}))  # type: ignore[no-any-return]


def _decision(trial: Trial, noted: dict[str, Any]) -> Decision:
    option, value, instead = noted["option"], noted["value"], noted["instead"]
    return Decision(
        action="run",
        rationale=f"#{trial.number} failed: {option} {value!r} is not supported; {instead!r} is tried once instead.",
        command=noted["command"],
        label=f"{trial.title[:30]} with {instead}"[:60],
        category=trial.recipe.get("category", "other"),
        edits=tuple(FileEdit(path=path, text=text) for path, text in noted["edits"].items()),
        stop_patterns=tuple(trial.recipe.get("stop_patterns", ())),
        settings={},
    )
