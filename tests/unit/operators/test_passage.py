"""Blocks that a model copied are found as they stand, or not at all, and replaced where they stand."""

from __future__ import annotations

import ast

import pytest

from assay.operators.star.passage import counterpart, locate, replaced

CODE = '''"""A script."""

from __future__ import annotations

import numpy as np


def features(frame):
    wide = frame.copy()
    wide["ratio"] = frame["a"] / frame["b"]
    return wide


x = 1
print(x)
x = 1
'''
BLOCK = '    wide = frame.copy()\n    wide["ratio"] = frame["a"] / frame["b"]'


@pytest.mark.parametrize(
    "copied",
    [
        BLOCK,
        f"\n{BLOCK}\n\n",
        BLOCK.replace("\n", "  \n"),
        'wide = frame.copy()\nwide["ratio"] = frame["a"] / frame["b"]',
    ],
    ids=["exactly", "with empty lines around", "with trailing spaces", "without its indentation"],
)
def test_a_block_is_found_as_it_stands_in_the_script(copied: str) -> None:
    assert locate(CODE, copied) == BLOCK


@pytest.mark.parametrize(
    "copied", ["x = 1", "wide = frame.copy()\nreturn wide", 'wide["ratio"] = frame["a"] / frame["c"]', "y = 2", ""]
)
def test_what_stands_twice_or_is_no_run_of_its_lines_is_no_block(copied: str) -> None:
    assert locate(CODE, copied) is None


def test_a_block_takes_the_place_of_the_old_with_its_indentation_and_nothing_else_changes() -> None:
    changed = replaced(CODE, BLOCK, "wide = frame.assign(one=1)\nif wide.empty:\n    raise ValueError\n")
    ast.parse(changed)
    assert "    wide = frame.assign(one=1)\n    if wide.empty:\n        raise ValueError\n    return wide" in changed
    assert (
        changed.replace("    wide = frame.assign(one=1)\n    if wide.empty:\n        raise ValueError", BLOCK) == CODE
    )


def test_imports_go_to_the_top_once_and_only_where_they_are_lacking() -> None:
    changed = replaced(CODE, "print(x)", "print(np.log1p(x))", ["import numpy as np", "import math", "import math"])
    assert changed.count("import numpy as np") == 1
    assert changed.count("import math") == 1
    assert changed.index("__future__") < changed.index("import math") < changed.index("def features")
    ast.parse(changed)


def test_a_block_that_is_not_there_once_is_an_error_and_never_a_guess() -> None:
    for block in ("x = 1", "nothing"):
        with pytest.raises(ValueError, match="times"):
            replaced(CODE, block, "x = 2")


@pytest.mark.parametrize(
    "new",
    ['    wide = frame.assign(one=1)\n\n    wide["two"] = 2', "    wide = frame.copy()", BLOCK + "\n    wide.pop('a')"],
    ids=["rewritten", "shorter", "longer"],
)
def test_what_stands_in_a_blocks_place_is_found_though_imports_and_other_lines_changed(new: str) -> None:
    changed = replaced(CODE, BLOCK, new, ["import math"]).replace("print(x)", "print(math.pi)")
    assert counterpart(CODE, BLOCK, changed) == new
    assert counterpart(CODE, BLOCK, CODE.replace(f"{BLOCK}\n", "")) == ""
    assert counterpart(CODE, "x = 1", CODE) == ""
