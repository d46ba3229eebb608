"""A notebook of one's own, with real kernels and no key: reviewed, improved, taken back, and run as a plain script."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assay.kinds.notebook import Notebook, new_cell, new_notebook_candidate, parse
from support.delivery_data import write_data

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
ENV = {name: value for name, value in os.environ.items() if name not in ("ASSAY_RUNS", "CI")}
# One fold: what is at stake here is the way, not the score.
FAST = ("--split", "holdout", "--metric", "rmse", "--time", "9m", "--trial-timeout", "200s", "--workers", "1",
        "--reseeds", "0", "--no-gate", "--display", "none", "--set", "max_iterations=1")  # fmt: skip

LOAD = """import pandas as pd
train, test = pd.read_csv("input/train.csv"), pd.read_csv("input/test.csv")"""
MODEL = """from sklearn.linear_model import Ridge
model = Ridge(alpha=100000.0)
model.fit(train[["x", "y"]], train["price"])"""
SAVE = """from pathlib import Path
Path("output").mkdir(exist_ok=True)
told = pd.DataFrame({"id": test["id"], "price": model.predict(test[["x", "y"]])})
told.to_csv("output/submission.csv", index=False)"""


def assay(*argv: str, cwd: Path) -> str:
    command = [sys.executable, "-m", "assay", *argv]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=ENV, timeout=500)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_ones_own_notebook_is_improved_in_its_open_cells_and_taken_back(tmp_path: Path) -> None:
    write_data(tmp_path / "data")
    own = tmp_path / "mine.ipynb"
    cells = (
        new_cell("load", LOAD, section="Data loading"),
        new_cell("model", MODEL, section="Model"),
        new_cell("save", SAVE, section="Final evaluation"),
    )
    own.write_text(new_notebook_candidate(Notebook(cells=cells)).source, encoding="utf-8")
    assay("run", "data", "--source", "mine.ipynb", "--name", "better", *FAST, cwd=tmp_path)
    history = (tmp_path / "runs" / "better" / "optimization_history.md").read_text(encoding="utf-8")
    assert "From the notebook mine.ipynb." in history
    assert "## Round 1: IMPROVED" in history
    assert "cell model: edited" in assay("diff", "best", "-r", "better", cwd=tmp_path)
    assert "wrote 1 cell" in assay("apply", "best", "-r", "better", "--yes", cwd=tmp_path)
    after = parse(own.read_text(encoding="utf-8"), own.name)
    assert after.cell("model").source != MODEL
    assert (after.cell("load").source, after.cell("save").source) == (LOAD, SAVE)

    alone = tmp_path / "alone"
    (alone / "output").mkdir(parents=True)
    shutil.copytree(tmp_path / "data", alone / "input")
    script = tmp_path / "runs" / "better" / "notebook_best.py"
    env = {"PATH": "/usr/bin:/bin", "HOME": str(alone), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(script)]
    again = subprocess.run(command, capture_output=True, text=True, check=False, cwd=alone, timeout=200, env=env)
    assert again.returncode == 0, again.stderr
    assert len((alone / "output" / "submission.csv").read_text(encoding="utf-8").splitlines()) == 61
