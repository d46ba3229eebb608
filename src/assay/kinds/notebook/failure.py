"""Why a run of a notebook does not count: which cell, what it raised, and where."""

from __future__ import annotations

import re

from assay.core.digest import digest_text
from assay.core.execution import Execution, Outcome, UnitOutcome, UnitRun
from assay.kinds.base import Failure
from assay.kinds.excerpt import traceback_of, words
from assay.kinds.notebook.packages import hint_on
from assay.kinds.script import ScriptKind, crash_failure

_MISSING = re.compile(r"No module named '(?P<module>[\w.]+)'")
_VOLATILE = re.compile(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_KINDS = {
    UnitOutcome.ERROR: "cell error",
    UnitOutcome.TIMEOUT: "cell timeout",
    UnitOutcome.RUN_TIMEOUT: "run timeout",
    UnitOutcome.DEAD: "dead kernel",
    UnitOutcome.EXIT: "exit called",
    UnitOutcome.CUT: "cut off",
}
_HINTS = (
    ("StdinNotImplementedError", "Nobody answers input(): read what you need from ./input or write it into the cell."),
    ("asyncio.run() cannot be called", "A notebook has an event loop already: use `await` at the top level of a cell."),
    ("UsageError: Line magic function", "That magic does not exist here; shell and network are closed anyway."),
)


def diagnose_cells(execution: Execution, problems: tuple[str, ...]) -> Failure | None:
    """Return why `execution` does not count, or None if it does: only a run in which every cell ended well does.

    Args:
        execution: What came back.
        problems: What the grader found wrong with the output.
    """
    if execution.outcome is Outcome.OK:
        return ScriptKind().diagnose(execution, problems)
    if not execution.units:
        return crash_failure(execution)
    last = execution.units[-1]
    outside = execution.outcome not in (Outcome.OK, Outcome.ERROR, Outcome.TIMEOUT)
    late = execution.outcome is Outcome.TIMEOUT and last.outcome is UnitOutcome.CUT
    how = UnitOutcome.RUN_TIMEOUT if late else last.outcome
    kind = str(execution.outcome) if outside else _KINDS.get(how, str(execution.outcome))
    cause = execution.detail if outside or last.outcome is UnitOutcome.CUT else last.error
    return Failure(
        outcome=kind,
        summary=f"cell {last.unit}: {cause or kind}"[:300],
        detail=_detail(execution, last, kind, cause),
        signature=digest_text(f"{kind}\n{last.unit}\n{_VOLATILE.sub('#', cause)}"),
        unit=last.unit,
        line=last.line,
        error=last.error,
    )


def _detail(execution: Execution, last: UnitRun, kind: str, cause: str) -> str:
    done = len(execution.units) - 1
    where = f", line {last.line}" if last.line else ""
    head = f"{kind} in cell {last.unit}{where}, after {done} cells that ran: {cause}"
    hints = [hint for mark, hint in _HINTS if mark in f"{last.error}\n{last.trace}"]
    missing = _MISSING.search(last.error)
    if missing:
        hints.append(hint_on(missing["module"].partition(".")[0]))
    trace = traceback_of(last.trace) or words(last.trace)
    printed = words(execution.log_tail.partition(last.trace)[0] if last.trace else execution.log_tail)
    said = f"End of what it printed:\n{printed}" if printed else "It had printed nothing."
    return "\n\n".join(part for part in (head, trace, *hints, said) if part)
