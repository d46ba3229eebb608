"""LabConfig: what a repository says of itself in `lab.toml`: mission, command, metric, options, rules."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from assay.core.durations import duration
from assay.core.errors import TaskError, UsageError
from assay.core.metric import Direction, Metric, Needs
from assay.core.task import Task, ungraded_task
from assay.kinds.command import MetricSource, Pick, is_requirement
from assay.kinds.notebook.packages import DISTRIBUTIONS
from assay.models.roles import Option
from assay.operators.lab.context import read_missions
from assay.operators.lab.forbidden import Approach
from assay.operators.lab.forced import RECOVERY_CYCLES, ForcedRules
from assay.operators.lab.mentor import MentorRules, mode_named
from assay.operators.lab.repair import Clone, RepairRules

LAB_FILE = "lab.toml"


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


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MetricConfig(_Part):
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


class MentorConfig(_Part):
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


class CloneConfig(_Part):
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


class RepairConfig(_Part):
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


class ForcedConfig(_Part):
    """When the default experiment is run although the worker waits and nothing runs."""

    first: bool = False
    """Up to three times, until one run of it succeeds, before anything else was run."""
    recover: bool = False
    """After a long row of waiting."""
    after: int = Field(default=RECOVERY_CYCLES, ge=1)
    """Waiting cycles that are such a row."""


class LabConfig(_Part):
    """Everything that a lab must know of a repository."""

    command: str = Field(min_length=1)
    """The default experiment: a line that trains and reports, run from the repository's root."""
    metric: MetricConfig
    mission: str = ""
    """What is wanted, in words. Files WORKER_MISSION.md, MENTOR_MISSION.md and MISSION.md go before it."""
    missions: dict[Literal["worker", "mentor"], str] = Field(default_factory=dict)
    """What each role is told, once the files were read; not for lab.toml."""
    time: Seconds = 3_600.0
    """Most time of one experiment."""
    files: tuple[str, ...] = ()
    """Files that an experiment may have otherwise than the repository; empty allows none."""
    options: tuple[Option, ...] = ()
    rules: tuple[str, ...] = ()
    """What the worker and the mentor must keep to."""
    forbidden: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Approaches that no experiment may take, by a name for people: how their programs, modules and names begin."""
    mentor: MentorConfig = MentorConfig()
    repair: RepairConfig = RepairConfig()
    forced: ForcedConfig = ForcedConfig()
    most_watch: Seconds = 7_200.0
    """Longest that one cycle watches an experiment, which goes on after that; at least 15 seconds."""
    with_changes: bool = True
    """Whether changes that are not committed are part of what is run."""

    @property
    def as_metric(self) -> Metric:
        """The metric with its direction."""
        direction = Direction.HIGHER if self.metric.direction == "max" else Direction.LOWER
        return Metric(name=self.metric.name, direction=direction, needs=Needs.VALUES)

    @property
    def mentor_rules(self) -> MentorRules:
        """How the mentor takes part."""
        told = self.mentor
        return MentorRules(
            enabled=told.enabled,
            every=told.every,
            health_every=told.health_every,
            force_when_stuck=told.when_stuck,
            least_idle=told.least_idle,
            apply=told.applies,
            require_search=told.needs_search,
            mode=told.mode,
        )

    @property
    def forced_rules(self) -> ForcedRules:
        """What may be started in the place of waiting."""
        told = self.forced
        bootstrap = self.command if told.first or told.recover else ""
        return ForcedRules(bootstrap=bootstrap, first=told.first, recover=told.recover, recovery_cycles=told.after)

    @property
    def approaches(self) -> tuple[Approach, ...]:
        """What is forbidden."""
        return tuple(Approach(name=name, words=words) for name, words in self.forbidden.items())

    @property
    def source(self) -> MetricSource:
        """Where the metric is found after a run."""
        told = self.metric
        path = told.path or (told.name if told.file else "")
        return MetricSource(name=told.name, file=told.file, path=path, line=told.line, pick=Pick(told.pick))


def read_lab(folder: Path) -> LabConfig:
    """Return what `lab.toml` in `folder` says.

    Raises:
        TaskError: There is none, or it is wrong; every problem is named (E170).
    """
    path = folder / LAB_FILE
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        config = LabConfig.model_validate(told)
        config.source.check()
    except OSError as error:
        raise _wrong(path, f"it cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        words = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5])
        raise _wrong(path, words) from error
    except ValueError as error:
        raise _wrong(path, str(error)) from error
    if "missions" in told:
        raise _wrong(path, "missions is no setting; the files WORKER_MISSION.md and MENTOR_MISSION.md are read")
    missions = read_missions(folder, config.mission.strip() or "Improve what the default experiment reaches.")
    return config.model_copy(update={"mission": missions["worker"], "missions": missions})


def lab_task(folder: Path) -> Task:
    """Return the task of a lab on the repository in `folder`; nothing in it is graded.

    Raises:
        TaskError: `lab.toml` is missing or wrong (E170).
    """
    return ungraded_task(folder.resolve().name, folder.resolve(), read_lab(folder).mission)


def _wrong(path: Path, words: str) -> TaskError:
    return TaskError("E170", f"{path.name}: {words}", fix=f"mend {str(path)!r}; docs/lab.md has one to copy")
