"""The view of a rehearsal: few rows of the first fold in the shape of all views, and answers nowhere."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from assay.core.view import View, ViewKind, is_rehearsal
from assay.data import Views, inspect
from assay.data.build import build_views
from assay.data.view_files import ViewPlace
from support.data_sets import write_arrays, write_folder, write_forecast


def table(view: View, name: str) -> pd.DataFrame:
    return pd.read_csv(view.input / name, dtype=str, keep_default_na=False)


def test_it_shows_few_rows_of_the_first_fold_and_keeps_no_answers(tmp_path: Path) -> None:
    task = inspect(write_folder(tmp_path / "data")).task
    views, place = (
        Views(task, tmp_path / "views", tmp_path / "private"),
        ViewPlace(root=tmp_path / "views", private=tmp_path / "private"),
    )
    fold, key = views.fold_keys()[0], views.rehearsal_key(10)
    assert key is not None
    assert key.kind is ViewKind.REHEARSAL
    assert is_rehearsal(key.name)
    assert not is_rehearsal(fold.name)
    build_views(task, place, (fold, key))
    whole, few = place.load(fold, task), place.load(key, task)
    assert whole is not None
    assert few is not None
    assert (few.train_rows, few.test_rows) == (10, 10)
    assert few.answers is None
    assert [path.name for path in (tmp_path / "private").iterdir()] == [f"{fold.name}.csv"]
    for name in ("train.csv", "test.csv"):
        shown, all_rows = table(few, name), table(whole, name)
        assert list(shown.columns) == list(all_rows.columns)
        assert set(shown["id"]) < set(all_rows["id"])
    assert set(table(few, "train.csv")["y"]) == set(table(whole, "train.csv")["y"]), "every class is there"
    assert "y" not in table(few, "test.csv")


def test_series_and_what_a_user_prepares_have_none(tmp_path: Path) -> None:
    for number, folder in enumerate((write_arrays(tmp_path / "arrays"), write_forecast(tmp_path / "series"))):
        views = Views(inspect(folder).task, tmp_path / f"{number}" / "views", tmp_path / f"{number}" / "private")
        assert views.rehearsal_key(10) is None
