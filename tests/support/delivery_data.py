"""A small table of prices, for tests that follow a run to what it hands over."""

from __future__ import annotations

from pathlib import Path


def write_data(folder: Path) -> None:
    """Write `train.csv` and `test.csv`, 300 and 60 rows, the price a plain function of two numbers."""
    folder.mkdir(parents=True)
    rows = [(i, i % 13, (i * 7) % 11, ((i % 13) * 3 - (i * 7) % 11) * 0.5 + (i * 37 % 17) * 0.05) for i in range(360)]
    train = "".join(f"{i},{x},{y},{z:.3f}\n" for i, x, y, z in rows[:300])
    test = "".join(f"{i},{x},{y}\n" for i, x, y, _ in rows[300:])
    (folder / "train.csv").write_text("id,x,y,price\n" + train, encoding="utf-8")
    (folder / "test.csv").write_text("id,x,y\n" + test, encoding="utf-8")
