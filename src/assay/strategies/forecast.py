"""Forecast: what a run will likely cost, before anything is spent. Ranges are wide on purpose, and unknown is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from assay.core.budget import Limits
from assay.core.clock import Clock, SystemClock
from assay.core.prices import Prices
from assay.core.profile import DataProfile
from assay.core.task import Task
from assay.data import profile_apart
from assay.journal.file import FileJournal
from assay.journal.history import History
from assay.models.form import describe, has_scripts
from assay.models.prices import PriceTable, prices_of
from assay.models.roles import ROLES, Brief, Machine
from assay.operators.rendering import Prompts
from assay.strategies.assemble import PLAYBOOK_ROLES, prompts_of
from assay.strategies.description import read_description
from assay.strategies.launch import in_force
from assay.strategies.machine import describe_machine
from assay.strategies.options import RunOptions
from assay.strategies.registry import open_strategy
from assay.strategies.sandboxes import trial_timeout_s
from assay.strategies.typical import FULL, SPARSE, Fullness, typical_brief, typical_inputs

Range = tuple[int, int]

CHARACTERS_PER_TOKEN = 4
"""Of prompts: English has about four, code a little less."""

REPLY_TOKENS: Mapping[str, Range] = {
    "draft": (396, 486),
    "improve": (610, 655),
    "debug": (405, 405),
    "ablate": (1_353, 1_353),
}
"""Shortest and longest reply of each role, in tokens, in tests/recordings/house-prices as of 2026-11-21: nine answers,
written tersely and without thoughts."""
SCRIPT_TOKENS: Range = (100, 655)
"""Of roles that were not measured and reply with code: from a few lines to the longest single script that was."""
WORDS_TOKENS: Range = (50, 300)
"""Of the others: a few sentences. Assumed on 2026-11-21, not measured."""
VERBOSITY = 8
"""A talkative model, or one that is paid for its thoughts, writes this many times the longest reply. Assumed on
2026-11-21, not measured."""


@dataclass(frozen=True, kw_only=True)
class RoleForecast:
    """What one role will likely take: each figure at least and at most."""

    role: str
    questions: Range
    tokens_in: Range
    """Of one question."""
    tokens_out: Range
    """Of one reply, thoughts included."""

    @property
    def tokens(self) -> Range:
        """Tokens of all questions and replies together."""
        low, high = (q * (i + o) for q, i, o in zip(self.questions, self.tokens_in, self.tokens_out, strict=True))
        return low, high

    def cost_usd(self, prices: Prices) -> tuple[Decimal, Decimal] | None:
        """Return US dollars of all questions; None where prices are unknown."""
        ends = [
            prices.of(tokens_in, tokens_out)
            for tokens_in, tokens_out in zip(self.tokens_in, self.tokens_out, strict=True)
        ]
        if ends[0] is None or ends[1] is None:
            return None
        return self.questions[0] * ends[0], self.questions[1] * ends[1]


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a run will likely cost. Questions that are asked again, and failed calls, come on top."""

    prices: Prices | None
    """None where nobody is paid."""
    roles: tuple[RoleForecast, ...] | None = ()
    """None where the number of questions cannot be foreseen."""

    @property
    def questions(self) -> Range | None:
        """Questions of all roles, at least and at most."""
        return None if self.roles is None else _sum([role.questions for role in self.roles])

    @property
    def tokens(self) -> Range | None:
        """Tokens of all roles, at least and at most."""
        return None if self.roles is None else _sum([role.tokens for role in self.roles])

    @property
    def cost_usd(self) -> tuple[Decimal, Decimal] | None:
        """US dollars, at least and at most; None where that cannot be said."""
        if self.prices is None or self.questions == (0, 0):
            return Decimal(0), Decimal(0)
        if self.roles is None:
            return None
        costs = [role.cost_usd(self.prices) for role in self.roles if role.questions != (0, 0)]
        known = [cost for cost in costs if cost is not None]
        if len(known) < len(costs):
            return None
        return sum((low for low, _ in known), Decimal(0)), sum((high for _, high in known), Decimal(0))


