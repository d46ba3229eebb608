from __future__ import annotations

import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest

from assay.core.metric import Needs
from assay.grading.names import Names, label_order, plain_number
from assay.grading.predictions import Expected, Predictions, Rejected
from assay.grading.validate import validate
from support.gradings import a_task, write_csv

IDS = ("1", "2", "3")


def expected(needs: Needs = Needs.VALUES, ids: tuple[str, ...] | None = IDS, **contract: object) -> Expected:
    task = a_task(Path("/x"), "rmse", needs=needs, ids="id" if ids else None, **contract)  # type: ignore[arg-type]
    return Expected(contract=task.output, rows=len(ids) if ids else 3, ids=ids)


def problems(path: Path, about: Expected) -> tuple[str, ...]:
    with pytest.raises(Rejected) as caught:
        validate(path, about)
    return caught.value.problems


def text(folder: Path, content: str) -> Path:
    path = folder / "submission.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_rows_come_back_in_the_order_of_the_answers(tmp_path: Path) -> None:
    path = text(tmp_path, "id,target\n3,30\n1,10\n2,20\n")
    assert validate(path, expected()).numbers.tolist() == [[10.0], [20.0], [30.0]]


@pytest.mark.parametrize(
    "content",
    [
        "id,target\n1.0,10\n2.0,20\n3.0,30\n",
        "id,target\r\n01,10\r\n2,20\r\n+3,30\r\n",
        "\ufeffid,target\n1,10\n\n2,20\n 3 ,30\n",
        '"id","target"\n"1","10"\n"2","20"\n"3",30',
        "id,target\n1,1e1\n2, 20 \n3,3.0E+1\n",
    ],
)
def test_other_spellings_of_the_same_thing_are_accepted(tmp_path: Path, content: str) -> None:
    assert validate(text(tmp_path, content), expected()).numbers[:, 0].tolist() == [10.0, 20.0, 30.0]


def test_ids_are_never_matched_when_that_could_mean_two(tmp_path: Path) -> None:
    about = expected(ids=("1", "1.0", "x"))
    assert validate(text(tmp_path, "id,target\n1.0,2\n1,1\nx,3\n"), about).numbers[:, 0].tolist() == [1.0, 2.0, 3.0]
    told = problems(text(tmp_path, "id,target\n01,2\n1,1\nx,3\n"), about)
    assert told == ("1 of 3 ids of 'id' are missing: '1.0'", "1 ids of 'id' are not among the test rows: '01'")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("id,target\n1,10\n2,20\n", ["1 of 3 ids of 'id' are missing: '3'", "expected 3 rows, got 2"]),
        (
            "id,target\n1,10\n2,20\n4,1\n",
            ["are missing: '3'", "1 ids of 'id' are not among the test rows: '4'"],
        ),
        ("id,target\n1,10\n2,20\n2,30\n", ["are missing: '3'", "1 rows repeat an id of 'id': '2'"]),
        ("id,target\n1,1\n2,2\n3,3\n4,4\n5,5\n", ["at least 1 ids of 'id' are not among", "expected 3 rows, got more"]),
        ("id,target\n1,10\n2,\n3,nan\n", ["2 values of 'target' are NaN or empty: ids '2', '3'"]),
        ("id,target\n1,10\n2,inf\n3,-inf\n", ["2 values of 'target' are infinite: ids '2', '3'"]),
        ("id,target\n1,10\n2,many\n3,30\n", ["1 values of 'target' are not numbers: 'many'"]),
        ("id,target\n1,10\n2,20,5\n3\n", ["2 lines do not have 2 values: line 3 has 3, line 4 has 1"]),
        ("id,prediction\n1,10\n", ["1 columns are missing: 'target'", "1 columns are not asked for: 'prediction'"]),
        ("target,id\n10,1\n", ["the columns are in another order: expected 'id,target', got 'target,id'"]),
        (",id,target\n0,1,10\n", ["1 columns are not asked for: '' (write with index=False)"]),
        ("id,id,target\n1,1,10\n", ["columns appear twice: 'id'"]),
        ("1,10\n2,20\n3,30\n", ["there is no header line; the first line must be 'id,target', it is '1,10'"]),
        ("ID,Target\n1,10\n", ["the column names differ in case or spaces"]),
        ("id;target\n1;10\n", ["values are separated by semicolons, not commas"]),
        ("id\ttarget\n1\t10\n", ["values are separated by tabs"]),
        ('{"id": [1, 2, 3]}', ["the first line must be 'id,target'"]),
        ("", ["the file is empty"]),
        ("id,target\n", ["3 of 3 ids of 'id' are missing: '1', '2', '3'"]),
        ('id,target\n1,"10\n2,20\n3,30\n', ["not well-formed CSV after row 1"]),
    ],
)
def test_everything_wrong_is_said(tmp_path: Path, content: str, told: list[str]) -> None:
    found = problems(text(tmp_path, content), expected())
    for words in told:
        assert any(words in problem for problem in found), found


