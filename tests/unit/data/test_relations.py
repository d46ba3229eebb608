"""What single columns tell of the target: known relations are found, chance is not, sealed labels never count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assay.core.profile import ColumnKind, Relation
from assay.data import inspect, profile
from assay.data.dates import as_times
from assay.data.facts import facts_of
from assay.data.profile import search_rows
from assay.data.relations import Target, evenly, relation
from support.data_sets import write_folder

ROWS = 2_000
RNG = np.random.default_rng(5)
LINE = np.linspace(-1.0, 1.0, ROWS)


def told(column: object, target: object, *, numeric: bool = True, kind: ColumnKind = ColumnKind.NUMBER) -> Relation:
    positive = None if numeric else "yes"
    found = relation(pd.Series(column), kind, Target(np.asarray(target), numeric=numeric, positive=positive))
    assert found is not None
    return found


def test_a_line_and_a_bend_both_tell_and_only_the_line_has_a_direction() -> None:
    line, bend = told(LINE, LINE**3), told(LINE, LINE**2)
    assert line.explained > 0.95
    assert line.rank == 1.0
    assert bend.explained > 0.9
    assert abs(bend.rank or 0.0) < 0.01
    assert bend.fifths[0] > bend.fifths[2] < bend.fifths[4]


@pytest.mark.parametrize("numeric", [True, False])
def test_chance_explains_nothing_however_many_categories_there_are(numeric: bool) -> None:
    target = RNG.normal(size=ROWS) if numeric else RNG.choice(["no", "yes"], size=ROWS)
    shuffled = [f"c{n}" for n in RNG.integers(0, 150, size=ROWS)]
    assert told(shuffled, target, numeric=numeric, kind=ColumnKind.CATEGORY).explained < 0.02


def test_categories_are_told_from_the_highest_to_the_lowest_with_their_rows() -> None:
    column = ["a"] * 900 + ["b"] * 900 + ["few"] * 19 + ["c"] * (ROWS - 1_819)
    target = ["yes"] * 900 + ["no"] * 900 + ["yes"] * 19 + ["no", "yes"] * 90 + ["no"]
    found = told(column, target, numeric=False, kind=ColumnKind.CATEGORY)
    assert [(name, rows) for name, _, rows in found.groups] == [("a", 900), ("c", 181), ("b", 900)]
    assert [mean for _, mean, _ in found.groups] == [1.0, pytest.approx(90 / 181, abs=1e-3), 0.0]
    assert 0.7 < found.explained < 1.0


def test_missing_values_are_a_group_of_their_own() -> None:
    column = np.where(LINE > 0, np.nan, RNG.normal(size=ROWS))
    assert told(column, LINE > 0).explained > 0.7
    texts = [None if value > 0 else "there" for value in LINE]
    assert told(texts, LINE, kind=ColumnKind.CATEGORY).groups[0][0] == "(missing)"


def test_more_than_two_labels_have_a_share_and_no_means() -> None:
    labels = np.array(["a", "b", "c"])[np.arange(ROWS) % 3]
    found = told(np.arange(ROWS) % 3, labels, numeric=False)
    assert found == Relation(explained=pytest.approx(1.0, abs=0.01))


def test_text_tells_nothing_and_large_tables_are_looked_at_in_part() -> None:
    target = Target(LINE, numeric=True)
    assert relation(pd.Series(["some words"] * ROWS), ColumnKind.TEXT, target) is None
    assert len(evenly(1_000_000, 10)) == 50_000
    assert len(evenly(1_000_000, 5_000)) == 2_000
    assert list(evenly(3, 10)) == [0, 1, 2]


def test_labels_of_sealed_rows_do_not_count(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "regression")
    task = inspect(folder).task
    before = profile(task)
    sealed = ~search_rows(task, facts_of(task))
    assert sealed.any()
    train = pd.read_csv(folder / "train.csv", dtype=str)
    train.loc[sealed, "y"] = "1000000"
    train.to_csv(folder / "train.csv", index=False)
    assert [c.relation for c in profile(task).columns] == [c.relation for c in before.columns]
    assert any(c.relation is not None and c.relation.explained > 0 for c in before.columns)
    train["y"] = "1000000"
    train.loc[::2, "y"] = "1"
    train.to_csv(folder / "train.csv", index=False)
    assert [c.relation for c in profile(task).columns] != [c.relation for c in before.columns], "the others do"


def test_dates_of_any_century_have_an_order() -> None:
    times = as_times(pd.Series(["1815-06-18", "1066-10-14", "2024-01-05", "2500-01-01"]))
    assert times is not None
    assert times.rank().tolist() == [2, 1, 3, 4]
