"""Merging: one script that holds the models of two, each with the same share."""

from __future__ import annotations

import re

from assay.core.errors import ReplyInvalid
from assay.models.playbook.facts import Facts, read_facts
from assay.models.playbook.star.mixture import Mixture
from assay.models.playbook.star.solutions import known_mixture, program_of, shortened
from assay.models.playbook.star.weave import Rule, Script, weave
from assay.models.roles import Program
from assay.models.roles.star import MergeInputs, Solution

_SHARE = 0.7
"""Of the time of a trial that a merged script may need: the final fit sees more rows."""
_MEMBER = re.compile(r"^def model_\d+\(", re.MULTILINE)


def merged(inputs: MergeInputs) -> Program:
    """Return the simple average of all models of both solutions (Nam et al. 2025, algorithm 1).

    Raises:
        ReplyInvalid: The other has no model that the base lacks, a script cannot be part of another, or both take too
            long together.
    """
    facts = read_facts(inputs.brief)
    together, limit = inputs.base.trial.wall_s + inputs.other.trial.wall_s, facts.machine.trial_timeout_s
    if together > _SHARE * limit:
        raise ReplyInvalid(f"together they need {together:.0f} s of the {limit:.0f} s that a trial may take")
    base, other = (known_mixture(s.trial.recipe, s.code, facts, s.trial.title) for s in (inputs.base, inputs.other))
    if base is None or other is None:
        return _of_texts(inputs, facts)
    known = {member.key for member in base.members}
    fresh = [k for k, member in enumerate(other.members) if member.key not in known]
    if not fresh:
        raise ReplyInvalid(f"{inputs.other.trial.title!r} has no model that {inputs.base.trial.title!r} lacks")
    mixture = Mixture(
        members=(*base.members, *(other.members[k] for k in fresh)),
        titles=(*base.titles, *(other.titles[k] for k in fresh)),
    )
    count = len(mixture.members)
    plan = f"Models that err differently cancel each other's errors: the plain mean of {'; '.join(mixture.titles)}."
    return program_of(mixture, facts, title=_title(count, inputs.other), plan=plan)


def _of_texts(inputs: MergeInputs, facts: Facts) -> Program:
    pair = (inputs.base, inputs.other)
    counts = [models_in(solution.code) for solution in pair]
    weights = tuple(float(f"{count / sum(counts):.4g}") for count in counts) if counts[0] != counts[1] else ()
    title = shortened(_title(sum(counts), inputs.other))
    names = "; ".join(solution.trial.title for solution in pair)
    plan = f"Scripts that err differently, each in a function of its own: {names}."
    scripts = [Script(title=solution.trial.title, code=solution.code) for solution in pair]
    code = weave(scripts, facts, Rule(weights=weights), title=title, plan=plan)
    return Program(title=title, plan=plan, code=code, recipe={})


def models_in(code: str) -> int:
    """Return how many models a script holds, as far as its functions tell."""
    return max(len(_MEMBER.findall(code)), 1)


def _title(count: int, other: Solution) -> str:
    return f"Mean of {count} models, with {other.trial.title}"
