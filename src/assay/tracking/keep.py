"""Keep: verified evidence as a run of the real store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from assay.core.errors import IntegrityError
from assay.models.scrub import Scrubber
from assay.tracking.evidence import Evidence
from assay.tracking.issue import Attempt
from assay.tracking.records import PREFIX, Artifact, RunRecord, RunState

DIGESTS = "assay.sha256"
"""Artefact that holds the digests of all others."""


def evidence_record(
    evidence: Evidence,
    attempt: Attempt,
    copies: Path,
    *,
    experiment: str = "assay",
    tags: Mapping[str, str] | None = None,
) -> RunRecord:
    """Return verified evidence as a record for `Store.write`; secrets are masked.

    Args:
        evidence: What `verify` returned.
        attempt: Whose it is.
        copies: The folder that `verify` copied to.
        experiment: Name of the experiment.
        tags: Further tags, such as the number of the journal's event.

    Raises:
        IntegrityError: E480: the evidence is not verified, so that nothing of it goes into the store.
    """
    if not evidence.verified:
        raise IntegrityError(
            "E480",
            f"what {attempt.key!r} left is no evidence: {evidence.findings[0].sentence}",
            kept="the findings, in the journal",
        )
    scrub = Scrubber().scrub
    own = {
        f"{PREFIX}run": attempt.run,
        f"{PREFIX}task": attempt.task,
        f"{PREFIX}attempt": str(attempt.attempt),
        f"{PREFIX}candidate": attempt.candidate,
        f"{PREFIX}issued": evidence.run_id,
        f"{PREFIX}verified": "true",
        f"{PREFIX}untrusted": "artefacts are files of generated code: never unpickle them",
    }
    return RunRecord(
        key=attempt.key,
        name=f"{attempt.task} attempt {attempt.attempt}",
        experiment=experiment,
        state=RunState.FINISHED,
        started_ms=evidence.started_ms,
        ended_ms=evidence.ended_ms,
        params={scrub(name): scrub(value) for name, value in evidence.params.items()},
        tags={name: scrub(value) for name, value in {**(tags or {}), **own}.items()},
        metrics=evidence.metrics,
        artifacts=(
            *(
                Artifact(path=path, file=str((copies / found.digest).absolute()))
                for path, found in evidence.artifacts.items()
            ),
            Artifact(path=DIGESTS, text=_digests(evidence)),
        ),
    )


def _digests(evidence: Evidence) -> str:
    """Return lines as `sha256sum --check` takes them."""
    return "".join(f"{found.digest}  {path}\n" for path, found in sorted(evidence.artifacts.items()))
