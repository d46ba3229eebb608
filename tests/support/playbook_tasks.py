"""Tiny tasks of every shape, with their data and the brief that the playbook would be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from assay.core.metric import Direction, Metric, Needs
from assay.core.profile import ColumnKind, ColumnProfile, DataProfile
from assay.core.task import DataFiles, OutputContract, Problem, Split, SplitKind, Task
from assay.models.roles import Brief, Machine

ROWS, TEST_ROWS = 240, 40


@dataclass(frozen=True, kw_only=True)
class TinyTask:
    """A task, its rows, and what it looks like to a model."""

    brief: Brief
    train: pd.DataFrame
    test: pd.DataFrame

    arrays: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    """Array files by name; the test rows are then those of the sample file."""

    def write(self, folder: Path) -> None:
        """Lay out `./input` below `folder`."""
        (folder / "input").mkdir(parents=True)
        files = self.brief.task.data
        for name, arrays in self.arrays.items():
            np.savez(folder / "input" / name, **arrays)
        if files.sample is not None:
            self.test.to_csv(folder / "input" / files.sample, index=False)
            return
        self.train.to_csv(folder / "input" / files.train, index=False)
        self.test.to_csv(folder / "input" / str(files.test), index=False)


def tiny(
    frame: pd.DataFrame,
    *,
    problem: Problem,
    targets: tuple[str, ...],
    metric: str,
    needs: Needs,
    kinds: Mapping[str, ColumnKind],
    columns: tuple[str, ...] | None = None,
    classes: tuple[str, ...] = (),
    id_column: str | None = "id",
    params: tuple[tuple[str, str | float], ...] = (),
    split: Split | None = None,
) -> TinyTask:
    """Return a task over `frame`, whose last rows are the test rows."""
    train, test = frame.iloc[:-TEST_ROWS], frame.iloc[-TEST_ROWS:].drop(columns=list(targets))
    task = Task(
        name="tiny",
        folder=Path("/data"),
        statement="Predict.",
        problem=problem,
        data=DataFiles(train="train.csv", test="test.csv"),
        targets=targets,
        id_column=id_column,
        metric=Metric(name=metric, direction=Direction.HIGHER, needs=needs, params=params),
        output=OutputContract(needs=needs, id_column=id_column, columns=columns or targets, classes=classes),
        split=split or Split(kind=SplitKind.KFOLD),
    )
    return TinyTask(brief=brief_of(task, train, kinds), train=train, test=test)


def brief_of(task: Task, train: pd.DataFrame, kinds: Mapping[str, ColumnKind]) -> Brief:
    """Return the brief for `task` on an ordinary machine."""
    skip = {*task.targets, task.id_column}
    columns = tuple(column_profile(train[name], kinds.get(name)) for name in train if name not in skip)
    target = train[task.target]
    labels = task.problem in (Problem.BINARY, Problem.MULTICLASS)
    profile = DataProfile(
        train_rows=len(train),
        test_rows=TEST_ROWS,
        columns=columns,
        targets=tuple(column_profile(train[name], None) for name in task.targets),
        target_counts=tuple((str(k), int(v)) for k, v in target.value_counts().items()) if labels else (),
        target_skew=float(target.skew()) if pd.api.types.is_numeric_dtype(target) else None,
        series=int(train[list(task.series_columns)].drop_duplicates().shape[0]) if task.series_columns else 0,
        horizon=task.split.horizon or 0,
    )
    return Brief(task=task, profile=profile, machine=machine())


def machine(**extra: str) -> Machine:
    """Return a machine with the packages that are installed for these tests, and `extra` ones."""
    packages = {"lightgbm": "4.7.0", "numpy": "2.4.0", "pandas": "3.1.0", "scikit-learn": "1.9.0", "scipy": "1.17.0"}
    return Machine(cores=1, memory_gb=4.0, trial_timeout_s=60.0, python="3.11.7", packages={**packages, **extra})


def column_profile(values: pd.Series, kind: ColumnKind | None) -> ColumnProfile:
    """Return the profile of one column; a number unless `kind` says otherwise or it holds text."""
    numeric = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    known = kind or (ColumnKind.NUMBER if numeric else ColumnKind.CATEGORY)
    measured = known is ColumnKind.NUMBER
    return ColumnProfile(
        name=str(values.name),
        kind=known,
        dtype=str(values.dtype),
        missing=float(values.isna().mean()),
        distinct=int(values.nunique()),
        examples=tuple(str(v)[:80] for v in values.dropna().unique()[:5]),
        mean=float(values.mean()) if measured else None,
        std=float(values.std()) if measured else None,
        low=float(values.min()) if measured else None,
        high=float(values.max()) if measured else None,
        mean_words=float(values.astype(str).str.split().str.len().mean()) if known is ColumnKind.TEXT else None,
    )


def wells(seed: int = 0, targets: int = 10, bits: int = 10) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return rows with a profile before, a fingerprint, a dose and a plate, and the names of the profile after."""
    draw = np.random.default_rng(seed)
    rows = ROWS + TEST_ROWS
    plate, dose = draw.integers(0, 8, rows), draw.choice([0.1, 1.0, 10.0], rows)
    marks = (draw.random((rows, bits)) < 0.4).astype(int)
    level = draw.normal(0, 1, (8, targets))[plate]
    change = (marks @ draw.normal(0, 1, (bits, 2)) * (dose / (1 + dose))[:, None]) @ draw.normal(0, 1, (2, targets))
    frame = pd.DataFrame({"id": [f"w{n}" for n in range(rows)], "plate": plate, "dose": dose})
    frame["line"] = draw.choice(["A549", "HeLa"], rows)
    names = tuple(f"post_{n}" for n in range(targets))
    frame = frame.join(pd.DataFrame(marks, columns=[f"bit_{n}" for n in range(bits)]))
    frame = frame.join(
        pd.DataFrame(level + draw.normal(0, 0.3, level.shape), columns=[f"pre_{n}" for n in range(targets)])
    )
    return frame.join(pd.DataFrame(level + change + draw.normal(0, 0.3, level.shape), columns=list(names))), names


