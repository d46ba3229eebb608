"""Several scripts in one: what they write together, and what cannot be put together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assay.core.errors import ReplyInvalid
from assay.core.metric import Needs
from assay.models.playbook import Recipe, read_facts
from assay.models.playbook.shelves import shelf_for
from assay.models.playbook.star.embed import Unmergeable, embed, imports_of, indented
from assay.models.playbook.star.mixture import Mixture, Scale, united
from assay.models.playbook.star.weave import Rule, Script, render_mixture, weave
from support.playbook_tasks import TinyTask

from .shapes import ALL_TASKS, TASKS, binary_table, class_table, regression_table
from .test_scripts import assert_valid, lay_out, run_scripts, small, submission_of


def mixture_of(task: TinyTask, count: int = 3, **rule: object) -> Mixture:
    ideas = [small(idea) for idea in shelf_for(read_facts(task.brief)).drafts(read_facts(task.brief))][:count]
    parts = [(Mixture(members=(idea.recipe,), titles=(idea.title,)), 1.0) for idea in ideas]
    return united(parts, **rule)


def text_of(mixture: Mixture, task: TinyTask) -> str:
    return render_mixture(mixture, read_facts(task.brief), title="A mix", plan="All of them.")


def run(code: str, task: TinyTask, folder: Path) -> pd.DataFrame:
    lay_out(code, task, folder)
    run_scripts([folder])
    return submission_of(folder)


RUN = (*TASKS, "multiclass-labels", "multiclass-ranked", "several-values")
"""Each family and each kind of output; the others are written by the same lines."""


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_mixtures_write_what_the_task_asks_for(name: str, tmp_path: Path) -> None:
    task = ALL_TASKS[name]()
    mixtures = [mixture_of(task), mixture_of(task, scale=Scale.LOG)]
    if name != "images":
        mixtures.append(mixture_of(task, 2, holdout=True))
    folders = [tmp_path / str(k) for k in range(len(mixtures))]
    for mixture, folder in zip(mixtures, folders, strict=True):
        lay_out(text_of(mixture, task), task, folder)
    run_scripts(folders)
    for folder in folders:
        assert_valid(submission_of(folder), task, folder)
        assert not (folder / "inner").exists()


@pytest.mark.slow
def test_a_mixture_predicts_the_weighted_mean_of_its_members(tmp_path: Path) -> None:
    task = regression_table("rmse")
    mixture = replace(mixture_of(task, 2), weights=(0.75, 0.25))
    whole = run(text_of(mixture, task), task, tmp_path / "whole")["price"]
    parts = [run(text_of(mixture.only([k]), task), task, tmp_path / str(k))["price"] for k in (0, 1)]
    assert np.allclose(whole, 0.75 * parts[0] + 0.25 * parts[1])


PAIR = """\"\"\"One of {0}.\"\"\"
from __future__ import annotations

import os
from math import log as value

import pandas as pd

TEXT = \"\"\"first
second\"\"\"


def main():
    test = pd.read_csv("input/test.csv", dtype={{"id": str}})
    os.makedirs("output", exist_ok=True)
    assert TEXT.split("\\n") == ["first", "second"]
    answer = test[["id"]].iloc[::{1}].assign(price=value({0}))
    answer.to_csv("output/submission.csv", index=False)


if __name__ == "__main__":
    main()
"""


def test_scripts_of_others_are_put_together_with_their_names_and_texts_kept(tmp_path: Path) -> None:
    task = regression_table("rmse")
    other = PAIR.format(3, -1).replace("from math import log as value", "from math import exp as value")
    scripts = [Script(title="a", code=PAIR.format(2, 1)), Script(title="b", code=other)]
    code = weave(scripts, read_facts(task.brief), Rule(), title="Both", plan="Mean.")
    compile(code, "solution.py", "exec")
    made = run(code, task, tmp_path / "it")
    assert np.allclose(made["price"], (np.log(2) + np.exp(3)) / 2)
    assert made["id"].tolist() == task.test["id"].tolist()


LABELS = """
import pandas as pd
from pathlib import Path

