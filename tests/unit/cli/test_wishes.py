"""What a person wants tried: understood, kept with the run, and told to strategies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.cli.options.flags import read_choices
from assay.cli.options.hints import LONGEST_BLOCK, LONGEST_HINT, MOST, read_blocks, read_hints
from assay.cli.options.problems import Problems
from assay.cli.options.records import RunFlags
from assay.core.codec import decode, encode
from assay.core.errors import UsageError
from assay.strategies.options import RunOptions
from assay.strategies.registry import open_strategy
from unit.cli.conftest import Assay

BLOCK = "    model = Ridge()\n    model.fit(X, y)"


def test_hints_are_kept_in_order_once_and_without_keys() -> None:
    problems = Problems()
    hints = read_hints(
        [" CatBoost ", "mind the weekends", "CatBoost", "key sk-proj-0123456789abcdefghijABCD"], problems
    )
    assert hints[:2] == ("CatBoost", "mind the weekends")
    assert len(hints) == 3
    assert "0123456789" not in hints[2]
    problems.raise_any("run")


def test_a_block_keeps_its_indentation_and_loses_the_empty_lines_around_it(tmp_path: Path) -> None:
    file = tmp_path / "block.py"
    file.write_text(f"\n\n{BLOCK}   \n\n", encoding="utf-8")
    decorated = "@njit\ndef f(x):\n    return x"
    problems = Problems()
    assert read_blocks([f"@{file}", decorated, BLOCK], problems) == (BLOCK, decorated)
    problems.raise_any("run")


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    problems = Problems()
    read_hints(["  ", "x" * (LONGEST_HINT + 1), *(f"idea {k}" for k in range(MOST))], problems)
    read_blocks(["\n \n", "y" * (LONGEST_BLOCK + 1), "@no-such-file", f"@{tmp_path / 'binary'}", "a\0b"], problems)
    with pytest.raises(UsageError) as caught:
        problems.raise_any("run")
    told = caught.value.message.split("\n")[1:]
    assert len(told) == 8
    assert sum("--model-hint" in line for line in told) == 3
    assert sum("cannot be read as text" in line for line in told) == 2


def test_they_are_part_of_what_a_person_chose_and_of_what_is_written_down() -> None:
    choices = read_choices(RunFlags(hints=("GAM",), blocks=(BLOCK,)), Problems())
    options = RunOptions(strategy="mle_star", hints=choices.hints, blocks=choices.blocks)
    assert (options.hints, options.blocks) == (("GAM",), (BLOCK,))
    assert decode(RunOptions, json.loads(json.dumps(encode(options)))) == options
    old = {key: value for key, value in encode(options).items() if key not in ("hints", "blocks")}
    assert decode(RunOptions, old).hints == ()


def test_a_strategy_that_retrieves_nothing_is_told_hints_as_remarks() -> None:
    tree = RunOptions(remarks=("Predict the price.",), hints=("CatBoost",))
    assert tree.told == ("Predict the price.", "Worth a try: CatBoost")
    assert RunOptions(strategy="mle_star", remarks=("Predict.",), hints=("CatBoost",)).told == ("Predict.",)


def test_a_block_is_of_no_use_to_a_strategy_of_whole_scripts() -> None:
    with pytest.raises(UsageError) as caught:
        open_strategy(RunOptions(blocks=(BLOCK,)))
    assert caught.value.code == "E029"
    assert "mle_star" in (caught.value.fix or "")
    open_strategy(RunOptions(strategy="mle_star", blocks=(BLOCK,)))


def test_the_command_line_refuses_it_before_anything_is_read(assay: Assay) -> None:
    said = assay("run", "no-such-folder", "--block", BLOCK)
    assert said.code == 2
    assert "E029" in said.err


def test_a_dry_run_repeats_what_is_wanted(assay: Assay, tmp_path: Path) -> None:
    rows = "\n".join(f"{k},{k % 7},{3 * k % 11},{2.5 * k}" for k in range(60))
    (tmp_path / "train.csv").write_text(f"id,a,b,price\n{rows}\n", encoding="utf-8")
    flags = ("--model-hint", "CatBoost", "--block", BLOCK, "--strategy", "mle_star")
    said = assay("run", ".", "--target", "price", "--dry-run", *flags)
    assert said.code == 0, said.err
    assert " wishes   CatBoost; 1 block of code to refine first" in said.out