def table(seed: int = 0) -> tuple[pd.DataFrame, dict[str, ColumnKind], np.ndarray]:
    """Return rows with every kind of column, their kinds, and a signal for targets."""
    rng = np.random.default_rng(seed)
    n = ROWS + TEST_ROWS
    rooms = rng.gamma(4.0, 100.0, n)
    frame = pd.DataFrame(
        {
            "id": [f"{k:04d}" for k in range(n)],
            "longitude": rng.uniform(-10, 10, n),
            "latitude": rng.uniform(40, 60, n),
            "rooms": rooms,
            "people": rooms * rng.uniform(0.3, 0.6, n),
            "rate_min": rng.normal(0, 1, n),
            "rate_max": rng.normal(0.5, 1, n),
            "colour": rng.choice(["red", "green", "blue"], n),
            "town": rng.choice([f"town {k}" for k in range(70)], n),
            "sold": pd.date_range("2024-01-01", periods=n, freq="h").astype(str),
            "open": rng.choice([True, False], n),
            "odd [name]": rng.normal(0, 1, n),
        }
    )
    signal = frame["rate_min"] + 2 * (frame["colour"] == "red") + frame["latitude"] / 10 + rng.normal(0, 0.3, n)
    frame.loc[rng.random(n) < 0.1, "rate_max"] = np.nan
    frame.loc[rng.random(n) < 0.1, "colour"] = None
    kinds = {"sold": ColumnKind.DATE, "open": ColumnKind.BOOLEAN}
    return frame, kinds, signal.to_numpy()


def texts(seed: int = 0) -> tuple[pd.DataFrame, dict[str, ColumnKind], np.ndarray]:
    """Return rows with one text and one number, their kinds, and a signal for targets."""
    rng = np.random.default_rng(seed)
    good, bad = ["fine", "great", "happy", "lovely"], ["poor", "awful", "broken", "SAD!!"]
    filler = [f"word{k}" for k in range(40)]
    signal = rng.normal(0, 1, ROWS + TEST_ROWS)
    lines = []
    for value in signal:
        words = [*rng.choice(filler, 5), *rng.choice(good if value > 0 else bad, 2)]
        lines.append(" ".join(words))
    frame = pd.DataFrame({"id": range(len(lines)), "message": lines, "stars": rng.integers(0, 5, len(lines))})
    return frame, {"message": ColumnKind.TEXT}, signal


