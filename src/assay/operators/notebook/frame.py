"""Frame: the cells of a written notebook that are code's own, and the names by which the other cells meet them."""

from __future__ import annotations

SETUP = """\
import os
import random
from pathlib import Path

import numpy as np
import pandas as pd

INPUT = Path("input")
OUTPUT = Path("output")
OUTPUT.mkdir(exist_ok=True)
SEED = int(os.environ.get("ASSAY_SEED", "0"))
THREADS = int(os.environ.get("ASSAY_THREADS", "1"))
random.seed(SEED)
np.random.seed(SEED)
"""
"""What every written notebook begins with."""

SAVING = """\
# `submission` holds the new method's predictions of the test rows and `baseline_submission` those of the baseline: data
# frames with the columns of the submission. Both are graded on labels that no cell can see.
submission.to_csv(OUTPUT / "submission.csv", index=False)
baseline_submission.to_csv(OUTPUT / "baseline.csv", index=False)
if "probabilities" in globals():
    # A data frame, where the task asks for `probabilities.csv`.
    probabilities.to_csv(OUTPUT / "probabilities.csv", index=False)
"""
"""What every written notebook ends with."""

BASELINE_FILE = "baseline.csv"
"""The file under `./output` with the predictions of the baseline inside the notebook."""