def test_many_problems_give_the_first_three_examples(tmp_path: Path) -> None:
    ids = tuple(str(i) for i in range(1000))
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, "x") for i in range(0, 1000, 2)])
    found = problems(path, expected(ids=ids))
    assert found[0] == "500 of 1,000 ids of 'id' are missing: '1', '3', '5', ..."
    assert found[2] == "500 values of 'target' are not numbers: 'x', 'x', 'x', ..."
    path = write_csv(tmp_path / "p.csv", ("id", "target"), [(i, "nan") for i in range(1000)])
    assert problems(path, expected(ids=ids)) == ("1,000 values of 'target' are NaN or empty: ids '0', '1', '2', ...",)


def test_a_rejection_says_everything_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        validate(text(tmp_path, "id,target\n1,10\n2,x\n"), expected())
    assert len(caught.value.problems) == 3
    assert str(caught.value) == "; ".join(caught.value.problems)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (gzip.compress(b"id,target\n1,10\n", mtime=0), "gzip-compressed"),
        (b"PK\x03\x04" + b"x" * 100, "zip archive"),
        (pickle.dumps({"id": [1]}), "a pickle"),
        (b"\x93NUMPY\x01\x00", "a NumPy array"),
        (b"PAR1....", "Parquet"),
        ("id,target\n1,10\n".encode("utf-16"), "UTF-16"),
        (b"id,target\n\x00\x01\x02,1\n", "binary bytes"),
        (b"id,target\n1,10\n2,\xff\xff\n3,1\n", "not UTF-8"),
    ],
)
def test_what_is_no_plain_text_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "submission.csv"
    path.write_bytes(content)
    found = problems(path, expected())
    assert len(found) == 1
    assert words in found[0]


def test_a_wide_header_is_refused_before_any_row_is_read(tmp_path: Path) -> None:
    path = text(tmp_path, ",".join(f"c{i}" for i in range(10_000)) + "\n1\n")
    assert "is" in problems(path, expected())[0]
    path = text(tmp_path, "id,target" + ",x" * 10_000 + "\n")
    assert problems(path, expected())[0] == "10000 columns are not asked for: 'x', 'x', 'x', ..."


def test_a_file_larger_than_the_rows_can_need_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "submission.csv"
    with path.open("wb") as stream:
        stream.truncate(10**12)
    assert "more than" in problems(path, expected())[0]


def test_rows_without_ids_are_matched_by_order(tmp_path: Path) -> None:
    assert validate(text(tmp_path, "target\n1\n2\n3\n"), expected(ids=None)).numbers[:, 0].tolist() == [1, 2, 3]
    assert "got 2" in problems(text(tmp_path, "target\n1\n2\n"), expected(ids=None))[0]
    assert "got more than 3" in problems(text(tmp_path, "target\n1\n2\n3\n4\n5\n"), expected(ids=None))[0]
    assert "rows 2" in problems(text(tmp_path, "target\n1\nnan\n3\n"), expected(ids=None))[0]


def test_probabilities(tmp_path: Path) -> None:
    about = expected(Needs.PROBABILITY)
    good = validate(text(tmp_path, "id,target\n1,True\n2,1.0000001\n3,0\n"), about)
    assert good.numbers[:, 0].tolist() == [1.0, 1.0, 0.0]
    assert good.table.columns == (IDS, ("True", "1.0000001", "0"))
    flags = validate(text(tmp_path, "id,target\n1,false\n2,-0.0000001\n3,FALSE\n"), about)
    assert flags.numbers[:, 0].tolist() == [0.0, 0.0, 0.0]
    found = problems(text(tmp_path, "id,target\n1,1.5\n2,-3\n3,0\n"), about)
    assert "2 values of 'target' are outside [0, 1] (they range from -3 to 1.5): ids '1', '2'" in found[0]


def test_class_probabilities_must_sum_to_one_only_where_asked(tmp_path: Path) -> None:
    shape = {"columns": ("a", "b"), "classes": ("a", "b")}
    path = text(tmp_path, "id,a,b\n1,0.5,0.5\n2,0.5,0.2\n3,0,1\n")
    assert isinstance(validate(path, expected(Needs.CLASS_PROBABILITIES, **shape)), Predictions)
    found = problems(path, expected(Needs.CLASS_PROBABILITIES, **shape, sum_to_one=True))
    assert found == ("1 rows do not sum to one (the first sums to 0.7): ids '2'",)
    none = problems(text(tmp_path, "id,a,b\n1,0,0\n2,1,0\n3,0,1\n"), expected(Needs.CLASS_PROBABILITIES, **shape))
    assert none == ("1 rows give every class the probability 0 (the first sums to 0): ids '1'",)


