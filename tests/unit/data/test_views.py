"""Views show what they must, in the shape of the real files, and no hidden label anywhere."""

import stat
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assay.core.errors import IntegrityError, TaskError
from assay.core.task import Task
from assay.core.view import View, ViewKey
from assay.data import Given, Views, inspect
from assay.data.build import build_views
from assay.data.view_files import ViewPlace
from support.data_sets import columns, with_target, write_arrays, write_folder, write_forecast


def keys_of(task: Task, folder: Path) -> tuple[ViewKey, ...]:
    """Every view of a task that a run asks for."""
    views = Views(task, folder / "views", folder / "private")
    return tuple(key for key in (*views.fold_keys(), views.sealed_key(), views.final_key()) if key is not None)


def built(task: Task, folder: Path, keys: tuple[ViewKey, ...] | None = None) -> dict[str, View]:
    """The views, built in this process: a child takes seconds to start and does nothing else."""
    place = ViewPlace(root=folder / "views", private=folder / "private")
    keys = keys or keys_of(task, folder)
    build_views(task, place, keys)
    views = {key.name: place.load(key, task) for key in keys}
    return {name: view for name, view in views.items() if view is not None}


def text(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_a_fold_has_the_shape_of_the_real_files(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data", about="Predict `y`.")
    (data / "images" / "deep").mkdir(parents=True)
    (data / "images" / "deep" / "a.png").write_bytes(b"png")
    task = inspect(data).task
    views = built(task, tmp_path)
    assert list(views) == ["fold-0", "fold-1", "fold-2", "fold-3", "fold-4", "sealed", "final"]
    view = views["fold-0"]
    assert sorted(content(view.input)) == sorted(content(data))
    train, test, real = text(view.input / "train.csv"), text(view.input / "test.csv"), text(data / "train.csv")
    assert list(test.columns) == list(text(data / "test.csv").columns)
    assert list(train.columns) == list(real.columns)
    assert (view.train_rows, view.test_rows) == (len(train), len(test)) == (272, 68)
    sample = text(view.input / "sample_submission.csv")
    assert list(sample["id"]) == list(test["id"])
    assert set(sample["y"]) == {"0.5"}
    assert view.answers is not None
    answers = text(view.answers)
    assert list(answers["id"]) == list(test["id"])
    assert (
        dict(zip(answers["id"], answers["y"], strict=True)).items()
        <= dict(zip(real["id"], real["y"], strict=True)).items()
    )
    final = content(views["final"].input)
    assert all(final[name] == whole for name, whole in content(data).items())
    assert views["final"].answers is None


def test_folds_cover_the_search_rows_and_never_the_sealed_ones(tmp_path: Path) -> None:
    task = inspect(write_folder(tmp_path / "data")).task
    views = built(task, tmp_path)
    tested = [set(text(views[f"fold-{fold}"].input / "test.csv")["id"]) for fold in range(5)]
    sealed = set(text(views["sealed"].input / "test.csv")["id"])
    shown = set(text(views["sealed"].input / "train.csv")["id"])
    assert len(sealed) == 60
    assert set.union(*tested) == shown
    assert sum(map(len, tested)) == len(shown) == 340
    for fold in range(5):
        learned = set(text(views[f"fold-{fold}"].input / "train.csv")["id"])
        assert learned == shown - tested[fold]
        assert not learned & sealed


@pytest.mark.parametrize("name", ["train.csv", "train.parquet", "train.jsonl", "train.json", "train.tsv.gz"])
def test_no_hidden_label_is_under_a_view(tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    frame = columns(320)
    frame["y"] = [f"canary{number:04d}x{label}" for number, label in enumerate(with_target(frame, "binary")["y"])]
    numbers = pd.Series(frame["y"].str[6:10].astype(int) + 123_456_000.5)
    frame["y"] = numbers
    if name.endswith("parquet"):
        frame.to_parquet(data / name, index=False)
    elif name.endswith("gz"):
        frame.to_csv(data / name, index=False, sep="\t")
    elif "json" in name:
        frame.to_json(data / name, orient="records", lines=name.endswith("l"))
    else:
        frame.to_csv(data / name, index=False)
    task = inspect(data, target="y").task
    assert task.data.test is None
    views = built(task, tmp_path)
    assert "final" not in views
    labels = dict(zip(frame["id"], frame["y"], strict=True))
    for view in views.values():
        assert view.answers is not None
        hidden = text(view.answers)
        assert [float(value) for value in hidden["y"]] == [labels[i] for i in hidden["id"]]
        shown = b"".join(content(view.input).values())
        if name.endswith("parquet"):
            shown = b"".join(pd.read_parquet(path).to_csv().encode() for path in view.input.iterdir())
        assert [value for value in hidden["y"] if value.encode() in shown] == []


def test_views_are_the_same_to_the_byte_each_time(tmp_path: Path) -> None:
    task = inspect(write_folder(tmp_path / "data", "multiclass")).task
    first, again = built(task, tmp_path / "one"), built(task, tmp_path / "two")
    for name, view in first.items():
        assert content(view.input) == content(again[name].input)
        if view.answers is not None:
            assert view.answers.read_bytes() == again[name].answers.read_bytes()  # type: ignore[union-attr]


def test_answers_are_private_and_inputs_cannot_be_written(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data")
    (data / "side.bin").write_bytes(b"side")
    view = built(inspect(data).task, tmp_path)["fold-0"]
    assert view.answers is not None
    assert stat.S_IMODE(view.answers.stat().st_mode) == 0o600
    assert stat.S_IMODE(view.answers.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in view.input.iterdir()} == {0o444}
    assert not any(path.is_symlink() for path in view.input.rglob("*"))
    assert not (view.input / "side.bin").samefile(data / "side.bin")


def test_ids_are_kept_to_the_letter_and_test_rows_are_shuffled(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    frame = with_target(columns(320), "regression").sort_values("y").assign(id=[f"{n:05d}" for n in range(320)])
    frame.to_csv(data / "train.csv", index=False)
    view = built(inspect(data).task, tmp_path, keys_of(inspect(data).task, tmp_path)[:1])["fold-0"]
    ids = text(view.input / "test.csv")["id"].tolist()
    assert all(len(name) == 5 for name in ids)
    assert ids != sorted(ids)


def test_rows_without_ids_are_answered_by_their_number(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data")
    for name in ("train.csv", "test.csv", "sample_submission.csv"):
        text(data / name).drop(columns="id").to_csv(data / name, index=False)
    task = inspect(data).task
    view = built(task, tmp_path)["fold-0"]
    assert view.answers is not None
    answers, test, train = text(view.answers), text(view.input / "test.csv"), text(data / "train.csv")
    assert list(answers.columns) == ["row", "y"]
    assert list(answers["row"]) == [str(row) for row in range(len(test))]
    truth = {tuple(row[:-1]): row[-1] for row in train.itertuples(index=False)}
    assert list(answers["y"]) == [truth[tuple(row)] for row in test.itertuples(index=False)]


def test_rows_without_a_target_are_shown_to_nobody(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data")
    train = text(data / "train.csv")
    train.loc[:9, "y"] = ""
    train.to_csv(data / "train.csv", index=False)
    views = built(inspect(data).task, tmp_path)
    assert views["final"].train_rows == 390
    assert not (text(views["final"].input / "train.csv")["y"] == "").any()


def test_columns_that_only_the_training_file_has_stay_there(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data")
    text(data / "train.csv").assign(casual="7").to_csv(data / "train.csv", index=False)
    view = built(inspect(data).task, tmp_path)["fold-0"]
    assert "casual" in text(view.input / "train.csv")
    assert "casual" not in text(view.input / "test.csv")


def test_a_target_column_in_the_test_file_is_shown_empty(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data")
    text(data / "test.csv").assign(y="").to_csv(data / "test.csv", index=False)
    view = built(inspect(data).task, tmp_path)["fold-0"]
    assert set(text(view.input / "test.csv")["y"]) == {""}


def test_packed_files_in_other_encodings_are_shown_plain(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data")
    train = text(data / "train.csv").assign(colour="gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n")
    (data / "train.csv").unlink()
    train.to_csv(data / "train.csv.gz", index=False, encoding="cp1252")
    views = built(inspect(data).task, tmp_path)
    for name in ("fold-0", "final"):
        shown = (views[name].input / "train.csv").read_bytes().decode("utf-8")
        assert "gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n" in shown


def test_a_cap_on_rows_is_for_the_search_alone(tmp_path: Path) -> None:
    task = inspect(write_folder(tmp_path / "data"), more=Given(row_cap=100)).task
    views = built(task, tmp_path)
    assert views["fold-0"].train_rows == 100
    assert views["sealed"].train_rows == 340
    assert views["final"].train_rows == 400


def test_forecast_views_look_like_the_real_test_file(tmp_path: Path) -> None:
    data = write_forecast(tmp_path / "data")
    task = inspect(data).task
    views = built(task, tmp_path)
    whole = pd.read_csv(data / "train.csv")
    for name in ("fold-0", "fold-4", "sealed"):
        view = views[name]
        test, train = pd.read_csv(view.input / "test.csv"), pd.read_csv(view.input / "train.csv")
        assert list(test["id"]) == [f"S{series}_{step}" for series in range(4) for step in range(1, 6)]
        assert list(test["h"]) == [1, 2, 3, 4, 5] * 4
        assert (test.groupby("series")["t"].min() == train.groupby("series")["t"].max() + 1).all()
        assert view.answers is not None
        answers = pd.read_csv(view.answers)
        truth = whole.set_index(["series", "t"])["y"]
        assert list(answers["y"]) == [truth[key] for key in zip(test["series"], test["t"], strict=True)]
        assert set(pd.read_csv(view.input / "sample_submission.csv")["y"]) == {0}
    ends = whole.groupby("series")["t"].max()
    assert (pd.read_csv(views["sealed"].input / "test.csv").groupby("series")["t"].max() == ends).all()
    fresh = built(task, tmp_path, Views(task, tmp_path / "a", tmp_path / "b").fold_keys(1))["fold-0-seed-1"]
    assert content(fresh.input)["train.csv"] != content(views["fold-0"].input)["train.csv"]


def test_prepared_views_ask_for_half_of_the_answers(tmp_path: Path) -> None:
    data = write_arrays(tmp_path / "data")
    task = inspect(data).task
    views = built(task, tmp_path)
    fold, sealed, final = views["fold-0"], views["sealed"], views["final"]
    assert fold.answers is not None
    assert sealed.answers is not None
    asked, kept = set(text(fold.answers)["id"]), set(text(sealed.answers)["id"])
    assert (len(asked), len(kept), len(asked | kept)) == (20, 20, 40)
    assert fold.partial
    assert fold.test_rows == 40
    assert sorted(content(fold.input)) == ["sample_submission.csv", "test.npz", "train.npz"]
    assert len(np.load(fold.input / "train.npz")["labels"]) == 80
    assert content(final.input) == {name: (data / name).read_bytes() for name in content(fold.input)}
    assert final.test_rows == 30


def test_changed_data_are_noticed(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data")
    task = inspect(data).task
    with (data / "train.csv").open("a", encoding="utf-8") as stream:
        stream.write("99999,0.1,1,red,1\n")
    with pytest.raises(IntegrityError) as caught:
        built(task, tmp_path)
    assert caught.value.code == "E405"
    assert not list((tmp_path / "views").iterdir())


def test_a_split_without_rows_to_test_is_refused(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data")
    train = text(data / "train.csv")
    train.assign(fold=["0"] * 399 + ["1"]).to_csv(data / "train.csv", index=False)
    task = inspect(data, split="column=fold", more=Given(holdout=0.0)).task
    broken = replace(task, split=replace(task.split, k=3))
    with pytest.raises(TaskError, match="fold-2 has 400 rows to learn from and 0 to predict"):
        built(broken, tmp_path)


def test_answers_may_not_lie_among_the_views(tmp_path: Path) -> None:
    task = inspect(write_folder(tmp_path / "data")).task
    with pytest.raises(ValueError, match="must not share a folder"):
        Views(task, tmp_path / "views", tmp_path / "views" / "private")


def test_a_damaged_view_is_built_again_and_changed_answers_are_refused(tmp_path: Path) -> None:
    task = inspect(write_folder(tmp_path / "data")).task
    keys = keys_of(task, tmp_path)[:1]
    view = built(task, tmp_path, keys)["fold-0"]
    whole = content(view.input)
    (tmp_path / "views" / "fold-0.json").write_text("{", encoding="utf-8")
    (view.input / "train.csv").unlink()
    assert content(built(task, tmp_path, keys)["fold-0"].input) == whole
    assert view.answers is not None
    view.answers.write_text(view.answers.read_text(encoding="utf-8").replace(",1", ",0"), encoding="utf-8")
    with pytest.raises(IntegrityError) as caught:
        built(task, tmp_path, keys)
    assert caught.value.code == "E411"


@pytest.mark.slow
def test_several_threads_share_one_build_in_a_child(tmp_path: Path) -> None:
    task = inspect(write_folder(tmp_path / "data")).task
    views = Views(task, tmp_path / "views", tmp_path / "private")
    made: list[View] = []
    threads = [threading.Thread(target=lambda k=key: made.append(views.build(k))) for key in views.fold_keys()[:3]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {view.key.fold for view in made} == {0, 1, 2}
    stamps = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "views").glob("*.json")}
    assert sorted(stamps) == ["final.json", *(f"fold-{fold}.json" for fold in range(5)), "sealed.json"]
    sealed = views.sealed_key()
    assert sealed is not None
    assert views.build(sealed).test_rows == 60
    assert stamps == {path.name: path.stat().st_mtime_ns for path in (tmp_path / "views").glob("*.json")}


@pytest.mark.slow
def test_an_error_in_the_child_comes_back_as_itself(tmp_path: Path) -> None:
    data = write_folder(tmp_path / "data")
    task = inspect(data).task
    (data / "test.csv").write_text("id\n", encoding="utf-8")
    with pytest.raises(IntegrityError) as caught:
        Views(task, tmp_path / "views", tmp_path / "private").build(keys_of(task, tmp_path)[0])
    assert (caught.value.code, bool(caught.value.fix)) == ("E405", True)
