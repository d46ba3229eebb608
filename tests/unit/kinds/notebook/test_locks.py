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
from assay.kinds.notebook.locks import held, with_locks_of
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


def test_locks_name_what_they_hold_and_where_code_may_stand() -> None:
    locks = make_locks(trusted(), POLICY)
    assert [(item.id, item.name) for item in locks.items] == [(LOAD, "Load"), (METRIC, METRIC), (EVALUATE, EVALUATE)]
    assert locks.items[2].reason == "its section says 'evaluation'"
    assert locks.gaps == (False, True, False, False), "open code stands between the first two alone"
    assert locks.ids == {LOAD, METRIC, EVALUATE}
    assert locks.verify(trusted()) == ()
    only_end = make_locks(trusted(), LockPolicy(cells=(EVALUATE,), tags=frozenset()))
    assert only_end.gaps == (True, False)


def test_without_a_locked_cell_everything_may_change() -> None:
    free = make_locks(trusted(), LockPolicy(tags=frozenset()))
    assert free == Locks()
    assert free.gaps == (True,)
    assert free.verify(edited(insert(0, new_cell("new", "x = 1")))) == ()
    assert locks_of(new_notebook_candidate(trusted())) == Locks()


def test_a_trusted_notebook_has_to_hold_what_shall_be_locked_and_each_id_once() -> None:
    with pytest.raises(IntegrityError, match="there is no cell 'gone' to lock") as caught:
        make_locks(trusted(), LockPolicy(cells=(LOAD, "gone", "too")))
    assert caught.value.code == "E404"
    with pytest.raises(IntegrityError, match=f"the id of the cell '{FIT}' is there more than once"):
        make_locks(edited(insert(0, new_cell(FIT, "x = 1"))), POLICY)


def test_each_violation_says_which_cell_and_between_which() -> None:
    def told(change: Callable[[list[Cell]], None]) -> list[tuple[str, str]]:
        return [(violation.cell, violation.sentence) for violation in LOCKS.verify(edited(change))]

    assert told(put(METRIC, source="x")) == [(METRIC, "the locked cell 'metric' was changed")]
    assert told(lambda cells: cells.pop(at(cells, METRIC)) and None) == [
        (METRIC, "the locked cell 'metric' is missing")
    ]
    assert told(insert(6, new_cell(METRIC, "x"))) == [
        (METRIC, "the id of the locked cell 'metric' is there more than once"),
        (METRIC, "the locked cell 'metric' was changed"),
    ]
    assert told(insert(0, new_cell("sly", "x"))) == [
        ("sly", f"the open cell 'sly' stands before the locked cell '{LOAD}', where there was none")
    ]
    assert told(insert(5, new_cell("sly", "x"))) == [
        ("sly", "the open cell 'sly' stands between the locked cells 'metric' and 'evaluate', where there was none")
    ]
    assert told(insert(6, new_cell("sly", "x"))) == [
        ("sly", "the open cell 'sly' stands after the locked cell 'evaluate', which was the last")
    ]
    assert told(move(EVALUATE, 0)) == [(EVALUATE, f"the locked cell 'evaluate' was moved to where '{LOAD}' was")]


def test_all_but_some_cells_are_held_for_a_while_and_then_the_old_locks_come_back() -> None:
    allowed = held(candidate(), [FIT, METRIC])
    assert locks_of(allowed).ids == {LOAD, METRIC, EVALUATE}, "a lock is no wish: it stays"
    assert locks_of(held(candidate(), [])).ids == {LOAD, FIT, METRIC, EVALUATE}
    assert broken_locks(with_notebook(allowed, edited(put(FIT, source="x = 1")))) == ()
    assert broken_locks(with_notebook(held(candidate(), []), edited(put(FIT, source="x = 1"))))
    assert with_locks_of(allowed, candidate()) == candidate()
    bare = new_notebook_candidate(trusted(), title="locked")
    assert LOCKS_FILE not in with_locks_of(allowed, bare).files


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
    for text, words in (
        ("", "cannot be read"),
        ('{"gaps": []}', "do not fit together"),
        ('{"gaps": [true, true]}', "do not fit together"),
        ('{"items": [1]}', "cannot be read"),
        ("[]", "cannot be read"),
    ):
        with pytest.raises(IntegrityError, match=words) as caught:
            Locks.loads(text)
        assert caught.value.code == "E404"
