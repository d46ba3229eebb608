"""The folder of one trial: plan, files, patch, output, verdict, figures, and the attempts before the last."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assay.core.candidate import Candidate
from assay.core.codec import encode
from assay.core.digest import digest_json
from assay.core.errors import IntegrityError
from assay.core.trial import TrialState
from assay.journal.history import History, Measurement, Trial
from assay.journal.objects import ObjectStore
from assay.report.attempts import FOLDER as ATTEMPTS
from assay.report.attempts import write_attempts
from assay.report.diffs import patch
from assay.report.evidence import output, sources
from assay.report.facts import Facts, load_candidate, trial_folder
from assay.report.files import replace_file
from assay.report.markdown import escape
from assay.report.prose import clean, clean_line, unbacked_numbers

SCHEMA = 1
EXECUTED = "executed.ipynb"
"""A notebook as it was run on the last fold that it was run on, with outputs and the seconds of each cell."""
_OWN = frozenset({"plan.md", "diff.patch", "stdout.log", "verdict.json", "metrics.json", EXECUTED, ATTEMPTS})


def write_trial(run_folder: Path, history: History, objects: ObjectStore, number: int) -> Path:
    """Bring the folder of one trial up to date and return it. Costs nothing when the trial has not changed.

    Call it when a trial finished; `write_reports` does it for all of them.

    Args:
        run_folder: The run's folder.
        history: The journal so far.
        objects: The run's objects. One that is missing is named in the file that needed it.
        number: The trial.

    Raises:
        KeyError: The history has no such trial.
        MachineError: A file cannot be written (E501).
    """
    trial = history.trials[number]
    return _write(run_folder, Facts(history, objects, final=False), trial)


def write_all(run_folder: Path, facts: Facts) -> None:
    """Bring the folders of all trials that have one up to date; those that have not changed are left alone."""
    for trial in facts.trials:
        if trial.number in facts.kept:
            _write(run_folder, facts, trial)


def trial_record(facts: Facts, trial: Trial) -> dict[str, Any]:
    """Return a trial as JSON values: lineage, every attempt with its code, and graded scores apart from claims."""
    claim = facts.claim(trial)
    return {
        "trial": trial.number,
        "title": clean_line(trial.title, 200),
        "operator": trial.operator,
        "parents": list(trial.parents),
        "counts": trial.counts,
        "state": str(trial.state),
        "verdict": str(trial.verdict) if trial.verdict else None,
        "candidate": trial.candidate,
        "folder": facts.folder(trial) or None,
        "score": trial.score if trial.state is TrialState.COMPLETE else None,
        "std_error": trial.std_error,
        "folds": trial.folds,
        "claimed_by_script": None
        if claim is None
        else {"value": claim.value, "views": list(claim.views), "differs": claim.differs},
        "fold_seconds": trial.wall_s or None,
        "peak_memory_bytes": facts.peak_memory(trial),
        "reason": clean(trial.reason),
        "flags": [clean_line(flag, 300) for flag in trial.flags],
        "repairs": [
            {
                "attempt": r.attempt,
                "candidate": r.candidate,
                "by": r.by,
                "cause": clean_line(r.cause, 300),
                "signature": r.signature,
                "folder": f"{ATTEMPTS}/{r.attempt - 1}",
            }
            for r in trial.repairs
        ],
        "measurements": [_measurement(m) for m in facts.measurements(trial.number)],
    }


def _write(run_folder: Path, facts: Facts, trial: Trial) -> Path:
    folder = run_folder / trial_folder(trial.number, trial.title)
    measured = facts.measurements(trial.number)
    parent = facts.history.trials.get(trial.parents[0]) if trial.parents else None
    fingerprint = digest_json(
        [SCHEMA, encode(trial), [encode(m) for m in measured], parent.candidate if parent else None]
    )
    if _known(folder) == fingerprint:
        return folder
    candidate = load_candidate(facts.objects, trial.candidate, facts.missing_objects)
    if candidate is not None:
        for name, text in sources(candidate, _OWN).items():
            replace_file(folder / name, text)
        _write_patch(folder, facts, trial, candidate, parent)
    replace_file(folder / "plan.md", _plan(facts, trial, candidate))
    replace_file(folder / "stdout.log", output(facts, measured) or "It was never run.\n")
    _write_executed(folder, facts, measured)
    write_attempts(folder, facts, trial)
    replace_file(folder / "verdict.json", _json(_verdict(trial)))
    # Last: its fingerprint says that everything before it is in place.
    metrics = {"schema": SCHEMA, "metric": facts.metric.name, "fingerprint": fingerprint, **trial_record(facts, trial)}
    replace_file(folder / "metrics.json", _json(metrics))
    return folder


def _write_executed(folder: Path, facts: Facts, measured: Sequence[Measurement]) -> None:
    ran = [m.execution for m in measured if m.execution is not None and EXECUTED in m.execution.outputs]
    if not ran:
        return
    digest = ran[-1].outputs[EXECUTED]
    try:
        replace_file(folder / EXECUTED, facts.objects.get(digest).decode(errors="replace"))
    except IntegrityError:
        facts.missing_objects.add(digest)


def _known(folder: Path) -> str:
    try:
        value = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        return str(value["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _write_patch(folder: Path, facts: Facts, trial: Trial, candidate: Candidate, parent: Trial | None) -> None:
    if parent is None:
        return
    other = load_candidate(facts.objects, parent.candidate, facts.missing_objects)
    if other is not None:
        names = {"old_name": f"trial-{parent.number}", "new_name": f"trial-{trial.number}"}
        replace_file(folder / "diff.patch", patch(other, candidate, **names))


def _plan(facts: Facts, trial: Trial, candidate: Candidate | None) -> str:
    numbers = [v for v in (trial.score, trial.std_error, *trial.scores.values()) if v is not None]
    plan = clean(trial.plan, 8000).strip() or "No plan was written."
    unbacked = unbacked_numbers(plan, numbers)
    marked = f" Nothing measured backs {', '.join(unbacked)}." if unbacked else ""
    made = f"Operator: {clean_line(trial.operator, 40) or 'unknown'}"
    if trial.parents:
        made += f"; made from {', '.join(f'#{number}' for number in trial.parents)}"
    started = facts.history.started
    author = clean_line(started.model, 80) if started else "its author"
    lines = [
        f"# #{trial.number} {escape(clean_line(trial.title, 200))}",
        "",
        escape(made) + ".",
        "",
        *(f"> {escape(line)}" for line in plan.split("\n")),
        "",
        f"Written by {escape(author)} before it was run; not verified.{escape(marked)}",
        "",
        f"State: {trial.state}{f', verdict {trial.verdict}' if trial.verdict else ''}.",
    ]
    if trial.reason:
        lines.append(f"Reason: {escape(clean_line(trial.reason, 400))}.")
    if candidate is None:
        lines.append(f"Its files are missing from the run folder: `{trial.candidate}`.")
    return "\n".join(lines) + "\n"


def _verdict(trial: Trial) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "trial": trial.number,
        "state": str(trial.state),
        "verdict": str(trial.verdict) if trial.verdict else None,
        "judged": encode(trial.judgement) if trial.judgement else None,
        "reason": clean(trial.reason),
        "flags": [clean_line(flag, 300) for flag in trial.flags],
    }


def _measurement(m: Measurement) -> dict[str, Any]:
    execution = m.execution
    score = m.score
    return {
        "attempt": m.attempt,
        "view": m.view,
        "seed": m.seed,
        "code": m.code,
        "outcome": str(execution.outcome) if execution else None,
        "wall_s": execution.wall_s if execution else None,
        "peak_memory_bytes": execution.peak_memory_bytes if execution else None,
        "predictions": execution.outputs.get("submission.csv") if execution else None,
        "log": execution.log or None if execution else None,
        "files": {clean_line(name, 200): size for name, size in execution.files.items()} if execution else {},
        "graded": None if score is None else {"value": score.value, "rows": score.rows, "partial": score.partial},
        "claimed_by_script": m.reported,
        "problems": [clean_line(problem, 300) for problem in m.problems],
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
