"""Pairs of phrases with a score of how alike they are: shaped like a patent task, made by a seed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

FIELDS = {
    "B60": ("wheel tyre", "brake stopper", "engine motor", "axle shaft", "gear pinion", "clutch coupling"),
    "G06": ("memory storage", "signal pulse", "sensor detector", "display screen", "circuit network", "clock timer"),
    "A61": ("needle cannula", "valve flap", "tube conduit", "tissue membrane", "dose portion", "bandage dressing"),
}
"""By code, words that mean the same."""
KINDS = ("control", "rotating", "sealed", "adaptive", "lower", "dual", "inner", "fixed")
SCORES = {"same": 1.0, "synonym": 0.75, "part": 0.5, "field": 0.25, "other": 0.0}
DESCRIPTION = """# Likeness of phrases

Predict `score`, how alike two phrases mean, from 0 (unrelated) to 1 (the same), in the light of `context`, the class of
the patent that they are from. The metric is the Pearson correlation.
"""


def write_phrase_data(folder: Path, *, train: int = 600, test: int = 100, seed: int = 7) -> None:
    """Write `train.csv`, `test.csv`, a sample submission and a description.

    Only labels of like pairs tell a synonym from any other word: the two have no letters in common.

    Args:
        folder: Made if missing.
        train: Rows with a score.
        test: Rows without.
        seed: Of everything.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(_rows(rng, train + test), columns=["anchor", "target", "context", "score"])
    rows.insert(0, "id", [f"{number:08x}" for number in rng.permutation(len(rows))])
    rows[:train].to_csv(folder / "train.csv", index=False)
    asked = rows[train:].drop(columns="score")
    asked.to_csv(folder / "test.csv", index=False)
    asked[["id"]].assign(score=0.5).to_csv(folder / "sample_submission.csv", index=False)
    (folder / "description.md").write_text(DESCRIPTION, encoding="utf-8")


def _rows(rng: np.random.Generator, count: int) -> Iterator[tuple[str, str, str, float]]:
    codes, seen = list(FIELDS), set[tuple[str, str]]()
    while len(seen) < count:
        code, kind = str(rng.choice(codes)), str(rng.choice(KINDS[:3]))
        word, synonym = str(rng.choice(FIELDS[code])).split()
        how = str(rng.choice(list(SCORES)))
        pair = f"{kind} {word}", _target(rng, how, code, kind, (word, synonym))
        if pair in seen:
            continue
        seen.add(pair)
        # People do not agree on every pair.
        yield *pair, code, float(np.clip(SCORES[how] + rng.choice((-0.25, 0.0, 0.0, 0.25)), 0.0, 1.0))


def _target(rng: np.random.Generator, how: str, code: str, kind: str, words: tuple[str, str]) -> str:
    word, synonym = words
    ending = str(rng.choice(("", "s", " unit", " device", " part", " set", " body", " means")))
    if how == "same":
        return f"{word}{ending} {kind}"
    if how == "synonym":
        return f"{rng.choice(KINDS[3:])} {synonym}{ending}"
    if how == "part":
        return f"{rng.choice(KINDS[3:])} {word}{ending}"
    known = FIELDS[code] if how == "field" else FIELDS[str(rng.choice([other for other in FIELDS if other != code]))]
    others = [name for pair in known for name in pair.split() if name not in words]
    return f"{rng.choice(KINDS[3:])} {rng.choice(others)}{ending}"
