"""Space: the settings of a repository's declared options, what was tried of them, and what lies next to the best."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from random import Random

from assay.models.roles import LabView, Option

Settings = Mapping[str, str]
"""Options that differ from their defaults, by name."""

STEP = 3.0
"""Factor between neighbours on a logarithmic scale."""
PART = 0.25
"""Share of the range between neighbours on a plain scale."""
_MOST_DRAWS = 200


class Space:
    """What can be tried on a repository.

    Args:
        view: What the role is told.
    """

    def __init__(self, view: LabView) -> None:
        self.options = view.options
        self._command = view.command
        self._tried = {_key(one.settings) for one in view.experiments}
        best = next((one for one in view.experiments if one.number == view.best), None)
        self.best: Settings = dict(best.settings) if best else {}
        self._touched = {name for one in view.experiments for name in one.settings}

    def command(self, settings: Settings) -> str:
        """Return the shell line that runs with `settings`."""
        by_name = {option.name: option for option in self.options}
        flags = [_flag(by_name[name], value) for name, value in settings.items() if name in by_name]
        return " ".join([self._command, *flags])

    def is_new(self, settings: Settings) -> bool:
        """Return whether nothing was run with exactly these settings."""
        return _key(settings) not in self._tried

    def steps(self) -> Iterator[tuple[Option, Settings]]:
        """Yield what differs from the best in one option and is new: options that nobody touched come first."""
        for option in sorted(self.options, key=lambda one: one.name in self._touched):
            for value in neighbours(option, self.best.get(option.name, option.default)):
                settings = self.with_value(self.best, option, value)
                if self.is_new(settings):
                    yield option, settings

    def anywhere(self, random: Random) -> Settings | None:
        """Return new settings with two or three options drawn at random around the best, or None."""
        for _ in range(_MOST_DRAWS if self.options else 0):
            settings: Settings = self.best
            for option in random.sample(self.options, min(len(self.options), random.choice((2, 3)))):
                values = neighbours(option, self.best.get(option.name, option.default))
                settings = self.with_value(settings, option, random.choice(values)) if values else settings
            if self.is_new(settings):
                return settings
        return None

    def with_value(self, settings: Settings, option: Option, value: str) -> Settings:
        """Return `settings` with `option` at `value`; a default needs no entry."""
        rest = {name: one for name, one in settings.items() if name != option.name}
        return rest if value == option.default else {**rest, option.name: value}


def changed(settings: Settings) -> str:
    """Return settings in a line, for people."""
    return ", ".join(f"{name} {value}" for name, value in settings.items()) or "default"


def neighbours(option: Option, value: str) -> tuple[str, ...]:
    """Return the values to try next to `value`, the nearest first.

    Of listed values, the others in the order of their distance in the list; of a range, one step up and one down, where
    a step is a factor of `STEP` on a logarithmic scale and `PART` of the range on a plain one.
    """
    if option.values:
        at = option.values.index(value) if value in option.values else 0
        others = [index for index in range(len(option.values)) if option.values[index] != value]
        return tuple(option.values[index] for index in sorted(others, key=lambda index: (abs(index - at), -index)))
    if option.low is None or option.high is None:
        return ()
    try:
        now = float(value)
    except ValueError:
        return ()
    steps = _around(now, option.low, option.high, log=option.log)
    whole = all(float(bound).is_integer() for bound in (option.low, option.high, now)) and not option.log
    found = dict.fromkeys(_plain(round(step) if whole else step) for step in steps)
    return tuple(text for text in found if float(text) != now)


def _around(now: float, low: float, high: float, *, log: bool) -> list[float]:
    if log:
        low = max(low, high * 1e-12)
        up, down = max(now, low) * STEP, max(now, low) / STEP
    else:
        up, down = now + PART * (high - low), now - PART * (high - low)
    return [min(max(step, low), high) for step in (up, down)]


def _plain(value: float) -> str:
    """Write a value as a person would: three significant digits."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _flag(option: Option, value: str) -> str:
    return option.flag.replace("{name}", option.name).replace("{value}", value)


def _key(settings: Settings) -> frozenset[tuple[str, str]]:
    return frozenset(settings.items())
