"""The demo's data are a real task in the usual layout, and keep their test labels to themselves."""

from pathlib import Path

import pandas as pd
import pytest

from assay.core.errors import MachineError
from assay.core.task import Problem
from assay.data import demo_answers, inspect, write_demo


def test_the_demo_is_understood_without_a_guess_that_matters(tmp_path: Path) -> None:
    write_demo(tmp_path / "digits")
    found = inspect(tmp_path / "digits")
    assert (found.task.problem, found.task.metric.name, found.task.target) == (Problem.BINARY, "log_loss", "prime")
    assert (found.train_rows, found.test_rows) == (1438, 359)
    assert found.origin("metric") == "from description.md"


def test_the_answers_are_in_none_of_the_files(tmp_path: Path) -> None:
    write_demo(tmp_path)
    test = pd.read_csv(tmp_path / "test.csv")
    answers = demo_answers()
    assert list(answers) == list(test["id"])
    assert "prime" not in test
    assert set(pd.read_csv(tmp_path / "sample_submission.csv")["prime"]) == {0.5}
    assert 0.3 < sum(map(int, answers.values())) / len(answers) < 0.5


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(MachineError) as caught:
        write_demo(tmp_path / "file" / "demo")
    assert (caught.value.code, caught.value.fix) == ("E531", "assay demo --runs FOLDER")
