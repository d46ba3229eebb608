"""The gate: what a decision must be before it is carried out; one that is not becomes waiting, with its reasons."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from assay.models.roles import Decision, Housekeeping
from assay.operators.lab.forbidden import Approach, ReadFile, find_uses

LEAST_RATIONALE = 20
GENERIC = frozenset({"", "run", "test", "experiment", "exp", "train", "training", "command"})
WAIT_LABEL = "quality_gate_wait"
RATIONALE, COMMAND, LABEL, PLACE, FORBIDDEN, BUSY, IDLE = "Q01", "Q02", "Q03", "Q04", "Q05", "Q06", "Q07"
IMPOSSIBLE = "Q08"
_AWAY = re.compile(r"(?:^|[;&|(]\s*)(?:cd|pushd|Set-Location)\s+(?P<place>\"[^\"]*\"|'[^']*'|[^\s;&|)]+)")


@dataclass(frozen=True, kw_only=True)
class GateFinding:
    """Something wrong with a decision."""

    code: str
    """`Q` and two digits."""
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Gated:
    """A decision after the gate."""

    decision: Decision
    """As it was, or waiting in its place."""
    findings: tuple[GateFinding, ...] = ()
    remarks: tuple[str, ...] = ()
    """What is worth a note and blocks nothing."""

    @property
    def blocked(self) -> bool:
        """Whether something else was put in its place."""
        return bool(self.findings)


def gate(
    decision: Decision,
    *,
    running: bool,
    approaches: Sequence[Approach] = (),
    read: ReadFile = lambda _: None,
    further: Callable[[Decision], Sequence[str]] = lambda _: (),
) -> Gated:
    """Return what is left of a decision, the worker's or the mentor's.

    Args:
        decision: As it was answered.
        running: Whether an experiment is under way.
        approaches: What the mission forbids.
        read: Looks up files that the command calls; edits of the decision go before them.
        further: What else makes it impossible to carry out a run, in sentences; asked only if nothing was found before.
    """
    findings = tuple(_findings(decision, running, approaches, read))
    if not findings and decision.action == "run":
        findings = tuple(GateFinding(code=IMPOSSIBLE, sentence=sentence) for sentence in further(decision))
    remarks = ("nothing is to be remembered of this cycle",) if decision.housekeeping == Housekeeping() else ()
    if not findings:
        return Gated(decision=decision, remarks=remarks)
    waiting = Decision(
        action="wait",
        rationale=decision.rationale,
        label=WAIT_LABEL,
        category=decision.category,
        monitor_s=decision.monitor_s,
        housekeeping=decision.housekeeping,
        settings={},
    )
    return Gated(decision=waiting, findings=findings, remarks=remarks)


def _findings(
    decision: Decision, running: bool, approaches: Sequence[Approach], read: ReadFile
) -> Iterator[GateFinding]:
    if len(decision.rationale.strip()) < LEAST_RATIONALE:
        yield GateFinding(code=RATIONALE, sentence=f"the rationale {decision.rationale.strip()!r} says too little")
    if decision.action == "stop" and not running:
        yield GateFinding(code=IDLE, sentence="there is no experiment under way to stop")
    if decision.action != "run":
        return
    if not decision.command.strip():
        yield GateFinding(code=COMMAND, sentence="there is no command to run")
    if decision.label.strip().lower() in GENERIC:
        yield GateFinding(code=LABEL, sentence=f"the label {decision.label.strip()!r} does not tell what is tried")
    if place := leaves(decision.command):
        yield GateFinding(code=PLACE, sentence=f"the command goes to {place!r}; it runs in the repository as it is")
    if running:
        yield GateFinding(code=BUSY, sentence="an experiment is under way; wait for it or stop it first")
    edits = {edit.path: edit.text for edit in decision.edits}
    for use in find_uses(decision.command, approaches, lambda path: edits.get(path, read(path))):
        yield GateFinding(code=FORBIDDEN, sentence=f"{use.approach} is not allowed: {use.word!r} in {use.where}")


def leaves(command: str) -> str:
    """Return the folder outside the repository that a command changes to, or nothing."""
    for match in _AWAY.finditer(command):
        try:
            place = "".join(shlex.split(match["place"]))
        except ValueError:
            place = match["place"]
        if place.startswith(("/", "~", "$", "\\")) or ".." in place.split("/") or re.match(r"[A-Za-z]:", place):
            return place
    return ""
