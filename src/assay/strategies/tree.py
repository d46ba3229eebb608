"""The tree strategy: baselines first, several drafts, then ablations and improvements of the best while budget remains.

What a step does is a pure function of its pinned history, its number and the run's seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from assay.core.budget import Limits
from assay.core.errors import UsageError
from assay.core.trial import TrialState
from assay.engine.endings import NoAnswer
from assay.engine.session import Session
from assay.engine.step import Step
from assay.journal.history import History, Trial
from assay.operators.propose import cheat, draft, improve
from assay.strategies.known import BASELINES
from assay.strategies.pace import steps_ahead, steps_done
from assay.strategies.shared import run_ablation, run_baseline


@dataclass(frozen=True, kw_only=True)
class TreeOptions:
    """How the tree grows."""

    drafts: int = 6
    """Drafts before the first improvement."""
    draft_every: int = 4
    """After that, one step in this many is a new draft."""
    beam: int = 4
    """Improvements choose among this many of the best trials."""
    patience: int = 6
    """Improvements of one trial without a gain before it is left alone."""
    cheats: int = 0
    """1 puts a recipe that cheats on purpose right after the baselines, for demonstrations."""

    @property
    def first_draft(self) -> int:
        """Step of the first draft: after the baselines, and the cheat if there is one."""
        return BASELINES + self.cheats

    def within(self, trials: int | None) -> TreeOptions:
        """Return the options for a run of `trials` steps, half of which at least must be left to improve drafts."""
        if trials is None:
            return self
        return replace(self, drafts=min(self.drafts, max(1, (trials - self.first_draft) // 2)))

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> TreeOptions:
        """Return the options named in `arguments`.

        Raises:
            UsageError: There is no such option, or its value is no whole number above or equal to 0 (E025).
        """
        for name, value in arguments.items():
            if name not in cls.__dataclass_fields__ or not value.isdecimal():
                known = ", ".join(cls.__dataclass_fields__)
                raise UsageError("E025", f"strategy 'tree' has no option {name}={value!r}; it has {known} (numbers)")
        return cls(**{name: int(value) for name, value in arguments.items()})


@dataclass(frozen=True)
class Action:
    """What a step does: an operator and, for most, the trial it starts from."""

    operator: str
    parent: int | None = None


class Tree:
    """Grows a tree of solutions.

    Args:
        options: How it grows.
    """

    def __init__(self, options: TreeOptions | None = None) -> None:
        self._options = options or TreeOptions()

    def run(self, session: Session) -> None:
        """Work until the run ends.

        Raises:
            Ending: A limit is reached, the goal is met, or somebody asked to stop.
        """
        most = session.budget.limits.trials
        # Noted: a run that is resumed with another bound must not take an improvement under way for a draft.
        drafts = session.note("tree/drafts", lambda: self._options.within(most).drafts)
        options = replace(self._options, drafts=drafts)

        def run_step(step: Step) -> str:
            return self._step(step, options)

        # Everything after the baselines is judged by the noise that they measure, so it waits for them.
        first = options.first_draft
        session.steps(run_step, stop=first if most is None else min(first, most))
        session.steps(run_step, start=first, stop=most)

    def forecast(self, limits: Limits, history: History | None = None) -> dict[str, tuple[int, int]] | None:
        """Return the questions by role: see `Strategy.forecast`. Each step asks one; repairs come on top."""
        ahead = steps_ahead(limits, history)
        if ahead is None:
            return None
        options = self._options.within(limits.trials)
        begin = 0 if history is None else steps_done(history)
        fewest, most = (_asked(range(begin, begin + steps), options, limits.lanes) for steps in ahead)
        return {role: (fewest[role][0], most[role][1]) for role in most}

    def _step(self, step: Step, options: TreeOptions) -> str:
        action = choose(step.history, step.number, step.rng, options, lanes=step.lanes)
        try:
            return self._do(step, action, options)
        except NoAnswer as nothing:
            return f"{action.operator}: no usable answer ({nothing})"

    def _do(self, step: Step, action: Action, options: TreeOptions) -> str:
        if action.operator in ("constant", "boosting"):
            trial = run_baseline(step)
        elif action.operator == "cheat":
            trial = step.evaluate("trial", cheat(step))
        elif action.operator == "draft":
            trial = step.evaluate("trial", draft(step, drafts_before(step.number, options)))
        elif action.operator == "ablate":
            return self._ablate(step, step.history.trials[action.parent or 0])
        else:
            trial = step.evaluate("trial", improve(step, step.history.trials[action.parent or 0]))
        return f"{action.operator}: #{trial.number} {trial.state}"

    def _ablate(self, step: Step, parent: Trial) -> str:
        variants = run_ablation(step, parent)
        return f"ablate: {len(variants)} variants of #{parent.number}"


def _asked(steps: range, options: TreeOptions, lanes: int) -> dict[str, tuple[int, int]]:
    """Return the questions of these steps by role, fewest and most."""
    drafts = sum(is_draft(number, options) for number in steps)
    rest = [number for number in steps if number >= options.first_draft and not is_draft(number, options)]
    # A study needs a new best, so not all of the steps that may make one do.
    studies = sum(number % max(2, lanes) == 0 for number in rest)
    # The first of them may see no draft that ended well, and then make one.
    blind = min(lanes, len(rest))
    return {
        "baseline": (baselines := sum(number < 2 for number in steps), baselines),
        "draft": (drafts, drafts + blind),
        "ablate": (min(1, studies), studies),
        "improve": (max(0, len(rest) - studies - blind), len(rest) - min(1, studies)),
        "debug": (0, drafts + len(rest)),
    }


def drafts_before(number: int, options: TreeOptions) -> int:
    """Return how many drafts the steps before `number` made."""
    return sum(1 for n in range(options.first_draft, number) if is_draft(n, options))


def is_draft(number: int, options: TreeOptions) -> bool:
    """Return whether step `number` makes a new draft whatever the history."""
    after = number - options.first_draft - options.drafts
    return number >= options.first_draft and (after < 0 or after % options.draft_every == options.draft_every - 1)


def choose(history: History, number: int, rng: Random, options: TreeOptions, *, lanes: int = 1) -> Action:
    """Return what step `number` does, a pure function of its arguments.

    Args:
        history: The pinned history.
        number: The step: 0 and 1 are the baselines.
        rng: The step's own generator.
        options: How the tree grows.
        lanes: How many steps may be side by side; only those of one lane ablate, so that none is made twice.
    """
    if number < BASELINES:
        return Action("constant" if number == 0 else "boosting")
    if number < options.first_draft:
        return Action("cheat")
    ranking = history.ranking()
    parents = [t for t in ranking if t.operator not in ("baseline", "blend") and t.folds == ranking[0].folds]
    if is_draft(number, options) or not parents:
        return Action("draft")
    best = parents[0]
    if number % max(2, lanes) == 0 and not _ablated(history, best):
        return Action("ablate", best.number)
    studied = [t for t in parents[: options.beam] if _ablated(history, t) and not _improved_since(history, t)]
    if studied:
        # What an ablation has just cost is used on the trial that it was made on.
        return Action("improve", studied[0].number)
    fresh = [t for t in parents[: options.beam] if _flat(history, t) < options.patience] or parents[:1]
    weights = [2.0**-place for place in range(len(fresh))]
    return Action("improve", rng.choices(fresh, weights)[0].number)


def _ablated(history: History, trial: Trial) -> bool:
    return any(t.operator == "ablate" and trial.number in t.parents for t in history.trials.values())


def _improved_since(history: History, trial: Trial) -> bool:
    """Return whether `trial` was improved after it was ablated."""
    children = [t for t in history.trials.values() if trial.number in t.parents]
    ablated = max(t.number for t in children if t.operator == "ablate")
    return any(t.number > ablated for t in children if t.operator == "improve")


def _flat(history: History, trial: Trial) -> int:
    """Return how many improvements of `trial` ended without beating it."""
    children = [t for t in history.trials.values() if t.operator == "improve" and trial.number in t.parents]
    gained = [
        t
        for t in children
        if t.state is TrialState.COMPLETE
        and t.score is not None
        and trial.score is not None
        and history.metric.gain(t.score, trial.score) > 0
    ]
    return 0 if gained else len(children)
