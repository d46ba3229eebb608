"""Skipping: a person ends what runs as not worth its time, and the run goes on."""

from __future__ import annotations

import threading
from pathlib import Path

from assay.core.budget import Limits
from assay.core.clock import SystemClock
from assay.core.execution import Outcome
from assay.core.trial import TrialState
from assay.engine.control import Message, Verb, send
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult
from support.engine import Bench, behave


def test_what_runs_is_ended_its_trial_fails_unmended_and_the_run_goes_on(tmp_path: Path) -> None:
    stuck, over = threading.Event(), threading.Event()

    def behaviour(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        if "1.9" in (workspace.root / "solution.py").read_text(encoding="utf-8") and not stuck.is_set():
            stuck.set()
            over.wait(60)
            return FakeResult()  # by then its workspace is gone
        return behave(command, workspace, limits)

    bench = Bench(tmp_path, limits=Limits(trials=5), clock=SystemClock(), behaviour=behaviour)
    run = bench.open()

    def skip() -> None:
        stuck.wait(60)
        send(tmp_path, Message(verb=Verb.SKIP))

    threading.Thread(target=skip, daemon=True).start()
    try:
        end = run.work()
    finally:
        over.set()
    history = bench.log.read(lambda h: h)
    (skipped,) = [t for t in history.trials.values() if t.reason == "skipped by a person"]
    assert skipped.state is TrialState.FAILED
    assert skipped.repairs == ()
    outcomes = [m.execution.outcome for m in history.all_measurements() if m.execution and m.trial == skipped.number]
    assert outcomes == [Outcome.SKIPPED]
    assert [remark.code for _, remark in history.remarks].count("W443") == 1
    assert (end.stopped_by, end.exit_code) == ("trials", 0)
    later = [t for t in history.trials.values() if t.number > skipped.number and t.ranks]
    assert later
