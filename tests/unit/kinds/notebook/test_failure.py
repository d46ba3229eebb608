from __future__ import annotations

import pytest

from assay.core.execution import Execution, Outcome, UnitOutcome, UnitRun
from assay.kinds.notebook import NotebookKind

KIND = NotebookKind()


def failed(outcome: Outcome, unit: UnitOutcome, error: str = "", **fields: object) -> Execution:
    units = (UnitRun(unit="a", outcome=UnitOutcome.OK), UnitRun(unit="b", outcome=unit, error=error, line=3))
    return Execution(outcome=outcome, units=units, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("module", "said"),
    [("cv2", "pip install opencv-python-headless"), ("xgboosts", "No package of that name is known here")],
)
def test_a_missing_package_is_named_from_an_allow_list_and_never_guessed(module: str, said: str) -> None:
    error = f"ModuleNotFoundError: No module named '{module}'"
    failure = KIND.diagnose(failed(Outcome.ERROR, UnitOutcome.ERROR, error), ())
    assert failure is not None
    assert (failure.unit, failure.line, failure.error) == ("b", 3, error)
    assert said in failure.detail


@pytest.mark.parametrize(
    ("outcome", "unit", "kind"),
    [
        (Outcome.ERROR, UnitOutcome.ERROR, "cell error"),
        (Outcome.TIMEOUT, UnitOutcome.TIMEOUT, "cell timeout"),
        (Outcome.TIMEOUT, UnitOutcome.RUN_TIMEOUT, "run timeout"),
        (Outcome.TIMEOUT, UnitOutcome.CUT, "run timeout"),
        (Outcome.ERROR, UnitOutcome.DEAD, "dead kernel"),
        (Outcome.ERROR, UnitOutcome.EXIT, "exit called"),
        (Outcome.ERROR, UnitOutcome.CUT, "cut off"),
        (Outcome.MEMORY, UnitOutcome.DEAD, "memory"),
        (Outcome.DISK, UnitOutcome.CUT, "disk"),
    ],
)
def test_every_end_has_its_own_word(outcome: Outcome, unit: UnitOutcome, kind: str) -> None:
    for outputs in ({}, {"submission.csv": "d"}):  # what was written before changes nothing
        failure = KIND.diagnose(failed(outcome, unit, outputs=outputs), ())
        assert failure is not None
        assert failure.outcome == kind


def test_a_run_of_which_no_cell_is_known_has_failed_whatever_lies_in_its_folder() -> None:
    execution = Execution(outcome=Outcome.OUTPUT, outputs={"submission.csv": "d"}, detail="it printed too much")
    failure = KIND.diagnose(execution, ())
    assert failure is not None
    assert (failure.outcome, failure.summary, failure.unit) == ("output", "it printed too much", "")


def test_equal_failures_have_equal_signatures_and_others_do_not() -> None:
    def signature(error: str) -> str:
        failure = KIND.diagnose(failed(Outcome.ERROR, UnitOutcome.ERROR, error), ())
        assert failure is not None
        return failure.signature

    assert signature("ValueError: 3 rows at 0x7f1") == signature("ValueError: 44 rows at 0x9a2")
    assert signature("ValueError: rows") != signature("ValueError: columns")


def test_predictions_that_are_invalid_are_told_as_such() -> None:
    execution = Execution(outcome=Outcome.OK, outputs={"submission.csv": "d"})
    failure = KIND.diagnose(execution, ("3 ids are missing",))
    assert failure is not None
    assert (failure.outcome, failure.unit) == ("invalid output", "")
    assert KIND.diagnose(execution, ()) is None
