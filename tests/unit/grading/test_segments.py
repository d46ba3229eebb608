"""Rows that have something in common: which of them are told, and under what name."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assay.core.weakness import Segment
from assay.grading.row_losses import RowLosses
from assay.grading.segments import together, weakness

ROWS = 200


def rows(loss: np.ndarray, **told: object) -> RowLosses:
    error = np.asarray(loss, dtype=float)
    return RowLosses(measure="share wrong", rooted=False, loss=error, error=error, **told)  # type: ignore[arg-type]


def by_column(loss: np.ndarray, frame: pd.DataFrame) -> list[Segment]:
    return [s for s in weakness(rows(loss), frame, folds=1).segments if s.by in frame.columns]


def test_a_column_of_numbers_is_told_in_fifths_and_what_is_missing_apart() -> None:
    size = np.arange(ROWS) % 50 / 2.0
    found = by_column((size >= 20).astype(float), pd.DataFrame({"size": size}))
    assert [(s.name, s.rows, s.loss, s.share) for s in found] == [("20 to 24.5", 40, 1.0, 1.0)]
    size = np.where(np.arange(ROWS) % 4 == 0, np.nan, size)
    found = by_column(np.isnan(size).astype(float), pd.DataFrame({"size": size}))
    assert [(s.name, s.rows, s.share) for s in found] == [("(missing)", 50, 1.0)]


def test_one_value_is_told_as_that_and_large_ones_in_whole_numbers() -> None:
    year = np.where(np.arange(ROWS) % 4 == 0, 2_024.4, 1_900.0)
    found = by_column((year > 2_000).astype(float), pd.DataFrame({"year": year}))
    assert [s.name for s in found] == ["2,024"]


def test_neither_row_numbers_nor_what_explains_nothing_is_told() -> None:
    late = (np.arange(ROWS) >= 150).astype(float)
    assert by_column(late, pd.DataFrame({"row": np.arange(ROWS), "colour": ["red", "blue"] * (ROWS // 2)})) == []


def test_of_columns_those_that_explain_most_and_of_each_its_worst_two() -> None:
    kind = np.arange(ROWS) % 5
    loss = np.array([4.0, 2.0, 1.5, 0.0, 0.0])[kind]
    letters = np.array(list("abcde"))
    same = {f"copy {n}": letters[kind] for n in range(4)}
    found = by_column(loss, pd.DataFrame({"weak": letters[(kind + (np.arange(ROWS) % 7 == 0)) % 5], **same}))
    assert [(s.by, s.name) for s in found] == [(f"copy {n}", name) for n in range(3) for name in ("a", "b")]


def test_of_no_loss_there_is_no_share_and_no_column() -> None:
    labels = ("a", "b") * (ROWS // 2)
    told = weakness(rows(np.zeros(ROWS), given=labels, true=labels), pd.DataFrame({"label": labels}), folds=1)
    assert [(s.by, s.share, s.taken_for) for s in told.segments] == [("class", 0.0, "")] * 2


def test_what_a_class_is_taken_for_is_told_of_ten_rows_or_more_and_not_where_nothing_is_given() -> None:
    true = ("a",) * 100 + ("b",) * 100
    for wrong, taken_for in ((10, "b"), (9, "")):
        given = ("b",) * wrong + true[wrong:]
        loss = np.array([g != t for g, t in zip(given, true, strict=True)])
        (worst, other) = weakness(rows(loss, given=given, true=true), None, folds=1).segments
        assert (worst.name, worst.taken_for, other.taken_for) == ("a", taken_for, "")
        assert {s.taken_for for s in weakness(rows(loss, true=true), None, folds=1).segments} == {""}


def test_folds_are_one_and_what_one_of_them_lacks_is_lacking() -> None:
    first = rows(np.ones(3), predicted=np.zeros(3), truth=np.ones(3), given=("a",) * 3, true=("b",) * 3)
    second = rows(np.zeros(2), predicted=np.ones(2), given=("c",) * 2, true=("d",) * 2)
    both = together([first, second])
    assert both.loss.tolist() == both.error.tolist() == [1, 1, 1, 0, 0]
    assert both.predicted is not None
    assert both.predicted.tolist() == [0, 0, 0, 1, 1]
    assert both.truth is None
    assert (both.given, both.true) == (("a",) * 3 + ("c",) * 2, ("b",) * 3 + ("d",) * 2)
