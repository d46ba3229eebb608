from __future__ import annotations

import pytest
from pydantic import ValidationError

from assay.models.form import json_names
from assay.models.roles import NOTEBOOK_ROLES, CellEdge, Critique, WrittenCell, WrittenNotebook
from assay.operators.rendering import Prompts
from support.briefs import full_brief
from support.notebook_questions import IDEA, STRATEGY, notebook_questions, written

QUESTIONS = notebook_questions(full_brief(remarks=("mind the coast",)))
PROMPTS = Prompts()
ITERATIONS = ("| 1 | Plain nets |", "MemoryError: 30 GB", "What iteration 2 was to do: An SVM on ratios.")

FACTS: dict[str, tuple[str, ...]] = {
    "notebook_strategy": (
        IDEA.title, IDEA.description, IDEA.reasoning, IDEA.expected_impact, "notebook number 3", *ITERATIONS
    ),
    "notebook_write": (
        STRATEGY.approach, STRATEGY.loss, "baseline_submission.to_csv", 'INPUT = Path("input")', *ITERATIONS
    ),
    "notebook_critique": (
        "Cell `load` (data, LOCKED): Loading. Reads.", "Cell `model` (method, open)", "depth = 3",
        "Scaling problem: keep the architecture.", "| `T1` | Model | `model` | open | 0.75 | 0.5 | 0.6 | T2 |",
        "`T1`: round 1: -0.002; noted: wide nets are next\n", "depth 3 in 12 s",
        "| 1 | REFINE | T1 | Deeper trees. | 0.905 | -0.002 | -0.005 | FAILED: not better |",
        "+depth = 9", "refused: the cell `load` is locked", "result of round 1",
    ),
    "notebook_report": ("- roc_auc 0.93 on 5 folds", "Boosting on ratios"),
}  # fmt: skip


def told(role: str, **changes: object) -> str:
    return PROMPTS.render(role, QUESTIONS[role].model_copy(update=changes))[-1].content


def test_every_role_has_a_question_here() -> None:
    assert QUESTIONS.keys() == {role.name for role in NOTEBOOK_ROLES} == FACTS.keys()


@pytest.mark.parametrize("role", QUESTIONS)
def test_every_fact_of_the_question_is_told(role: str) -> None:
    system, user = PROMPTS.render(role, QUESTIONS[role])
    assert "one Jupyter notebook at a\ntime" in system.content
    for fact in FACTS[role]:
        assert fact in user.content, fact
    assert len(user.content) < 5_000


def test_no_ideas_is_said_to_be_a_free_choice() -> None:
    text = told("notebook_strategy", ideas=())
    assert "No ideas were handed over: you are free to choose" in text
    assert IDEA.title not in text


def test_who_is_stuck_is_told_to_explore() -> None:
    assert "so EXPLORE something of another kind" not in told("notebook_critique")
    assert "The last 3 rounds brought nothing" in told("notebook_critique", stuck=3)


def test_a_reply_without_a_reflection_is_none() -> None:
    whole = {
        "reflection": "The deeper trees overfitted the small folds.",
        "critique": "The model knows nothing of neighbours.",
        "decision": "REFINE", "focus": "T1", "title": "Neighbours", "strategy": "Add them.",
        "edits": [{"cell": "model", "code": "depth = 4\n"}],
    }  # fmt: skip
    assert Critique.model_validate(whole).edits[0].cell == "model"
    assert "reflection" in json_names(Critique)
    for missing in ("", None, " " * 40, "." * 40):
        with pytest.raises(ValidationError, match="reflection"):
            Critique.model_validate({**whole, "reflection": missing})
    with pytest.raises(ValidationError, match="reflection"):
        Critique.model_validate({name: value for name, value in whole.items() if name != "reflection"})


def test_a_whole_notebook_is_taken() -> None:
    found = WrittenNotebook(**written())
    assert [cell.id for cell in found.cells] == ["load", "plain", "novel", "fit"]


@pytest.mark.parametrize("section", ["data", "baseline", "method", "training"])
def test_a_notebook_without_one_of_its_parts_is_refused(section: str) -> None:
    cells = [cell for cell in written()["cells"] if cell.section != section]
    with pytest.raises(ValidationError, match=f"no cell of the section {section}"):
        WrittenNotebook(**written(cells=cells))


@pytest.mark.parametrize(
    ("edges", "problem"),
    [
        ([CellEdge(tail=("load",), head="nowhere")], "'nowhere', and no cell has that id"),
        ([CellEdge(tail=("ghost",), head="fit")], "'ghost', and no cell has that id"),
        ([CellEdge(tail=("load",), head="fit"), CellEdge(tail=("fit",), head="load")], "round in a circle"),
        ([CellEdge(tail=("fit",), head="fit")], "round in a circle"),
    ],
)
def test_edges_that_dangle_or_go_round_are_refused(edges: list[CellEdge], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        WrittenNotebook(**written(edges=edges))


@pytest.mark.parametrize("name", ["load", "saving"])
def test_an_id_that_is_taken_is_refused(name: str) -> None:
    twin = WrittenCell(id=name, name="Twin", purpose="The same.", section="method", code="x = 1\n")
    with pytest.raises(ValidationError, match="is taken"):
        WrittenNotebook(**written(cells=[*written()["cells"], twin]))
