"""Exits: the codes that every verb ends with, and what each means."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """How a verb ended, for scripts and CI; `meaning` says it in words."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> Exit:
        """Return the member of this value."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    DONE = 0, "done; after a run: a verified solution exists, and any --goal was reached"
    SHORT = 1, "finished short of what was asked: the goal, a real gain with --require-gain, every task, an idea"
    REFUSED = 2, "usage, options or data: nothing ran"
    NO_SCORE = 3, "finished, and no candidate produced a valid score"
    BROKEN = 4, "something that must not change has changed, or a solution does not do what it says"
    NOT_FOUND = 5, "no such run, trial or explanation"
    PROVIDER = 6, "the provider: no key, refused, or unreachable with nothing to deliver"
    MACHINE = 7, "the machine: sandbox, disk, interpreter, a missing package"
    UNEXPECTED = 70, "something that nobody foresaw"
    INTERRUPTED = 130, "Ctrl-C, state saved; `assay resume` continues"
    TERMINATED = 143, "SIGTERM, likewise"


def exit_table() -> str:
    """Return all codes with their meanings, a line each."""
    return "\n".join(f"{code:<4d} {code.meaning}" for code in Exit)
