"""Experiments of a lab and code tasks beside each other: what they reported, which nobody graded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.journal.history import Trial
from assay.report.compare import paired_words
from assay.strategies.known import LAB
from assay.web import told
from assay.web.view import RunView


def job_rows(run: RunView, chosen: Sequence[Trial]) -> dict[str, Any]:
    """Return what jobs said of themselves: of a lab the scores and their pairs, of code tasks the numbers verified."""
    if run.summary.strategy == LAB:
        return _lab(run, chosen)
    tables = [trial.evidence.numbers if trial.evidence else {} for trial in chosen]
    names = sorted({name for table in tables for name in table})
    rows = [
        {
            "view": name,
            "scores": [told.score(table[name][-1] if table.get(name) else None) for table in tables],
        }
        for name in names
    ]
    return {"metric": None, "paired": [], "folds": rows}


def _lab(run: RunView, chosen: Sequence[Trial]) -> dict[str, Any]:
    from assay.grading.stats import Undefined, corrected_t_test
    from assay.strategies.lab.config import LabConfig
    from assay.strategies.lab.experiments import rows_of
    from assay.strategies.lab.pairs import paired_gains

    noted = run.history.notes.get("lab/config")
    if noted is None:
        return {"metric": None, "paired": [], "folds": []}
    metric = LabConfig.model_validate(noted).as_metric
    known = {trial.number: row for row in rows_of(run.history) for trial in row.runs}
    rows = [known.get(trial.number) for trial in chosen]
    scores = [row.score if row is not None else None for row in rows]
    paired: list[dict[str, Any]] = []
    for trial, row in zip(chosen[1:], rows[1:], strict=True):
        head = {"trial": trial.number, "against": chosen[0].number}
        gains = paired_gains(row, rows[0], metric) if row is not None and rows[0] is not None else []
        if not gains or row is rows[0]:
            paired.append({**head, "words": f"#{trial.number} and #{chosen[0].number} report no parts to be paired."})
            continue
        test = corrected_t_test(gains, test_train_ratio=1.0 / (len(gains) - 1) if len(gains) > 1 else None)
        low, high, error = (None,) * 3 if isinstance(test, Undefined) else (test.low, test.high, test.std_error)
        paired.append(
            {
                **head,
                "words": paired_words(f"#{trial.number}", f"#{chosen[0].number}", gains, low, high, noun="part"),
                "undefined": test.reason if isinstance(test, Undefined) else "",
                "views": [f"part {place}" for place in range(len(gains))],
                "gains": [told.gain(gain) for gain in gains],
                "mean": told.gain(sum(gains) / len(gains), error),
                "low": told.gain(low),
                "high": told.gain(high),
                "better": sum(gain > 0 for gain in gains),
                "floor": None,
                "parts": True,
            }
        )
    folds = [{"view": "mean of its runs", "scores": [told.score(value, None, scores) for value in scores]}]
    return {"metric": {"name": metric.name, "direction": str(metric.direction)}, "paired": paired, "folds": folds}
