"""Places: each graphics processor serves one execution at a time, and only those that ask."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.candidate import Candidate
from assay.engine.measure import Measurer
from assay.engine.run_slots import asks_for_gpu
from assay.journal.history import Measurement
from assay.sandbox.base import Command, SandboxLimits, Workspace
from assay.sandbox.fake import FakeResult
from assay.sandbox.gpus import Gpu, GpuSlots
from support.engine import Bench, behave


def script(text: str) -> Candidate:
    return Candidate(kind="script", entry="solution.py", files={"solution.py": text})


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("import torch\n", True),
        ("from transformers import pipeline\n", True),
        ('    "from torch import nn\\n",', True),
        ('model = XGBClassifier(device="cuda")', True),
        ("model = CatBoostClassifier(task_type='GPU')", True),
        (r'"m = XGBClassifier(device=\"cuda:0\")\n"', True),
        ("import sklearn  # no gpu, no cuda, no torch needed\n", False),
        ("import torchlight_of_ours\n", False),
    ],
)
def test_code_asks_by_what_it_imports_or_names(text: str, asks: bool) -> None:
    assert asks_for_gpu(script(text)) is asks


def test_two_processors_serve_four_workers_and_never_two_executions_at_a_time(tmp_path: Path) -> None:
    gpus = (Gpu(name="X", visible="GPU-a", devices=(Path("/dev/a"),)), Gpu(name="X", visible="GPU-b"))
    guard, busy, seen, both = threading.Lock(), set[str](), dict[str, list[tuple[Path, ...]]](), threading.Barrier(2)

    def use(command: Command, workspace: Workspace, limits: SandboxLimits) -> FakeResult:
        mine = command.env["CUDA_VISIBLE_DEVICES"]
        wants = "torch" in (workspace.root / "solution.py").read_text(encoding="utf-8")
        assert (limits.gpus, bool(mine)) == ((1, True) if wants else (0, False))
        with guard:
            assert not mine or mine not in busy
            busy.add(mine)
            first = bool(mine) and sum(len(uses) for name, uses in seen.items() if name) < 2
            seen.setdefault(mine, []).append(workspace.devices)
        if first:
            both.wait(30)  # two at a time do run, each on its own
        with guard:
            busy.discard(mine)
        return behave(command, workspace, limits)

    bench = Bench(tmp_path, behaviour=use)
    bench.open()
    parts = replace(bench.parts, gpus=GpuSlots(gpus))
    history = bench.session.view()
    measurer = Measurer(parts, SandboxLimits(wall_s=60.0, memory_bytes=2**30), at_once=4)
    key = parts.views.fold_keys()[0]
    texts = [f'wish = {{"score": {n}, "says": "{"import torch" if n % 3 else "nothing"}"}}' for n in range(1, 13)]

    def measured(number: int) -> Measurement:
        candidate = script(texts[number])
        trial = bench.session.create(f"trial-{number}", candidate, history=history)
        return measurer.measure(trial=trial.number, attempt=1, candidate=candidate, key=key)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(measured, range(len(texts))))
    assert all(one.score is not None for one in done)
    assert {name: len(devices) for name, devices in seen.items()}.keys() == {"GPU-a", "GPU-b", ""}
    assert sum(map(len, seen.values())) == len(texts)
    assert set(seen["GPU-a"]) == {(Path("/dev/a"),)}
    assert set(seen[""]) == {()}


def test_where_the_machine_has_none_nothing_is_said_of_them(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.open()
    measurer = Measurer(bench.parts, SandboxLimits(wall_s=60.0, memory_bytes=2**30))
    wish = script('wish = {"score": 1, "says": "import torch"}')
    trial = bench.session.create("trial", wish, history=bench.session.view())
    measurer.measure(trial=trial.number, attempt=1, candidate=wish, key=bench.parts.views.fold_keys()[0])
    command, workspace, limits = bench.sandbox.started[-1]
    assert "CUDA_VISIBLE_DEVICES" not in command.env
    assert (workspace.devices, limits.gpus) == ((), 0)
