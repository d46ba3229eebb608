"""Writes docs/errors.md, the page of all error and warning codes, from what `assay explain` knows."""

from __future__ import annotations

import re
from pathlib import Path

from page_parts import DOCS, opening

from assay.cli.commands.explain import Explanation, explanations

PAGE = DOCS / "errors.md"
CODE = re.compile(r"[A-Z]\d{2,3}")

GROUPS = (
    ("E0", "A command or an option that cannot be meant", "Exit code 2; nothing ran."),
    ("E1", "The data, the task file or the metric", "Exit code 2. Nearly all are told before anything runs."),
    ("E2", "No such run, trial or explanation", "Exit code 5."),
    (
        "E3",
        "Whoever answers questions could not",
        "Exit code 6, if there is nothing to deliver; what is finished is kept.",
    ),
    ("E4", "Something that must not change has changed", "Exit code 4; what is finished is kept."),
    ("E5", "The machine", "Exit code 7; what is finished is kept."),
    ("E9", "Nobody foresaw it", "Exit code 70."),
    ("W2", "Warnings about the data", "Told by `assay check` and when a run starts; nothing is stopped by them."),
    (
        "W3",
        "Warnings about whoever answers questions",
        "Told on screen, by `assay status` and in the report; the run goes on.",
    ),
    ("W4", "Warnings about a run", "Told on screen, by `assay status` and in the report; the run goes on."),
    ("L", "What a check found in a script or its predictions", "A trial is rejected by it, or carries the remark."),
    ("P", "Remarks on a score", "Beside the score, in tables and in the report."),
    ("R", "Numbers that a script printed of itself", "Shown, and never ranked."),
    ("V", "What is wrong with the tracked run of an attempt", "Any of them but V14 makes it no evidence."),
)

HEAD = opening(
    "Error and warning codes",
    """
What each code means and what to do about it. `assay explain CODE` prints the same without a network. An error says what
happened, what is kept and one next step; with `--json` these are fields. What a verb ends with
is told by [exit codes](exit-codes.md).
""",
    "src/assay/cli/explanations",
)


def page() -> str:
    """Return the page.

    Raises:
        LookupError: A code belongs to no group.
    """
    left = {name: entry for name, entry in sorted(explanations().items()) if CODE.fullmatch(name)}
    pieces = [HEAD]
    for prefix, title, note in GROUPS:
        own = [left.pop(name) for name in list(left) if name.startswith(prefix)]
        if own:
            span = own[0].name if len(own) == 1 else f"{own[0].name} to {own[-1].name}"
            pieces += [f"## {span}: {title}\n\n{note}\n", *(entry_text(entry) for entry in own)]
    if left:
        raise LookupError(f"{', '.join(left)} belong to no group of {Path(__file__).name}")
    return "\n".join(pieces)


def entry_text(entry: Explanation) -> str:
    """Return one code: a heading of its own, so that it can be linked as errors.md#e101."""
    fix = f"\n*What to do:* {entry.fix}\n" if entry.fix else ""
    return f"### {entry.name}\n\n**{entry.title}.** {entry.text}\n{fix}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE} is written")
