"""What the grading process says: a result, a refusal, or nothing any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.core.errors import TaskError
from assay.core.task import Task


class Refused(Exception):
    """The submission cannot be graded, and why.

    Args:
        problems: Everything that is wrong, one sentence each.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Died(Refused):
    """Whoever was asked ended without an answer: too slow, too large, or killed."""


def opened(reply: Mapping[str, Any], task: Task) -> Mapping[str, Any]:
    """Return a reply that is a result.

    Raises:
        Refused: The submission cannot be graded; `Died` where reading it ended the process.
        TaskError: E13x, the user's own metric failed.
    """
    if "invalid" in reply:
        raise Refused(tuple(str(problem) for problem in reply["invalid"]))
    if "task_error" in reply:
        told = reply["task_error"]
        raise TaskError(told["code"], told["message"], kept=told["kept"], fix=told["fix"])
    if "died" in reply:
        if reply.get("grader"):
            raise TaskError("E134", f"{task.grader} {reply['died']}", fix=f"mend {task.grader}")
        raise Died((f"the file could not be graded: reading it {reply['died']}",))
    return reply
