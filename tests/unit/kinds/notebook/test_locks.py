"""Locks hold against every edit that one could think of, and a protected name wins over every other list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from assay.core.candidate import Candidate
from assay.core.errors import IntegrityError
from assay.kinds.notebook import (
    LOCKS_FILE,
    Cell,
    LockPolicy,
    Locks,
    Notebook,
    NotebookKind,
    broken_locks,
    decide,
    locks_of,
    make_locks,
    new_cell,
    new_notebook_candidate,
    notebook_of,
    with_notebook,
)
from support.notebooks import FIT, LOAD, honest_cells

KIND = NotebookKind()
METRIC, EVALUATE = "metric", "evaluate"


def trusted() -> Notebook:
    cells = list(honest_cells().cells)
    metric = new_cell(METRIC, "def score(a, b):\n    return 1.0", tags=["protected"])
    evaluate = new_cell(EVALUATE, "print(score(1, 2))", section="Evaluation")
    return Notebook(cells=(*cells[:2], *cells[2:4], metric, evaluate))


POLICY = LockPolicy(cells=(LOAD,), sections=("evaluation",), open=(LOAD, METRIC))
LOCKS = make_locks(trusted(), POLICY)


def candidate() -> Candidate:
    return new_notebook_candidate(trusted(), LOCKS, title="locked")


def edited(change: Callable[[list[Cell]], None]) -> Notebook:
    cells = list(trusted().cells)
    change(cells)
    return trusted().with_cells(cells)


def at(cells: list[Cell], name: str) -> int:
    return next(index for index, cell in enumerate(cells) if cell.id == name)


def put(name: str, **fields: object) -> Callable[[list[Cell]], None]:
    def change(cells: list[Cell]) -> None:
        index = at(cells, name)
        cells[index] = replace(cells[index], **fields)  # type: ignore[arg-type]

    return change


def move(name: str, to: int) -> Callable[[list[Cell]], None]:
    return lambda cells: cells.insert(to, cells.pop(at(cells, name)))


def insert(index: int, cell: Cell) -> Callable[[list[Cell]], None]:
    return lambda cells: cells.insert(index, cell)


def test_a_protected_cell_is_locked_whatever_another_list_says() -> None:
    decisions = {d.info.id: d for d in decide(trusted(), POLICY)}
    assert {name for name, d in decisions.items() if d.locked} == {LOAD, METRIC, EVALUATE}
    assert decisions[LOAD].reason == "listed by its id; a wish to open it does not count"
    assert decisions[METRIC].reason == "tagged 'protected'; a wish to open it does not count"
    assert decisions[EVALUATE].reason == "its section says 'evaluation'"
    assert [unit.protected for unit in KIND.units(candidate())] == [True, False, True, True]


def test_sections_match_whole_words_of_headings_names_and_subtasks() -> None:
    cells = (
        new_cell("a", "# Data Loading", type="markdown"),
        new_cell("b", "x = 1"),
        new_cell("c", "## Preloading", type="markdown"),
        new_cell("d", "y = 1", subtask="T5", name="Train"),
        new_cell("e", "# Model", type="markdown"),
        new_cell("f", "z = 1", name="data-loading again"),
        new_cell("g", "z = 1"),
    )
    locked = {d.info.id for d in decide(Notebook(cells=cells), LockPolicy(sections=("data_loading", "t5"))) if d.locked}
    assert locked == {"a", "b", "c", "d", "f"}, "what stands under a locked heading is locked, too"


HOSTILE: list[tuple[str, str, Callable[[list[Cell]], None]]] = [
    ("another source", "was changed", put(METRIC, source="def score(a, b):\n    return 9.0")),
    ("one more blank", "was changed", put(METRIC, source="def score(a, b):\n    return 1.0 ")),
    ("made text", "was changed", put(METRIC, type="markdown")),
    ("tagged to be skipped", "was changed", put(METRIC, metadata={"tags": ["protected", "skip-execution"]})),
    ("tag taken off", "was changed", put(METRIC, metadata={})),
    ("renamed id", "its text is in 'metric2' now", put(METRIC, id="metric2")),
    ("removed", "is missing", lambda cells: cells.pop(at(cells, EVALUATE)) and None),
    ("duplicated id behind", "more than once", insert(6, new_cell(METRIC, "def score(a, b):\n    return 9.0"))),
    ("duplicated id before", "more than once", insert(0, new_cell(LOAD, "ids = []"))),
    ("open cell with an open cell's id twice", "more than once", insert(4, new_cell(FIT, "x = 1"))),
    ("moved up", "was moved", move(EVALUATE, 0)),
    ("swapped", "was moved", move(METRIC, 6)),
    ("code between locked cells", "between the locked cells", insert(5, new_cell("sly", "score = max"))),
    ("code after the last locked cell", "which was the last", insert(6, new_cell("sly", "open('metrics.json')"))),
    ("code before the first locked cell", "where there was none", insert(0, new_cell("sly", "import pandas"))),
    ("an open cell moved behind the end", "which was the last", move(FIT, 5)),
]


@pytest.mark.parametrize(("said", "change"), [h[1:] for h in HOSTILE], ids=[h[0] for h in HOSTILE])
def test_a_hostile_edit_is_named_and_refused(said: str, change: Callable[[list[Cell]], None]) -> None:
    notebook = edited(change)
    violations = LOCKS.verify(notebook)
    assert said in "; ".join(violation.sentence for violation in violations)
    with pytest.raises(IntegrityError) as caught:
        LOCKS.require(notebook)
    assert caught.value.code == "E404"
    assert broken_locks(with_notebook(candidate(), notebook)) == violations


@pytest.mark.parametrize(
    "change",
    [
        put(FIT, source="predictions = []"),
        insert(3, new_cell("more", "x = 1")),
        insert(4, new_cell("more", "x = 1")),
        insert(0, new_cell("words", "text", type="markdown")),
        insert(6, new_cell("words", "text", type="markdown")),
        lambda cells: cells.pop(at(cells, FIT)) and None,
    ],
)
def test_an_edit_of_open_cells_is_fine(change: Callable[[list[Cell]], None]) -> None:
    assert LOCKS.verify(edited(change)) == ()


def test_a_notebook_cannot_unlock_itself() -> None:
    bare = trusted().with_cells(replace(cell, metadata={}) for cell in trusted().cells)
    with pytest.raises(IntegrityError):
        LOCKS.require(bare)
    freed = with_notebook(candidate(), edited(put(METRIC, source="x = 1")))
    assert locks_of(freed) == LOCKS, "an edit carries the locks on"
    assert broken_locks(freed)


def test_the_kind_refuses_locked_stale_and_ambiguous_units() -> None:
    units = {unit.name: unit for unit in KIND.units(candidate())}
    for unit in (units[LOAD], replace(units[LOAD], protected=False)):
        with pytest.raises(IntegrityError, match="locked"):
            KIND.replace(candidate(), unit, "x = 1")
    with pytest.raises(IntegrityError, match="no longer holds"):
        KIND.replace(candidate(), replace(units[FIT], text="other"), "x = 1")
    with pytest.raises(IntegrityError, match="no longer holds"):
        KIND.replace(candidate(), replace(units[FIT], name="-1"), "x = 1")
    with pytest.raises(ValueError, match="does not parse"):
        KIND.replace(candidate(), units[FIT], "def f(:")
    mended = KIND.replace(candidate(), units[FIT], "!ls\npredictions = []")
    assert notebook_of(mended).cell(FIT).source == "!ls\npredictions = []"
    assert mended.files[LOCKS_FILE] == candidate().files[LOCKS_FILE]


def test_locks_come_back_and_damaged_ones_are_refused() -> None:
    assert Locks.loads(LOCKS.dumps()) == LOCKS
    for text in ("", '{"gaps": []}', '{"items": [1]}', "[]"):
        with pytest.raises(IntegrityError):
            Locks.loads(text)
