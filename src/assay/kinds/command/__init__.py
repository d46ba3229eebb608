"""The command kind: a user's own training repository, run as it is with edited files laid over a copy of it."""

from assay.kinds.command.calling import Said
from assay.kinds.command.checkout import Checkout, CopyLimits, check_out
from assay.kinds.command.kind import CommandKind
from assay.kinds.command.layer import Layer, is_requirement
from assay.kinds.command.layout import lay_out
from assay.kinds.command.metrics import MetricSource, Pick, ReportedMetrics, read_metrics
from assay.kinds.command.spec import CommandSpec, candidate_of, spec_of

__all__ = [
    "Checkout",
    "CommandKind",
    "CommandSpec",
    "CopyLimits",
    "Layer",
    "MetricSource",
    "Pick",
    "ReportedMetrics",
    "Said",
    "candidate_of",
    "check_out",
    "is_requirement",
    "lay_out",
    "read_metrics",
    "spec_of",
]
