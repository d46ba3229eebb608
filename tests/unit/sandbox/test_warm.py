"""Sandboxes that were started ahead give what a start the usual way gives, or nothing at all."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from assay.core.errors import IntegrityError, MachineError
from assay.core.execution import Outcome
from assay.kinds.early_imports import early_imports
from assay.sandbox import Command, Mount, SandboxLimits, Workspace, inspect_machine, open_sandbox
from assay.sandbox.base import Finished, Sandbox
from assay.sandbox.bwrap import find_bwrap
from assay.sandbox.copying import copy_all
from assay.sandbox.warm import Warm, Warmable, WarmOrder
from assay.sandbox.warm_layout import HOOK, shown_at

LIMITS = SandboxLimits(wall_s=60.0, memory_bytes=2**30, threads=2)
FACTS = """
import json, os, resource, signal, stat, sys, threading
fields = ("NoNewPrivs", "Seccomp", "Seccomp_filters", "CapEff", "CapBnd", "CapInh", "CapAmb", "SigBlk", "SigIgn",
          "SigCgt", "Threads", "Umask")
print(json.dumps({
    "environment": dict(os.environ), "path": sys.path, "arguments": [sys.argv, sys.orig_argv], "flags": str(sys.flags),
    "main": [__name__, __file__, str(__spec__), type(__loader__).__name__, sorted(globals())],
    "caller": str(sys._getframe(0).f_back), "directory": os.getcwd(), "nice": os.nice(0),
    "limits": {n: resource.getrlimit(getattr(resource, n)) for n in dir(resource) if n.startswith("RLIMIT")},
    "descriptors": sorted(os.listdir("/proc/self/fd")), "ids": [os.getuid(), os.getgid(), os.getgroups()],
    "status": [line for line in open("/proc/self/status") if line.split(":")[0] in fields],
    "oom": open("/proc/self/oom_score_adj").read(), "command": open("/proc/self/cmdline").read(),
    "leader": [os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
    "files": [sorted(os.listdir(".")), sorted(os.listdir("input")), stat.filemode(os.stat(".").st_mode)],
    "own": "sitecustomize" in sys.modules, "finders": sorted(sys.path_importer_cache), "hash": hash("assay"),
    "text": open("input/deep/notes.txt").read(),
}))
"""
UNEVEN = ("HOME", "TMPDIR")
"""Private folders with a name of their own below T1."""


@pytest.fixture(scope="module", params=["strict", "landlock", "off"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Any]:
    machine = inspect_machine()
    if request.param == "strict" and find_bwrap() is None:
        pytest.skip("bubblewrap is not installed")
    if request.param == "landlock" and machine.abi == 0:
        pytest.skip("this kernel has no Landlock")
    opened = open_sandbox(request.param, machine=machine)
    assert isinstance(opened, Warmable)
    yield opened
    opened.close()


@pytest.fixture
def view(tmp_path: Path) -> Path:
    folder = tmp_path / "view"
    (folder / "deep").mkdir(parents=True)
    (folder / "train.csv").write_text("id,y\n1,2\n", encoding="utf-8")
    (folder / "deep" / "notes.txt").write_text("a note", encoding="utf-8")
    return folder


def command(seed: int = 5) -> Command:
    return Command(argv=("python", "-u", "-X", "faulthandler", "solution.py"), env={"ASSAY_SEED": str(seed)})


def workspace(root: Path, view: Path, source: str) -> Workspace:
    (root / "solution.py").write_text(source, encoding="utf-8")
    return Workspace(root=root, mounts=(Mount(source=view, target="input"),))


def ahead(sandbox: Any, root: Path, *modules: str, **limits: Any) -> Warm:
    root.mkdir()
    order = WarmOrder(
        command=command(0), limits=replace(LIMITS, **limits), root=root, modules=modules, told=("ASSAY_SEED",)
    )
    warm: Warm = sandbox.warm(order)
    return warm


def given(warm: Warm, view: Path, source: str, *, seed: int = 5, wall_s: float = 60.0) -> Finished:
    limits = replace(LIMITS, wall_s=wall_s)
    process = warm.hand_over(command(seed), workspace(warm.root, view, source), limits)
    assert process is not None, "it did not take what it was made for"
    finished = process.wait(90)
    assert finished is not None
    return finished


def cold(sandbox: Sandbox, root: Path, view: Path, source: str) -> Finished:
    root.mkdir(exist_ok=True)
    finished = sandbox.start(command(), workspace(root, view, source), LIMITS).wait(90)
    assert finished is not None
    return finished


def test_a_script_cannot_tell_that_it_was_waited_for(sandbox: Any, tmp_path: Path, view: Path) -> None:
    usual = cold(sandbox, tmp_path / "work", view, FACTS)
    (tmp_path / "work").rename(tmp_path / "done")
    warm = ahead(sandbox, tmp_path / "work")
    assert warm.get_ready(60)
    waited = given(warm, view, FACTS)
    one, other = json.loads(usual.log), json.loads(waited.log)
    for facts in (one, other):
        for name in UNEVEN:
            facts["environment"][name] = facts["environment"][name].rpartition("-")[0]
        if sandbox.tier != "T1":  # of a user with other processes: as many as there are at the start
            facts["limits"].pop("RLIMIT_NPROC")
    assert other == one
    assert other["environment"]["ASSAY_SEED"] == "5"
    assert not shown_at(warm.root).exists()


def test_a_failure_reads_as_ever(sandbox: Any, tmp_path: Path, view: Path) -> None:
    source = "import json\ndef f():\n    return json.loads('x')\nf()\n"
    usual = cold(sandbox, tmp_path / "work", view, source)
    (tmp_path / "work").rename(tmp_path / "done")
    waited = given(ahead(sandbox, tmp_path / "work", "json"), view, source)  # not waited for: it need not be ready
    assert (waited.outcome, waited.exit_code, waited.log) == (usual.outcome, usual.exit_code, usual.log)
    assert waited.log.startswith(b"Traceback")


def test_no_two_know_the_same_chance(sandbox: Any, tmp_path: Path, view: Path) -> None:
    source = "import random, os\nprint(random.getrandbits(64), 'random' in open(__file__).read())\n"
    seen = {given(ahead(sandbox, tmp_path / f"{n}", "random", "json"), view, source).log for n in range(2)}
    assert len(seen) == 2


def test_time_counts_from_the_hand_over_and_says_where_it_was(sandbox: Any, tmp_path: Path, view: Path) -> None:
    warm = ahead(sandbox, tmp_path / "work")
    assert warm.get_ready(60)
    time.sleep(1.2)  # longer than the limit
    finished = given(warm, view, "import time\nprint('begun')\ndef stuck():\n    time.sleep(40)\nstuck()\n", wall_s=1.0)
    assert finished.outcome is Outcome.TIMEOUT
    assert finished.log == b"begun\n"
    assert "line 4 in stuck" in finished.stuck_at
    assert finished.wall_s < 20


def test_it_is_used_once(sandbox: Any, tmp_path: Path, view: Path) -> None:
    warm = ahead(sandbox, tmp_path / "work")
    results: list[object] = []
    shown = workspace(warm.root, view, "print('x')\n")
    threads = [
        threading.Thread(target=lambda: results.append(warm.hand_over(command(), shown, LIMITS))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (process,) = [one for one in results if one is not None]
    assert process.wait(60).log == b"x\n"  # type: ignore[attr-defined]
    warm.close()


@pytest.mark.parametrize(
    "change",
    [
        {"argv": ("python", "other.py")},
        {"env": {"ASSAY_SEED": "1", "OMP_NUM_THREADS": "7"}},
        {"memory_bytes": 2**31},
        {"threads": 1},
        {"mounts": ()},
        {"shadow": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_anything_else_starts_the_usual_way_in_the_same_place(
    sandbox: Any, tmp_path: Path, view: Path, change: dict[str, Any]
) -> None:
    if sandbox.tier != "off" and "shadow" not in change:
        pytest.skip("the same few lines of code at every tier")
    change = dict(change)
    warm = ahead(sandbox, tmp_path / "work", "json")
    shown = workspace(warm.root, view, "import json\nprint(json.__file__.endswith('solution.py'))\n")
    if change.pop("shadow", False):
        (warm.root / "json.py").write_text("__file__ = 'solution.py'\n", encoding="utf-8")
    asked = Command(argv=change.pop("argv", command().argv), env=change.pop("env", {"ASSAY_SEED": "1"}))
    shown = replace(shown, mounts=change.pop("mounts", shown.mounts))
    assert warm.hand_over(asked, shown, replace(LIMITS, **change)) is None
    assert not warm.alive
    shadowed = (warm.root / "json.py").exists()
    assert cold(sandbox, warm.root, view, "import json\nprint(json.__file__.endswith('solution.py'))\n").log == (
        b"True\n" if shadowed else b"False\n"
    )
    assert not (warm.root / HOOK).exists()


def test_what_is_shown_is_a_copy_that_tells_nothing_of_others(tmp_path: Path, view: Path) -> None:
    (view / "train.csv").chmod(0o444)
    os.utime(view / "train.csv", ns=(10**18, 10**18 + 5))
    (view / "also").symlink_to("train.csv")
    before = (view / "train.csv").stat()
    into = tmp_path / "into"
    into.mkdir()
    assert copy_all(view, into, entries=10, size=10**6)
    copy = (into / "train.csv").stat()
    assert (copy.st_mode, copy.st_mtime_ns, copy.st_nlink) == (before.st_mode, before.st_mtime_ns, 1)
    assert (view / "train.csv").stat().st_ctime_ns == before.st_ctime_ns
    assert (into / "also").readlink() == Path("train.csv")
    assert (into / "deep" / "notes.txt").read_text(encoding="utf-8") == "a note"
    for bound in ({"entries": 2, "size": 10**6}, {"entries": 10, "size": 5}):
        (tmp_path / str(bound)).mkdir()
        assert not copy_all(view, tmp_path / str(bound), **bound)


def test_what_prints_while_it_imports_or_fails_is_not_used(sandbox: Any, tmp_path: Path, view: Path) -> None:
    loud = ahead(sandbox, tmp_path / "loud", "this")
    assert loud.hand_over(command(), workspace(loud.root, view, "import this\n"), LIMITS) is None
    missing = ahead(sandbox, tmp_path / "missing", "no_such_module")
    assert missing.get_ready(60) is False
    missing.close()
    attribute = ahead(sandbox, tmp_path / "attribute", "json", "json.dumps")
    assert attribute.get_ready(60)
    attribute.close()


def test_one_that_was_killed_while_it_waited_is_nobodys_failure(sandbox: Any, tmp_path: Path, view: Path) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    warm = ahead(sandbox, tmp_path / "work")
    assert warm.get_ready(60)
    mine = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    youngest = max(mine, key=lambda child: child.create_time())
    youngest.send_signal(signal.SIGKILL)
    psutil.wait_procs([youngest], 20)
    assert warm.hand_over(command(), workspace(warm.root, view, ""), LIMITS) is None
    assert cold(sandbox, warm.root, view, "print('x')\n").log == b"x\n"


def test_secrets_are_refused_at_the_hand_over(sandbox: Any, tmp_path: Path, view: Path) -> None:
    warm = ahead(sandbox, tmp_path / "work")
    shown = replace(workspace(warm.root, view, ""), secrets=(view / "train.csv",))
    with pytest.raises(IntegrityError):
        warm.hand_over(command(), shown, LIMITS)
    assert not warm.alive


def test_nothing_is_left(sandbox: Any, tmp_path: Path, view: Path) -> None:
    given(ahead(sandbox, tmp_path / "first"), view, "")
    before = len(list(Path("/dev/fd").iterdir())), len(psutil.Process().children(recursive=True))
    for number in range(3):
        warm = ahead(sandbox, tmp_path / f"{number}")
        if number == 0:
            warm.close()  # while it gets ready
        elif number == 1:
            assert warm.get_ready(60)
            warm.close()
        else:
            given(warm, view, "import os\nos.fork()\n")
        assert not shown_at(warm.root).exists()
    end = time.monotonic() + 20
    while time.monotonic() < end:
        after = len(list(Path("/dev/fd").iterdir())), len(psutil.Process().children(recursive=True))
        if after[0] <= before[0] and after[1] <= before[1]:
            break
        time.sleep(0.02)
    assert after <= before


ENGINE = """
import sys, time
from pathlib import Path
from assay.kinds.early_imports import early_imports
from assay.sandbox import Command, SandboxLimits, open_sandbox
from assay.sandbox.warm import WarmOrder
sandbox, waiting = open_sandbox(sys.argv[1]), []
for name in sys.argv[2:]:
    root = Path(name)
    root.mkdir()
    limits = SandboxLimits(wall_s=60, memory_bytes=2**30)
    order = WarmOrder(command=Command(argv=("python", "solution.py")), limits=limits, root=root, modules=("json",))
    waiting.append(sandbox.warm(order))
print([one.get_ready(60) for one in waiting], flush=True)
time.sleep(60)
"""


def test_a_killed_engine_takes_along_what_waits(sandbox: Any, tmp_path: Path) -> None:
    mode = {"T1": "strict", "T2": "landlock"}.get(sandbox.tier, "off")
    engine = psutil.Popen(
        [sys.executable, "-c", ENGINE, mode, str(tmp_path / "one"), str(tmp_path / "two")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert engine.stdout.readline() == "[True, True]\n"
    children = engine.children(recursive=True)
    assert len(children) >= 2
    engine.kill()
    _, alive = psutil.wait_procs(children, 20)
    assert alive == []
    engine.wait()
    engine.stdout.close()


LEARNING = """
import lightgbm as lgb
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor

rng = np.random.default_rng(3)
x = rng.normal(size=(400, 6))
y = x[:, 0] * x[:, 1] + rng.normal(size=400)
models = (lgb.LGBMRegressor(n_estimators=15, n_jobs=1, verbose=-1, bagging_fraction=0.7, bagging_freq=1, seed=1),
          HistGradientBoostingRegressor(max_iter=15, random_state=1))
print([model.fit(x, y).predict(x).tobytes().hex() for model in models])
"""


@pytest.mark.timeout(400)  # everything is imported twice
def test_the_same_predictions_to_the_last_bit(tmp_path: Path, view: Path) -> None:
    opened: Any = open_sandbox("off")
    limits = replace(LIMITS, threads=1, wall_s=180.0)
    try:
        (tmp_path / "cold").mkdir()
        usual = opened.start(command(), workspace(tmp_path / "cold", view, LEARNING), limits).wait()
        warm = ahead(opened, tmp_path / "warm", *early_imports(LEARNING), threads=1)
        assert warm.get_ready(180)
        process = warm.hand_over(command(), workspace(warm.root, view, LEARNING), limits)
        assert process is not None
        waited = process.wait()
    finally:
        opened.close()
    assert usual.outcome is Outcome.OK, usual.log
    assert waited is not None
    assert waited.log == usual.log


def test_closing_the_sandbox_ends_what_waits(tmp_path: Path) -> None:
    opened: Any = open_sandbox("off")
    warm = ahead(opened, tmp_path / "work")
    assert warm.get_ready(60)
    opened.close()
    assert not warm.alive
    warm.close()
    with pytest.raises(MachineError):
        ahead(opened, tmp_path / "late")
    assert not shown_at(tmp_path / "late").exists()
