"""CheckFinding: what a check found, and what the rules look at."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import StrEnum

from assay.core.profile import DataProfile
from assay.core.task import Task


class Severity(StrEnum):
    """What a finding does to a candidate."""

    REJECT = "reject"
    """Surely against the rules: the trial ends in `rejected`."""
    WARN = "warn"
    """Told with the trial; nothing else."""


@dataclass(frozen=True, kw_only=True)
class CheckFinding:
    """One finding of one rule."""

    code: str
    """`L` and two digits; the table is in the package's docstring."""
    severity: Severity
    line: int
    """Line in the script, from 1; 0 for a finding about the whole."""
    sentence: str
    """What was found and why it matters."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a rule may know besides the script."""

    task: Task
    profile: DataProfile | None = None
    is_entry: bool = True
    """Whether this file is the one that is run; a helper file need not write the output."""

    @property
    def known_files(self) -> frozenset[str]:
        """Names of the user's own files, without folders."""
        data = self.task.data
        names = [data.train, data.test, data.sample, data.description, *data.side]
        # The profile lists a file as `name (size)`.
        names += [line.split(" (")[0] for line in (self.profile.files if self.profile else ())]
        return frozenset(name.rstrip("/").rsplit("/", 1)[-1].lower() for name in names if name)


def found(code: str, severity: Severity, node: ast.AST, sentence: str) -> CheckFinding:
    """Return a finding at the line of `node`."""
    return CheckFinding(code=code, severity=severity, line=getattr(node, "lineno", 0), sentence=sentence)
