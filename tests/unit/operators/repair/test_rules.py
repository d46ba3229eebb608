"""Rules put code before the statement that failed; data stay what they were, byte for byte."""

from __future__ import annotations

import hashlib
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from assay.operators.repair import find_patch

SETUP = """\
import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import cross_val_score
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
X[::7, 1] = np.nan
X[3, 2] = np.inf
X_test = rng.normal(size=(20, 3))
X_test[::5, 0] = np.nan
y = rng.normal(size=60)
words = pd.DataFrame({"a": ["red", "green", None] * 20, "b": range(60)})
words_test = pd.DataFrame({"a": ["blue", "red"] * 10, "b": range(20)})
dates = pd.DataFrame({"d": pd.date_range("2020-01-01", periods=60), "b": range(60)})
dates_test = pd.DataFrame({"d": pd.date_range("2020-01-05", periods=20), "b": range(20)})
flat, flat_test = X_test[:, 1].copy(), X_test[:, 2].copy()
"""
DATA = ("X", "X_test", "y", "words", "words_test", "dates", "dates_test", "flat", "flat_test")

CASES = [
    ("missing values", "model = Ridge()\nmodel.fit(X, y)\npredicted = model.predict(X_test)", 2),
    ("in a loop", "for a in (1, 2):\n    model = Ridge(a)\n    model.fit(X, y)\npredicted = model.predict(X_test)", 3),
    (
        "in a function",
        "def train(model, X, y):\n    model.fit(\n        X, y)\n    return model\n"
        "predicted = train(Ridge(), X, y).predict(X_test)",
        2,
    ),
    (
        "validated",
        "model = Ridge()\nscores = cross_val_score(model, X, y)\npredicted = model.fit(X, y).predict(X_test)",
        2,
    ),
    ("text", "models = {'m': Ridge()}\nmodels['m'].fit(words, y)\npredicted = models['m'].predict(words_test)", 2),
    ("dates", "model = Ridge()\nmodel.fit(dates, y)\npredicted = model.predict(dates_test)", 2),
    ("flat", "model = LinearRegression()\nmodel.fit(flat, flat)\npredicted = model.predict(flat_test)", 2),
]


def digests(names: dict[str, Any]) -> dict[str, str]:
    return {name: hashlib.sha256(_bytes(names[name])).hexdigest() for name in DATA}


def _bytes(value: Any) -> bytes:
    return value.to_csv().encode() if isinstance(value, pd.DataFrame) else np.asarray(value).tobytes()


def run(source: str, names: dict[str, Any]) -> tuple[int, str] | None:
    """Run a cell; return line and message of its failure, or None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(source, "<cell>", "exec"), names)
    except Exception as error:
        trace, line = error.__traceback__, 0
        while trace is not None:
            line = trace.tb_lineno if trace.tb_frame.f_code.co_filename == "<cell>" else line
            trace = trace.tb_next
        return line, f"{type(error).__name__}: {error}"
    return None


@pytest.mark.parametrize(("source", "line"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_known_failure_is_mended_before_the_line_that_failed_and_no_data_change(source: str, line: int) -> None:
    names: dict[str, Any] = {}
    assert run(SETUP, names) is None
    before = digests(names)
    failed = run(source, names)
    assert failed is not None
    at, error = failed
    patch = find_patch(source, at, error)
    assert patch is not None
    rows, old = patch.source.split("\n"), source.split("\n")
    assert (patch.line, rows[: line - 1]) == (line, old[: line - 1])
    assert rows[line - 1 + patch.size :] == old[line - 1 :], "all that was there is there still, behind what was put in"
    assert all("assay" in row.lower() or "values" in row for row in rows[line - 1 : line - 1 + patch.size])
    assert run(patch.source, names) is None
    assert np.isfinite(names["predicted"]).all()
    if "flat" not in source:
        assert len(names["predicted"]) == 20
    assert digests(names) == before


@pytest.mark.parametrize(
    ("source", "line", "error"),
    [
        ("model.fit(X, y)", 1, "ValueError: Input y contains NaN."),
        ("model.fit(X, y)", 1, "ValueError: Unknown label type: continuous"),
        ("Ridge().fit(X, y)", 1, "ValueError: Input X contains NaN."),
        ("model.predict(X_test)", 1, "ValueError: Input X contains NaN."),
        ("if x: model.fit(X, y)", 1, "ValueError: Input X contains NaN."),
        ("X = X.astype(float)", 1, "ValueError: could not convert string to float: 'a'"),
        ("import xgboost", 1, "ModuleNotFoundError: No module named 'xgboost'"),
        ("import sklearns", 1, "ModuleNotFoundError: No module named 'sklearns'"),
        ("model.fit(X, y)", 0, "ValueError: Input X contains NaN."),
        ("model.fit(X, y)", 9, "ValueError: Input X contains NaN."),
        ("def f(:", 1, "ValueError: Input X contains NaN."),
        ("model.fit(X, y)", 1, ""),
    ],
)
def test_what_no_rule_knows_is_left_to_the_next_tier(source: str, line: int, error: str) -> None:
    assert find_patch(source, line, error) is None


def test_a_mended_cell_is_not_mended_again_in_the_same_way() -> None:
    patch = find_patch("model.fit(X, y)", 1, "ValueError: Input X contains NaN.")
    assert patch is not None
    last = patch.source.split("\n")[patch.size - 1]
    assert last.startswith("model = _assay_pipeline(")
    assert find_patch(last, 1, "ValueError: Input X contains NaN.") is None


@pytest.mark.parametrize(
    ("source", "error", "check"),
    [
        ("from sklearn.externals.joblib import dump", "No module named 'sklearn.externals'", "dump"),
        ("from tqdm.auto import tqdm\nseen = list(tqdm([1, 2], desc='x'))", "No module named 'tqdm'", "seen"),
        ("import tqdm\nseen = list(tqdm.trange(3))", "No module named 'tqdm'", "seen"),
    ],
)
def test_a_module_of_the_allow_list_that_moved_or_only_shows_progress_is_put_in(
    source: str, error: str, check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    for name in ("tqdm", "tqdm.auto", "sklearn.externals", "sklearn.externals.joblib"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.setitem(sys.modules, name, sys)  # so that undoing it removes what the patch puts in
        monkeypatch.delitem(sys.modules, name)
    patch = find_patch(source, 1, f"ModuleNotFoundError: {error}")
    assert patch is not None
    names: dict[str, Any] = {}
    assert run(patch.source, names) is None
    assert names[check]
