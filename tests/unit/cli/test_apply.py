from __future__ import annotations

import json
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from assay.cli.commands.apply import apply
from assay.cli.commands.read import diff
from assay.cli.ending import summary_lines
from assay.cli.options.notebook_flags import data_of, with_notebook_flags, with_table
from assay.cli.output import Output
from assay.cli.shell import Shell
from assay.core.errors import IntegrityError, TaskError, UsageError
from assay.core.trial import Verdict
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.journal.objects import ObjectStore
from assay.journal.summary import Summary
from assay.kinds.notebook import parse
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.report.write import report_page
from assay.strategies.notebook.options import NotebookOptions, ReviewOptions
from assay.strategies.notebook.review import NotebookReview
from assay.strategies.notebook.strategy import NotebookSearch
from support.histories import STORIES
from support.notebook_bench import answers, base_notebook, bench, cells, critique, wish


@dataclass
class Desk:
    """A user's notebook and a review of it."""

    runs: Path
    own: Path
    text: str

    def shell(self, *, json: bool = False) -> tuple[Shell, StringIO]:
        out = StringIO()
        return Shell(output=Output(json=json, out=out, err=StringIO(), env={})), out


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    root = tmp_path_factory.mktemp("desk")
    own = base_notebook(root / "own.ipynb")
    # Results of an earlier session: those of cells that are not written stay.
    value = json.loads(own.read_text(encoding="utf-8"))
    for cell in value["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["seen\n"]}]
    own.write_text(json.dumps(value), encoding="utf-8")

    def review(_: Request[Any]) -> Scripted:
        return critique({"novel": wish("novel", score=1.5)}, focus="T2")

    folder = root / "runs" / "calm-otter"
    made = bench(
        folder,
        NotebookReview(ReviewOptions(max_iterations=1, source=str(own))),
        answers(lambda _: cells(1.0), review),
        backend=FileJournal(folder / "events.jsonl"),
        strategy_name="notebook_review",
    )
    made.open().work()
    return Desk(root / "runs", own, own.read_text(encoding="utf-8"))


@pytest.fixture
def fresh(desk: Desk) -> Desk:
    desk.own.write_text(desk.text, encoding="utf-8")
    return desk


def test_open_cells_are_written_after_they_were_shown_and_nothing_else(fresh: Desk) -> None:
    shell, out = fresh.shell()
    assert apply(shell, fresh.runs, None, "best", yes=True) == 0
    assert "cell novel: edited" in out.getvalue()
    assert "wrote 1 cell of #" in out.getvalue()
    assert [path.read_text(encoding="utf-8") for path in fresh.runs.glob("*/notebook_before.ipynb")] == [fresh.text]
    before, after = parse(fresh.text, "own.ipynb"), parse(fresh.own.read_text(encoding="utf-8"), "own.ipynb")
    assert after.cell("novel").source == wish("novel", score=1.5)
    assert [cell for cell in after.cells if cell.id != "novel"] == [cell for cell in before.cells if cell.id != "novel"]
    assert after.cell("load").rest["outputs"] == before.cell("load").rest["outputs"] != []
    assert not after.cell("novel").rest.get("outputs")


def test_the_report_of_a_review_says_how_to_take_it(fresh: Desk) -> None:
    folder = fresh.runs / "calm-otter"
    history = History(FileJournal(folder / "events.jsonl").read())
    page = report_page(history, ObjectStore(folder / "objects"), final=True)
    assert "assay apply best -r " in page
    best = history.ranking()[0]
    assert best.judgement is not None
    unsure = replace(best.judgement, verdict=Verdict.MAYBE, confirmed=None)
    history.trials[best.number] = replace(best, judgement=unsure)
    page = report_page(history, ObjectStore(folder / "objects"), final=True)
    assert "was not run again on fresh partitions; a run with more time does that" in page


def test_the_last_line_of_a_review_says_how_to_take_it() -> None:
    _, events = STORIES["good_run"](None)
    summary = replace(Summary.of(events), arguments={"source": "own.ipynb"})
    output = Output(out=StringIO(), err=StringIO(), env={})
    last = summary_lines(output, summary, Path("nowhere"), None)[-1]
    assert last.endswith(f"assay apply best -r {summary.run}")
    assert summary.finished is not None
    same = replace(summary, finished=replace(summary.finished, winner=0))
    assert "apply" not in summary_lines(output, same, Path("nowhere"), None)[-1], "the notebook as it came won"


def test_a_file_that_changed_meanwhile_is_left_alone(fresh: Desk) -> None:
    changed = fresh.text.replace("seen", "edited")
    fresh.own.write_text(changed, encoding="utf-8")
    with pytest.raises(IntegrityError, match="changed since the run started"):
        apply(fresh.shell()[0], fresh.runs, None, "best", yes=True)
    assert fresh.own.read_text(encoding="utf-8") == changed


@pytest.mark.parametrize("as_json", [False, True])
def test_without_a_terminal_nothing_is_written_unasked(fresh: Desk, as_json: bool) -> None:
    with pytest.raises(UsageError, match="nobody can be asked"):
        apply(fresh.shell(json=as_json)[0], fresh.runs, None, "best", yes=False)
    assert fresh.own.read_text(encoding="utf-8") == fresh.text


def test_the_base_itself_changes_nothing(fresh: Desk) -> None:
    shell, out = fresh.shell(json=True)
    assert apply(shell, fresh.runs, None, "0", yes=True) == 0
    value = json.loads(out.getvalue())
    assert (value["cells"], value["written"]) == ([], False)
    assert fresh.own.read_text(encoding="utf-8") == fresh.text


def test_a_run_without_a_file_of_ones_own_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "plain"
    made = bench(
        folder, NotebookSearch(NotebookOptions(max_iterations=1, baselines=False)), answers(lambda _: cells(1.7)),
        backend=FileJournal(folder / "events.jsonl"), strategy_name="notebook",
    )  # fmt: skip
    made.open().work()
    shell = Shell(output=Output(out=StringIO(), err=StringIO(), env={}))
    with pytest.raises(UsageError, match="did not start from a notebook of yours"):
        apply(shell, tmp_path / "runs", None, "best", yes=True)


def test_the_difference_of_notebooks_is_told_by_cell(fresh: Desk) -> None:
    shell, out = fresh.shell(json=True)
    assert diff(shell, fresh.runs, None, "1", None) == 0
    value = json.loads(out.getvalue())
    assert (value["new"], value["old"]) == (1, 0)
    assert value["diff"].splitlines()[0] == "cell novel: edited"
    assert '+novel = {"score": 1.5}' in value["diff"]
    assert "cell_type" not in value["diff"]


@pytest.mark.parametrize(
    ("strategy", "options", "expected"),
    [
        ("tree", {}, ("tree", ("a=1",))),
        ("tree", {"only": "execute"}, ("notebook", ("a=1", "only=execute"))),
        ("tree", {"ideas": Path("idea.json")}, ("notebook", ("a=1", "ideas=idea.json"))),
        ("tree", {"source": "my.ipynb"}, ("notebook_review", ("a=1", "source=my.ipynb"))),
        ("notebook", {"only": "analyze", "source": "run"}, ("notebook", ("a=1", "only=analyze", "source=run"))),
        (
            "tree",
            {"source": "my.ipynb", "rounds": "3"},
            ("notebook_review", ("a=1", "source=my.ipynb", "max_iterations=3")),
        ),
    ],
)
def test_options_of_notebooks_choose_their_strategy(
    strategy: str, options: dict[str, Any], expected: tuple[str, tuple[str, ...]]
) -> None:
    given = {"only": None, "source": None, "ideas": None, **options}
    assert with_notebook_flags(strategy, ["a=1"], **given) == expected


def test_the_confirmed_table_of_a_task_file_is_what_a_review_locks(tmp_path: Path) -> None:
    own = base_notebook(tmp_path / "own.ipynb")
    table = {"file": "own.ipynb", "locked": ["load", "final", "fit"], "open": ["novel", "extra"]}
    found = with_table({"max_iterations": "2"}, table, tmp_path)
    options = ReviewOptions.from_arguments(found)
    assert (options.source, options.max_iterations) == (str(own), 2)
    assert (options.locked, options.open, options.protected_sections) == (
        ("load", "final", "fit"), ("novel", "extra"), (),
    )  # fmt: skip
    other = {"source": "other.ipynb"}
    assert with_table(other, table, tmp_path) == other
    assert with_table({"source": str(own)}, table, tmp_path)["locked"] == "load,final,fit"
    below = tmp_path / "data"
    below.mkdir()
    outside = {**table, "file": "../own.ipynb"}
    assert with_table({"source": str(own)}, outside, below)["locked"] == "load,final,fit", "named by another way"
    typed = ReviewOptions.from_arguments(with_table({"locked": "novel", "open": "load"}, table, tmp_path))
    assert typed.locked == ("load", "final", "fit", "novel"), "what is typed unlocks nothing"
    with pytest.raises(TaskError, match="leaves out the cell 'fit'"):
        with_table({}, {**table, "locked": ["load", "final"]}, tmp_path)
    with pytest.raises(TaskError, match="cannot be read"):
        with_table({}, {**table, "file": "gone.ipynb"}, tmp_path)


def test_another_strategy_has_no_use_for_them() -> None:
    with pytest.raises(UsageError, match="'mle_star' has no use for --only, --source"):
        with_notebook_flags("mle_star", [], only="execute", source="x", ideas=None)
    with pytest.raises(UsageError, match="'tree' has no use for --rounds"):
        with_notebook_flags("tree", [], only=None, source=None, ideas=None, rounds="3")


def test_a_notebook_may_stand_where_the_data_do(tmp_path: Path) -> None:
    own = base_notebook(tmp_path / "own.ipynb")
    assert data_of(own) == (tmp_path, str(own))
    assert data_of(tmp_path, "a run") == (tmp_path, "a run")
    with pytest.raises(TaskError, match="there is no file"):
        data_of(tmp_path / "gone.ipynb")
    with pytest.raises(UsageError, match="one of them"):
        data_of(own, "other.ipynb")
