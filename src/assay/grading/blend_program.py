"""Mixes the predictions of the scripts in ./members into ./output/submission.csv.

Each folder members/NAME holds a solution.py that reads ./input and writes ./output. It is run there, unless
members/NAME/output/submission.csv is already present. The weights were chosen on predictions for rows whose labels the
scripts had not seen. Only the standard library is needed, besides what the members import.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SETTINGS: dict[str, Any] = {}

Rows = list[list[float]]
Files = dict[str, Path]


def read(path: Path) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.reader(stream) if row]
    return rows[0], rows[1:]


def same_spelling(text: str) -> str:
    """Return `1` for `1.0` and `01`, any other text as it is."""
    try:
        number = float(text)
    except ValueError:
        return text.strip()
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else text.strip()


def in_order(ids: list[str], path: Path) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the file at `path`, without its id column and in the order of `ids`."""
    header, rows = read(path)
    if not SETTINGS["id_column"]:
        return header, rows
    keys, wanted = [same_spelling(row[0]) for row in rows], [same_spelling(text) for text in ids]
    if len(set(keys)) < len(keys):
        keys, wanted = [row[0] for row in rows], ids
    place = {key: row for key, row in zip(keys, rows, strict=True)}
    return header[1:], [place[key][1:] for key in wanted]


def class_position(text: str) -> int:
    """Return which class a label or a column name means, -1 if none."""
    names = [same_spelling(name) for name in SETTINGS["classes"]]
    flags = {"true": "1", "false": "0"} if set(names) == {"0", "1"} else {"1": "true", "0": "false"}
    lowered = [name.lower() for name in names]
    for name, known in ((same_spelling(text), names), (text.strip().lower(), lowered)):
        if name in known:
            return known.index(name)
        if flags.get(name) in lowered:
            return lowered.index(flags[name])
    return -1


def number(cell: str) -> float:
    """Return a number or a truth value as a number."""
    truth = {"true": 1.0, "false": 0.0}
    word = cell.strip().lower()
    return truth[word] if word in truth else float(cell)


def soft_table(ids: list[str], files: Files) -> Rows:
    """Return the class probabilities that a member wrote."""
    header, rows = in_order(ids, files["probabilities.csv"])
    if len(header) == 1:
        positive = int(SETTINGS["positive"])
        pairs = [(1.0 - number(row[0]), number(row[0])) for row in rows]
        return [[p[1] if k == positive else p[0] for k in range(len(SETTINGS["classes"]))] for p in pairs]
    place = [class_position(name) for name in header]
    table = []
    for row in rows:
        values = [0.0] * len(SETTINGS["classes"])
        for k, cell in zip(place, row, strict=True):
            if k >= 0:
                values[k] = number(cell)
        total = sum(values)
        table.append([value / total if total else 1.0 / len(values) for value in values])
    return table


def votes(ids: list[str], files: Files) -> Rows:
    """Return a member's labels as probabilities 0 and 1."""
    _, rows = in_order(ids, files["submission.csv"])
    found = {row[0]: class_position(row[0]) for row in rows}
    size = range(len(SETTINGS["classes"]))
    return [[1.0 if k == found[row[0]] else 0.0 for k in size] for row in rows]


def flags(ids: list[str], files: Files) -> Rows:
    """Return a member's several 0/1 columns as numbers."""
    positive = int(SETTINGS["positive"])
    _, rows = in_order(ids, files["submission.csv"])
    return [[1.0 if class_position(cell) == positive else 0.0 for cell in row] for row in rows]


def numbers(ids: list[str], files: Files) -> Rows:
    """Return a member's numbers."""
    _, rows = in_order(ids, files["submission.csv"])
    return [[number(cell) for cell in row] for row in rows]


def ranks(table: Rows) -> Rows:
    """Return each column as ranks in (0, 1], equal values sharing their mean rank."""
    columns = []
    for column in zip(*table, strict=True):
        order = sorted(range(len(column)), key=lambda i: column[i])
        shared = [0.0] * len(column)
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and column[order[end]] == column[order[start]]:
                end += 1
            for i in order[start:end]:
                shared[i] = (start + end + 1) / 2.0 / len(order)
            start = end
        columns.append(shared)
    return [list(row) for row in zip(*columns, strict=True)]


def member_table(name: str, ids: list[str], files: Files) -> Rows:
    """Return what a member contributes, in the form that the rule mixes."""
    rule = SETTINGS["rule"]
    if rule == "rank":
        return ranks(numbers(ids, files))
    if rule == "mean":
        return numbers(ids, files)
    if rule == "flags":
        return flags(ids, files)
    return soft_table(ids, files) if name in SETTINGS["soft"] else votes(ids, files)


def decided(row: Sequence[float]) -> list[str]:
    """Return the cells of one row from the weighted mean of the members."""
    rule, classes, positive = SETTINGS["rule"], SETTINGS["classes"], int(SETTINGS["positive"])
    best = sorted(range(len(row)), key=lambda k: -row[k])
    if rule == "threshold":
        return [classes[positive if row[positive] >= SETTINGS["threshold"] else 1 - positive]]
    if rule == "flags":
        return [classes[positive if value >= SETTINGS["threshold"] else 1 - positive] for value in row]
    if rule == "argmax":
        return [classes[best[0]]]
    if rule == "top":
        return [" ".join(classes[k] for k in best[: int(SETTINGS["k"])])]
    total = sum(row) if SETTINGS["normalise"] else 1.0
    return [repr(value / (total or 1.0)) for value in row]


def mix(members: dict[str, Files], target: Path) -> None:
    """Write the mix of the members' outputs to `target`.

    Args:
        members: Member name to the files that it wrote.
        target: The file to write.
    """
    weights = {name: weight for name, weight in SETTINGS["weights"].items() if name in members}
    header, rows = read(members[next(iter(weights))]["submission.csv"])
    ids = [row[0] for row in rows]
    total = sum(weights.values())
    mixed: Rows = []
    for name, weight in weights.items():
        table = member_table(name, ids, members[name])
        share = weight / total
        if not mixed:
            mixed = [[share * value for value in row] for row in table]
        else:
            for row, new in zip(mixed, table, strict=True):
                row[:] = [old + share * value for old, value in zip(row, new, strict=True)]
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        for name, row in zip(ids, mixed, strict=True):
            writer.writerow(([name] if SETTINGS["id_column"] else []) + decided(row))


def run(folder: Path) -> None:
    """Run a member where it lives, on the same input."""
    shown = folder / "input"
    if not shown.exists():
        shown.symlink_to(Path("input").resolve())
    (folder / "output").mkdir(exist_ok=True)
    subprocess.run([sys.executable, "solution.py"], cwd=folder, check=True)


def main() -> None:
    """Run the members that have no predictions yet, then mix."""
    members = {}
    for name in SETTINGS["weights"]:
        folder = Path("members") / name
        if not (folder / "output" / "submission.csv").exists():
            run(folder)
        members[name] = {path.name: path for path in (folder / "output").iterdir()}
    Path("output").mkdir(exist_ok=True)
    mix(members, Path("output") / "submission.csv")


if __name__ == "__main__":
    main()
