"""Trains the solution on all labelled rows and predicts the test file, as its last fit did.

    python train.py --data FOLDER -o submission.csv

FOLDER holds the data files by the names that they had. The code of the solution lies in `code/`: it reads `./input` and
writes `./output/submission.csv`. This program puts the data there, in a temporary folder, and takes the result away.
Only the standard library is used here.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FACTS: dict[str, Any] = json.loads((HERE / "solution.json").read_text(encoding="utf-8"))
MISSING = {"", "NA", "N/A", "n/a", "NaN", "nan", "-nan", "-NaN", "NULL", "null", "None", "<NA>", "#N/A", "#NA"}


class Unusable(Exception):
    """The data or the options do not fit the solution; the message says how."""


def run_solution(view: Path, seed: int, threads: int) -> Path:
    """Run the code on a folder of input files, in a temporary folder, and return the file that it wrote there.

    Args:
        view: Holds what the code reads as `./input`.
        seed: Told to the code as `ASSAY_SEED`.
        threads: Told to the code as `ASSAY_THREADS`.
    """
    work = view.parent / "work"
    shutil.copytree(HERE / "code", work)
    (work / "output").mkdir()
    _link(view, work / "input")
    environment = {**os.environ, "ASSAY_SEED": str(seed), "ASSAY_THREADS": str(threads), "PYTHONHASHSEED": "0"}
    done = subprocess.run([sys.executable, FACTS["program"]], cwd=work, env=environment, check=False, stdout=sys.stderr)
    if done.returncode != 0:
        raise Unusable(f"the solution ended with exit code {done.returncode}; what it printed stands above")
    written = work / "output" / str(FACTS["output"]["file"])
    if not written.is_file():
        raise Unusable(f"the solution wrote no output/{written.name}")
    return written


def put_view(data: Path, view: Path, *, test: bool = True) -> None:
    """Fill `view` with the data files by the names that the code knows, labelled rows only.

    Args:
        data: The user's folder.
        view: An empty folder.
        test: Whether the test file and the sample submission belong to it.
    """
    for role, shown in FACTS["shown"].items():
        if shown is None or (role in ("test", "sample") and not test):
            continue
        source = _source(data, FACTS["files"].get(role), shown)
        if source is None and role == "description":
            continue
        if source is None:
            raise Unusable(f"{str(data)!r} holds no {shown}; --data names the folder with the data files")
        _put(source, view / shown)
        if role == "train":
            _keep_labelled(view / shown)
    for name in FACTS["side"]:
        if (data / name).exists() and not (view / name).exists():
            (view / name).parent.mkdir(parents=True, exist_ok=True)
            _link(data / name, view / name)


def options(parser: argparse.ArgumentParser) -> None:
    """Add the options that both programs have."""
    parser.add_argument("--data", type=Path, default=HERE / "data", help="folder of the data files (default: data/)")
    parser.add_argument("--seed", type=int, default=int(FACTS["seed"]), help="seed of the code")
    parser.add_argument("--threads", type=int, default=_cores(), help="threads of the code")


def main() -> int:
    """Train, predict the test file and write the submission; return the exit code."""
    parser = argparse.ArgumentParser(description="Train on all labelled rows and predict the test file.")
    options(parser)
    parser.add_argument("-o", "--out", type=Path, default=Path("submission.csv"), help="file to write")
    given = parser.parse_args()
    try:
        if FACTS["shown"]["test"] is None or FACTS["files"].get("test") is None:
            raise Unusable("the task has no test file; predict.py predicts a file of your own")
        with tempfile.TemporaryDirectory() as folder:
            view = Path(folder) / "view"
            view.mkdir()
            put_view(given.data, view)
            shutil.copyfile(run_solution(view, given.seed, given.threads), given.out)
    except (Unusable, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    sys.stdout.write(f"wrote {given.out}\n")
    return 0


def delimiter(path: Path) -> str:
    """Return what separates the cells of a text table."""
    known: Mapping[str, str] = {".tsv": "\t", ".tab": "\t"}
    return known.get(path.suffix.lower(), str(FACTS["delimiter"]))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _source(data: Path, name: str | None, shown: str) -> Path | None:
    for candidate in (name, shown):
        if candidate is not None and (data / candidate).is_file():
            return data / candidate
    return None


def _put(source: Path, target: Path) -> None:
    if source.suffix.lower() == ".gz":
        with gzip.open(source, "rb") as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
    elif source.suffix.lower() == ".zip":
        with zipfile.ZipFile(source) as archive:
            members = [item for item in archive.infolist() if not item.is_dir()]
            target.write_bytes(archive.read(members[0]))
    else:
        shutil.copyfile(source, target)


def _keep_labelled(path: Path) -> None:
    """Leave out rows without a label, which the solution was never shown; text tables only."""
    if path.suffix.lower() not in (".csv", ".tsv", ".tab"):
        return
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream, delimiter=delimiter(path)))
    places = [rows[0].index(name) for name in FACTS["targets"] if name in rows[0]]
    kept = [row for row in rows[1:] if row and all(row[place].strip() not in MISSING for place in places)]
    if len(kept) == sum(1 for row in rows[1:] if row):
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=delimiter(path), lineterminator="\n").writerows([rows[0], *kept])


def _link(source: Path, target: Path) -> None:
    with suppress(OSError):
        target.symlink_to(source.resolve(), target_is_directory=source.is_dir())
        return
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


if __name__ == "__main__":
    sys.exit(main())
