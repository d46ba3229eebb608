"""Settings: everything about a lab that a person may choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.operators.lab.forced import ForcedRules
from assay.operators.lab.mentor import MentorRules
from assay.operators.lab.repair import RepairRules
from assay.operators.lab.watching import MOST_WINDOW_S, USUAL_WINDOW_S


@dataclass(frozen=True, kw_only=True)
class LabSettings:
    """What a person chose for a lab."""

    model: str = ""
    mentor_model: str = ""
    """Empty for that of the worker."""
    mentor: MentorRules = field(default_factory=MentorRules)
    missions: Mapping[str, str] = field(default_factory=dict)
    """Role to the file of its mission, relative to the folder of the settings; `all` for both."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Role to the name that people read."""
    poll_s: float = 20.0
    """Between two cycles, at least 5."""
    look_s: float = 5.0
    """Between two looks at a running experiment, at least 1."""
    window_s: int = USUAL_WINDOW_S
    most_window_s: int = MOST_WINDOW_S
    stale_cycles: int = 3
    """Cycles without a sign of life after which an experiment of unknown end counts as lost."""
    forced: ForcedRules = field(default_factory=ForcedRules)
    repair: RepairRules = field(default_factory=RepairRules)
    finish_up_s: float = 3_600.0
    top_k: int = 10
    repository: str = ""
    """Folder of the training repository, as a bootstrap command names it; empty where nothing does."""
