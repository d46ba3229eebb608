"""The worker by rule: the default first, then one option at a time around the best, and again what looks good."""

from __future__ import annotations

from random import Random

from assay.models.playbook.lab.space import Settings, Space, changed
from assay.models.roles import Category, Decision, LabView, WorkerInputs

ENOUGH = 3
"""Runs of one command from which its mean is trusted."""
SAFETY = 1.3
"""An experiment may take this much longer than those before it."""
RUINED = ("loss=nan", "loss=inf", "loss: nan", "loss: inf")


def decide(inputs: WorkerInputs, random: Random) -> Decision:
    """Return what the worker does in this cycle.

    Args:
        inputs: What it is told.
        random: For settings that nothing else decides.
    """
    view = inputs.view
    if view.running is not None:
        return _attend(view)
    if view.phase == "reporting":
        return Decision(action="finish", rationale="The time for experiments is over.", settings={})
    if not view.experiments:
        return _run(Space(view), {}, "Everything is measured against the default, so it runs first.", "evaluation")
    if _is_late(view):
        reason = "No experiment of the usual length would end before the time is over."
        return Decision(action="finish", rationale=reason, settings={})
    return _next(inputs, Space(view), random)


def _attend(view: LabView) -> Decision:
    running = view.running
    if running is not None and any(sign in running.tail.lower() for sign in RUINED):
        reason = "The loss is not a number any more: it cannot recover."
        return Decision(action="stop", rationale=reason, settings={})
    return Decision(action="wait", rationale="The experiment is running, and nothing speaks against it.", settings={})


def _next(inputs: WorkerInputs, space: Space, random: Random) -> Decision:
    view = inputs.view
    repeat = None if inputs.refused else _to_repeat(view)
    if repeat is not None:
        settings, reason = repeat
        return _run(space, settings, reason, "evaluation")
    if view.phase == "search":
        for option, settings in space.steps():
            was = space.best.get(option.name, option.default)
            now = settings.get(option.name, option.default)
            reason = (
                f"One change to the best so far: {option.name} from {was} to {now}. Without a gain it is taken back."
            )
            return _run(space, settings, reason, option.category, label=f"{option.name} {now}")
        drawn = space.anywhere(random)
        if drawn is not None:
            reason = "Every single step around the best was tried, so several options move together."
            return _run(space, drawn, reason, "other")
    return Decision(action="finish", rationale="Every setting that the options allow was tried.", settings={})


def _to_repeat(view: LabView) -> tuple[Settings, str] | None:
    """Return what is to be run again with another seed: the default for the noise, then what leads without proof."""
    first = view.experiments[0]
    if first.score is not None and first.repeats < 2:
        return (
            first.settings,
            "The default runs again with another seed: how far two runs differ by chance is the noise.",
        )
    best = next((one for one in view.experiments if one.number == view.best), None)
    if best is not None and best.number != first.number and best.repeats < (ENOUGH if view.phase != "search" else 2):
        return best.settings, "What leads after one run may have been lucky, so it runs again with another seed."
    return None


def _is_late(view: LabView) -> bool:
    took = [one.wall_s for one in view.experiments if one.wall_s > 0]
    return view.left_s is not None and bool(took) and SAFETY * max(took[-3:]) > view.left_s


def _run(space: Space, settings: Settings, reason: str, category: Category, *, label: str = "") -> Decision:
    return Decision(
        action="run",
        rationale=reason,
        command=space.command(settings),
        label=(label or changed(settings))[:60],
        category=category,
        stop_patterns=RUINED,
        settings=dict(settings),
    )
