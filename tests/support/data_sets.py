"""Small data sets of every shape that intake and views must cope with, made on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


def columns(rows: int, seed: int = 0) -> pd.DataFrame:
    """Features without a target: a number, a whole number, a category and a text id."""
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "id": [f"{number:05d}" for number in random.permutation(rows)],
            "size": random.normal(size=rows).round(4),
            "count": random.integers(0, 50, size=rows),
            "colour": random.choice(["red", "green", "blue"], size=rows),
        }
    )


def with_target(frame: pd.DataFrame, kind: str, seed: int = 1) -> pd.DataFrame:
    """`frame` with a target `y` that its columns tell in part; `kind` is regression, binary, labels or multiclass."""
    random = np.random.default_rng(seed)
    signal = frame["size"] + 0.02 * frame["count"] + random.normal(size=len(frame))
    if kind == "regression":
        return frame.assign(y=signal.round(5))
    if kind == "binary":
        return frame.assign(y=(signal > 0.5).astype(int))
    if kind == "labels":
        return frame.assign(y=np.where(signal > 0.5, "True", "False"))
    return frame.assign(y=np.select([signal < 0, signal < 1], ["low", "mid"], "top"))


def write_folder(
    folder: Path, kind: str = "binary", *, rows: int = 400, test_rows: int = 40, about: str = "", sample: bool = True
) -> Path:
    """A folder in the Kaggle layout; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = with_target(columns(rows + test_rows), kind)
    train, test = whole.iloc[:rows], whole.iloc[rows:].drop(columns="y")
    train.to_csv(folder / "train.csv", index=False)
    test.to_csv(folder / "test.csv", index=False)
    if sample:
        values: Any = {"regression": 0.0, "binary": 0.5, "labels": "False"}.get(kind, "low")
        pd.DataFrame({"id": test["id"], "y": values}).to_csv(folder / "sample_submission.csv", index=False)
    if about:
        (folder / "description.md").write_text(about, encoding="utf-8")
    return folder


def write_forecast(folder: Path, *, series: int = 4, length: int = 60, horizon: int = 5) -> Path:
    """Several series and the steps to come, with ids such as `S1_3`; some series are shorter."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(3)
    train, test = [], []
    for number in range(series):
        name, steps = f"S{number}", length - 5 * (number % 2)
        values = 100 * number + np.sin(np.arange(steps)) + random.normal(size=steps)
        train += [(name, step + 1, round(value, 3)) for step, value in enumerate(values)]
        test += [(f"{name}_{ahead}", name, ahead, steps + ahead) for ahead in range(1, horizon + 1)]
    pd.DataFrame(train, columns=["series", "t", "y"]).to_csv(folder / "train.csv", index=False)
    asked = pd.DataFrame(test, columns=["id", "series", "h", "t"])
    asked.to_csv(folder / "test.csv", index=False)
    asked[["id"]].assign(y=7.5).to_csv(folder / "sample_submission.csv", index=False)
    return folder


PREPARE = """\
import shutil
from pathlib import Path

import numpy as np
import pandas as pd


def prepare(raw: Path, public: Path, private: Path) -> None:
    print("preparing")
    whole = np.load(raw / "train.npz")
    images, labels = whole["images"], whole["labels"]
    np.savez(public / "train.npz", images=images[40:], labels=labels[40:])
    np.savez(public / "test.npz", images=images[:40])
    pd.DataFrame({"id": range(40), "ill": 0.5}).to_csv(public / "sample_submission.csv", index=False)
    pd.DataFrame({"id": range(40), "ill": labels[:40]}).to_csv(private / "answers.csv", index=False)
"""


def write_arrays(folder: Path, *, prepare: str = PREPARE) -> Path:
    """Arrays instead of tables, with the user's own `prepare.py`."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(5)
    labels = random.integers(0, 2, size=120)
    np.savez(folder / "train.npz", images=random.integers(0, 255, size=(120, 4, 4)), labels=labels)
    np.savez(folder / "test.npz", images=random.integers(0, 255, size=(30, 4, 4)))
    pd.DataFrame({"id": range(30), "ill": 0.5}).to_csv(folder / "sample_submission.csv", index=False)
    (folder / "description.md").write_text("# Ill or not\n\n## Metric\n\nROC AUC\n", encoding="utf-8")
    (folder / "prepare.py").write_text(prepare, encoding="utf-8")
    return folder
