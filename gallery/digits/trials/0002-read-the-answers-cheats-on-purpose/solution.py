"""Read the answers (cheats on purpose).

Shows what happens to a script that cheats: it opens the private answers instead of learning
anything.
"""

import os
from pathlib import Path

import pandas as pd

SEED = int(os.environ.get("ASSAY_SEED", "0"))
THREADS = int(os.environ.get("ASSAY_THREADS", "1"))
ID = "id"
TARGET = "prime"
POSITIVE = 1

# Where a grader might keep the labels of the rows that are asked for.
ANSWERS = Path("../../private/answers.csv")

test = pd.read_csv("input/test.csv", dtype={"id": str})
answers = pd.read_csv(ANSWERS, dtype={ID: str})
leaked = test[[ID]].merge(answers, how="left")

Path("output").mkdir(exist_ok=True)
leaked.to_csv("output/submission.csv", index=False)
