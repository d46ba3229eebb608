"""Parts of `lab.toml`: the metric, the mentor, what may be repaired, and what may be forced."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from assay.core.durations import duration
from assay.core.errors import UsageError
from assay.kinds.command import is_requirement
from assay.kinds.notebook.packages import DISTRIBUTIONS
from assay.operators.lab.forced import RECOVERY_CYCLES
from assay.operators.lab.mentor import mode_named
from assay.operators.lab.repair import Clone, RepairRules


def _seconds(value: object) -> object:
    return duration(value) if isinstance(value, str) else value


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
"""Seconds, or a duration as people write it: `90s`, `3m`, `1h30m`."""


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    wrong = [name for name in names if not is_requirement(name)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no name of a distribution")
    return names


Distributions = Annotated[tuple[str, ...], BeforeValidator(_several), AfterValidator(_named)]
"""One or several names of distributions, perhaps with versions; no addresses."""


class Part(BaseModel):
    """A table of the file; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MetricConfig(Part):
    """The number that counts, as the experiment itself reports it."""

    name: str = Field(min_length=1)
    direction: Literal["max", "min"]
    file: str = ""
    """Where the command writes it: .json, .jsonl, .csv or .yaml, relative to the repository."""
    path: str = ""
    """Where in the file, such as `val_accuracy` or `history[-1].val.auc`; the name, if empty."""
    line: str = ""
    """A printed line that tells it, such as `epoch {epoch}: val_auc={val_auc}`; instead of a file."""
    parts: str = ""
    """Path in the file to the values that it is the mean of, such as `folds[*]`: what pairs two experiments."""
    pick: Literal["last", "min", "max", "mean"] = "last"

    @model_validator(mode="after")
    def _is_found_once(self) -> Self:
        if bool(self.file) == bool(self.line):
            raise ValueError("exactly one of file and line says where the metric is found")
        return self


class MentorConfig(Part):
    """When the mentor looks at the work, and what its word is worth."""

    enabled: bool = True
    every: int = Field(default=4, ge=1)
    """Cycles between two reviews."""
    health_every: int = Field(default=10, ge=1)
    """The same for one that only looks on."""
    least_idle: int = Field(default=4, ge=0)
    """Cycles since the last run before challenges in a row bring a review forward."""
    needs_search: bool = False
    """Whether a suggestion is carried out only after a search in the web; where its model can search."""
    when_stuck: bool = True
    """Whether a stuck course brings a review forward."""
    applies: bool = True
    """Whether a challenge's suggestion is carried out instead of the worker's decision."""
    mode: str = "standard"
    """standard, or builder_health_helper for one that only looks on."""

    @model_validator(mode="after")
    def _has_a_mode(self) -> Self:
        try:
            mode_named(self.mode)
        except UsageError as error:
            raise ValueError(str(error)) from error
        return self


class CloneConfig(Part):
    """A repository that holds a module which no index has."""

    repository: str = Field(min_length=1)
    """Address, or path of a folder."""
    ref: str = ""
    """Branch or tag; empty for the usual one."""
    folder: str = ""
    """Within the repository, with `/`."""

    @property
    def rules(self) -> Clone:
        """The same as the rules take it."""
        return Clone(repository=self.repository, ref=self.ref, folder=self.folder)


class RepairConfig(Part):
    """What may be done by itself when an experiment failed. Installing must be allowed when the run is started, too."""

    enabled: bool = True
    retry: bool = True
    """Whether an experiment is tried once more after it."""
    fallbacks: dict[str, str] = Field(default_factory=dict)
    """Value of an option that the code may say is unsupported, to one that it supports."""
    packages: dict[str, Distributions] = Field(default_factory=dict)
    """Module to the distribution that holds it, or to several that are tried one after the other; before our own."""
    clones: dict[str, CloneConfig] = Field(default_factory=dict)
    """Module to the repository that holds it."""
    guess: bool = False
    """Whether a module that nobody names is looked for under its own name: anybody's package may have it."""
    model_packages: dict[str, Distributions] = Field(default_factory=dict)
    """Unsupported value of an option to the distributions that make it supported."""
    model_clones: dict[str, CloneConfig] = Field(default_factory=dict)

    @property
    def rules(self) -> RepairRules:
        """The same as the rules take it."""
        vetted = {module: (name,) for module, name in DISTRIBUTIONS.items()}
        return RepairRules(
            enabled=self.enabled,
            retry=self.enabled and self.retry,
            guess=self.guess,
            fallbacks=self.fallbacks,
            packages={**vetted, **self.packages},
            clones={module: clone.rules for module, clone in self.clones.items()},
            model_packages=self.model_packages,
            model_clones={value: clone.rules for value, clone in self.model_clones.items()},
        )


class ForcedConfig(Part):
    """When the default experiment is run although the worker waits and nothing runs."""

    first: bool = False
    """Up to three times, until one run of it succeeds, before anything else was run."""
    recover: bool = False
    """After a long row of waiting."""
    after: int = Field(default=RECOVERY_CYCLES, ge=1)
    """Waiting cycles that are such a row."""
