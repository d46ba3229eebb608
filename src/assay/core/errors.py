"""Every error that Assay raises on purpose.

    AssayError                      code, what happened, what is safe (kept), what to do next (fix)
    ├── UsageError           E0xx   a command or option that cannot be meant          exit 2
    ├── TaskError            E1xx   the data, the task file or the metric is wrong    exit 2
    ├── NothingFound         E2xx   no such run or trial                              exit 5
    ├── ModelError           E3xx   whoever answers roles could not                   exit 6
    │   ├── ReplyInvalid     E301   answered, but not in the asked form, after re-asking
    │   ├── ProviderDown     E302   not reachable, or failing, after retries
    │   ├── ProviderRefused  E303   no key, wrong key, no credit, no such model
    │   ├── BudgetSpent      E304   the next request would pass the money or token cap
    │   ├── QuestionRefused  E307   this one question is not answered: its content or its length
    │   ├── Unwanted         E308   nobody waits for the answer any more, so no further call was made
    │   └── ProgramUnusable  E309   the program that answers is missing; E310 not logged in; E311 always fails
    ├── IntegrityError       E4xx   something that must not change has changed        exit 4
    └── MachineError         E5xx   sandbox, disk, interpreter or permission          exit 7

A candidate's failure is not an error: it is a state of its trial.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from assay.core.exits import Exit
from assay.core.usage import Usage


class AssayError(Exception):
    """An expected failure, told in four parts.

    Args:
        code: `E` and three digits; `assay explain CODE` says more.
        message: What happened, with the value received.
        kept: What is safe, or empty when nothing was at stake.
        fix: One command or step that helps, or empty when there is none.
    """

    exit_code: ClassVar[int] = Exit.REFUSED

    def __init__(self, code: str, message: str, *, kept: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.kept = kept
        self.fix = fix

    def as_dict(self) -> dict[str, str]:
        """Return the four parts for `--json`."""
        return {"code": self.code, "message": self.message, "kept": self.kept, "fix": self.fix}

    def __str__(self) -> str:
        return f"error[{self.code}]: {self.message}"


class UsageError(AssayError):
    """A command or an option that cannot be meant."""


class TaskError(AssayError):
    """The data, the task file or the metric is not usable as it is."""


class NothingFound(AssayError):
    """No run or trial has this name."""

    exit_code = Exit.NOT_FOUND


class ModelError(AssayError):
    """Whoever answers roles could not."""

    exit_code = Exit.PROVIDER
    usage: Usage = Usage()
    """What the failed question took all the same."""


class ReplyInvalid(ModelError):
    """An answer came, but never in the asked form.

    Args:
        message: What was wrong with it.
        raw: The last raw reply, kept for the record.
    """

    def __init__(self, message: str, *, raw: str = "") -> None:
        super().__init__("E301", message, fix="assay logs --llm")
        self.raw = raw


class ProviderDown(ModelError):
    """The provider was not reachable, or kept failing, after all retries.

    Args:
        message: What happened.
        lasting: Whether the provider itself says that it will be away for longer than anybody should wait.
    """

    def __init__(self, message: str, *, lasting: bool = False) -> None:
        super().__init__("E302", message, kept="every finished trial", fix="assay resume")
        self.lasting = lasting


class ProviderRefused(ModelError):
    """The provider refuses every question: no key, a wrong key, no credit, no such model.

    Args:
        message: What it said.
        fix: One command or step that helps.
    """

    def __init__(self, message: str, *, fix: str = "assay doctor") -> None:
        super().__init__("E303", message, kept="every finished trial", fix=fix)


class BudgetSpent(ModelError):
    """The next request would pass the cap on money or tokens; it was not sent.

    Args:
        message: How much of which cap is used.
        cap: Which one it is: `cost` or `tokens`.
    """

    def __init__(self, message: str, *, cap: Literal["cost", "tokens"] = "cost") -> None:
        super().__init__("E304", message, kept="every finished trial")
        self.cap = cap


class QuestionRefused(ModelError):
    """The provider refused this one question for its content or its length; others may be answered.

    Args:
        message: What it said.
    """

    def __init__(self, message: str) -> None:
        super().__init__("E307", message, fix="assay logs --llm")


class Unwanted(ModelError):
    """Nobody waits for the answer any more, so no further call was made for it, or the one under way was ended.

    Args:
        message: What was not asked.
    """

    def __init__(self, message: str) -> None:
        super().__init__("E308", message, kept="every finished trial", fix="assay resume")


class ProgramUnusable(ModelError):
    """The program that answers would answer no question: it is missing, not logged in, or fails as it is called.

    Args:
        code: E309, E310 or E311, in this order.
        message: What happened.
        fix: The command that installs it or logs it in.
    """

    def __init__(self, code: Literal["E309", "E310", "E311"], message: str, *, fix: str) -> None:
        super().__init__(code, message, kept="every finished trial", fix=fix)


class IntegrityError(AssayError):
    """Something that must not change has changed."""

    exit_code = Exit.BROKEN


class MachineError(AssayError):
    """The machine lacks something: a sandbox, disk space, an interpreter, a permission."""

    exit_code = Exit.MACHINE
