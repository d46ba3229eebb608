"""The output contract: what a submission must look like."""

from __future__ import annotations

from dataclasses import replace

from assay.core.metric import Metric, Needs
from assay.core.task import OutputContract
from assay.data.columns import Columns
from assay.data.facts import Facts
from assay.data.shape import Shape
from assay.data.tables import typed


def contract_of(facts: Facts, columns: Columns, shape: Shape, metric: Metric) -> OutputContract:
    """Return what a submission must look like."""
    output, classes = columns.output, shape.classes
    if metric.needs is Needs.CLASS_PROBABILITIES:
        classes = columns.classes_by_column or classes
        output = output if columns.classes_by_column else classes
    return OutputContract(
        needs=metric.needs,
        id_column=columns.output_id,
        columns=output,
        classes=classes,
        sum_to_one=metric.needs is Needs.CLASS_PROBABILITIES and _sums_to_one(facts, output, metric),
    )


def _sums_to_one(facts: Facts, output: tuple[str, ...], metric: Metric) -> bool:
    if facts.sample is None or not all(name in facts.sample.columns for name in output):
        return metric.name in ("log_loss", "roc_auc_ovr", "brier")
    sums = typed(replace(facts.sample, frame=facts.sample.frame[list(output)].head(1_000))).sum(axis=1)
    return bool(((sums - 1).abs() < 1e-3).all())
