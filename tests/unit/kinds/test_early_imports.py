"""Which imports of a script can be done ahead."""

import pytest

from assay.kinds.early_imports import early_imports, packages_of

SCRIPT = '''"""A model."""
from __future__ import annotations

import os
import warnings
from pathlib import Path

import lightgbm as lgb
import numpy as np, pandas as pd
from sklearn import linear_model, __version__
from sklearn.ensemble import RandomForestRegressor

warnings.filterwarnings("ignore")
from warnings import simplefilter
simplefilter("ignore")
from scipy.sparse import linalg
import scipy.sparse

os.environ["OMP_NUM_THREADS"] = "1"
import xgboost
'''


def test_what_comes_before_anything_else_is_found_in_order() -> None:
    assert early_imports(SCRIPT) == (
        "lightgbm",
        "numpy",
        "pandas",
        "sklearn",
        "sklearn.linear_model",
        "sklearn.__version__",
        "sklearn.ensemble",
        "scipy.sparse",
    )


@pytest.mark.parametrize(
    "first",
    [
        "import torch",  # takes hold of devices, and of libraries that others load after it
        "import helper",  # a file of the candidate's, which may do anything
        "from . import helper",
        "x = 1",
        "try:\n    import pandas\nexcept ImportError:\n    pass",
        "warnings.filterwarnings('error')",
        "print('x')",
        "os.environ.setdefault('OMP_NUM_THREADS', '1')",
        "filterwarnings(*bad)",
        "x.y.filterwarnings('ignore')",
        "warnings.resetwarnings()",
        "-1",
        "this is no Python",
    ],
)
def test_nothing_is_done_ahead_of_what_could_change_it(first: str) -> None:
    assert early_imports(f"import os\n{first}\nimport numpy\n") == ()


def test_the_order_of_packages() -> None:
    assert packages_of(("numpy", "sklearn.svm", "numpy.linalg", "pandas")) == ("numpy", "sklearn", "pandas")
