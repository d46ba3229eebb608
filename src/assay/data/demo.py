"""The demo's data: real handwritten digits that ship with scikit-learn, and a question about them that is not easy."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from assay.core.errors import MachineError
from assay.core.files import write_whole

_SEED = 20
_TEST_SHARE = 0.2
_PRIMES = {2, 3, 5, 7}

DESCRIPTION = """\
# Prime digits

Predict the probability that a handwritten digit is a prime number: `prime` is 1 for 2, 3, 5 and 7, else 0.

## Data

`train.csv` has {train} images and `test.csv` {test}, 8 x 8 pixels each: `r0c0` to `r7c7` hold how much ink there is,
from 0 to 16, row by row. Which digit it is stands nowhere. Source: optical recognition of handwritten digits (Alpaydin
and Kaynak, 1998, UCI, CC BY 4.0), as it ships with scikit-learn.

`sample_submission.csv` shows the format with constant values.

## Metric

Log loss, lower is better.

## Submission

A CSV with a header and the columns `id,prime`, one row per test row.
"""


def write_demo(folder: Path) -> None:
    """Write train.csv, test.csv, sample_submission.csv and description.md to `folder`; it is made if need be.

    The labels of the test rows are not written; `demo_answers` knows them.

    Raises:
        MachineError: E531, the folder cannot be written.
    """
    names, rows, train, test = _rows()
    pixels = names[:-1]
    files = {
        "train.csv": _csv(names, [rows[number] for number in train]),
        "test.csv": _csv(pixels, [rows[number][:-1] for number in test]),
        "sample_submission.csv": _csv(["id", "prime"], [[rows[number][0], "0.5"] for number in test]),
        "description.md": DESCRIPTION.format(train=f"{len(train):,}", test=len(test)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            write_whole(folder / name, text)
    except OSError as error:
        raise MachineError(
            "E531", f"{str(folder)!r} cannot be written: {error.strerror or error}", fix="assay demo --runs FOLDER"
        ) from error


def demo_answers() -> dict[str, str]:
    """Return the label of every test row by its id."""
    _, rows, _, test = _rows()
    return {rows[number][0]: rows[number][-1] for number in test}


def _rows() -> tuple[list[str], list[list[str]], list[int], list[int]]:
    """Return column names, rows as text, and the numbers of the training and of the test rows."""
    import numpy as np
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(_SEED).permutation(len(digits.target))
    names = ["id", *(f"r{row}c{column}" for row in range(8) for column in range(8)), "prime"]
    rows = [
        [f"d{place:04d}", *(str(int(ink)) for ink in digits.data[number]), str(int(digits.target[number] in _PRIMES))]
        for place, number in enumerate(order)
    ]
    border = round(len(rows) * (1 - _TEST_SHARE))
    return names, rows, list(range(border)), list(range(border, len(rows)))


def _csv(names: list[str], rows: list[list[str]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return stream.getvalue()
