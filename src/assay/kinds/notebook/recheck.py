"""The locked cells alone, run again on what a notebook saved: whether its own metrics are theirs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from assay.core.candidate import Candidate
from assay.kinds.notebook.document import notebook_of, with_notebook
from assay.kinds.notebook.locks import LOCKS_FILE, locks_of

METRICS_FILE = "metrics.json"
"""The file under `./output` in which a notebook says how good it is."""
TOLERANCE = 1e-6
"""Relative: sums in another order differ by less."""
_DEEPEST = 20
_MOST = 10_000


def locked_part(candidate: Candidate) -> Candidate | None:
    """Return a candidate that runs the locked code cells alone, in their order; None if there are none."""
    locked = locks_of(candidate).ids
    notebook = notebook_of(candidate)
    cells = [cell for cell in notebook.cells if cell.is_code and cell.id in locked]
    if not cells:
        return None
    files = {name: text for name, text in candidate.files.items() if name != LOCKS_FILE}
    return with_notebook(replace(candidate, files=files), notebook.with_cells(cells))


def read_metrics(text: str) -> dict[str, float]:
    """Return every finite number in a metrics file by its path, such as `folds.0.rmse`; empty if it is no JSON."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    numbers: dict[str, float] = {}
    for path, number in _numbers(value, (), 0):
        numbers[".".join(path)] = number
        if len(numbers) >= _MOST:
            break
    return numbers


def differences(claimed: Mapping[str, float], fresh: Mapping[str, float]) -> list[str]:
    """Return a sentence for each number that the locked cells make otherwise than it was claimed, or not claimed."""
    found = []
    for name, value in fresh.items():
        said = claimed.get(name)
        if said is None or not math.isclose(said, value, rel_tol=TOLERANCE, abs_tol=1e-12):
            was = "is missing" if said is None else f"says {said:.6g}"
            found.append(f"{METRICS_FILE}: {name} {was}; the locked cells make it {value:.6g} of the same predictions")
    return found


def _numbers(value: Any, path: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], float]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        number = float(value) if abs(value) < 1e300 else math.inf
        if math.isfinite(number):
            yield path, number
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _numbers(item, (*path, str(key)), depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, (*path, str(index)), depth + 1)
