"""The ablate operator: variants of a script, each with one part left out, run and graded like any candidate."""

from __future__ import annotations

from dataclasses import replace

from assay.core.candidate import Candidate
from assay.engine.step import Step
from assay.journal.history import Trial
from assay.models.roles import AblateInputs, Ablation, Finding
from assay.operators.brief import brief, findings, summary
from assay.operators.expect import expect


def ablate(step: Step, parent: Trial, studied: tuple[Finding, ...] = ()) -> list[Candidate]:
    """Return variants of `parent`; each one's title is the part that it leaves out.

    Args:
        step: Asks.
        parent: What the variants are made from.
        studied: What earlier ablations of its ancestors found; other parts are preferred.
    """
    whole = step.session.parts.objects.candidate(parent.candidate)
    inputs = AblateInputs(
        brief=brief(step),
        parent=summary(parent),
        code=whole.source,
        studied=(*studied, *findings(step.session, step.history, parent)),
    )
    reply = expect(step.ask("ablate", "ablate", inputs), Ablation)
    variants = [
        replace(
            whole,
            files={**whole.files, whole.entry: variant.code},
            title=variant.part,
            plan=variant.description,
            operator="ablate",
            parents=(parent.number,),
            recipe=variant.recipe,
        )
        for variant in reply.variants
    ]
    return [variant for variant in variants if variant.digest != whole.digest]
