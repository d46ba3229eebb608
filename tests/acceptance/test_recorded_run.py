"""Recorded runs are replayed through the real engine: the same answers end in the same trials, without a network."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.strategies.notebook.record import base_of
from support.biopsy_data import write_biopsy_data
from support.house_data import write_house_data
from support.phrase_data import write_phrase_data

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
RECORDINGS = Path(__file__).parent.parent / "recordings"
OPTIONS = ("--split", "holdout", "--trials", "10", "--name", "again", "--display", "plain", "--no-gate")
TREE = (*OPTIONS, "--metric", "rmse", "--workers", "1")
SIZES = ("models=2", "outer=1", "inner=2", "paths=1", "rounds=1")
# The noise is measured in the replay of a tree; here nothing hangs on it.
QUIET = ("--reseeds", "0")
STAR = (*OPTIONS, *QUIET, "--workers", "2", "--strategy", "mle_star", *(f"--set={size}" for size in SIZES))
PHASES = {
    "step-0002": ("init", "merge", "data-usage", "refine"),
    "step-0003": ("ensemble",),
    "step-0004": ("finalize", "validate"),
}
# No way out: a request to anything but a file would fail.
NOWHERE = {name: "http://127.0.0.1:9" for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")}
ENV = {name: value for name, value in os.environ.items() if not name.startswith(("ASSAY_", "OPENAI_", "CI"))} | NOWHERE
ENV["ASSAY_MLFLOW"] = "off"


def assay_run(folder: Path, *arguments: str) -> None:
    """Run `assay run` in `folder`, which must end well."""
    done = subprocess.run(
        [sys.executable, "-m", "assay", "run", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=ENV,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr


def replayed(folder: Path, recordings: Path, *options: str) -> History:
    """Run on `folder/data` with recorded answers alone; return the run's history."""
    assay_run(folder, "data", "--model", f"recorded:{recordings}", *options)
    return History(FileJournal(folder / "runs" / "again" / "events.jsonl").read())


def is_as_recorded(history: History, folder: Path, recordings: Path, *, blends: bool = True) -> None:
    """Assert that the trials are those of the recording, that all its answers were used, and what was delivered.

    Args:
        history: Of the replay.
        folder: Where it ran.
        recordings: Of the run before.
        blends: Whether the recording tells of blends too; whether there is one hangs on the last digits of scores.
    """
    tried = [t for t in history.trials.values() if blends or t.operator != "blend"]
    found = [[t.key, str(t.state), t.operator, t.title, len(t.repairs)] for t in tried]
    # Two workers may begin two trials in either order.
    assert sorted(found) == sorted(json.loads((recordings / "trials.json").read_text(encoding="utf-8")))
    asked = [question for question in history.questions.values() if question.role != "baseline"]
    assert len(asked) == len(list(recordings.glob("*-*.json")))
    assert history.finished is not None
    assert history.finished.winner is not None
    assert (folder / "runs" / "again" / "submission.csv").is_file()


def test_a_recording_ends_in_the_same_trial_table(tmp_path: Path) -> None:
    write_house_data(tmp_path / "data")
    recordings = RECORDINGS / "house-prices"
    is_as_recorded(replayed(tmp_path, recordings, *TREE), tmp_path, recordings)


@pytest.mark.parametrize(
    ("name", "write", "metric", "winner", "good"),
    [
        ("star-house-prices", write_house_data, "rmse", "step-0002/refine-0/plan-0/trial", 14.0),
        ("star-biopsies", write_biopsy_data, "log_loss", "step-0002/data-usage/trial", 0.1),
    ],
    ids=["house-prices", "biopsies"],
)
def test_a_recorded_mle_star_goes_through_all_phases_to_the_same_winner(
    tmp_path: Path, name: str, write: Callable[[Path], None], metric: str, winner: str, good: float
) -> None:
    write(tmp_path / "data")
    recordings = RECORDINGS / name
    history = replayed(tmp_path, recordings, *STAR, "--metric", metric)
    is_as_recorded(history, tmp_path, recordings)
    best = history.trials[history.finished.winner or 0] if history.finished else None
    assert best is not None
    assert best.score is not None
    assert (best.key, best.score < good) == (winner, True)
    for step, phases in PHASES.items():
        for phase in phases:
            assert f"phase/{step}/{phase}/begun" in history.notes
            assert history.notes[f"phase/{step}/{phase}/ended"] == {"skipped": ""}


