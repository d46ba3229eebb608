"""The hidden answers and how predictions meet them, looked at without the process that holds them."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import TaskError
from assay.core.metric import Needs
from assay.data.metric_names import METRICS, with_params
from assay.grading.answers import Answers, any_columns, expected_of, join, read_answers
from assay.grading.arrays import Pairs
from assay.grading.grading_task import GradingTask, grading_task
from assay.grading.predictions import Expected, Rejected
from assay.grading.table import Table
from assay.grading.validate import validate
from support.gradings import a_task, write_csv


def asked(folder: Path, metric: str = "rmse", **task: Any) -> GradingTask:
    return grading_task(a_task(folder, metric, **task))


def answers(folder: Path, content: str, about: GradingTask) -> Answers:
    path = folder / "answers.csv"
    path.write_text(content, encoding="utf-8", newline="")
    return read_answers(path, about)


def joined(folder: Path, about: GradingTask, told: str, predicted: str) -> Pairs:
    """Return the pairs of answers and predictions, each the text of a CSV file."""
    known = answers(folder, told, about)
    path = folder / "predictions.csv"
    path.write_text(predicted, encoding="utf-8")
    return join(about, known, validate(path, known.expected))


# --- the file of answers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", ["id,target\n1,10\n2,20\n", "\ufeffid,target\r\n1,10\r\n\r\n2,20\r\n", 'id,target\n"1",10\n2,20']
)
def test_answers_are_read_as_they_were_written(tmp_path: Path, content: str) -> None:
    known = answers(tmp_path, content, asked(tmp_path))
    assert known.table == Table(header=("id", "target"), columns=(("1", "2"), ("10", "20")), rows=2)
    assert (known.targets, known.expected.ids, known.expected.rows, known.place) == (("target",), ("1", "2"), 2, None)


def test_a_file_without_answers_has_no_rows(tmp_path: Path) -> None:
    assert answers(tmp_path, "id,target\n", asked(tmp_path)).table.columns == ((), ())
    with pytest.raises(TaskError, match=r"the columns \[\], not"):
        answers(tmp_path, "", asked(tmp_path))


def test_answers_may_be_named_by_their_column_in_the_predictions(tmp_path: Path) -> None:
    about = asked(tmp_path, targets=("price",), columns=("guess",))
    assert answers(tmp_path, "id,price,guess\n1,5,6\n", about).targets == ("price",)
    assert answers(tmp_path, "id,guess\n1,6\n", about).targets == ("guess",)
    with pytest.raises(TaskError, match=r"the columns \['id', 'other'\], not \['price'\]") as caught:
        answers(tmp_path, "id,other\n1,6\n", about)
    assert caught.value.code == "E136"
    assert answers(tmp_path, "id,other\n1,6\n", replace(about, grader="/x/grade.py")).table.column("other") == ("6",)


def test_rows_are_known_by_the_id_of_the_predictions_else_by_that_of_the_data(tmp_path: Path) -> None:
    about = replace(asked(tmp_path, ids="row"), id_column="key")
    assert answers(tmp_path, "key,row,target\na,1,5\n", about).expected.ids == ("1",)
    assert answers(tmp_path, "key,target\na,5\n", about).expected.ids == ("a",)
    assert answers(tmp_path, "target\n5\n", about).expected.ids is None
    assert answers(tmp_path, "key,target\na,5\n", asked(tmp_path, ids=None)).expected.ids is None


def test_a_class_that_only_the_answers_have_may_be_predicted_and_other_spellings_are_no_new_class(
    tmp_path: Path,
) -> None:
    about = asked(tmp_path, "accuracy", classes=("9", "10"))
    assert answers(tmp_path, "id,target\n1,11\n2,9.0\n3,10\n", about).expected.contract.classes == ("9", "10", "11")
    flags = asked(tmp_path, "accuracy", classes=("0", "1"))
    assert answers(tmp_path, "id,target\n1,True\n2,False\n", flags).expected.contract.classes == ("0", "1")
    own = replace(about, grader="/x/grade.py")
    assert answers(tmp_path, "id,target\n1,11\n", own).expected.contract.classes == ("9", "10")


# --- answers about some of the rows --------------------------------------------------------------------------------


def test_predictions_are_narrowed_to_the_rows_that_have_answers(tmp_path: Path) -> None:
    about = asked(tmp_path)
    sample = write_csv(tmp_path / "sample.csv", ("id", "target"), [(i, 0) for i in ("a", "b", "c")])
    some = write_csv(tmp_path / "some.csv", ("id", "target"), [("c", 30), ("a", 10)])
    known = read_answers(some, about, {"sample": sample})
    assert known.expected.ids == ("a", "b", "c")
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [("b", 2), ("c", 3), ("a", 1)])
    narrowed = known.narrowed(validate(path, known.expected))
    assert narrowed.table.columns == (("c", "a"), ("3", "1"))
    pairs = join(about, known, narrowed)
    assert (pairs.truth[:, 0].tolist(), pairs.numbers[:, 0].tolist()) == ([30.0, 10.0], [3.0, 1.0])

    labels = asked(tmp_path, "accuracy", classes=("10", "20"))
    assert read_answers(some, labels, {"sample": sample}).expected.contract.classes == ("10", "20", "30")

    strange = write_csv(tmp_path / "strange.csv", ("id", "target"), [("c", 30), ("z", 10)])
    with pytest.raises(TaskError, match=r"rows that nobody is asked for: \['z'\]") as caught:
        read_answers(strange, about, {"sample": sample})
    assert caught.value.code == "E136"


@pytest.mark.parametrize("needs", [Needs.LABELS, Needs.PROBABILITY, Needs.RANKED_LABELS])
def test_what_is_narrowed_stays_of_its_kind(tmp_path: Path, needs: Needs) -> None:
    about = asked(tmp_path, "accuracy", needs=needs)
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [("a", 0), ("b", 1), ("c", 0)])
    whole = validate(path, Expected(contract=about.output, rows=3, ids=("a", "b", "c")))
    taken = whole.take(np.array([1, 0]))
    assert (taken.labels.tolist(), taken.numbers.tolist(), taken.ranked) == {
        Needs.LABELS: ([[1], [0]], [], ()),
        Needs.PROBABILITY: ([], [[1.0], [0.0]], ()),
        Needs.RANKED_LABELS: ([], [], (("1",), ("0",))),
    }[needs]


# --- row by row ----------------------------------------------------------------------------------------------------


@given(order=st.permutations(range(5)), data=st.data())
def test_each_prediction_meets_the_answer_of_its_own_row(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("pairs")
    ids = data.draw(st.permutations(["1", "2", "10", "x", "0.5"]))
    told = "id,target\n" + "".join(f"{name},{number}\n" for number, name in enumerate(ids))
    predicted = "id,target\n" + "".join(f"{ids[i]},{i}\n" for i in order)
    pairs = joined(folder, asked(folder), told, predicted)
    assert pairs.truth.tolist() == pairs.numbers.tolist() == [[float(i)] for i in range(5)]


def test_several_targets_keep_their_columns(tmp_path: Path) -> None:
    about = asked(tmp_path, "rmse_mean_columnwise", targets=("a", "b"), columns=("p_a", "p_b"))
    pairs = joined(tmp_path, about, "id,b,a\n1,20,10\n2,40,30\n", "id,p_a,p_b\n1,1,2\n2,3,4\n")
    assert (pairs.needs, pairs.rows) == (Needs.VALUES, 2)
    assert pairs.truth.tolist() == [[10.0, 20.0], [30.0, 40.0]]
    assert pairs.numbers.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_labels_are_positions_in_the_classes_on_both_sides(tmp_path: Path) -> None:
    about = asked(tmp_path, "accuracy", classes=("9", "10"))
    pairs = joined(tmp_path, about, "id,target\n1,10\n2,9\n", "id,target\n2,9.0\n1,9\n")
    assert (pairs.classes, pairs.codes.tolist(), pairs.labels.tolist()) == (("9", "10"), [[1], [0]], [[0], [0]])


def test_class_probabilities_are_compared_in_the_order_of_their_columns(tmp_path: Path) -> None:
    about = asked(tmp_path, "log_loss", needs=Needs.CLASS_PROBABILITIES, columns=("p_c", "p_a"), classes=("c", "a"))
    pairs = joined(tmp_path, about, "id,target\n1,a\n2,c\n", "id,p_c,p_a\n1,0.25,0.75\n2,1,0\n")
    assert (pairs.classes, pairs.codes.tolist()) == (("c", "a"), [[1], [0]])
    # The answers may also be one column a class, 1 where it is the right one.
    wide = replace(about, targets=("c", "a"))
    assert joined(tmp_path, wide, "id,c,a\n1,0,1\n2,1,0\n", "id,p_c,p_a\n1,1,0\n2,1,0\n").codes.tolist() == [[1], [0]]
    plain = asked(tmp_path, "log_loss", needs=Needs.CLASS_PROBABILITIES, columns=("x", "y"), classes=())
    pairs = joined(tmp_path, plain, "id,target\n1,y\n", "id,x,y\n1,0.5,0.5\n")
    assert (pairs.classes, pairs.codes.tolist()) == (("x", "y"), [[1]])


def test_ranked_labels_are_spelled_alike_on_both_sides(tmp_path: Path) -> None:
    about = asked(tmp_path, "map_at_k", classes=("7", "8"))
    pairs = joined(tmp_path, about, "id,target\n1,7.0 8\n2,9\n", "id,target\n1,08\n2,7 8\n")
    assert (pairs.relevant, pairs.ranked) == ((("7", "8"), ("9",)), (("8",), ("7", "8")))
    free = asked(tmp_path, "map_at_k", classes=())
    pairs = joined(tmp_path, free, "id,target\n1,7.0 8\n", "id,target\n1,08 x\n")
    assert (pairs.relevant, pairs.ranked) == ((("7.0", "8"),), (("08", "x"),))


@pytest.mark.parametrize(
    ("truth", "classes", "positive", "expected"),
    [
        (("no", "yes"), ("no", "yes"), None, (("no", "yes"), 1)),
        (("no", "yes"), ("no", "yes"), "no", (("no", "yes"), 0)),
        (("0", "1"), ("0", "1"), "True", (("0", "1"), 1)),
        (("0", "1"), ("0", "1"), 0.0, (("0", "1"), 0)),
        (("b", "a"), (), None, (("a", "b"), 1)),
        # One kind of flag alone still is a flag; one kind of anything else is the positive one.
        (("0", "0"), (), None, (("0", "1"), 1)),
        (("1", "1"), (), None, (("0", "1"), 1)),
        (("x", "x"), (), None, (("x",), 0)),
    ],
)
def test_the_positive_class_is_the_one_asked_for_else_the_last(
    tmp_path: Path,
    truth: tuple[str, str],
    classes: tuple[str, ...],
    positive: str | float | None,
    expected: tuple[tuple[str, ...], int],
) -> None:
    metric = METRICS["roc_auc"] if positive is None else with_params(METRICS["roc_auc"], positive=positive)
    about = grading_task(a_task(tmp_path, metric, classes=classes))
    told = "id,target\n" + "".join(f"{i},{cell}\n" for i, cell in enumerate(truth))
    pairs = joined(tmp_path, about, told, "id,target\n0,0.1\n1,0.9\n")
    assert (pairs.classes, pairs.positive) == expected
    assert pairs.hits[:, 0].tolist() == [pairs.classes[pairs.positive] == cell for cell in truth]


def test_answers_may_spell_a_flag_otherwise_than_the_classes(tmp_path: Path) -> None:
    about = asked(tmp_path, "roc_auc", classes=("0", "1"))
    pairs = joined(tmp_path, about, "id,target\n1,True\n2,false\n3,1.0\n", "id,target\n1,0.9\n2,0.1\n3,0.8\n")
    assert (pairs.classes, pairs.hits[:, 0].tolist()) == (("0", "1"), [True, False, True])


@pytest.mark.parametrize(
    ("metric", "task", "told", "words"),
    [
        ("rmse", {}, "id,target\n1,many\n", "an answer is not a number: .*'many'"),
        ("rmse", {}, "id,target\n1,nan\n", "1 answers are not finite numbers"),
        ("roc_auc", {"classes": ("no", "yes")}, "id,target\n1,maybe\n", r"'target' are none of the known .*'maybe'"),
        ("no_such", {"classes": ("a", "b")}, "id,target\n1,a\n", r"label 'c' is none of the classes \['a', 'b'\]"),
    ],
)
def test_an_answer_that_the_metric_cannot_use_is_the_tasks_fault(
    tmp_path: Path, metric: str, task: dict[str, Any], told: str, words: str
) -> None:
    measure = with_params(METRICS["roc_auc"], positive="c") if metric == "no_such" else METRICS[metric]
    with pytest.raises(TaskError, match=words) as caught:
        joined(tmp_path, grading_task(a_task(tmp_path, measure, **task)), told, "id,target\n1,1\n")
    assert caught.value.code == "E136"


def test_rows_that_are_taken_keep_everything_that_was_paired() -> None:
    pairs = Pairs(
        needs=Needs.LABELS,
        rows=2,
        codes=np.array([[0], [1]]),
        labels=np.array([[1], [1]]),
        truth=np.array([[1.0], [2.0]]),
        numbers=np.array([[3.0], [4.0]]),
        relevant=(("a",), ("b",)),
        ranked=(("c",), ("d",)),
        classes=("x", "y", "z"),
        positive=2,
    )
    taken = pairs.take(np.array([1, 0, 1]))
    for name in ("codes", "labels", "truth", "numbers"):
        assert getattr(taken, name).tolist() == [getattr(pairs, name)[i].tolist() for i in (1, 0, 1)]
    assert (taken.relevant, taken.ranked) == ((("b",), ("a",), ("b",)), (("d",), ("c",), ("d",)))
    assert (taken.needs, taken.rows, taken.classes, taken.positive) == (Needs.LABELS, 3, ("x", "y", "z"), 2)
    assert len(fields(pairs)) == 10, "a new field has to be taken along"


# --- which rows are asked for --------------------------------------------------------------------------------------


def test_the_rows_are_those_of_the_answers_else_of_the_sample_else_of_the_test_file(tmp_path: Path) -> None:
    about = replace(asked(tmp_path, ids="row"), id_column="key")
    told = write_csv(tmp_path / "answers.csv", ("row", "target"), [("1", 5)])
    sample = write_csv(tmp_path / "sample.csv", ("row", "target"), [("2", 0), ("03", 0)])
    test = write_csv(tmp_path / "test.csv", ("key", "x"), [("a", 0)])
    assert expected_of(about, {"answers": told, "sample": sample}).ids == ("1",)
    assert expected_of(about, {"sample": sample, "test": test}).ids == ("2", "03")
    assert expected_of(about, {"test": test}).ids == ("a",)
    without = expected_of(asked(tmp_path, ids=None), {"sample": sample})
    assert (without.ids, without.rows) == (None, 2)
    with pytest.raises(TaskError, match="no file of the view holds the ids 'row'") as caught:
        expected_of(about, {"sample": test})
    assert caught.value.code == "E137"


def test_where_no_columns_are_asked_for_those_of_the_file_are_taken(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "p.csv", ("id", "b", "a"), [("1", 2, 3)])
    free = Expected(contract=asked(tmp_path, columns=()).output, rows=1, ids=("1",))
    assert any_columns(free, path).contract.columns == ("b", "a")
    named = Expected(contract=asked(tmp_path).output, rows=1, ids=("1",))
    assert any_columns(named, path) == named
    path.write_bytes(b"\x1f\x8b...")
    with pytest.raises(Rejected, match="gzip-compressed"):
        any_columns(free, path)
