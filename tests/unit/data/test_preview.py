"""However large the data, the preview that prompts show is small."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from assay.data import inspect, profile
from support.data_sets import write_folder


def test_a_preview_of_wide_and_long_data_is_a_few_rows_and_columns(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    for name in ("train.csv", "test.csv"):
        frame = pd.read_csv(folder / name, dtype=str)
        wide = pd.DataFrame({f"wide_{number}": ["x" * 500] * len(frame) for number in range(150)})
        pd.concat([frame, wide], axis=1).to_csv(folder / name, index=False)
    shape = profile(inspect(folder).task)
    head, *_, last = shape.preview.splitlines()
    shown = head.count("|") - 1
    assert len(shape.preview.splitlines()) <= 8
    assert shown < 60
    assert last == f"({154 + 1 - shown} more columns)"
    assert len(shape.preview) < 30_000
    assert all(len(example) <= 80 for column in shape.columns for example in column.examples)


def test_the_columns_of_a_side_table_are_told_and_other_side_files_are_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    wide = ",".join(["plate", "well", *(f"pre_{number}" for number in range(20))])
    (folder / "controls.csv").write_text(f"{wide}\n", encoding="utf-8")
    (folder / "empty.csv").write_bytes(b"")
    (folder / "torn.csv").write_bytes(b"\xff\xfe\xff\n")
    told = {line.partition(" ")[0]: line for line in profile(inspect(folder).task).files}
    assert told["controls.csv"].endswith(
        ", columns plate, well, " + ", ".join(f"pre_{n}" for n in range(10)) + " and 10 more"
    )
    assert told["empty.csv"] == "empty.csv (0 B)"
    assert told["torn.csv"] == "torn.csv (4 B)"
