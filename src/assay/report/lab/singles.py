"""What single changes are worth: experiments of a lab that differ from the default, or from the best, in one thing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assay.models.roles import Option
from assay.strategies.lab.config import LabConfig
from assay.strategies.lab.experiments import Row

_AS_IT_IS = "as it is"


@dataclass(frozen=True, kw_only=True)
class Single:
    """One experiment that differs from another in one thing."""

    number: int
    """Of the experiment."""
    what: str
    """The option, or the file."""
    value: str
    """In the experiment."""
    instead_of: str
    """In the other one."""
    effect: float
    """Of the experiment over the other one, in the better direction."""


def singles(rows: Sequence[Row], config: LabConfig, against: int | None) -> tuple[Single, ...]:
    """Return the scored experiments that differ from number `against` in one option or one file, best first.

    One whose command says more than the default and options does not enter: nobody can tell what else it changes.

    Args:
        rows: All experiments.
        config: Knows the default command and the options.
        against: The default or the best; None gives nothing.
    """
    other = next((row for row in rows if row.first.number == against), None)
    base = _state(other, config) if other is not None else None
    if other is None or base is None or other.score is None:
        return ()
    gain, found = config.as_metric.gain, list[Single]()
    for row in rows:
        state = _state(row, config) if row is not other else None
        if state is None or row.score is None:
            continue
        differ = [name for name in {**base, **state} if state.get(name) != base.get(name)]
        if len(differ) == 1:
            value, instead = (told.get(differ[0], _default(differ[0], config)) for told in (state, base))
            effect = gain(row.score, other.score)
            number = row.first.number
            found.append(Single(number=number, what=differ[0], value=value, instead_of=instead, effect=effect))
    return tuple(sorted(found, key=lambda one: (-one.effect, one.number)))


def _default(name: str, config: LabConfig) -> str:
    return next((option.default for option in config.options if option.name == name), _AS_IT_IS)


def _state(row: Row, config: LabConfig) -> dict[str, str] | None:
    """Return what an experiment has otherwise than the default, by option or file; None where it cannot be told."""
    command = str(row.first.recipe.get("command", ""))
    if not command.startswith(config.command):
        return None
    left, state = command.removeprefix(config.command), dict[str, str]()
    for option in config.options:
        for found in _flag(option).finditer(left):
            state[option.name] = found["value"]  # the last one counts, as with most programs
        left = _flag(option).sub(" ", left)
    if left.strip():
        return None
    state = {name: value for name, value in state.items() if value != _default(name, config)}
    return state | {str(path): f"as in #{row.first.number}" for path in row.first.recipe.get("edits", ())}


def _flag(option: Option) -> re.Pattern[str]:
    """Return what an option looks like in a command, its value quoted or not."""
    text = re.escape(option.flag).replace(re.escape("{name}"), re.escape(option.name))
    text = text.replace(re.escape("{value}"), r"(?P<value>\S+)")
    return re.compile(rf"(?<!\S){text}(?!\S)")
