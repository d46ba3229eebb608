"""Where predictions are wrong: known weaknesses are found, and only sums over many rows leave the grading process."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from assay.core.codec import decode, encode
from assay.core.metric import Needs
from assay.core.task import Task
from assay.core.view import View
from assay.core.weakness import Segment, Weakness, Weaknesses
from assay.grading import Grader
from support.gradings import a_task, a_view, write_csv

ROWS, FOLDS = 300, 2
COLOURS = ("red", "blue", "green")


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    with Grader(tmp_path_factory.mktemp("grader")) as service:
        yield service


def case(
    folder: Path, truth: Callable[[int], Any], *guesses: Callable[[int, Any], Sequence[Any]], **task: Any
) -> tuple[Task, list[View], dict[int, dict[str, Path]]]:
    """Rows have a colour and a number; each guess is a member. Predictions stand in another order than answers."""
    views, members = [], dict[int, dict[str, Path]]()
    for fold in range(FOLDS):
        rows = [(fold * ROWS + i, truth(fold * ROWS + i)) for i in range(ROWS)]
        view = a_view(folder, ("id", "target"), rows, fold=fold)
        shown = [(i, COLOURS[i % 3], i % 7) for i, _ in reversed(rows)]
        write_csv(view.input / "test.csv", ("id", "colour", "size"), shown)
        views.append(view)
        for number, guess in enumerate(guesses, 1):
            header = ("id", *task.get("columns", ("target",)))
            path = write_csv(folder / f"{number}-{fold}.csv", header, [(i, *guess(i, y)) for i, y in rows])
            members.setdefault(number, {})[view.key.name] = path
    return a_task(folder, **task), views, members


def looked_at(grader: Grader, made: tuple[Task, list[View], dict[int, dict[str, Path]]]) -> Weaknesses:
    found = grader.weaknesses(*made)
    assert found is not None
    return found


def by(weakness: Weakness, what: str) -> list[Segment]:
    return [segment for segment in weakness.segments if segment.by == what]


def test_errors_of_numbers_are_told_by_target_prediction_and_the_column_that_explains_them(
    grader: Grader, tmp_path: Path
) -> None:
    def low_for_red(i: int, y: float) -> list[float]:
        return [y - 3.0 if i % 3 == 0 else y + 0.1 * (-1) ** i]

    found = looked_at(grader, case(tmp_path, lambda i: float(i % 50), low_for_red, metric="rmse"))
    weakness = found.found[0]
    assert (weakness.measure, weakness.rows, weakness.folds) == ("root mean squared error", FOLDS * ROWS, FOLDS)
    assert weakness.loss == pytest.approx(((9 + 2 * 0.01) / 3) ** 0.5, rel=1e-3)
    (red,) = by(weakness, "colour")
    assert (red.name, red.rows, red.loss, red.bias) == ("red", 200, 3.0, -3.0)
    assert red.share == pytest.approx(9 / 9.02, rel=1e-3)
    assert by(weakness, "size") == [], "what tells nothing of the errors is not told"
    truths = by(weakness, "target")
    assert (truths[0].name, truths[-1].name) == ("0 to 9", "40 to 49")
    assert sum(segment.rows for segment in truths) == FOLDS * ROWS
    assert len(by(weakness, "predicted")) == 5
    assert decode(Weaknesses, encode(found)) == found


def test_order_is_told_by_the_pairs_that_are_wrong(grader: Grader, tmp_path: Path) -> None:
    draw = random.Random(3)

    def blind_for_blue(i: int, y: int) -> list[float]:
        return [draw.random() if i % 3 == 1 else 0.9 * y + 0.05]

    weakness = looked_at(grader, case(tmp_path, lambda i: i % 2, blind_for_blue, metric="roc_auc")).found[0]
    assert weakness.measure == "share of pairs ordered wrongly"
    (blue,) = by(weakness, "colour")
    assert blue.name == "blue"
    assert blue.share > 0.6
    assert {segment.name for segment in by(weakness, "class")} == {"0", "1"}
    high = by(weakness, "predicted")[-1]
    assert high.bias is not None
    assert abs(high.bias) < 0.2


def test_a_class_says_what_it_is_taken_for(grader: Grader, tmp_path: Path) -> None:
    labels = ("cat", "dog", "eel")

    def cats_are_dogs(i: int, y: str) -> list[str]:
        return ["dog" if y == "cat" and i % 4 == 0 else y]

    made = case(tmp_path, lambda i: labels[i % 3], cats_are_dogs, metric="accuracy", classes=labels)
    worst, *others = by(looked_at(grader, made).found[0], "class")
    assert (worst.name, worst.taken_for, worst.loss, worst.share) == ("cat", "dog", 0.25, 1.0)
    assert [(segment.loss, segment.taken_for) for segment in others] == [(0.0, "")] * 2


def test_probabilities_of_classes_are_weighed_by_their_logarithms(grader: Grader, tmp_path: Path) -> None:
    labels = ("a", "b", "c")

    def unsure_of_c(i: int, y: str) -> list[float]:
        chances = [0.05, 0.05, 0.05]
        chances[labels.index(y)] = 0.9
        return [1 / 3] * 3 if y == "c" else chances

    made = case(
        tmp_path,
        lambda i: labels[i % 3],
        unsure_of_c,
        metric="log_loss",
        needs=Needs.CLASS_PROBABILITIES,
        columns=labels,
        classes=labels,
    )
    worst = by(looked_at(grader, made).found[0], "class")[0]
    assert (worst.name, worst.loss) == ("c", pytest.approx(1.0986, abs=1e-3))


def test_errors_that_are_alike_are_told_from_those_that_are_not(grader: Grader, tmp_path: Path) -> None:
    def wave(i: int, y: float) -> list[float]:
        return [y + (i % 5 - 2)]

    def twice(i: int, y: float) -> list[float]:
        return [y + 2 * (i % 5 - 2)]

    def other(i: int, y: float) -> list[float]:
        return [y + (i % 2)]

    found = looked_at(grader, case(tmp_path, lambda i: float(i), wave, twice, other, metric="mae"))
    alike = {(one, two): value for one, two, value in found.alike}
    assert alike[1, 2] == 1.0
    assert abs(alike[1, 3]) < 0.1
    assert found.found[0].measure == "mean absolute error"


def test_nothing_is_told_of_few_rows_and_of_files_that_cannot_be_read(grader: Grader, tmp_path: Path) -> None:
    rare = {i for i in range(FOLDS * ROWS) if i % 40 == 0}
    task, views, members = case(
        tmp_path,
        lambda i: "odd" if i in rare else "even",
        lambda i, y: ["even"],
        lambda i, y: ["neither"],
        metric="accuracy",
        classes=("even", "odd"),
    )
    found = looked_at(grader, (task, views, members))
    assert found.trials == (1,)
    assert [segment.name for segment in by(found.found[0], "class")] == ["even"]
    (views[0].input / "test.csv").unlink()
    assert [s.by for s in looked_at(grader, (task, views, members)).found[0].segments] == ["class"]
