from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import TaskError
from assay.kinds.notebook import Cell, Notebook, cell_changes, describe, diff_text, flatten, new_cell, parse, write

NOTEBOOK = Notebook(
    metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}, "x": {"a": [1, 2]}},
    cells=(
        new_cell("head", "# Title\n\ntext", type="markdown"),
        new_cell("load", "%matplotlib inline\n!ls\nx = 1\n\n\n", tags=["locked"], name="Load", purpose='says "it"'),
        new_cell("raw", "raw", type="raw"),
        new_cell("empty", ""),
        new_cell("bash", "%%bash\nls\n"),
        new_cell("odd", 'a\n\n"""\n', type="markdown"),
        new_cell("time", "%%time\nfor i in range(3):\n    print(i)\n# ümlaut\n"),
    ),
)


@pytest.mark.parametrize("name", ["solution.ipynb", "solution.py"])
def test_both_formats_come_back_as_they_were(name: str) -> None:
    text = write(NOTEBOOK, name)
    assert parse(text, name) == NOTEBOOK if name.endswith(".py") else parse(text, name).stripped() == NOTEBOOK
    assert write(parse(text, name), name) == text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))))
def test_any_source_survives_the_ipynb_format(sources: list[str]) -> None:
    notebook = Notebook(cells=tuple(new_cell(f"c{i}", source) for i, source in enumerate(sources)))
    assert parse(write(notebook, "a.ipynb"), "a.ipynb").stripped() == notebook


def test_what_a_script_cannot_hold_is_refused_not_lost() -> None:
    for cell in (
        new_cell("a", "x = 1\n# %% not a cell\ny = 2"),
        Cell(id="a", type="markdown", source="![p](attachment:p.png)", rest={"attachments": {"p.png": {}}}),
    ):
        with pytest.raises(TaskError) as caught:
            write(Notebook(cells=(cell,)), "a.py")
        assert caught.value.code == "E139"


def test_cells_without_ids_get_the_same_ones_each_time() -> None:
    raw = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": []}
    for source in ("x = 1", "x = 1", ["y = 2\n", "z = 3"]):
        raw["cells"].append({"cell_type": "code", "source": source, "metadata": {}, "outputs": []})  # type: ignore[attr-defined]
    raw["cells"][1]["id"] = "bad id!"  # type: ignore[index]
    first, second = (parse(json.dumps(raw), "a.ipynb") for _ in range(2))
    assert first.ids == second.ids
    assert len(set(first.ids)) == 3
    assert parse(write(first, "a.ipynb"), "a.ipynb").ids == first.ids
    assert first.cells[2].source == "y = 2\nz = 3"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"nbformat": 4, "cells": {}}', '{"nbformat": 4, "cells": [{"cell_type": "x"}]}', "[" * 9999],
)
def test_what_is_no_notebook_is_said_to_be_none(text: str) -> None:
    with pytest.raises(TaskError) as caught:
        parse(text, "a.ipynb")
    assert caught.value.code == "E138"


def test_names_purposes_and_sections_are_found() -> None:
    cells = (
        new_cell("h", "# Data\n\n## Loading", type="markdown"),
        new_cell("a", "# reads it\nx = 1"),
        new_cell("h2", "# Model", type="markdown"),
        new_cell("b", "y = 1", subtask="T3", name="Fit", purpose="learns"),
    )
    found = {info.id: info for info in describe(Notebook(cells=cells))}
    assert (found["a"].name, found["a"].section, found["a"].headings) == ("reads it", "Loading", ("Data", "Loading"))
    assert (found["b"].name, found["b"].purpose, found["b"].subtask) == ("Fit", "learns", "T3")
    assert found["b"].section == "Model"


def test_the_difference_is_told_cell_by_cell() -> None:
    before = Notebook(cells=tuple(new_cell(name, f"{name} = 1") for name in "abcd"))
    after = before.with_cells([before.cells[0], new_cell("e", "e = 5"), before.cells[3], before.cells[2]])
    after = after.with_source("a", "a = 2")
    kinds = {change.id: str(change.change) for change in cell_changes(before, after)}
    assert kinds["a"] == "edited"
    assert kinds["b"] == "removed"
    assert kinds["e"] == "added"
    assert sorted((kinds["c"], kinds["d"])) == ["moved", "same"]
    assert "-a = 1\n+a = 2\n" in diff_text(before, after)
    assert diff_text(before, before) == ""


def test_lines_of_the_flat_code_lead_back_to_their_cells() -> None:
    flat = flatten(NOTEBOOK)
    compile(flat.text, "flat", "exec")
    lines = flat.text.splitlines()
    assert flat.named(lines.index("x = 1") + 1) == "cell 2 (Load) [load], line 3"
    assert flat.named(next(i for i, line in enumerate(lines, 1) if "print(i)" in line)) == "cell 7 [time], line 3"
    assert flat.named(0) == ""
    assert "get_ipython().system('ls')" in flat.text
