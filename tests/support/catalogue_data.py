"""Small data for the examples of the catalogue: for each modality the names that its examples may use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from assay.models.catalogue import Entry, Modality, Solves

ROWS, TEST_ROWS, CLASSES = 120, 20, 3


def names_for(entry: Entry) -> dict[str, Any]:
    """Return the names that the example of `entry` may use; `y` holds labels if the family classifies at all."""
    labels = bool({Solves.BINARY, Solves.MULTICLASS, Solves.MULTILABEL} & set(entry.problems))
    return _MAKERS[entry.modality](labels)


def regression_names() -> dict[str, Any]:
    """Return those of a table with a number as the target."""
    return _tables(False)


def predictions(entry: Entry, pred: Any) -> int:
    """Return the number of rows, series or users that `pred` answers for."""
    if entry.modality is Modality.INTERACTIONS:
        assert all(0 < len(items) <= 5 for items in pred.values())
    else:
        assert np.isfinite(np.asarray(pred, dtype=float)).all()
    return len(pred)


def expected(entry: Entry) -> int:
    """Return the number that there should be."""
    return {Modality.SERIES: 4, Modality.INTERACTIONS: 6}.get(entry.modality, TEST_ROWS)


def _target(signal: np.ndarray, labels: bool) -> np.ndarray:
    return np.digitize(signal, np.quantile(signal, [1 / 3, 2 / 3])) if labels else signal


def _tables(labels: bool) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    n = ROWS + TEST_ROWS
    frame = pd.DataFrame(
        {
            "east": rng.uniform(-5, 5, n),
            "north": rng.uniform(40, 50, n),
            "size": rng.gamma(3.0, 10.0, n),
            "town": pd.Categorical(rng.choice(["a", "b", "c", "d"], n)),
            "kind": pd.Categorical(rng.choice(["x", "y"], n)),
        }
    )
    signal = (frame["east"] + frame["size"] / 10 + (frame["town"] == "a") + rng.normal(0, 0.2, n)).to_numpy()
    frame.loc[rng.random(n) < 0.1, "size"] = np.nan
    return {"X": frame[:ROWS], "X_test": frame[ROWS:], "y": _target(signal[:ROWS], labels)}


def _lines(seed: int, signal: np.ndarray) -> list[str]:
    rng = np.random.default_rng(seed)
    words = ["plain", "wheel", "gear", "axis", "valve", "glass", "panel", "metal"]
    good, bad = ["fine", "great", "lovely"], ["poor", "broken", "SAD!!"]
    return [" ".join([*rng.choice(words, 5), *rng.choice(good if value > 0 else bad, 2)]) for value in signal]


def _text(labels: bool) -> dict[str, Any]:
    signal = np.random.default_rng(1).normal(size=ROWS + TEST_ROWS)
    lines = _lines(0, signal)
    return {"texts": lines[:ROWS], "texts_test": lines[ROWS:], "y": _target(signal[:ROWS], labels)}


def _pairs(labels: bool) -> dict[str, Any]:
    signal = np.random.default_rng(2).uniform(size=ROWS + TEST_ROWS)
    left, right = _lines(1, signal - 0.5), _lines(2, signal - 0.5)
    y = (signal > 0.5).astype(int) if labels else signal
    return {
        "left": left[:ROWS],
        "right": right[:ROWS],
        "left_test": left[ROWS:],
        "right_test": right[ROWS:],
        "y": y[:ROWS],
    }


def _images(labels: bool) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    y = np.arange(ROWS + TEST_ROWS) % CLASSES
    pixels = rng.integers(0, 150, (ROWS + TEST_ROWS, 20, 20, 1)).astype(np.uint8)
    for label in range(CLASSES):
        pixels[y == label, 5 * label : 5 * label + 6, :6] += 90
    return {"X": pixels[:ROWS], "X_test": pixels[ROWS:], "y": y[:ROWS]}


def _series(labels: bool) -> dict[str, Any]:
    t = np.arange(84)
    rng = np.random.default_rng(4)
    parts = [
        pd.DataFrame({"series": name, "t": t, "y": 10.0 * size + np.sin(2 * np.pi * t / 6) + rng.normal(0, 0.1, 84)})
        for size, name in enumerate("abcd", start=1)
    ]
    return {"train": pd.concat(parts, ignore_index=True), "horizon": 8, "season": 6}


def _sequences(labels: bool) -> dict[str, Any]:
    rng = np.random.default_rng(5)
    y = np.arange(ROWS + TEST_ROWS) % CLASSES
    t = np.arange(240) / 100
    lines = np.sin(2 * np.pi * t * (3 + 5 * y[:, None])) + rng.normal(0, 0.3, (len(y), len(t)))
    both = np.stack([lines, lines**2], axis=2)
    return {"X": both[:ROWS], "X_test": both[ROWS:], "y": y[:ROWS], "rate": 100}


def _interactions(labels: bool) -> dict[str, Any]:
    rng = np.random.default_rng(6)
    user = rng.integers(0, 30, 600)
    item = (user % 3) * 10 + rng.integers(0, 10, 600)
    events = pd.DataFrame({"user": [f"u{k}" for k in user], "item": [f"i{k}" for k in item], "t": np.arange(600)})
    return {"events": events, "users": [f"u{k}" for k in range(6)], "k": 5}


_MAKERS = {
    Modality.TABLES: _tables,
    Modality.TEXT: _text,
    Modality.PAIRS: _pairs,
    Modality.IMAGES: _images,
    Modality.SERIES: _series,
    Modality.SEQUENCES: _sequences,
    Modality.INTERACTIONS: _interactions,
}
