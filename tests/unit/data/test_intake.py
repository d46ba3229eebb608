"""Folders of every shape are understood, and every line says where it comes from."""

import gzip
import io
import shutil
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assay.core.errors import TaskError
from assay.core.metric import Direction, Needs
from assay.core.task import Problem, SplitKind
from assay.data import Given, inspect
from assay.data.side_files import side_files
from support.data_sets import columns, with_target, write_arrays, write_folder, write_forecast


def test_the_usual_layout_says_where_every_line_comes_from(tmp_path: Path) -> None:
    about = "# Widgets\n\nPredict `y`.\n\n## Evaluation\n\nSubmissions are scored on accuracy (higher is better).\n"
    found = inspect(write_folder(tmp_path / "widgets", "binary", about=about))
    task = found.task
    assert (task.name, task.targets, task.id_column) == ("widgets", ("y",), "id")
    assert task.metric.name == "accuracy"
    assert task.output.needs is Needs.LABELS
    assert task.output.classes == ("0", "1")
    assert task.split.kind is SplitKind.STRATIFIED
    assert task.holdout.fraction == 0.15
    assert task.statement == about
    assert found.origin("metric") == "from description.md"
    assert found.origin("target") == "from sample_submission.csv"
    assert found.origin("better") == "known for accuracy"
    assert found.origin("split").startswith("guessed")
    assert (found.train_rows, found.test_rows) == (400, 40)


def test_without_a_sample_file_the_target_is_what_the_test_file_lacks(tmp_path: Path) -> None:
    found = inspect(write_folder(tmp_path, "regression", sample=False))
    assert found.task.targets == ("y",)
    assert found.origin("target") == "guessed: in train.csv, not in test.csv"
    assert found.task.metric.name == "rmse"
    assert found.task.output.columns == ("y",)


@pytest.mark.parametrize(
    ("kind", "sample", "metric"),
    [
        ("binary", True, "roc_auc"),
        ("labels", True, "accuracy"),
        ("labels", False, "roc_auc"),
        ("multiclass", True, "accuracy"),
        ("multiclass", False, "log_loss"),
        ("regression", True, "rmse"),
    ],
)
def test_default_metrics_follow_the_sample_file(tmp_path: Path, kind: str, sample: bool, metric: str) -> None:
    assert inspect(write_folder(tmp_path, kind, sample=sample)).task.metric.name == metric


def test_text_labels_keep_their_spelling(tmp_path: Path) -> None:
    task = inspect(write_folder(tmp_path, "labels", sample=False)).task
    assert task.output.classes == ("False", "True")
    assert task.metric.param("positive", "") == "True"


@pytest.mark.parametrize("prefix", ["", "y_", "Status_"])
def test_a_sample_with_one_column_a_class(tmp_path: Path, prefix: str) -> None:
    folder = write_folder(tmp_path, "multiclass")
    ids = pd.read_csv(folder / "test.csv", dtype=str)["id"]
    names = [f"{prefix}{label}" for label in ("top", "low", "mid")]
    pd.DataFrame({"id": ids, **dict.fromkeys(names, 1 / 3)}).to_csv(folder / "sample_submission.csv", index=False)
    task = inspect(folder).task
    assert task.targets == ("y",)
    assert task.metric.name == "log_loss"
    assert task.metric.needs is Needs.CLASS_PROBABILITIES
    assert task.output.columns == tuple(names)
    assert task.output.classes == ("top", "low", "mid")
    assert task.output.sum_to_one


def test_several_targets(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "regression")
    train = pd.read_csv(folder / "train.csv", dtype=str)
    train.assign(z=train["y"]).to_csv(folder / "train.csv", index=False)
    ids = pd.read_csv(folder / "test.csv", dtype=str)[["id"]]
    ids.assign(y=0, z=0).to_csv(folder / "sample_submission.csv", index=False)
    task = inspect(folder).task
    assert task.targets == ("y", "z")
    assert task.metric.name == "rmse_mean_columnwise"
    assert inspect(folder, metric="MCRMSLE").task.metric.name == "rmsle_mean_columnwise"
    (folder / "test.csv").unlink()
    (folder / "sample_submission.csv").unlink()
    assert inspect(folder, target="y, z").task.targets == ("y", "z")


def test_odd_names_packed_files_and_inner_folders(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "odd" / "data")
    (folder / "sample_submission.csv").rename(folder / "sampleSubmission.csv")
    with zipfile.ZipFile(folder / "train_data.csv.zip", "w") as archive:
        archive.write(folder / "train.csv", "train_data.csv")
    (folder / "train.csv").unlink()
    task = inspect(tmp_path / "odd").task
    assert (task.data.train, task.data.sample) == ("train_data.csv.zip", "sampleSubmission.csv")
    assert task.name == "odd"


