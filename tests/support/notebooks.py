"""Small notebooks for tests: the standard library only, so that a kernel starts and ends fast."""

from __future__ import annotations

from typing import Any

from assay.core.candidate import Candidate
from assay.kinds.notebook import Locks, Notebook, new_cell, new_notebook_candidate
from support.real_engine import PRELUDE

LOAD, FIT, SAVE = "load-data", "fit", "save"


def honest_cells(fit: str = "predictions = list(zip(ids, predict(fit(train), test)))") -> Notebook:
    """Return a notebook that reads the view, predicts honestly and writes its predictions."""
    load = PRELUDE.rpartition("predictions = ")[0]
    return Notebook(
        cells=(
            new_cell("intro", "# Load", type="markdown"),
            new_cell(LOAD, load, name="Load", purpose="reads the view", subtask="T2"),
            new_cell("title-fit", "# Fit", type="markdown"),
            new_cell(FIT, fit, name="Fit", subtask="T3"),
            new_cell("title-save", "# Save", type="markdown"),
            new_cell(SAVE, 'write(predictions)\nprint("saved", len(predictions))', name="Save", subtask="T6"),
        )
    )


def candidate_of(*cells: str, locks: Locks | None = None, **fields: Any) -> Candidate:
    """Return a candidate whose code cells have these sources and the ids `c0`, `c1` ..."""
    notebook = Notebook(cells=tuple(new_cell(f"c{index}", source) for index, source in enumerate(cells)))
    return new_notebook_candidate(notebook, locks, title="notebook", **fields)
