from __future__ import annotations

import pytest

from assay.models.roles import EXPLORE_ROLES, Established, ExploreInputs, Idea, IdeaList, IdeasInputs, Inputs
from assay.operators.rendering import Prompts
from assay.strategies.ideas.frame import SAVING
from support.briefs import full_brief

BRIEF = full_brief(remarks=("mind the coast",))
PAPERS = "<papers>x</papers>"
QUESTIONS: dict[str, Inputs] = {
    "explore": ExploreInputs(
        brief=BRIEF, variant="look at the rich", number=2, setup="import numpy", saving=SAVING, papers=PAPERS
    ),
    "ideas": IdeasInputs(
        brief=BRIEF,
        established=(Established(sentence="`rooms` tells of the target: 20%", effect=0.2),),
        refuted=("`age` tells of the target: no more than chance",),
        count=5,
        papers=PAPERS,
        plain=0.597,
        printed="letters in common: 0.47",
    ),
}  # fmt: skip
FACTS = {
    "explore": (
        "notebook number 2",
        "look at the rich",
        "import numpy",
        "statements.json",
        "<papers>x</papers>",
        "mind the coast",
    ),
    "ideas": (
        "Propose 5 ideas",
        "`rooms` tells of the target: 20%",
        "no more than chance",
        PAPERS,
        "0.597",
        "letters in common: 0.47",
    ),
}


@pytest.mark.parametrize("role", QUESTIONS)
def test_every_fact_of_the_question_is_told(role: str) -> None:
    system, user = Prompts().render(role, QUESTIONS[role])
    assert {one.name for one in EXPLORE_ROLES} == QUESTIONS.keys()
    assert "one Jupyter notebook at a\ntime" in system.content
    for fact in FACTS[role]:
        assert fact in user.content, fact


def test_nothing_established_is_said() -> None:
    bare = QUESTIONS["ideas"].model_copy(
        update={"established": (), "refuted": (), "papers": "", "plain": None, "printed": ""}
    )
    text = Prompts().render("ideas", bare)[-1].content
    assert "established nothing" in text
    assert "refuted there" not in text
    assert "printed" not in text.partition("Each idea")[0]
    assert "plain model of the analysis" not in text


@pytest.mark.parametrize("empty", [{"ideas": []}, {"ideas": [{"title": "x", "description": "", "reasoning": "r"}]}])
def test_a_list_without_whole_ideas_is_none(empty: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="ideas"):
        IdeaList.model_validate(empty)
    assert Idea.model_fields.keys() == {"title", "description", "reasoning", "expected_impact"}
