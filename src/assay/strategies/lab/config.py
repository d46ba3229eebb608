"""LabConfig: what a repository says of itself in `lab.toml`: mission, command, metric, options, rules."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from assay.core.errors import TaskError
from assay.core.metric import Direction, Metric, Needs
from assay.core.task import Task, ungraded_task
from assay.kinds.command import MetricSource, Pick
from assay.models.roles import Option
from assay.operators.lab.context import read_missions
from assay.operators.lab.forbidden import Approach
from assay.operators.lab.forced import ForcedRules
from assay.operators.lab.mentor import MentorRules
from assay.strategies.lab.config_parts import ForcedConfig, MentorConfig, MetricConfig, Part, RepairConfig, Seconds

LAB_FILE = "lab.toml"


class LabConfig(Part):
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
        return MentorRules(**self.mentor.model_dump())

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
