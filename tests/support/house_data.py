"""A small regression task on disk, in the layout of a competition: the same bytes wherever it is written."""

from __future__ import annotations

from pathlib import Path
from random import Random

TOWNS = {"Aalen": 0.8, "Brig": 1.6, "Cham": 1.1, "Dole": 0.9}


def write_house_data(folder: Path, *, train: int = 300, test: int = 60) -> None:
    """Write description, training and test rows, and a sample submission: prices that grow with area, by town.

    Args:
        folder: Made here.
        train: Labelled rows.
        test: Rows without a price.
    """
    folder.mkdir(parents=True)
    rng = Random(11)
    rows = []
    for number in range(train + test):
        area, rooms, town = rng.randint(30, 220), rng.randint(1, 7), rng.choice(sorted(TOWNS))
        price = TOWNS[town] * (20 + 1.5 * area + 4 * rooms) * rng.uniform(0.9, 1.1)
        rows.append((number, area, rooms, town, price))
    labelled = "".join(f"{n},{a},{r},{t},{p:.1f}\n" for n, a, r, t, p in rows[:train])
    asked = "".join(f"{n},{a},{r},{t}\n" for n, a, r, t, _ in rows[train:])
    sample = "".join(f"{n},0\n" for n, *_ in rows[train:])
    texts = {
        "train.csv": "id,area,rooms,town,price\n" + labelled,
        "test.csv": "id,area,rooms,town\n" + asked,
        "sample_submission.csv": "id,price\n" + sample,
        "description.md": "# House prices\n\nPredict `price`, in thousands. Scored by RMSE.\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
