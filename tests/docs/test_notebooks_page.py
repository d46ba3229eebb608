"""The page on notebooks names the options, files and flags that there are."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from typer.main import get_command

from assay.cli.app import build_app
from assay.strategies.notebook.options import REVIEW_LOCKS, STAGES, NotebookOptions, ReviewOptions
from assay.strategies.notebook.task_graph import LOST, STABLE_BELOW, STABLE_EVIDENCE, WON

PAGE = (Path(__file__).parents[2] / "docs" / "notebooks.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())
COMMANDS = get_command(build_app()).commands  # type: ignore[attr-defined]


def rows(before: str, after: str) -> dict[str, str]:
    """Return setting to default of the table between two headings."""
    part = PAGE.partition(before)[2].partition(after)[0]
    found = re.findall(r"^\| `(\w+)`[^|]*\| ([^|]+) \|", part, re.MULTILINE)
    return {name: default.strip() for name, default in found}


def test_every_option_stands_in_its_table() -> None:
    written = rows("## Writing notebooks", "### One stage alone")
    own = {field.name for field in fields(NotebookOptions)}
    assert written.keys() == own - {"only", "source"}, "those two have a section of their own"
    assert written["max_iterations"] == str(NotebookOptions().max_iterations)
    review = rows("## Improving one", "### What it leaves\n\n`opt")
    assert review.keys() == {field.name for field in fields(ReviewOptions)}
    assert review["max_iterations"] == str(ReviewOptions().max_iterations)
    assert review["protected_sections"] == ", ".join(REVIEW_LOCKS)


def test_every_flag_and_command_that_is_shown_exists() -> None:
    known = {flag for command in COMMANDS.values() for parameter in command.params for flag in parameter.opts}
    shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) - {"--extra"}
    assert shown <= known
    assert set(re.findall(r"^ {4}assay (\w+)", PAGE, re.MULTILINE)) <= COMMANDS.keys()
    assert all(f"--only {stage}" in PAGE for stage in STAGES)


def test_the_rules_of_the_graph_are_told_as_they_are() -> None:
    assert f"takes {-WON[0]} off the uncertainty of its subtask and {-WON[1]} off its priority" in TEXT
    assert f"one that does not adds {LOST[0]} and {LOST[1]}" in TEXT
    assert f"with less than {STABLE_BELOW} uncertainty and {['zero', 'one', 'two'][STABLE_EVIDENCE]} pieces" in TEXT
