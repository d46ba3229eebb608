"""`assay init NOTEBOOK`: a table of cells that a person confirms, and that says which are locked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import TaskError
from assay.data.task_file import load_task_file
from assay.kinds.notebook import Notebook, make_locks, new_cell, parse, write
from assay.kinds.notebook.table import policy_of
from support.real_engine import write_data

NOTEBOOK = Notebook(
    cells=(
        new_cell("words", "# A model of mine", type="markdown"),
        new_cell("load", "import pandas as pd\ntrain = pd.read_csv('input/train.csv')"),
        new_cell("fit", "model.fit(train[columns], train.target)", name="Fit"),
        new_cell("heading", "# Evaluation", type="markdown"),
        new_cell("check", "print(roc_auc_score(a, b))"),
        new_cell("save", "rows.to_csv('output/submission.csv', index=False)"),
    )
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_data(tmp_path / "data", rows=60, tests=20)
    (tmp_path / "data" / "mine.ipynb").write_text(write(NOTEBOOK, "mine.ipynb"), encoding="utf-8")
    return tmp_path / "data"


def test_the_table_is_shown_written_read_and_kept(assay: Callable[..., Any], folder: Path) -> None:
    said = assay("init", "data/mine.ipynb")
    assert said.code == 0, said
    for line in ("load   locked  it loads data (read_csv)", "Fit    open", "its section says 'Evaluation'"):
        assert line in said.out
    file = folder / "task.toml"
    table = load_task_file(file).notebook
    assert table == {"file": "mine.ipynb", "locked": ["load", "check", "save"], "open": ["fit"]}
    locks = make_locks(NOTEBOOK, policy_of(table, NOTEBOOK))
    assert [lock.id for lock in locks.items] == ["load", "check", "save"]

    again = assay("init", "data/mine.ipynb")
    assert (again.code, "E028" in again.err) == (2, True)
    text = file.read_text(encoding="utf-8").replace("row_cap = 30000", "row_cap = 77")
    file.write_text(text.replace('    "check"', '    # mine: "check"'), encoding="utf-8")
    forced = assay("init", "data/mine.ipynb", "--force", "--json")
    assert forced.json["notebook"]["cells"][2]["locked"] is True
    loaded = load_task_file(file)
    assert loaded.inspection.task.row_cap == 77, "what a person wrote elsewhere stays"
    assert loaded.notebook["locked"] == ["load", "check", "save"]


def test_a_check_of_a_notebook_says_what_is_locked_and_whether_the_table_still_fits(
    assay: Callable[..., Any], folder: Path
) -> None:
    assert "cells    3 locked, 1 open by a guess" in assay("check", "data/mine.ipynb").out
    assert assay("init", "data/mine.ipynb").code == 0
    file = folder / "task.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('    "check"', '    "fit", "check"'), encoding="utf-8")
    assert "cells    4 locked, 0 open, as the task file says" in assay("check", "data/mine.ipynb").out
    file.write_text(file.read_text(encoding="utf-8").replace('    "load"', '    "gone", "load"'), encoding="utf-8")
    misfit = assay("check", "data/mine.ipynb")
    assert (misfit.code, "E140" in misfit.err) == (2, True)


def test_a_kernel_of_another_name_is_told_and_one_of_another_language_refused(
    assay: Callable[..., Any], folder: Path
) -> None:
    own = folder / "mine.ipynb"
    value = json.loads(own.read_text(encoding="utf-8"))
    value["metadata"]["kernelspec"] = {"name": "scvi-env", "display_name": "scVI", "language": "python"}
    own.write_text(json.dumps(value), encoding="utf-8")
    assert "kernel scvi-env not started" in assay("init", "data/mine.ipynb").out
    value["metadata"]["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    own.write_text(json.dumps(value), encoding="utf-8")
    refused = assay("init", "data/mine.ipynb", "--force")
    assert (refused.code, "E141" in refused.err, "written in R" in refused.err) == (2, True, True)


def test_a_folder_with_one_notebook_gets_the_table_too(assay: Callable[..., Any], folder: Path) -> None:
    assert assay("init", "data").code == 0
    assert load_task_file(folder / "task.toml").notebook["open"] == ["fit"]


def test_a_notebook_that_is_none_leaves_no_file(assay: Callable[..., Any], folder: Path) -> None:
    (folder / "mine.ipynb").write_text("{", encoding="utf-8")
    said = assay("init", "data/mine.ipynb")
    assert (said.code, "E138" in said.err) == (2, True)
    assert "Traceback" not in said.err
    assert not (folder / "task.toml").exists()
    assert assay("init", "data/other.ipynb").code == 2


def test_a_table_that_no_longer_fits_is_refused() -> None:
    table = {"file": "mine.ipynb", "locked": ["load"], "open": ["fit", "check"]}
    for change in ({}, {"open": ["fit", "check", "save", "gone"]}):
        with pytest.raises(TaskError) as caught:
            policy_of({**table, **change}, NOTEBOOK)
        assert caught.value.code == "E140"
    both = {**table, "open": ["fit", "check", "save", "load"]}
    assert "load" in {lock.id for lock in make_locks(NOTEBOOK, policy_of(both, NOTEBOOK)).items}
    assert parse(write(NOTEBOOK, "a.ipynb"), "a.ipynb").ids == NOTEBOOK.ids
