"""Which of the lab's two parts is asked."""

from __future__ import annotations

from random import Random

from pydantic import BaseModel

from assay.models.playbook.lab.mentor import review
from assay.models.playbook.lab.worker import decide
from assay.models.roles import MentorInputs, WorkerInputs


def lab_reply(inputs: BaseModel, random: Random) -> BaseModel | None:
    """Return the answer to a question of the lab, or None if it is none.

    Args:
        inputs: What the role is told.
        random: For choices that nothing else decides.
    """
    match inputs:
        case WorkerInputs():
            return decide(inputs, random)
        case MentorInputs():
            return review(inputs, random)
    return None
