"""Every recipe's script runs on its own and writes what the task asks for."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assay.core.metric import Needs
from assay.core.profile import ColumnKind
from assay.core.task import Problem
from assay.models.playbook import Recipe, read_facts
from assay.models.playbook.draft import baseline
from assay.models.playbook.layout import WIDTH, assign
from assay.models.playbook.render import render
from assay.models.playbook.shelf import Idea
from assay.models.playbook.shelves import shelf_for
from support.playbook_tasks import TinyTask, machine, prepared, table, tiny
from support.script_server import script_server

from .shapes import ALL_TASKS, TASKS, regression_table


def lay_out(code: str, task: TinyTask, folder: Path) -> None:
    task.write(folder)
    (folder / "solution.py").write_text(code, encoding="utf-8")


def run_scripts(folders: list[Path], seed: int = 0) -> None:
    """Run what `lay_out` put into `folders`, each script in its own process."""
    for folder in folders:
        script_server().run(folder, seed=seed)


def submission_of(folder: Path) -> pd.DataFrame:
    made = folder / "output" / "submission.csv"
    assert made.exists(), (folder / "log.txt").read_text(encoding="utf-8") + (folder / "solution.py").read_text("utf-8")
    return pd.read_csv(made, dtype={"id": str})


def assert_valid(submission: pd.DataFrame, task: TinyTask, folder: Path) -> None:
    out = task.brief.task.output
    assert list(submission.columns) == [out.id_column, *out.columns]
    assert submission["id"].tolist() == task.test["id"].astype(str).tolist()
    values = submission[list(out.columns)]
    if out.needs is Needs.LABELS:
        assert set(values.astype(str).to_numpy().ravel()) <= set(out.classes)
        probabilities = pd.read_csv(folder / "output" / "probabilities.csv").drop(columns="id")
        expected = ["probability"] if task.brief.task.problem is Problem.BINARY else list(out.classes)
        assert list(probabilities.columns) == expected
        assert probabilities.to_numpy().min() >= 0
    elif out.needs is Needs.RANKED_LABELS:
        assert all(len(set(row.split())) == 2 for row in values.iloc[:, 0])
    else:
        assert np.isfinite(values.to_numpy(float)).all()
        assert len(values) == len(task.test)
    if out.needs in (Needs.PROBABILITY, Needs.CLASS_PROBABILITIES):
        assert values.to_numpy().min() >= 0
        assert values.to_numpy().max() <= 1


def ideas_of(task: TinyTask) -> list[Idea]:
    facts = read_facts(task.brief)
    return [baseline(facts, "constant"), baseline(facts, "boosting"), *shelf_for(facts).drafts(facts)]


def text_of(idea: Idea, task: TinyTask) -> str:
    return render(idea.recipe, read_facts(task.brief), title=idea.title, plan=idea.reason)


def small(idea: Idea) -> Idea:
    """The same recipe with fewer rounds: the code paths are the same, and tests must be quick."""
    fewer = {n: 20 for n in ("n_estimators", "max_iter") if n in idea.recipe.params}
    return Idea(recipe=idea.recipe.with_params(**fewer), title=idea.title, reason=idea.reason)


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL_TASKS)
def test_scripts_write_what_the_task_asks_for(name: str, tmp_path: Path) -> None:
    task = ALL_TASKS[name]()
    # All drafts for the main shapes; for the others the first ones, whose ends differ by what is asked for.
    ideas = ideas_of(task) if name in TASKS else ideas_of(task)[:5]
    folders = [tmp_path / str(k) for k in range(len(ideas))]
    for idea, folder in zip(ideas, folders, strict=True):
        lay_out(text_of(small(idea), task), task, folder)
    run_scripts(folders)
    for folder in folders:
        assert_valid(submission_of(folder), task, folder)


@pytest.mark.parametrize("name", ALL_TASKS)
def test_all_scripts_are_plain_python(name: str) -> None:
    task = ALL_TASKS[name]()
    for idea in ideas_of(task):
        code = text_of(idea, task)
        tree = ast.parse(code)
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert not any(module.startswith("assay") for module in imported)
        assert ast.get_docstring(tree, clean=False).startswith(idea.title[:1].upper() + idea.title[1:5])


@pytest.mark.slow
def test_scripts_pass_the_linter(tmp_path: Path) -> None:
    for name, make in ALL_TASKS.items():
        task = make()
        for k, idea in enumerate(ideas_of(task)):
            (tmp_path / f"{name}_{k}.py").write_text(text_of(idea, task), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--isolated",
        "--select",
        "E,F,W,I,B",
        "--line-length",
        "120",
        str(tmp_path),
    ]
    done = subprocess.run([*command, "--no-cache"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_equal_seeds_give_equal_predictions(tmp_path: Path) -> None:
    task = regression_table()
    code = text_of(small(ideas_of(task)[2]), task)
    folders = [tmp_path / str(k) for k in range(3)]
    for folder, seed in zip(folders, (5, 5, 6), strict=True):
        lay_out(code, task, folder)
        run_scripts([folder], seed)
    first, again, other = map(submission_of, folders)
    assert first.equals(again)
    assert not first.equals(other)


def test_a_network_is_drafted_where_torch_is_installed() -> None:
    task = ALL_TASKS["images"]()
    task = replace(task, brief=task.brief.model_copy(update={"machine": machine(torch="2.9.0")}))
    network = next(idea for idea in ideas_of(task) if idea.recipe.model == "cnn")
    compile(text_of(network, task), "solution.py", "exec")
    assert "import torch" in text_of(network, task)


@pytest.mark.parametrize("name", TASKS)
def test_where_lightgbm_is_not_installed_nothing_is_called_so(name: str) -> None:
    task = TASKS[name]()
    bare = machine().model_copy(update={"packages": {"numpy": "2.4.0", "scikit-learn": "1.9.0"}})
    task = replace(task, brief=task.brief.model_copy(update={"machine": bare}))
    for idea in ideas_of(task):
        assert "lightgbm" not in (idea.title + text_of(idea, task)).lower()


def test_further_images_are_used_where_a_view_shows_them_and_not_missed_where_it_does_not(tmp_path: Path) -> None:
    task = ALL_TASKS["images"]()
    idea = next(idea for idea in ideas_of(task) if idea.recipe.model == "svc")
    for name in ("with", "without"):
        lay_out(text_of(idea, task), task, tmp_path / name)
    (tmp_path / "without" / "input" / "val.npz").unlink()
    run_scripts([tmp_path / "with", tmp_path / "without"])
    assert not submission_of(tmp_path / "with").equals(submission_of(tmp_path / "without"))


def test_data_that_no_recipe_knows_get_the_sample(tmp_path: Path) -> None:
    task = prepared("", {})
    for k, idea in enumerate(ideas_of(task)):
        lay_out(text_of(idea, task), task, tmp_path / str(k))
        run_scripts([tmp_path / str(k)])
        assert submission_of(tmp_path / str(k))["ill"].tolist() == task.test["ill"].tolist()


def test_a_recipe_survives_json() -> None:
    task = ALL_TASKS["binary"]()
    for idea in ideas_of(task):
        again = Recipe.from_json(idea.recipe.to_json())
        assert again is not None
        assert again.key == idea.recipe.key
        assert text_of(Idea(recipe=again, title=idea.title, reason=idea.reason), task) == text_of(idea, task)


def test_labels_that_pandas_would_spell_otherwise_keep_their_spelling(tmp_path: Path) -> None:
    frame, kinds, signal = table()
    labels = ("-1", "01", "+2")
    frame["kind"] = pd.qcut(signal, 3, labels=list(labels)).astype(str)
    task = tiny(
        frame,
        problem=Problem.MULTICLASS,
        targets=("kind",),
        metric="log_loss",
        needs=Needs.CLASS_PROBABILITIES,
        kinds=kinds,
        columns=labels,
        classes=labels,
    )
    profile = task.brief.profile
    profile = replace(profile, targets=(replace(profile.targets[0], dtype="int64"),))
    task = replace(task, brief=task.brief.model_copy(update={"profile": profile}))
    for k, idea in enumerate(ideas_of(task)[:2]):
        lay_out(text_of(small(idea), task), task, tmp_path / str(k))
        run_scripts([tmp_path / str(k)])
        submission = submission_of(tmp_path / str(k))
        assert_valid(submission, task, tmp_path / str(k))
        assert submission[list(labels)].sum(axis=1).to_numpy() == pytest.approx(1.0)


def test_a_text_column_of_any_name_is_written_as_it_is() -> None:
    frame, kinds, signal = table()
    name = 'what "it" {said}'
    frame[name] = [f"a longer text that says {value:.1f} of {place}" for place, value in enumerate(signal)]
    frame["price"] = signal
    task = tiny(
        frame,
        problem=Problem.REGRESSION,
        targets=("price",),
        metric="rmse",
        needs=Needs.VALUES,
        kinds={**kinds, name: ColumnKind.TEXT},
    )
    codes = [text_of(idea, task) for idea in ideas_of(task)]
    assert any("TruncatedSVD" in code for code in codes)
    assert all(ast.parse(code) for code in codes)


def test_a_hundred_names_fill_lines_instead_of_burying_what_a_script_does() -> None:
    names = [f"gene_{number:03d}" for number in range(100)]
    text = assign(names, "TARGETS")
    assert ast.literal_eval(text.removeprefix("TARGETS = ")) == names
    assert len(text.splitlines()) == 15
    assert max(map(len, text.splitlines())) <= WIDTH
    assert assign(["a", 'say "b"'], "X") == 'X = ["a", \'say "b"\']'
