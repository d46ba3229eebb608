"""The kind `notebook`: cells, locks, differences, and how they are run.

    notebook = notebook_of(candidate)            # or parse(text, "solution.ipynb")
    locks = make_locks(notebook, LockPolicy(sections=("evaluation",), cells=("load-data",)))
    candidate = new_notebook_candidate(notebook, locks, title="...")
    unit = NotebookKind().units(candidate)[3]    # a code cell; unit.protected says whether it is locked
    edited = NotebookKind().replace(candidate, unit, text)     # E404 for a locked cell, ValueError if it does not parse
    print(diff_text(notebook_of(candidate), notebook_of(edited)))

A candidate reads `./input` and writes `./output/submission.csv`, as a script does; the engine grades it.
"""

from assay.kinds.notebook.cells import CellInfo, describe, label
from assay.kinds.notebook.create import new_cell, new_notebook_candidate
from assay.kinds.notebook.diff import CellChange, Change, cell_changes, diff_text
from assay.kinds.notebook.document import Cell, Notebook, notebook_of, parse, require_python, with_notebook, write
from assay.kinds.notebook.flat import Flat, flatten
from assay.kinds.notebook.kind import NOTEBOOK, NotebookKind
from assay.kinds.notebook.locks import (
    LOCKS_FILE,
    Decision,
    Lock,
    LockPolicy,
    Locks,
    Violation,
    broken_locks,
    decide,
    held,
    locks_of,
    make_locks,
    with_locks_of,
)

__all__ = [
    "LOCKS_FILE",
    "NOTEBOOK",
    "Cell",
    "CellChange",
    "CellInfo",
    "Change",
    "Decision",
    "Flat",
    "Lock",
    "LockPolicy",
    "Locks",
    "Notebook",
    "NotebookKind",
    "Violation",
    "broken_locks",
    "cell_changes",
    "decide",
    "describe",
    "diff_text",
    "flatten",
    "held",
    "label",
    "locks_of",
    "make_locks",
    "new_cell",
    "new_notebook_candidate",
    "notebook_of",
    "parse",
    "require_python",
    "with_locks_of",
    "with_notebook",
    "write",
]
