from __future__ import annotations

from pathlib import Path

from assay.core.candidate import Candidate
from assay.engine.static import check_any
from assay.kinds.notebook import LockPolicy, Notebook, make_locks, new_cell, new_notebook_candidate, with_notebook
from support.real_engine import binary_task

TASK = binary_task(Path("/nowhere"))


def test_findings_name_the_cell_and_its_line() -> None:
    cells = (
        new_cell("a", "import pandas as pd", name="Load"),
        new_cell("b", "%matplotlib inline\nx = 1\nopen('/etc/passwd')"),
        new_cell("c", "!pip install xgboost\nd.to_csv('output/submission.csv')"),
    )
    helper = {"helper.py": "open('/etc/shadow')\n"}
    found = check_any(new_notebook_candidate(Notebook(cells=cells), files=helper), TASK)
    said = {f.code: f.sentence for f in found if not f.sentence.startswith("helper.py")}
    assert said["L01"].startswith("cell 2 [b], line 3: ")
    assert said["L05"].startswith("cell 3 [c], line 1: 'pip install xgboost': there is no network")
    assert "L09" not in said
    assert any(f.sentence.startswith("helper.py: ") for f in found)


def test_a_broken_lock_and_an_unreadable_notebook_reject() -> None:
    notebook = Notebook(cells=(new_cell("a", "x = 1", tags=["locked"]), new_cell("b", "y = 1")))
    candidate = new_notebook_candidate(notebook, make_locks(notebook, LockPolicy()))
    assert [f.code for f in check_any(candidate, TASK)] == ["L09"]
    forced = with_notebook(candidate, notebook.with_source("a", "x = 2"))
    first = check_any(forced, TASK)[0]
    assert (first.code, str(first.severity)) == ("L18", "reject")
    broken = Candidate(kind="notebook", files={"solution.ipynb": "{"}, entry="solution.ipynb")
    assert [f.code for f in check_any(broken, TASK)] == ["L18"]
