"""Prediction files: how far two are apart, and the same predictions for other rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.engine.prediction_files import differences, in_random_order


def written(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["id,y", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("first", "second", "apart"),
    [
        (["1,0.5", "2,1.5"], ["1,0.5", "2,1.5"], (0.0, 0.0)),
        (["1,0.5", "2,1.5"], ["1,0.6", "2,1.5"], (0.1, 0.0)),
        (["1,5e5", "2,1.5e6"], ["1,6e5", "2,1.5e6"], (0.1, 0.0)),
        (["1,5e-7", "2,1.5e-6"], ["1,6e-7", "2,1.5e-6"], (0.1, 0.0)),
        (["1,yes", "2,no"], ["1,yes", "2,yes"], (0.0, 0.5)),
        (["1,3", "2,7"], ["1,3", "2,8"], (0.0, 0.5)),
        (["1,0.5"], ["1,0.5", "2,0.5"], (0.0, 1.0)),
    ],
    ids=["same", "numbers", "large numbers", "small numbers", "labels", "numbers that name classes", "other rows"],
)
def test_numbers_are_compared_by_their_range_and_labels_by_rows(
    tmp_path: Path, first: list[str], second: list[str], apart: tuple[float, float]
) -> None:
    found = differences(written(tmp_path / "a.csv", *first), written(tmp_path / "b.csv", *second))
    assert found == pytest.approx(apart)


def test_a_random_order_keeps_ids_and_predictions_and_parts_them(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", *(f"{row},{row / 10}" for row in range(50)))
    mixed = in_random_order(file, "id", 3).decode().splitlines()[1:]
    ids, values = zip(*(line.split(",") for line in mixed), strict=True)
    assert list(ids) == [str(row) for row in range(50)]
    assert sorted(map(float, values)) == [row / 10 for row in range(50)]
    assert sum(float(value) == int(row) / 10 for row, value in zip(ids, values, strict=True)) < 10
    assert in_random_order(file, "id", 3) != in_random_order(file, "id", 4)