@pytest.mark.timeout(700)  # some twenty kernels are started
def test_a_recorded_review_improves_the_open_cells_of_a_notebook(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "examples" / "perturbation"
    _screen(example, tmp_path)
    recordings = RECORDINGS / "review-perturbation"
    model = ("--model", f"recorded:{recordings}", "--source", "notebook.ipynb", "--set", "max_iterations=2")
    options = (*model, *QUIET, "--split", "holdout", "--trials", "3", "--no-gate", "--display", "plain")
    assay_run(tmp_path, "task.toml", "--strategy", "notebook_review", "--name", "again", *options)
    run = tmp_path / "runs" / "again"
    history = History(FileJournal(run / "events.jsonl").read())
    is_as_recorded(history, tmp_path, recordings)
    first, _, last = (history.trials[number] for number in sorted(history.trials)[:3])
    assert first.score is not None
    assert last.score is not None
    assert last.score > first.score + 0.05, "the level of the plate, then the dose curve"
    before, after = (cells(path) for path in (tmp_path / "notebook.ipynb", run / "notebook_best.ipynb"))
    assert {name for name in before if before[name] != after[name]} == {"features", "model"}, "locked cells are as ever"


@pytest.mark.timeout(900)  # fourteen kernels are started
def test_a_recorded_notebook_is_written_and_its_review_stays_above_the_baseline_inside_it(tmp_path: Path) -> None:
    write_phrase_data(tmp_path / "data")
    task = ("--metric", "pearson", "--split", "holdout", "--display", "plain", *QUIET)
    written, review = RECORDINGS / "notebook-us-patent", RECORDINGS / "review-us-patent"
    ideas = ("--only", "generate", "--ideas", str(written / "idea.json"), "--name", "written")
    assay_run(tmp_path, "data", "--strategy", "notebook", *ideas, *task, "--model", f"recorded:{written}")
    notebook = tmp_path / "runs" / "written" / "notebook_prompt.ipynb"
    options = ("--strategy", "notebook_review", "--source", str(notebook), "--set", "max_iterations=2")
    history = replayed(tmp_path, review, *options, *task, "--trials", "3", "--no-gate", "--name", "again")
    is_as_recorded(history, tmp_path, review, blends=False)
    base = base_of(history)
    assert base is not None
    assert base.inner, "the baseline inside the notebook is what is locked"
    scores = [history.trials[number].score for number in range(3)]
    assert all(score and score > base.score + 0.15 for score in scores), "labels tell what letters cannot"
    run = tmp_path / "runs" / "again"
    before, first, second = (cells(run / f"notebook_{name}.ipynb") for name in ("base", "iter_1", "iter_2"))
    assert {name for name in before if before[name] != first[name]} == {"method"}
    changed = {name for name in before if before[name] != second[name]}
    assert {"neighbours"} <= changed <= {"neighbours", "method"}, "it starts from the better of the two before"


def cells(notebook: Path) -> dict[str, str]:
    told = json.loads(notebook.read_text(encoding="utf-8"))
    return {cell["id"]: "".join(cell["source"]) for cell in told["cells"] if cell["cell_type"] == "code"}


def _screen(example: Path, folder: Path) -> None:
    """Write a smaller screen than the recorded one; the answers know no sizes."""
    spec = importlib.util.spec_from_file_location("generate", example / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = generate
    spec.loader.exec_module(generate)
    generate.main(folder, generate.Screen(compounds=60, new_compounds=10, plates=8))
    for name in ("task.toml", "notebook.ipynb"):
        shutil.copy(example / name, folder / name)