def forecast(
    expected: Mapping[str, Range] | None, tokens_in: Callable[[str], Range], prices: Prices | None
) -> Forecast:
    """Return what these questions will cost.

    Args:
        expected: Questions by role, at least and at most; None if unknown.
        tokens_in: Returns how long a role's prompt gets, in tokens; called for roles with questions.
        prices: Of the model; None where nobody is paid.
    """
    if prices is None or expected is None:
        return Forecast(prices=prices, roles=None if expected is None and prices is not None else ())
    asked = {role: questions for role, questions in expected.items() if questions != (0, 0)}
    return Forecast(
        prices=prices,
        roles=tuple(
            RoleForecast(role=role, questions=questions, tokens_in=tokens_in(role), tokens_out=reply_tokens(role))
            for role, questions in sorted(asked.items())
        ),
    )


def reply_tokens(role: str) -> Range:
    """Return how long the replies of a role get, in tokens."""
    writes = role not in ROLES or has_scripts(ROLES[role].reply)
    least, most = REPLY_TOKENS.get(role, SCRIPT_TOKENS if writes else WORDS_TOKENS)
    return least, VERBOSITY * most


def foresee(
    task: Task,
    options: RunOptions,
    *,
    history: History | None = None,
    table: PriceTable | None = None,
    clock: Clock | None = None,
) -> Forecast:
    """Return what a run will likely cost; reads the data and this machine, and asks nobody.

    Args:
        task: What it would work on.
        options: What a person chose.
        history: What was done so far; None before the start.
        table: What models cost; the packaged table if None.
        clock: Dates the prices.

    Raises:
        AssayError: The data, the interpreter, a prompt or the price cannot be used.
    """
    now = (clock or SystemClock()).now()
    prices = prices_of(options.model, base_url=options.base_url, table=table, at=now)
    if history is not None and history.started is not None:
        prices = in_force(history.started.prices, prices)
    prompts = prompts_of(task, options)
    if prices is None:
        return Forecast(prices=None)
    expected = open_strategy(options).forecast(options.limits, history)
    if expected is not None:
        free = PLAYBOOK_ROLES if options.fix_rounds else (*PLAYBOOK_ROLES, "debug")
        expected = {role: questions for role, questions in expected.items() if role not in free}
    if not expected:
        return forecast(expected, lambda role: (0, 0), prices)
    limits = options.limits
    machine = describe_machine(options.python, workers=limits.workers, trial_timeout_s=trial_timeout_s(limits))
    sizes = PromptSizes(prompts, task, profile_apart(task), machine)
    return forecast(expected, sizes.tokens, prices)


def foresee_rest(folder: Path, limits: Limits | None = None, *, table: PriceTable | None = None) -> Forecast:
    """Return what the run in `folder` will likely still cost when it is taken up again.

    Args:
        folder: The run's folder.
        limits: New limits; None keeps those in force.
        table: As for `foresee`.

    Raises:
        AssayError: As `foresee`, or it is no run's folder.
    """
    task, options = read_description(folder)
    history = History(FileJournal(folder / "events.jsonl").read())
    return foresee(task, replace(options, limits=limits or history.limits), history=history, table=table)


class PromptSizes:
    """Measures the prompts of roles by rendering them for one task.

    Args:
        prompts: Those of the run.
        task: What every role is told of.
        profile: The same.
        machine: The same.
    """

    def __init__(self, prompts: Prompts, task: Task, profile: DataProfile, machine: Machine) -> None:
        self._prompts = prompts
        self._ends = [(typical_brief(task, profile, machine, full), full) for full in (SPARSE, FULL)]

    def tokens(self, role: str) -> Range:
        """Return how long a role's prompt is with little to tell and with much, in tokens.

        A role that nothing typical can be made up for is taken to be told what an improvement is.
        """
        try:
            shortest, longest = (self._rendered(role, brief, full) for brief, full in self._ends)
        except (KeyError, TypeError, ValueError):
            shortest, longest = (self._rendered("improve", brief, full) for brief, full in self._ends)
        return min(shortest, longest), max(shortest, longest)

    def _rendered(self, role: str, brief: Brief, fullness: Fullness) -> int:
        messages = self._prompts.render(role, typical_inputs(ROLES[role].inputs, brief, fullness))
        characters = sum(len(message.content) for message in messages) + len(describe(ROLES[role].reply))
        return characters // CHARACTERS_PER_TOKEN


def _sum(ranges: list[Range]) -> Range:
    return sum(low for low, _ in ranges), sum(high for _, high in ranges)
