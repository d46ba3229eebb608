"""Predicts the rows of a file: trains on the labelled rows, then predicts the new ones.

    python predict.py NEW.csv -o PREDICTIONS.csv --data FOLDER

The solution has no saved model: it learns and predicts in one go, so that each call trains once more. NEW.csv needs the
columns that the test file had; all of its rows are shown together. Only the standard library is used here.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from train import FACTS, Unusable, delimiter, options, put_view, run_solution  # type: ignore[import-not-found]


def main() -> int:
    """Predict and write; return 0, or 2 if the rows do not fit the solution."""
    parser = argparse.ArgumentParser(description="Train on the labelled rows and predict new ones.")
    parser.add_argument("rows", type=Path, help="file with the rows to predict")
    parser.add_argument("-o", "--out", type=Path, default=Path("predictions.csv"), help="file to write")
    parser.add_argument("--json", action="store_true", help="say what was done as JSON")
    options(parser)
    given = parser.parse_args()
    told: dict[str, object] = {"out": str(given.out)}
    try:
        with tempfile.TemporaryDirectory() as folder:
            view = Path(folder) / "view"
            view.mkdir()
            put_view(given.data, view, test=False)
            told |= put_rows(given.rows, view)
            shutil.copyfile(run_solution(view, given.seed, given.threads), given.out)
    except (Unusable, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    text = json.dumps(told) if given.json else f"wrote {given.out}: {told['rows']} rows"
    sys.stdout.write(f"{text}\n")
    return 0


def put_rows(source: Path, view: Path) -> dict[str, object]:
    """Put the new rows into `view` as the test file, with a sample submission for their ids; say what was done.

    Columns that the test file did not have are left out; ids that are missing are counted from 0.
    """
    target = view / str(FACTS["shown"]["test"])
    wanted, name = list(FACTS["columns"]), FACTS["output"]["id"]
    if not wanted:  # the columns of this format are not known here: the rows are passed on as they are
        shutil.copyfile(source, target)
        return {"rows": None, "left_out": []}
    with source.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, delimiter=delimiter(source))
        header, rows = list(reader.fieldnames or ()), list(reader)
    missing = [column for column in wanted if column not in header and column != name]
    if missing:
        raise Unusable(f"{source} lacks the columns {', '.join(map(repr, missing))}")
    if not rows:
        raise Unusable(f"{source} has no rows")
    short = next((number for number, row in enumerate(rows, 2) if None in row or None in row.values()), None)
    if short is not None:
        raise Unusable(f"row {short} of {source} has not as many cells as its header")
    if name is not None and name not in header:
        for number, row in enumerate(rows):
            row[name] = str(number)
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter(target), lineterminator="\n")
        writer.writerows([wanted, *([row[column] for column in wanted] for row in rows)])
    _put_sample(view, rows)
    return {"rows": len(rows), "left_out": [column for column in header if column not in wanted]}


def _put_sample(view: Path, rows: list[dict[str, str]]) -> None:
    sample, shown = FACTS["sample"], FACTS["shown"]["sample"]
    if shown is None or not sample:
        return
    with (view / shown).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(sample)
        for number, row in enumerate(rows):
            ids = row.get(FACTS["output"]["id"] or "", str(number))
            writer.writerow([ids if value is None else value for value in sample.values()])


if __name__ == "__main__":
    sys.exit(main())
