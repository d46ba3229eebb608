from __future__ import annotations

import pytest
from pydantic import ValidationError

from assay.models.form import describe
from assay.models.roles import (
    Decision,
    Experiment,
    FileEdit,
    Inputs,
    LabView,
    MentorInputs,
    Option,
    Paired,
    PastCycle,
    Review,
    Running,
    Signals,
    SourceText,
    Todo,
    WorkerInputs,
)
from assay.operators.rendering import render

VIEW = LabView(
    mission="Raise the validation accuracy of the digit network.",
    rules=("Keep the evaluation as it is.",),
    metric="val_accuracy",
    higher_is_better=True,
    command="python train.py",
    options=(Option(name="lr", default="0.05", low=0.001, high=1.0, log=True, help="step | size"),),
    files=("model.py",),
    cycle=4,
    left_s=700.0,
    noise=0.004,
    experiments=(
        Experiment(number=1, label="default", category="other", command="", state="complete", score=0.951, repeats=3),
        Experiment(
            number=2,
            label="shift",
            category="augmentation",
            command="",
            state="failed",
            problem="KeyError",
            paired=Paired(gain=-0.01, low=-0.03, high=0.01),
            wall_s=20.0,
        ),
    ),
    best=1,
    best_files=(SourceText(path="model.py", text="WIDTH = 64\n"),),
    usual_s=20.0,
    sources=(
        SourceText(path="model.py", text="WIDTH = 32\n", may_edit=True),
        SourceText(path="train.py", text="import model\n", cut=True),
    ),
    packages=("numpy 2.2.0",),
    may_install=("timm",),
    repairs=("#2: 'x' is missing and stays so (no map names it); do without it",),
    recent=(
        PastCycle(
            number=3,
            action="run",
            label="shift",
            rationale="Shifted digits generalise.",
            outcome="failed: KeyError",
        ),
    ),
    last_failure="Traceback\nKeyError: 'shift'",
    signals=Signals(breakout=0.7, drift=True, streak=1),
    storyline=("C0001 run default",),
    todos=(Todo(id="C0001-W01", by="worker", text="look at the digits it confuses"),),
    todos_open=9,
    remarks=("keep it small",),
)
RUN = Decision(action="run", rationale="Shifted digits generalise.", command="python train.py --shift", label="shift")
BARE = LabView(mission="m", metric="loss", higher_is_better=False, command="make train")


def said(role: str, inputs: Inputs) -> tuple[str, str]:
    system, user = render(role, inputs)
    return system.content, user.content


def test_the_worker_sees_what_was_tried_what_is_chance_and_why_a_run_failed() -> None:
    system, user = said("lab_worker", WorkerInputs(view=VIEW, challenge="Why no data?", refused=("no command",)))
    assert "| lr | `--lr VALUE` | 0.05 | 0.001 to 1, logarithmic |" in system
    assert "step / size" in system, "a bar would break the table"
    assert "Keep the evaluation as it is." in system
    assert "`model.py`, may be edited:\n\n```\nWIDTH = 32\n```" in system
    assert "`train.py`, to read only, its beginning:" in system
    assert "numpy 2.2.0" in system
    assert "tries once more: timm. It installs nothing else." in system
    for text in (
        "up to 0.004 is chance",
        "An experiment took 20 s lately, so there is time for about 35 more",
        "| -0.0100 (-0.0300 to +0.0100) | 1 | 20 s | failed: KeyError |",
        '3, run "shift" by the worker: Shifted digits generalise. Came of it: failed: KeyError.',
        "#2: 'x' is missing and stays so",
        "WIDTH = 64",
        "| 1 best | default | other | 0.951 | none | none | 3 |",
        "| failed: KeyError |",
        "KeyError: 'shift'",
        "leave this line of work 0.7",
        "only turned small screws",
        "Open items (9 in all)",
        "[C0001-W01] look at the digits it confuses (worker)",
        "Why no data?",
        "- no command",
        "keep it small",
    ):
        assert text in user


def test_what_stays_the_same_over_a_run_comes_first() -> None:
    later = VIEW.model_copy(update={"cycle": 5, "left_s": 600.0, "storyline": ("C0001 run", "C0002 wait")})
    first, then = said("lab_worker", WorkerInputs(view=VIEW)), said("lab_worker", WorkerInputs(view=later))
    assert first[0] == then[0]
    assert first[1] != then[1]


@pytest.mark.parametrize(
    ("update", "text"),
    [
        ({"phase": "final_training"}, "no new ideas now"),
        ({"phase": "reporting"}, "The time for experiments is over"),
        ({"running": Running(number=3, label="long", command="x", elapsed_s=90.0)}, "An experiment is running."),
        ({}, "Decide what to do in cycle 4."),
    ],
)
def test_the_question_fits_the_moment(update: dict[str, object], text: str) -> None:
    assert text in said("lab_worker", WorkerInputs(view=VIEW.model_copy(update=update)))[1]


