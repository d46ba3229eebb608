"""Flags: the options of `run` and `resume` as typed text, checked all at once before anything is spent."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from assay.cli.model_flags import read_model, read_role_models
from assay.cli.published import read_references
from assay.cli.wishes import read_blocks, read_hints
from assay.core.budget import Limits
from assay.core.durations import duration
from assay.core.errors import UsageError
from assay.core.reference import Reference
from assay.strategies.known import STRATEGIES as STRATEGIES
from assay.strategies.options import DEFAULT_FIX_ROUNDS

T = TypeVar("T")

DEFAULT_TIME_S = 600.0
"""Time limit of a run that nothing else bounds."""

SANDBOXES = ("auto", "strict", "landlock", "uid", "external", "off")
DISPLAYS = ("auto", "live", "plain", "none")

_CLOCKS = ("time", "until")
_COUNT = re.compile(r"(\d+(?:\.\d+)?)([kKmM]?)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class LimitFlags:
    """The options that bound a run, as typed."""

    time: str | None = None
    until: str | None = None
    cost: str | None = None
    tokens: str | None = None
    trials: str | None = None
    trial_timeout: str | None = None
    workers: str | None = None
    goal: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunFlags:
    """The other options of `run` that have a form, as typed."""

    metric: str | None = None
    seed: str | None = None
    row_cap: str | None = None
    name: str | None = None
    sandbox: str | None = None
    executor: str | None = None
    display: str | None = None
    python: Path | None = None
    prompt_file: Path | None = None
    fix_rounds: str | None = None
    no_gate: bool = False
    no_warm: bool = False
    model: str | None = None
    role_models: tuple[str, ...] = ()
    base_url: str | None = None
    offline: bool = False
    finish_up: str | None = None
    settings: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    compare: tuple[Path, ...] = ()
    mlflow: str | None = None
    no_mlflow: bool = False
    notify: str | None = None


@dataclass(frozen=True, kw_only=True)
class RunChoices:
    """`RunFlags` understood."""

    seed: int
    row_cap: int | None
    name: str | None
    sandbox: str
    executor: str
    """Where solutions run."""
    display: str
    python: Path | None
    remarks: tuple[str, ...]
    """Text of the prompt file."""
    fix_rounds: int
    gate: bool
    """Whether the winner is checked at the end."""
    warm: bool
    """Whether sandboxes are started ahead."""
    model: str
    role_models: Mapping[str, str]
    """Models of their own, by role."""
    base_url: str | None
    arguments: Mapping[str, str]
    """Options of the strategy by name."""
    variants: Mapping[str, str]
    """Variants of prompts by role."""
    finish_up_s: float | None
    """Seconds before the time limit at which the search hands over to the finish; None leaves it to the engine."""
    hints: tuple[str, ...]
    """What a person wants tried."""
    blocks: tuple[str, ...]
    """Code that a person wants refined first."""
    references: tuple[Reference, ...]
    """Published solutions to compare the winner with."""


class Problems:
    """Collects what is wrong with options, so that all of it is told at once."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def read(self, flag: str, value: str | None, parse: Callable[[str], T], default: T) -> T:
        """Return `parse(value)`, or `default` when the flag was not given or is wrong."""
        if value is None:
            return default
        try:
            return parse(value.strip())
        except ValueError as error:
            self.add(f"{flag} {value!r}: {error}")
            return default

    def add(self, problem: str) -> None:
        """Note one more."""
        self._found.append(problem)

    def raise_any(self, command: str) -> None:
        """Raise one error that names every problem.

        Raises:
            UsageError: Something is wrong (E002).
        """
        if self._found:
            head = "" if len(self._found) == 1 else f"{len(self._found)} options cannot be used:\n  "
            raise UsageError("E002", head + "\n  ".join(self._found), fix=f"assay {command} --help")


