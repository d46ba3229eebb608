"""Statements, their checks, scores and the data package, each by itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assay.core.errors import IntegrityError, TaskError, UsageError
from assay.core.metric import Direction, Metric, Needs
from assay.core.task import SplitKind, Task
from assay.data.facts import facts_of
from assay.data.given import Given, SplitWish
from assay.data.intake import inspect
from assay.strategies.ideas import WEIGHTS, read_package, write_package
from assay.strategies.ideas.checking import Checked, Checker
from assay.strategies.ideas.exploring import Analysis
from assay.strategies.ideas.find import _best
from assay.strategies.ideas.frame import setup
from assay.strategies.ideas.options import IdeaOptions
from assay.strategies.ideas.scoring import parts_of, score, way_to_perfect, with_weights
from assay.strategies.ideas.statements import Kind, Statement, read_statements

RMSE = Metric(name="rmse", direction=Direction.LOWER, needs=Needs.VALUES, lower=0.0)
PEARSON = Metric(name="pearson", direction=Direction.HIGHER, needs=Needs.VALUES, lower=-1.0, upper=1.0)


def tells(*columns: str, effect: float = 0.5) -> Statement:
    return Statement(kind=Kind.TELLS, columns=columns, effect=effect)


def rows(seed: int, count: int = 600) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    a, b, c = draw.normal(0, 1, (3, count))
    y = 2 * a + 3 * ((a > 0) == (b > 0)) + draw.normal(0, 0.5, count)
    return pd.DataFrame({"a": a, "b": b, "c": c, "given": y + draw.normal(0, 0.01, count), "y": y})


def checker(*, classes: bool = False, shift: float = 0.0) -> Checker:
    seen, held, test = rows(1), rows(2), rows(3)
    test["c"] += shift
    if classes:
        for frame in (seen, held):
            frame["y"] = np.where(frame["y"] > 1.5, "yes", "no")
    return Checker(
        seen=seen, held=held, test=test, targets=("y",), classes=classes, features=("a", "b", "c", "given")
    )  # fmt: skip


@pytest.mark.parametrize("classes", [False, True])
def test_what_replicates_holds_and_what_does_not_is_refuted_whatever_was_claimed(classes: bool) -> None:
    found = checker(classes=classes).check(
        [tells("a", effect=0.01), tells("c", effect=0.99), tells("a", "b"), tells("a", "c")]
    )

    assert [one.holds for one in found] == [True, False, True, False]
    assert found[0].effect > 0.2
    assert found[1].effect == 0.0
    assert "no more than chance" in found[1].sentence
    assert "over the best alone" in found[2].sentence


def test_a_column_that_gives_the_target_away_is_a_warning() -> None:
    [found] = checker().check([tells("given")])
    assert found.holds
    assert found.warns
    assert "may give the target away" in found.sentence


def test_shifts_and_repeats_are_measured_not_believed() -> None:
    claims = [
        Statement(kind=Kind.SHIFT, columns=("c",), effect=1.0),
        Statement(kind=Kind.REPEATS, columns=(), effect=1.0),
    ]
    assert [one.holds for one in checker().check(claims)] == [False, False]
    assert [one.holds for one in checker(shift=1.0).check(claims)] == [True, False]

    again = Checker(seen=rows(1), held=rows(1), test=None, targets=("y",), classes=False, features=("a",))
    shift, repeats = again.check([Statement(kind=Kind.SHIFT, columns=("a",), effect=1.0), claims[1]])
    assert (shift.holds, repeats.holds, repeats.effect) == (False, True, 1.0)


def test_noise_almost_never_holds_however_much_is_stated() -> None:
    draw = np.random.default_rng(0)
    frames = [
        pd.DataFrame(draw.normal(0, 1, (400, 21)), columns=[*(f"n{k}" for k in range(20)), "y"]) for _ in range(2)
    ]
    names = tuple(f"n{k}" for k in range(20))
    noise = Checker(seen=frames[0], held=frames[1], test=None, targets=("y",), classes=False, features=names)
    assert not any(one.holds for one in noise.check([tells(name) for name in names]))


def checked(*statements: tuple[Statement, bool, float]) -> tuple[Checked, ...]:
    return tuple(Checked(statement=s, holds=h, effect=e, p=0.0, why="-") for s, h, e in statements)


def test_weights_change_the_winner_and_words_change_nothing() -> None:
    broad = parts_of(checked((tells("a"), True, 0.6), (tells("b"), False, 0.0)), baseline=0.1)
    deep = parts_of(checked((tells("a", "b"), True, 0.3)), baseline=0.5)
    first, second = with_weights({"baseline": 0.0, "interactions": 0.0}), with_weights({"relations": 0.0})

    assert score(broad, first) > score(deep, first)
    assert score(broad, second) < score(deep, second)
    assert set(broad.as_dict()) == set(WEIGHTS)


def test_statements_that_do_not_hold_cost() -> None:
    honest = parts_of(checked((tells("a"), True, 0.4)), baseline=0.0)
    boastful = parts_of(
        checked((tells("a"), True, 0.4), (tells("c"), False, 0.0), (tells("b"), False, 0.0)), baseline=0.0
    )
    assert score(honest, WEIGHTS) > score(boastful, WEIGHTS)


@pytest.mark.parametrize("given", [{"novelty": 1.0}, {"relations": -1.0}, dict.fromkeys(WEIGHTS, 0.0)])
def test_weights_that_mean_nothing_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(UsageError) as caught:
        with_weights(given)
    assert caught.value.code == "E096"


def test_the_way_to_perfect_knows_the_direction() -> None:
    assert way_to_perfect(RMSE, 1.0, 4.0) == 0.75
    assert way_to_perfect(RMSE, 5.0, 4.0) == 0.0
    assert way_to_perfect(PEARSON, 0.4, None) == 0.4
    assert way_to_perfect(PEARSON, None, None) == 0.0


def test_the_least_score_is_honoured() -> None:
    made = [Analysis(number=n, variant="v", seed=n, score=s) for n, s in ((1, 0.3), (2, 0.5), (3, None), (4, 0.5))]
    best = _best(made, 0.4)
    assert best is not None
    assert best.number == 2
    assert _best(made, 0.6) is None


def test_there_are_as_many_notebooks_as_the_smallest_of_the_three() -> None:
    options = IdeaOptions(out=Path("x"), count=5, seeds=(7, 8, 9), variants=("one", "two"))
    assert options.runs == ((1, "one", 7), (2, "two", 8))
    assert len(replace(options, count=1).runs) == 1


def test_a_file_of_statements_is_not_trusted(tmp_path: Path) -> None:
    file = tmp_path / "statements.json"
    listed = [
        {"kind": "tells", "columns": ["a", "a"], "effect": 7},
        {"kind": "tells", "columns": ["nobody"], "effect": 0.1},
        {"kind": "tells", "columns": [], "effect": 0.1},
        {"kind": "proves", "columns": ["a"], "effect": 0.1},
        {"kind": "shift", "columns": ["a"], "effect": "NaN"},
        {"kind": "tells", "columns": ["a"], "effect": 0.2},
        "p-value",
    ]
    file.write_text(json.dumps({"statements": listed}))
    found, problems = read_statements(file, ("a", "b"))

    assert found == (Statement(kind=Kind.TELLS, columns=("a",), effect=1.0),)
    assert len(problems) == 5
    for content in ("{", "[]", '{"statements": 3}', ""):
        file.write_text(content)
        assert read_statements(file, ("a",))[0] == ()
    assert read_statements(tmp_path / "none.json", ("a",))[0] == ()


@pytest.fixture
def task(tmp_path: Path) -> Task:
    frame = rows(5, 300)
    frame.insert(0, "id", range(300))
    frame["group"] = np.random.default_rng(1).integers(0, 25, 300)
    (tmp_path / "data").mkdir()
    frame.to_csv(tmp_path / "data" / "train.csv", index=False)
    wish = SplitWish(kind=SplitKind.GROUP, column="group")
    return inspect(tmp_path / "data", more=Given(target=("y",), id_column="id", split=wish)).task


def test_the_data_package_fixes_folds_that_share_no_group(task: Task, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_package(task, facts_of(task), tmp_path / name)
    package = read_package(tmp_path / "one")
    folds: dict[str, set[str]] = {}
    for group, fold in zip(package.groups, package.folds, strict=True):
        folds.setdefault(group, set()).add(fold)
    write_package(replace(task, split=replace(task.split, seed=9)), facts_of(task), tmp_path / "three")

    assert (tmp_path / "one" / "folds.csv").read_bytes() == (tmp_path / "two" / "folds.csv").read_bytes()
    assert (tmp_path / "one" / "folds.csv").read_bytes() != (tmp_path / "three" / "folds.csv").read_bytes()
    assert len(package.folds) == 300
    assert all(len(names) == 1 for names in folds.values())
    assert set(package.folds) == {"0", "1", "2", "3", "4", "sealed"}


@pytest.mark.parametrize("damage", ["fold", "rows", "about", "gone"])
def test_a_damaged_package_is_refused(task: Task, tmp_path: Path, damage: str) -> None:
    write_package(task, facts_of(task), tmp_path / "p")
    file, about = tmp_path / "p" / "folds.csv", tmp_path / "p" / "package.json"
    if damage == "fold":
        file.write_text(file.read_text().replace(",sealed", ",0", 1))
    elif damage == "rows":
        file.write_text("\n".join(file.read_text().splitlines()[:-3]))
    elif damage == "about":
        about.write_text(about.read_text().replace('"seed": 0', '"seed": 1'))
    else:
        file.unlink()
    with pytest.raises(IntegrityError) as caught:
        read_package(tmp_path / "p")
    assert caught.value.code == "E497"


def test_only_tables_are_looked_into(task: Task) -> None:
    compile(setup(task), "setup", "exec")
    with pytest.raises(TaskError) as caught:
        setup(replace(task, data=replace(task.data, train="train.npz")))
    assert caught.value.code == "E095"
