"""What to do next is a command that can be copied."""

from __future__ import annotations

import pytest

from assay.cli.fixes import whole_command


@pytest.mark.parametrize(
    ("fix", "argv", "told"),
    [
        ("--target churned", "run data --target churnd", "assay run data --target churned"),
        ("--target churned", "check data --target=churnd --json", "assay check data --json --target churned"),
        ("--target 'is late'", "run . --target late --time 5m", "assay run . --time 5m --target 'is late'"),
        ("--split group=donor", "run d --split group=donr -- x", "assay run d --split group=donor -- x"),
        ("--target churned", "run task.toml", "assay run task.toml --target churned"),
        ("--executor local", "run d --executor ray", "assay run d --executor local"),
    ],
)
def test_one_option_is_told_with_the_command_that_was_typed(fix: str, argv: str, told: str) -> None:
    assert whole_command(fix, argv.split()) == told


@pytest.mark.parametrize(
    ("fix", "argv"),
    [
        ("--target COLUMN", "run d"),
        ("--split group=COLUMN", "run d --split group"),
        ("--model 'cli:tool --model NAME'", "run d --model cli:tool"),
        ("--sandbox auto|strict", "run d --sandbox x"),
        ("--set lab_installs=on", "run d --set lab_installs=maybe --set cycles=3"),
        ("--executor local", "resume calm-otter"),
        ("--target churned, or a grade.py", "run d"),
        ("assay ls", "show 3"),
        ("it isn't 'closed", "run d"),
        ("--target churned", ""),
    ],
)
def test_everything_else_is_told_as_it_stands(fix: str, argv: str) -> None:
    assert whole_command(fix, argv.split()) == fix
