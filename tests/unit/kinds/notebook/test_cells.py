"""What is told of cells: their names and places, what became of them, and their code as plain Python."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from assay.kinds.notebook import Cell, Notebook, cell_changes, describe, diff_text, flatten, new_cell
from assay.kinds.notebook.cells import CellInfo, label
from assay.kinds.notebook.diff import Change
from assay.kinds.notebook.flat import plain


def info(source: str = "x = 1", *, type: str = "code", **metadata: Any) -> CellInfo:
    return describe(Notebook(cells=(Cell(id="a", type=type, source=source, metadata=metadata),)))[0]


# --- names -------------------------------------------------------------------------------------------------------


def test_a_name_comes_from_the_first_place_that_has_one() -> None:
    every = {"subtask": {"id": "T2", "name": "one", "purpose": "p"}, "assay": {"name": "two"}, "title": "three"}
    assert info("# four", **every).name == "one"
    assert info("# four", **{**every, "subtask": {"id": "T2"}}).name == "two"
    assert info("# four", title="three").name == "three"
    assert info("\n\n## four \nx = 1\n# five").name == "four"
    assert info("x = 1\n# five").name == "a"
    assert info("words\n\n# Head #\n", type="markdown").name == "Head"
    assert info("words", type="markdown").name == "a"
    assert info("x", title="  many \n blanks " + "z" * 100).name == "many blanks " + "z" * 68


def test_purpose_and_section_may_stand_in_a_table_of_our_own() -> None:
    found = info(assay={"purpose": "learns", "section": "Model"}, section="Data")
    assert (found.purpose, found.section, found.subtask) == ("learns", "Model", "")
    assert info(subtask={"purpose": "fits"}, assay={"purpose": "learns"}).purpose == "fits"
    assert (info().purpose, info().section, info().headings) == ("", "", ())
    assert info(subtask="no table", assay=[1], title=3) == info()


def test_a_label_is_the_number_and_the_name_that_people_see() -> None:
    first, second = describe(Notebook(cells=(new_cell("a", "x"), new_cell("b", "y", name="Fit"))))
    assert (label(first), label(second)) == ("cell 1 [a]", "cell 2 (Fit) [b]")


# --- differences -------------------------------------------------------------------------------------------------


def cells(*names: str) -> Notebook:
    return Notebook(cells=tuple(new_cell(name, f"{name} = 1") for name in names))


def test_removed_cells_stand_where_they_were() -> None:
    found = cell_changes(cells("a", "b", "c", "d", "e"), cells("c", "x", "e"))
    assert [(change.id, change.change) for change in found] == [
        ("a", Change.REMOVED),
        ("b", Change.REMOVED),
        ("c", Change.SAME),
        ("d", Change.REMOVED),
        ("x", Change.ADDED),
        ("e", Change.SAME),
    ]


def test_a_cell_that_was_moved_has_no_patch_and_those_beside_it_stay() -> None:
    found = {change.id: change for change in cell_changes(cells("a", "b", "c", "d"), cells("b", "c", "d", "a"))}
    assert [found[name].change for name in "abcd"] == [Change.MOVED, Change.SAME, Change.SAME, Change.SAME]
    assert found["a"].patch == ""


def test_a_difference_shows_as_many_lines_around_it_as_are_wanted() -> None:
    long = Notebook(cells=(new_cell("a", "\n".join(f"x{n} = {n}" for n in range(12))), new_cell("b", "y = 1")))
    changed = long.with_source("a", long.cells[0].source.replace("x6 = 6", "x6 = 0")).with_source("b", "y = 2")
    text = diff_text(long, changed, context=1)
    assert text == (
        "cell a: edited\n--- before/a\n+++ after/a\n@@ -6,3 +6,3 @@\n x5 = 5\n-x6 = 6\n+x6 = 0\n x7 = 7\n\n"
        "cell b: edited\n--- before/b\n+++ after/b\n@@ -1 +1 @@\n-y = 1\n+y = 2\n"
    )
    assert " x3 = 3\n" in diff_text(long, changed)
    assert " x2 = 2\n" not in diff_text(long, changed)
    assert cell_changes(long, changed)[0].patch in diff_text(long, changed)


# --- plain Python ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("x = 1\ny = 2", "x = 1\ny = 2"),
        ("await f()", "await f()"),
        ("!ls -l", "get_ipython().system('ls -l')"),
        ("  !!ls", "  get_ipython().system('ls')"),
        ("%matplotlib inline", "get_ipython().run_line_magic('matplotlib', 'inline')"),
        ("%time  f(1, 2) ", "get_ipython().run_line_magic('time', 'f(1, 2)')"),
        ("files = !ls", "files = get_ipython().system('ls')"),
        ("t = %timeit -o f()", "t = get_ipython().run_line_magic('timeit', '-o f()')"),
        ("x = 1\nx?\n  x.y??", "x = 1\npass\n  pass"),
        (
            "\n%%bash -e\nls\nexit",
            "\nget_ipython().run_cell_magic('bash', '%%bash -e', '\\n%%bash -e\\nls\\nexit')\n\n",
        ),
        ("%%\nls", "get_ipython().run_cell_magic('', '%%', '%%\\nls')\n"),
        ("%%time\nx = 1", "get_ipython().run_line_magic('time', '')\nx = 1"),
        ("%%capture out\nx = 1", "get_ipython().run_line_magic('capture', 'out')\nx = 1"),
        ("   \n", "   \n"),
        ("def f(:", "def f(:"),
    ],
)
def test_a_cell_becomes_python_line_for_line(source: str, code: str) -> None:
    assert plain(source) == code
    assert code.count("\n") == source.count("\n")


def test_each_line_of_the_text_leads_to_its_cell_and_no_other_line_does() -> None:
    flat = flatten(
        Notebook(cells=(new_cell("a", "x = 1\n"), new_cell("t", "text", type="markdown"), new_cell("b", "y")))
    )
    assert flat.text == "x = 1\n\ny\n"
    assert isinstance(ast.parse(flat.text), ast.Module)
    assert [(place[0].id, place[1]) for line in (1, 2, 3) if (place := flat.place(line))] == [
        ("a", 1),
        ("a", 2),
        ("b", 1),
    ]
    assert (flat.place(0), flat.place(-1), flat.named(0)) == (None, None, "")
    assert flat.named(1) == "cell 1 [a], line 1"