def read_limits(flags: LimitFlags, problems: Problems, *, now: float, cores: int, elapsed_s: float = 0.0) -> Limits:
    """Return the limits that `flags` ask for.

    Args:
        flags: As typed.
        problems: Takes what is wrong.
        now: Seconds since the epoch.
        cores: Cores of the machine: the default number of workers.
        elapsed_s: Seconds that the run has been going before now: its time limit counts them, a time of day does not.
    """
    spans = [
        problems.read("--time", flags.time, duration, math.inf),
        problems.read("--until", flags.until, lambda text: elapsed_s + seconds_until(text, now), math.inf),
    ]
    wall = min(spans)
    cost = problems.read("--cost", flags.cost, money, None)
    tokens = problems.read("--tokens", flags.tokens, count, None)
    trials = problems.read("--trials", flags.trials, whole, None)
    return Limits(
        wall_s=None if math.isinf(wall) else wall,
        cost_usd=cost,
        tokens=tokens,
        trials=trials,
        trial_timeout_s=problems.read("--trial-timeout", flags.trial_timeout, duration, None),
        workers=problems.read("--workers", flags.workers, whole, max(1, cores)),
        goal=problems.read("--goal", flags.goal, number, None),
    )


def with_file_limits(flags: LimitFlags, said: Mapping[str, Any], problems: Problems) -> LimitFlags:
    """Return `flags` with what a task file says about limits where nothing was typed.

    A time and a time of day bound the same thing, so either one typed puts both of the file aside.
    """
    known = {field.name for field in fields(LimitFlags)}
    names = {"cost_usd": "cost"}
    changes: dict[str, str] = {}
    for key, value in said.items():
        name = names.get(key, key)
        if name not in known:
            problems.add(f"limits.{key} of the task file: no such limit (known: {', '.join(sorted(known))})")
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            problems.add(f"limits.{key} of the task file: must be a text or a number, not {value!r}")
        elif getattr(flags, name) is None and not (name in _CLOCKS and any(getattr(flags, c) for c in _CLOCKS)):
            changes[name] = str(value)
    return replace(flags, **changes)


def read_choices(flags: RunFlags, problems: Problems) -> RunChoices:
    """Return what `flags` choose; what is wrong goes to `problems`."""
    problems.read("--metric", flags.metric, metric_and_direction, None)
    return RunChoices(
        seed=problems.read("--seed", flags.seed, natural, 0),
        row_cap=problems.read("--row-cap", flags.row_cap, whole, None),
        name=problems.read("--name", flags.name, run_name, None),
        sandbox=problems.read("--sandbox", flags.sandbox, one_of(SANDBOXES), "auto"),
        executor=problems.read("--executor", flags.executor, _executor, "local"),
        display=problems.read("--display", flags.display, one_of(DISPLAYS), "auto"),
        python=_interpreter(flags.python, problems),
        remarks=_prompt(flags.prompt_file, problems),
        fix_rounds=problems.read("--fix-rounds", flags.fix_rounds, natural, DEFAULT_FIX_ROUNDS),
        gate=not flags.no_gate,
        warm=not flags.no_warm,
        model=read_model(flags, problems),
        role_models=read_role_models(flags, problems),
        base_url=flags.base_url,
        arguments=dict(problems.read("--set", text, setting, ("", "")) for text in flags.settings),
        finish_up_s=problems.read("--finish-up", flags.finish_up, duration, None),
        variants=dict(problems.read("--variant", text, variant, ("", "")) for text in flags.variants),
        hints=read_hints(flags.hints, problems),
        blocks=read_blocks(flags.blocks, problems),
        references=read_references(flags.compare, problems),
    )


def _executor(text: str) -> str:
    """Return `text` if it names a place where solutions can run."""
    from assay.sandbox.cluster.executor import parse_executor

    parse_executor(text)
    return text


