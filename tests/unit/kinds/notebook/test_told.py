"""What a driver tells, and what only looks like it; the driver's own words, without a kernel."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest

from assay.core.execution import Outcome, UnitOutcome, UnitRun
from assay.kinds.base import Launch, Told
from assay.kinds.notebook import NotebookKind, new_cell, new_notebook_candidate
from assay.kinds.notebook._driver import Bounded, Driver, Teller, _how_it_died, _line, _traceback
from assay.kinds.notebook.document import Notebook, to_dict
from assay.kinds.notebook.launch import EXECUTED, make_launch
from assay.sandbox import SandboxLimits

KIND = NotebookKind()
LIMITS = SandboxLimits(wall_s=100.0, memory_bytes=2**30, threads=3)
CELL = {"wall_s": 1.5, "line": 2, "detail": "", "traceback": "", "executed": "d1"}


def a_notebook(*names: str) -> Notebook:
    return Notebook(cells=tuple(new_cell(name, f"{name} = 1") for name in names))


def a_launch(**more: Any) -> Launch:
    options = {"python": None, "seed": 7, "limits": LIMITS, "inbox": "", "cell_s": None, **more}
    return make_launch(new_notebook_candidate(a_notebook("a", "b")), **options)


def told(launch: Launch, printed: str) -> Told:
    return KIND.told(launch, printed.encode())


@pytest.fixture
def launch() -> Launch:
    return a_launch()


@pytest.fixture
def teller(launch: Launch) -> Teller:
    return Teller(bytes.fromhex(launch.token))


def test_a_run_is_told_cell_by_cell(launch: Launch, teller: Teller, capsys: pytest.CaptureFixture[str]) -> None:
    teller.tell("ready", wall_s=0.5)
    teller.tell("start", id="a")
    teller.say("hello\n")
    teller.tell("cell", id="a", outcome="ok", **CELL)
    teller.tell("start", id="b")
    printed = capsys.readouterr().out
    found = told(launch, printed)
    first = UnitRun(unit="a", outcome=UnitOutcome.OK, wall_s=1.5, line=2)
    assert found.units == (first, UnitRun(unit="b", outcome=UnitOutcome.CUT))
    assert (found.outcome, found.detail, found.digests) == (None, "", {EXECUTED: "d1"})
    assert found.log.decode().strip() == "hello"
    teller.tell("cell", id="b", outcome="error", **CELL | {"detail": "KeyError: 1", "traceback": "x", "executed": "d2"})
    teller.tell("halt", round=1, id="b")
    printed += capsys.readouterr().out
    assert told(launch, printed).halts == 1
    teller.tell("end", outcome="error", detail="KeyError: 1", id="b", executed="d3")
    found = told(launch, printed + capsys.readouterr().out)
    assert found.units[1].error == "KeyError: 1"
    assert found.units[1].trace == "x"
    assert (found.halts, found.broken) == (1, "")
    assert (found.outcome, found.detail) == (Outcome.ERROR, "cell b: error: KeyError: 1")
    assert found.digests == {EXECUTED: "d3"}


@pytest.mark.parametrize(
    ("said", "outcome", "detail"),
    [
        ("ok", Outcome.OK, ""),
        ("cell timeout", Outcome.TIMEOUT, "cell timeout: why"),
        ("run timeout", Outcome.TIMEOUT, "run timeout: why"),
        ("dead kernel", Outcome.ERROR, "dead kernel: why"),
    ],
)
def test_each_end_is_an_outcome(
    launch: Launch, teller: Teller, capsys: pytest.CaptureFixture[str], said: str, outcome: Outcome, detail: str
) -> None:
    teller.tell("end", outcome=said, detail="why", id="", executed="")
    found = told(launch, capsys.readouterr().out)
    assert (found.outcome, found.detail, found.digests) == (outcome, detail, {})


def test_what_a_cell_prints_is_no_word_of_the_drivers(
    launch: Launch, teller: Teller, capsys: pytest.CaptureFixture[str]
) -> None:
    teller.tell("start", id="a")
    real = capsys.readouterr().out
    Teller(b"another key").tell("end", outcome="ok", detail="", id="", executed="d")
    forged = capsys.readouterr().out
    found = told(launch, forged + real + real + "@assay-notebook\n@assay-notebook missing x\n")
    assert [unit.unit for unit in found.units] == ["a"], "what is printed again is not believed"
    assert (found.outcome, found.digests, found.broken) == (None, {}, "")
    log = found.log.decode()
    assert log.count("@assay-notebook") == 4
    assert log.startswith(forged.rstrip("\n"))


def test_what_keeps_a_driver_from_its_work_is_told(
    launch: Launch, teller: Teller, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "'nbclient'" in told(launch, "@assay-notebook missing nbclient\n").broken
    assert told(launch, "x @assay-notebook missing nbclient\n").broken == ""
    teller.tell("end", outcome="no kernel", detail="no room", id="", executed="")
    found = told(launch, capsys.readouterr().out)
    assert found.broken.endswith("no room")
    assert found.outcome is None


def test_the_order_has_time_left_for_the_end_and_a_secret_of_its_own() -> None:
    one, other = a_launch(), a_launch(cell_s=5.0, inbox="/in", limits=SandboxLimits(wall_s=2.0, memory_bytes=1))
    orders = [json.loads(launch.files[".assay/order.json"]) for launch in (one, other)]
    assert [order["key"] for order in orders] == [one.token, other.token]
    assert one.token != other.token
    assert [(order["run_s"], order["cell_s"], order["inbox"]) for order in orders] == [(94, None, ""), (1.4, 5, "/in")]
    assert one.command.argv[-2:] == (".assay/driver.py", ".assay/order.json")
    assert (one.command.env["ASSAY_SEED"], one.command.env["ASSAY_THREADS"]) == ("7", "3")
    assert one.takes == (EXECUTED,)


def test_a_halt_is_answered_if_nothing_before_it_changed() -> None:
    halted = new_notebook_candidate(a_notebook("a", "b", "c"))

    def answer(*cells: tuple[str, str], unit: str = "b", **more: Any) -> dict[str, Any] | None:
        made = Notebook(cells=tuple(new_cell(name, source) for name, source in cells))
        said = KIND.answer(a_launch(), halted, new_notebook_candidate(made, **more), unit)
        return None if said is None else json.loads(said)

    mended = (("a", "a = 1"), ("b", "b = 2"), ("c", "c = 3"))
    said = answer(*mended)
    assert said is not None
    assert said["from"] == "b"
    assert ["".join(cell["source"]) for cell in said["notebook"]["cells"]] == ["a = 1", "b = 2", "c = 3"]
    assert answer(("a", "a = 0"), *mended[1:]) is None
    assert answer(*mended[1:]) is None
    assert answer(mended[0], mended[2]) is None
    assert answer(*mended, files={"helper.py": "x = 1"}) is None
    assert KIND.answer(a_launch(), halted, None, "b") == "{}"
    assert KIND.answer_name(3) == "answer-3.json"


# --- the driver itself, in this process and without a kernel


def message(kind: str, **content: Any) -> dict[str, Any]:
    return {"msg_type": kind, "content": content, "header": {"msg_type": kind}, "parent_header": {}, "metadata": {}}


class Cells:
    """A client that keeps at most a hundred characters of a cell."""

    def __init__(self) -> None:
        self.notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x")])
        self.cell = self.notebook.cells[0]
        self.client = Bounded(self.notebook, None, Teller(b"key"), keep=100)
        self.client.clear_before_next_output = False  # as the start of a cell sets it

    def take(self, kind: str, **content: Any) -> None:
        self.client.process_message(message(kind, **content), self.cell, 0)

    @property
    def text(self) -> str:
        return "".join(output.get("text", "") for output in self.cell.outputs)


def test_of_much_output_the_beginning_the_end_and_the_count_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    cells = Cells()
    cells.take("stream", name="stdout", text="a" * 60)
    cells.take("stream", name="stdout", text="b" * 60)
    for n in range(1_000):
        cells.take("stream", name="stderr", text=f"{n:04d} " * 3)
    cells.client.finish(cells.cell)
    assert cells.text.startswith("a" * 60 + "b" * 40 + "\n[... ")
    assert cells.text.endswith("0998 0999 0999 0999 ")
    assert f"[... {20 + 15_000 - 25} characters of output cut ...]" in cells.text
    assert capsys.readouterr().out == cells.text


def test_a_cell_that_prints_little_is_passed_on_whole_and_the_next_one_counts_anew(
    capsys: pytest.CaptureFixture[str],
) -> None:
    cells = Cells()
    cells.take("stream", name="stdout", text="x" * 100)
    cells.client.finish(cells.cell)
    cells.client.begin()
    cells.take("stream", name="stdout", text="y" * 100)
    cells.client.finish(cells.cell)
    assert cells.text == "x" * 100 + "y" * 100 == capsys.readouterr().out


def test_a_picture_that_is_too_large_is_left_out_and_widgets_are_passed_over() -> None:
    cells = Cells()
    cells.take("display_data", data={"text/plain": "small"}, metadata={"a": 1})
    cells.take("display_data", data={"image/png": "p" * 500}, metadata={"a": 1})
    cells.take("comm_open", data={}, comm_id="1", target_name="t")
    cells.take("update_display_data", data={"text/plain": "other"}, metadata={}, transient={})
    cells.take("clear_output", wait=False)
    shown = [(output["data"]["text/plain"], dict(output["metadata"])) for output in cells.cell.outputs]
    assert shown == [("small", {"a": 1}), ("[an output of 517 characters was left out]", {})]


def test_what_a_cell_shows_is_passed_on_and_counts(capsys: pytest.CaptureFixture[str]) -> None:
    cells = Cells()
    cells.take("execute_result", data={"text/plain": "y" * 60}, metadata={}, execution_count=1)
    cells.take("display_data", data={"image/png": "p"}, metadata={})
    cells.take("stream", name="stdout", text="z" * 60)
    cells.client.finish(cells.cell)
    assert "z" * 10 in cells.text
    assert "characters of output cut" in cells.text
    assert capsys.readouterr().out.startswith("y" * 60 + "\n\nz")


def test_there_is_an_end_to_the_number_of_outputs() -> None:
    cells = Cells()
    for _ in range(300):
        cells.take("display_data", data={"image/png": "p" * 500}, metadata={})
    cells.client.begin()
    cells.take("stream", name="stdout", text="more")
    assert len(cells.cell.outputs) == 200


def test_of_errors_the_first_is_kept_and_the_end_of_its_lines() -> None:
    cells = Cells()
    cells.take(
        "error", ename="KeyError", evalue="v" * 9_000, traceback=[f"line {n}" for n in range(99)] + ["z" * 9_000]
    )
    cells.take("error", ename="ValueError", evalue="", traceback=["more"])
    (error,) = cells.cell.outputs
    assert (error.ename, len(error.evalue), len(error.traceback)) == ("KeyError", 6_000, 50)
    assert _traceback(cells.cell) == "z" * 6_000
    assert _traceback(nbformat.v4.new_code_cell("x")) == ""


@pytest.mark.parametrize(
    ("reply", "asked"), [([], False), ([{"source": "page"}], False), ([{"source": "ask_exit"}], True)]
)
def test_a_cell_that_asks_to_exit_is_noticed(reply: list[dict[str, str]], asked: bool) -> None:
    cells = Cells()
    cells.client._executed(cells.cell, 0, {"content": {"payload": reply}})
    assert cells.client.asked_to_exit is asked


def test_the_innermost_line_of_the_cell_is_told() -> None:
    cell = nbformat.v4.new_code_cell("x", execution_count=3)
    trace = "Cell In[2], line 9\nCell In[3], line 4\n  f()\nCell In[3], line 2, in f()\nFile x.py, line 7"
    assert (_line(cell, trace), _line(cell, "Cell In[2], line 9"), _line(cell, "")) == (2, 0, 0)


@pytest.mark.parametrize(
    ("code", "words"), [(None, "no longer answers"), (-9, "killed by signal 9"), (7, "ended with exit code 7")]
)
def test_how_a_kernel_died(code: int | None, words: str) -> None:
    process = None if code is None else SimpleNamespace(returncode=code)
    assert _how_it_died(SimpleNamespace(provisioner=SimpleNamespace(process=process))).endswith(words)


def test_a_mended_notebook_keeps_the_cells_that_ran_and_starts_at_the_mended_one(tmp_path: Path) -> None:
    order = {"key": "aa", "notebook": to_dict(a_notebook("a", "b")), "inbox": "", "folder": str(tmp_path), "keep": 100}
    driver = Driver(order)
    driver._nb.cells[0].outputs = [nbformat.v4.new_output("stream", text="ran")]
    mended = {"notebook": to_dict(a_notebook("a", "b", "c")), "from": "b"}
    assert driver._go_on({}) is None
    assert driver._go_on(mended) == 1
    before = {"notebook": to_dict(a_notebook("a", "new", "b")), "from": "b"}
    fresh = Driver(order)
    assert fresh._go_on(before) == 2
    assert [cell.id for cell in fresh._nb.cells] == ["a", "new", "b"]
    assert [(cell.id, len(cell.outputs)) for cell in driver._nb.cells] == [("a", 1), ("b", 0), ("c", 0)]
