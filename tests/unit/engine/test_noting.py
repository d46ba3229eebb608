"""A score that was measured elsewhere reaches a run that goes on, and changes nothing that it does."""

from __future__ import annotations

import threading
from pathlib import Path

from assay.core.budget import Limits
from assay.core.clock import SystemClock
from assay.engine.noting import note_score
from assay.journal.events import ScoredElsewhere
from assay.journal.lease import LEASE_FILE, Lease
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult
from support.engine import Bench, behave


def test_a_running_engine_writes_it_with_its_next_heartbeat(tmp_path: Path) -> None:
    noted = threading.Event()

    def behaviour(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        noted.wait(60)
        return behave(command, workspace, limits)

    bench = Bench(tmp_path, limits=Limits(trials=3), clock=SystemClock(), behaviour=behaviour)
    lease = Lease(tmp_path / LEASE_FILE)

    def note() -> None:
        assert not note_score(tmp_path, ScoredElsewhere(trial=0, score=0.25, where="titanic"))
        while not bench.log.read(lambda history: history.elsewhere):
            noted.wait(0.05)
        noted.set()

    run = bench.open()
    threading.Thread(target=note, daemon=True).start()
    try:
        end = run.work()
    finally:
        noted.set()
        lease.release()
    history = bench.log.read(lambda h: h)
    assert [said for _, said in history.elsewhere] == [ScoredElsewhere(trial=0, score=0.25, where="titanic")]
    assert end.stopped_by == "trials"
