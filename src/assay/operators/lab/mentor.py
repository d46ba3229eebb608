"""The mentor's part: when a review is due, and when its suggestion takes the place of the worker's decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.core.errors import UsageError
from assay.models.roles import Decision, Housekeeping, Review, Signals
from assay.operators.lab.gate import Gated
from assay.operators.lab.record import Cycle

STANDARD, HEALTH = "standard", "builder_health_helper"
ALIASES = {
    "standard": STANDARD,
    "dual": STANDARD,
    "builder_health_helper": HEALTH,
    "builder": HEALTH,
    "builder_only": HEALTH,
    "health": HEALTH,
}
SIGNAL_FORCES = 0.90
STREAK_FORCES = 5
CHALLENGES_FORCE = 2
_FORCING = {
    "research": "nobody has looked outside for long",
    "non_training": "much training in a row",
    "breakout": "this line of work brings nothing",
}
"""Signals that force a review, in words."""


@dataclass(frozen=True, kw_only=True)
class MentorRules:
    """How the mentor takes part."""

    enabled: bool = True
    every: int = 4
    """Cycles from one review to the next, at least 1."""
    health_every: int = 10
    """The same where it only looks after the health of the work."""
    when_stuck: bool = True
    least_idle: int = 4
    """Cycles since the last run before a row of challenges alone forces a review."""
    applies: bool = True
    """Whether a challenge's suggestion is carried out."""
    needs_search: bool = False
    """Whether that needs a review that searched the web."""
    mode: str = STANDARD

    def __post_init__(self) -> None:
        object.__setattr__(self, "mode", mode_named(self.mode))

    @property
    def only_health(self) -> bool:
        """Whether it looks on, is never forced, replaces nothing and adds nothing to the queue."""
        return self.mode == HEALTH


def mode_named(name: str) -> str:
    """Return the interaction mode of this name or alias.

    Raises:
        UsageError: There is none (E025).
    """
    mode = ALIASES.get(name.strip().lower())
    if mode is None:
        raise UsageError("E025", f"there is no interaction mode {name!r}", fix=f"one of {', '.join(sorted(ALIASES))}")
    return mode


def review_due(rules: MentorRules, cycle: int, signals: Signals, cycles: Sequence[Cycle]) -> tuple[str, ...]:
    """Return why a review is due in this cycle; nothing where none is.

    Args:
        rules: How the mentor takes part.
        cycle: Number of the cycle, from 1.
        signals: As of this cycle.
        cycles: Those before it, in order.
    """
    if not rules.enabled:
        return ()
    every = rules.health_every if rules.only_health else rules.every
    reasons = [f"every {every} cycles"] if cycle % max(1, every) == 0 else []
    if rules.only_health or not rules.when_stuck:
        return tuple(reasons)
    for name, words in _FORCING.items():
        value = getattr(signals, name)
        if value >= SIGNAL_FORCES:
            reasons.append(f"{words} ({value:.2f})")
    if signals.streak >= STREAK_FORCES:
        reasons.append(f"{signals.streak} experiments without a gain")
    challenges = challenge_streak(cycles)
    if challenges >= CHALLENGES_FORCE and idle(cycle, cycles) >= rules.least_idle:
        reasons.append(f"{challenges} challenges in a row and no run since")
    return tuple(reasons)


def challenge_streak(cycles: Sequence[Cycle]) -> int:
    """Return how many reviews in a row, up to the last, challenged; cycles without a review change nothing."""
    count = 0
    for cycle in cycles:
        if cycle.reviewed:
            count = count + 1 if cycle.challenged else 0
    return count


def idle(cycle: int, cycles: Sequence[Cycle]) -> int:
    """Return the cycles since the last one that started a run; all of them where none did."""
    last = max((one.number for one in cycles if one.action == "run"), default=0)
    return cycle - last


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Whose decision is carried out."""

    decision: Decision
    source: str
    """worker or mentor."""
    ignored: str = ""
    """Why a challenge's suggestion was not carried out."""


def choose(
    worker: Gated, review: Review | None, suggested: Gated | None, rules: MentorRules, *, searched: bool
) -> Chosen:
    """Return the decision that is carried out.

    Args:
        worker: The worker's decision after the gate.
        review: The mentor's, if there was one.
        suggested: Its suggestion after the gate, if it made one.
        rules: How the mentor takes part.
        searched: Whether the web was searched for the review.
    """
    if review is None or review.recommendation != "challenge":
        return Chosen(decision=worker.decision, source="worker")
    reason = _ignored(suggested, rules, searched=searched)
    if reason or suggested is None:
        return Chosen(decision=worker.decision, source="worker", ignored=reason)
    return Chosen(decision=suggested.decision, source="mentor")


def _ignored(suggested: Gated | None, rules: MentorRules, *, searched: bool) -> str:
    if rules.only_health or not rules.applies:
        return "suggestions are not applied in this mode"
    if rules.needs_search and not searched:
        return "the web had to be searched for it, and was not"
    if suggested is None:
        return "it suggested nothing"
    if suggested.blocked:
        return "the gate refused it: " + "; ".join(finding.sentence for finding in suggested.findings)
    return ""


def mentor_todos(review: Review, rules: MentorRules) -> tuple[str, ...]:
    """Return what the mentor may add to the queue: one item, with a challenge, where it is more than an onlooker."""
    return review.todo_new[:1] if review.recommendation == "challenge" and not rules.only_health else ()


def housekeeping_of(chosen: Chosen, worker: Decision) -> Housekeeping:
    """Return what is to be remembered: that of the decision carried out, and of the worker where that has none."""
    own = chosen.decision.housekeeping
    return own if chosen.source == "worker" or own != Housekeeping() else worker.housekeeping