def test_a_single_file_is_the_training_file(tmp_path: Path) -> None:
    write_folder(tmp_path)
    shutil.copy(tmp_path / "train.csv", tmp_path / "churn.csv")
    task = inspect(tmp_path / "churn.csv", target="y").task
    assert task.name == "churn"
    assert task.data.test is None
    assert task.data.side == ()


def test_rows_without_ids_go_by_their_order(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "binary")
    for name in ("train.csv", "test.csv", "sample_submission.csv"):
        pd.read_csv(folder / name, dtype=str).drop(columns="id").to_csv(folder / name, index=False)
    task = inspect(folder).task
    assert task.id_column is None
    assert task.output.id_column is None
    assert task.output.columns == ("y",)


def test_a_sample_that_counts_rows(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "binary")
    for name in ("train.csv", "test.csv"):
        pd.read_csv(folder / name, dtype=str).drop(columns="id").to_csv(folder / name, index=False)
    pd.DataFrame({"id": range(1, 41), "y": 0.5}).to_csv(folder / "sample_submission.csv", index=False)
    task = inspect(folder).task
    assert task.id_column is None
    assert task.output.id_column == "id"


def test_columns_that_only_the_training_file_has_are_said(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    train = pd.read_csv(folder / "train.csv", dtype=str)
    train.assign(casual="1").to_csv(folder / "train.csv", index=False)
    found = inspect(folder)
    assert found.task.targets == ("y",)
    assert [finding.columns for finding in found.findings if finding.code == "W208"] == [("casual",)]


def test_prompts_of_the_project_are_no_data(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "prompts").mkdir()
    (folder / "prompts" / "draft.yaml").write_text("user: |\n  Write it.\n", encoding="utf-8")
    assert inspect(folder).task.data.side == ()
    (folder / "prompts" / "chat.txt").write_text("what somebody asked", encoding="utf-8")
    assert inspect(folder).task.data.side == ("prompts",)


def test_a_packed_folder_is_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "house-prices.zip").write_bytes(b"PK")
    with pytest.raises(TaskError) as caught:
        inspect(tmp_path)
    assert (caught.value.code, caught.value.fix) == ("E115", "unzip house-prices.zip")


def test_side_files_are_shown_unless_they_hold_the_target(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "images").mkdir()
    (folder / "images" / "a.png").write_bytes(b"png")
    (folder / "notes.txt").write_text("hello", encoding="utf-8")
    # Work on the data, whose outputs may show labels.
    (folder / "Explore.ipynb").write_text("{}", encoding="utf-8")
    shutil.copy(folder / "train.csv", folder / "leaked_labels.csv")
    (folder / "runs").mkdir()
    found = inspect(folder)
    assert found.task.data.side == ("images", "notes.txt")
    assert "leaked_labels.csv" in next(finding.sentence for finding in found.findings if finding.code == "W214")


def _copies(folder: Path) -> Mapping[str, bool]:
    """Write copies of the training file and harmless files into side folders; return which hold the target."""
    train = (folder / "train.csv").read_bytes()
    frame = pd.read_csv(folder / "train.csv")
    for name in ("backup", "images", "results/old-run/private", ".git", "extra/private"):
        (folder / name).mkdir(parents=True)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner/train.csv", train)
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w:gz") as archive:
        archive.add(folder / "train.csv", "train.csv")
    files: Mapping[str, bytes] = {
        "backup/train_full.csv": train,
        "backup/Train.CSV.gz": gzip.compress(train),
        "backup/train.json": frame.to_json(orient="records").encode(),
        "backup/split.json": frame.to_json(orient="split").encode(),
        "backup/rows.jsonl": frame.to_json(orient="records", lines=True).encode(),
        "backup/photo.png": train,  # to the byte, whatever its name
        "backup/all.zip": packed.getvalue(),
        "backup/all.tar.gz": tarred.getvalue(),
        "train.csv.bak": train,
        "train.csv~": train,
        "train.csv.old": train + b"\n",
        "train_backup": train[:-1],
        "train.txt": train.replace(b",", b"\t"),
        "results/old-run/private/fold-0.csv": b"id,answer\n1,0\n",
        "results/old-run/events.jsonl": b"{}\n",
        "extra/private/labels.csv": b"id,answer\n1,0\n",
        ".git/train.csv": train,
    }
    harmless: Mapping[str, bytes] = {
        "images/a.png": b"png\0y",
        "notes.txt": b"what to say of id, x, y\n",
        "extra/cities.csv": b"city,size\na,1\n",
        "extra/shapes.json": b'{"type": "y", "y": 1, "points": [[1, 2]]}',
    }
    for name, content in {**files, **harmless}.items():
        (folder / name).write_bytes(content)
    frame.to_parquet(folder / "backup" / "train.parquet")
    frame.to_feather(folder / "backup" / "train.feather")
    (folder / "train.xlsx").write_bytes(b"PK workbook")
    (folder / "backup" / "frame.pkl").write_bytes(b"pickle")
    return dict.fromkeys(files, True) | dict.fromkeys(harmless, False)


