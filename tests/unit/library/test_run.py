"""A run from Python is the run that a terminal would have started."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from assay import open_run, run
from assay.core.errors import AssayError
from assay.library.card import Card
from assay.library.client import flags_of
from assay.library.run import Run
from assay.library.tables import placed
from support.data_sets import columns, with_target


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return with_target(columns(120), "binary")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, table: pd.DataFrame) -> Run:
    root = tmp_path_factory.mktemp("library") / "runs"
    test = table.drop(columns="y").head(7)
    return run(table, target="y", test=test, runs=root, trials=2, reseeds=0, no_gate=True, offline=True, no_mlflow=True)


def test_what_was_found_is_read_from_the_run(found: Run) -> None:
    assert found.exit_code == 0
    top = found.top()
    assert found.best is not None
    assert top["trial"][0] == found.best["trial"]
    assert top["score"].between(0, 1).all()
    assert found.status["state"] == "finished"
    assert "solution.py" in found.trial()["content"]
    assert found.name in found._repr_html_()


def test_test_rows_are_predicted(found: Run) -> None:
    assert found.submission is not None
    assert len(found.submission) == 7


def test_a_run_is_opened_again_and_taken_out(found: Run, tmp_path: Path) -> None:
    same = open_run(found.name[:-1], runs=found.folder.parent)
    assert same.folder == found.folder
    assert same.exit_code is None, "what was not started from here has no exit code here"
    out = same.export(tmp_path / "solution")
    assert {"train.py", "predict.py", "requirements.txt"} <= {path.name for path in out.iterdir()}
    with pytest.raises(AssayError) as caught:
        same.export(out)
    assert caught.value.code == "E072"
    assert same.report().is_file()


def test_a_refusal_is_an_exception_with_its_code_and_fix(tmp_path: Path, table: pd.DataFrame) -> None:
    with pytest.raises(AssayError, match="no column 'z'") as caught:
        run(table, target="z", runs=tmp_path / "runs", show=False)
    assert (caught.value.code, bool(caught.value.fix)) == ("E102", True)
    with pytest.raises(AssayError) as caught:
        open_run("nobody", runs=tmp_path / "runs")
    assert caught.value.code in ("E201", "E203")


def test_an_interruption_saves_the_run(tmp_path: Path, table: pd.DataFrame) -> None:
    table.to_csv(tmp_path / "table.csv", index=False)
    # A test run in the background of a shell may have been told to ignore interruptions.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from assay import run;"
        "run('table.csv', target='y', time='10m', offline=True, no_mlflow=True)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "ASSAY_RUNS": str(tmp_path / "runs")},
    )
    assert process.stdout is not None
    assert "started" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert "KeyboardInterrupt" in said
    state = open_run(runs=tmp_path / "runs").status
    assert (state["state"], state["pid"]) != ("finished", None)
    assert "assay resume" in json.dumps(state)


def test_options_are_flags() -> None:
    assert flags_of({"time": "5m", "offline": True, "no_gate": False, "seed": None, "set": ["a=1", "b=2"]}) == [
        "--time=5m",
        "--offline",
        "--set=a=1",
        "--set=b=2",
    ]
    with pytest.raises(AssayError) as caught:
        flags_of({"detach": True})
    assert caught.value.code == "E042"


def test_equal_tables_are_written_once(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": [1.5, 2.0], 7: ["a", "b"]})
    first, second = placed(table, None, tmp_path), placed(table.copy(), None, tmp_path)
    assert first == second
    assert (first / "train.csv").read_text() == "x,7\n1.5,a\n2.0,b\n"
    assert placed(table, table, tmp_path) != first
    named = table.set_index("x")
    assert (placed(named, None, tmp_path) / "train.csv").read_text().startswith("x,7\n")


@pytest.mark.parametrize(
    ("data", "test", "said"),
    [
        (pd.DataFrame({"x": []}), None, "no rows"),
        (pd.DataFrame([[1, 2]], columns=["x", "x"]), None, "more than one column 'x'"),
        ([1, 2], None, "but list"),
        ("folder", pd.DataFrame({"x": [1]}), "goes with a table"),
    ],
)
def test_tables_that_cannot_be_worked_on(tmp_path: Path, data: object, test: object, said: str) -> None:
    with pytest.raises(AssayError, match=said) as caught:
        placed(data, test, tmp_path)
    assert caught.value.code == "E047"
    assert not list(tmp_path.iterdir())


def test_a_card_shows_titles_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    card = Card()
    trial = {"event": "trial", "trial": 3, "score": 0.5, "std_error": 0.01, "verdict": "real", "state": "complete"}
    rest = {"better_folds": 4, "judged_folds": 5, "wall_s": 3.0, "title": "<img src=x>\x1b[31m"}
    card.take({"event": "launch", "run": "calm-fox", "folder": "runs/calm-fox"})
    card.take(trial | rest)
    assert "<img" not in card.markup()
    assert "&lt;img src=x&gt;" in card.markup()
    assert "real 4/5" in card.markup()
    assert "calm-fox · running · 1 trial done" in card.markup()
    assert "\x1b" not in capsys.readouterr().out