def seconds_until(text: str, now: float) -> float:
    """Return the seconds from `now` to the next local `HH:MM`."""
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    if match is None:
        raise ValueError("is no time of day such as 07:00")
    local = datetime.fromtimestamp(now, UTC).astimezone()
    at = datetime(local.year, local.month, local.day, int(match[1]), int(match[2])).astimezone()
    if at.timestamp() <= now:
        later = (local + timedelta(days=1)).date()
        at = datetime(later.year, later.month, later.day, int(match[1]), int(match[2])).astimezone()
    return at.timestamp() - now


def setting(text: str) -> tuple[str, str]:
    """Return name and value of `NAME=VALUE`."""
    name, equals, value = text.partition("=")
    if not (equals and name.strip() and value.strip()):
        raise ValueError("is no setting such as paths=3")
    return name.strip().replace("-", "_"), value.strip()


def variant(text: str) -> tuple[str, str]:
    """Return role and variant of `ROLE=VARIANT`."""
    role, equals, name = text.partition("=")
    if not (equals and role.strip() and name.strip()):
        raise ValueError("is no choice of a prompt such as draft=bold")
    return role.strip(), name.strip()


def money(text: str) -> Decimal:
    """Return an amount in US dollars above 0."""
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        raise ValueError("is no amount of US dollars such as 8 or 0.50") from None
    if not amount.is_finite() or amount <= 0:
        raise ValueError("must be more than 0")
    return amount


def count(text: str) -> int:
    """Return a count of at least 1, written as `2000000`, `500k` or `2M`."""
    match = _COUNT.fullmatch(text.replace(",", "").replace("_", ""))
    if match is None:
        raise ValueError("is no count such as 200000, 500k or 2M")
    result = int(float(match[1]) * {"": 1, "k": 1_000, "m": 1_000_000}[match[2].lower()])
    if result < 1:
        raise ValueError("must be at least 1")
    return result


def whole(text: str) -> int:
    """Return a whole number of at least 1."""
    return natural(text, least=1)


def natural(text: str, *, least: int = 0) -> int:
    """Return a whole number of at least `least`."""
    try:
        result = int(text)
    except ValueError:
        raise ValueError("is no whole number") from None
    if result < least:
        raise ValueError(f"must be at least {least}")
    return result


def number(text: str) -> float:
    """Return a finite number."""
    try:
        result = float(text)
    except ValueError:
        raise ValueError("is no number") from None
    if not math.isfinite(result):
        raise ValueError("must be a finite number")
    return result


def metric_and_direction(text: str) -> tuple[str | None, str | None]:
    """Return name and direction of `rmse` or `rmse:min`."""
    name, colon, better = text.partition(":")
    if not name:
        raise ValueError("has no name")
    if colon and better not in ("min", "max"):
        raise ValueError(f"after the colon stands min or max, not {better!r}")
    return name, better or None


def run_name(text: str) -> str:
    """Return a name that is safe as a folder's."""
    if not _NAME.fullmatch(text):
        raise ValueError("may hold letters, digits, '_' and '-', at most 64, and opens with a letter or digit")
    return text


def one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    """Return a parser that takes these words only."""

    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"is none of {', '.join(allowed)}")
        return text

    return parse


def _interpreter(path: Path | None, problems: Problems) -> Path | None:
    if path is None:
        return None
    if path.is_dir():
        found = next((p for p in (path / "bin" / "python", path / "python.exe") if p.exists()), None)
        if found is not None:
            return found.absolute()
    if not path.is_file():
        problems.add(f"--python {str(path)!r}: there is no interpreter")
        return None
    return path.absolute()


def _prompt(path: Path | None, problems: Problems) -> tuple[str, ...]:
    if path is None:
        return ()
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problems.add(f"--prompt-file {str(path)!r}: cannot be read as text: {error}")
        return ()
    if not text:
        problems.add(f"--prompt-file {str(path)!r}: is empty")
        return ()
    from assay.models.scrub import scrub

    return (scrub(text),)  # it goes into the journal
