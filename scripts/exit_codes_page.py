"""Writes docs/exit-codes.md, the page of the codes that every verb ends with."""

from __future__ import annotations

import re

from errors_page import GROUPS
from page_parts import DOCS, opening, table

from assay.core.exits import Exit

PAGE = DOCS / "exit-codes.md"

HEAD = opening(
    "Exit codes",
    """
What a script or a CI job can rely on. The same code stands in the `done`, `error` or `interrupted` line of `--json`,
and in the journal of a run. `assay explain exit-codes` prints the table, too.
""",
    "src/assay/core/exits.py",
)
AFTER = """
[Error codes](errors.md) says what each error means; warnings (W) and remarks (L, P, R, V) end nothing. Verb by verb:

- After `assay run`, `assay resume` and `assay rerun`: 0, 1, 3 or 6 where the run came to its end.
- After `assay tasks run`: 0 if every task is complete, 1 if some are, 3 if none is.
- After `assay check`: 2 if something was found under which scores would mislead.
- After `assay verify`, `assay audit` and `assay replay`: 4 if something does not hold.
- After `assay ideas`: 1 if no idea came of it. After `assay doctor`: 7 if nothing could run here.
"""


def page() -> str:
    """Return the page."""
    rows = ((str(int(code)), code.meaning, families(code)) for code in Exit)
    return "\n".join([HEAD, table(("code", "meaning", "errors that end with it"), rows), AFTER.strip() + "\n"])


def families(code: Exit) -> str:
    """Return the errors that end with `code`, by how their codes begin."""
    return ", ".join(f"{prefix}xx" for prefix, _, note in GROUPS if re.match(rf"Exit code {code:d}\b", note))