def phrases(seed: int = 0) -> tuple[pd.DataFrame, dict[str, ColumnKind]]:
    """Return rows with two phrases, a code and how alike the phrases are, and the kinds of the columns."""
    rng = np.random.default_rng(seed)
    vocabulary = ["metal", "plate", "wheel", "gear", "axis", "valve", "glass", "panel"]
    rows = []
    for k in range(ROWS + TEST_ROWS):
        first = vocabulary[k % 6 : k % 6 + 2]
        second = [*rng.choice(vocabulary, 2), f"part{k % 31}"]
        alike = len(set(first) & set(second)) / 2 + rng.normal(0, 0.1)
        rows.append(
            {"id": k, "anchor": " ".join(first), "other": " ".join(second), "code": f"A{k % 4}", "score": alike}
        )
    return pd.DataFrame(rows), {"anchor": ColumnKind.TEXT, "other": ColumnKind.TEXT}


def series(seed: int = 0) -> TinyTask:
    """Return a forecast of six series with a cycle of six steps inside one of thirty."""
    rng = np.random.default_rng(seed)
    length, horizon = 240, 12
    t = np.arange(length + horizon)
    parts = []
    for name in "abcdef":
        wave = np.sin(2 * np.pi * t / 6) + np.sin(2 * np.pi * t / 30) + rng.normal(0, 0.1, len(t))
        parts.append(pd.DataFrame({"shop": name, "t": t, "y": np.exp(rng.uniform(0, 5) + 0.3 * wave)}))
    frame = pd.concat(parts, ignore_index=True)
    test = frame[frame["t"] >= length].drop(columns="y").sample(frac=1, random_state=0)
    test.insert(0, "id", test["shop"] + "_" + test["t"].astype(str))
    task = Task(
        name="tiny",
        folder=Path("/data"),
        statement="Forecast.",
        problem=Problem.FORECAST,
        data=DataFiles(train="train.csv", test="test.csv"),
        targets=("y",),
        id_column="id",
        metric=Metric(name="smape", direction=Direction.LOWER, needs=Needs.VALUES),
        output=OutputContract(needs=Needs.VALUES, id_column="id", columns=("y",)),
        split=Split(kind=SplitKind.FORECAST, horizon=horizon),
        series_columns=("shop",),
        time_column="t",
    )
    train = frame[frame["t"] < length]
    return TinyTask(brief=brief_of(task, train, {}), train=train, test=test)


def prepared(train: str, arrays: Mapping[str, Mapping[str, np.ndarray]]) -> TinyTask:
    """Return a task that only its own `prepare` knows: an empty profile, a sample file, and `arrays`."""
    sample = pd.DataFrame({"id": [str(k) for k in range(TEST_ROWS)], "ill": 0.5})
    task = Task(
        name="tiny",
        folder=Path("/data"),
        statement="Predict.",
        problem=Problem.CUSTOM,
        data=DataFiles(train=train, test="test.npz", sample="sample_submission.csv", side=("val.npz",)),
        targets=("ill",),
        id_column="id",
        metric=Metric(name="roc_auc", direction=Direction.HIGHER, needs=Needs.PROBABILITY),
        output=OutputContract(needs=Needs.PROBABILITY, id_column="id", columns=("ill",)),
        split=Split(kind=SplitKind.PREPARED, k=1),
    )
    profile = DataProfile(train_rows=0, test_rows=0, columns=(), targets=())
    brief = Brief(task=task, profile=profile, machine=machine())
    return TinyTask(brief=brief, train=pd.DataFrame(), test=sample, arrays=arrays)


def images(seed: int = 0) -> dict[str, dict[str, np.ndarray]]:
    """Return small images with a bright corner in every ill one."""
    rng = np.random.default_rng(seed)
    files: dict[str, dict[str, np.ndarray]] = {}
    for name, count in (("train.npz", 120), ("val.npz", 20), ("test.npz", TEST_ROWS)):
        labels = np.arange(count) % 2
        pixels = rng.integers(0, 150, (count, 16, 16)).astype(np.uint8)
        pixels[labels == 1, :6, :6] += 90
        files[name] = {"images": pixels} if name == "test.npz" else {"images": pixels, "labels": labels}
    return files