@pytest.mark.parametrize(
    ("classes", "cells", "codes"),
    [
        (("0", "1"), ["0", "1.0", "True"], [0, 1, 1]),
        (("0", "1"), ["false", "TRUE", "0.0"], [0, 1, 0]),
        (("False", "True"), ["0", "1", "true"], [0, 1, 1]),
        (("no", "yes"), ["yes", " no", "yes"], [1, 0, 1]),
        (("1", "2", "3"), ["3.0", "2", "1"], [2, 1, 0]),
        (("-1", "1"), ["-1.0", "1", "+1"], [0, 1, 1]),
    ],
)
def test_labels_in_other_spellings(
    tmp_path: Path, classes: tuple[str, ...], cells: list[str], codes: list[int]
) -> None:
    path = write_csv(tmp_path / "p.csv", ("id", "target"), list(zip(IDS, cells, strict=True)))
    assert validate(path, expected(Needs.LABELS, classes=classes)).labels[:, 0].tolist() == codes


@pytest.mark.parametrize(
    ("classes", "cells", "words"),
    [
        (("a", "b"), ["a", "b", "c"], "1 labels of 'target' were never seen in training: 'c' (known are 'a', 'b')"),
        (("a", "b"), ["a", "", "b"], "1 labels of 'target' are NaN or empty: ids '2'"),
        (("0", "1"), ["0.2", "0.9", "0.5"], "labels are asked for, not probabilities"),
        (("no", "yes"), ["1", "0", "1"], "were never seen in training: '0', '1'"),
        (("1", "2"), ["True", "1", "2"], "never seen in training: 'True'"),
    ],
)
def test_labels_that_mean_nothing(tmp_path: Path, classes: tuple[str, ...], cells: list[str], words: str) -> None:
    path = write_csv(tmp_path / "p.csv", ("id", "target"), list(zip(IDS, cells, strict=True)))
    assert any(words in problem for problem in problems(path, expected(Needs.LABELS, classes=classes)))


def test_rankings(tmp_path: Path) -> None:
    about = expected(Needs.RANKED_LABELS, classes=("7", "8"))
    assert validate(text(tmp_path, "id,target\n1,7 8\n2,8.0\n3,8 7\n"), about).ranked == (
        ("7", "8"),
        ("8",),
        ("8", "7"),
    )
    found = problems(text(tmp_path, "id,target\n1,\n2,9\n3,8 7\n"), about)
    assert "have no label: ids '1'" in found[0]
    assert found[1] == "1 labels were never seen in training: '9'"


def test_numbers_keep_every_digit(tmp_path: Path) -> None:
    path = text(tmp_path, "id,target\n1,0.1234567890123456\n2,1e-300\n3,123456789.123456789\n")
    np.testing.assert_array_equal(
        validate(path, expected()).numbers[:, 0], [0.1234567890123456, 1e-300, 123456789.123456789]
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", "1"), ("1.0", "1"), ("+01.50", "1.5"), ("-0.0", "0"), ("-2", "-2"), ("1e3", None), ("x", None), ("", None)],
)
def test_plain_numbers(text: str, number: str | None) -> None:
    assert plain_number(text) == number


def test_long_ids_lose_no_digit() -> None:
    names = Names(("12345678901234567890", "12345678901234567891"))
    assert names.find("12345678901234567891.0") == 1


def test_the_exact_text_goes_before_every_other_spelling() -> None:
    names = Names(("a", " a", "x", "1"))
    assert [names.find(text) for text in ("a", " a", "  a", " x", "1.0", "y")] == [0, 1, None, 2, 3, None]


def test_true_and_false_stand_for_one_and_zero_only_where_labels_are_meant() -> None:
    assert [Names(("0", "1")).find(text) for text in ("True", "False")] == [None, None]
    assert [Names(("0", "1"), booleans=True).find(text) for text in ("True", "FALSE")] == [1, 0]
    assert [Names(("False", "True"), booleans=True).find(text) for text in ("1.0", "00", "2")] == [1, 0, None]
    assert Names(("0", "1", "2"), booleans=True).find("True") is None


def test_labels_are_ordered_by_size_where_they_are_numbers() -> None:
    assert label_order(["10", "9", "1"]) == ("1", "9", "10")
    assert label_order(["b", "10", "9"]) == ("10", "9", "b")
