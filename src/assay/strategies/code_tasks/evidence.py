"""Evidence: a tracking run opened for each attempt, and what the attempt left, verified before anybody reads it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from assay.core.candidate import Candidate
from assay.core.codec import decode, encode
from assay.core.digest import digest_text
from assay.core.execution import Execution, Outcome
from assay.engine.job_runner import JobPlan
from assay.engine.parts import Parts
from assay.journal import events as ev
from assay.kinds.blocks import runner_files
from assay.sandbox import SandboxLimits
from assay.strategies.code_tasks.queue import CodeTask, Expected, TaskKind
from assay.tracking import Attempt, Evidence, Issued, Point, Required, RunRecord, evidence_record, issue, verify

GIVEN = "input"
"""Folder in which code finds the files of the tasks that its own depends on."""

MOST_STEPS = 10_000
"""Steps of a metric that the journal holds and a decision can rest on; a longer one is in the record alone."""


def required(kind: TaskKind, expected: Expected) -> Required:
    """Return what the evidence of a task must hold.

    An experiment needs a finished run with at least one metric and an artefact or a file; a document needs files; any
    other task what it declares. Of whatever kind it is: what was declared is looked for.
    """
    tracked = bool(expected.metrics or expected.params or expected.artifacts or expected.arms)
    experiment = kind is TaskKind.EXPERIMENT
    return Required(
        params=expected.params,
        metrics=expected.metrics,
        artifacts=expected.artifacts,
        files=expected.files,
        constant=expected.constant,
        arms=expected.arms,
        least_metrics=1 if experiment else len(expected.metrics),
        least_artifacts=1 if experiment and not expected.files else 0,
        run=experiment or tracked,
    )


def sentences(kind: TaskKind, expected: Expected) -> tuple[str, ...]:
    """Return what will be looked for, for whoever writes the code."""
    wanted = required(kind, expected)
    said: list[str] = []
    if wanted.run:
        said.append("the tracking run of this attempt, finished without an error")
        named = ", ".join(wanted.metrics) or "at least one"
        said.append(f"metrics: {named}; finite, and not the same at every step")
    if wanted.constant:
        said.append(f"of these metrics a constant is fine: {', '.join(wanted.constant)}")
    if wanted.params:
        said.append(f"params: {', '.join(wanted.params)}")
    if wanted.arms:
        arms = ", ".join(f"{arm} in the metric {metric}" for arm, metric in wanted.arms.items())
        said.append(f"arms of a comparison, one value a step: {arms}; no two alike, with differences that vary")
    if wanted.artifacts or wanted.least_artifacts:
        said.append(f"artefacts logged to the run: {', '.join(wanted.artifacts) or 'at least one'}")
    if wanted.files:
        said.append(f"new, non-empty files: {', '.join(wanted.files)}")
    return tuple(said)


@dataclass
class EvidenceDesk:
    """Opens runs and verifies what attempts left.

    Args:
        parts: What the run is put together from.
        template: An empty experiment store; None where none can be made, so that experiments cannot be verified.
    """

    parts: Parts
    template: Path | None
    _copies: Path = field(init=False)

    def __post_init__(self) -> None:
        self._copies = self.parts.folder / "private" / "evidence"
        self._copies.mkdir(parents=True, exist_ok=True, mode=0o700)

    def plan(
        self,
        task: CodeTask,
        number: int,
        attempt: int,
        candidate: Candidate,
        given: Mapping[str, str],
        limits: SandboxLimits,
    ) -> JobPlan:
        """Return how an attempt is run so that its evidence is gathered.

        Args:
            task: What is done.
            number: Its job.
            attempt: The attempt.
            candidate: The code that will run.
            given: Path below `input` to digest, of the files that it may read.
            limits: Bounds of the attempt.
        """
        wanted = required(task.kind, task.expected)
        whose = self.attempt(task, attempt, candidate)
        issued: list[Issued] = []

        def prepare(root: Path) -> Mapping[str, str]:
            _give(root, given, self.parts)
            found = self._open(root, whose, tracked=wanted.run)
            issued[:] = [found]
            self.parts.log.add(
                ev.EvidenceOpened(
                    trial=number, attempt=attempt, run=found.run_id, token=found.token, started_ms=found.started_ms
                )
            )
            return found.env if wanted.run else {}

        def gather(root: Path, execution: Execution) -> None:
            if execution.outcome is Outcome.OK:
                names = {digest: name for name, digest in given.items()}
                now = int(self.parts.clock.now() * 1000)
                found = judged(issued[0], wanted, root, self._copies, candidate=candidate, given=names, ended_ms=now)
                self._journal(number, attempt, found)

        return JobPlan(outputs=(), limits=limits, prepare=prepare, gather=gather)

    def attempt(self, task: CodeTask, attempt: int, candidate: Candidate) -> Attempt:
        """Return whose run it is."""
        return Attempt(run=self.parts.folder.name, task=task.id, attempt=attempt, candidate=candidate.digest)

    def evidence(self, found: ev.EvidenceVerified) -> Evidence:
        """Return all that was found."""
        return decode(Evidence, json.loads(self.parts.objects.get(found.record)))

    def record(self, task: CodeTask, found: ev.EvidenceVerified, candidate: Candidate, experiment: str) -> RunRecord:
        """Return verified evidence as a run for the experiment store.

        Raises:
            IntegrityError: The evidence is not verified (E480).
        """
        evidence = self.evidence(found)
        ended = evidence.ended_ms if evidence.ended_ms is not None else int(self.parts.clock.now() * 1000)
        # Files of the workspace are evidence like artefacts are: the store gets both.
        evidence = replace(evidence, artifacts={**evidence.files, **evidence.artifacts}, ended_ms=ended)
        for kept in evidence.artifacts.values():
            copy = self._copies / kept.digest
            if not copy.exists():
                shutil.copyfile(self.parts.objects.path(kept.digest), copy)
        run = evidence_record(
            evidence, self.attempt(task, found.attempt, candidate), self._copies, experiment=experiment
        )
        # A store may hold runs of other folders whose names are the same; what was found there is theirs alone.
        return replace(run, key=f"{run.key}/{found.record[:16]}")

    def _open(self, root: Path, whose: Attempt, *, tracked: bool) -> Issued:
        now = int(self.parts.clock.now() * 1000)
        if not tracked or self.template is None:
            return Issued(attempt=whose, run_id="", token="", started_ms=now)
        return issue(root, whose, template=self.template, clock=self.parts.clock)

    def _journal(self, number: int, attempt: int, evidence: Evidence) -> None:
        self._keep(evidence)
        numbers = {name: by_step(points) for name, points in evidence.metrics.items()}
        self.parts.log.add(
            ev.EvidenceVerified(
                trial=number,
                attempt=attempt,
                passed=evidence.verified,
                findings=tuple(
                    ev.EvidenceFinding(name=one.code, passed=passed, sentence=one.sentence)
                    for passed, some in ((False, evidence.findings), (True, evidence.remarks))
                    for one in some
                ),
                files={name: one.digest for name, one in {**evidence.files, **evidence.artifacts}.items()},
                run=evidence.run_id,
                numbers={name: values for name, values in numbers.items() if len(values) <= MOST_STEPS},
                record=self.parts.objects.put_json(encode(evidence)),
            )
        )

    def _keep(self, evidence: Evidence) -> None:
        """Keep the files that count as objects, by copies: the private ones are needed for the experiment store."""
        for one in (*evidence.files.values(), *evidence.artifacts.values()):
            copy = self._copies / one.digest
            if copy.exists():
                self.parts.objects.put(copy.read_bytes())


def judged(
    issued: Issued,
    wanted: Required,
    root: Path,
    copies: Path,
    *,
    candidate: Candidate,
    given: Mapping[str, str],
    ended_ms: int,
) -> Evidence:
    """Return what an attempt left, checked: what the engine itself put into the workspace is no result.

    Args:
        issued: The run that was opened for the attempt.
        wanted: What was declared.
        root: The workspace.
        copies: Private folder for copies.
        candidate: The code that ran.
        given: Digest to name of the files below `input`.
        ended_ms: End of the attempt, milliseconds since the epoch.
    """
    own = {digest_text(text): name for name, text in candidate.files.items()}
    theirs = (*runner_files(candidate), f"{GIVEN}/")
    return verify(issued, wanted, root, copies, ended_ms=ended_ms, given={**own, **given}, own=theirs)


def by_step(points: Sequence[Point]) -> tuple[float, ...]:
    """Return one value a step: a step that is recorded again and again is one measurement, its last.

    Args:
        points: In the order of their steps and times.
    """
    return tuple({point.step: point.value for point in points}.values())


def steps_of(points: Sequence[Point]) -> tuple[int, ...]:
    """Return the step of each value that `by_step` gives of the same points."""
    return tuple(dict.fromkeys(point.step for point in points))


def problems(found: ev.EvidenceVerified | None) -> tuple[ev.EvidenceFinding, ...]:
    """Return what is wrong with evidence; that none was gathered is one problem."""
    if found is None:
        return (ev.EvidenceFinding(name="V02", passed=False, sentence="no evidence was gathered"),)
    return tuple(finding for finding in found.findings if not finding.passed)


def found_lines(found: ev.EvidenceVerified) -> tuple[str, ...]:
    """Return what was verified, a line each, for reviewers and for tasks that build on it."""
    numbers = [f"{name}: {_values(values)}" for name, values in sorted(found.numbers.items())]
    return (*numbers, *(f"file {name}" for name in sorted(found.files)))


def _values(values: Sequence[float]) -> str:
    shown = ", ".join(f"{value:.6g}" for value in values[:12])
    return f"{shown}, ... ({len(values)} values)" if len(values) > 12 else shown


def _give(root: Path, given: Mapping[str, str], parts: Parts) -> None:
    for name, digest in given.items():
        place = root / GIVEN / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(parts.objects.path(digest), place)
