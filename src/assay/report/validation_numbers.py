"""Numbers of the winner's checks, entered into the ledger with the views and predictions that they rest on."""

from __future__ import annotations

from assay.core.validation import Standing
from assay.journal import events as ev
from assay.report.facts import Facts, trial_folder
from assay.report.ledger import Ledger, Source

_COUNTS = frozenset({"turned", "turned_clear", "runs", "findings", "references"})
_RATIOS = frozenset(
    {"errors", "noise_units", "ratio", "difference", "rows", "tolerance", "of_script", "of_reference", "of_examples"}
)
"""Numbers without a unit; all that are neither these nor counts are in that of the metric."""


def enter_checks(ledger: Ledger, facts: Facts) -> None:
    """Enter every number of the winner's checks, with the views and the predictions that it rests on."""
    checks = made(facts)
    if not checks:
        return
    ledger.add("checks.made", len(checks), Source.COUNTED, unit="checks")
    ledger.add("checks.passed", sum(c.verdict is Standing.PASSED for c in checks), Source.COUNTED, unit="checks")
    for other in (Standing.WARNING, Standing.FAILED, Standing.SKIPPED):
        ledger.add(f"checks.{other}", sum(c.verdict is other for c in checks), Source.COUNTED, unit="checks")
    for check in checks:
        trial = facts.history.trials.get(check.trial)
        measured = [m for m in facts.measurements(check.trial) if m.view in check.views and m.execution]
        digests = tuple(m.execution.outputs["submission.csv"] for m in measured if m.execution and m.execution.outputs)
        where = {"file": f"{trial_folder(trial.number, trial.title)}/metrics.json"} if trial is not None else {}
        for name, value in check.numbers.items():
            ledger.add(
                f"check.{check.check}.{name}",
                int(value) if name in _COUNTS else value,
                Source.COUNTED if name in _COUNTS else Source.DERIVED,
                unit="" if name in _COUNTS | _RATIOS else facts.metric.name,
                trial=check.trial,
                views=check.views,
                digests=digests,
                basis=f"check of #{check.winner}: {check.check.words}",
                **where,
            )


def made(facts: Facts) -> list[ev.Validated]:
    """Return the checks of the winner in their order; empty if it was not checked."""
    return facts.history.validated(facts.winner.number) if facts.winner is not None else []
