"""Static checks of a candidate before it runs, and a look at its predictions after.

They find what is surely against the rules in a script that does not hide it. They do not make hostile code harmless:
a path put together at run time, or labels kept in memory, are stopped by the sandbox, the views and the grader.

| code | severity | finding |
|---|---|---|
| L01 | reject, warn | a path outside ./input and ./output; warned about where it may be a habit |
| L02 | reject, warn | target statistics (reject) or scalers (warn) from rows that the script then validates on |
| L03 | reject | the target column among the features |
| L04 | reject, warn | files that would hold the answers (reject); labels of test rows (warn) |
| L05 | reject, warn | network, other processes; shell lines that fetch (warn) |
| L06 | reject | replacing functions that scores or outputs are made with |
| L07 | warn | errors masked |
| L08 | warn | the process ended from within |
| L09 | warn | the output file never named |
| L10 | warn | constant predictions |
| L11 | warn | predictions that repeat a column or follow the ids |
| L12 | reject | secrets of the environment |
| L13 | reject | an output that is no plain file |
| L14 | reject | code that is packed so that nobody can read it |
| L15 | warn | tables of values that may be labels carried over from an earlier run |
| L16, L17 | warn | said by the strategy `mle_star`: nobody could say whether it leaks; a leak that was not mended |
| L18 | reject | a locked cell of a notebook changed, moved or gone |
| L19 | reject | metrics that the locked cells do not make again, see `engine.recheck` |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from assay.core.candidate import Candidate
from assay.core.profile import DataProfile
from assay.core.task import Task
from assay.grading.checks import conduct, leakage, reach, tables
from assay.grading.checks.finding import CheckFinding, Context, Severity
from assay.grading.checks.predictions import check_predictions
from assay.grading.checks.script import Script

__all__ = ["CheckFinding", "Severity", "check_candidate", "check_predictions", "check_script"]

Rule = Callable[[Script, Context], Iterator[CheckFinding]]

_RULES: tuple[Rule, ...] = (
    reach.paths,
    reach.walks,
    leakage.statistics_before_split,
    leakage.target_as_feature,
    reach.answers,
    reach.test_labels,
    conduct.network,
    conduct.processes,
    conduct.shell,
    conduct.patches,
    conduct.masked_errors,
    conduct.exits,
    conduct.output,
    reach.secrets,
    reach.odd_outputs,
    conduct.hidden_code,
    tables.literal_tables,
)


def check_script(
    source: str, task: Task, profile: DataProfile | None = None, *, is_entry: bool = True
) -> list[CheckFinding]:
    """Return the findings in a Python script, by line; nothing in a text that is not Python (running it will say so).

    A script that cannot be read to its end for its depth of nesting is rejected, not passed unread.

    Args:
        source: The script; it is parsed, never run.
        task: Names files, targets and the output.
        profile: Lists the user's files, if it is known.
        is_entry: Whether this file is the one that is run.
    """
    context = Context(task=task, profile=profile, is_entry=is_entry)
    try:
        script = _parsed(source)
        return [] if script is None else _findings(script, context)
    except (RecursionError, MemoryError):  # the parser says the latter of a stack too deep for it
        sentence = "it is nested so deeply that it cannot be read"
        return [CheckFinding(code="L14", severity=Severity.REJECT, line=0, sentence=sentence)]


def _parsed(source: str) -> Script | None:
    try:
        return Script(source)
    except (SyntaxError, ValueError):
        return None


def _findings(script: Script, context: Context) -> list[CheckFinding]:
    findings = {finding for rule in _RULES for finding in rule(script, context)}
    return sorted(findings, key=lambda finding: (finding.line, finding.code, finding.sentence))


def check_candidate(candidate: Candidate, task: Task, profile: DataProfile | None = None) -> list[CheckFinding]:
    """Return the findings in all Python files of a candidate, the entry first, each by line; see `check_script`.

    Args:
        candidate: Its files are parsed, never run.
        task: Names files, targets and the output.
        profile: Lists the user's files, if it is known.
    """
    names = sorted(
        (name for name in candidate.files if name.endswith(".py")), key=lambda name: (name != candidate.entry, name)
    )
    findings = []
    for name in names:
        found = check_script(candidate.files[name], task, profile, is_entry=name == candidate.entry)
        if name != candidate.entry:
            found = [replace(finding, sentence=f"{name}: {finding.sentence}") for finding in found]
        findings += found
    return findings
