"""Static checks of a candidate of any kind, before it is run: the rules of grading, and the locks of a notebook."""

from __future__ import annotations

import re
from dataclasses import replace

from assay.core.candidate import Candidate
from assay.core.errors import AssayError
from assay.core.profile import DataProfile
from assay.core.task import Task
from assay.grading.checks import CheckFinding, Severity, check_candidate, check_script
from assay.kinds.notebook import NOTEBOOK, Flat, broken_locks, flatten, notebook_of

_LINE = re.compile(r"\bline (\d+)\b")


def check_any(candidate: Candidate, task: Task, profile: DataProfile | None = None) -> list[CheckFinding]:
    """Return the findings in a candidate: for a notebook, which cells they are in, and how it breaks its locks (L18).

    Args:
        candidate: A script or a notebook.
        task: Names files, targets and the output.
        profile: Lists the user's files, if it is known.
    """
    if candidate.kind != NOTEBOOK:
        return check_candidate(candidate, task, profile)
    try:
        notebook = notebook_of(candidate)
        broken = broken_locks(candidate)
    except AssayError as error:
        return [_locked(error.message)]
    flat = flatten(notebook)
    code = [_in_cell(finding, flat) for finding in check_script(flat.text, task, profile)]
    helpers = {name: text for name, text in candidate.files.items() if name != candidate.entry}
    others = check_candidate(replace(candidate, files={**helpers, candidate.entry: ""}), task, profile)
    return [
        *(_locked(violation.sentence) for violation in broken),
        *code,
        *(finding for finding in others if finding.sentence.partition(": ")[0] in helpers),
    ]


def _locked(sentence: str) -> CheckFinding:
    return CheckFinding(code="L18", severity=Severity.REJECT, line=0, sentence=sentence)


def _in_cell(finding: CheckFinding, flat: Flat) -> CheckFinding:
    """Return the finding with the cell's name, and lines counted within their cells."""
    said = _LINE.sub(lambda found: flat.named(int(found[1])) or found[0], finding.sentence)
    where = flat.named(finding.line)
    return replace(finding, sentence=f"{where}: {said}" if where and where not in said else said)
