"""What the playbook answers to the roles of the strategy `mle_star`."""

from __future__ import annotations

from random import Random

from pydantic import BaseModel

from assay.models.playbook.star.ensemble import ensemble, planned_ensemble
from assay.models.playbook.star.merge import merged
from assay.models.playbook.star.retrieve import initial, retrieve
from assay.models.roles.star import (
    EnsembleInputs,
    EnsemblePlanInputs,
    InitInputs,
    MergeInputs,
    RetrieveInputs,
)


def star_reply(inputs: BaseModel, random: Random) -> BaseModel | None:
    """Return the reply to `inputs`, or None if they are of no role of this strategy.

    Raises:
        ReplyInvalid: The question has no answer, such as the merging of scripts that cannot be merged.
    """
    match inputs:
        case RetrieveInputs():
            return retrieve(inputs)
        case InitInputs():
            return initial(inputs, random)
        case MergeInputs():
            return merged(inputs)
        case EnsemblePlanInputs():
            return planned_ensemble(inputs, random)
        case EnsembleInputs():
            return ensemble(inputs)
    return None
