"""The report's section on the checks of the winner."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from assay.core.validation import Check
from assay.journal.history import History

Write = Callable[[str], tuple[Path, History]]


def part(folder: Path, head: str) -> str:
    return (folder / "report.md").read_text(encoding="utf-8").split(f"## {head}")[1].split("\n## ")[0]


def test_every_check_is_told_and_one_that_was_skipped_is_not_passed(written: Write) -> None:
    section = part(written("checked_run")[0], "Checks of the winner")
    assert "2 of 6 checks passed." in section
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    assert [row.split("|")[1].strip() for row in rows] == [check.words for check in Check]
    assert ["failed" in rows[1], "passed" in rows[2]] == [True, True]
    assert all("skipped" in row and "no time left" in row and "passed" not in row for row in rows[3:5])


def test_the_numbers_of_a_check_lead_to_the_views_they_rest_on(written: Write) -> None:
    folder, history = written("checked_run")
    numbers = json.loads((folder / "report.json").read_text(encoding="utf-8"))["numbers"]
    shown = numbers["check.shuffled.score"]
    assert shown["value"] == 0.9604
    assert shown["views"] == ["shuffled-0", "turned-1"]
    wrote = [m.execution.outputs["submission.csv"] for m in history.all_measurements() if m.view in shown["views"]]  # type: ignore[union-attr]
    assert shown["digests"] == wrote
    assert (folder / shown["file"]).is_file()


def test_a_failed_check_is_a_threat_and_the_box_counts_what_passed(written: Write) -> None:
    folder, _ = written("checked_run")
    threats = part(folder, "Threats")
    assert "shuffled labels: " in threats
    assert "skipped, which is not passed: other seeds (no time left); training against graded score" in threats
    assert "was not checked with shuffled labels" in part(written("good_run")[0], "Threats")


def test_the_time_of_the_checks_is_told_apart(written: Write) -> None:
    assert "checks of the winner" in part(written("checked_run")[0], "Cost and time")


def test_what_is_like_a_published_solution_is_told_with_its_shares_and_else_that_nobody_compared(
    written: Write,
) -> None:
    folder, _ = written("checked_run")
    lines = part(folder, "Checks of the winner").splitlines()
    row = next(line for line in lines if line.startswith("| against published solutions"))
    assert "much the same as 'first-place.ipynb': 52 % of it stands there, and 31 % of that in it" in row
    assert "compared with 3 solutions" in row
    assert "a published solution again" not in part(folder, "Threats")
    assert "whether the winner is a published solution again" in part(written("good_run")[0], "Threats")
