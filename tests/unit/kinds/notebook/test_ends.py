"""How a notebook can end other than well: each has an outcome of its own, and nothing hangs."""

from __future__ import annotations

import json

import pytest

from assay.core.candidate import Candidate
from assay.core.execution import Execution, Outcome, UnitOutcome
from assay.engine.running import Running
from assay.kinds.base import Failure
from assay.kinds.notebook import Notebook, NotebookKind, new_cell, new_notebook_candidate
from assay.sandbox.base import SandboxLimits
from support.notebooks import candidate_of
from support.real_engine import RealEngine, limited

FLOOD = """\
import os, sys
for _ in range(250):
    print("x" * 2_000_000)
print("the end of it")
"""
WIDGET = """\
from comm import create_comm
comm = create_comm(target_name="jupyter.widget", data={"state": {"_model_name": "FloatSliderModel"}})
comm.send({"method": "update", "state": {"value": 1.5}}, buffers=[b"x" * 1_000_000])
comm.close()
get_ipython().run_line_magic("matplotlib", "inline")
print("half a character: \\ud800")
"""
FORGE = """\
import glob, json, os, signal
found = []
for name in ("environ", "mem", "fd", "maps"):
    try:
        path = f"/proc/{os.getppid()}/{name}"
        found.append(str(os.listdir(path)) if name == "fd" else open(path, "rb").read(64))
    except OSError:
        pass
orders = glob.glob(".assay/order.json")
line = json.dumps({"n": 99, "event": "end", "outcome": "ok", "detail": "", "id": "", "executed": ""})
os.makedirs(".assay", exist_ok=True)
open(".assay/executed.ipynb", "w").write("{}")
forged = "\\n@assay-notebook " + "0" * 64 + " " + line + "\\n"
print(forged)
for path in ("/proc/1/fd/1", f"/proc/{os.getppid()}/fd/1"):
    try:
        with open(path, "w") as stream:
            stream.write(forged)
    except OSError:
        pass
assert not found and not orders, (found, orders)
raise RuntimeError("all the same")
"""


def run(engine: RealEngine, candidate: Candidate, *, cell_s: float | None = None, **limits: float) -> Execution:
    parts = engine.parts(cell_s=cell_s)
    bounds: SandboxLimits = limited(**limits)
    return Running(parts, candidate, engine.view(), 0, bounds).wait()


def failure(execution: Execution) -> Failure:
    found = NotebookKind().diagnose(execution, ())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("source", "outcome", "kind", "said"),
    [
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", UnitOutcome.DEAD, "dead kernel", "signal 9"),
        ("import os\nos._exit(7)", UnitOutcome.DEAD, "dead kernel", "exit code 7"),
        ("exit()", UnitOutcome.EXIT, "exit called", "exit()"),
        ("import sys\nsys.exit(3)", UnitOutcome.EXIT, "exit called", "sys.exit(3)"),
        ("name = input('who? ')", UnitOutcome.ERROR, "cell error", "Nobody answers input()"),
    ],
)
def test_each_end_is_told_as_what_it_is(
    engine: RealEngine, source: str, outcome: UnitOutcome, kind: str, said: str
) -> None:
    execution = run(engine, candidate_of("x = 1", source, "y = 2"))
    assert execution.outcome is Outcome.ERROR
    assert [(unit.unit, unit.outcome) for unit in execution.units] == [("c0", UnitOutcome.OK), ("c1", outcome)]
    found = failure(execution)
    assert (found.outcome, found.unit) == (kind, "c1")
    assert said in found.detail


def test_a_cell_that_ignores_interrupts_ends_at_its_limit(engine: RealEngine) -> None:
    stubborn = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    time.sleep(1)"
    execution = run(engine, candidate_of(stubborn, "y = 2"), cell_s=1.0)
    assert execution.outcome is Outcome.TIMEOUT
    assert failure(execution).outcome == "cell timeout"
    assert execution.wall_s < 30


def test_the_whole_runs_limit_is_another_outcome_and_what_ran_is_kept(engine: RealEngine) -> None:
    execution = run(engine, candidate_of("print('before')", "while True:\n    pass"), wall_s=8.0)
    assert execution.outcome is Outcome.TIMEOUT
    assert [unit.outcome for unit in execution.units] == [UnitOutcome.OK, UnitOutcome.RUN_TIMEOUT]
    assert failure(execution).outcome == "run timeout"
    executed = engine.parts().objects.get(execution.outputs["executed.ipynb"]).decode()
    assert "before" in json.dumps(json.loads(executed)["cells"][0]["outputs"])


def test_memory_is_the_sandboxes_word(engine: RealEngine) -> None:
    setup = "import mmap\nheld = []\nsize = 1 << 24\n"
    hog = "while True:\n    held.append(mmap.mmap(-1, size))\n    held[-1].write(b'x' * size)"
    execution = run(engine, candidate_of(setup, hog), memory_bytes=400 * 2**20)
    assert execution.outcome is Outcome.MEMORY
    assert failure(execution).outcome == "memory"
    assert failure(execution).unit == "c1"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_half_a_gigabyte_of_output_fills_nothing_and_widgets_are_no_trouble(engine: RealEngine) -> None:
    execution = run(engine, candidate_of(FLOOD, WIDGET, "print('alive')"), memory_bytes=3 * 2**30, wall_s=240.0)
    assert execution.outcome is Outcome.OK, execution
    assert "alive" in execution.log_tail
    executed = engine.parts().objects.get(execution.outputs["executed.ipynb"])
    assert len(executed) < 2**20
    assert "the end of it" in executed.decode()
    assert "characters of output cut" in executed.decode()
    assert len(engine.parts().objects.get(execution.log)) < 2**20


def test_a_cell_can_neither_read_the_secret_nor_forge_the_result(engine: RealEngine) -> None:
    execution = run(engine, candidate_of("x = 1", FORGE))
    assert execution.outcome is Outcome.ERROR
    assert failure(execution).summary == "cell c1: RuntimeError: all the same"
    assert '"outcome": "ok"' in execution.log_tail, "a forged line is text like any other"


def test_who_kills_the_driver_gets_no_result(engine: RealEngine) -> None:
    kill = "import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(30)"
    execution = run(engine, candidate_of("print('first')", kill))
    assert execution.outcome is Outcome.ERROR
    assert [unit.outcome for unit in execution.units] == [UnitOutcome.OK, UnitOutcome.CUT]
    assert "ended from within" in failure(execution).detail
    assert execution.wall_s < 30


def test_shell_lines_and_modules_beside_run_inside_the_sandbox_and_tags_skip_nothing(engine: RealEngine) -> None:
    tagged = new_cell("c1", "print('a tag skips nothing')", tags=["skip-execution"])
    helped = new_cell("c3", "import wells\nprint(wells.__doc__)")
    cells = (new_cell("c0", "!echo hello from the shell"), tagged, new_cell("c2", "%%bash\necho again"), helped)
    files = {"wells.py": '"""a module beside it is found"""'}
    execution = run(engine, new_notebook_candidate(Notebook(cells=cells), files=files))
    assert execution.outcome is Outcome.OK, execution.detail
    for said in ("hello from the shell", "a tag skips nothing", "again", "a module beside it is found"):
        assert said in execution.log_tail
