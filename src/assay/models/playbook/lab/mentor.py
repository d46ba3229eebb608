"""The mentor by rule: work that only turns small screws, or gains nothing, is challenged with another kind of step."""

from __future__ import annotations

from random import Random

from assay.models.playbook.lab.space import Settings, Space
from assay.models.roles import Decision, LabView, MentorInputs, Option, Review

STUCK = 3
"""Experiments in a row without a gain from which the course is off track."""
LOOK_BACK = 4
_SMALL = frozenset({"optimization", "evaluation", "loss", "other"})


def review(inputs: MentorInputs, random: Random) -> Review:
    """Return the mentor's word on the course of the work.

    Args:
        inputs: What the mentor is told.
        random: For the value of an option where several are as good.
    """
    view = inputs.view
    last = [one.category for one in view.experiments[-LOOK_BACK:]]
    narrow = len(last) == LOOK_BACK and all(category in _SMALL for category in last)
    proposed = inputs.proposed
    fresh = proposed.action == "run" and Space(view).is_new(proposed.settings) and view.phase == "search"
    if not fresh or not (narrow or view.signals.streak >= STUCK or view.signals.drift):
        return Review(trajectory="on_track", recommendation="continue", critique=_standing(view))
    suggestion = _other_kind(view, proposed, random)
    if suggestion is None:
        words = f"{_standing(view)} The course is flat, but no option of another kind is left to try."
        return Review(trajectory="off_track", recommendation="continue", critique=words)
    kinds = ", ".join(dict.fromkeys(last))
    words = f"{_standing(view)} The last {len(last)} were of the kinds {kinds}: change another part."
    return Review(
        trajectory="off_track",
        recommendation="challenge",
        critique=words,
        questions=("What do the examples that it gets wrong have in common?",) if view.signals.data_gap else (),
        todo_new=(f"follow up {suggestion.label} if it gains",),
        suggestion=suggestion,
    )


def _standing(view: LabView) -> str:
    best = next((one for one in view.experiments if one.number == view.best), None)
    if best is None or best.score is None:
        return "No experiment has a score yet, so there is nothing to judge."
    noise = f", where chance is {view.noise:.2g}" if view.noise is not None else ""
    runs = "one run" if best.repeats == 1 else f"{best.repeats} runs"
    return f"The best of {len(view.experiments)} is #{best.number} with {best.score:.4g} from {runs}{noise}."


def _other_kind(view: LabView, proposed: Decision, random: Random) -> Decision | None:
    """Return a run that changes an option of a kind that the last experiments left alone."""
    recent = {one.category for one in view.experiments[-LOOK_BACK:]} | {proposed.category}
    space = Space(view)
    steps: list[tuple[Option, Settings]] = [step for step in space.steps() if step[0].category not in recent]
    structural = [step for step in steps if step[0].category not in _SMALL] or steps
    if not structural:
        return None
    option, settings = random.choice([step for step in structural if step[0].name == structural[0][0].name])
    return Decision(
        action="run",
        rationale=f"{option.name} was left alone so far, and it changes more than a setting of the training does.",
        command=space.command(settings),
        label=f"{option.name} {settings.get(option.name, option.default)}"[:60],
        category=option.category,
        stop_patterns=proposed.stop_patterns,
        settings=dict(settings),
    )
