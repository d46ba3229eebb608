"""Likeness of scripts: a copy is found whatever its variables are called, and honest work is not taken for one."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import ClassVar

import pytest

from assay.core.reference import code_of
from assay.grading import Likeness, likeness

RECORDED = Path(__file__).parents[2] / "recordings" / "star-house-prices"
SOLUTION = """\
import numpy as np
import pandas as pd
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import KFold

train = pd.read_csv("../input/house/train.csv")
test = pd.read_csv("../input/house/test.csv")
train["rooms_per_home"] = train["total_rooms"] / train["households"].clip(lower=1)
test["rooms_per_home"] = test["total_rooms"] / test["households"].clip(lower=1)
cols = [c for c in train.columns if c not in ("id", "value")]
scores = []
for fold, (a, b) in enumerate(KFold(5, shuffle=True, random_state=3).split(train)):
    model = GradientBoostingRegressor(n_estimators=700, learning_rate=0.04, max_depth=5, subsample=0.7)
    model.fit(train.loc[a, cols].fillna(-1), np.log1p(train.loc[a, "value"]))
    scores.append(model.score(train.loc[b, cols].fillna(-1), np.log1p(train.loc[b, "value"])))
final = np.expm1(model.predict(test[cols].fillna(-1)))
pd.DataFrame({"id": test["id"], "value": final}).to_csv("submission.csv", index=False)
"""


class Renamer(ast.NodeTransformer):
    """Gives variables other names."""

    NAMES: ClassVar = {
        name: f"my_{name}" for name in ("train", "test", "cols", "model", "scores", "final", "a", "b", "c")
    }

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(id=self.NAMES.get(node.id, node.id), ctx=node.ctx)


def renamed(code: str) -> str:
    """The same, as somebody writes it who hides where it is from."""
    other = ast.unparse(Renamer().visit(ast.parse(code)))
    return '"""My own idea."""\n' + other.replace("\n", "  # as agreed\n", 3)


def recorded(role: str) -> list[str]:
    """The scripts of a role that were written for one task."""
    replies = [
        json.loads(path.read_text(encoding="utf-8"))["reply"] for path in sorted(RECORDED.glob(f"{role}-*.json"))
    ]
    return ["\n".join(reply["code"]["lines"]) for reply in replies]


def test_a_copy_with_other_names_comments_and_layout_is_the_same() -> None:
    copy = renamed(SOLUTION)
    assert "my_train" in copy
    found = likeness(copy, SOLUTION)
    assert found is not None
    assert min(found.of_script, found.of_reference) > 0.9


FUNCTIONS = """import numpy as np

def prepared(rows):
    kept = np.sqrt(rows["age"]) + np.sin(rows["size"])
    return kept * np.cos(rows["age"]) - np.sqrt(rows["rooms"])

class Model:
    made = prepared
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("prepared", "features"),
        ("Model", "Net"),
        ("rows", "table"),
        ('"age"', "'age'"),
        ("rows):\n", 'rows):\n    """Return what is prepared."""\n'),
        ("    kept =", "    # the first\n    kept ="),
    ],
)
def test_own_names_docstrings_comments_and_quotes_do_not_count(old: str, new: str) -> None:
    found = likeness(FUNCTIONS.replace(old, new), FUNCTIONS)
    assert found is not None
    assert found.of_script == found.of_reference == 1.0


@pytest.mark.parametrize(("old", "new"), [("sqrt", "exp"), ('"age"', '"year"'), ("np.cos", "np.cos.kept")])
def test_names_of_libraries_and_columns_count(old: str, new: str) -> None:
    found = likeness(FUNCTIONS.replace(old, new), FUNCTIONS)
    assert found is not None
    assert found.of_script < 0.9


def test_thirty_one_tokens_are_the_fewest_that_tell_something() -> None:
    code = "+".join(str(n) for n in range(16))
    assert likeness(code, code) == Likeness(of_script=1.0, of_reference=1.0, runs=20)
    assert likeness(f"-{code.removesuffix('+15')}", code) is None
    assert likeness(code, f"-{code.removesuffix('+15')}") is None


def test_a_script_that_holds_a_solution_whole_beside_much_else_is_found_by_the_solutions_share() -> None:
    found = likeness(SOLUTION + recorded("ensemble")[0], SOLUTION)
    assert found is not None
    assert found.of_reference > 0.9 > found.of_script


def test_two_scripts_of_one_author_for_one_task_are_not_the_same() -> None:
    first, second = recorded("init")
    found = likeness(first, second)
    assert found is not None
    assert max(found.of_script, found.of_reference) < 0.4
    other = likeness(first, SOLUTION)
    assert other is not None
    assert max(other.of_script, other.of_reference) < 0.1


def test_what_every_script_of_the_task_has_does_not_count() -> None:
    frame = SOLUTION.split("scores = []")[0]
    own = "\n".join(f"value_{n} = np.sqrt({n}) + np.sin({n}.5)" for n in range(12))
    with_frame = likeness(f"{frame}\n{own}\n", SOLUTION)
    without = likeness(f"{frame}\n{own}\n", SOLUTION, [frame])
    assert with_frame is not None
    assert without is not None
    assert without.of_script < 0.05 < with_frame.of_script


@pytest.mark.parametrize("code", ["x = 1\n", "def broken(:\n" * 40, "", "\0" * 400])
def test_what_is_too_short_or_no_python_tells_nothing(code: str) -> None:
    assert likeness(code, SOLUTION) is None
    assert likeness(SOLUTION, code) is None


def test_code_is_found_in_scripts_notebooks_and_texts() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Title"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "x = 1\n", "!pip install y"], "outputs": []},
        {"cell_type": "code", "source": "%%bash\nls"},
        {"cell_type": "code", "source": "y = x"},
    ]
    assert code_of("a.ipynb", json.dumps({"cells": cells})).split() == ["x", "=", "1", "y", "=", "x"]
    assert code_of("a.md", "Words\n```python\nx = 1\n```\n```\ny = 2\n```\n").split() == ["x", "=", "1", "y", "=", "2"]
    assert code_of("A.TXT", "```py\nx = 1\n```\n") == code_of("a.MD", "```py\nx = 1\n```\n") == "x = 1\n"
    assert code_of("a.py", "x = 1\n") == "x = 1\n"
    assert code_of("a.ipynb", "{") == ""
