"""A question to every role of `mle_star`, made by hand, for tests of prompts and of whoever answers them."""

from __future__ import annotations

from assay.core.weakness import Segment, Weakness
from assay.models.roles import (
    Attempt,
    Brief,
    CodeInputs,
    DataUsageInputs,
    EnsembleInputs,
    EnsemblePlanInputs,
    ExtractInputs,
    FinalizeInputs,
    Finding,
    InitInputs,
    Inputs,
    Known,
    LeakageInputs,
    MergeInputs,
    ModelIdea,
    PlanInputs,
    ResearchInputs,
    RetrieveInputs,
    Solution,
    SummarizeInputs,
    ValidateInputs,
)
from support.briefs import tried

BLOCK = """\
def features(frame):
    frame["rooms"] = frame["total_rooms"] / frame["households"]  # per household


    return frame
"""
CODE = f'import os\n\n\n{BLOCK}\n\nprint(features(None), os.sep)\n"""\n```\n"""\n'
OTHER = 'print("another model")\n'
REFINED = "RATE = 0.05\nROUNDS = 400\n"
PLAN = "Add the distance to the coast.\nIt costs nothing."
FINDINGS = (
    Finding(part="rooms", description="column left out", effect=0.0012, noise=0.0003),
    Finding(part="depth", description="", effect=None),
)
IDEA = ModelIdea(
    name="kNN on coordinates", why="Neighbours cost alike.", example="model = KNeighborsRegressor(9)\n", recipe={}
)
KNOWN = (
    Known(name="lightgbm", summary="Trees on tables.", why="Mixed columns.", example="model = LGBMRegressor()\n"),
    Known(name="ridge", summary="Linear.", why="", example="model = Ridge()\n"),
)
PARENT = tried(6, "LightGBM, rooms", 0.9271, operator="merge", verdict="real", wall_s=11.0)
RIVAL = tried(4, "ExtraTrees | plain", 0.9203, operator="init", verdict="noise", wall_s=7.0)
ATTEMPTS = (
    Attempt(plan=PLAN, trial=tried(7, "coast", 0.9268, verdict="noise", wall_s=12.0)),
    Attempt(plan="A neural | net.", trial=tried(8, "net", None, problem="ValueError: NaN")),
    Attempt(plan="Words."),
)
WEAKNESS = Weakness(
    measure="share of pairs ordered wrongly",
    rows=37_363,
    folds=5,
    loss=0.0729,
    segments=(
        Segment(by="predicted", name="0.31 to 0.58", rows=7_473, loss=0.188, share=0.515, bias=0.0123),
        Segment(by="class", name="1", rows=8_940, loss=0.0729, share=0.239, taken_for="0"),
    ),
)
SOLUTIONS = (Solution(trial=PARENT, code=CODE), Solution(trial=RIVAL, code=OTHER))
LINT = ("L02 StandardScaler is fitted on rows that the script then validates on",)
GATE = ("Three seeds differ by 0.0002.",)


def star_questions(brief: Brief) -> dict[str, Inputs]:
    """Return a question to every role, all optional facts given."""
    winner = SOLUTIONS[0]
    return {
        "research": ResearchInputs(brief=brief, known=KNOWN, hints=("try GAMs",)),
        "retrieve": RetrieveInputs(
            brief=brief, count=2, path=1, paths=2, known=KNOWN, research="Location decides.", hints=("try GAMs",)
        ),
        "init": InitInputs(brief=brief, model=IDEA),
        "merge": MergeInputs(brief=brief, base=winner, other=SOLUTIONS[1]),
        "summarize": SummarizeInputs(
            brief=brief, parent=PARENT, code=CODE, findings=FINDINGS, earlier=("The target's log does nothing.",)
        ),
        "extract": ExtractInputs(
            brief=brief, parent=PARENT, code=CODE, summary="Rooms carry it.", findings=FINDINGS, refined=(REFINED,),
            wanted=(OTHER,), problem="The block is not in the script.", weakness=WEAKNESS,
        ),
        "plan": PlanInputs(
            brief=brief, parent=PARENT, code=CODE, block=BLOCK, attempts=ATTEMPTS, weakness=WEAKNESS
        ),
        "code": CodeInputs(brief=brief, code=CODE, block=BLOCK, plan=PLAN, recipe={"secret": 1}),
        "ensemble_plan": EnsemblePlanInputs(
            brief=brief, attempts=ATTEMPTS, alike=((6, 4, 0.934),),
            solutions=(winner.model_copy(update={"weakness": WEAKNESS}), SOLUTIONS[1]),
        ),
        "ensemble": EnsembleInputs(brief=brief, plan=PLAN, solutions=SOLUTIONS, index=1),
        "leakage": LeakageInputs(brief=brief, code=CODE, lint=LINT),
        "data_usage": DataUsageInputs(brief=brief, code=CODE),
        "finalize": FinalizeInputs(brief=brief, winner=winner),
        "validate": ValidateInputs(brief=brief, winner=winner, lint=LINT, gate=GATE),
    }  # fmt: skip
