"""Profiles: what columns are for is read from names and ranges, and models of the change beat those of the whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assay.models.playbook import read_facts
from assay.models.playbook.facts import Family
from assay.models.playbook.profiles import blocks_of
from assay.models.playbook.shelves import shelf_for
from support.playbook_tasks import TEST_ROWS, TinyTask, wells

from .shapes import bare_profiles, many_targets, profiles
from .test_scripts import ideas_of, lay_out, run_scripts, submission_of, text_of


def test_the_columns_are_told_apart() -> None:
    facts = read_facts(profiles().brief)
    blocks = blocks_of(facts)

    assert facts.family is Family.PROFILES
    assert blocks.before == tuple(f"pre_{n}" for n in range(10))
    assert blocks.bits == tuple(f"bit_{n}" for n in range(10))
    assert (blocks.batch, blocks.dose, blocks.others, blocks.categories) == ("plate", "dose", (), ("line",))


def test_without_a_column_for_each_target_there_is_no_before() -> None:
    blocks = blocks_of(read_facts(bare_profiles().brief))

    assert (blocks.before, blocks.bits, blocks.batch, blocks.dose) == ((), (), None, None)
    assert len(blocks.others) == 13


def test_a_few_targets_are_no_profile() -> None:
    from assay.core.metric import Needs
    from assay.core.task import Problem

    assert read_facts(many_targets(Problem.REGRESSION, Needs.VALUES).brief).family is Family.TABULAR


@pytest.mark.slow
def test_models_of_the_change_beat_the_plain_one(tmp_path: Path) -> None:
    task = profiles()
    frame, names = wells()
    truth = frame.iloc[-TEST_ROWS:][list(names)].to_numpy()
    ideas = ideas_of(task)[1:4]
    folders = [tmp_path / str(k) for k in range(len(ideas))]
    for idea, folder in zip(ideas, folders, strict=True):
        lay_out(text_of(idea, task), task, folder)
    run_scripts(folders)
    errors = [float(np.mean((_numbers(submission_of(f), names) - truth) ** 2)) for f in folders]

    assert errors[1] < 0.8 * errors[0]
    assert errors[2] < errors[0]


def _numbers(frame: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    return frame[list(names)].to_numpy(float)


@pytest.mark.parametrize("make", [profiles, bare_profiles])
def test_every_move_changes_the_script(make: Callable[[], TinyTask]) -> None:
    task = make()
    facts = read_facts(task.brief)
    for draft in shelf_for(facts).drafts(facts):
        moves = shelf_for(facts).moves(draft.recipe, facts)
        before = text_of(draft, task).split('"""', 2)[2]
        assert moves
        assert [move.title for move in moves if text_of(move, task).split('"""', 2)[2] == before] == []
