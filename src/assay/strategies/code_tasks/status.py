"""Status: the table of what approval, execution and verification come to. It is data, so every cell can be read."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Approval(StrEnum):
    """What the reviewers' verdicts come to, before and after the code ran; the worse of the two counts."""

    APPROVED = "approved"
    CONDITIONAL = "conditional"
    REJECTED = "rejected"


class Executed(StrEnum):
    """How the code ran."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NO_CODE = "no code"
    NOT_RUN = "not run"


class Verified(StrEnum):
    """Whether the evidence holds."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_DONE = "not done"


class Status(StrEnum):
    """A task's state. All but the first are final within a run."""

    PENDING = "pending"
    COMPLETED = "completed"
    HELD = "held"
    """Verified, and a reviewer attached a condition to the results: a person decides."""
    FAILED = "failed"
    DOWNGRADED = "downgraded"
    """It ran and claims to be done, and its evidence does not hold: failed, and the cycle is flagged."""
    REJECTED = "rejected"
    BLOCKED = "blocked"
    """A task that it depends on is not completed."""


_A, _X, _S = Approval, Executed, Status
_ROWS: Mapping[tuple[Approval, Executed], tuple[Status, Status, Status]] = {
    # approval x execution: verification passed, failed, not done
    (_A.APPROVED, _X.SUCCEEDED): (_S.COMPLETED, _S.DOWNGRADED, _S.FAILED),
    (_A.APPROVED, _X.FAILED): (_S.FAILED, _S.FAILED, _S.FAILED),
    (_A.APPROVED, _X.NO_CODE): (_S.FAILED, _S.FAILED, _S.FAILED),
    (_A.APPROVED, _X.NOT_RUN): (_S.FAILED, _S.FAILED, _S.FAILED),
    (_A.CONDITIONAL, _X.SUCCEEDED): (_S.HELD, _S.DOWNGRADED, _S.FAILED),
    (_A.CONDITIONAL, _X.FAILED): (_S.FAILED, _S.FAILED, _S.FAILED),
    (_A.CONDITIONAL, _X.NO_CODE): (_S.FAILED, _S.FAILED, _S.FAILED),
    (_A.CONDITIONAL, _X.NOT_RUN): (_S.REJECTED, _S.REJECTED, _S.REJECTED),
    (_A.REJECTED, _X.SUCCEEDED): (_S.REJECTED, _S.DOWNGRADED, _S.REJECTED),
    (_A.REJECTED, _X.FAILED): (_S.FAILED, _S.FAILED, _S.FAILED),
    (_A.REJECTED, _X.NO_CODE): (_S.FAILED, _S.FAILED, _S.FAILED),
    (_A.REJECTED, _X.NOT_RUN): (_S.REJECTED, _S.REJECTED, _S.REJECTED),
}
TABLE: Mapping[tuple[Approval, Executed, Verified], Status] = {
    (*row, verified): status for row, cells in _ROWS.items() for verified, status in zip(Verified, cells, strict=True)
}


def terminal(approval: Approval, executed: Executed, verified: Verified) -> Status:
    """Return the final status of a task that was not blocked."""
    return TABLE[approval, executed, verified]


def worse(one: Approval, other: Approval) -> Approval:
    """Return the less favourable of two."""
    order = list(Approval)
    return max(one, other, key=order.index)
