"""Writes docs/variables.md, the page of the environment variables."""

from __future__ import annotations

from page_parts import DOCS, code, opening, table

from assay.cli.variables import VARIABLES

PAGE = DOCS / "variables.md"

HEAD = opening(
    "Environment variables",
    """
None is needed. An option goes before its variable. `assay doctor` shows which are set, keys by name only. A candidate
sees none of them: its environment is built from nothing, with `ASSAY_SEED` and `ASSAY_THREADS` for code that wants a
seed and a number of threads.
""",
    "src/assay/cli/variables.py",
)


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    for about in dict.fromkeys(variable.about for variable in VARIABLES):
        rows = ((code(v.name), v.meaning) for v in VARIABLES if v.about == about)
        parts += [f"## For {about}\n", table(("variable", "meaning"), rows)]
    return "\n".join(parts)
