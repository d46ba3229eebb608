"""A real Ray cluster of three nodes on this machine: what it keeps to itself, and what a lost node costs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from assay.core.candidate import Candidate
from assay.core.execution import Outcome
from assay.engine.measure import Measurer
from assay.journal import events as ev
from assay.journal.file import FileJournal
from assay.journal.history import Measurement
from assay.models.scripted import ScriptedModel
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.cluster.sandbox import ClusterSandbox
from support.real_engine import CANARY, PRELUDE, RealEngine

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(600)]

BOUNDS = SandboxLimits(wall_s=120.0, memory_bytes=2**28, threads=1)
TRIALS = 5


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 200
    while not happened():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def raylets() -> list[psutil.Process]:
    """Return the process of each node; the first is that which the engine is joined to."""
    head = next(p for p in psutil.Process().children() if "assay.sandbox.cluster.head" in p.cmdline())
    return sorted((p for p in head.children(recursive=True) if p.name() == "raylet"), key=psutil.Process.create_time)


def below(process: psutil.Process) -> list[psutil.Process]:
    """Return the candidates' processes of a node."""
    found = []
    for child in process.children(recursive=True):
        try:
            if "solution.py" in child.cmdline():
                found.append(child)
        except psutil.Error:
            continue
    return found


def test_it_listens_on_this_machine_alone_and_candidates_reach_neither_it_nor_its_secrets(
    cluster: ClusterSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", CANARY)
    everyone = [process for node in raylets() for process in (node, *node.children(recursive=True))]
    open_to_us = [p for p in everyone if p.name() == "raylet" or os.geteuid() == 0]
    listening, variables = [], []
    for process in open_to_us:
        with suppress(psutil.NoSuchProcess):  # runners come and go
            found = process.net_connections(kind="tcp")
            listening += [one for one in found if one.status == psutil.CONN_LISTEN and one.laddr]
            variables.append(process.environ())
    assert {one.laddr.ip.removeprefix("::ffff:") for one in listening} == {"127.0.0.1"}
    assert CANARY not in str(variables)
    ports = [one.laddr.port for one in listening]
    source = (
        "import os, pathlib, socket\n"
        f"for port in {ports}:\n"
        "    try:\n        socket.create_connection(('127.0.0.1', port), timeout=5)\n        print('reached', port)\n"
        "    except OSError:\n        pass\n"
        "for path in pathlib.Path('/proc').glob('[0-9]*/environ'):\n"
        "    try:\n        text = path.read_bytes()\n    except OSError:\n        continue\n"
        "    if b'RAY_AUTH' in text:\n        print('read', path)\n"
        "print('RAY_AUTH_TOKEN' in os.environ, 'API_KEY' in os.environ)\n"
    )
    (tmp_path / "main.py").write_text(source, encoding="utf-8")
    finished = cluster.start(Command(argv=("python", "main.py")), Workspace(root=tmp_path), BOUNDS).wait(300)
    assert finished is not None
    assert finished.log == b"False False\n", finished
    assert finished.tier == cluster.tier
    assert finished.node.rpartition("/")[2] in {node.name for node in cluster.nodes}


def test_a_node_that_is_killed_in_mid_run_costs_no_trial(cluster: ClusterSandbox, tmp_path: Path) -> None:
    with ExitStack() as stack:
        engine = RealEngine(folder=tmp_path / "engine", stack=stack, k=1, opened=cluster, bounds=BOUNDS)
        fold = engine.views.fold_keys()[0]
        session = engine.session(lambda candidate: [], ScriptedModel(()))
        measurer = Measurer(session.parts, BOUNDS, at_once=3)

        def measured(number: int) -> Measurement:
            source = f"{PRELUDE}time.sleep(5)\nwrite(predictions)\n# {number}\n"
            candidate = Candidate(kind="script", files={"solution.py": source}, entry="solution.py")
            trial = session.create(f"trial-{number}", candidate, history=engine.start)
            return measurer.measure(trial=trial.number, attempt=1, candidate=candidate, key=fold)

        with ThreadPoolExecutor(TRIALS) as pool:
            under_way = [pool.submit(measured, number) for number in range(TRIALS)]
            victim = raylets()[-1]
            until(lambda: bool(below(victim)))
            orphans = below(victim)
            for process in (victim, *victim.children()):  # as if the machine were gone
                with suppress(psutil.NoSuchProcess):  # one whose node is gone ends by itself
                    process.kill()
            done = [one.result() for one in under_way]

        executions = [one.execution for one in done if one.execution is not None]
        assert [one.outcome for one in executions] == [Outcome.OK] * TRIALS
        assert [one.score.value if one.score else None for one in done] == [engine.honest[fold.name]] * TRIALS
        assert [one for one in executions if "was lost" in one.detail], "nothing ran where the node was killed"
        until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in orphans))
        started = [
            e.payload
            for e in FileJournal(engine.folder / "events.jsonl").read()
            if isinstance(e.payload, ev.AttemptStarted)
        ]
        ours = {one.trial for one in done}
        assert sorted(one.trial for one in started if one.trial in ours) == sorted(ours), "each began once"
