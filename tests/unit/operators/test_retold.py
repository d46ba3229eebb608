"""What was tried is not tried again because it is told in other words; another number is another trial."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.core.budget import Limits
from assay.models.base import Request
from assay.models.scripted import Scripted
from assay.operators.retold import meaning, same_plan
from assay.strategies.tree import Tree, TreeOptions
from support.engine import Bench, program, propose

CODE = "rate = 0.1\nmodel = fit(rate)\nmodel.save(rate=rate)\n"


@pytest.mark.parametrize(
    "same",
    [
        '"""What it does."""\n# why\nrate = 0.10\n\nmodel = fit( rate )\nmodel.save(rate = rate)',
        "speed = 0.1\nbooster = fit(speed)\nbooster.save(rate=speed)\n",
    ],
)
def test_other_words_are_the_same_script(same: str) -> None:
    assert meaning(same) == meaning(CODE) != ""


@pytest.mark.parametrize(
    "other",
    [
        "rate = 0.2\nmodel = fit(rate)\nmodel.save(rate=rate)\n",
        "rate = 0.1\nmodel = train(rate)\nmodel.save(rate=rate)\n",
        "model = 0.1\nrate = fit(model)\nmodel.save(rate=model)\n",
        "rate = 0.1\nmodel = fit(rate)\nmodel.save(speed=rate)\n",
    ],
)
def test_what_does_something_else_is_another_script(other: str) -> None:
    assert meaning(other) != meaning(CODE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1\ndef f(x):\n    return x\n", "y = 1\ndef f(x):\n    return y\n"),
        ("import x\nx = x.a\n", "import x\ny = y.a\n"),
        ("e = 1\ntry:\n    f()\nexcept E as e:\n    g(e)\n", "y = 1\ntry:\n    f()\nexcept E as e:\n    g(y)\n"),
    ],
)
def test_a_name_of_two_scopes_is_not_taken_for_another(one: str, other: str) -> None:
    assert meaning(one) != meaning(other)


def test_what_is_no_python_means_nothing() -> None:
    assert meaning("def f(:") == ""


PLAN = (
    "Replace the target encoder by one that is fitted inside each fold, with smoothing 20, and keep all other columns "
    "as is."
)


@pytest.mark.parametrize(
    ("plan", "same"),
    [
        (PLAN.replace(" and keep", " and  Keep"), True),
        (PLAN.replace("as is", "as are"), True),
        (PLAN.replace("20", "50"), False),
        ("Use a linear model on the logarithm of the target instead of trees.", False),
    ],
)
def test_plans_are_compared_by_words_and_numbers(plan: str, same: bool) -> None:
    assert same_plan(plan, ["Something else.", PLAN]) is same


def test_a_draft_that_was_tried_in_other_words_costs_no_run(tmp_path: Path) -> None:
    def again(request: Request[Any]) -> Scripted:
        if request.role != "draft":
            return propose(request)
        space = " " * (1 + request.inputs.index)
        return {**program("the same"), "code": f'wish ={space}{{"score": 0.4}}'}

    made = Bench(tmp_path, Limits(trials=9), answers=again, strategy=Tree(TreeOptions(drafts=3)))
    made.open().work()
    history = made.log.read(lambda known: known)
    assert [t.title for t in history.trials.values() if t.operator == "draft"] == ["the same"]
    assert "draft: no usable answer (the same script as #2 in other words)" in [
        s.summary for s in history.steps.values()
    ]
