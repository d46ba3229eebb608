"""The example of a perturbation screen: the same seed gives the same files, and its truth is what it says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from assay.core.task import SplitKind
from assay.data.task_file import load_task

EXAMPLE = Path(__file__).parents[2] / "examples" / "perturbation"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("perturbation_generate", EXAMPLE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def screen(generate: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("screen")
    small = generate.Screen(compounds=30, new_compounds=8, plates=6)
    for name in ("one", "two"):
        generate.main(folder / name, small)
    generate.main(folder / "other", generate.Screen(compounds=30, new_compounds=8, plates=6, seed=8))
    return folder


def test_the_same_seed_gives_the_same_files(screen: Path) -> None:
    for name in ("train.csv", "test.csv", "controls.csv"):
        one, two, other = ((screen / at / "data" / name).read_bytes() for at in ("one", "two", "other"))
        assert one == two != other


def test_no_compound_is_in_both_files_and_the_answers_are_elsewhere(screen: Path) -> None:
    train, test = (pd.read_csv(screen / "one" / "data" / name) for name in ("train.csv", "test.csv"))
    answers = pd.read_csv(screen / "one" / "truth" / "answers.csv")

    assert not set(train["compound"]) & set(test["compound"])
    assert not [name for name in test if name.startswith("post_")]
    assert answers["well"].tolist() == test["well"].tolist()
    assert (len(train), len(test)) == (30 * 4 * 3, 8 * 4 * 3)


def test_the_truth_tells_more_of_the_answers_than_the_rows_do(generate: ModuleType, screen: Path) -> None:
    test = pd.read_csv(screen / "one" / "data" / "test.csv")
    answers = pd.read_csv(screen / "one" / "truth" / "answers.csv").drop(columns="well").to_numpy()
    truth = dict(np.load(screen / "one" / "truth" / "truth.npz"))
    before = test[[name for name in test if name.startswith("pre_")]].to_numpy()
    number = test["compound"].str.removeprefix("C").astype(int).to_numpy()
    change = generate.effect(truth, number, test["dose"].to_numpy())

    def correlation(guess: np.ndarray) -> float:
        return float(np.mean([np.corrcoef(answers[:, k], guess[:, k])[0, 1] for k in range(answers.shape[1])]))

    assert correlation(before + change) > correlation(before) + 0.1


def test_the_task_names_every_feature_and_splits_by_compound(generate: ModuleType, tmp_path: Path) -> None:
    generate.main(tmp_path, generate.Screen(compounds=30, new_compounds=8, plates=6))
    (tmp_path / "task.toml").write_text((EXAMPLE / "task.toml").read_text(encoding="utf-8"))
    task = load_task(tmp_path / "task.toml")

    assert task.targets == tuple(f"post_{k:03d}" for k in range(generate.FEATURES))
    assert (task.split.kind, task.split.column, task.metric.name) == (SplitKind.GROUP, "compound", "pearson")
