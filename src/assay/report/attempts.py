"""The attempts of a mended trial before its last one: what was run, how it failed, who mended it and why."""

from __future__ import annotations

from pathlib import Path

from assay.core.candidate import Candidate
from assay.engine.live_notes import noted_live
from assay.journal.events import Repaired
from assay.journal.history import Measurement, Trial
from assay.kinds import Kind, NotebookKind, ScriptKind
from assay.kinds.base import Failure
from assay.report.diffs import patch
from assay.report.evidence import output, sources
from assay.report.facts import Facts, load_candidate
from assay.report.files import replace_folder
from assay.report.markdown import escape, fenced
from assay.report.prose import clean, clean_line

FOLDER = "attempts"
"""Within the folder of a trial; each attempt is a folder named by its number, counted from 1."""

_OWN = frozenset({"failure.md", "stdout.log", "repair.patch"})
_KINDS: dict[str, Kind] = {kind.name: kind for kind in (ScriptKind(), NotebookKind())}
_MOST_CHARACTERS = 8_000


def write_attempts(folder: Path, facts: Facts, trial: Trial) -> None:
    """Write a folder for each attempt that a repair followed; a trial that was never mended gets none.

    Args:
        folder: The trial's folder.
        facts: The journal. Objects that are missing are named there, and what they would give is left out.
        trial: The trial.

    Raises:
        MachineError: A file cannot be written (E501).
    """
    records = [trial.created_as, *(repair.candidate for repair in trial.repairs)]
    candidates = [load_candidate(facts.objects, record, facts.missing_objects) for record in records]
    for index, repair in enumerate(trial.repairs):
        before, after = candidates[index : index + 2]
        measured = _measured(facts, trial, repair, before)
        content = sources(before, _OWN) if before is not None else {}
        content["stdout.log"] = output(facts, measured) or "What it printed is not in the journal.\n"
        content["failure.md"] = _failure_md(facts, trial, repair, before, measured)
        if before is not None and after is not None:
            names = {"old_name": f"attempt-{repair.attempt - 1}", "new_name": f"attempt-{repair.attempt}"}
            content["repair.patch"] = patch(before, after, **names)
        replace_folder(folder / FOLDER / str(repair.attempt - 1), content)


def _measured(facts: Facts, trial: Trial, repair: Repaired, candidate: Candidate | None) -> list[Measurement]:
    """Return what was run for the attempt; equal code that another trial had run before is not run again."""
    if candidate is not None:
        return [m for m in facts.history.all_measurements() if m.code == candidate.digest]
    return [m for m in facts.measurements(trial.number) if m.attempt == repair.attempt - 1]


def _failure_md(
    facts: Facts, trial: Trial, repair: Repaired, candidate: Candidate | None, measured: list[Measurement]
) -> str:
    failed = next((m for m in reversed(measured) if m.score is None and m.execution is not None), None)
    live = noted_live(facts.history, trial.key, repair.attempt - 1)
    failure = live or _diagnosed(candidate, failed)
    summary = clean_line(failure.summary, 300) if failure else "the journal does not tell"
    where = f" on {failed.view}" if failed else ""
    ended = f" ({failed.execution.outcome})" if failed and failed.execution else ""
    if live:
        where, ended = ", live, in the run that the attempt before had begun", f" ({live.outcome})"
    lines = [
        f"# Attempt {repair.attempt - 1} of #{trial.number}, which failed",
        "",
        f"Failure{where}{ended}: {escape(summary)}",
        "",
        f"Mended for attempt {repair.attempt} by {escape(clean_line(repair.by, 80))}, see `repair.patch`. "
        f"The cause, in its words, not verified: {escape(clean_line(repair.cause, 1_000)) or 'none given'}",
        "",
        f"Signature, equal for equal failures: `{clean_line(repair.signature, 80) or 'unknown'}`",
    ]
    if candidate is None:
        lines += ["", "The code of this attempt is missing from the run folder."]
    detail = clean(failure.detail, _MOST_CHARACTERS).strip() if failure else ""
    if detail:
        lines += ["", "What was known of it when it was mended:", "", *fenced(detail)]
    return "\n".join(lines) + "\n"


def _diagnosed(candidate: Candidate | None, failed: Measurement | None) -> Failure | None:
    """Return the failure as the repairer was told it."""
    kind = _KINDS.get(candidate.kind if candidate else ScriptKind.name)
    if kind is None or failed is None or failed.execution is None:
        return None
    return kind.diagnose(failed.execution, failed.problems)