test = pd.read_csv("input/test.csv", dtype={{"id": str}})
Path("output").mkdir(exist_ok=True)
pd.DataFrame({{"id": test["id"], "kind": "{0}"}}).to_csv("output/submission.csv", index=False)
"""


def test_labels_without_probabilities_are_put_to_the_vote(tmp_path: Path) -> None:
    task = class_table(Needs.LABELS, "accuracy")
    scripts = [Script(title=label, code=LABELS.format(label)) for label in "bab"]
    made = run(weave(scripts, read_facts(task.brief), Rule(), title="Vote", plan="Vote."), task, tmp_path / "it")
    assert set(made["kind"]) == {"b"}
    assert pd.read_csv(tmp_path / "it" / "output" / "probabilities.csv")["b"].round(3).unique() == [0.667]


def test_a_member_that_fails_leaves_no_file_of_another(tmp_path: Path) -> None:
    task = class_table(Needs.LABELS, "accuracy")
    scripts = [Script(title="good", code=LABELS.format("a")), Script(title="bad", code="raise ValueError('no')")]
    lay_out(weave(scripts, read_facts(task.brief), Rule(), title="x", plan="x"), task, tmp_path / "it")
    run_scripts([tmp_path / "it"])
    assert "ValueError: no" in (tmp_path / "it" / "log.txt").read_text(encoding="utf-8")
    assert not list((tmp_path / "it" / "output").iterdir())


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("n = 0\ndef f():\n    global n\n    n = 1\n", "global"),
        ("from numpy import *\nx = ones(3)\n", "everything"),
        ("sum = sum([1, 2])\n", "built-in sum"),
        ("x = 3\nclass A:\n    x = x\n", "class A"),
        ("import sys\nsys.exit(0)\n", "ends the process"),
        ("print(globals())\n", "global names"),
        ("from multiprocessing import Pool\n", "processes"),
    ],
)
def test_what_would_mean_something_else_in_a_function_is_refused(code: str, reason: str) -> None:
    with pytest.raises(Unmergeable, match=reason):
        embed(code)
    facts = read_facts(regression_table().brief)
    with pytest.raises(ReplyInvalid, match=reason):
        weave([Script(title="a", code=code), Script(title="b", code="pass")], facts, Rule(), title="x", plan="x")


def test_an_import_that_is_bound_again_stays_where_it_is() -> None:
    parts = embed("import json\nimport re\njson = None\n")
    assert [taken.binds for taken in parts.imports] == ["re"]
    assert "import json" in parts.body


def test_lines_inside_texts_are_not_moved() -> None:
    code = 'x = """a\n  b\n"""\ny = f"""c\n{x}\nd"""\nz = 1\n'
    namespace: dict[str, object] = {}
    exec("def f():\n" + indented(code) + "    return x, y, z\n", namespace)
    assert namespace["f"]() == ("a\n  b\n", "c\na\n  b\n\nd", 1)  # type: ignore[operator]


def test_imports_are_read_name_by_name() -> None:
    found = imports_of("import numpy as np, os.path\nfrom a.b import (c, d as e)\n")
    assert [(i.binds, i.statement) for i in found] == [
        ("np", "import numpy as np"),
        ("os", "import os.path"),
        ("c", "from a.b import c"),
        ("e", "from a.b import d as e"),
    ]


def test_a_mixture_survives_json_and_one_of_a_single_recipe_is_that_recipe() -> None:
    task = binary_table()
    mixture = replace(mixture_of(task), weights=(0.5, 0.3, 0.2), scale=Scale.RANK)
    assert Mixture.from_json(mixture.to_json()) == mixture
    one = mixture.only([1])
    assert Recipe.from_json(one.to_json()) == mixture.members[1]
    assert Mixture.from_json(one.to_json(), title=one.titles[0]).members == one.members


def test_a_recipe_that_comes_twice_runs_once_with_both_shares() -> None:
    first, second = (mixture_of(TASKS["binary"](), 2).only([k]) for k in (0, 1))
    both = united([(first, 1.0), (united([(first, 1.0), (second, 1.0)]), 1.0)])
    assert both.members == (*first.members, *second.members)
    assert both.shares == (0.75, 0.25)
