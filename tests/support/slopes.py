"""Small data on which a line through the origin does well, and replies that draw one, for runs with a model."""

from __future__ import annotations

import json
from pathlib import Path

PROGRAM = """\
import csv
import os
from pathlib import Path

TERM = {term}

with open("input/train.csv", encoding="utf-8") as stream:
    train = list(csv.DictReader(stream))
with open("input/test.csv", encoding="utf-8") as stream:
    test = list(csv.DictReader(stream))
prices = [float(row["price"]) for row in train]
slope = TERM * sum(prices) / sum(float(row["x"]) for row in train)
Path("output").mkdir(exist_ok=True)
with open("output/submission.csv", "w", encoding="utf-8") as stream:
    stream.write("id,price\\n")
    for row in test:
        stream.write(f"{{row['id']}},{{slope * float(row['x'])}}\\n")
"""


def good_reply(number: int) -> str:
    """Return a reply in form: title, plan and a script, each its own for each number."""
    head = json.dumps({"title": f"Slope through the origin, {number}", "plan": f"Prices grow with x (idea {number})."})
    code = PROGRAM.format(term=f"0.{90 + number}")
    return f"```json\n{head}\n```\n```python\n{code}```\n"


def write_data(folder: Path) -> None:
    folder.mkdir()
    rows = [(i, 1 + i % 13, (i * 7) % 11, (i % 13) * 3 + 4 + (i * 37 % 17) * 0.05) for i in range(150)]
    train = "".join(f"{i},{x},{y},{z:.3f}\n" for i, x, y, z in rows[:120])
    test = "".join(f"{i},{x},{y}\n" for i, x, y, _ in rows[120:])
    (folder / "train.csv").write_text("id,x,y,price\n" + train, encoding="utf-8")
    (folder / "test.csv").write_text("id,x,y\n" + test, encoding="utf-8")
