"""Which answer belongs to which notebook role."""

from __future__ import annotations

from random import Random

from pydantic import BaseModel

from assay.models.playbook.notebook.explore import exploration, ideas
from assay.models.playbook.notebook.review import critique
from assay.models.playbook.notebook.strategy import notebook, strategy
from assay.models.roles.explore import ExploreInputs, IdeasInputs
from assay.models.roles.notebook import (
    NotebookCritiqueInputs,
    NotebookReportInputs,
    NotebookStrategyInputs,
    NotebookWriteInputs,
    ReportProse,
)


def notebook_reply(inputs: BaseModel, random: Random) -> BaseModel | None:
    """Return the reply to `inputs`, or None if they are of no notebook role.

    Raises:
        ReplyInvalid: There is nothing left that the playbook could change.
    """
    match inputs:
        case NotebookStrategyInputs():
            return strategy(inputs)
        case NotebookWriteInputs():
            return notebook(inputs)
        case NotebookCritiqueInputs():
            return critique(inputs, random)
        case NotebookReportInputs():
            return prose(inputs)
        case ExploreInputs():
            return exploration(inputs)
        case IdeasInputs():
            return ideas(inputs)
    return None


def prose(inputs: NotebookReportInputs) -> ReportProse:
    """Return words that only repeat what was measured: the facts themselves, and what they allow to say."""
    facts = [fact.strip() for fact in inputs.facts if fact.strip()]
    return ReportProse(
        summary=" ".join(facts[:3]) or "Nothing was measured.",
        discussion=(
            "Method and baseline ran in the same notebook, on the same rows, and were graded on labels that no cell "
            "could read. What separates them is the method, or chance; the paired comparison says which is likely."
        ),
        next_steps="Review the notebook from here, one part at a time; then try a model of another family beside it.",
    )
