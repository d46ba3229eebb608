"""Flags: the options of `run` and `resume` understood, all at once and before anything is spent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from assay.cli.options.hints import read_blocks, read_hints
from assay.cli.options.model_flags import read_model, read_role_models
from assay.cli.options.parsers import (
    count,
    metric_and_direction,
    money,
    natural,
    number,
    one_of,
    run_name,
    seconds_until,
    setting,
    variant,
    whole,
)
from assay.cli.options.problems import Problems
from assay.cli.options.published import read_references
from assay.cli.options.records import LimitFlags, RunFlags, TaskFlags
from assay.core.budget import Limits
from assay.core.durations import duration
from assay.core.reference import Reference
from assay.core.rehearse import Rehearse
from assay.engine.noise import RESEEDS
from assay.strategies.known import STRATEGIES as STRATEGIES
from assay.strategies.options import DEFAULT_FIX_ROUNDS

DEFAULT_TIME_S = 600.0
"""Time limit of a run that nothing else bounds."""

SANDBOXES = ("auto", "strict", "landlock", "uid", "external", "off")
DISPLAYS = ("auto", "live", "plain", "none")

_CLOCKS = ("time", "until")


@dataclass(frozen=True, kw_only=True)
class RunChoices:
    """`RunFlags` understood."""

    seed: int
    name: str | None
    sandbox: str
    executor: str
    """Where solutions run."""
    display: str
    python: Path | None
    remarks: tuple[str, ...]
    """Text of the prompt file."""
    fix_rounds: int
    reseeds: int
    """Fresh partitions that the noise is measured on."""
    rehearse: Rehearse | None
    """Which candidates are run on few rows first; None where nothing was typed."""
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


def read_task(flags: TaskFlags, problems: Problems) -> None:
    """Check what can be checked before the data are read; what is wrong goes to `problems`."""
    problems.read("--metric", flags.metric, metric_and_direction, None)
    problems.read("--row-cap", flags.row_cap, whole, None)


def read_choices(flags: RunFlags, problems: Problems) -> RunChoices:
    """Return what `flags` choose; what is wrong goes to `problems`."""
    return RunChoices(
        seed=problems.read("--seed", flags.seed, natural, 0),
        name=problems.read("--name", flags.name, run_name, None),
        sandbox=problems.read("--sandbox", flags.sandbox, one_of(SANDBOXES), "auto"),
        executor=problems.read("--executor", flags.executor, _executor, "local"),
        display=problems.read("--display", flags.display, one_of(DISPLAYS), "auto"),
        python=_interpreter(flags.python, problems),
        remarks=_prompt(flags.prompt_file, problems),
        fix_rounds=problems.read("--fix-rounds", flags.fix_rounds, natural, DEFAULT_FIX_ROUNDS),
        reseeds=problems.read("--reseeds", flags.reseeds, _reseeds, RESEEDS),
        rehearse=problems.read("--rehearse", flags.rehearse, rehearsing, None),
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


def _reseeds(text: str) -> int:
    """Return a number of fresh partitions; more than the default are never run."""
    found = natural(text)
    if found > RESEEDS:
        raise ValueError(f"must be at most {RESEEDS}")
    return found


def rehearsing(text: str) -> Rehearse:
    """Return which candidates are rehearsed."""
    return Rehearse(one_of(tuple(Rehearse))(text))


def _executor(text: str) -> str:
    """Return `text` if it names a place where solutions can run."""
    from assay.sandbox.cluster.executor import parse_executor

    parse_executor(text)
    return text


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
