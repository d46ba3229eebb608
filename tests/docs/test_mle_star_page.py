"""The page on mle_star names the options that there are, with their defaults."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from typer.main import get_command

from assay.cli.app import build_app
from assay.report.phase_words import TITLES
from assay.strategies.star.options import StarOptions

PAGE = (Path(__file__).parents[2] / "docs" / "mle_star.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")] for line in PAGE.splitlines() if line.startswith("| `")
]


def test_the_table_has_every_option_in_order_with_its_default() -> None:
    options = StarOptions()
    assert [(row[0].strip("`"), row[1]) for row in ROWS] == [
        (field.name, str(getattr(options, field.name))) for field in fields(StarOptions)
    ]
    assert {row[3] for row in ROWS} <= {"paper", "reference"}


def test_the_options_that_are_shown_are_taken() -> None:
    for line in re.findall(r"^assay run .*--strategy mle_star.*$", PAGE, re.MULTILINE):
        StarOptions.from_arguments(dict(pair.split("=") for pair in re.findall(r"--set (\S+)", line)))
    known = {flag for parameter in get_command(build_app()).commands["run"].params for flag in parameter.opts}  # type: ignore[attr-defined]
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) <= known


def test_the_share_that_is_left_is_the_one_that_is_told() -> None:
    options = StarOptions()
    assert options.init_share + options.refine_share + options.ensemble_share == 90
    assert "a tenth by default" in " ".join(PAGE.split())


def test_every_phase_has_its_place() -> None:
    text = " ".join(PAGE.lower().split())
    assert [title for title in TITLES.values() if title not in text] == []