def test_no_copy_of_the_labels_is_shown_wherever_it_lies(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    holds = _copies(folder)
    found = inspect(folder)
    data = found.task.data
    shown = {path.relative_to(folder).as_posix() for path in side_files(folder, data.side, data.hidden)}
    assert shown == {name for name, leaks in holds.items() if not leaks}
    assert data.side == ("extra", "images", "notes.txt")
    told = {finding.code: finding for finding in found.findings}
    assert "backup/Train.CSV.gz" in told["W214"].sentence
    assert "more have the target column" in told["W214"].sentence
    assert told["W218"].sentence.startswith("backup/frame.pkl, train.xlsx cannot be looked into")
    assert (
        told["W219"].sentence
        == "not shown to candidates: extra/private (by its name), results/old-run (a run of Assay)"
    )


def test_what_is_named_by_itself_is_shown_and_its_neighbours_are_not(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "extra").mkdir()
    for name in ("one.csv", "two.csv", "free.csv"):
        shutil.copy(folder / ("test.csv" if name == "free.csv" else "train.csv"), folder / "extra" / name)
    found = inspect(folder, more=Given(side=("extra", "extra/one.csv")))
    data = found.task.data
    assert data.hidden == ("extra/two.csv",)
    shown = [path.name for path in side_files(folder, data.side, data.hidden)]
    assert sorted(shown) == ["free.csv", "one.csv"]


def test_a_run_that_appears_among_the_side_files_changes_no_digest(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "results").mkdir()
    (folder / "results" / "note.txt").write_text("here", encoding="utf-8")
    task = inspect(folder).task
    (folder / "results" / "run" / "private").mkdir(parents=True)
    (folder / "results" / "run" / "lease").touch()
    (folder / "results" / "run" / "views.csv").touch()
    assert inspect(folder).task == task


@pytest.mark.parametrize("name", ["../private.txt", "..", "images/../..", "/etc/hostname"])
def test_nothing_outside_the_folder_is_shown_beside_the_tables(tmp_path: Path, name: str) -> None:
    (tmp_path / "private.txt").write_text("canary", encoding="utf-8")
    folder = write_folder(tmp_path / "data")
    with pytest.raises(TaskError, match="is not the name of something in") as caught:
        inspect(folder, more=Given(side=(name,)))
    assert caught.value.code == "E110"


def test_a_description_that_leads_out_of_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "private.txt").write_text("canary", encoding="utf-8")
    folder = write_folder(tmp_path / "data")
    (folder / "description.md").unlink(missing_ok=True)
    (folder / "description.md").symlink_to(tmp_path / "private.txt")
    found = inspect(folder)
    assert found.task.data.description is None
    assert "canary" not in found.task.statement
    (folder / "words.txt").write_text("Predict `y`, scored by MAE.", encoding="utf-8")
    (folder / "description.txt").symlink_to("words.txt")
    assert inspect(folder).task.data.description == "description.txt"


def test_a_forecast_is_seen(tmp_path: Path) -> None:
    task = inspect(write_forecast(tmp_path)).task
    assert task.problem is Problem.FORECAST
    assert task.metric.name == "smape"
    assert (task.series_columns, task.time_column) == (("series",), "t")
    assert (task.split.kind, task.split.horizon, task.split.k) == (SplitKind.FORECAST, 5, 5)
    assert task.row_cap >= 230


def test_a_single_daily_series_is_a_forecast(tmp_path: Path) -> None:
    days = pd.date_range("2020-01-01", periods=130, freq="D").strftime("%Y-%m-%d")
    frame = pd.DataFrame({"date": days, "sales": np.random.default_rng(0).normal(size=130).round(3)})
    frame.head(120).to_csv(tmp_path / "train.csv", index=False)
    frame.tail(10)[["date"]].to_csv(tmp_path / "test.csv", index=False)
    task = inspect(tmp_path).task
    assert (task.problem, task.series_columns, task.split.horizon) == (Problem.FORECAST, (), 10)


