"""Views of the validation gate: what is permuted is permuted as a whole, and no sealed row is among them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from assay.core.task import Task
from assay.core.view import Twist, View, ViewKey
from assay.data import Views, inspect
from assay.data.build import build_views
from assay.data.view_files import ViewPlace
from assay.data.views import SHUFFLED_ROWS
from support.data_sets import write_arrays, write_folder, write_forecast

FEATURES = ["id", "size", "count", "colour"]


def twisted(task: Task, folder: Path, *twists: Twist | None) -> list[View]:
    """The first fold as the gate shows it, built in this process; None is the fold itself."""
    views = Views(task, folder / "views", folder / "private")
    fold, place = views.fold_keys()[0], ViewPlace(root=folder / "views", private=folder / "private")
    keys = [fold if twist is None else views.twisted_key(fold, twist) for twist in twists]
    wanted: tuple[ViewKey, ...] = tuple(key for key in keys if key is not None)
    build_views(task, place, wanted)
    built = [place.load(key, task) for key in wanted]
    return [view for view in built if view is not None]


def shown(view: View) -> pd.DataFrame:
    return pd.read_csv(view.input / "train.csv", dtype=str, keep_default_na=False)


def asked(view: View) -> pd.DataFrame:
    return pd.read_csv(view.input / "test.csv", dtype=str, keep_default_na=False)


def test_shuffled_labels_are_the_same_ones_in_other_rows(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data", "regression")
    plain, shuffled = twisted(inspect(data).task, tmp_path, None, Twist.SHUFFLED)
    before, after = shown(plain), shown(shuffled)
    assert after[FEATURES].equals(before[FEATURES])
    assert sorted(after["y"]) == sorted(before["y"])
    assert abs(before["y"].astype(float).corr(after["y"].astype(float))) < 0.2
    assert asked(shuffled).equals(asked(plain))
    assert plain.answers is not None
    assert shuffled.answers is not None
    assert shuffled.answers.read_text(encoding="utf-8") == plain.answers.read_text(encoding="utf-8")


def test_numbers_are_turned_round_and_classes_go_elsewhere(tmp_path: Path) -> None:
    numbers = inspect(write_folder(tmp_path / "numbers", "regression")).task
    plain, turned = twisted(numbers, tmp_path / "a", None, Twist.TURNED)
    ranks = [shown(view)["y"].astype(float).rank() for view in (plain, turned)]
    assert ranks[0].corr(ranks[1]) == pytest.approx(-1.0)
    classes = inspect(write_folder(tmp_path / "classes", "multiclass")).task
    plain, turned = twisted(classes, tmp_path / "b", None, Twist.TURNED)
    before, after = shown(plain)["y"], shown(turned)["y"]
    assert before.value_counts().max() <= len(before) / 2
    assert sorted(before) == sorted(after)
    assert not (before == after).any()


def test_what_only_the_training_file_has_moves_with_the_target(tmp_path: Path) -> None:
    """As where two counts that nobody knows for the test rows sum up to the target."""
    data = write_folder(tmp_path / "data", "regression")
    whole = pd.read_csv(data / "train.csv")
    whole.assign(half=whole["y"] / 2).to_csv(data / "train.csv", index=False)
    (view,) = twisted(inspect(data).task, tmp_path, Twist.SHUFFLED)
    told = shown(view)
    assert (told["half"].astype(float) * 2).tolist() == pytest.approx(told["y"].astype(float).tolist())


def test_trained_rows_are_asked_for_with_the_labels_that_they_show(tmp_path: Path) -> None:
    plain, trained = twisted(inspect(write_folder(tmp_path / "data")).task, tmp_path, None, Twist.TRAINED)
    known = shown(trained).set_index("id")["y"]
    assert shown(trained).equals(shown(plain))
    assert trained.answers is not None
    answers = pd.read_csv(trained.answers, dtype=str).set_index("id")["y"]
    assert len(answers) == plain.test_rows
    assert answers.equals(known.loc[answers.index])


@pytest.mark.parametrize("twist", [Twist.SHUFFLED, Twist.TURNED, Twist.TRAINED])
def test_no_sealed_row_is_in_a_view_of_the_gate(tmp_path: Path, twist: Twist) -> None:
    task = inspect(write_folder(tmp_path / "data")).task
    views = Views(task, tmp_path / "views", tmp_path / "private")
    place, sealed = ViewPlace(root=tmp_path / "views", private=tmp_path / "private"), views.sealed_key()
    assert sealed is not None
    build_views(task, place, (sealed,))
    opened = place.load(sealed, task)
    assert opened is not None
    (view,) = twisted(task, tmp_path, twist)
    assert not (set(shown(view)["id"]) | set(asked(view)["id"])) & set(asked(opened)["id"])


def test_what_the_data_do_not_allow_has_no_view(tmp_path: Path) -> None:
    prepared = inspect(write_arrays(tmp_path / "arrays")).task
    views = Views(prepared, tmp_path / "a" / "views", tmp_path / "a" / "private")
    fold = views.fold_keys()[0]
    assert [twist for twist in Twist if views.twisted_key(fold, twist) is not None] == [Twist.AGAIN]
    series = inspect(write_forecast(tmp_path / "series")).task
    views = Views(series, tmp_path / "b" / "views", tmp_path / "b" / "private")
    assert views.twisted_key(views.fold_keys()[0], Twist.TRAINED) is None


def test_a_fold_with_shuffled_labels_is_small_but_the_series_of_a_forecast_stay_whole(tmp_path: Path) -> None:
    for folder, most in (
        (write_folder(tmp_path / "rows"), SHUFFLED_ROWS),
        (write_forecast(tmp_path / "series"), 30_000),
    ):
        views = Views(inspect(folder).task, tmp_path / "views", tmp_path / "private")
        key = views.twisted_key(views.fold_keys()[0], Twist.SHUFFLED)
        assert key is not None
        assert key.row_cap == most


def test_a_fold_that_is_shown_again_takes_no_space(tmp_path: Path) -> None:
    task = inspect(write_folder(tmp_path / "data")).task
    (plain,) = twisted(task, tmp_path, None)
    views = Views(task, tmp_path / "views", tmp_path / "private")
    key = views.twisted_key(plain.key, Twist.AGAIN)
    assert key is not None
    again = views.build(key)
    assert (again.key.name, again.input, again.answers) == ("again-0", plain.input, plain.answers)
