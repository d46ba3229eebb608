"""A small binary task on disk, from scikit-learn's breast cancer data: the same bytes wherever it is written.

Made untidy as real tables are: some clinics measure in centimetres, some values are missing, rows are shuffled.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from sklearn.datasets import load_breast_cancer

POWER = {"radius": 1, "perimeter": 1, "area": 2}
"""Columns with a unit, by a word of their name, and the power in which lengths enter them."""
CLINICS = {"Nord": "mm", "Ost": "cm", "West": "mm"}


def write_biopsy_data(folder: Path, *, train: int = 400) -> None:
    """Write description, training and test rows, and a sample submission: whether a tumour is malignant.

    Args:
        folder: Made here.
        train: Labelled rows, of 569; the others are test rows.
    """
    folder.mkdir(parents=True)
    rng = Random(5)
    data = load_breast_cancer()
    names = [str(name) for name in data.feature_names]
    rows = []
    for values, label in zip(data.data.tolist(), data.target.tolist(), strict=True):
        clinic = rng.choice(sorted(CLINICS))
        cells = [_cell(name, value, CLINICS[clinic], rng) for name, value in zip(names, values, strict=True)]
        rows.append((clinic, *cells, str(1 - label)))
    rng.shuffle(rows)
    header = ",".join(("biopsy", "clinic", *names))
    lines = [f"B{number:04d},{','.join(cells[:-1])}" for number, cells in enumerate(rows)]
    labelled = "".join(f"{line},{cells[-1]}\n" for line, cells in zip(lines[:train], rows, strict=False))
    texts = {
        "train.csv": f"{header},malignant\n{labelled}",
        "test.csv": f"{header}\n" + "".join(f"{line}\n" for line in lines[train:]),
        "sample_submission.csv": "biopsy,malignant\n" + "".join(f"{line[:5]},0.5\n" for line in lines[train:]),
        "description.md": "# Biopsies\n\nSizes of cell nuclei, as three clinics report them. Predict the probability"
        " that the tumour is `malignant`.\nScored by log loss.\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _cell(name: str, value: float, unit: str, rng: Random) -> str:
    """Return a value as its clinic would write it; texture and concavity are missing now and then."""
    if rng.random() < 0.05 and ("texture" in name or "concavity" in name):
        return ""
    power = next((power for word, power in POWER.items() if word in name), 0)
    return f"{value / 10**power:.6g}" if unit == "cm" and power else f"{value:.6g}"