def test_later_test_rows_make_a_time_split(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    for name, start in (("train.csv", "2020-01-01"), ("test.csv", "2022-01-01")):
        frame = pd.read_csv(folder / name, dtype=str)
        moments = pd.Timestamp(start) + pd.to_timedelta(np.random.default_rng(1).integers(0, 9_000, len(frame)), "h")
        frame.assign(seen_at=moments.strftime("%Y-%m-%d %H:%M")).to_csv(folder / name, index=False)
    split = inspect(folder).task.split
    assert (split.kind, split.column) == (SplitKind.TIME, "seen_at")


def test_new_groups_in_the_test_file_make_a_group_split(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    for name, first in (("train.csv", 0), ("test.csv", 100)):
        frame = pd.read_csv(folder / name, dtype=str)
        frame.assign(patient=[first + row // 8 for row in range(len(frame))]).to_csv(folder / name, index=False)
    found = inspect(folder)
    assert (found.task.split.kind, found.task.split.column) == (SplitKind.GROUP, "patient")
    assert found.origin("split") == "guessed: no patient of the test file is in the train file"


def test_an_own_fold_column(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    frame = pd.read_csv(folder / "train.csv", dtype=str)
    frame.assign(fold=[row % 4 for row in range(len(frame))]).to_csv(folder / "train.csv", index=False)
    task = inspect(folder).task
    assert (task.split.kind, task.split.column, task.split.k) == (SplitKind.COLUMN, "fold", 3)


def test_each_fold_has_a_row_of_the_rarer_class(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    frame = pd.read_csv(folder / "train.csv", dtype=str)
    frame.assign(y=["1" if row % 130 == 0 else "0" for row in range(len(frame))]).to_csv(
        folder / "train.csv", index=False
    )
    found = inspect(folder)
    assert (len(frame), found.task.split.k, found.task.holdout.fraction) == (400, 3, 0.15)
    assert "3 folds instead of 5: only 4 rows have the label '1'" in [f.sentence for f in found.findings]
    assert inspect(folder, split="stratified=5").task.split.k == 5, "who names a number of folds gets it"


def test_what_is_given_wins(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, about="Scored by log loss.")
    found = inspect(folder, metric="F1:max", split="kfold=4", about="Find them.", more=Given(holdout=0.2, row_cap=99))
    task = found.task
    assert (task.metric.name, task.metric.param("positive", "")) == ("f1", "1")
    assert (task.split.kind, task.split.k, task.holdout.fraction, task.row_cap) == (SplitKind.KFOLD, 4, 0.2, 99)
    assert task.statement == "Find them."
    assert found.origin("metric") == found.origin("split") == found.origin("holdout") == "given"


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        (
            "Submissions are evaluated on Root-Mean-Squared-Error (RMSE) between the logarithm of the predicted value",
            "rmsle",
        ),
        ("## Evaluation\n\nMean Absolute Error, lower is better", "mae"),
        ("We use the symmetric mean absolute percentage error (SMAPE).", "smape"),
        ("Rank them. ## Metric\n\nSpearman's rank correlation, higher is better", "spearman"),
    ],
)
def test_metrics_are_read_from_descriptions(tmp_path: Path, text: str, metric: str) -> None:
    assert inspect(write_folder(tmp_path, "regression", about=text)).task.metric.name == metric


def test_few_rows_are_not_sealed(tmp_path: Path) -> None:
    found = inspect(write_folder(tmp_path, rows=120))
    assert found.task.holdout.fraction == 0
    assert "W215" in {finding.code for finding in found.findings}


def test_a_grader_of_the_users_own(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "grade.py").write_text(
        'DIRECTION = "lower"\n\n\ndef grade(submission, answers):\n    return 0.5\n', encoding="utf-8"
    )
    task = inspect(folder).task
    assert task.grader == "grade.py"
    assert (task.metric.name, task.metric.direction) == ("grade.py", Direction.LOWER)


def test_arrays_with_the_users_own_prepare(tmp_path: Path) -> None:
    task = inspect(write_arrays(tmp_path)).task
    assert (task.problem, task.prepare, task.split.kind) == (Problem.CUSTOM, "prepare.py", SplitKind.PREPARED)
    assert (task.targets, task.id_column, task.metric.name) == (("ill",), "id", "roc_auc")
    assert task.holdout.fraction == 0.5
    (tmp_path / "sample_submission.csv").unlink()
    assert inspect(tmp_path).origin("sample") == "made by prepare.py"


def test_other_formats(tmp_path: Path) -> None:
    frame = with_target(columns(60), "regression")
    frame.to_parquet(tmp_path / "train.parquet", index=False)
    frame.drop(columns="y").head(9).to_json(tmp_path / "test.jsonl", orient="records", lines=True)
    task = inspect(tmp_path).task
    assert (task.data.train, task.data.test, task.target, task.id_column) == ("train.parquet", "test.jsonl", "y", "id")


def test_a_folder_that_holds_nothing_but_its_training_file_names_the_task(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (write_folder(tmp_path / "made") / "train.csv").rename(folder / "train.csv")
    assert inspect(folder, target="y").task.name == "shop"
