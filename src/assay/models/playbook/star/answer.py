"""What the playbook answers to the roles of the strategy `mle_star`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from pydantic import BaseModel

from assay.models.playbook.star.ensemble import ensemble, planned_ensemble
from assay.models.playbook.star.guards import data_usage, last_look, leakage, mended, readiness, researched
from assay.models.playbook.star.merge import merged
from assay.models.playbook.star.parts import ablated, improved, is_mixture, repaired, summarized
from assay.models.playbook.star.refine import coded, extracted, planned
from assay.models.playbook.star.retrieve import initial, retrieve
from assay.models.roles import AblateInputs, DebugInputs, ImproveInputs
from assay.models.roles.star import (
    CodeInputs,
    DataUsageInputs,
    EnsembleInputs,
    EnsemblePlanInputs,
    ExtractInputs,
    FinalizeInputs,
    InitInputs,
    LeakageInputs,
    MergeInputs,
    PlanInputs,
    ResearchInputs,
    RetrieveInputs,
    SummarizeInputs,
    ValidateInputs,
)


def star_reply(inputs: BaseModel, random: Random) -> BaseModel | None:
    """Return the reply to `inputs`, or None if they are of no role of this strategy, or of a plain recipe's script.

    Raises:
        ReplyInvalid: The question has no answer, such as the merging of scripts that cannot be merged.
    """
    known = _ANSWERS.get(type(inputs))
    if known is not None:
        return known(inputs)
    match inputs:
        case InitInputs():
            return initial(inputs, random)
        case PlanInputs():
            return planned(inputs, random)
        case EnsemblePlanInputs():
            return planned_ensemble(inputs, random)
        case CodeInputs():
            return coded(inputs) or mended(inputs)
        case AblateInputs() if is_mixture(inputs.parent.recipe):
            return ablated(inputs)
        case ImproveInputs() if is_mixture(inputs.parent.recipe):
            return improved(inputs, random)
        case DebugInputs() if is_mixture(inputs.recipe):
            return repaired(inputs)
    return None


_ANSWERS: Mapping[type[BaseModel], Callable[[Any], BaseModel]] = {
    ResearchInputs: researched,
    RetrieveInputs: retrieve,
    MergeInputs: merged,
    SummarizeInputs: summarized,
    ExtractInputs: extracted,
    EnsembleInputs: ensemble,
    LeakageInputs: leakage,
    DataUsageInputs: data_usage,
    FinalizeInputs: readiness,
    ValidateInputs: last_look,
}
"""Roles that need no randomness."""
