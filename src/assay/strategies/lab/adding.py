"""Adding: what an experiment lacked is put into the run's own environment, one thing at a time, by the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.engine.endings import Ending
from assay.engine.session import Session
from assay.kinds.command import Said
from assay.models.scrub import Scrubber
from assay.operators.lab.repair import Fetch, Install
from assay.strategies.lab.bench import Bench


def added(session: Session, bench: Bench, steps: Sequence[Install | Fetch], module: str) -> list[dict[str, Any]]:
    """Return what was tried, as JSON, up to the first that worked.

    Args:
        session: The running session.
        bench: Holds the environment.
        steps: What may be tried, in order.
        module: That is missing; empty where something else is, such as a model that the code must know.

    Raises:
        Ending: The run was stopped meanwhile; a resumed one tries again.
    """
    tries: list[dict[str, Any]] = []
    for step in steps:
        name = step.package if isinstance(step, Install) else step.clone.repository
        with session.parts.activities.doing("install", name, limit_s=bench.layer.most_s):
            said = _add(bench, step, module if step.wanted == module else "")
        session.budget.check()
        if session.parts.activities.stopped:
            raise Ending("user")
        how = "clone" if isinstance(step, Fetch) else "guess" if step.guessed else "map"
        told = {"name": name, "how": how, "done": said.done, "said": said.words}
        tries.append(Scrubber().scrub_json(told))
        if said.done:
            break
    return tries


def _add(bench: Bench, step: Install | Fetch, module: str) -> Said:
    if isinstance(step, Install):
        return bench.layer.install(step.package, module=module)
    clone = step.clone
    return bench.layer.clone(clone.repository, module=module, ref=clone.ref, folder=clone.folder)