def test_a_first_cycle_with_nothing_known_is_told_plainly() -> None:
    system, user = said("lab_worker", WorkerInputs(view=BARE))
    assert "lower is better" in system
    assert "Nothing was tried yet." in user
    assert "is chance" not in user


def test_who_can_search_the_web_is_told_so_and_who_cannot_sees_the_catalogue() -> None:
    searching = VIEW.model_copy(update={"search": True, "known": ("mixup: ...",)})
    system, user = said("lab_worker", WorkerInputs(view=searching))
    assert "You may search the web" in system
    assert "mixup" not in system
    assert "look outside for ideas" in user
    offline = VIEW.model_copy(update={"known": ("mixup: blends images",), "dated": "November 2026"})
    system, user = said("lab_mentor", MentorInputs(view=offline, proposed=RUN, reasons=("every 4 cycles",)))
    assert "November 2026; nothing was looked up" in system
    assert "- mixup: blends images" in system
    assert "look outside" not in user


def test_the_mentor_sees_the_decision_whole_and_what_a_challenge_does() -> None:
    edited = RUN.model_copy(update={"edits": (FileEdit(path="model.py", text="WIDTH = 64\n"),)})
    inputs = MentorInputs(view=VIEW, proposed=edited, reasons=("every 4 cycles", "5 experiments without a gain"))
    _, user = said("lab_mentor", inputs)
    for text in ("python train.py --shift", "WIDTH = 64", "every 4 cycles; 5 experiments", "is carried out instead"):
        assert text in user
    assert "all the same" in said("lab_mentor", inputs.model_copy(update={"may_replace": False}))[1]


@pytest.mark.parametrize("path", ["/etc/passwd", "../up.py", "a/../../b", ".git/config", "a\\b", "a\x00b", ""])
def test_an_edit_stays_inside_of_the_checkout(path: str) -> None:
    with pytest.raises(ValidationError):
        FileEdit(path=path, text="")


def test_a_challenge_needs_a_suggestion_that_can_be_carried_out() -> None:
    told = {"trajectory": "off_track", "recommendation": "challenge", "critique": "The same screw, five times over."}
    with pytest.raises(ValidationError, match="needs a suggestion"):
        Review.model_validate(told)
    with pytest.raises(ValidationError, match="needs its command"):
        Review.model_validate({**told, "suggestion": {"action": "run", "rationale": "Look at the data."}})
    assert Review.model_validate({**told, "suggestion": RUN.model_dump()}).suggestion == RUN


def test_the_form_shows_lists_of_words_and_what_a_nested_part_holds() -> None:
    form = describe(Review)
    assert '"questions": ["...", ...]' in form
    assert "- `suggestion.edits[].path`: Where, relative to the repository." in form
    assert "- `suggestion.command`: The shell line" in form


@pytest.mark.parametrize(
    ("scores", "noise", "shown"),
    [
        ((0.0263412, 0.02634894), None, ("0.02634", "0.02635", "+0.00001")),
        ((0.0263412, 0.02634894), 0.0012, ("0.0263", "0.0263", "0.0000")),
        ((0.9124, 0.9201), 0.004, ("0.912", "0.920", "+0.0077")),
        ((52340.2, 51800.7), None, ("52,340", "51,801", "+540")),
    ],
)
def test_numbers_have_the_digits_that_mean_something(
    scores: tuple[float, float], noise: float | None, shown: tuple[str, str, str]
) -> None:
    first, second = (
        Experiment(number=n, label="x", category="loss", command="./t", state="complete", score=score, delta=delta)
        for n, (score, delta) in enumerate(zip(scores, (None, abs(scores[1] - scores[0])), strict=True), 1)
    )
    view = BARE.model_copy(update={"experiments": (first, second), "noise": noise})
    words = said("lab_worker", WorkerInputs(view=view))[1]
    rows = [line.split(" | ") for line in words.splitlines() if " | x | loss | " in line]
    assert (rows[0][3], rows[1][3], rows[1][4]) == shown
    assert rows[0][4] == "none"


def test_what_the_queue_did_not_take_is_said_with_the_reason() -> None:
    view = BARE.model_copy(update={"not_queued": ("Look at it. (says too little)",)})
    words = said("lab_worker", WorkerInputs(view=view))[1]
    assert "Not taken into the queue in the last cycle:\n- Look at it. (says too little)" in words
    assert "Not taken" not in said("lab_worker", WorkerInputs(view=BARE))[1]
