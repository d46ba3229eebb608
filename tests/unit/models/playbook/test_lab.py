"""The playbook's worker and mentor, on a repository that is a formula."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.models.base import Request
from assay.models.playbook import Playbook
from assay.models.playbook.lab.space import neighbours
from assay.models.roles import (
    Decision,
    Experiment,
    LabView,
    MentorInputs,
    Option,
    Review,
    Running,
    Signals,
    WorkerInputs,
)

OPTIONS = (
    Option(
        name="rate", flag="--set {name}={value}", default="0.01", low=0.001, high=1.0, log=True, category="optimization"
    ),
    Option(name="decay", default="0", low=0.0, high=0.4, category="optimization"),
    Option(name="augment", default="none", values=("none", "shift"), category="augmentation"),
    Option(name="width", default="8", values=("4", "8", "16", "32"), category="model_arch"),
)


def truth(settings: dict[str, str]) -> float:
    """Best at rate .09, with shifts and width 16; decay hurts."""
    rate, decay = float(settings.get("rate", "0.01")), float(settings.get("decay", "0"))
    shift, width = settings.get("augment") == "shift", int(settings.get("width", "8"))
    return 0.9 - 0.02 * math.log10(rate / 0.09) ** 2 - 0.1 * decay + 0.02 * shift - 0.01 * abs(math.log2(width / 16))


class Lab:
    """Carries out decisions at once."""

    def __init__(self) -> None:
        self.experiments: list[Experiment] = []
        self.repeats: list[Decision] = []

    def view(self, **fields: object) -> LabView:
        best = max(self.experiments, key=lambda one: one.score or 0.0, default=None)
        scores = [one.score or 0.0 for one in self.experiments]
        streak = len(scores) - 1 - scores.index(max(scores)) if scores else 0
        told = {
            "experiments": tuple(self.experiments),
            "best": best.number if best else None,
            "signals": Signals(streak=streak),
            **fields,
        }
        return LabView(mission="m", metric="s", higher_is_better=True, command="train", options=OPTIONS, **told)

    def carry_out(self, decision: Decision) -> None:
        same = [one for one in self.experiments if one.settings == decision.settings]
        if same:
            self.repeats.append(decision)
            number = same[0].number
            self.experiments[number] = same[0].model_copy(update={"repeats": same[0].repeats + 1})
            return
        self.experiments.append(
            Experiment(
                number=len(self.experiments),
                label=decision.label,
                category=decision.category,
                command=decision.command,
                settings=decision.settings,
                state="complete",
                score=truth(decision.settings),
                wall_s=10.0,
            )
        )


def worker(view: LabView, seed: int = 0, **fields: object) -> Decision:
    inputs = WorkerInputs.model_validate({"view": view, **fields})
    request = Request(role="lab_worker", inputs=inputs, messages=(), reply_type=Decision, key="k", seed=seed)
    return Playbook().answer(request).reply


def mentor(view: LabView, proposed: Decision) -> Review:
    inputs = MentorInputs(view=view, proposed=proposed, reasons=("every 4 cycles",))
    request = Request(role="lab_mentor", inputs=inputs, messages=(), reply_type=Review, key="k", seed=0)
    return Playbook().answer(request).reply


def test_the_default_runs_first_and_again_for_the_noise() -> None:
    lab = Lab()
    first = worker(lab.view())
    assert (first.action, first.command, first.settings) == ("run", "train", {})
    lab.carry_out(first)
    second = worker(lab.view())
    assert second.command == "train"
    assert "seed" in second.rationale


def test_forty_cycles_climb_close_to_the_best_that_there_is() -> None:
    lab = Lab()
    for cycle in range(40):
        decision = worker(lab.view(cycle=cycle + 1), seed=cycle)
        if decision.action != "run":
            break
        lab.carry_out(decision)
    best = max(lab.experiments, key=lambda one: one.score or 0.0)
    assert best.settings["augment"] == "shift"
    assert best.settings["width"] == "16"
    assert (best.score or 0.0) > 0.918
    assert best.repeats == 2, "what leads is run again before anything is built on it"
    assert len({frozenset(one.settings.items()) for one in lab.experiments}) == len(lab.experiments)


def test_a_command_holds_each_changed_option_as_the_repository_wants_it() -> None:
    lab = Lab()
    for _ in range(3):
        lab.carry_out(worker(lab.view()))
    (changed,) = [one for one in lab.experiments if one.settings]
    assert changed.command == f"train --set rate={changed.settings['rate']}"


def test_it_waits_while_something_runs_and_stops_what_cannot_recover() -> None:
    running = Running(number=1, label="x", command="train", elapsed_s=30.0, tail="step 10 loss=0.3")
    view = Lab().view(running=running)
    assert worker(view).action == "wait"
    ruined = running.model_copy(update={"tail": "step 11 loss=nan"})
    assert worker(view.model_copy(update={"running": ruined})).action == "stop"


@pytest.mark.parametrize(("fields", "action"), [({"left_s": 5.0}, "finish"), ({"left_s": 60.0}, "run")])
def test_nothing_starts_that_cannot_end(fields: dict[str, float], action: str) -> None:
    lab = Lab()
    lab.carry_out(worker(lab.view()))
    assert worker(lab.view(**fields)).action == action


def test_no_new_idea_in_the_last_phases() -> None:
    lab = Lab()
    for _ in range(6):
        lab.carry_out(worker(lab.view()))
    last = worker(lab.view(phase="final_training"))
    assert last.action == "finish" or last.settings in [one.settings for one in lab.experiments]
    assert worker(lab.view(phase="reporting")).action == "finish"


def test_the_mentor_challenges_small_screws_with_another_kind_and_leaves_a_good_course_alone() -> None:
    lab = Lab()
    for value in ("0.01", "0.03", "0.003", "0.09"):
        settings = {} if value == "0.01" else {"rate": value}
        lab.carry_out(
            Decision(action="run", rationale="r", command="train", category="optimization", settings=settings)
        )
    proposed = Decision(action="run", rationale="r", command="train", category="optimization", settings={"rate": "0.3"})
    said = mentor(lab.view(), proposed)
    assert (said.recommendation, said.trajectory) == ("challenge", "off_track")
    assert said.suggestion is not None
    assert said.suggestion.category in ("augmentation", "model_arch")
    assert said.suggestion.settings["rate"] == "0.09", "it builds on the best"
    assert mentor(lab.view(), Decision(action="wait", rationale="r", settings={})).recommendation == "continue"
    assert mentor(Lab().view(), proposed).recommendation == "continue"


@given(
    low=st.floats(0.0, 10.0, allow_subnormal=False),
    size=st.floats(0.1, 100.0),
    share=st.floats(0.0, 1.0),
    log=st.booleans(),
)
def test_steps_stay_in_the_range_and_move(low: float, size: float, share: float, log: bool) -> None:
    option = Option(name="o", default="1", low=low, high=low + size, log=log)
    now = low + share * size
    for value in neighbours(option, f"{now:.6g}"):
        assert low * 0.99 - 1e-9 <= float(value) <= (low + size) * 1.01
        assert float(value) != float(f"{now:.6g}")


def test_a_value_that_is_no_number_has_no_neighbours_in_a_range() -> None:
    assert neighbours(Option(name="o", default="auto", low=0.0, high=1.0), "auto") == ()
    assert neighbours(Option(name="o", default="x"), "x") == ()


def test_equal_questions_get_equal_answers() -> None:
    lab = Lab()
    lab.carry_out(worker(lab.view()))
    assert worker(lab.view(), seed=Random(3).randrange(9)) == worker(lab.view(), seed=Random(3).randrange(9))
